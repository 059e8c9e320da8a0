"""The office's look at single payments: refused, given back, disputed; and giving money back after a complaint."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office, speaking
from services.columns import table_of
from services.errors import DomainError, Invalid
from services.orders.paying import SUBJECT
from services.orders.tables import CareOrder
from services.payments.choosing import disputes_of, payments_to_watch, refunds_of
from services.payments.queries import check_money_office, find_payable
from services.payments.refunds import MANUAL_REASONS, request_refund

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
_order = table_of(CareOrder)


@router.get("/officer/money/payments")
def payments(request: Request, office: Desk) -> Response:
    """Show the payments that were refused, given back or disputed, the latest first."""
    return _page(request, office)


@router.post("/officer/money/payments/{payable_id:int}/refund")
def refund(
    request: Request,
    office: Desk,
    payable_id: Id,
    yuan: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Promise to give so much back."""
    work = office.work
    check_money_office(work.actor)
    try:
        with work.session.begin_nested():
            find_payable(work.session, payable_id)
            request_refund(work.session, work.now, work.actor, payable_id, fen_of(yuan), reason)
    except DomainError as refused:
        return _page(request, office, {f"back-{payable_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/money/payments", status_code=303)


def fen_of(yuan: str) -> int:
    """Read an amount as a person types it (12, 12.5, 12.50) as fen. Raises Invalid(field)."""
    try:
        fen = Decimal(yuan.strip().removesuffix("元")) * 100
    except InvalidOperation:
        fen = Decimal("NaN")
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 <= fen < 10**12:
        raise Invalid("金额请写成数字，例如 12 或 12.50。", field="yuan")
    return int(fen)


def _page(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    session = office.work.session
    check_money_office(office.work.actor)
    rows = payments_to_watch(session)
    ids = [row.subject_id for row in rows if row.subject_type == SUBJECT]
    numbers = session.connection().execute(select(_order.c.id, _order.c.order_number).where(_order.c.id.in_(ids)))
    by_id = {row.id: row.order_number for row in numbers}
    shown: list[dict[str, Any]] = [
        row._asdict()
        | {
            "order_number": by_id.get(row.subject_id) if row.subject_type == SUBJECT else None,
            "refunds": refunds_of(session, row.id),
            "disputes": disputes_of(session, row.id),
        }
        for row in rows
    ]
    with speaking(request):
        names = office.names(payments=shown, reasons=MANUAL_REASONS, errors=errors or {})
    return render(request, "officer/payments.html", names, status_code=status)
