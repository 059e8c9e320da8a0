"""Somebody was blacklisted: her running and future visits are laid before an officer, one by one, and done as decided.

Nothing of it happens by itself: an elder in the bath is not left alone because a list changed. New offers and
promises are refused by PostgreSQL from the entry's own moment on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.tables import ServiceItem
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Carer
from services.directory.trust_tables import BlacklistEntry, BlacklistVisit
from services.dispatch.actions import announce, cancel_promise, planned_promise, promise, tell_carer
from services.dispatch.errors import DecidedBefore, NoSuchDecision
from services.dispatch.queries import carers_free, provider_barred, skills_for
from services.dispatch.rescheduling import pass_on, take_carer_off
from services.dispatch.tables import Assignment
from services.errors import Invalid
from services.language import name_for_reader
from services.matching.offering import withdraw_from
from services.messages.actions import tell
from services.orders.actions import cancel_by
from services.orders.places import place_of
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.tables import CareOrder
from services.orders.telling import tell_provider
from services.outbox import enqueue
from services.people.rights import right_to
from services.people.tables import Person
from services.unit_of_work import SYSTEM, Actor

_entry, _listed, _order = table_of(BlacklistEntry), table_of(BlacklistVisit), table_of(CareOrder)
_assignment, _carer, _person = table_of(Assignment), table_of(Carer), table_of(Person)
_item = table_of(ServiceItem)
Decision = Literal["keep", "reassign", "cancel"]
DECISIONS: tuple[str, ...] = ("keep", "reassign", "cancel")
RUNNING = ("accepted", "assigned", "in_service")
NOTE_LENGTH = 500


@dataclass(frozen=True)
class VisitToDecide:
    """A visit of somebody blacklisted as an officer sees it: what was decided, and what came of it."""

    id: int
    entry_id: int
    order_id: int
    order_number: str
    order_state: str
    elder_id: int
    elder_name: str | None
    service_name: str
    carer_name: str | None
    starts_at: datetime
    decision: str | None
    note: str | None
    decided_at: datetime | None
    outcome: str | None


def list_visits(session: Session, now: datetime, entry_id: int) -> int:
    """Lay the running and future visits of a new entry before the officers, and take open offers back; gives how many.

    City-wide work of the house; done again it adds what it had not seen and changes nothing that was decided.
    """
    connection = session.connection()
    entry = connection.execute(select(_entry).where(_entry.c.id == entry_id)).first()
    if entry is None or entry.lifted_at is not None:
        return 0
    if entry.provider_id is not None:
        withdraw_from(session, now, entry.provider_id)
    found = connection.execute(_concerned(entry)).all()
    for row in found:
        values = {
            "entry_id": entry_id, "order_id": row.id, "elder_id": row.elder_id, "area_code": row.area_code,
            "provider_id": row.provider_id, "carer_id": row.carer_id, "order_state": row.state,
            "starts_at": row.starts_at,
        }  # fmt: skip
        written = upsert(_listed).values(values).on_conflict_do_nothing(constraint="blacklist_visit_once_key")
        connection.execute(written)
    facts = {"visits": len(found)}
    record_act(
        session, now, SYSTEM, "list_barred_visits", area_code=entry.area_code, subject=("blacklist_entry", entry_id),
        facts=facts,
    )  # fmt: skip
    if found:
        tell(
            session, now, audience={"office": {"role": "officer", "area_code": entry.area_code}},
            template="dispatch.blacklist_visits",
            facts={"provider_id": found[0].provider_id, "count": len(found)}, area_code=entry.area_code,
            subject=("blacklist_entry", entry_id), key=f"dispatch.blacklist_visits/{entry_id}",
        )  # fmt: skip
    return len(found)


def decide_visit(session: Session, now: datetime, actor: Actor, visit_id: int, decision: Decision, note: str) -> None:
    """Decide what becomes of one visit: it stays, somebody else comes, or it ends; a job does it at once.

    What could not be moved may be decided anew. Raises NoSuchDecision, NotFound, NotAllowed, DecidedBefore,
    Invalid(field).
    """
    row = session.connection().execute(select(_listed).where(_listed.c.id == visit_id).with_for_update()).first()
    if row is None:
        raise NoSuchDecision(visit_id=visit_id)
    right = right_to(session, actor, row.elder_id, "order", now)
    if not right.ground.startswith("office:"):
        raise NoSuchDecision(visit_id=visit_id)
    if decision not in DECISIONS or len(note) > NOTE_LENGTH:
        raise Invalid("请选照常、换人或取消。", field="decision", known=list(DECISIONS))
    if row.decision is not None and row.outcome != "not_movable":
        raise DecidedBefore(decision=row.decision)
    session.connection().execute(
        update(_listed)
        .where(_listed.c.id == visit_id)
        .values(decision=decision, note=note.strip() or None, decided_by=actor.person_id, decided_at=now)
    )
    record_act(
        session, now, actor, "decide_barred_visit", for_person_id=row.elder_id, by_right=right.ground,
        area_code=row.area_code, subject=("care_order", row.order_id),
        facts={"decision": decision, "entry_id": row.entry_id},
    )  # fmt: skip
    job = "dispatch.barred_decided"
    enqueue(session, now, job, {"visit_id": visit_id}, key=f"{job}/{visit_id}/{now.isoformat()}")


def carry_out(session: Session, now: datetime, visit_id: int) -> str:
    """Do what an officer decided of a visit; gives what came of it. City-wide work of the house.

    "kept", "passed_on" (the others are asked), "replaced" (a colleague comes), "unassigned" (the provider sends
    somebody else), "cancelled", "over" (it had ended meanwhile), "not_movable" (decide anew).
    """
    query = select(_listed).where(_listed.c.id == visit_id)
    row = session.connection().execute(query).one()
    order = lock_order(session, row.order_id)
    row = session.connection().execute(query.with_for_update()).one()
    if row.decision is None or (row.done_at is not None and row.done_at >= row.decided_at):
        return str(row.outcome)
    house = replace(SYSTEM, person_id=row.decided_by)
    if order.state not in RUNNING or order.provider_id != row.provider_id:
        outcome = "over"
    elif row.decision == "keep":
        outcome = "kept"
    elif row.decision == "cancel":
        cancel_by(session, now, house, order, "house", "blacklisted")
        outcome = "cancelled"
    else:
        outcome = _move(session, now, house, order, row)
    session.connection().execute(update(_listed).where(_listed.c.id == visit_id).values(done_at=now, outcome=outcome))
    record_act(
        session, now, house, "carry_out_barred_visit", for_person_id=order.elder_id, by_right="house",
        area_code=order.area_code, subject=("care_order", order.id), facts={"outcome": outcome},
    )  # fmt: skip
    return outcome


def visits_to_decide(
    session: Session, *, entry_id: int | None = None, open_only: bool = False, limit: int = 200
) -> list[VisitToDecide]:
    """Give the visits laid before the acting office, the soonest first."""
    query = (
        select(
            _listed, _order.c.order_number, _person.c.full_name.label("elder_name"),
            _carer.c.display_name.label("carer_name"), _order.c.service_code,
            name_for_reader(_item).label("service_name"), _order.c.state.label("stands"),
        )
        .join(_order, _order.c.id == _listed.c.order_id)
        .join(_person, _person.c.id == _listed.c.elder_id, isouter=True)
        .join(_carer, _carer.c.person_id == _listed.c.carer_id, isouter=True)
        .join(_item, _item.c.code == _order.c.service_code, isouter=True)
        .order_by(_listed.c.starts_at, _listed.c.id)
        .limit(max(1, min(limit, 500)))
    )  # fmt: skip
    if entry_id is not None:
        query = query.where(_listed.c.entry_id == entry_id)
    if open_only:
        query = query.where(or_(_listed.c.decision.is_(None), _listed.c.outcome == "not_movable"))
    return [
        VisitToDecide(
            id=row.id, entry_id=row.entry_id, order_id=row.order_id, order_number=row.order_number,
            order_state=row.stands, elder_id=row.elder_id, elder_name=row.elder_name,
            service_name=row.service_name or row.service_code, carer_name=row.carer_name, starts_at=row.starts_at,
            decision=row.decision, note=row.note, decided_at=row.decided_at, outcome=row.outcome,
        )
        for row in session.connection().execute(query)
    ]  # fmt: skip


def _concerned(entry: Row[Any]) -> Any:
    """Select the orders an entry touches that are not over, with the carer promised to each."""
    promised = (_assignment.c.order_id == _order.c.id) & (_assignment.c.state == "planned")
    query = (
        select(
            _order.c.id, _order.c.elder_id, _order.c.area_code, _order.c.provider_id, _order.c.state,
            _order.c.starts_at, func.max(_assignment.c.carer_id).label("carer_id"),
        )
        .join(_assignment, promised, isouter=True)
        .where(_order.c.state.in_(RUNNING))
        .group_by(_order.c.id)
        .order_by(_order.c.starts_at, _order.c.id)
    )  # fmt: skip
    if entry.provider_id is not None:
        return query.where(_order.c.provider_id == entry.provider_id)
    hers = _assignment.alias()
    promised_to_her = (
        select(hers.c.id)
        .where(hers.c.order_id == _order.c.id, hers.c.state == "planned", hers.c.carer_id == entry.carer_id)
        .exists()
    )
    return query.where(promised_to_her)


def _move(session: Session, now: datetime, house: Actor, order: OrderRow, row: Row[Any]) -> str:
    """Somebody else comes: another provider where this one is barred, else a free colleague, else the dispatcher decides."""
    if order.state == "in_service" or place_of(session, order.id) is not None:
        return "not_movable"
    if provider_barred(session, order.provider_id, now):
        pass_on(session, now, house, order, "blacklisted", "house", "失信名单")
        return "passed_on"
    standing = session.connection().execute(planned_promise(order.id).with_for_update()).first()
    if standing is None or standing.carer_id != row.carer_id:
        return "over"
    skills = skills_for(session, order.service_code, order.area_code, civil_date(order.starts_at))
    free = [
        one
        for one in carers_free(session, order.provider_id, (order.starts_at, order.ends_at), skills)
        if one.carer_id != standing.carer_id
    ]
    if not free:
        take_carer_off(session, now, order, "失信名单")
        move_order(session, order, "accepted")
        write_event(session, now, order, "unassigned", house.person_id, carer_id=standing.carer_id)
        tell_provider(session, now, order, order.provider_id, "dispatch.carer_taken_off", once=str(standing.id))
        return "unassigned"
    cancel_promise(session, standing.id, "失信名单")
    assignment_id = promise(session, now, house.person_id, order, free[0].carer_id)
    write_event(session, now, order, "reassigned", house.person_id, carer_id=free[0].carer_id, before=standing.carer_id)
    tell_carer(session, now, order, standing.carer_id, standing.id, "dispatch.taken_off")
    announce(session, now, order, assignment_id, free[0].carer_id, "dispatch.reassigned")
    return "replaced"
