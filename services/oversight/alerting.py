"""Watching: rules are judged on events and every night; what holds becomes one alert in a named person's hands.

While a condition stands there is one alert of it; it ends when somebody says what was done, or by itself when the
condition is gone. Nobody answering hands it up the rule's ladder; each telling climbs the ladder of messages besides.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.acts import record_act
from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.messages.rules import earliest_ring
from services.outbox import enqueue
from services.oversight.alert_conditions import Finding, Judgement, asked_on, judge
from services.oversight.alert_defaults import write_defaults
from services.oversight.alert_tables import Alert, AlertRule
from services.unit_of_work import SYSTEM
from services.visits.errors import NobodyInCharge
from services.visits.in_charge import person_in_charge

_rule, _alert = table_of(AlertRule), table_of(Alert)
Found = Row[*tuple[Any, ...]]
REMINDERS = 3
"""How often the last rung is told again after its clock ran out."""
GONE = "条件已不再成立，系统自动办结。"


def watch_city(session: Session, now: datetime, city_code: int, kinds: Collection[str] | None = None) -> dict[str, int]:
    """Judge every rule in force over a city and its areas (or those of some kinds); give how many alerts were
    raised, told again, and ended by themselves. Idempotent within a day. Runs as the house."""
    counts = {"raised": 0, "again": 0, "gone": 0}
    write_defaults(session, now, city_code)
    for rule in rules_over(session, now, city_code, kinds):
        try:
            asked = asked_on(session, now, rule.condition, rule.level, rule.area_code, civil_date(now))
            found = judge(session, rule.kind, asked)
        except (UnknownCity, NoRulesInForce):
            continue
        for name, count in settle(session, now, rule, found).items():
            counts[name] += count
    return counts


def rules_over(session: Session, now: datetime, city_code: int, kinds: Collection[str] | None = None) -> list[Found]:
    """Give the rules in force today over a city and the areas in it."""
    today, (lo, hi) = civil_date(now), area_range(city_code)
    query = (
        select(_rule)
        .where(_rule.c.area_code.between(lo, hi), _rule.c.valid_from <= today)
        .where(_rule.c.ended_on.is_(None) | (_rule.c.ended_on > today))
        .order_by(_rule.c.area_code, _rule.c.code)
    )
    if kinds is not None:
        query = query.where(_rule.c.kind.in_(list(kinds)))
    return list(session.connection().execute(query))


def settle(session: Session, now: datetime, rule: Found, found: Judgement) -> dict[str, int]:
    """Bring the alerts of one rule in line with what it finds now: new ones, those told again, those gone."""
    counts = {"raised": 0, "again": 0, "gone": 0}
    standing = {row.key: row for row in _standing(session, rule)}
    holds = {key_of(rule, one): one for one in found.findings}
    for key, one in holds.items():
        if key in standing:
            counts["again"] += _still(session, now, rule, standing[key], one, again=found.again)
        elif found.raises and not _told_lately(session, now, rule, key):
            counts["raised"] += _raise(session, now, rule, key, one)
    if found.ends:
        for key, row in standing.items():
            if key not in holds and (found.about is None or key.endswith(f":{found.about}")):
                _end(session, now, row)
                counts["gone"] += 1
    return counts


def key_of(rule: Found, one: Finding) -> str:
    """Name a condition: the rule over its area, where it holds, and about what."""
    return f"{rule.area_code}:{rule.code}:{one.area_code}:{one.about}"


def _standing(session: Session, rule: Found) -> list[Found]:
    begins = f"{rule.area_code}:{rule.code}:"
    query = select(_alert).where(_alert.c.key.startswith(begins, autoescape=True), _alert.c.state != "resolved")
    return list(session.connection().execute(query.with_for_update()))


def _told_lately(session: Session, now: datetime, rule: Found, key: str) -> bool:
    since = now - timedelta(days=rule.repeat_days)
    query = select(_alert.c.id).where(_alert.c.key == key, _alert.c.resolved_at > since).limit(1)
    return session.connection().execute(query).first() is not None


def _raise(session: Session, now: datetime, rule: Found, key: str, one: Finding) -> int:
    rung = rule.ladder[0]
    try:
        in_charge = person_in_charge(session, rung["role"], one.area_code, 0, 0, on=civil_date(now))
    except NobodyInCharge:
        return 0
    due = _due(now, rule, rung)
    alert_id: int | None = (
        session.connection()
        .execute(
            insert(_alert)
            .values(
                rule_id=rule.id, area_code=one.area_code, key=key, subject_type=rule.kind, subject_id=None,
                facts=one.facts | {"rows": list(one.rows)}, severity=rule.severity, in_charge_id=in_charge, state="open",
                step=1, opened_at=now, last_held_at=now, last_told_on=civil_date(now), due_at=due,
                history=[_line(now, "opened", in_charge, due)],
            )
            .on_conflict_do_nothing()
            .returning(_alert.c.id)
        )
        .scalar()
    )  # fmt: skip
    if alert_id is None:
        return 0
    _tell(session, now, rule, alert_id, one.area_code, in_charge, due, 1, "")
    record_act(
        session, now, SYSTEM, "raise_alert", area_code=one.area_code, subject=("alert", alert_id),
        facts={"rule": rule.code, "version": rule.version, "in_charge_id": in_charge},
    )  # fmt: skip
    return 1


def _still(session: Session, now: datetime, rule: Found, row: Found, one: Finding, *, again: bool) -> int:
    today = civil_date(now)
    tells = again and row.last_told_on < today
    values: dict[str, Any] = {"facts": one.facts | {"rows": list(one.rows)}, "last_held_at": now}
    if tells:
        line = _line(now, "told_again", row.in_charge_id, row.due_at)
        values |= {"last_told_on": today, "history": [*row.history, line]}
    session.connection().execute(update(_alert).where(_alert.c.id == row.id).values(**values))
    if tells:
        _tell(session, now, rule, row.id, row.area_code, row.in_charge_id, row.due_at, row.step, today.isoformat())
    return int(tells)


def _end(session: Session, now: datetime, row: Found) -> None:
    line = {"at": now.isoformat(), "why": "gone"}
    session.connection().execute(
        update(_alert)
        .where(_alert.c.id == row.id)
        .values(state="resolved", resolved_at=now, resolution=GONE, history=[*row.history, line])
    )
    record_act(session, now, SYSTEM, "end_alert", area_code=row.area_code, subject=("alert", row.id))


def pass_on(session: Session, now: datetime, alert_id: int, from_step: int) -> int | None:
    """Hand an alert nobody acknowledged to the next of its ladder; at its end the last one is told again.

    A timer of an earlier step, or of an alert somebody has in hand, changes nothing and gives None. Runs as the house.
    """
    row = session.connection().execute(select(_alert).where(_alert.c.id == alert_id).with_for_update()).one_or_none()
    if row is None or row.state != "open" or row.step != from_step or row.due_at > now:
        return None
    rule = session.connection().execute(select(_rule).where(_rule.c.id == row.rule_id)).one()
    if from_step >= len(rule.ladder) + REMINDERS:
        return None
    rung = rule.ladder[min(from_step, len(rule.ladder) - 1)]
    in_charge = person_in_charge(session, rung["role"], row.area_code, 0, 0, on=civil_date(now))
    due, step = _due(now, rule, rung), from_step + 1
    session.connection().execute(
        update(_alert)
        .where(_alert.c.id == alert_id)
        .values(
            step=step, in_charge_id=in_charge, due_at=due, last_told_on=civil_date(now),
            history=[*row.history, _line(now, "overdue", in_charge, due)],
        )
    )  # fmt: skip
    _tell(session, now, rule, alert_id, row.area_code, in_charge, due, step, "")
    record_act(
        session, now, SYSTEM, "pass_on_alert", area_code=row.area_code, subject=("alert", alert_id),
        facts={"step": step, "in_charge_id": in_charge},
    )  # fmt: skip
    return step


def _due(now: datetime, rule: Found, rung: dict[str, Any]) -> datetime:
    """Give when she must have answered; a rule that keeps quiet hours counts from the morning she may be told."""
    told_at = earliest_ring(now, waits_for_morning=rule.quiet)
    return told_at + timedelta(minutes=int(rung["minutes"]))


def _line(at: datetime, why: str, in_charge: int, due: datetime) -> dict[str, Any]:
    return {"at": at.isoformat(), "why": why, "in_charge_id": in_charge, "due_at": due.isoformat()}


def _tell(
    session: Session, now: datetime, rule: Found, alert_id: int, area_code: int, in_charge: int, due: datetime, step: int,
    again: str,
) -> None:  # fmt: skip
    tell(
        session, now, recipient_ids=[in_charge], template="oversight.alert" if rule.quiet else "oversight.alert_urgent",
        facts={"alert": rule.name_zh, "due_at": due.isoformat()}, area_code=area_code, subject=("alert", alert_id),
        key=f"oversight.alert:{alert_id}:{step}:{again}",
    )  # fmt: skip
    enqueue(
        session, now, "oversight.pass_on_alert", {"alert_id": alert_id, "from_step": step}, not_before=due,
        key=f"oversight.pass_on_alert:{alert_id}:{step}",
    )  # fmt: skip
