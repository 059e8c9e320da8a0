"""Offers of one order to providers in turn: the chosen one first, then by rank. Work of the house, by jobs.

Where an offer times out: `expire_offer`, promised for the offer's `expires_at` when it is made.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.errors import UnknownService
from services.catalogue.queries import Service, service_by_code
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.matching.errors import HomeUnknown
from services.matching.finding import Candidate, Found, find_candidates
from services.matching.rules import offer_expires_at
from services.matching.tables import Offer, UnmetNeed
from services.orders.actions import leave_unfilled
from services.orders.rules import OPEN_FOR_OFFERS_IN
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.telling import tell_elder_side, tell_operators, tell_provider
from services.outbox import enqueue
from services.settings import settings
from services.unit_of_work import SYSTEM

_offer = table_of(Offer)
_unmet = table_of(UnmetNeed)


def offer_next(session: Session, now: datetime, order_id: int) -> int | None:
    """Offer an order to the best provider not yet asked; gives the offer's id.

    None when the order is no longer open, an offer is still waiting, or nobody is left: then the order is
    left unfilled, the unmet need is recorded with the reasons, and elder and operator are told.
    """
    order = lock_order(session, order_id)
    if order.state not in OPEN_FOR_OFFERS_IN or _open_offer(session, order_id):
        return None
    asked = _asked(session, order_id)
    found, problem = _find(session, now, order, asked)
    if not found.candidates or order.starts_at <= now:
        problem = "too_late" if order.starts_at <= now else problem
        _give_up(session, now, order, found, asked, problem)
        return None
    return _offer_to(session, now, order, _next(order, found), len(asked) + 1)


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
    _record(session, now, order, "expire_offer", {"offer_id": offer_id, "provider_id": offer.provider_id})
    tell_provider(session, now, order, offer.provider_id, "matching.expired", once=str(offer_id))
    offer_next(session, now, order.id)


def withdraw_offers(session: Session, now: datetime, order_id: int) -> int:
    """Take back what is still open of a cancelled order's offers; gives how many. Providers are told."""
    order = lock_order(session, order_id)
    if order.state != "cancelled":
        return 0
    withdrawn = (
        session.connection()
        .execute(
            update(_offer)
            .where(_offer.c.order_id == order_id, _offer.c.state == "open")
            .values(state="withdrawn")
            .returning(_offer.c.id, _offer.c.provider_id)
        )
        .all()
    )
    for offer in withdrawn:
        tell_provider(session, now, order, offer.provider_id, "matching.withdrawn", once=str(offer.id))
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


def _offer_to(session: Session, now: datetime, order: OrderRow, candidate: Candidate, place: int) -> int:
    rules = rules_in_force(session, order.area_code, civil_date(now))
    service = service_by_code(session, order.service_code, civil_date(order.starts_at))
    timer_minutes = rules.offer_minutes(service.urgency)
    expires_at = offer_expires_at(now, order.starts_at, timer_minutes, settings().offer_seconds_override)
    offer_id: int = (
        session.connection()
        .execute(
            insert(_offer)
            .values(
                order_id=order.id,
                elder_id=order.elder_id,
                area_code=order.area_code,
                provider_id=candidate.provider_id,
                rank=place,
                state="open",
                offered_at=now,
                expires_at=expires_at,
                reasons=_kept_reasons(candidate, order),
            )
            .returning(_offer.c.id)
        )
        .scalar_one()
    )
    if order.state != "offering":
        move_order(session, order, "offering")
    provider_id = candidate.provider_id
    write_event(session, now, order, "offered", None, provider_id=provider_id, offer_id=offer_id, rank=place)
    _record(session, now, order, "offer_order", {"offer_id": offer_id, "provider_id": provider_id})
    job = "matching.expire_offer"
    enqueue(session, now, job, {"offer_id": offer_id}, not_before=expires_at, key=f"{job}/{offer_id}")
    until = expires_at.isoformat()
    tell_provider(session, now, order, provider_id, "matching.offered", expires_at=until, once=str(offer_id))
    if order.chosen_provider_id not in (None, provider_id):
        tell_elder_side(session, now, order, "matching.passed_on", provider_id=order.chosen_provider_id)
    if place == rules.offering.providers_before_operator + 1:
        tell_operators(session, now, order, "matching.slow", asked=place - 1)
    return offer_id


def _kept_reasons(candidate: Candidate, order: OrderRow) -> dict[str, Any]:
    words = [*candidate.reasons[:4]]
    if candidate.provider_id == order.chosen_provider_id:
        words.insert(0, "老人指定了您这一家")
    return {
        "words": words,
        "score": candidate.score,
        "parts": candidate.score_parts,
        "walk_seconds": candidate.walk_seconds,
        "walk_estimated": candidate.walk_estimated,
        "list_price_fen": candidate.price_fen,
    }


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


def _asked(session: Session, order_id: int) -> dict[int, str]:
    rows = session.connection().execute(
        select(_offer.c.provider_id, _offer.c.state).where(_offer.c.order_id == order_id).order_by(_offer.c.id)
    )
    return {row.provider_id: row.state for row in rows}


def _open_offer(session: Session, order_id: int) -> bool:
    waiting: int = (
        session.connection()
        .execute(select(func.count()).where(_offer.c.order_id == order_id, _offer.c.state == "open"))
        .scalar_one()
    )
    return waiting > 0


def _record(session: Session, now: datetime, order: OrderRow, verb: str, facts: dict[str, Any]) -> None:
    record_act(
        session,
        now,
        SYSTEM,
        verb,
        for_person_id=order.elder_id,
        by_right="house",
        area_code=order.area_code,
        subject=("care_order", order.id),
        facts=facts,
    )
