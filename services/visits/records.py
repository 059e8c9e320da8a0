"""Writing arrival and leaving down, whoever records them: the visit, the order, the family, the ledger's promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.tables import ServiceItem
from services.columns import table_of
from services.messages.actions import tell
from services.orders.tables import CareOrder
from services.outbox import enqueue
from services.people.consents import require_consent
from services.people.tables import Person
from services.unit_of_work import Actor
from services.visits import rules
from services.visits.attempts import note_meeting
from services.visits.errors import UnknownTask
from services.visits.risk_words import refuse_unknown_risks
from services.visits.tables import Visit
from services.visits.vitals import Vitals, sealed_vitals

_visit, _person = table_of(Visit), table_of(Person)
_order, _item = table_of(CareOrder), table_of(ServiceItem)
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class DeviceFacts:
    """What the visitor's phone reports beside the proof; nothing here is a condition.

    `event_key` names the event, so that a replay is known; `lon`, `lat` in degrees (WGS-84), `accuracy_m`
    in metres; `sent_at` is what the phone's clock showed when it sent the record; `signed_by`: the registered phone
    whose signature was checked.
    """

    event_key: str | None = None
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    sent_at: datetime | None = None
    mock_location: bool = False
    signed_by: int | None = None
    doubts: tuple[str, ...] = ()


def write_arrival(
    session: Session, now: datetime, visit: Found, happened_at: datetime, proof: str, facts: dict[str, Any]
) -> None:
    """Start a visit, tell the elder's side, and promise that the order hears of it."""
    session.connection().execute(
        update(_visit)
        .where(_visit.c.id == visit.id)
        .values(
            state="started",
            checked_in_at=happened_at,
            check_in_recorded_at=now,
            check_in_proof=proof,
            check_in_facts=facts,
        )
    )
    _tell_started(session, now, visit, happened_at)
    if visit.order_id is not None:
        job = "orders.mark_in_service"
        enqueue(session, now, job, {"order_id": visit.order_id}, key=f"{job}:{visit.id}")


def write_leaving(
    session: Session,
    now: datetime,
    visit: Found,
    happened_at: datetime,
    facts: dict[str, Any],
    tasks_done: list[str],
    note: str | None,
    risks: Sequence[str] = (),
    vitals: Vitals | None = None,
) -> None:
    """End a visit and promise what follows; a volunteer's also counts as having seen the elder.

    The rooms above ask the elder's side to confirm (orders.served, volunteering.session_pending).

    Raises UnknownTask when a ticked task is not on the service's list, UnknownRisk, BadVitals, and ConsentMissing for a
    note or a measurement she does not want.
    """
    if note or vitals is not None:
        require_consent(session, visit.elder_id, "care_notes")
    _refuse_unknown_tasks(session, visit, tasks_done)
    refuse_unknown_risks(session, now, risks)
    session.connection().execute(
        update(_visit)
        .where(_visit.c.id == visit.id)
        .values(
            state="finished",
            checked_out_at=happened_at,
            check_out_recorded_at=now,
            check_out_facts=facts,
            tasks_done=tasks_done,
            note=note,
            risks=sorted(set(risks)),
            vitals_sealed=sealed_vitals(vitals),
        )
    )
    if risks:
        enqueue(session, now, "visits.raise_alerts", {"visit_id": visit.id}, key=f"visits.raise_alerts:{visit.id}")
    enqueue(session, now, "visits.judge", {"visit_id": visit.id}, key=f"visits.judge:{visit.id}")
    if visit.kind == "care":
        job, args = "orders.mark_served", {"order_id": visit.order_id}
    else:
        note_meeting(session, now, visit, happened_at)
        job, args = "volunteering.record_session", {"visit_id": visit.id}
    enqueue(session, now, job, args, key=f"{job}:{visit.id}")


def facts_of(
    session: Session, elder_id: int, device: DeviceFacts, device_at: datetime, moment: rules.Moment
) -> dict[str, Any]:
    """Keep the six facts of a visit as the phone gave them, and what does not fit about them."""
    distance_m = None
    if device.lon is not None and device.lat is not None:
        point = func.ST_SetSRID(func.ST_MakePoint(device.lon, device.lat), 4326)
        distance_m = (
            session.connection()
            .execute(select(func.ST_DistanceSphere(_person.c.home, point)).where(_person.c.id == elder_id))
            .scalar()
        )
    place = rules.doubts_of_place(distance_m, device.accuracy_m, device.mock_location)
    return {
        "event_key": device.event_key,
        "device_at": device_at.isoformat(),
        "skew_seconds": moment.skew_seconds,
        "lon": device.lon,
        "lat": device.lat,
        "accuracy_m": device.accuracy_m,
        "distance_m": None if distance_m is None else round(distance_m),
        **({"signed_by_device": device.signed_by} if device.signed_by is not None else {}),
        "doubts": [*moment.doubts, *place, *device.doubts],
    }


def _refuse_unknown_tasks(session: Session, visit: Found, tasks_done: list[str]) -> None:
    if visit.order_id is None:
        return
    listed: list[str] | None = (
        session.connection()
        .execute(
            select(_item.c.checklist)
            .join(_order, _order.c.service_code == _item.c.code)
            .where(_order.c.id == visit.order_id)
        )
        .scalar()
    )
    unknown = sorted(set(tasks_done) - set(listed or tasks_done))
    if unknown:
        raise UnknownTask(field="tasks_done", unknown=unknown)


def note_act(session: Session, now: datetime, actor: Actor, visit: Found, verb: str, facts: dict[str, Any]) -> None:
    """Write the act into the trail, by the right of standing at this door."""
    record_act(
        session, now, actor, verb,
        for_person_id=visit.elder_id, by_right=f"visitor:{visit.id}", area_code=visit.area_code,
        subject=("visit", visit.id), facts=facts,
    )  # fmt: skip


def _tell_started(session: Session, now: datetime, visit: Found, happened_at: datetime) -> None:
    tell(
        session,
        now,
        audience={"elder_side": visit.elder_id},
        template="visits.started",
        facts={"person_id": visit.visitor_id, "happened_at": happened_at.isoformat()},
        elder_id=visit.elder_id,
        area_code=visit.area_code,
        subject=("visit", visit.id),
        key=f"visits.started:{visit.id}",
    )
