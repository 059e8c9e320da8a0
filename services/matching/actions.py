"""A dispatcher answers for her provider: the first to accept an order has it, the second is told so.

Offers are made, passed on and taken back in offering.py (by jobs).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.directory.tables import Provider, ServiceLine
from services.errors import Invalid, NotFound
from services.matching.errors import AlreadyAccepted, OfferClosed, OfferExpired, ProviderBlocked, SlotFull
from services.matching.offering import expire_offer, offer_next, withdraw_offers
from services.matching.queries import check_dispatcher
from services.matching.tables import Offer
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.telling import tell_elder_side
from services.outbox import enqueue
from services.unit_of_work import Actor

__all__ = ["AcceptedOffer", "accept_offer", "decline_offer", "expire_offer", "offer_next", "withdraw_offers"]

_offer = table_of(Offer)
_provider = table_of(Provider)
_line = table_of(ServiceLine)
_SLOT_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('slot/' || CAST(:provider AS text) || '/' || CAST(:service AS text), 0))"
)
_BOOKED = text(
    "SELECT booked_orders(CAST(:provider AS bigint), CAST(:service AS text), tstzrange(:starts_at, :ends_at))"
)
DECLINE_REASONS: dict[str, str] = {
    "no_hands": "这个时间没有人手",
    "too_far": "路太远",
    "not_our_service": "做不了这项服务",
    "price": "价格不合适",
    "other": "其他原因",
}


@dataclass(frozen=True)
class AcceptedOffer:
    """What a provider now has to do: an order, its elder, and when."""

    offer_id: int
    order_id: int
    order_number: str
    elder_id: int
    provider_id: int
    starts_at: datetime
    ends_at: datetime


def accept_offer(session: Session, now: datetime, actor: Actor, offer_id: int) -> AcceptedOffer:
    """Take an offered order for the dispatcher's provider; a carer is assigned afterwards.

    Raises NotFound, NotADispatcher, OfferExpired, AlreadyAccepted, OfferClosed, ProviderBlocked, SlotFull.
    """
    order, offer = _lock_for_answer(session, now, actor, offer_id)
    blocked = session.connection().execute(
        select(_provider.c.blocked_at).where(_provider.c.id == offer.provider_id)
    ).scalar_one()  # fmt: skip
    if blocked is not None:
        raise ProviderBlocked(provider_id=offer.provider_id)
    check_room(session, order, offer.provider_id)
    _answer(session, now, actor, offer, state="accepted")
    move_order(session, order, "accepted", provider_id=offer.provider_id, accepted_at=now)
    write_event(session, now, order, "accepted", actor.person_id, provider_id=offer.provider_id, offer_id=offer_id)
    _record(session, now, actor, order, "accept_offer", {"offer_id": offer_id})
    for job in ("orders.prepare_payment", *(["matching.withdraw_offers"] if offer.shared else [])):
        enqueue(session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/{offer_id}")
    tell_elder_side(session, now, order, "matching.accepted", provider_id=offer.provider_id, once=str(offer_id))
    return AcceptedOffer(
        offer_id=offer_id,
        order_id=order.id,
        order_number=order.order_number,
        elder_id=order.elder_id,
        provider_id=offer.provider_id,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
    )


def decline_offer(session: Session, now: datetime, actor: Actor, offer_id: int, reason: str) -> None:
    """Say no to an offer, with a reason; the next provider is asked by a job at once.

    `reason` is a code of DECLINE_REASONS. Raises as accept_offer, and Invalid(field).
    """
    if reason not in DECLINE_REASONS:
        raise Invalid("请选择接不了的原因。", field="reason", known=sorted(DECLINE_REASONS))
    order, offer = _lock_for_answer(session, now, actor, offer_id)
    # The event first: once the offer is declined, the dispatcher sees the order no more.
    write_event(
        session, now, order, "declined", actor.person_id,
        provider_id=offer.provider_id, offer_id=offer_id, reason=reason,
    )  # fmt: skip
    _record(session, now, actor, order, "decline_offer", {"offer_id": offer_id, "reason": reason})
    job = "matching.offer_next"
    enqueue(session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/after-{offer_id}")
    _answer(session, now, actor, offer, state="declined", decline_reason=reason)


def _lock_for_answer(
    session: Session, now: datetime, actor: Actor, offer_id: int
) -> tuple[OrderRow, Row[*tuple[Any, ...]]]:
    """Lock order, then offer (everybody in this order), and see that the offer still waits for an answer."""
    offer = _find(session, offer_id)
    check_dispatcher(session, actor, offer.provider_id)
    _check_open(offer, now)
    try:
        order = lock_order(session, offer.order_id)
    except NotFound:  # it passed on, or was taken back, while we waited for the lock
        _check_open(_find(session, offer_id), now)
        raise OfferClosed(offer_id=offer_id, state="closed") from None
    offer = session.connection().execute(select(_offer).where(_offer.c.id == offer_id).with_for_update()).one()
    _check_open(offer, now)
    if offer.shared and order.state != "offering":  # somebody else claimed it a moment before
        raise AlreadyAccepted(offer_id=offer_id)
    if order.state != "offering":
        raise OfferClosed(offer_id=offer_id, state=order.state)
    return order, offer


def _find(session: Session, offer_id: int) -> Row[*tuple[Any, ...]]:
    offer = session.connection().execute(select(_offer).where(_offer.c.id == offer_id)).first()
    if offer is None:
        raise NotFound(offer_id=offer_id)
    return offer


def _check_open(offer: Row[*tuple[Any, ...]], now: datetime) -> None:
    if offer.shared and offer.state == "withdrawn":
        raise AlreadyAccepted(offer_id=offer.id)
    if offer.state == "accepted":
        raise AlreadyAccepted(
            offer_id=offer.id, answered_at=offer.answered_at.isoformat(), answered_by=offer.answered_by
        )
    if offer.state == "expired" or (offer.state == "open" and offer.expires_at <= now):
        raise OfferExpired(offer_id=offer.id, expires_at=offer.expires_at.isoformat())
    if offer.state != "open":
        raise OfferClosed(offer_id=offer.id, state=offer.state)


def check_room(session: Session, order: OrderRow, provider_id: int, *, besides: int = 0) -> None:
    """See that a provider has room for one more order in its window; raises SlotFull.

    Offers of two orders may be open for one last place: whoever accepts second finds it taken.
    `besides`: 1 when the order itself already holds a place in the window it asks for.
    """
    what = {"provider": provider_id, "service": order.service_code}
    window = {"starts_at": order.starts_at, "ends_at": order.ends_at}
    connection = session.connection()
    connection.execute(_SLOT_LOCK, what)
    capacity = connection.execute(
        select(_line.c.slot_capacity).where(
            _line.c.provider_id == provider_id, _line.c.service_code == order.service_code
        )
    ).scalar()  # fmt: skip
    booked = connection.execute(_BOOKED, {**what, **window}).scalar_one()
    if capacity is not None and booked - besides >= capacity:
        raise SlotFull(order_id=order.id, provider_id=provider_id, booked=booked, slot_capacity=capacity)


def _answer(
    session: Session, now: datetime, actor: Actor, offer: Row[*tuple[Any, ...]], state: str, **values: Any
) -> None:
    session.connection().execute(
        update(_offer)
        .where(_offer.c.id == offer.id)
        .values(state=state, answered_at=now, answered_by=actor.person_id, **values)
    )


def _record(session: Session, now: datetime, actor: Actor, order: OrderRow, verb: str, facts: dict[str, Any]) -> None:
    record_act(
        session,
        now,
        actor,
        verb,
        for_person_id=order.elder_id,
        by_right="provider",
        area_code=order.area_code,
        subject=("care_order", order.id),
        facts=facts,
    )
