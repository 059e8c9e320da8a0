"""When a service can be had at all, and at which price an elder orders it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.catalogue.queries import Service
from services.cities.queries import city_of_area
from services.cities.rules import area_range
from services.columns import table_of
from services.directory.tables import Facility, Provider, ServiceLine
from services.orders.errors import NotOffered, OutsideOpening
from services.orders.rules import is_open

_line = table_of(ServiceLine)
_provider = table_of(Provider)
_facility = table_of(Facility)


def opening_and_price(
    session: Session,
    service: Service,
    area_code: int,
    starts_at: datetime,
    ends_at: datetime,
    chosen_provider_id: int | None,
    *,
    by_the_place: bool = False,
) -> int:
    """Give the price (fen) an order is placed at, after seeing that somebody works in its window.

    The chosen provider's own price; without a choice the guide price, which is then the most the elder
    pays. Where nobody in the city offers the service the order is still taken: it shows the gap. What is
    given `by_the_place` has hours of its own. Raises NotOffered(provider_id), OutsideOpening(opening).
    """
    lines = _working_lines(session, service.code, area_code, chosen_provider_id)
    if chosen_provider_id is not None and not lines:
        raise NotOffered(provider_id=chosen_provider_id, service_code=service.code)
    opening = [
        {"weekdays": list(line.weekdays), "from_hour": line.from_hour, "to_hour": line.to_hour} for line in lines
    ]
    works = by_the_place or any(
        is_open(line.weekdays, line.from_hour, line.to_hour, starts_at, ends_at) for line in lines
    )
    if lines and not works:
        unique = [hours for place, hours in enumerate(opening) if hours not in opening[:place]]
        raise OutsideOpening(service_code=service.code, provider_id=chosen_provider_id, opening=unique)
    return lines[0].price_fen if chosen_provider_id is not None else service.guide_price_fen


def _working_lines(
    session: Session, service_code: str, area_code: int, provider_id: int | None
) -> list[Row[*tuple[Any, ...]]]:
    """The chosen provider's line with its price; without a choice the different hours somebody in the city works."""
    first, last = area_range(city_of_area(session, area_code))
    hours = (_line.c.weekdays, _line.c.from_hour, _line.c.to_hour)
    asked = select(*hours).distinct() if provider_id is None else select(*hours, _line.c.price_fen)
    asked = (
        asked.join(_provider, _provider.c.id == _line.c.provider_id)
        .join(_facility, _facility.c.id == _line.c.facility_id)
        .where(_line.c.service_code == service_code, _line.c.active, _provider.c.blocked_at.is_(None))
        .where(_facility.c.status == "open", _facility.c.area_code.between(first, last))
    )
    if provider_id is not None:
        asked = asked.where(_line.c.provider_id == provider_id)
    return list(session.connection().execute(asked.order_by(*hours)))
