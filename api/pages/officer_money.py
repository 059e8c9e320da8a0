"""The office's look at money: books compared, vouchers in sum, providers' months with their chains, prepaid fees."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.money_words import accounts_names, prepaid_rows
from api.pages.officer_office import Desk, Office, speaking
from services.benefits.voucher_queries import voucher_differences, voucher_sums
from services.clock import civil_date
from services.errors import DomainError
from services.payments.queries import check_money_office
from services.payments.reconciling import explain_difference, list_differences, list_runs
from services.settlement import queries
from services.settlement.actions import close_month, correct_line

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=500)]
CSV_COLUMNS = ("day", "gateway", "reference", "kind", "payable_id", "ours_fen", "theirs_fen", "explanation")


@router.get("/officer/money")
def money(request: Request, office: Desk) -> Response:
    """Show how the books compare with the gateways', the vouchers by kind, and the latest months."""
    return _money(request, office)


@router.get("/officer/money.csv")
def differences_csv(office: Desk) -> Response:
    """Give every difference as CSV."""
    check_money_office(office.work.actor)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for row in list_differences(office.work.session, limit=5000):
        writer.writerow([_plain(getattr(row, name)) for name in CSV_COLUMNS])
    headers = {"Content-Disposition": 'attachment; filename="differences.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/officer/money/{difference_id:int}/explain")
def explain(request: Request, office: Desk, difference_id: Id, explanation: Words = "") -> Response:
    """Write down why two books differed."""
    work = office.work
    try:
        with work.session.begin_nested():
            explain_difference(work.session, work.now, work.actor, difference_id, explanation)
    except DomainError as refused:
        return _money(request, office, {f"why-{difference_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/money", status_code=303)


@router.get("/officer/money/months/{settlement_id:int}")
def accounts(request: Request, office: Desk, settlement_id: Id) -> Response:
    """Show one provider's month."""
    return _accounts(request, office, settlement_id)


@router.post("/officer/money/months/{settlement_id:int}/close")
def close(request: Request, office: Desk, settlement_id: Id) -> Response:
    """Close a month that is over, for good."""
    work = office.work
    try:
        with work.session.begin_nested():
            close_month(work.session, work.now, work.actor, settlement_id)
    except DomainError as refused:
        return _accounts(request, office, settlement_id, {"close": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/money/months/{settlement_id}", status_code=303)


@router.get("/officer/money/lines/{line_id:int}")
def chain(request: Request, office: Desk, line_id: Id) -> Response:
    """Show the chain from the budget line to the payment behind one line."""
    return _chain(request, office, line_id)


@router.post("/officer/money/lines/{line_id:int}/correct")
def correct(request: Request, office: Desk, line_id: Id, reason: Words = "") -> Response:
    """Take a line back by a counter-line."""
    work = office.work
    try:
        with work.session.begin_nested():
            correct_line(work.session, work.now, work.actor, line_id, reason)
    except DomainError as refused:
        return _chain(request, office, line_id, {"reason": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"/officer/money/lines/{line_id}", status_code=303)


@router.get("/officer/prepaid")
def prepaid_page(request: Request, office: Desk) -> Response:
    """Show what institutions hold in advance, the fullest and those due back first."""
    check_money_office(office.work.actor)
    names = office.names(accounts=prepaid_rows(office.work.session), today=civil_date(office.work.now))
    return render(request, "officer/prepaid.html", names)


def _money(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    work = office.work
    check_money_office(work.actor)
    with speaking(request):
        names: dict[str, Any] = office.names(
            runs=list_runs(work.session, limit=10),
            differences=list_differences(work.session, limit=100),
            sums=voucher_sums(work.session, today=civil_date(work.now)),
            voucher_differences=voucher_differences(work.session, limit=50),
            months=queries.list_settlements(work.session, limit=60),
            errors=errors or {},
        )
    return render(request, "officer/money.html", names, status_code=status)


def _accounts(
    request: Request, office: Office, settlement_id: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    check_money_office(office.work.actor)
    with speaking(request):
        names = office.names(**accounts_names(office.work.session, settlement_id), errors=errors or {}, own=False)
    return render(request, "officer/month.html", names, status_code=status)


def _chain(
    request: Request, office: Office, line_id: int, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    check_money_office(office.work.actor)
    with speaking(request):
        names = office.names(chain=queries.chain_of(office.work.session, line_id), errors=errors or {})
    return render(request, "officer/chain.html", names, status_code=status)


def _plain(value: Any) -> Any:
    words = "" if value is None else str(value)
    return f"'{words}" if words[:1] in ("=", "+", "@", "\t", "\r") else words
