"""Who is entitled to what on a day: every rule is tried, and each says why it gives something or nothing.

Pure: facts of an elder and dated rules in, a decision out. The rules in force on the day decide, never today's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from services.benefits.levels import Level
from services.catalogue.rules import lies_in

GIVEN, NOT_MET, DISPLACED, NOT_IN_FORCE = "given", "not_met", "displaced", "not_in_force"
LIVING_WORDS = {
    "alone": "独居", "couple": "与配偶同住", "with_family": "与家人同住", "with_carer": "与照护者同住", "institution": "住在机构",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One version of an entitlement rule; `first_day` included, `end_day` not. Money in fen, times in minutes."""

    rule_id: int
    code: str
    version: int
    name_zh: str
    name_en: str
    first_day: date
    end_day: date | None
    area_codes: tuple[int, ...]
    groups: tuple[str, ...]
    living: tuple[str, ...]
    min_age: int
    max_age: int | None
    scheme: str | None
    min_level: int | None
    max_level: int | None
    gives: str
    service_codes: tuple[str, ...]
    percent: int
    co_payment_percent: int
    monthly_cap_fen: int | None
    monthly_minutes: int | None
    monthly_fen: int | None
    payer: str
    stack: str
    stack_group: str
    rank: int
    source: str
    assumed: bool

    def in_force(self, on: date) -> bool:
        """Tell whether this version holds on a day."""
        return self.first_day <= on and (self.end_day is None or on < self.end_day)

    @property
    def help_fen(self) -> int:
        """How much it can help in a month, in fen, to compare rules of one group."""
        return self.monthly_fen or self.monthly_cap_fen or 0


@dataclass(frozen=True)
class Facts:
    """What rules may ask of an elder on a day; `levels` by scheme, only assessments that hold that day."""

    on: date
    age: int | None
    area_code: int
    groups: frozenset[str]
    living: str
    levels: Mapping[str, Level] = field(default_factory=dict)
    scheme_names: Mapping[str, str] = field(default_factory=dict)
    group_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """One rule that was tried: what came of it, and why, in Chinese sentences."""

    rule: Rule
    outcome: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """Everything an elder is entitled to on a day, and every rule that was tried."""

    on: date
    given: tuple[Rule, ...]
    tried: tuple[Tried, ...]


def decide(rules: Iterable[Rule], facts: Facts) -> Decision:
    """Try every rule on an elder's facts of a day and settle between those that fit."""
    tried = [_try(rule, facts) for rule in sorted(rules, key=lambda rule: (rule.stack_group, rule.rank, rule.code))]
    settled = _settle(tried)
    return Decision(facts.on, tuple(one.rule for one in settled if one.outcome == GIVEN), tuple(settled))


def _try(rule: Rule, facts: Facts) -> Tried:
    if not rule.in_force(facts.on):
        told = f"自{rule.first_day}起才生效" if facts.on < rule.first_day else f"到{rule.end_day}前有效，已经停止"
        return Tried(rule, NOT_IN_FORCE, (told,))
    against = tuple(told for told in (_age(rule, facts), *_who(rule, facts), _level(rule, facts)) if told)
    return Tried(rule, NOT_MET, against) if against else Tried(rule, GIVEN, (_why(rule),))


def _age(rule: Rule, facts: Facts) -> str | None:
    if facts.age is None:
        return "没有登记出生日期，无法核对年龄"
    if facts.age < rule.min_age:
        return f"须满{rule.min_age}岁，现在{facts.age}岁"
    if rule.max_age is not None and facts.age > rule.max_age:
        return f"限{rule.max_age}岁及以下，现在{facts.age}岁"
    return None


def _who(rule: Rule, facts: Facts) -> Iterable[str | None]:
    if rule.groups and not facts.groups & set(rule.groups):
        yield f"须是这些对象之一：{'、'.join(facts.group_names.get(code, code) for code in rule.groups)}"
    if rule.living and facts.living not in rule.living:
        yield f"居住情况不符：{LIVING_WORDS.get(facts.living, facts.living)}"
    if not lies_in(facts.area_code, rule.area_codes):
        yield "不在这项规定适用的地区"


def _level(rule: Rule, facts: Facts) -> str | None:
    if rule.scheme is None or rule.min_level is None or rule.max_level is None:
        return None
    name = facts.scheme_names.get(rule.scheme, rule.scheme)
    found = facts.levels.get(rule.scheme)
    if found is None:
        return f"须按{name}评估，现在没有有效的评估结果"
    if not found.within(rule.min_level, rule.max_level, rule.scheme):
        return f"须评估为{rule.min_level}至{rule.max_level}级（{name}），现在是{found.level}级"
    return None


def _why(rule: Rule) -> str:
    if rule.gives == "money":
        return "各项条件都符合，每月发放津贴"
    if rule.gives == "hours":
        return "各项条件都符合，每月享有服务时长"
    return "各项条件都符合，服务费用按比例支付"


def _settle(tried: list[Tried]) -> list[Tried]:
    best: dict[str, Tried] = {}
    for one in tried:
        held = best.get(one.rule.stack_group)
        if one.outcome == GIVEN and one.rule.stack != "additive" and (held is None or _before(one.rule, held.rule)):
            best[one.rule.stack_group] = one
    settled = []
    for one in tried:
        winner = best.get(one.rule.stack_group)
        if one.outcome == GIVEN and one.rule.stack != "additive" and winner is not None and winner is not one:
            told = f"与“{winner.rule.name_zh}”只能享受一项，按{_how(one.rule)}取后者"
            settled.append(replace(one, outcome=DISPLACED, reasons=(told,)))
        else:
            settled.append(one)
    return settled


def _before(rule: Rule, other: Rule) -> bool:
    if rule.stack == "exclusive" or other.stack == "exclusive":
        return (rule.rank, rule.code) < (other.rank, other.code)
    return (-rule.help_fen, rule.rank, rule.code) < (-other.help_fen, other.rank, other.code)


def _how(rule: Rule) -> str:
    return "先后次序" if rule.stack == "exclusive" else "就高原则"


def change_days(rules: Iterable[Rule], born_on: date | None, dates: Iterable[date], start: date) -> list[date]:
    """Give the days from `start` on at which a decision may change: rules, assessments and birthdays, ascending."""
    days = {start, *(day for day in dates if day > start)}
    for rule in rules:
        days |= {day for day in (rule.first_day, rule.end_day) if day is not None and day > start}
        if born_on is not None:
            reached = [rule.min_age] + ([rule.max_age + 1] if rule.max_age is not None else [])
            days |= {day for day in (birthday(born_on, age) for age in reached) if day > start}
    return sorted(days)


def birthday(born_on: date, age: int) -> date:
    """Give the day somebody turns an age; who was born on 29 February turns it on 1 March of other years."""
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:
        return date(born_on.year + age, 3, 1)


def age_on(born_on: date | None, on: date) -> int | None:
    """Give an age in whole years on a day."""
    if born_on is None:
        return None
    return on.year - born_on.year - (on < birthday(born_on, on.year - born_on.year))
