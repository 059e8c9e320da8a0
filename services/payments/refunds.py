"""Money given back, charges paid twice, and payments that a payer's bank disputes.

The books of a payable are recounted from its refunds and disputes, each known by its own number, so that news
which comes twice, late or in another order ends in the same books.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import Invalid, NotAllowed
from services.messages.actions import tell
from services.outbox import enqueue
from services.payments.actions import (
    ask_refund,
    lock_payable,
    payable_refunds,
    payables,
    set_state,
    write_event,
)
from services.payments.errors import RefundTooLarge
from services.payments.gateway import Dispute, GatewayEvent, Refund
from services.payments.tables import PaymentDispute
from services.unit_of_work import Actor

payment_disputes = table_of(PaymentDispute)
MANUAL_REASONS = ("correction", "complaint")


def request_refund(session: Session, now: datetime, actor: Actor, payable_id: int, amount_fen: int, reason: str) -> int:
    """Give money back after it was taken, as an officer decides after a correction or complaint; gives the refund's id.

    Raises NotAllowed, PayableNotFound, Invalid(field), RefundTooLarge(captured_fen, asked_fen).
    """
    if not actor.has_role("officer") or actor.area_lo is None:
        raise NotAllowed("退款须由民政干部决定。")
    if reason not in MANUAL_REASONS:
        raise Invalid("请选择退款的原因。", field="reason", known=list(MANUAL_REASONS))
    payable = lock_payable(session, payable_id)
    left = payable.captured_fen - _asked_back(session, payable_id)
    if not 0 < amount_fen <= left:
        raise RefundTooLarge(captured_fen=payable.captured_fen, left_fen=left, asked_fen=amount_fen)
    refund_id = ask_refund(session, now, payable, amount_fen, reason, actor.person_id)
    record_act(
        session,
        now,
        actor,
        "request_refund",
        for_person_id=payable.elder_id,
        area_code=payable.area_code,
        subject=("payable", payable_id),
        facts={"refund_id": refund_id, "amount_fen": amount_fen, "reason": reason},
    )
    return refund_id


def begin_refund(session: Session, now: datetime, refund_id: int, key: str) -> Any:
    """Write down that the gateway is about to be asked; None when the refund is done or failed already."""
    charge = payables.c.gateway_reference
    row: Any = (
        session.connection()
        .execute(
            select(
                payable_refunds.c.payable_id,
                payable_refunds.c.area_code,
                payable_refunds.c.gateway,
                payable_refunds.c.amount_fen,
                charge,
            )
            .join(payables, payables.c.id == payable_refunds.c.payable_id)
            .where(payable_refunds.c.id == refund_id, payable_refunds.c.state == "asked")
        )
        .one_or_none()
    )
    if row is not None:
        facts = {"refund_id": refund_id, "key": key}
        write_event(session, now, row.payable_id, row.area_code, "refund_sent", facts, gateway=row.gateway)
    return row


def hear_refund(session: Session, now: datetime, payable: Row[Any], told: Refund) -> None:
    """Take in what the gateway says of a refund of a locked payable. A failed one stays failed; old news changes nothing.

    A refund somebody made at the gateway itself is written down too, so that the books say what was given back.
    """
    connection = session.connection()
    known = connection.execute(_known(payable, told)).one_or_none()
    state = {"pending": "asked", "done": "done", "failed": "failed"}[told.state]
    if known is None:
        values = {
            "payable_id": payable.id, "elder_id": payable.elder_id, "area_code": payable.area_code,
            "amount_fen": told.amount_fen, "reason": "at_gateway", "state": state,
            "key": f"{payable.gateway}-{told.reference}", "gateway": payable.gateway,
            "gateway_reference": told.reference, "created_at": now, "updated_at": now,
        }  # fmt: skip
        connection.execute(insert(payable_refunds).values(values))
    elif (known.state, state) in (("asked", "done"), ("asked", "failed"), ("done", "failed")):
        changed: dict[str, Any] = {"state": state, "updated_at": now}
        if told.reference:
            changed["gateway_reference"] = told.reference
        connection.execute(update(payable_refunds).where(payable_refunds.c.id == known.id).values(changed))
    elif known.gateway_reference is None and told.reference:
        named = {"gateway_reference": told.reference}
        connection.execute(update(payable_refunds).where(payable_refunds.c.id == known.id).values(named))
        return
    else:
        return
    facts = {"reference": told.reference, "amount_fen": told.amount_fen, "refund_id": known.id if known else None}
    write_event(session, now, payable.id, payable.area_code, f"refund_{state}", facts, gateway=payable.gateway)
    recount(session, now, payable.id)
    if state == "done":
        _tell_refunded(session, now, payable, told)


def hear_dispute(session: Session, now: datetime, payable: Row[Any], told: Dispute) -> None:
    """Take in a dispute of a locked payable: once it is won or lost, an older notice does not open it again."""
    connection = session.connection()
    values: dict[str, Any] = {
        "payable_id": payable.id, "elder_id": payable.elder_id, "area_code": payable.area_code,
        "gateway": payable.gateway, "reference": told.reference, "amount_fen": told.amount_fen, "state": told.state,
        "reason": told.reason, "recorded_at": now, "closed_at": None if told.state == "open" else now,
    }  # fmt: skip
    row = upsert(payment_disputes).values(values)
    fresh = connection.execute(
        row.on_conflict_do_nothing(constraint="payment_dispute_reference_key").returning(payment_disputes.c.id)
    ).first()
    changed = 0
    if fresh is None and told.state != "open":
        changed = connection.execute(
            update(payment_disputes)
            .where(payment_disputes.c.reference == told.reference, payment_disputes.c.state == "open")
            .where(payment_disputes.c.gateway == payable.gateway)
            .values(state=told.state, closed_at=now)
        ).rowcount
    if fresh is None and not changed:
        return
    facts = {"reference": told.reference, "amount_fen": told.amount_fen, "reason": told.reason}
    write_event(session, now, payable.id, payable.area_code, f"dispute_{told.state}", facts, gateway=payable.gateway)
    recount(session, now, payable.id)


def recount(session: Session, now: datetime, payable_id: int) -> None:
    """Count a payable's refunds and disputes anew into its books; what is not yet known as taken counts later."""
    connection = session.connection()
    given = select(func.coalesce(func.sum(payable_refunds.c.amount_fen), 0)).where(
        payable_refunds.c.payable_id == payable_id, payable_refunds.c.state == "done"
    )
    disputed = select(func.coalesce(func.sum(payment_disputes.c.amount_fen), 0)).where(
        payment_disputes.c.payable_id == payable_id, payment_disputes.c.state != "won"
    )
    payable = lock_payable(session, payable_id)
    set_state(
        session,
        now,
        payable_id,
        payable.state,
        refunded_fen=min(int(connection.execute(given).scalar_one()), payable.captured_fen),
        disputed_fen=int(connection.execute(disputed).scalar_one()),
    )


def stray(session: Session, now: datetime, gateway: str, event: GatewayEvent) -> None:
    """Give back a charge that was taken for a payable which another charge already pays (paid twice)."""
    charge = event.charge
    if charge.state != "captured" or event.payable_id is None or event.refund is not None:
        return
    ours = (payables.c.id == event.payable_id) & (payables.c.gateway == gateway)
    payable = session.connection().execute(select(payables).where(ours)).one_or_none()
    if payable is None or payable.gateway_reference in (None, charge.reference):
        return
    key = f"stray/{gateway}/{charge.reference}"
    args = {"gateway": gateway, "reference": charge.reference, "amount_fen": charge.taken_fen, "payable_id": payable.id}
    enqueue(session, now, "payments.return_stray", args, key=key)


def note_stray_returned(session: Session, now: datetime, payable_id: int, facts: dict[str, Any]) -> None:
    """Write down that a second payment went back."""
    payable = lock_payable(session, payable_id)
    write_event(session, now, payable_id, payable.area_code, "stray_returned", facts, gateway=payable.gateway)


def _known(payable: Row[Any], told: Refund) -> Any:
    own = payable_refunds.c.payable_id == payable.id
    if told.refund_id is not None:
        return select(payable_refunds).where(own, payable_refunds.c.id == told.refund_id)
    return select(payable_refunds).where(own, payable_refunds.c.gateway_reference == told.reference)


def _asked_back(session: Session, payable_id: int) -> int:
    asked = select(func.coalesce(func.sum(payable_refunds.c.amount_fen), 0)).where(
        payable_refunds.c.payable_id == payable_id, payable_refunds.c.state != "failed"
    )
    return int(session.connection().execute(asked).scalar_one())


def _tell_refunded(session: Session, now: datetime, payable: Row[Any], told: Refund) -> None:
    tell(
        session,
        now,
        recipient_ids=[payable.payer_id] if payable.payer_id else None,
        audience=None if payable.payer_id else {"elder_side": payable.elder_id},
        template="payments.refunded",
        facts={"amount_fen": told.amount_fen},
        elder_id=payable.elder_id,
        area_code=payable.area_code,
        subject=("payable", payable.id),
        key=f"payments.refunded/{payable.id}/{told.reference}",
    )
