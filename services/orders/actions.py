"""What can be done with an order: place, cancel, confirm and rate it. Rooms above move it on by jobs.

Where an order may be cancelled is said once, in rules.MAY_BE_CANCELLED_IN.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from services.acts import record_act
from services.benefits.actions import release, spend
from services.errors import Invalid
from services.orders.errors import CannotCancel, CannotConfirm
from services.orders.fees import fee_of_cancelling
from services.orders.judging import COMMENT_LENGTH, rate_order
from services.orders.paying import cancel_part, capture_part, release_part
from services.orders.places import release_place
from services.orders.placing import PlacedOrder, place_order
from services.orders.rules import CANCEL_REASONS, HOUSE_REASONS, may_be_cancelled
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.telling import tell_elder_side, tell_operators, tell_provider
from services.outbox import enqueue
from services.people.rights import right_to
from services.unit_of_work import SYSTEM, Actor

__all__ = [
    "PlacedOrder",
    "cancel_by",
    "cancel_order",
    "confirm_order",
    "leave_unfilled",
    "mark_in_service",
    "mark_served",
    "place_order",
    "rate_order",
]


def cancel_order(
    session: Session, now: datetime, actor: Actor, order_id: int, reason: str, words: str | None = None
) -> None:
    """Cancel an order for the elder's side: money and hours go back, offers and the carer's time are freed.

    Late, the city's fee is taken out of what is held (paying.cancel_part).

    `reason` is a code of rules.CANCEL_REASONS, `words` what she adds. Cancelling twice changes nothing.
    Raises NotFound, NotAllowed, Invalid(field), CannotCancel(order_id, state).
    """
    if reason not in CANCEL_REASONS or len(words or "") > COMMENT_LENGTH:
        raise Invalid("请选择取消的原因。", field="reason", known=sorted(CANCEL_REASONS))
    order = lock_order(session, order_id)
    right = right_to(session, actor, order.elder_id, "order", now)
    if order.state == "cancelled":
        return
    if not may_be_cancelled(order.state, right.ground):
        raise CannotCancel(order_id=order_id, state=order.state)
    cancel_by(session, now, actor, order, right.ground, reason, words)


def cancel_by(
    session: Session, now: datetime, actor: Actor, order: OrderRow, ground: str, reason: str, words: str | None = None
) -> None:
    """Cancel a locked order by a right that was checked: money, place, offers and carer are freed, all are told.

    `reason` is a code of CANCEL_REASONS or HOUSE_REASONS. The fee is fees.fee_of_cancelling's.
    """
    said = {**CANCEL_REASONS, **HOUSE_REASONS}[reason] + (f"：{words.strip()}" if words and words.strip() else "")
    fee = fee_of_cancelling(session, now, order, by_house=ground == "house", reason=reason)
    move_order(session, order, "cancelled", cancelled_at=now, cancelled_reason=said)
    release(session, now, order.id)
    taken_fen = cancel_part(session, now, order.id, fee.fee_fen)
    release_place(session, order.id)
    facts = {"reason": reason, "state_before": order.state, "late": fee.late, "fee_fen": taken_fen}
    write_event(session, now, order, "cancelled", actor.person_id, **facts)
    _record(session, now, actor, "cancel_order", order, ground, facts)
    for job in ("matching.withdraw_offers", "dispatch.free_carer", "visits.cancel_care_visit"):
        enqueue(session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/cancelled")
    if taken_fen:
        tell_elder_side(session, now, order, "orders.cancelled_with_fee", amount_fen=taken_fen)
    else:
        tell_elder_side(session, now, order, "orders.cancelled")
    if order.provider_id is not None:
        tell_provider(session, now, order, order.provider_id, "orders.cancelled_for_provider")


def confirm_order(session: Session, now: datetime, actor: Actor, order_id: int) -> None:
    """Confirm for the elder's side that the work was done: only now is money taken.

    Government's part is spent at once, the self part is captured by a job. Confirming twice changes
    nothing. Raises NotFound, NotAllowed, CannotConfirm(order_id, state).
    """
    order = lock_order(session, order_id)
    right = right_to(session, actor, order.elder_id, "order", now)
    if order.state == "confirmed":
        return
    if order.state != "served":
        raise CannotConfirm(order_id=order_id, state=order.state)
    move_order(session, order, "confirmed", confirmed_at=now)
    spend(session, now, order_id)
    capture_part(session, now, order)
    write_event(session, now, order, "confirmed", actor.person_id, by_right=right.ground)
    _record(session, now, actor, "confirm_order", order, right.ground, {"price_fen": order.price_fen})
    if order.provider_id is not None:
        tell_provider(session, now, order, order.provider_id, "orders.confirmed")


def mark_in_service(session: Session, now: datetime, order_id: int) -> bool:
    """Note that the carer stands at the elder's door (her check-in, of which the visits' room tells).

    Gives False when that was noted before.
    """
    order = lock_order(session, order_id)
    if order.state != "assigned":
        return False
    move_order(session, order, "in_service")
    write_event(session, now, order, "in_service", None)
    _record(session, now, SYSTEM, "mark_in_service", order, "house", {})
    return True


def mark_served(session: Session, now: datetime, order_id: int) -> bool:
    """Note that the work is done (the carer's check-out) and ask the elder's side to confirm.

    A check-out that arrives before its check-in's job counts for both. Gives False when noted before.
    """
    order = lock_order(session, order_id)
    if order.state == "assigned":
        mark_in_service(session, now, order_id)
        order = lock_order(session, order_id)
    if order.state != "in_service":
        return False
    move_order(session, order, "served")
    write_event(session, now, order, "served", None)
    _record(session, now, SYSTEM, "mark_served", order, "house", {})
    tell_elder_side(session, now, order, "orders.served")
    return True


def leave_unfilled(session: Session, now: datetime, order: OrderRow) -> None:
    """Note that nobody can take a locked order: its money goes back, elder and operator are told."""
    move_order(session, order, "unfilled", provider_id=None, accepted_at=None)
    release(session, now, order.id)
    release_part(session, now, order.id)
    write_event(session, now, order, "unfilled", None)
    _record(session, now, SYSTEM, "leave_unfilled", order, "house", {})
    tell_elder_side(session, now, order, "orders.unfilled")
    tell_operators(session, now, order, "orders.unfilled_for_operator")


def _record(
    session: Session,
    now: datetime,
    actor: Actor,
    verb: str,
    order: OrderRow,
    ground: str,
    facts: dict[str, Any],
) -> None:
    record_act(
        session,
        now,
        actor,
        verb,
        for_person_id=order.elder_id,
        by_right=ground,
        area_code=order.area_code,
        subject=("care_order", order.id),
        facts=facts,
    )
