"""Government purchase as one chain: contract, unit prices, budget lines, the settlement lines they paid, acceptance."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.purchase import (
    AcceptanceOut,
    AcceptanceWish,
    BudgetChangeOut,
    BudgetChangeWish,
    BudgetLinesOut,
    BudgetOut,
    BudgetWish,
    ContractDetailOut,
    ContractOut,
    ContractWish,
    DrawnLineOut,
    EndingWish,
    PriceOut,
    PriceWish,
    PurchaseNewOut,
    WhyWish,
)
from services.clock import civil_date
from services.settlement import purchase_queries, purchasing
from services.settlement.purchase_queries import BudgetStanding
from services.settlement.queries import check_reader

router = APIRouter(prefix="/api/v1", tags=["purchase"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/purchase-contracts", response_model=list[ContractOut], responses=problems(401, 403), summary="Contracts")
def list_contracts(
    work: Work, state: Literal["draft", "in_force", "ended", "dropped"] | None = None
) -> list[ContractOut]:
    """Show the contracts of the area (officer, auditor) or of the dispatcher's own provider with planned and spent fen."""
    check_reader(work.actor)
    rows = purchase_queries.list_contracts(work.session, state=state)
    return [ContractOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/purchase-contracts",
    status_code=201,
    response_model=PurchaseNewOut,
    responses=problems(401, 403, 409),
    summary="Write a contract down",
)
def write_contract(work: Work, wish: ContractWish) -> PurchaseNewOut:
    """Write a contract down as a draft of the officer's area."""
    new = purchasing.NewContract(**wish.model_dump())
    return PurchaseNewOut(id=purchasing.write_contract(work.session, work.now, work.actor, new))


@router.get(
    "/purchase-contracts/{contract_id}",
    response_model=ContractDetailOut,
    responses=problems(401, 403, 404),
    summary="One contract",
)
def show_contract(work: Work, contract_id: Id) -> ContractDetailOut:
    """Show a contract's prices, budget lines with what is left and how fast it goes, changes and acceptances."""
    check_reader(work.actor)
    found = purchase_queries.contract_standing(work.session, contract_id, civil_date(work.now))
    row: Any = found.row
    return ContractDetailOut(
        **{name: getattr(row, name) for name in ContractOut.model_fields if name not in ("planned_fen", "spent_fen")},
        planned_fen=found.planned_fen,
        spent_fen=found.spent_fen,
        prices=[PriceOut.model_validate(one, from_attributes=True) for one in found.prices],
        budgets=[_budget(one) for one in found.budgets],
        changes=[BudgetChangeOut.model_validate(one, from_attributes=True) for one in found.changes],
        acceptances=[AcceptanceOut.model_validate(one, from_attributes=True) for one in found.acceptances],
        coming_fen=found.coming_fen,
        coming_orders=found.coming_orders,
    )


@router.put(
    "/purchase-contracts/{contract_id}/prices/{service_code}",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Set a unit price",
)
def set_price(
    work: Work, contract_id: Id, service_code: Annotated[str, Path(min_length=1, max_length=60)], wish: PriceWish
) -> None:
    """Say what one delivery may cost under a draft."""
    purchasing.set_price(work.session, work.now, work.actor, contract_id, service_code, wish.unit_fen)


@router.post(
    "/purchase-contracts/{contract_id}/budgets",
    status_code=201,
    response_model=PurchaseNewOut,
    responses=problems(401, 403, 404, 409),
    summary="Give a contract money",
)
def add_budget(work: Work, contract_id: Id, wish: BudgetWish) -> PurchaseNewOut:
    """Give a contract a year's money out of a budget line, within its ceiling."""
    made = purchasing.add_budget(work.session, work.now, work.actor, contract_id, **wish.model_dump())
    return PurchaseNewOut(id=made)


@router.post(
    "/purchase-contracts/{contract_id}/start",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Put a contract into force",
)
def start_contract(work: Work, contract_id: Id) -> None:
    """Put a draft into force: from now on settlement obeys it."""
    purchasing.start_contract(work.session, work.now, work.actor, contract_id)


@router.post(
    "/purchase-contracts/{contract_id}/dropping",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Put a draft away",
)
def drop_contract(work: Work, contract_id: Id, wish: WhyWish) -> None:
    """Put a draft away that was written wrongly."""
    purchasing.drop_contract(work.session, work.now, work.actor, contract_id, wish.reason)


@router.post(
    "/purchase-contracts/{contract_id}/ending",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="End a contract early",
)
def end_contract(work: Work, contract_id: Id, wish: EndingWish) -> None:
    """End a contract before its last day."""
    purchasing.end_contract(work.session, work.now, work.actor, contract_id, wish.ended_on, wish.reason)


@router.post(
    "/purchase-contracts/{contract_id}/acceptances",
    status_code=201,
    response_model=PurchaseNewOut,
    responses=problems(401, 403, 404, 409),
    summary="Accept what was delivered",
)
def accept_delivery(work: Work, contract_id: Id, wish: AcceptanceWish) -> PurchaseNewOut:
    """Write the office's word on what was delivered in a period, with what was settled for it."""
    made = purchasing.accept_delivery(work.session, work.now, work.actor, contract_id, **wish.model_dump())
    return PurchaseNewOut(id=made)


@router.put(
    "/purchase-budgets/{budget_id}",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Change a budget line",
)
def change_budget(work: Work, budget_id: Id, wish: BudgetChangeWish) -> None:
    """Change what a budget line holds, never below what is spent nor beyond the ceiling."""
    purchasing.change_budget(work.session, work.now, work.actor, budget_id, wish.planned_fen, wish.reason)


@router.get(
    "/purchase-budgets/{budget_id}/lines",
    response_model=BudgetLinesOut,
    responses=problems(401, 403, 404),
    summary="What moved a budget line",
)
def lines_of_budget(
    work: Work,
    budget_id: Id,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    after: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> BudgetLinesOut:
    """Show the settlement lines that drew on a budget line; the chain of each leads on to order, visit and payment."""
    check_reader(work.actor)
    budget, _ = purchase_queries.budget_standing(work.session, budget_id, civil_date(work.now))
    count, fen = purchase_queries.count_lines_of_budget(work.session, budget_id)
    rows = purchase_queries.lines_of_budget(work.session, budget_id, limit, after)
    return BudgetLinesOut(
        budget=_budget(budget),
        count=count,
        lines_fen=fen,
        lines=[DrawnLineOut.model_validate(row, from_attributes=True) for row in rows],
    )


def _budget(found: BudgetStanding) -> BudgetOut:
    told = {name: getattr(found.row, name) for name in BudgetOut.model_fields if hasattr(found.row, name)}
    return BudgetOut(
        **told | {name: getattr(found.burn, name) for name in BudgetOut.model_fields if hasattr(found.burn, name)}
    )
