"""A provider's months, the chain behind each line, and fees paid in advance."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.deps import Work
from api.errors import problems
from api.schemas.settlement import (
    ChainOut,
    ClosedOut,
    EntryOut,
    EntryWish,
    HeldBackOut,
    LeavingOut,
    LeavingWish,
    LineOut,
    NewOut,
    PrepaidOut,
    PrepaidWish,
    ReasonWish,
    SettlementDetailOut,
    SettlementOut,
)
from services.people.rights import right_to
from services.settlement import actions, papers, prepaid, queries
from services.settlement.drawing import held_back

router = APIRouter(prefix="/api/v1", tags=["settlement"])
Id = Annotated[int, Path(ge=1, le=2**62)]
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@router.get(
    "/settlements", response_model=list[SettlementOut], responses=problems(401, 403), summary="Providers' months"
)
def list_settlements(
    work: Work, month: date | None = None, provider_id: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> list[SettlementOut]:
    """Show the accounts of the area (officer, auditor) or of the dispatcher's own provider, newest first."""
    queries.check_reader(work.actor)
    rows = queries.list_settlements(work.session, provider_id=provider_id, month=month)
    return [SettlementOut.model_validate(row, from_attributes=True) for row in rows]


@router.get(
    "/settlements/{settlement_id}",
    response_model=SettlementDetailOut,
    responses=problems(401, 403, 404),
    summary="One month with its lines",
)
def show_settlement(work: Work, settlement_id: Id) -> SettlementDetailOut:
    """Show a month's lines, what is held back and why, and what each budget line pays."""
    queries.check_reader(work.actor)
    found = queries.find_settlement(work.session, settlement_id)
    rows = queries.lines_of(work.session, settlement_id)
    held = held_back(work.session, found.provider_id, found.month)
    return SettlementDetailOut(
        **SettlementOut.model_validate(found, from_attributes=True).model_dump(),
        intact=queries.is_intact(work.session, found),
        rows=[LineOut.model_validate(row, from_attributes=True) for row in rows],
        held_back=[HeldBackOut.model_validate(one, from_attributes=True) for one in held],
        budgets=dict(queries.spent_by_budget(work.session, settlement_id)),
    )


@router.get(
    "/settlements/{settlement_id}/file.{form}",
    response_class=Response,
    responses=problems(401, 403, 404)
    | {200: {"content": {media.split(";")[0]: {} for media in MEDIA.values()}, "description": "The accounts"}},
    summary="The month as CSV, XLSX or PDF",
)
def settlement_file(work: Work, settlement_id: Id, form: Literal["csv", "xlsx", "pdf"]) -> Response:
    """Give a month's accounts as a file; the same accounts give the same figures."""
    queries.check_reader(work.actor)
    found = queries.find_settlement(work.session, settlement_id)
    rows = queries.lines_of(work.session, settlement_id)
    drawn: Any = papers.as_csv(rows) if form == "csv" else None
    if form != "csv":
        drawn = papers.as_workbook(found, rows) if form == "xlsx" else papers.as_pdf(found, rows)
    name = f"settlement-{found.provider_id}-{found.month:%Y-%m}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(drawn, media_type=MEDIA[form], headers=headers)


@router.post(
    "/settlements/{settlement_id}/closing",
    response_model=ClosedOut,
    responses=problems(401, 403, 404, 409),
    summary="Close a month",
)
def close_month(work: Work, settlement_id: Id) -> ClosedOut:
    """Close a month that is over, for good. For the officer of the provider's area."""
    fingerprint = actions.close_month(work.session, work.now, work.actor, settlement_id)
    return ClosedOut(settlement_id=settlement_id, lines_hash=fingerprint)


@router.post(
    "/settlement-lines/{line_id}/correction",
    status_code=201,
    response_model=NewOut,
    responses=problems(401, 403, 404, 409),
    summary="Correct a line",
)
def correct_line(work: Work, line_id: Id, wish: ReasonWish) -> NewOut:
    """Take a line back by a counter-line in the month that is open now."""
    return NewOut(id=actions.correct_line(work.session, work.now, work.actor, line_id, wish.reason))


@router.get(
    "/settlement-lines/{line_id}/chain",
    response_model=ChainOut,
    responses=problems(401, 403, 404),
    summary="From the budget line to the payment",
)
def show_chain(work: Work, line_id: Id) -> ChainOut:
    """Show the chain behind a line: budget line, order, right and voucher, visit, payment, refunds, disputes."""
    queries.check_reader(work.actor)
    chain = queries.chain_of(work.session, line_id)
    return ChainOut(
        line_id=line_id,
        settlement_id=chain.settlement.id,
        month=chain.settlement.month,
        intact=chain.intact,
        budgets=[{"number": one.number, "name": one.name, "funder": one.funder} for one in chain.budgets],
        contract=_some(chain.contract, "id", "contract_number", "title", "buyer", "state"),
        contract_budgets=_many(
            chain.contract_budgets, "id", "budget_year", "budget_number", "funder", "planned_fen", "spent_fen"
        ),
        order=_some(chain.order, "id", "order_number", "state", "starts_at", "price_fen", "by_right", "channel"),
        government=_some(chain.government, "kind", "ground", "payer", "month", "amount_fen", "state"),
        vouchers=_many(chain.vouchers, "kind_code", "issuer", "service_day", "captured_fen", "released_fen"),
        visit=_some(chain.visit, "id", "check_in_proof", "checked_in_at", "check_in_recorded_at", "checked_out_at"),
        payment=_some(
            chain.payable, "id", "gateway", "method", "gateway_reference", "state", "captured_fen", "refunded_fen"
        ),
        refunds=_many(chain.refunds, "amount_fen", "reason", "state", "gateway_reference"),
        disputes=_many(chain.disputes, "amount_fen", "reason", "state", "reference"),
        corrections=[row.id for row in chain.corrections],
    )


@router.post(
    "/orders/{order_id}/settlement-hold",
    status_code=201,
    response_model=NewOut,
    responses=problems(401, 403, 404, 409),
    summary="Hold an order back",
)
def hold_back(work: Work, order_id: Id, wish: ReasonWish) -> NewOut:
    """Keep an order out of the accounts while it is in dispute."""
    return NewOut(id=actions.hold_back(work.session, work.now, work.actor, order_id, wish.reason))


@router.delete(
    "/orders/{order_id}/settlement-hold",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="End a hold",
)
def let_go(work: Work, order_id: Id) -> None:
    """Let an order into the accounts again."""
    actions.let_go(work.session, work.now, work.actor, order_id)


@router.get(
    "/elders/{elder_id}/prepaid",
    response_model=list[PrepaidOut],
    responses=problems(401, 403, 404),
    summary="What an elder has paid in advance",
)
def prepaid_of_elder(work: Work, elder_id: Id) -> list[PrepaidOut]:
    """Show an elder's prepaid accounts to her side and her office."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    rows = prepaid.list_accounts(work.session, elder_id=elder_id)
    return [PrepaidOut.model_validate(row, from_attributes=True) for row in rows]


@router.get(
    "/prepaid-accounts", response_model=list[PrepaidOut], responses=problems(401, 403), summary="Fees paid in advance"
)
def list_prepaid(work: Work) -> list[PrepaidOut]:
    """Show the accounts of the area or of the dispatcher's own provider: due back first, then the fullest."""
    queries.check_reader(work.actor)
    return [PrepaidOut.model_validate(row, from_attributes=True) for row in prepaid.list_accounts(work.session)]


@router.post(
    "/prepaid-accounts",
    status_code=201,
    response_model=NewOut,
    responses=problems(401, 403, 404),
    summary="Open a prepaid account",
)
def open_prepaid(work: Work, wish: PrepaidWish) -> NewOut:
    """Let an institution take money in advance from a resident, up to the city's cap."""
    return NewOut(id=prepaid.open_account(work.session, work.now, work.actor, **wish.model_dump()))


@router.post(
    "/prepaid-accounts/{account_id}/entries",
    status_code=201,
    response_model=EntryOut,
    responses=problems(401, 403, 404, 409),
    summary="Enter prepaid money",
)
def enter_prepaid(work: Work, account_id: Id, wish: EntryWish) -> EntryOut:
    """Write money paid in advance, used or given back; the same key once."""
    done = prepaid.enter(work.session, work.now, work.actor, account_id, **wish.model_dump())
    return EntryOut.model_validate(done, from_attributes=True)


@router.post(
    "/prepaid-accounts/{account_id}/leaving",
    response_model=LeavingOut,
    responses=problems(401, 403, 404),
    summary="A resident has left",
)
def leave_prepaid(work: Work, account_id: Id, wish: LeavingWish) -> LeavingOut:
    """Note that a resident has left; what is left is due back."""
    due = prepaid.leave(work.session, work.now, work.actor, account_id, wish.left_on)
    return LeavingOut(refund_due_on=due)


def _some(row: Any, *names: str) -> dict[str, Any] | None:
    return None if row is None else {name: getattr(row, name) for name in names}


def _many(rows: list[Any], *names: str) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in names} for row in rows]
