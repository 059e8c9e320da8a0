"""Orders as the elder, her family, a provider or an officer sees them; row-level security decides which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Row, Select, cast, select
from sqlmodel import Session

from services.catalogue.tables import ServiceItem
from services.columns import table_of
from services.directory.tables import Provider
from services.errors import NotAllowed, NotFound
from services.language import name_for_reader
from services.orders.rules import may_be_cancelled
from services.orders.tables import CareOrder, OrderEvent, Rating
from services.orders.timeline import TimelineStep, step_of
from services.people.rights import right_to
from services.people.tables import Person
from services.unit_of_work import Actor

_order = table_of(CareOrder)
_event = table_of(OrderEvent)
_rating = table_of(Rating)
_person = table_of(Person)
_provider = table_of(Provider)
_item = table_of(ServiceItem)
PAGE = 50


@dataclass(frozen=True)
class OrderView:
    """One order as shown. Money in fen, moments in UTC; `provider_*` is who accepted, else None."""

    id: int
    order_number: str
    state: str
    elder_id: int
    elder_name: str | None
    area_code: int
    service_code: str
    service_name: str
    at_home: bool
    starts_at: datetime
    ends_at: datetime
    price_fen: int
    government_fen: int
    voucher_fen: int
    self_fen: int
    chosen_provider_id: int | None
    provider_id: int | None
    provider_name: str | None
    provider_phone: str | None
    placed_by: int
    by_right: str
    channel: str
    note: str | None
    placed_at: datetime
    accepted_at: datetime | None
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    cancelled_reason: str | None
    face: int | None


@dataclass(frozen=True)
class PossibleActs:
    """What the asking person may still do with an order."""

    can_cancel: bool
    can_confirm: bool
    can_rate: bool


def find_order(session: Session, order_id: int) -> OrderView:
    """Give one order. Raises NotFound when there is none, or it may not be seen."""
    found = session.connection().execute(_shown().where(_order.c.id == order_id)).first()
    if found is None:
        raise NotFound(order_id=order_id)
    return _view(found)


def find_order_by_number(session: Session, number: str) -> OrderView:
    """Give the order somebody reads out over the phone, with or without its dashes. Raises NotFound."""
    digits = "".join(digit for digit in number if digit.isdigit())
    written = f"{digits[:6]}-{digits[6:-1]}-{digits[-1:]}"
    found = session.connection().execute(_shown().where(_order.c.order_number == written)).first()
    if found is None:
        raise NotFound(order_number=number)
    return _view(found)


def list_orders(
    session: Session,
    *,
    elder_id: int | None = None,
    provider_id: int | None = None,
    states: Sequence[str] = (),
    starts_from: datetime | None = None,
    starts_before: datetime | None = None,
    before_id: int | None = None,
    limit: int = PAGE,
) -> list[OrderView]:
    """Give the orders the asking person may see, newest first; `before_id` turns the page. At most 200."""
    query = _shown().order_by(_order.c.id.desc()).limit(max(1, min(limit, 200)))
    if elder_id is not None:
        query = query.where(_order.c.elder_id == elder_id)
    if provider_id is not None:
        query = query.where(_order.c.provider_id == provider_id)
    if states:
        query = query.where(_order.c.state.in_(states))
    if starts_from is not None:
        query = query.where(_order.c.starts_at >= starts_from)
    if starts_before is not None:
        query = query.where(_order.c.starts_at < starts_before)
    if before_id is not None:
        query = query.where(_order.c.id < before_id)
    return [_view(row) for row in session.connection().execute(query)]


def possible_acts(session: Session, now: datetime, actor: Actor, order: OrderView) -> PossibleActs:
    """Tell what the asking person may still do with an order, so that pages show no dead buttons."""
    try:
        ground = right_to(session, actor, order.elder_id, "order", now).ground
    except (NotAllowed, NotFound):
        return PossibleActs(can_cancel=False, can_confirm=False, can_rate=False)
    return PossibleActs(
        can_cancel=may_be_cancelled(order.state, ground),
        can_confirm=order.state == "served",
        can_rate=order.state in ("served", "confirmed") and order.face is None,
    )


def order_timeline(session: Session, order_id: int) -> list[TimelineStep]:
    """Give what happened to an order so far, oldest first, in words for people. Raises NotFound."""
    connection = session.connection()
    if connection.execute(select(_order.c.id).where(_order.c.id == order_id)).first() is None:
        raise NotFound(order_id=order_id)
    rows = connection.execute(
        select(_event, _provider.c.name.label("provider_name"), _rating.c.face)
        .join(_provider, _provider.c.id == cast(_event.c.facts["provider_id"].astext, BigInteger), isouter=True)
        .join(_rating, _rating.c.order_id == _event.c.order_id, isouter=True)
        .where(_event.c.order_id == order_id)
        .order_by(_event.c.id)
    )
    return [step_of(row) for row in rows]


def _shown() -> Select[Any]:
    return (
        select(
            _order,
            _person.c.full_name.label("elder_name"),
            _provider.c.name.label("provider_name"),
            _provider.c.phone.label("provider_phone"),
            name_for_reader(_item).label("service_name"),
            _item.c.at_home,
            _rating.c.face,
        )
        .join(_person, _person.c.id == _order.c.elder_id, isouter=True)
        .join(_provider, _provider.c.id == _order.c.provider_id, isouter=True)
        .join(_item, _item.c.code == _order.c.service_code, isouter=True)
        .join(_rating, _rating.c.order_id == _order.c.id, isouter=True)
    )


def _view(row: Row[*tuple[Any, ...]]) -> OrderView:
    plain = {name: getattr(row, name) for name in OrderView.__dataclass_fields__}
    plain["service_name"] = row.service_name or row.service_code
    plain["at_home"] = row.at_home is not False
    return OrderView(**plain)
