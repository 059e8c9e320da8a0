"""What people do with alerts and rules: take one in hand, say what was done, change a rule, try it on last month."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.errors import NoRulesInForce, UnknownCity
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.oversight.alert_conditions import Finding, asked_on, check_condition, judge
from services.oversight.alert_errors import AlertNotFound, AlertResolved, BadRule, NoReason, NotYourRule, RuleNotFound
from services.oversight.alert_tables import LEVELS, SEVERITIES, Alert, AlertRule
from services.unit_of_work import Actor

_rule, _alert = table_of(AlertRule), table_of(Alert)
Found = Row[*tuple[Any, ...]]
HANDLERS_OF_ALERTS = ("officer", "advisor", "operator")
ROLES_TO_TELL = ("advisor", "officer", "operator")
TRIED_DAYS = 31
CODE = re.compile(r"[a-z][a-z0-9_]{1,59}")


@dataclass(frozen=True)
class NewRule:
    """A rule, or the next version of one of the same `code` over the same area."""

    area_code: int
    code: str
    name_zh: str
    kind: str
    condition: dict[str, Any]
    severity: str = "warning"
    level: str = "street"
    ladder: tuple[tuple[str, int], ...] = (("officer", 1440),)
    quiet: bool = True
    repeat_days: int = 7
    name_en: str = ""


@dataclass(frozen=True)
class Fired:
    """One alert a rule would have told on a past day."""

    on: date
    finding: Finding


def acknowledge_alert(session: Session, now: datetime, actor: Actor, alert_id: int) -> None:
    """Take an alert in hand: it stops climbing. A second time changes nothing. Raises AlertNotFound, AlertResolved."""
    row = _mine(session, actor, alert_id)
    if row.state == "acknowledged":
        return
    session.connection().execute(
        update(_alert)
        .where(_alert.c.id == alert_id)
        .values(
            state="acknowledged", acknowledged_at=now, acknowledged_by=actor.person_id,
            history=[*row.history, {"at": now.isoformat(), "why": "acknowledged", "by": actor.person_id}],
        )
    )  # fmt: skip
    record_act(session, now, actor, "acknowledge_alert", area_code=row.area_code, subject=("alert", alert_id))


def resolve_alert(session: Session, now: datetime, actor: Actor, alert_id: int, done: str) -> None:
    """Close an alert with what was done. Raises AlertNotFound, AlertResolved, NoReason."""
    row = _mine(session, actor, alert_id)
    if not 2 <= len(done.strip()) <= 500:
        raise NoReason(field="done")
    line = {"at": now.isoformat(), "why": "resolved", "by": actor.person_id}
    session.connection().execute(
        update(_alert)
        .where(_alert.c.id == alert_id)
        .values(
            state="resolved", resolved_at=now, resolved_by=actor.person_id, resolution=done.strip(),
            history=[*row.history, line],
        )
    )  # fmt: skip
    record_act(session, now, actor, "resolve_alert", area_code=row.area_code, subject=("alert", alert_id))


def _mine(session: Session, actor: Actor, alert_id: int) -> Found:
    row = session.connection().execute(select(_alert).where(_alert.c.id == alert_id)).one_or_none()
    allowed = row is not None and (row.in_charge_id == actor.person_id or actor.role in HANDLERS_OF_ALERTS)
    if row is None or not allowed or actor.read_only:
        raise AlertNotFound(alert_id=alert_id)
    locked = session.connection().execute(select(_alert).where(_alert.c.id == alert_id).with_for_update()).one()
    if locked.state == "resolved":
        raise AlertResolved(alert_id=alert_id, resolved_by=locked.resolved_by)
    return locked


def write_rule(session: Session, now: datetime, actor: Actor, new: NewRule) -> int:
    """Write a rule, or the next version of it from today on; the version before ends today. Gives its id.

    By an officer whose area holds the rule's. Raises NotYourRule, BadRule, UnknownCity, NoRulesInForce.
    """
    _refuse_other_area(actor, new.area_code)
    check_rule(session, now, new)
    same = _rule.c.area_code == new.area_code, _rule.c.code == new.code
    versions = session.connection().execute(select(_rule.c.version).where(*same)).scalars().all()
    today = civil_date(now)
    session.connection().execute(update(_rule).where(*same, _rule.c.ended_on.is_(None)).values(ended_on=today))
    rule_id: int = (
        session.connection()
        .execute(
            insert(_rule)
            .values(
                **new.__dict__ | {"ladder": [{"role": role, "minutes": minutes} for role, minutes in new.ladder]},
                version=max(versions, default=0) + 1, valid_from=today, entered_by=actor.person_id, entered_at=now,
            )
            .returning(_rule.c.id)
        )
        .scalar_one()
    )  # fmt: skip
    record_act(
        session, now, actor, "write_alert_rule", area_code=new.area_code, subject=("alert_rule", rule_id),
        facts={"code": new.code, "kind": new.kind, "condition": new.condition, "version": max(versions, default=0) + 1},
    )  # fmt: skip
    return rule_id


def check_rule(session: Session, now: datetime, new: NewRule) -> None:
    """Raise BadRule, naming the field, unless every part of a rule holds together."""
    words = {"code": bool(CODE.fullmatch(new.code)), "name_zh": 0 < len(new.name_zh.strip()) <= 60}
    words |= {"severity": new.severity in SEVERITIES, "level": new.level in LEVELS}
    words |= {"repeat_days": 0 <= new.repeat_days <= 400, "ladder": 1 <= len(new.ladder) <= 6}
    rungs = all(role in ROLES_TO_TELL and 5 <= minutes <= 100_000 for role, minutes in new.ladder)
    for name, right in (words | {"ladder": words["ladder"] and rungs}).items():
        if not right:
            raise BadRule(field=name)
    check_condition(new.kind, new.condition, rules_in_force(session, new.area_code, civil_date(now)))


def end_rule(session: Session, now: datetime, actor: Actor, rule_id: int) -> None:
    """End a rule today; what it told stays. Raises RuleNotFound, NotYourRule."""
    row = find_rule(session, rule_id)
    _refuse_other_area(actor, row.area_code)
    if row.ended_on is not None:
        raise RuleNotFound(rule_id=rule_id)
    session.connection().execute(update(_rule).where(_rule.c.id == rule_id).values(ended_on=civil_date(now)))
    record_act(session, now, actor, "end_alert_rule", area_code=row.area_code, subject=("alert_rule", rule_id))


def find_rule(session: Session, rule_id: int) -> Found:
    """Give one rule. Raises RuleNotFound."""
    row = session.connection().execute(select(_rule).where(_rule.c.id == rule_id)).one_or_none()
    if row is None:
        raise RuleNotFound(rule_id=rule_id)
    return row


def try_rule(session: Session, now: datetime, actor: Actor, new: NewRule, *, days: int = TRIED_DAYS) -> list[Fired]:
    """Give what a rule would have told on each of the last days, a standing condition told once; nothing is written.

    Judged in the actor's own area as those days stood. Raises NotYourRule, BadRule, UnknownCity, NoRulesInForce.
    """
    _refuse_other_area(actor, new.area_code, looking=True)
    check_rule(session, now, new)
    today = civil_date(now)
    standing: set[str] = set()
    told: dict[str, date] = {}
    fired: list[Fired] = []
    for back in range(days, -1, -1):
        on = today - timedelta(days=back)
        try:
            found = judge(session, new.kind, asked_on(session, now, new.condition, new.level, new.area_code, on))
        except (UnknownCity, NoRulesInForce):
            continue
        holds = {f"{one.area_code}:{one.about}": one for one in found.findings}
        for key, one in holds.items():
            lately = key in told and (on - told[key]).days < new.repeat_days
            if found.raises and key not in standing and not lately:
                fired.append(Fired(on, one))
                standing |= {key}
            if key in standing:
                told[key] = on
        if found.ends:
            standing &= set(holds)
    return fired


def rule_as_new(row: Found) -> NewRule:
    """Give a rule's row as what could be written anew."""
    return NewRule(
        area_code=row.area_code, code=row.code, name_zh=row.name_zh, name_en=row.name_en, kind=row.kind,
        condition=dict(row.condition), severity=row.severity, level=row.level, quiet=row.quiet,
        ladder=tuple((rung["role"], int(rung["minutes"])) for rung in row.ladder), repeat_days=row.repeat_days,
    )  # fmt: skip


def _refuse_other_area(actor: Actor, area_code: int, *, looking: bool = False) -> None:
    lo, hi = actor.area_lo, actor.area_hi
    roles = (*HANDLERS_OF_ALERTS, "auditor") if looking else ("officer",)
    if lo is None or hi is None or not lo <= area_code <= hi or actor.role not in roles:
        raise NotYourRule(area_code=area_code)
    if actor.read_only and not looking:
        raise NotYourRule(area_code=area_code)
