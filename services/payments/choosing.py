"""The payer chooses how she pays: by WeChat Pay, Alipay or a card on the gateway's own page; and what she sees of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast, get_args

from sqlalchemy import Row, or_, select
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import Invalid
from services.payments.actions import ask_gateway, awaits_payer, lock_payable, payable_refunds, payables, set_state
from services.payments.errors import PaymentStateConflict
from services.payments.gateway import Method
from services.payments.tables import PaymentDispute
from services.people.rights import right_to
from services.unit_of_work import Actor

METHODS: tuple[str, ...] = get_args(Method)
_dispute = table_of(PaymentDispute)


def may_choose(payable: Row[Any]) -> bool:
    """May the payer choose a way of paying now? Not while a bank is asked, nor when nothing is to be paid any more."""
    return payable.wish != "release" and (payable.state in ("due", "failed") or awaits_payer(payable))


def pay_by(session: Session, now: datetime, actor: Actor, payable_id: int, method: str) -> str:
    """Ask the gateway for the payer's page of the way she chose; gives the payable's state. Needs the right to pay.

    What waited for her before is taken back first; was it paid meanwhile, then that is the payment.
    Raises PayableNotFound, NotFound, NotAllowed, Invalid(field), PaymentStateConflict.
    """
    if method not in METHODS:
        raise Invalid("请选一种付款方式。", field="method", known=list(METHODS))
    payable = lock_payable(session, payable_id)
    right = right_to(session, actor, payable.elder_id, "pay", now)
    if not may_choose(payable):
        raise PaymentStateConflict(payable_id=payable_id, state=payable.state, asked=method)
    set_state(session, now, payable_id, payable.state, method=cast(Method, method))
    state = ask_gateway(session, now, lock_payable(session, payable_id), "authorise", payer_present=True)
    record_act(
        session, now, actor, "choose_payment", for_person_id=payable.elder_id, by_right=right.ground,
        area_code=payable.area_code, subject=("payable", payable_id),
        facts={"amount_fen": payable.amount_fen, "method": method},
    )  # fmt: skip
    return state


def refunds_of(session: Session, payable_id: int) -> list[Row[Any]]:
    """Give what goes or went back of a payable, oldest first: amount_fen, reason, state, updated_at."""
    query = select(payable_refunds).where(payable_refunds.c.payable_id == payable_id)
    return list(session.connection().execute(query.order_by(payable_refunds.c.id)))


def disputes_of(session: Session, payable_id: int) -> list[Row[Any]]:
    """Give the disputes of a payable, oldest first: amount_fen, state, recorded_at, closed_at."""
    query = select(_dispute).where(_dispute.c.payable_id == payable_id).order_by(_dispute.c.id)
    return list(session.connection().execute(query))


def payments_to_watch(session: Session, *, limit: int = 100) -> list[Row[Any]]:
    """Give the payables in sight that were refused, given back in part or in full, or are disputed; the latest first."""
    asked = select(payable_refunds.c.payable_id)
    disputed = select(_dispute.c.payable_id)
    query = select(payables).where(
        or_(payables.c.state == "failed", payables.c.id.in_(asked), payables.c.id.in_(disputed))
    )
    return list(session.connection().execute(query.order_by(payables.c.updated_at.desc(), payables.c.id).limit(limit)))
