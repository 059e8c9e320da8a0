"""What a provider asks for its services, changed by its dispatcher; never above the city's ceiling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.errors import PriceAboveCeiling
from services.columns import table_of
from services.directory.tables import Facility, ServiceLine
from services.errors import Invalid, NotFound
from services.matching.dispatchers import check_dispatcher
from services.unit_of_work import Actor

_line, _facility = table_of(ServiceLine), table_of(Facility)
MOST_FEN = 10_000_000


def lines_of_provider(session: Session, provider_id: int) -> list[Row[Any]]:
    """Give what a provider offers, with its site's name and area; lines that rest too."""
    query = (
        select(_line, _facility.c.name.label("facility_name"), _facility.c.area_code)
        .join(_facility, _facility.c.id == _line.c.facility_id)
        .where(_line.c.provider_id == provider_id)
        .order_by(_line.c.service_code, _line.c.id)
    )
    return list(session.connection().execute(query))


def ask_price(session: Session, now: datetime, actor: Actor, line_id: int, price_fen: int, active: bool) -> None:
    """Say what a service costs with a provider from now on (fen), and whether it is offered; orders keep their price.

    Raises NotFound, NotADispatcher, Invalid(field), PriceAboveCeiling.
    """
    if not 0 <= price_fen <= MOST_FEN:
        raise Invalid("价格请写成不小于零的元数，例如 15 或 15.50。", field="price", price_fen=price_fen)
    line = session.connection().execute(select(_line).where(_line.c.id == line_id)).first()
    if line is None:
        raise NotFound(line_id=line_id)
    check_dispatcher(session, actor, line.provider_id)
    if (line.price_fen, line.active) == (price_fen, active):
        return
    try:
        with session.begin_nested():
            session.connection().execute(
                update(_line).where(_line.c.id == line_id).values(price_fen=price_fen, active=active)
            )
    except IntegrityError as broken:
        raise PriceAboveCeiling(service_code=line.service_code, price_fen=price_fen) from broken
    record_act(
        session, now, actor, "ask_price", by_right="provider", subject=("service_line", line_id),
        facts={"before_fen": line.price_fen, "price_fen": price_fen, "active": active},
    )  # fmt: skip
