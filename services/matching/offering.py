"""Offers of one order to providers in turn: the chosen one first, then by rank. Work of the house, by jobs.

Where an offer times out: `expire_offer`, promised for the offer's `expires_at` when it is made.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from services.catalogue.errors import UnknownService
from services.catalogue.queries import Service, service_by_code
from services.clock import civil_date
from services.columns import table_of
from services.matching.asking import ask_all, ask_one, asked_so_far, record, tell_if_slow
from services.matching.bureau import ask_bureau, bureau_passed, close_tasks, open_task
from services.matching.errors import HomeUnknown
from services.matching.finding import Candidate, Found, find_candidates
from services.matching.modes import way_of
from services.matching.tables import Offer, UnmetNeed
from services.orders.actions import leave_unfilled
from services.orders.rules import OPEN_FOR_OFFERS_IN
from services.orders.steps import OrderRow, lock_order, write_event
from services.orders.telling import tell_provider
from services.outbox import enqueue
from services.unit_of_work import SYSTEM

_offer = table_of(Offer)
_unmet = table_of(UnmetNeed)


def offer_next(session: Session, now: datetime, order_id: int) -> int | None:
    """Bring an order one step on the way its city chose; gives the offer's id where one provider is asked.

    None when the order is no longer open, somebody still thinks, several were asked at once or the bureau is;
    or when nobody is left: then the order is left unfilled, the unmet need is recorded with the reasons, and
    elder and operator are told.
    """
    order = lock_order(session, order_id)
    if order.state not in OPEN_FOR_OFFERS_IN or _open_offer(session, order_id) or open_task(session, order_id):
        return None
    asked = asked_so_far(session, order)
    found, problem = _find(session, now, order, asked)
    if not found.candidates or order.starts_at <= now:
        problem = "too_late" if order.starts_at <= now else problem
        _give_up(session, now, order, found, asked, problem)
        return None
    return _go_on(session, now, order, found, len(asked))


def _go_on(session: Session, now: datetime, order: OrderRow, found: Found, asked: int) -> int | None:
    """Push: one, then the bureau. Claim: all at once. Alliance: its members, then everybody. Bureau: an officer."""
    way = way_of(session, order.area_code, order.service_code, civil_date(now))
    if way.mode == "claim":
        ask_all(session, now, order, found.candidates, way)
        return None
    if way.mode == "bureau" or (way.mode == "push" and asked):
        if not bureau_passed(session, order.id):
            ask_bureau(session, now, order)
            tell_if_slow(session, now, order, asked + 1)
            return None
    inside = Found(tuple(one for one in found.candidates if one.provider_id in way.members), ())
    return ask_one(session, now, order, _next(order, inside if inside.candidates else found), asked + 1, way)


def expire_offer(session: Session, now: datetime, offer_id: int) -> None:
    """Let an unanswered offer pass on once its time is over; an answered one stays as it is.

    Called before its time it promises itself again.
    """
    offer = session.connection().execute(select(_offer).where(_offer.c.id == offer_id)).first()
    if offer is None:
        return
    order = lock_order(session, offer.order_id)
    connection = session.connection()
    offer = connection.execute(select(_offer).where(_offer.c.id == offer_id).with_for_update()).one()
    if offer.state != "open":
        return
    if now < offer.expires_at:
        enqueue(session, now, "matching.expire_offer", {"offer_id": offer_id}, not_before=offer.expires_at)
        return
    connection.execute(update(_offer).where(_offer.c.id == offer_id).values(state="expired"))
    write_event(session, now, order, "expired", None, provider_id=offer.provider_id, offer_id=offer_id)
    record(session, now, SYSTEM, order, "expire_offer", {"offer_id": offer_id, "provider_id": offer.provider_id})
    tell_provider(session, now, order, offer.provider_id, "matching.expired", once=str(offer_id))
    offer_next(session, now, order.id)


def withdraw_offers(session: Session, now: datetime, order_id: int) -> int:
    """Take back what is still open of the offers of an order that was cancelled, claimed or put to another time.

    Gives how many. Providers are told, and the bureau has nothing to decide any more.
    """
    order = lock_order(session, order_id)
    if order.state in OPEN_FOR_OFFERS_IN:
        return 0
    close_tasks(session, now, order_id)
    words = "matching.withdrawn" if order.state == "cancelled" else "matching.claimed"
    return take_back(session, now, order, words)


def withdraw_from(session: Session, now: datetime, provider_id: int) -> int:
    """Take every open offer back from a provider on the blacklist; the next ones are asked. Gives how many.

    City-wide work of the house; that none is opened any more, PostgreSQL holds.
    """
    connection = session.connection()
    waiting = connection.execute(
        select(_offer.c.id, _offer.c.order_id)
        .where(_offer.c.provider_id == provider_id, _offer.c.state == "open")
        .order_by(_offer.c.id)
    ).all()
    for one in waiting:
        order = lock_order(session, one.order_id)
        closed = connection.execute(
            update(_offer)
            .where(_offer.c.id == one.id, _offer.c.state == "open")
            .values(state="withdrawn")
            .returning(_offer.c.id)
        ).first()
        if closed is None:
            continue
        write_event(session, now, order, "withdrawn", None, provider_id=provider_id, offer_id=one.id)
        record(session, now, SYSTEM, order, "withdraw_offer", {"offer_id": one.id, "provider_id": provider_id})
        tell_provider(session, now, order, provider_id, "matching.withdrawn", once=str(one.id))
        offer_next(session, now, order.id)
    return len(waiting)


def take_back(session: Session, now: datetime, order: OrderRow, words: str) -> int:
    """Withdraw every open offer of a locked order and tell its providers why; gives how many."""
    withdrawn = (
        session.connection()
        .execute(
            update(_offer)
            .where(_offer.c.order_id == order.id, _offer.c.state == "open")
            .values(state="withdrawn")
            .returning(_offer.c.id, _offer.c.provider_id)
        )
        .all()
    )
    for offer in withdrawn:
        tell_provider(session, now, order, offer.provider_id, words, once=str(offer.id))
    return len(withdrawn)


def _find(session: Session, now: datetime, order: OrderRow, asked: dict[int, str]) -> tuple[Found, str | None]:
    try:
        service: Service = service_by_code(session, order.service_code, civil_date(order.starts_at))
        found = find_candidates(
            session,
            now,
            order.elder_id,
            order.area_code,
            service,
            order.starts_at,
            order.ends_at,
            already_asked=asked,
            besides_order_id=order.id,
        )
    except (HomeUnknown, UnknownService) as error:
        return Found((), ()), type(error).__name__
    return found, None


def _next(order: OrderRow, found: Found) -> Candidate:
    chosen = [one for one in found.candidates if one.provider_id == order.chosen_provider_id]
    return (chosen or list(found.candidates))[0]


def _give_up(
    session: Session, now: datetime, order: OrderRow, found: Found, asked: dict[int, str], problem: str | None
) -> None:
    if order.state == "unfilled":
        return
    session.connection().execute(
        insert(_unmet).values(
            order_id=order.id,
            elder_id=order.elder_id,
            area_code=order.area_code,
            service_code=order.service_code,
            starts_at=order.starts_at,
            recorded_at=now,
            reasons={
                "problem": problem,
                "asked": [{"provider_id": provider, "answer": answer} for provider, answer in asked.items()],
                "left_out": [
                    {"provider_id": one.provider_id, "code": one.code, "why": one.why} for one in found.left_out
                ],
            },
        )
    )
    leave_unfilled(session, now, order)


def _open_offer(session: Session, order_id: int) -> bool:
    waiting: int = (
        session.connection()
        .execute(select(func.count()).where(_offer.c.order_id == order_id, _offer.c.state == "open"))
        .scalar_one()
    )
    return waiting > 0
