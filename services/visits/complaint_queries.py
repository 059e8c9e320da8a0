"""Complaints as those concerned see them; row-level security decides which."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, select
from sqlmodel import Session

from services.columns import table_of
from services.directory.tables import Provider
from services.orders.tables import CareOrder
from services.people.tables import Person
from services.visits.complaint_errors import UnknownComplaint
from services.visits.complaint_tables import Complaint, ComplaintEvent

_complaint, _event = table_of(Complaint), table_of(ComplaintEvent)
_provider, _person, _order = table_of(Provider), table_of(Person), table_of(CareOrder)


def list_complaints(
    session: Session,
    *,
    state: str | None = None,
    provider_id: int | None = None,
    elder_id: int | None = None,
    mine: int | None = None,
    limit: int = 100,
) -> list[Row[Any]]:
    """Give complaints with provider_name, elder_name, owner_name, order_number: open ones first, then the newest.

    `elder_id`: about her orders; `mine`: filed by this person for herself.
    """
    query = _named().order_by(case((_complaint.c.state == "answered", 1), else_=0), _complaint.c.id.desc())
    if state is not None:
        query = query.where(_complaint.c.state == state)
    if provider_id is not None:
        query = query.where(_complaint.c.provider_id == provider_id)
    if elder_id is not None and mine is not None:
        query = query.where((_complaint.c.elder_id == elder_id) | (_complaint.c.complainant_id == mine))
    elif elder_id is not None:
        query = query.where(_complaint.c.elder_id == elder_id)
    return list(session.connection().execute(query.limit(max(1, min(limit, 500)))))


def complaint_with_names(session: Session, complaint_id: int) -> Row[Any]:
    """Give one complaint with the names list_complaints gives. Raises UnknownComplaint."""
    found = session.connection().execute(_named().where(_complaint.c.id == complaint_id)).first()
    if found is None:
        raise UnknownComplaint(complaint_id=complaint_id)
    return found


def steps_of(session: Session, complaint_id: int) -> list[Row[Any]]:
    """Give a complaint's log, oldest first."""
    query = select(_event).where(_event.c.complaint_id == complaint_id).order_by(_event.c.id)
    return list(session.connection().execute(query))


def is_overdue(complaint: Row[Any], now: datetime) -> bool:
    """Tell whether a complaint's clock has run out."""
    if complaint.state == "answered":
        return False
    return bool((complaint.state == "open" and now >= complaint.acknowledge_by) or now >= complaint.answer_by)


def _named() -> Select[Any]:
    owner = _person.alias()
    return (
        select(
            _complaint, _provider.c.name.label("provider_name"), _person.c.full_name.label("elder_name"),
            owner.c.full_name.label("owner_name"), _order.c.order_number,
        )
        .join(_provider, _provider.c.id == _complaint.c.provider_id)
        .join(_person, _person.c.id == _complaint.c.elder_id, isouter=True)
        .join(owner, owner.c.id == _complaint.c.owner_id, isouter=True)
        .join(_order, _order.c.id == _complaint.c.order_id, isouter=True)
    )  # fmt: skip
