"""Asking one provider: the offer is written, its timer promised, and everybody told. Work of offering.py and the bureau."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.queries import service_by_code
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.matching.finding import Candidate
from services.matching.modes import Way
from services.matching.rules import offer_expires_at
from services.matching.tables import Offer
from services.orders.steps import OrderRow, move_order, write_event
from services.orders.telling import tell_elder_side, tell_office, tell_operators, tell_provider
from services.outbox import enqueue
from services.settings import settings
from services.unit_of_work import SYSTEM, Actor

_offer = table_of(Offer)


def ask_one(
    session: Session, now: datetime, order: OrderRow, candidate: Candidate, place: int, way: Way,
    actor: Actor = SYSTEM,
) -> int:  # fmt: skip
    """Offer a locked order to one provider alone; gives the offer's id."""
    offer_id, expires_at = write_offer(session, now, order, candidate, place, way)
    if order.state != "offering":
        move_order(session, order, "offering")
    provider_id = candidate.provider_id
    write_event(
        session, now, order, "offered", actor.person_id, provider_id=provider_id, offer_id=offer_id, rank=place,
        mode=way.mode,
    )  # fmt: skip
    record(session, now, actor, order, "offer_order", {"offer_id": offer_id, "provider_id": provider_id})
    until = expires_at.isoformat()
    tell_provider(session, now, order, provider_id, "matching.offered", expires_at=until, once=str(offer_id))
    if order.chosen_provider_id not in (None, provider_id):
        tell_elder_side(session, now, order, "matching.passed_on", provider_id=order.chosen_provider_id)
    tell_if_slow(session, now, order, place)
    return offer_id


def ask_all(session: Session, now: datetime, order: OrderRow, candidates: tuple[Candidate, ...], way: Way) -> int:
    """Put a locked order up for claim by every provider that can come; the first to accept has it. Gives how many."""
    until = {}
    for place, candidate in enumerate(candidates, start=1):
        offer_id, until[candidate.provider_id] = write_offer(session, now, order, candidate, place, way, shared=True)
        tell_provider(
            session, now, order, candidate.provider_id, "matching.claimable",
            expires_at=until[candidate.provider_id].isoformat(), once=str(offer_id),
        )  # fmt: skip
    if order.state != "offering":
        move_order(session, order, "offering")
    asked = [one.provider_id for one in candidates]
    write_event(session, now, order, "put_up_for_claim", None, provider_ids=asked)
    record(session, now, SYSTEM, order, "put_up_for_claim", {"provider_ids": asked})
    return len(candidates)


def write_offer(
    session: Session, now: datetime, order: OrderRow, candidate: Candidate, place: int, way: Way,
    *, shared: bool = False,
) -> tuple[int, datetime]:  # fmt: skip
    """Write an offer and promise the end of its time; gives its id and that moment."""
    rules = rules_in_force(session, order.area_code, civil_date(now))
    service = service_by_code(session, order.service_code, civil_date(order.starts_at))
    opening = candidate.opening if way.clocks_rest and service.urgency != "urgent" else None
    minutes, hurry = rules.offer_minutes(service.urgency), settings().offer_seconds_override
    expires_at = offer_expires_at(now, order.starts_at, minutes, hurry, opening)
    row = insert(_offer).values(
        order_id=order.id,
        elder_id=order.elder_id,
        area_code=order.area_code,
        provider_id=candidate.provider_id,
        rank=place,
        mode=way.mode,
        shared=shared,
        round=order.offer_round,
        state="open",
        offered_at=now,
        expires_at=expires_at,
        reasons=_kept_reasons(candidate, order),
    )
    offer_id: int = session.connection().execute(row.returning(_offer.c.id)).scalar_one()
    job = "matching.expire_offer"
    enqueue(session, now, job, {"offer_id": offer_id}, not_before=expires_at, key=f"{job}/{offer_id}")
    return offer_id, expires_at


def tell_if_slow(session: Session, now: datetime, order: OrderRow, place: int) -> None:
    """After as many providers as the city allows, tell the phone operator and the street's officer: never silence."""
    rules = rules_in_force(session, order.area_code, civil_date(now))
    if place == rules.offering.providers_before_operator + 1:
        tell_operators(session, now, order, "matching.slow", asked=place - 1, once=str(order.offer_round))
        tell_office(session, now, order, "officer", "matching.slow", asked=place - 1, once=str(order.offer_round))


def asked_so_far(session: Session, order: OrderRow) -> dict[int, str]:
    """Give the providers asked in an order's present round with their answers."""
    rows = session.connection().execute(
        select(_offer.c.provider_id, _offer.c.state)
        .where(_offer.c.order_id == order.id, _offer.c.round == order.offer_round)
        .order_by(_offer.c.id)
    )
    return {row.provider_id: row.state for row in rows}


def record(
    session: Session, now: datetime, actor: Actor, order: OrderRow, verb: str, facts: dict[str, Any],
    by_right: str = "house",
) -> None:  # fmt: skip
    """Write an act about an order into the trail."""
    record_act(
        session, now, actor, verb, for_person_id=order.elder_id,
        by_right=by_right if actor.role == "system" else f"office:{actor.role}",
        area_code=order.area_code, subject=("care_order", order.id), facts=facts,
    )  # fmt: skip


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
