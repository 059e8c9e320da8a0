"""Who can really serve an elder, and which offers wait for a provider's answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.catalogue.queries import Service, service_by_code
from services.catalogue.tables import ServiceItem
from services.cities.queries import area_names
from services.cities.rules import ancestor_code
from services.clock import civil_date
from services.columns import table_of
from services.language import name_for_reader
from services.matching.dispatchers import check_dispatcher
from services.matching.finding import Candidate, find_candidates
from services.matching.left_out import LeftOut
from services.matching.tables import Offer, UnmetNeed
from services.orders.errors import ForVolunteers
from services.orders.rules import check_aware, check_long_enough, check_window
from services.orders.tables import CareOrder
from services.people.rights import right_to
from services.unit_of_work import Actor

_offer = table_of(Offer)
_unmet = table_of(UnmetNeed)
_order = table_of(CareOrder)
_item = table_of(ServiceItem)
PAGE = 100
__all__ = ["Matched", "OfferView", "UnmetNeedView", "check_dispatcher", "match", "open_offers", "unmet_needs"]


@dataclass(frozen=True)
class Matched:
    """The answer to "who can come": candidates best first, and why the others cannot."""

    elder_id: int
    service: Service
    starts_at: datetime
    ends_at: datetime
    candidates: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    farther: bool = False


@dataclass(frozen=True)
class OfferView:
    """An offer on a provider's board. The elder's name is not shown before it accepts. Fen, seconds on foot."""

    id: int
    order_id: int
    order_number: str
    provider_id: int
    state: str
    rank: int
    offered_at: datetime
    expires_at: datetime
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    community_name: str | None
    price_fen: int
    walk_seconds: int | None
    walk_estimated: bool
    reasons: tuple[str, ...]
    mode: str = "ranked"
    shared: bool = False


@dataclass(frozen=True)
class UnmetNeedView:
    """Demand nobody could serve, for the officer (DY-35)."""

    id: int
    order_id: int | None
    elder_id: int
    area_code: int
    service_code: str
    service_name: str
    starts_at: datetime
    recorded_at: datetime
    reasons: dict[str, Any]


def match(
    session: Session,
    now: datetime,
    actor: Actor,
    elder_id: int,
    service_code: str,
    starts_at: datetime,
    ends_at: datetime,
) -> Matched:
    """Rank the providers that can serve an elder in a window, and say why the others cannot.

    Minutes are on foot over the streets, from her registered home, never from the caller's phone. Raises
    NotFound, NotAllowed, UnknownService, BadTime, ForVolunteers, HomeUnknown.
    """
    check_aware(starts_at=starts_at, ends_at=ends_at)
    right = right_to(session, actor, elder_id, "view", now)
    check_window(now, starts_at, ends_at)
    service = service_by_code(session, service_code, civil_date(starts_at))
    if service.volunteer:
        raise ForVolunteers(service_code=service_code)
    check_long_enough(starts_at, ends_at, service.minutes)
    found = find_candidates(session, now, elder_id, right.area_code, service, starts_at, ends_at)
    return Matched(elder_id, service, starts_at, ends_at, found.candidates, found.left_out, found.farther)


def open_offers(session: Session, now: datetime, actor: Actor, provider_id: int) -> list[OfferView]:
    """Give the offers that wait for a provider's answer, the one that ends first at the top. Raises NotADispatcher."""
    check_dispatcher(session, actor, provider_id)
    rows = (
        session.connection()
        .execute(
            select(
                _offer,
                _order.c.order_number,
                _order.c.service_code,
                _order.c.starts_at,
                _order.c.ends_at,
                _order.c.price_fen,
                name_for_reader(_item).label("service_name"),
            )
            .join(_order, _order.c.id == _offer.c.order_id)
            .join(_item, _item.c.code == _order.c.service_code, isouter=True)
            .where(_offer.c.provider_id == provider_id, _offer.c.state == "open", _offer.c.expires_at > now)
            .order_by(_offer.c.expires_at, _offer.c.id)
        )
        .all()
    )
    names = area_names(session, {_community(row.area_code) for row in rows})
    return [_offer_view(row, names.get(_community(row.area_code))) for row in rows]


def unmet_needs(session: Session, since: datetime, limit: int = PAGE) -> list[UnmetNeedView]:
    """Give the demand without supply that the asking office may see, newest first."""
    rows = session.connection().execute(
        select(_unmet, name_for_reader(_item).label("service_name"))
        .join(_item, _item.c.code == _unmet.c.service_code, isouter=True)
        .where(_unmet.c.recorded_at >= since)
        .order_by(_unmet.c.id.desc())
        .limit(max(1, min(limit, 500)))
    )
    return [
        UnmetNeedView(
            **{name: getattr(row, name) for name in UnmetNeedView.__dataclass_fields__ if name != "service_name"},
            service_name=row.service_name or row.service_code,
        )
        for row in rows
    ]


def _community(area_code: int) -> int:
    try:
        return ancestor_code(area_code, "community")
    except ValueError:
        return area_code


def _offer_view(row: Row[Any], community_name: str | None) -> OfferView:
    return OfferView(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        provider_id=row.provider_id,
        state=row.state,
        rank=row.rank,
        offered_at=row.offered_at,
        expires_at=row.expires_at,
        service_code=row.service_code,
        service_name=row.service_name or row.service_code,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        community_name=community_name,
        price_fen=row.price_fen,
        walk_seconds=row.reasons.get("walk_seconds"),
        walk_estimated=bool(row.reasons.get("walk_estimated", False)),
        reasons=tuple(row.reasons.get("words", ())),
        mode=row.mode,
        shared=row.shared,
    )
