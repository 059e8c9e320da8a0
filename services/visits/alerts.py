"""A fall, a wound, no food: what a visitor ticked goes at once to a named person with a clock, until she says what was done.

Who answers and how soon are rows (`risk_sign.ladder`); when a clock runs out, the next of the ladder answers, and the last
one is told again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.language import name_for_reader
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.tables import Person
from services.unit_of_work import SYSTEM, Actor
from services.visits.errors import AlertClosed, AlertNotFound, NotToldWhy
from services.visits.evidence_tables import RiskSign, VisitAlert
from services.visits.in_charge import person_in_charge
from services.visits.tables import Visit

_alert, _sign, _visit, _person = table_of(VisitAlert), table_of(RiskSign), table_of(Visit), table_of(Person)
Found = Row[*tuple[Any, ...]]
CLOSERS = ("officer", "advisor", "operator")
REMINDERS = 3
"""How often the last rung is told again after its clock ran out."""


def raise_alerts(session: Session, now: datetime, visit_id: int) -> list[int]:
    """Hand every risk ticked at a visit to the first person of its ladder; gives the alerts' ids.

    Idempotent: one alert per visit and sign. Runs as the house. Raises NobodyInCharge when no office covers the area.
    """
    visit = session.connection().execute(select(_visit).where(_visit.c.id == visit_id)).one()
    signs = session.connection().execute(select(_sign).where(_sign.c.code.in_(visit.risks)).order_by(_sign.c.code))
    opened = [_open(session, now, visit, sign) for sign in signs]
    return [one for one in opened if one is not None]


def _open(session: Session, now: datetime, visit: Found, sign: Found) -> int | None:
    rung = sign.ladder[0]
    in_charge = person_in_charge(
        session, rung["role"], visit.area_code, visit.elder_id, visit.visitor_id, on=civil_date(now)
    )
    due = now + timedelta(minutes=rung["minutes"])
    alert_id: int | None = (
        session.connection()
        .execute(
            upsert(_alert)
            .values(
                visit_id=visit.id, elder_id=visit.elder_id, area_code=visit.area_code, risk_code=sign.code, step=1,
                in_charge_id=in_charge, opened_at=now, due_at=due,
                history=[_line(now, "opened", in_charge, due, by=visit.visitor_id)],
            )
            .on_conflict_do_nothing(constraint="visit_alert_one_per_sign_key")
            .returning(_alert.c.id)
        )
        .scalar()
    )  # fmt: skip
    if alert_id is None:
        return None
    _tell(session, now, alert_id, visit, sign, in_charge, due, 1)
    tell(
        session, now, audience={"elder_side": visit.elder_id}, template="visits.risk_family",
        facts={"risk": sign.name_zh}, elder_id=visit.elder_id, area_code=visit.area_code,
        subject=("visit_alert", alert_id), key=f"visits.risk_family:{alert_id}",
    )  # fmt: skip
    record_act(
        session, now, SYSTEM, "raise_visit_alert", for_person_id=visit.elder_id, area_code=visit.area_code,
        subject=("visit_alert", alert_id), facts={"risk": sign.code, "in_charge_id": in_charge},
    )  # fmt: skip
    return alert_id


def pass_on(session: Session, now: datetime, alert_id: int, from_step: int) -> int | None:
    """Hand an overdue alert to the next of its ladder; at its end the last one is told again. Gives the new step.

    A timer of an earlier step, or of a closed alert, changes nothing and gives None. Runs as the house.
    """
    found = session.connection().execute(select(_alert).where(_alert.c.id == alert_id).with_for_update()).one_or_none()
    if found is None or found.closed_at is not None or found.step != from_step or found.due_at > now:
        return None
    sign = session.connection().execute(select(_sign).where(_sign.c.code == found.risk_code)).one()
    if from_step >= len(sign.ladder) + REMINDERS:
        return None
    visit = session.connection().execute(select(_visit).where(_visit.c.id == found.visit_id)).one()
    rung = sign.ladder[min(from_step, len(sign.ladder) - 1)]
    in_charge = person_in_charge(
        session, rung["role"], found.area_code, found.elder_id, visit.visitor_id, on=civil_date(now)
    )
    due, step = now + timedelta(minutes=rung["minutes"]), from_step + 1
    session.connection().execute(
        update(_alert)
        .where(_alert.c.id == alert_id)
        .values(
            step=step, in_charge_id=in_charge, due_at=due,
            history=[*found.history, _line(now, "overdue", in_charge, due)],
        )
    )  # fmt: skip
    _tell(session, now, alert_id, visit, sign, in_charge, due, step)
    record_act(
        session, now, SYSTEM, "pass_on_visit_alert", for_person_id=found.elder_id, area_code=found.area_code,
        subject=("visit_alert", alert_id), facts={"step": step, "in_charge_id": in_charge},
    )  # fmt: skip
    return step


def close_alert(session: Session, now: datetime, actor: Actor, alert_id: int, done: str) -> None:
    """Close an alert with what was done, by whoever is in charge or an office of the area.

    Raises AlertNotFound, AlertClosed, NotToldWhy.
    """
    found = session.connection().execute(select(_alert).where(_alert.c.id == alert_id).with_for_update()).one_or_none()
    if found is None or (found.in_charge_id != actor.person_id and actor.role not in CLOSERS):
        raise AlertNotFound(alert_id=alert_id)
    if found.closed_at is not None:
        raise AlertClosed(alert_id=alert_id, closed_by=found.closed_by)
    if len(done.strip()) < 2:
        raise NotToldWhy(field="done")
    line = {"at": now.isoformat(), "why": "closed", "by": actor.person_id}
    session.connection().execute(
        update(_alert)
        .where(_alert.c.id == alert_id)
        .values(closed_at=now, closed_by=actor.person_id, done=done.strip(), history=[*found.history, line])
    )
    record_act(
        session, now, actor, "close_visit_alert",
        for_person_id=found.elder_id, by_right=f"in_charge:{alert_id}", area_code=found.area_code,
        subject=("visit_alert", alert_id), facts={"risk": found.risk_code},
    )  # fmt: skip
    tell(
        session, now, audience={"elder_side": found.elder_id}, template="visits.risk_done", facts={},
        elder_id=found.elder_id, area_code=found.area_code, subject=("visit_alert", alert_id),
        key=f"visits.risk_done:{alert_id}",
    )  # fmt: skip


def alerts(session: Session, *, open_ones: bool = True, visit_id: int | None = None, limit: int = 100) -> list[Found]:
    """Give the alerts the actor may see: the open ones by their clock, or those closed last; with all names."""
    in_charge = _person.alias("in_charge")
    query = (
        select(
            _alert, name_for_reader(_sign).label("risk_name"), _person.c.full_name.label("elder_name"),
            in_charge.c.full_name.label("in_charge_name"),
        )
        .join(_sign, _sign.c.code == _alert.c.risk_code)
        .outerjoin(_person, _person.c.id == _alert.c.elder_id)
        .outerjoin(in_charge, in_charge.c.id == _alert.c.in_charge_id)
        .limit(limit)
    )  # fmt: skip
    if visit_id is not None:
        return list(session.connection().execute(query.where(_alert.c.visit_id == visit_id).order_by(_alert.c.id)))
    if open_ones:
        query = query.where(_alert.c.closed_at.is_(None)).order_by(_alert.c.due_at, _alert.c.id)
    else:
        query = query.where(_alert.c.closed_at.is_not(None)).order_by(_alert.c.closed_at.desc())
    return list(session.connection().execute(query))


def _line(at: datetime, why: str, in_charge: int, due: datetime, by: int | None = None) -> dict[str, Any]:
    return {"at": at.isoformat(), "why": why, "in_charge_id": in_charge, "due_at": due.isoformat(), "by": by}


def _tell(
    session: Session, now: datetime, alert_id: int, visit: Found, sign: Found, in_charge: int, due: datetime, step: int
) -> None:
    tell(
        session, now, recipient_ids=[in_charge], template="visits.risk",
        facts={"risk": sign.name_zh, "due_at": due.isoformat(), "person_id": visit.visitor_id},
        elder_id=visit.elder_id, area_code=visit.area_code, subject=("visit_alert", alert_id),
        key=f"visits.risk:{alert_id}:{step}",
    )  # fmt: skip
    enqueue(
        session, now, "visits.pass_on_alert", {"alert_id": alert_id, "from_step": step}, not_before=due,
        key=f"visits.pass_on_alert:{alert_id}:{step}",
    )  # fmt: skip
