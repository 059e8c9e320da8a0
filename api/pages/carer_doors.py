"""The doors somebody has to go to, for a carer's and a volunteer's pages, and what a scanned plate leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Row, select

from api.deps import Work
from services.catalogue.queries import Service, services_by_code
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotFound
from services.orders.queries import find_order
from services.people.queries import person_card
from services.unit_of_work import UnitOfWork
from services.visits.errors import VisitNotFound, WrongDoor
from services.visits.plates import plate_of_token
from services.visits.queries import attempts_of_elder, find_visit, visits_of_day
from services.volunteering.tables import Need

router = APIRouter(include_in_schema=False)
_need = table_of(Need)
Visit = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Door:
    """One visit of the signed-in visitor with what she must know before she rings."""

    visit: Visit
    elder_name: str
    rough_address: str
    service_name: str
    checklist: tuple[tuple[str, str], ...]
    notes: str
    confirmed: bool
    """Whether the elder's side has confirmed the order since."""


@router.get("/carer/plate")
def scanned(work: Work, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Lead whoever scanned a door plate to her visit at that door; checking in itself is one more tap."""
    return _lead(work, token)


@router.get("/door/{token}")
def door_plate(work: Work, token: str) -> Response:
    """The address in the plate's QR code."""
    return _lead(work, token)


def _lead(work: UnitOfWork, token: str) -> Response:
    elder_id = plate_of_token(work.session, token)
    if elder_id is None:
        raise WrongDoor()
    here = [
        visit for visit in visits_of_day(work.session, work.actor, civil_date(work.now)) if visit.elder_id == elder_id
    ]
    here.sort(key=lambda visit: ("started", "planned", "finished", "missed").index(visit.state))
    if not here:
        raise VisitNotFound()
    base = "/volunteer/sessions" if here[0].kind == "friendly" else "/carer/visits"
    return RedirectResponse(f"{base}/{here[0].id}?{urlencode({'plate': token})}", status_code=303)


def doors_of_today(work: UnitOfWork) -> list[Door]:
    """Give the visitor's doors of today, in order."""
    return [_door(work, visit) for visit in visits_of_day(work.session, work.actor, civil_date(work.now))]


def door_of(work: UnitOfWork, visit_id: int) -> Door:
    """Give one of the visitor's own doors. Raises VisitNotFound."""
    visit = find_visit(work.session, visit_id)
    if visit.visitor_id != work.actor.person_id:
        raise VisitNotFound(visit_id=visit_id)
    return _door(work, visit)


def is_unanswered(work: UnitOfWork, door: Door) -> bool:
    """Tell whether the visitor already reported that nobody opened this door today."""
    return any(
        attempt.outcome == "no_answer"
        and attempt.by_person_id == work.actor.person_id
        and civil_date(attempt.happened_at) == civil_date(work.now)
        for attempt in attempts_of_elder(work.session, door.visit.elder_id)
    )


def _door(work: UnitOfWork, visit: Visit) -> Door:
    try:
        card = person_card(work.session, visit.elder_id, civil_date(work.now))
        name, rough = card.full_name, card.address or ""
    except NotFound:
        name, rough = "", ""
    service, notes, confirmed = _asked_for(work, visit)
    return Door(
        visit=visit,
        elder_name=name,
        rough_address=rough,
        service_name=service.title if service else "",
        checklist=service.tasks if service else (),
        notes=notes,
        confirmed=confirmed,
    )


def _asked_for(work: UnitOfWork, visit: Visit) -> tuple[Service | None, str, bool]:
    if visit.order_id is not None:
        order = find_order(work.session, visit.order_id)
        return (
            services_by_code(work.session, {order.service_code}).get(order.service_code),
            order.note or "",
            order.state == "confirmed",
        )
    kind = work.session.connection().execute(select(_need.c.kind).where(_need.c.id == visit.need_id)).scalar()
    return services_by_code(work.session, {str(kind)}).get(str(kind)), "", False
