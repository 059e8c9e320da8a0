"""Another time for the same order, and a provider that gives an accepted order back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.benefits.actions import hold
from services.benefits.queries import split_price
from services.catalogue.queries import service_by_code
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import ServiceLine
from services.dispatch.actions import announce, cancel_promise, planned_promise, promise, tell_carer
from services.dispatch.errors import (
    CannotGiveBack,
    CannotReschedule,
    CarerBarred,
    CarerBusy,
    CertificateExpired,
    NoSuchCarer,
)
from services.errors import Invalid
from services.matching.actions import DECLINE_REASONS, check_room
from services.matching.errors import SlotFull
from services.matching.offering import take_back
from services.matching.queries import check_dispatcher
from services.matching.tables import Offer
from services.orders.place_tables import PlaceBooking
from services.orders.places import find_place, place_of, release_place
from services.orders.rules import OPEN_FOR_OFFERS_IN, check_aware, check_long_enough, check_window, is_open
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.telling import tell_elder_side, tell_operators, tell_provider
from services.outbox import enqueue
from services.people.rights import right_to
from services.unit_of_work import SYSTEM, Actor

_offer, _line, _booking = table_of(Offer), table_of(ServiceLine), table_of(PlaceBooking)
RESCHEDULED_IN = (*OPEN_FOR_OFFERS_IN, "accepted", "assigned")


def reschedule_order(
    session: Session, now: datetime, actor: Actor, order_id: int, starts_at: datetime, ends_at: datetime
) -> None:
    """Put an order to another time for the elder's side: price and provider stay where they can.

    While providers are asked, they are asked anew. An accepting provider keeps it when it is open and has room
    then, else others are asked; the carer comes along when she is free then. The same time twice changes
    nothing. Raises BadTime, NotFound, NotAllowed, CannotReschedule, NoSuchPlace, PlaceClosed, PlaceFull.
    """
    check_aware(starts_at=starts_at, ends_at=ends_at)
    order = lock_order(session, order_id)
    right = right_to(session, actor, order.elder_id, "order", now)
    if (order.starts_at, order.ends_at) == (starts_at, ends_at):
        return
    if order.state not in RESCHEDULED_IN:
        raise CannotReschedule(order_id=order_id, state=order.state)
    check_window(now, starts_at, ends_at)
    place = place_of(session, order_id)
    if place is None:
        service = service_by_code(session, order.service_code, civil_date(starts_at))
        check_long_enough(starts_at, ends_at, service.minutes)
    else:
        ends_at = _take_other_place(session, now, order, starts_at)
    before = {"before": order.starts_at.isoformat()}
    order = _put_to(session, now, order, starts_at, ends_at)
    facts = {**before, "starts_at": starts_at.isoformat()}
    _record(session, now, actor, right.ground, order, "reschedule_order", facts)
    if order.state in OPEN_FOR_OFFERS_IN:
        _event(session, now, order, "rescheduled", actor)
        _ask_anew(session, now, order)
    elif place is not None or _suits(session, order):
        _event(session, now, order, "rescheduled", actor)
        _bring_the_carer(session, now, order)
    else:
        _look_elsewhere(session, now, actor, order)
    tell_elder_side(session, now, order, "dispatch.rescheduled", once=starts_at.isoformat())


def give_back(session: Session, now: datetime, actor: Actor, order_id: int, reason: str) -> None:
    """A provider gives an accepted order back before it begins; the others are asked, elder and operator are told.

    `reason` is a code of DECLINE_REASONS. Raises NotFound, NotADispatcher, CannotGiveBack, Invalid(field).
    """
    if reason not in DECLINE_REASONS:
        raise Invalid("请选择接不了的原因。", field="reason", known=sorted(DECLINE_REASONS))
    order = lock_order(session, order_id)
    check_dispatcher(session, actor, order.provider_id or 0)
    if order.state not in ("accepted", "assigned") or place_of(session, order_id):
        raise CannotGiveBack(order_id=order_id, state=order.state)
    pass_on(session, now, actor, order, reason, "provider")


def pass_on(
    session: Session, now: datetime, actor: Actor, order: OrderRow, reason: str, ground: str, why: str = "机构退单"
) -> None:
    """Take a locked order from its provider before it begins and ask the others; everybody is told."""
    provider_id = order.provider_id
    take_carer_off(session, now, order, why)
    tell_elder_side(session, now, order, "dispatch.given_back", provider_id=provider_id, once=str(order.offer_round))
    round_of = f"{provider_id}-{order.offer_round}"
    tell_operators(session, now, order, "dispatch.given_back_for_operator", provider_id=provider_id, once=round_of)
    job = "matching.offer_next"
    enqueue(
        session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/given-back-{provider_id}-{order.offer_round}"
    )
    _record(session, now, actor, ground, order, "give_back_order", {"reason": reason})
    # The log before the rows: once the offer is closed, the dispatcher sees the order no more.
    write_event(session, now, order, "given_back", actor.person_id, provider_id=provider_id, reason=reason)
    move_order(session, order, "offering", provider_id=None, accepted_at=None)
    _close_accepted_offer(session, now, actor, order.id, reason)


def _put_to(session: Session, now: datetime, order: OrderRow, starts_at: datetime, ends_at: datetime) -> OrderRow:
    """Move the window; public money is held in the month of the new day, the price stays."""
    on = civil_date(starts_at)
    shared = split_price(
        session, now, order.elder_id, order.service_code, order.price_fen, on, besides_order_id=order.id,
        provider_id=order.chosen_provider_id,
    )  # fmt: skip
    move_order(
        session, order, order.state, starts_at=starts_at, ends_at=ends_at, government_fen=shared.government_fen,
        voucher_fen=shared.voucher_fen, self_fen=shared.self_fen, offer_round=order.offer_round + 1,
    )  # fmt: skip
    hold(session, now, order.id, shared, on)
    return lock_order(session, order.id)


def _event(session: Session, now: datetime, order: OrderRow, kind: str, actor: Actor, **more: Any) -> None:
    write_event(
        session, now, order, kind, actor.person_id, starts_at=order.starts_at.isoformat(),
        ends_at=order.ends_at.isoformat(), government_fen=order.government_fen, voucher_fen=order.voucher_fen, **more,
    )  # fmt: skip


def _ask_anew(session: Session, now: datetime, order: OrderRow) -> None:
    take_back(session, now, order, "matching.withdrawn")
    job = "matching.offer_next"
    enqueue(session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/round-{order.offer_round}")


def _suits(session: Session, order: OrderRow) -> bool:
    line = session.connection().execute(
        select(_line).where(_line.c.provider_id == order.provider_id, _line.c.service_code == order.service_code)
    ).first()  # fmt: skip
    if line is None or not is_open(line.weekdays, line.from_hour, line.to_hour, order.starts_at, order.ends_at):
        return False
    try:
        check_room(session, order, order.provider_id, besides=1)
    except SlotFull:
        return False
    return True


def _bring_the_carer(session: Session, now: datetime, order: OrderRow) -> None:
    """Tell the provider; whether the promised carer is free then, only the house may see: a job brings her along."""
    tell_provider(
        session, now, order, order.provider_id, "dispatch.rescheduled_for_provider", once=order.starts_at.isoformat()
    )
    if order.state == "assigned":
        job = "dispatch.bring_carer"
        enqueue(session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/round-{order.offer_round}")


def bring_carer(session: Session, now: datetime, order_id: int) -> bool | None:
    """After an order moved, promise the same carer for the new time; False when she is not free and somebody must be found.

    None when nothing is left to do. City-wide work of the house.
    """
    order = lock_order(session, order_id)
    standing = session.connection().execute(planned_promise(order_id).with_for_update()).first()
    window = (order.starts_at, order.ends_at)
    if order.state != "assigned" or standing is None or (standing.during.lower, standing.during.upper) == window:
        return None
    facts = {"carer_id": standing.carer_id, "starts_at": order.starts_at.isoformat()}
    try:
        with session.begin_nested():
            cancel_promise(session, standing.id, "改时间")
            assignment_id = promise(session, now, None, order, standing.carer_id)
    except (CarerBarred, CarerBusy, CertificateExpired, NoSuchCarer):
        take_carer_off(session, now, order, "改时间")
        move_order(session, order, "accepted")
        write_event(session, now, order, "unassigned", None, carer_id=standing.carer_id)
        _record(session, now, SYSTEM, "house", order, "unassign_carer", facts)
        return False
    announce(session, now, order, assignment_id, standing.carer_id, "dispatch.reassigned")
    _record(session, now, SYSTEM, "house", order, "bring_carer", facts)
    return True


def _look_elsewhere(session: Session, now: datetime, actor: Actor, order: OrderRow) -> None:
    """The provider cannot at the new time: it is told, its carer is free again, and the others are asked."""
    take_carer_off(session, now, order, "改时间")
    tell_provider(
        session, now, order, order.provider_id, "orders.cancelled_for_provider", once=order.starts_at.isoformat()
    )
    _close_accepted_offer(session, now, actor, order.id, "rescheduled")
    _event(session, now, order, "rescheduled_anew", actor, provider_id=order.provider_id)
    move_order(session, order, "offering", provider_id=None, accepted_at=None)
    _ask_anew(session, now, order)


def take_carer_off(session: Session, now: datetime, order: OrderRow, reason: str) -> None:
    """Give a promised carer her time back and cancel her visit; nothing where nobody is promised."""
    standing = session.connection().execute(planned_promise(order.id).with_for_update()).first()
    if standing is None:
        return
    cancel_promise(session, standing.id, reason)
    tell_carer(session, now, order, standing.carer_id, standing.id, "dispatch.taken_off")
    job = "visits.cancel_care_visit"
    enqueue(session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/promise-{standing.id}")


def _close_accepted_offer(session: Session, now: datetime, actor: Actor, order_id: int, reason: str) -> None:
    session.connection().execute(
        update(_offer)
        .where(_offer.c.order_id == order_id, _offer.c.state == "accepted")
        .values(state="declined", decline_reason=reason, answered_at=now, answered_by=actor.person_id)
    )


def _take_other_place(session: Session, now: datetime, order: OrderRow, starts_at: datetime) -> datetime:
    held: Row[Any] = find_place(session, now, order.service_code, order.provider_id, starts_at)
    old = place_of(session, order.id)
    release_place(session, order.id)
    session.connection().execute(
        insert(_booking).values(
            slot_id=held.id, order_id=order.id, elder_id=order.elder_id, area_code=order.area_code,
            provider_id=held.provider_id, state="held", wish_sealed=old.wish_sealed if old else None, booked_at=now,
        )
    )  # fmt: skip
    ends_at: datetime = held.ends_at
    return ends_at


def _record(
    session: Session, now: datetime, actor: Actor, ground: str, order: OrderRow, verb: str, facts: dict[str, Any]
) -> None:
    record_act(
        session, now, actor, verb, for_person_id=order.elder_id, by_right=ground, area_code=order.area_code,
        subject=("care_order", order.id), facts=facts,
    )  # fmt: skip
