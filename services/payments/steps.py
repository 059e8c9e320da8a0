"""What becomes of a payable when its gateway answers, sends a notice, or is asked.

Job: `begin` (intent, committed) - the call, outside any transaction - `hear` (the answer, with the confirmation).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.messages.actions import tell
from services.outbox import enqueue
from services.payments.actions import (
    ask_gateway,
    give_back,
    lock_payable,
    payables,
    payment_events,
    set_state,
    write_event,
)
from services.payments.gateway import PAGE, Charge, GatewayEvent, Method
from services.payments.refunds import hear_dispute, hear_refund, recount, stray
from services.payments.rules import UNDER_WAY, next_state

STUCK_AFTER = timedelta(minutes=10)
"""How long a payable may wait for its gateway before the gateway is asked what became of it."""


@dataclass(frozen=True)
class Intent:
    """What is about to be asked of a gateway."""

    payable_id: int
    gateway: str
    reference: str | None
    amount_fen: int
    method: Method = "card"
    capture_fen: int | None = None
    payer_present: bool = False


def begin(
    session: Session, now: datetime, payable_id: int, step: str, key: str, payer_present: bool = False
) -> Intent | None:
    """Write down that the gateway is about to be called; None when the payable no longer waits for this step."""
    payable = lock_payable(session, payable_id)
    if payable.state != UNDER_WAY[step]:
        return None
    write_event(session, now, payable_id, payable.area_code, f"{step}_sent", {"key": key}, gateway=payable.gateway)
    return Intent(
        payable_id, payable.gateway, payable.gateway_reference, payable.amount_fen, payable.method,
        payable.capture_fen, payer_present,
    )  # fmt: skip


def hear(session: Session, now: datetime, payable_id: int, charge: Charge, *, source: str, answer: bool = False) -> str:
    """Take in what the gateway says of a charge; gives the payable's state. Old news changes nothing.

    A wrong amount moves nothing and is written down for a person to look at. `answer`: said in answer to our
    own asking. Money taken after we had given the payment up is given back at once.
    """
    payable = lock_payable(session, payable_id)
    facts: dict[str, Any] = {"reference": charge.reference, "amount_fen": charge.amount_fen, "source": source}
    if charge.amount_fen != payable.amount_fen:
        write_event(session, now, payable_id, payable.area_code, "amount_mismatch", facts, gateway=payable.gateway)
        set_state(session, now, payable_id, payable.state, last_error=f"金额不符：{charge.amount_fen}")
        return str(payable.state)
    if charge.state == "pending":
        return _await_payer(session, now, payable, charge, facts)
    ended = payable.state == "failed" and payable.last_error == "released"
    moved = next_state(payable.state, charge.state, wished=payable.wish, answer=answer, ended=ended)
    if moved is None:
        if charge.state == "released" and payable.state == "failed":
            set_state(
                session, now, payable_id, "failed", last_error="released"
            )  # an older hold's notice may still come
        return str(payable.state)
    if charge.state == "captured":
        facts["captured_fen"] = charge.taken_fen
    write_event(session, now, payable_id, payable.area_code, charge.state, facts, gateway=payable.gateway)
    refused = charge.state if moved == "failed" else None
    reference = charge.reference or payable.gateway_reference
    set_state(
        session, now, payable_id, moved,
        gateway_reference=reference, last_error=refused, captured_fen=charge.taken_fen, payer_step=None,
    )  # fmt: skip
    if moved == "captured":
        recount(session, now, payable_id)
    if moved == "failed" and payable.state == "capturing":  # the work is done: what she pays next is taken
        set_state(session, now, payable_id, moved, wish="capture")
    return _then(session, now, payable, moved)


def hear_event(session: Session, now: datetime, gateway: str, event: GatewayEvent) -> bool:
    """Take in a gateway's signed notice, each event id once; False when it concerns no payable or came before."""
    by_reference = (payables.c.gateway == gateway) & (payables.c.gateway_reference == event.charge.reference)
    connection = session.connection()
    payable = connection.execute(select(payables).where(by_reference).with_for_update()).one_or_none()
    if payable is None and event.payable_id is not None and event.charge.state in ("authorised", "captured"):
        # the answer that would have told us the reference is still on its way, or was lost
        unnamed = (payables.c.id == event.payable_id) & (payables.c.gateway == gateway)
        known = payables.c.gateway_reference  # or only the page on which she paid is known
        unnamed &= (known.is_(None) | known.startswith(PAGE)) & (payables.c.state == "authorising")
        payable = connection.execute(select(payables).where(unnamed).with_for_update()).one_or_none()
    if payable is None:
        stray(session, now, gateway, event)
        return False
    once = upsert(payment_events).values(
        payable_id=payable.id,
        area_code=payable.area_code,
        happened_at=now,
        kind="notice",
        gateway=gateway,
        gateway_event_id=event.id,
        facts={"kind": event.kind, "reference": event.charge.reference},
    )
    new = connection.execute(
        once.on_conflict_do_nothing(constraint="payment_event_once_key").returning(payment_events.c.id)
    )
    if new.scalar_one_or_none() is None:
        return False
    if event.dispute is not None:
        hear_dispute(session, now, payable, event.dispute)
    elif event.refund is not None:
        hear_refund(session, now, payable, event.refund)
    else:
        hear(session, now, payable.id, event.charge, source=f"event {event.id}")
    return True


def stuck(session: Session, now: datetime, *, limit: int = 200) -> list[Row[Any]]:
    """Give payables that have waited too long for their gateway, the longest first."""
    return list(
        session.connection().execute(
            select(payables.c.id, payables.c.state, payables.c.gateway, payables.c.gateway_reference)
            .where(payables.c.state.in_(UNDER_WAY.values()), payables.c.updated_at < now - STUCK_AFTER)
            .order_by(payables.c.updated_at)
            .limit(limit)
        )
    )


def ask_again(session: Session, now: datetime, payable_id: int) -> None:
    """Promise the waiting step once more, under the key it was first asked with: never a second charge."""
    payable = lock_payable(session, payable_id)
    step = next((name for name, state in UNDER_WAY.items() if state == payable.state), None)
    if step is None:
        return
    first = session.connection().execute(
        select(payment_events.c.facts["key"].astext)
        .where(payment_events.c.payable_id == payable_id, payment_events.c.kind == f"{step}_requested")
        .order_by(payment_events.c.id.desc())
        .limit(1)
    )
    enqueue(session, now, f"payments.{step}", {"payable_id": payable_id, "key": first.scalar_one()})
    set_state(session, now, payable_id, payable.state)


def _await_payer(session: Session, now: datetime, payable: Row[Any], charge: Charge, facts: dict[str, Any]) -> str:
    """The payer must still do her part with the gateway; its notice will tell."""
    if payable.state == "authorising" and payable.gateway_reference != charge.reference:
        write_event(session, now, payable.id, payable.area_code, "awaiting_payer", facts, gateway=payable.gateway)
        step = {"gateway_reference": charge.reference, "payer_step": charge.payer_step}
        set_state(session, now, payable.id, "authorising", **step)
        if (charge.payer_step or "").startswith(("code:", "link:")):
            _tell(session, now, payable, "payments.awaiting_payer", payable.amount_fen, once=True)
    return str(payable.state)


def _then(session: Session, now: datetime, payable: Row[Any], moved: str) -> str:
    """Do what was wished meanwhile, and tell the payer how her money stands."""
    if moved == "captured" and _not_wanted(payable):
        late = "paid_late" if payable.state == "released" else "cancelled"
        give_back(session, now, lock_payable(session, payable.id), keep_fen=0, reason=late)
    elif moved == "captured" and payable.capture_fen is not None:
        give_back(session, now, lock_payable(session, payable.id), keep_fen=payable.capture_fen, reason="fee_rest")
    if moved == "authorised" and payable.wish is not None:
        return ask_gateway(session, now, lock_payable(session, payable.id), payable.wish)
    if moved == "failed" and payable.wish == "release":
        set_state(session, now, payable.id, "released", wish=None)
        return "released"
    template = "payments.declined" if moved == "failed" else f"payments.{moved}"
    _tell(session, now, payable, template, _told_fen(session, payable, moved))
    return moved


def _tell(
    session: Session, now: datetime, payable: Row[Any], template: str, amount_fen: int, *, once: bool = False
) -> None:
    tell(
        session,
        now,
        recipient_ids=[payable.payer_id] if payable.payer_id else None,
        audience=None if payable.payer_id else {"elder_side": payable.elder_id},
        template=template,
        facts={"amount_fen": amount_fen},
        elder_id=payable.elder_id,
        area_code=payable.area_code,
        subject=("payable", payable.id),
        key=f"{template}/{payable.id}" if once else None,
    )


def _not_wanted(payable: Row[Any]) -> bool:
    """Was the payment given up before it arrived?"""
    return payable.wish == "release" or payable.state in ("releasing", "released")


def _told_fen(session: Session, payable: Row[Any], moved: str) -> int:
    """Give the amount a message names: what was really taken, or what is held."""
    if moved != "captured":
        return int(payable.amount_fen)
    return int(lock_payable(session, payable.id).captured_fen)
