"""Owing the self-paid part, and asking for it to be held, taken or given back.

Nothing here calls the gateway: the payable moves to `…ing` and a job is promised in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.outbox import enqueue
from services.payments.errors import OwedOtherwise, PayableNotFound, PaymentStateConflict
from services.payments.gateway import TAKEN_AT_ONCE
from services.payments.rules import UNDER_WAY
from services.payments.tables import Payable, PayableRefund, PaymentEvent
from services.people.rights import right_to
from services.settings import settings
from services.unit_of_work import Actor

payables = table_of(Payable)
payment_events = table_of(PaymentEvent)
payable_refunds = table_of(PayableRefund)


def owe(
    session: Session,
    now: datetime,
    *,
    subject: tuple[str, int],
    elder_id: int,
    payer_id: int | None,
    area_code: int,
    amount_fen: int,
    method: str = "card",
) -> int:
    """Note what an elder's side owes for a subject ("order", 7), in fen, once; gives the payable's id.

    Raises OwedOtherwise when the subject already owes another amount; IntegrityError unless the amount is positive.
    """
    row = upsert(payables).values(
        subject_type=subject[0],
        subject_id=subject[1],
        elder_id=elder_id,
        payer_id=payer_id,
        area_code=area_code,
        amount_fen=amount_fen,
        state="due",
        method=method,
        gateway=settings().payment_gateway,
        created_at=now,
        updated_at=now,
    )
    connection = session.connection()
    new = connection.execute(
        row.on_conflict_do_nothing(constraint="payable_subject_key").returning(payables.c.id)
    ).scalar_one_or_none()
    if new is not None:
        payable_id: int = new
        write_event(session, now, payable_id, area_code, "owed", {"amount_fen": amount_fen})
        return payable_id
    known = connection.execute(
        select(payables.c.id, payables.c.amount_fen).where(
            payables.c.subject_type == subject[0], payables.c.subject_id == subject[1]
        )
    ).one_or_none()
    if known is None:
        raise PayableNotFound(subject=subject)
    if known.amount_fen != amount_fen:
        raise OwedOtherwise(payable_id=known.id, owed_fen=known.amount_fen, asked_fen=amount_fen)
    return int(known.id)


def request_authorisation(session: Session, now: datetime, payable_id: int) -> str:
    """Ask that the amount be held; gives the payable's state. Harmless when already asked or held.

    After a decline it may be asked again. Raises PayableNotFound, PaymentStateConflict when released.
    """
    payable = lock_payable(session, payable_id)
    if payable.state in ("due", "failed"):
        return ask_gateway(session, now, payable, "authorise")
    if payable.state in ("releasing", "released"):
        raise PaymentStateConflict(payable_id=payable_id, state=payable.state, asked="authorise")
    return str(payable.state)


def authorise_again(session: Session, now: datetime, actor: Actor, payable_id: int, method: str | None = None) -> str:
    """Ask once more, as the payer does after a decline; gives the payable's state. Needs the right to pay.

    `method` (card, wechat_pay, alipay) chooses another way of paying, while nothing is under way.
    Raises PayableNotFound, NotFound, NotAllowed, PaymentStateConflict.
    """
    payable = session.connection().execute(select(payables).where(payables.c.id == payable_id)).one_or_none()
    if payable is None:
        raise PayableNotFound(payable_id=payable_id)
    right = right_to(session, actor, payable.elder_id, "pay", now)
    if method is not None and method != payable.method:
        if payable.state not in ("due", "failed"):
            raise PaymentStateConflict(payable_id=payable_id, state=payable.state, asked=method)
        set_state(session, now, payable_id, payable.state, method=method)
    state = request_authorisation(session, now, payable_id)
    record_act(
        session,
        now,
        actor,
        "authorise_payment",
        for_person_id=payable.elder_id,
        by_right=right.ground,
        area_code=payable.area_code,
        subject=("payable", payable_id),
        facts={"amount_fen": payable.amount_fen, "state": state},
    )
    return state


def request_capture(session: Session, now: datetime, payable_id: int, amount_fen: int | None = None) -> str:
    """Ask that what is held be taken, once the visit is confirmed; gives the payable's state.

    `amount_fen` takes only so much (a fee); the rest of the hold goes back, or is refunded where the money was
    taken at once. While the authorisation is still under way the wish is kept and done as soon as it stands.
    Harmless when already asked or taken. Raises PayableNotFound, PaymentStateConflict when nothing is or will
    be held.
    """
    payable = lock_payable(session, payable_id)
    if amount_fen is not None and payable.state in ("authorised", "authorising", "captured"):
        set_state(session, now, payable_id, payable.state, capture_fen=min(amount_fen, payable.amount_fen))
    if payable.state == "authorised":
        return ask_gateway(session, now, payable, "capture")
    if payable.state == "authorising":
        return _wish(session, now, payable, "capture")
    if payable.state == "captured" and amount_fen is not None:
        give_back(session, now, lock_payable(session, payable_id), keep_fen=amount_fen, reason="fee_rest")
    if payable.state in ("capturing", "captured"):
        return str(payable.state)
    raise PaymentStateConflict(payable_id=payable_id, state=payable.state, asked="capture")


def request_release(session: Session, now: datetime, payable_id: int) -> str:
    """Ask that what is held be given back, as when the order is cancelled; gives the payable's state.

    What was never held is released at once; what was paid by a way that knows no hold is refunded in full.
    Harmless when already asked or released. Raises PayableNotFound, PaymentStateConflict once the money is
    being taken.
    """
    payable = lock_payable(session, payable_id)
    if payable.state == "authorised" or awaits_payer(payable):
        return ask_gateway(session, now, payable, "release")
    if payable.state == "authorising":
        return _wish(session, now, payable, "release")
    if payable.state == "failed" and payable.gateway_reference is not None:
        return ask_gateway(session, now, payable, "release")
    if payable.state in ("due", "failed"):
        set_state(session, now, payable_id, "released")
        write_event(session, now, payable_id, payable.area_code, "released", {"held": False})
        return "released"
    if payable.state == "captured" and payable.method in TAKEN_AT_ONCE:
        give_back(session, now, payable, keep_fen=0, reason="cancelled")
    if payable.state in ("releasing", "released") or payable.method in TAKEN_AT_ONCE:
        return str(payable.state)
    raise PaymentStateConflict(payable_id=payable_id, state=payable.state, asked="release")


def give_back(session: Session, now: datetime, payable: Row[Any], *, keep_fen: int, reason: str) -> int | None:
    """Promise to refund what was taken of a locked payable beyond `keep_fen`; gives the refund's id, if any."""
    asked: int = (
        session.connection()
        .execute(
            select(func.coalesce(func.sum(payable_refunds.c.amount_fen), 0)).where(
                payable_refunds.c.payable_id == payable.id, payable_refunds.c.state != "failed"
            )
        )
        .scalar_one()
    )
    over = int(payable.captured_fen) - keep_fen - int(asked)
    return ask_refund(session, now, payable, over, reason) if over > 0 else None


def ask_refund(
    session: Session, now: datetime, payable: Row[Any], amount_fen: int, reason: str, asked_by: int | None = None
) -> int:
    """Write down a refund of a locked payable and promise the call, under a key that names it for ever.

    The database refuses more than was taken and not yet given back (`payable_refund_within_captured_check`).
    """
    connection = session.connection()
    number = connection.execute(select(func.nextval(func.pg_get_serial_sequence("payable_refund", "id")))).scalar_one()
    key = f"yinling-{int(payable.created_at.timestamp())}-{payable.id}-refund-{number}"
    values = {
        "id": number, "payable_id": payable.id, "elder_id": payable.elder_id, "area_code": payable.area_code,
        "amount_fen": amount_fen, "reason": reason, "state": "asked", "key": key, "gateway": payable.gateway,
        "asked_by": asked_by, "created_at": now, "updated_at": now,
    }  # fmt: skip
    connection.execute(insert(payable_refunds).values(values))
    facts = {"refund_id": number, "amount_fen": amount_fen, "reason": reason, "key": key}
    write_event(session, now, payable.id, payable.area_code, "refund_requested", facts, gateway=payable.gateway)
    enqueue(session, now, "payments.refund", {"refund_id": number, "key": key}, key=key)
    return int(number)


def lock_payable(session: Session, payable_id: int) -> Row[Any]:
    """Read a payable and hold its row until the act ends. Raises PayableNotFound."""
    found = session.connection().execute(select(payables).where(payables.c.id == payable_id).with_for_update())
    payable = found.one_or_none()
    if payable is None:
        raise PayableNotFound(payable_id=payable_id)
    return payable


def awaits_payer(payable: Row[Any]) -> bool:
    """Does the gateway wait for the payer's own step, which she was told?"""
    told = (payable.payer_step or "").startswith(("code:", "link:", "card:"))
    return payable.state == "authorising" and told and payable.gateway_reference is not None


def ask_gateway(session: Session, now: datetime, payable: Row[Any], step: str, *, payer_present: bool = False) -> str:
    """Move a locked payable to `…ing` and promise the call, under a key that names this asking for ever.

    Asking for another charge keeps what was wished of the first: a confirmed visit is taken from the second card.
    """
    asked = f"{step}_requested"
    before: int = (
        session.connection()
        .execute(select(func.count()).where(payment_events.c.payable_id == payable.id, payment_events.c.kind == asked))
        .scalar_one()
    )
    key = f"yinling-{int(payable.created_at.timestamp())}-{payable.id}-{step}-{before + 1}"
    write_event(session, now, payable.id, payable.area_code, asked, {"key": key}, gateway=payable.gateway)
    args: dict[str, Any] = {"payable_id": payable.id, "key": key}
    if payer_present:
        args["payer_present"] = True
    if step == "authorise":
        if payable.gateway_reference is not None:
            args["replaces"] = payable.gateway_reference  # the charge that failed is given back first
        fresh = {"gateway_reference": None, "last_error": None, "payer_step": None}
        set_state(session, now, payable.id, UNDER_WAY[step], **fresh)
    else:
        set_state(session, now, payable.id, UNDER_WAY[step], wish=None)
    enqueue(session, now, f"payments.{step}", args, key=key)
    return UNDER_WAY[step]


def _wish(session: Session, now: datetime, payable: Row[Any], wish: str) -> str:
    if wish == "capture" and payable.wish == "release":
        raise PaymentStateConflict(payable_id=payable.id, state=payable.state, wish=payable.wish, asked=wish)
    set_state(session, now, payable.id, payable.state, wish=wish)
    return str(payable.state)


def set_state(session: Session, now: datetime, payable_id: int, state: str, **also: Any) -> None:
    """Move a locked payable; only this room's own steps do."""
    changed = {"state": state, "updated_at": now, **also}
    session.connection().execute(update(payables).where(payables.c.id == payable_id).values(**changed))


def write_event(
    session: Session,
    now: datetime,
    payable_id: int,
    area_code: int,
    kind: str,
    facts: dict[str, Any],
    *,
    gateway: str | None = None,
) -> None:
    """Append one step to a payable's history."""
    session.connection().execute(
        insert(payment_events).values(
            payable_id=payable_id,
            area_code=area_code,
            happened_at=now,
            kind=kind,
            gateway=gateway or settings().payment_gateway,
            facts=facts,
        )
    )
