"""The payer's page: how a payment stands, her bank's page or code, another way after a refusal; for elder and family.

No card number is ever asked here: a card is entered on the gateway's own page, reached by a link.
"""

from __future__ import annotations

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Row, select

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering_side import ElderSide, Side
from services.catalogue.queries import services_by_code
from services.columns import table_of
from services.errors import DomainError
from services.orders.paying import SUBJECT
from services.orders.tables import CareOrder
from services.payments.actions import awaits_payer
from services.payments.choosing import METHODS, disputes_of, may_choose, pay_by, refunds_of
from services.payments.errors import PayableNotFound
from services.payments.queries import find_payable, payable_of, payables_of_elder

router = APIRouter(include_in_schema=False)
PayableId = Annotated[int, Path(ge=1, le=2**62)]
UNDER_WAY = ("authorising", "capturing", "releasing")
_order = table_of(CareOrder)


@router.get("/pay/{payable_id:int}")
def come_back(work: Work, payable_id: PayableId) -> Response:
    """Lead a payer who comes back from her bank to the page of her payment."""
    payable = find_payable(work.session, payable_id)
    base = "/elder" if payable.elder_id == work.actor.person_id else f"/family/{payable.elder_id}"
    return RedirectResponse(f"{base}/payments/{payable_id}", status_code=303)


@router.get("/elder/payments")
@router.get("/family/{elder_id:int}/payments")
def payments(request: Request, side: Side) -> Response:
    """List what the elder's side pays and paid, newest first."""
    rows = payables_of_elder(side.work.session, side.elder_id, limit=50)
    orders = _orders(side, [row.subject_id for row in rows if row.subject_type == SUBJECT])
    shown = [_shown(row, orders.get(row.subject_id)) for row in rows]
    return render(request, "order/payments.html", side.names(payments=shown))


@router.get("/elder/payments/{payable_id:int}")
@router.get("/family/{elder_id:int}/payments/{payable_id:int}")
def payment(request: Request, side: Side, payable_id: PayableId) -> Response:
    """Show one payment: what waits for the payer, what was paid, given back or is disputed."""
    return _page(request, side, payable_id)


@router.post("/elder/payments/{payable_id:int}")
@router.post("/family/{elder_id:int}/payments/{payable_id:int}")
def pay(
    request: Request, side: Side, payable_id: PayableId, method: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    """Choose a way of paying; the next page leads to the bank."""
    work = side.work
    _find(side, payable_id)
    try:
        with work.session.begin_nested():
            pay_by(work.session, work.now, work.actor, payable_id, method)
    except DomainError as refused:
        return _page(request, side, payable_id, refused)
    return RedirectResponse(f"{side.base}/payments/{payable_id}", status_code=303)


def payment_line(side: ElderSide, order_id: int) -> dict[str, Any] | None:
    """Give the payment of an order as the order's page shows it, or None when nothing is owed."""
    owed = payable_of(side.work.session, (SUBJECT, order_id))
    return None if owed is None else _shown(owed, None)


def _find(side: ElderSide, payable_id: int) -> Row[Any]:
    payable = find_payable(side.work.session, payable_id)
    if payable.elder_id != side.elder_id:
        raise PayableNotFound(payable_id=payable_id)
    return payable


def _orders(side: ElderSide, order_ids: list[int]) -> dict[int, dict[str, Any]]:
    """Give what is paid for: the orders in sight with their service and time, by their id."""
    columns = (_order.c.id, _order.c.service_code, _order.c.starts_at, _order.c.ends_at)
    rows = side.work.session.connection().execute(select(*columns).where(_order.c.id.in_(order_ids))).all()
    services = services_by_code(side.work.session, {row.service_code for row in rows})
    return {row.id: row._asdict() | {"service_name": services[row.service_code].title} for row in rows}


def _shown(payable: Row[Any], order: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": payable.id,
        "state": "waiting" if awaits_payer(payable) else payable.state,
        "method": payable.method,
        "amount_fen": payable.amount_fen,
        "captured_fen": payable.captured_fen,
        "refunded_fen": payable.refunded_fen,
        "disputed_fen": payable.disputed_fen,
        "updated_at": payable.updated_at,
        "order": order,
    }


def _page(request: Request, side: ElderSide, payable_id: int, refused: DomainError | None = None) -> Response:
    session = side.work.session
    payable = _find(side, payable_id)
    order = _orders(side, [payable.subject_id]).get(payable.subject_id) if payable.subject_type == SUBJECT else None
    refunds = refunds_of(session, payable_id)
    kind, _, step = (payable.payer_step or "").partition(":") if awaits_payer(payable) else ("", "", "")
    moving = payable.state in UNDER_WAY or any(one.state == "asked" for one in refunds)
    names = side.names(
        payment=_shown(payable, order),
        refunds=refunds,
        disputes=disputes_of(session, payable_id),
        code=segno.make(step, error="m").svg_data_uri(scale=6, border=3) if kind == "code" else "",
        link=step if kind == "link" else "",
        played=step if payable.gateway == "fake" else "",
        methods=METHODS if side.may("pay") and may_choose(payable) else (),
        may_pay=side.may("pay"),
        is_open=moving,
        errors={"method": refused.message_zh} if refused else {},
        phone=getattr(request.state, "helpline", "12349"),
    )
    return render(request, "order/payment.html", names, status_code=status_of(refused) if refused else 200)
