"""A provider's credit level (信用等级), month by month: kept with its formula and its evidence, never edited.

The facts come from the rooms above (visits/conduct.py counts them); here they are judged by the formula of the
city's rules on the month's last day and kept as a further version where anything differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.directory.blacklist import check_officer
from services.directory.credit_formula import UNRATED_LEVEL, Fact, Points, month_after, points_of
from services.directory.errors import UnknownProvider
from services.directory.tables import Provider
from services.directory.trust_errors import MonthToCome, NoSuchCredit
from services.directory.trust_tables import CreditEvidence, CreditStrike, ProviderCredit
from services.language import for_reader
from services.messages.actions import tell
from services.outbox import enqueue
from services.unit_of_work import SYSTEM, Actor

_credit, _evidence, _strike = table_of(ProviderCredit), table_of(CreditEvidence), table_of(CreditStrike)
_provider = table_of(Provider)


def credit_rules(session: Session, provider_id: int, month: date) -> tuple[int, CityRules]:
    """Give a provider's area and the rules that judge a month of it: those in force on its last day. Raises UnknownProvider."""
    area = session.connection().execute(select(_provider.c.area_code).where(_provider.c.id == provider_id)).scalar()
    if area is None:
        raise UnknownProvider(provider_id=provider_id)
    return int(area), rules_in_force(session, int(area), month_after(month) - timedelta(days=1))


def keep_credit(
    session: Session, now: datetime, provider_id: int, month: date, facts: Sequence[Fact], orders: int, because: str
) -> int:
    """Judge a month's facts and keep the level; gives its id. The same facts give the row that stands.

    Facts struck by a granted appeal are kept as evidence and count for nothing. Work of the house: two runs of one
    month wait for each other.
    """
    connection = session.connection()
    area, rules = credit_rules(session, provider_id, month)
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"credit/{provider_id}", 0))))
    struck = struck_facts(session, provider_id)
    points = points_of(rules.trust.credit, facts, orders, struck)
    formula = rules.trust.credit.model_dump(mode="json")
    last = _last(session, provider_id, month)
    if last is not None and _same(last, points, formula):
        return int(last.id)
    row = insert(_credit).values(
        provider_id=provider_id, month=month, version=1 if last is None else last.version + 1, level=points.level,
        points=points.points, match_percent=points.match_percent, orders=points.orders, parts=list(points.parts),
        formula=formula, rule_version=rules.version, because=because, computed_at=now,
    )  # fmt: skip
    credit_id: int = connection.execute(row.returning(_credit.c.id)).scalar_one()
    if facts:
        connection.execute(
            insert(_evidence),
            [
                {
                    "credit_id": credit_id, "provider_id": provider_id, "area_code": area, "part": fact.part,
                    "subject_type": fact.subject_type, "subject_id": fact.subject_id, "happened_on": fact.happened_on,
                    "value": fact.value, "struck": fact.key in struck,
                }
                for fact in sorted(facts, key=lambda one: (one.part, one.happened_on, one.subject_id))
            ],
        )  # fmt: skip
    told = {"provider_id": provider_id, "month": month.isoformat(), "level": points.level, "because": because}
    record_act(session, now, SYSTEM, "keep_credit", area_code=area, subject=("provider_credit", credit_id), facts=told)
    if last is None or last.level != points.level:
        tell(
            session, now, audience={"provider_id": provider_id}, template="directory.credit_level",
            facts={"provider_id": provider_id, "level": level_name(formula, points.level), "points": points.points,
                   "month": f"{month.year}年{month.month}月"},
            area_code=area, subject=("provider_credit", credit_id), key=f"credit_level/{credit_id}",
        )  # fmt: skip
    return credit_id


def ask_credit(session: Session, now: datetime, actor: Actor, provider_id: int, month: date) -> None:
    """Have a month computed anew on an officer's demand; a job does it. Raises UnknownProvider, NotForTrust, MonthToCome."""
    first = month.replace(day=1)
    area, _ = credit_rules(session, provider_id, min(first, civil_date(now).replace(day=1)))
    check_officer(actor, area)
    if month_after(first) > civil_date(now):
        raise MonthToCome(month=first.isoformat())
    args = {"provider_id": provider_id, "month": first.isoformat(), "because": "on_demand"}
    enqueue(session, now, "visits.compute_credit", args)
    facts = {"month": first.isoformat()}
    record_act(session, now, actor, "ask_credit", area_code=area, subject=("provider", provider_id), facts=facts)


def credit_of(session: Session, provider_id: int, month: date | None = None) -> Row[Any]:
    """Give a provider's level of a month (its last version), or of the last month that has one. Raises NoSuchCredit."""
    found = _last(session, provider_id, month)
    if found is None:
        raise NoSuchCredit(provider_id=provider_id, month=None if month is None else month.isoformat())
    return found


def find_credit(session: Session, credit_id: int) -> Row[Any]:
    """Give one computed level by its id. Raises NoSuchCredit."""
    found = session.connection().execute(select(_credit).where(_credit.c.id == credit_id)).first()
    if found is None:
        raise NoSuchCredit(credit_id=credit_id)
    return found


def credit_history(session: Session, provider_id: int, limit: int = 60) -> list[Row[Any]]:
    """Give every version of every month of a provider, newest first."""
    query = select(_credit).where(_credit.c.provider_id == provider_id)
    query = query.order_by(_credit.c.month.desc(), _credit.c.version.desc()).limit(max(1, min(limit, 500)))
    return list(session.connection().execute(query))


def evidence_of(session: Session, credit_id: int, limit: int = 1000) -> list[Row[Any]]:
    """Give the facts a level was counted from, to its provider and its officers; others find none."""
    query = select(_evidence).where(_evidence.c.credit_id == credit_id).order_by(_evidence.c.part, _evidence.c.id)
    return list(session.connection().execute(query.limit(limit)))


def struck_facts(session: Session, provider_id: int) -> set[tuple[str, str, int]]:
    """Give the facts that granted appeals took out of a provider's credit."""
    rows = session.connection().execute(
        select(_strike.c.part, _strike.c.subject_type, _strike.c.subject_id).where(_strike.c.provider_id == provider_id)
    )
    return {(row.part, row.subject_type, row.subject_id) for row in rows}


def level_name(formula: dict[str, Any], level: str) -> str:
    """Give a level's name in the reader's language, as the formula it was computed by calls it."""
    if level == UNRATED_LEVEL:
        return for_reader("暂不评级", "not yet rated")
    named = next((one for one in formula.get("levels", ()) if one["code"] == level), None)
    return for_reader(named["name_zh"], named["name_en"]) if named else level


def part_name(formula: dict[str, Any], code: str) -> str:
    """Give the name of a part of the formula in the reader's language."""
    if code == "ratings":
        return for_reader("老人一方的评价", "ratings by the elders' side")
    named = next((one for one in formula.get("deductions", ()) if one["code"] == code), None)
    return for_reader(named["name_zh"], named["name_en"]) if named else code


def _last(session: Session, provider_id: int, month: date | None) -> Row[Any] | None:
    query = select(_credit).where(_credit.c.provider_id == provider_id)
    if month is not None:
        query = query.where(_credit.c.month == month)
    return session.connection().execute(
        query.order_by(_credit.c.month.desc(), _credit.c.version.desc()).limit(1)
    ).first()  # fmt: skip


def _same(last: Row[Any], points: Points, formula: dict[str, Any]) -> bool:
    stood = (last.level, last.points, last.match_percent, last.orders, last.parts, last.formula)
    return stood == (
        points.level, points.points, points.match_percent, points.orders, list(points.parts), formula,
    )  # fmt: skip
