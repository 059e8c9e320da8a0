"""The self part of an order: owed once a provider accepted, captured on confirmation, released on cancelling.

An order without a self part has no payable. The price is never raised after placing; it is lowered when
the provider who accepts asks less than the elder had confirmed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import any_, select
from sqlmodel import Session

from services.benefits.actions import hold
from services.benefits.queries import split_price
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import ServiceLine
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.payments.actions import owe, request_authorisation, request_capture, request_release
from services.payments.queries import payable_of
from services.people.tables import Proxy

_line = table_of(ServiceLine)
_proxy = table_of(Proxy)
SUBJECT = "care_order"
AFTER_ACCEPTANCE = ("accepted", "assigned", "in_service", "served")


def prepare_payment(session: Session, now: datetime, order_id: int) -> int | None:
    """Owe the self part of an accepted order and ask for its authorisation; gives the payable's id.

    City-wide work of the house. Repeating it changes nothing; None when the elder's side owes nothing or
    the order is no longer with a provider.
    """
    order = lock_order(session, order_id)
    if order.state not in AFTER_ACCEPTANCE:
        return None
    known = payable_of(session, (SUBJECT, order_id))
    if known is not None:
        return int(known.id)
    order = _lower_price(session, now, order)
    return _owe(session, now, order)


def capture_part(session: Session, now: datetime, order: OrderRow) -> None:
    """Promise to take the self part of a confirmed order.

    Owed first when the job did not come to it yet; held again first when holding it had failed: a card that
    was declined does not keep an elder from confirming.
    """
    owed = payable_of(session, (SUBJECT, order.id))
    if owed is None:
        payable_id = _owe(session, now, order)
    else:
        payable_id = int(owed.id)
        if owed.state in ("due", "failed"):
            request_authorisation(session, now, payable_id)
    if payable_id is not None:
        request_capture(session, now, payable_id)


def release_part(session: Session, now: datetime, order_id: int) -> None:
    """Promise to give an authorised self part back; nothing happens when none was owed."""
    owed = payable_of(session, (SUBJECT, order_id))
    if owed is not None:
        request_release(session, now, owed.id)


def cancel_part(session: Session, now: datetime, order_id: int, fee_fen: int) -> int:
    """Promise to take the fee of a cancelled order out of what is held and to give the rest back; gives the fee.

    Where nothing is held (owed only, or refused) nothing is taken.
    """
    owed = payable_of(session, (SUBJECT, order_id))
    if owed is None or fee_fen == 0 or owed.state not in ("authorised", "authorising", "captured"):
        release_part(session, now, order_id)
        return 0
    request_capture(session, now, owed.id, fee_fen)
    return fee_fen


def _owe(session: Session, now: datetime, order: OrderRow) -> int | None:
    if order.self_fen == 0:
        return None
    payable_id = owe(
        session,
        now,
        subject=(SUBJECT, order.id),
        elder_id=order.elder_id,
        payer_id=_payer(session, order),
        area_code=order.area_code,
        amount_fen=order.self_fen,
    )
    request_authorisation(session, now, payable_id)
    return payable_id


def _payer(session: Session, order: OrderRow) -> int:
    """A relative who may pay pays for what she ordered; otherwise the elder does."""
    kind, _, number = str(order.by_right).partition(":")
    if kind == "proxy" and number.isdigit():
        may_pay = session.connection().execute(
            select(_proxy.c.id).where(
                _proxy.c.id == int(number), _proxy.c.state == "confirmed", any_(_proxy.c.scopes) == "pay"
            )
        ).first()  # fmt: skip
        if may_pay is not None:
            return int(order.placed_by)
    return int(order.elder_id)


def _lower_price(session: Session, now: datetime, order: OrderRow) -> OrderRow:
    price_fen = session.connection().execute(
        select(_line.c.price_fen).where(
            _line.c.provider_id == order.provider_id, _line.c.service_code == order.service_code
        )
    ).scalar()  # fmt: skip
    if price_fen is None or price_fen >= order.price_fen:
        return order
    on = civil_date(order.starts_at)
    shared = split_price(
        session,
        now,
        order.elder_id,
        order.service_code,
        price_fen,
        on,
        besides_order_id=order.id,
        provider_id=order.chosen_provider_id,
    )
    move_order(
        session,
        order,
        order.state,
        price_fen=price_fen,
        government_fen=shared.government_fen,
        voucher_fen=shared.voucher_fen,
        self_fen=shared.self_fen,
    )
    hold(session, now, order.id, shared, on)
    write_event(
        session, now, order, "price_lowered", None, before_fen=order.price_fen, price_fen=price_fen,
        government_fen=shared.government_fen, voucher_fen=shared.voucher_fen,
    )  # fmt: skip
    return lock_order(session, order.id)
