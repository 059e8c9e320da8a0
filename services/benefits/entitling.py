"""What an elder is entitled to: rules published by city, decided for a day, and written down as rights.

A decision is made for every span of days on which nothing changes, so that a quote for a day in spring finds what
spring's rules give. Rights granted by hand (without a rule) are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import func, insert, or_, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.benefits.assessments import assessment_days, levels_on
from services.benefits.deciding import Decision, Facts, Rule, age_on, change_days, decide
from services.benefits.rule_pack import EntitlementPack, PackEntitlement, broken_sources
from services.benefits.schemes import schemes_on
from services.benefits.tables import Entitlement, EntitlementRule
from services.catalogue.standards import standards_on
from services.catalogue.tables import ServiceItem
from services.cities.errors import PackVersionChanged
from services.cities.pack_reader import read_part
from services.cities.queries import city_by_key, city_of_area, rules_city_on, rules_in_force
from services.cities.rules import area_range, written_code
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotFound
from services.outbox import enqueue
from services.people.tables import Elder, Person
from services.unit_of_work import Actor

_rule, _right = table_of(EntitlementRule), table_of(Entitlement)
_item, _person, _elder = table_of(ServiceItem), table_of(Person), table_of(Elder)


@dataclass(frozen=True)
class LoadedRules:
    """What loading a file of rules did."""

    city_code: int
    published: int
    unchanged: int


def load_rules(session: Session, now: datetime, actor: Actor, path: Path, *, settle: bool = True) -> LoadedRules:
    """Publish a city's entitlement rules from its TOML file and promise to decide everybody's anew (`settle`).

    The same rule from the same day with the same terms stays; a later day ends the version before it. Raises BadPack,
    UnknownCity, PackVersionChanged (the same day with other terms).
    """
    pack = read_part(path.read_text(encoding="utf-8"), EntitlementPack, broken_sources)
    city = city_by_key(session, pack.city)
    published = sum(_publish_rule(session, now, city, rule) for rule in pack.rules)
    if published:
        record_act(session, now, actor, "load_entitlement_rules", area_code=city, facts={"published": published})
        if settle:  # every city's: another may have adopted these rules
            enqueue(session, now, "benefits.settle_every_elder", {})
    return LoadedRules(city, published, len(pack.rules) - published)


def _publish_rule(session: Session, now: datetime, city: int, rule: PackEntitlement) -> bool:
    same = (
        "name_zh", "name_en", "min_age", "max_age", "scheme", "min_level", "max_level", "gives", "percent",
        "monthly_cap_fen", "monthly_minutes", "monthly_fen", "payer", "stack", "stack_group", "rank", "source", "assumed",
    )  # fmt: skip
    terms: dict[str, Any] = {name: getattr(rule, name) for name in same} | {
        name: list(getattr(rule, name)) for name in ("groups", "living", "service_codes", "kinds")
    }
    terms |= {"area_codes": [written_code(code) for code in rule.areas], "co_payment_percent": 100 - rule.percent}
    end = None if rule.valid_to is None else rule.valid_to + timedelta(days=1)
    versions = session.connection().execute(
        select(_rule).where(_rule.c.city_code == city, _rule.c.code == rule.code).order_by(_rule.c.version.desc())
    ).all()  # fmt: skip
    for row in versions:
        if row.during.lower == rule.valid_from:
            if any(getattr(row, name) != value for name, value in terms.items()):
                raise PackVersionChanged(rule=rule.code, valid_from=rule.valid_from.isoformat())
            return False
    last = versions[0] if versions else None
    if last is not None and last.during.lower > rule.valid_from:
        raise PackVersionChanged(rule=rule.code, valid_from=rule.valid_from.isoformat())
    if last is not None and (last.during.upper is None or last.during.upper > rule.valid_from):
        ended = Range(last.during.lower, rule.valid_from)
        session.connection().execute(update(_rule).where(_rule.c.id == last.id).values(during=ended))
    session.connection().execute(
        insert(_rule).values(
            city_code=city, code=rule.code, version=last.version + 1 if last is not None else 1,
            during=Range(rule.valid_from, end), loaded_at=now, **terms,
        )
    )  # fmt: skip
    return True


def rules_of(session: Session, area_code: int, on: date) -> list[Rule]:
    """Give every version of every rule an area's city publishes (or the city whose rules it adopted), by code."""
    city = city_of_area(session, area_code)
    own = select(_rule.c.id).where(_rule.c.city_code == city).exists()
    if not session.connection().execute(select(own)).scalar():
        city = rules_city_on(session, city, on)
    rows = session.connection().execute(
        select(_rule).where(_rule.c.city_code == city).order_by(_rule.c.code, _rule.c.version)
    ).all()  # fmt: skip
    codes = _codes_of_kinds(session, area_code, on) if any(row.kinds for row in rows) else {}
    return [_rule_of(row, codes) for row in rows]


def _codes_of_kinds(session: Session, area_code: int, on: date) -> dict[str, list[str]]:
    """Give the service codes of each kind: as the catalogue says, else by the menu's tiles."""
    found: dict[str, list[str]] = {}
    for one in standards_on(session, area_code, on):
        found.setdefault(one.kind, []).append(one.code)
    for row in session.connection().execute(select(_item.c.code, _item.c.category).where(~_item.c.volunteer)):
        if row.code not in found.setdefault(row.category, []):
            found[row.category].append(row.code)
    return found


def _rule_of(row: Any, codes: dict[str, list[str]]) -> Rule:
    values = dict(row._mapping)
    during, kinds = values.pop("during"), values.pop("kinds")
    for name in ("id", "city_code", "loaded_at"):
        values.pop(name)
    for name in ("area_codes", "groups", "living"):
        values[name] = tuple(values[name])
    named = {*values.pop("service_codes"), *(code for kind in kinds for code in codes.get(kind, []))}
    return Rule(
        rule_id=row.id, first_day=during.lower, end_day=during.upper, service_codes=tuple(sorted(named)), **values
    )


def decision_on(session: Session, elder_id: int, on: date) -> Decision:
    """Decide what an elder is entitled to on a civil day, with every rule that was tried. Raises NotFound."""
    elder = _elder_row(session, elder_id)
    if _gone(elder, on):
        return Decision(on, (), ())
    return decide(rules_of(session, elder.area_code, on), _facts(session, elder, on))


def _elder_row(session: Session, elder_id: int) -> Any:
    row = session.connection().execute(
        select(
            _elder.c.person_id, _elder.c.area_code, _elder.c.groups, _elder.c.living, _person.c.born_on,
            _person.c.died_on, _person.c.moved_out_on,
        )
        .join(_person, _person.c.id == _elder.c.person_id)
        .where(_elder.c.person_id == elder_id)
    ).first()  # fmt: skip
    if row is None:
        raise NotFound(elder_id=elder_id)
    return row


def _gone(elder: Any, on: date) -> bool:
    return any(day is not None and day <= on for day in (elder.died_on, elder.moved_out_on))


def _facts(session: Session, elder: Any, on: date) -> Facts:
    levels = levels_on(session, elder.person_id, on)
    rules = rules_in_force(session, city_of_area(session, elder.area_code), on)
    schemes = {scheme.code: scheme for scheme in schemes_on(session, on)}
    return Facts(
        on=on, age=age_on(elder.born_on, on), area_code=elder.area_code, groups=frozenset(elder.groups),
        living=elder.living, levels=levels, scheme_names={code: one.name_zh for code, one in schemes.items()},
        group_names={group.code: group.name_zh for group in rules.groups},
    )  # fmt: skip


@dataclass(frozen=True)
class _Span:
    rule: Rule
    first_day: date
    end_day: date | None


def settle_entitlements(session: Session, now: datetime, elder_id: int, rules: list[Rule] | None = None) -> int:
    """Decide an elder's entitlement from today on and write it down as rights; gives how many rights stand.

    Days already past keep the rights they had; money held or spent stays on its right. Runs as the house. `rules`:
    those of her city, where many elders are decided at once.
    """
    today = civil_date(now)
    elder = _elder_row(session, elder_id)
    session.connection().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:k, 0))"), {"k": f"rights/{elder_id}"}
    )
    rules = rules_of(session, elder.area_code, today) if rules is None else rules
    wanted = [] if _gone(elder, today) else _spans(session, elder, today, rules)
    standing = session.connection().execute(
        select(_right)
        .where(_right.c.elder_id == elder_id, _right.c.rule_id.is_not(None), ~func.isempty(_right.c.during))
        .where(or_(func.upper(_right.c.during).is_(None), func.upper(_right.c.during) > today))
    ).all()  # fmt: skip
    kept = _keep(session, standing, wanted, today)
    for span in wanted:
        if (span.rule.rule_id, span.first_day, span.end_day) not in kept:
            _write(session, now, elder, span)
    return len(wanted)


def _spans(session: Session, elder: Any, today: date, rules: list[Rule]) -> list[_Span]:
    days = change_days(rules, elder.born_on, assessment_days(session, elder.person_id), today)
    open_spans: dict[int, _Span] = {}
    done: list[_Span] = []
    for day in days:
        given = {
            rule.rule_id: rule for rule in decide(rules, _facts(session, elder, day)).given if rule.gives != "money"
        }
        for rule_id in [one for one in open_spans if one not in given]:
            done.append(replace(open_spans.pop(rule_id), end_day=day))
        for rule_id, rule in given.items():
            open_spans.setdefault(rule_id, _Span(rule, day, None))
    return sorted([*done, *open_spans.values()], key=lambda span: (span.rule.code, span.first_day))


def _keep(session: Session, standing: Any, wanted: list[_Span], today: date) -> set[tuple[int, date, date | None]]:
    """Leave rights that are still right, stretch or end the others; gives the spans that need no new row."""
    kept: set[tuple[int, date, date | None]] = set()
    for row in standing:
        span = next(
            (one for one in wanted if one.rule.rule_id == row.rule_id and _joins(row, one, today)
             and list(one.rule.service_codes) == list(row.service_codes)), None,
        )  # fmt: skip
        if span is not None:
            first = min(row.during.lower, span.first_day)
            _change(session, row.id, Range(first, span.end_day))
            kept.add((span.rule.rule_id, span.first_day, span.end_day))
        elif row.during.lower < today:
            _change(session, row.id, Range(row.during.lower, today))
        else:
            _drop(session, row)
    return kept


def _joins(row: Any, span: _Span, today: date) -> bool:
    starts_alike = row.during.lower == span.first_day or (row.during.lower < today and span.first_day <= today)
    return bool(starts_alike)


def _change(session: Session, right_id: int, during: Any) -> None:
    session.connection().execute(update(_right).where(_right.c.id == right_id).values(during=during))


def _drop(session: Session, row: Any) -> None:
    """Let a right that never began hold on no day: an order priced ahead may still name it."""
    _change(session, row.id, Range(empty=True))


def _write(session: Session, now: datetime, elder: Any, span: _Span) -> None:
    rule = span.rule
    session.connection().execute(
        insert(_right).values(
            elder_id=elder.person_id, area_code=elder.area_code, kind=rule.name_zh,
            service_codes=list(rule.service_codes), government_percent=rule.percent,
            monthly_cap_fen=rule.monthly_cap_fen, monthly_cap_minutes=rule.monthly_minutes, payer=rule.payer,
            during=Range(span.first_day, span.end_day), ground=f"{rule.code}@{rule.version}", rule_id=rule.rule_id,
            recorded_at=now,
        )
    )  # fmt: skip


def elders_to_settle(session: Session, city_code: int, after_id: int, limit: int) -> list[int]:
    """Give the ids of a city's living elders after an id, ascending: the house walks them in batches."""
    lo, hi = area_range(city_code)
    rows = session.connection().execute(
        select(_elder.c.person_id)
        .join(_person, _person.c.id == _elder.c.person_id)
        .where(_elder.c.area_code.between(lo, hi), _elder.c.person_id > after_id, _person.c.died_on.is_(None))
        .order_by(_elder.c.person_id)
        .limit(limit)
    )
    return list(rows.scalars())
