"""Who is entitled to what: the day's rules decide, each says why, and rules of one group settle between themselves."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from services.benefits.deciding import (
    DISPLACED,
    GIVEN,
    NOT_IN_FORCE,
    NOT_MET,
    Decision,
    Facts,
    Rule,
    age_on,
    birthday,
    change_days,
    decide,
)
from services.benefits.levels import Level

GBT, LTCI = "gbt42195-2022", "ltci-2021"
STREET = 320102003000000
DAY = date(2026, 11, 23)


def rule(code: str = "a", **changes: object) -> Rule:
    base = Rule(
        rule_id=1, code=code, version=1, name_zh=f"规定{code}", name_en=code, first_day=date(2026, 1, 1), end_day=None,
        area_codes=(), groups=(), living=(), min_age=60, max_age=None, scheme=None, min_level=None, max_level=None,
        gives="share", service_codes=("home_bath",), percent=50, co_payment_percent=50, monthly_cap_fen=30_000,
        monthly_minutes=None, monthly_fen=None, payer="government", stack="highest", stack_group="home", rank=1,
        source="plan", assumed=False,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


WANG = Facts(
    on=DAY, age=78, area_code=320102003902901, groups=frozenset({"alone"}), living="alone",
    levels={GBT: Level(GBT, 2)}, scheme_names={GBT: "国标", LTCI: "长护险"}, group_names={"low_income": "低保"},
)  # fmt: skip


def outcome(decision: Decision, code: str) -> tuple[str, tuple[str, ...]]:
    return next((one.outcome, one.reasons) for one in decision.tried if one.rule.code == code)


def test_a_rule_that_fits_gives_and_one_that_does_not_says_every_reason() -> None:
    decision = decide([rule(), rule("b", groups=("low_income",), min_age=80, stack_group="other")], WANG)
    assert [one.code for one in decision.given] == ["a"]
    assert outcome(decision, "b") == (NOT_MET, ("须满80岁，现在78岁", "须是这些对象之一：低保"))


def test_a_level_counts_only_by_the_scheme_the_rule_names() -> None:
    insured = rule("ltci", scheme=LTCI, min_level=2, max_level=5)
    assert outcome(decide([insured], WANG), "ltci") == (NOT_MET, ("须按长护险评估，现在没有有效的评估结果",))
    both = replace(WANG, levels={GBT: Level(GBT, 4), LTCI: Level(LTCI, 1)})
    assert outcome(decide([insured], both), "ltci") == (NOT_MET, ("须评估为2至5级（长护险），现在是1级",))
    fits = replace(WANG, levels={LTCI: Level(LTCI, 3)})
    assert outcome(decide([insured], fits), "ltci")[0] == GIVEN


def test_area_living_and_an_unknown_birthday_are_said() -> None:
    here = rule("here", area_codes=(320102003000000,), stack_group="1")
    there = rule("there", area_codes=(320104006000000,), stack_group="2")
    home = rule("home", living=("couple",), stack_group="3")
    decision = decide([here, there, home], WANG)
    assert [one.code for one in decision.given] == ["here"]
    assert outcome(decision, "there")[1] == ("不在这项规定适用的地区",)
    assert outcome(decision, "home")[1] == ("居住情况不符：独居",)
    assert outcome(decide([rule()], replace(WANG, age=None)), "a")[1] == ("没有登记出生日期，无法核对年龄",)


def test_the_version_in_force_on_the_day_decides() -> None:
    old = rule(percent=50, end_day=date(2026, 7, 1))
    new = rule(version=2, rule_id=2, first_day=date(2026, 7, 1), percent=70)
    for day, percent in ((date(2026, 6, 30), 50), (date(2026, 7, 1), 70)):
        assert [one.percent for one in decide([old, new], replace(WANG, on=day)).given] == [percent]
    told = decide([old, new], replace(WANG, on=date(2025, 12, 31)))
    assert [one.outcome for one in told.tried] == [NOT_IN_FORCE, NOT_IN_FORCE]
    assert "自2026-01-01起才生效" in told.tried[0].reasons[0]


def test_of_exclusive_rules_the_first_rank_wins_even_if_it_helps_less() -> None:
    first = rule("first", stack="exclusive", rank=1, monthly_cap_fen=10_000)
    more = rule("more", stack="exclusive", rank=2, monthly_cap_fen=90_000)
    decision = decide([more, first], WANG)
    assert [one.code for one in decision.given] == ["first"]
    assert outcome(decision, "more") == (DISPLACED, ("与“规定first”只能享受一项，按先后次序取后者",))


def test_of_highest_rules_the_most_helpful_wins_and_additive_ones_all_stay() -> None:
    less, more = rule("less", monthly_cap_fen=10_000), rule("more", monthly_cap_fen=90_000)
    extra = rule("extra", stack="additive"), rule("cash", stack="additive", gives="money", monthly_fen=5000)
    decision = decide([less, more, *extra], WANG)
    assert sorted(one.code for one in decision.given) == ["cash", "extra", "more"]
    assert outcome(decision, "less")[0] == DISPLACED


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_rules_are_read_changes_nothing(seed: int) -> None:
    stacks = ("exclusive", "highest", "additive")
    rules = [
        rule(f"r{n}", rank=n % 3 + 1, stack=stacks[n % 3], monthly_cap_fen=1000 * n + 1, stack_group=f"g{n % 2}")
        for n in range(6)
    ]
    assert decide(random.Random(seed).sample(rules, 6), WANG) == decide(rules, WANG)


def test_every_day_on_which_something_may_change_is_found() -> None:
    dated = rule(min_age=80, max_age=89, first_day=date(2026, 1, 1), end_day=date(2027, 1, 1))
    days = change_days([dated], date(1948, 2, 29), [date(2026, 12, 1)], DAY)
    assert days == [DAY, date(2026, 12, 1), date(2027, 1, 1), date(2028, 2, 29), date(2038, 3, 1)]
    assert birthday(date(1948, 2, 29), 79) == date(2027, 3, 1)
    assert (age_on(date(1948, 11, 24), DAY), age_on(date(1948, 11, 23), DAY)) == (77, 78)
