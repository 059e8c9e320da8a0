"""Placing, following, cancelling, confirming and rating an order."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Response

from api.deps import Work
from api.errors import problems
from api.schemas.orders import (
    CancelIn,
    OrderDetailOut,
    OrderIn,
    OrderOut,
    PlacedOut,
    RatingIn,
    TimelineStepOut,
)
from services.dispatch.queries import assignment_of
from services.orders import actions
from services.orders.queries import (
    find_order,
    find_order_by_number,
    list_orders,
    order_timeline,
    possible_acts,
)
from services.orders.rules import check_aware
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["orders"])
OrderId = Annotated[int, Path(ge=1, le=2**62)]
OptionalId = Annotated[int | None, Query(ge=1, le=2**62)]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=200)]
State = Literal[
    "placed", "offering", "unfilled", "accepted", "assigned", "in_service", "served", "confirmed", "cancelled"
]


@router.post(
    "/orders",
    status_code=201,
    response_model=PlacedOut,
    responses={
        **problems(401, 403, 404, 409),
        200: {"model": PlacedOut, "description": "Placed before with the same key"},
    },
    summary="Place an order",
)
def place_order(work: Work, wish: OrderIn, key: Key, response: Response) -> PlacedOut:
    """Order one service for an elder. The same Idempotency-Key with the same wish gives the same order (200)."""
    placed = actions.place_order(work.session, work.now, work.actor, idempotency_key=key, **wish.model_dump())
    if placed.replayed:
        response.status_code = 200
    return PlacedOut.model_validate(asdict(placed))


@router.get("/orders", response_model=list[OrderOut], responses=problems(401), summary="Orders I may see")
def show_orders(
    work: Work,
    elder_id: OptionalId = None,
    provider_id: OptionalId = None,
    state: Annotated[list[State] | None, Query(max_length=9)] = None,
    starts_from: datetime | None = None,
    starts_before: datetime | None = None,
    before_id: OptionalId = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[OrderOut]:
    """Show the orders the signed-in person may see, newest first."""
    given = {"starts_from": starts_from, "starts_before": starts_before}
    check_aware(**{name: moment for name, moment in given.items() if moment is not None})
    found = list_orders(
        work.session,
        elder_id=elder_id,
        provider_id=provider_id,
        states=state or (),
        starts_from=starts_from,
        starts_before=starts_before,
        before_id=before_id,
        limit=limit,
    )
    return [OrderOut.model_validate(asdict(order)) for order in found]


@router.get(
    "/order-numbers/{number}",
    response_model=OrderDetailOut,
    responses=problems(401, 404),
    summary="By number",
)
def show_order_by_number(
    work: Work, number: Annotated[str, Path(pattern=r"^[0-9]{6}-?[0-9]{5,15}-?[0-9]$")]
) -> OrderDetailOut:
    """Show the order whose number somebody reads out over the phone."""
    return _detail(work, find_order_by_number(work.session, number).id)


@router.get("/orders/{order_id}", response_model=OrderDetailOut, responses=problems(401, 404), summary="One order")
def show_order(work: Work, order_id: OrderId) -> OrderDetailOut:
    """Show one order, who comes, and what may still be done."""
    return _detail(work, order_id)


@router.get(
    "/orders/{order_id}/timeline",
    response_model=list[TimelineStepOut],
    responses=problems(401, 404),
    summary="What happened so far",
)
def show_timeline(work: Work, order_id: OrderId) -> list[TimelineStepOut]:
    """Show every step of an order, oldest first."""
    steps = order_timeline(work.session, order_id)
    return [TimelineStepOut.model_validate(step, from_attributes=True) for step in steps]


@router.post(
    "/orders/{order_id}/cancellation",
    response_model=OrderDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="Cancel an order",
)
def cancel_order(work: Work, order_id: OrderId, asked: CancelIn) -> OrderDetailOut:
    """Cancel an order for the elder's side; cancelling twice changes nothing."""
    actions.cancel_order(work.session, work.now, work.actor, order_id, asked.reason, asked.words)
    return _detail(work, order_id)


@router.post(
    "/orders/{order_id}/confirmation",
    response_model=OrderDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="Confirm the work",
)
def confirm_order(work: Work, order_id: OrderId) -> OrderDetailOut:
    """Confirm for the elder's side that the work was done; only now is money taken."""
    actions.confirm_order(work.session, work.now, work.actor, order_id)
    return _detail(work, order_id)


@router.post(
    "/orders/{order_id}/rating",
    status_code=201,
    response_model=OrderDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="Rate the work",
)
def rate_order(work: Work, order_id: OrderId, judged: RatingIn) -> OrderDetailOut:
    """Judge a served order once, by one of three faces."""
    actions.rate_order(
        work.session, work.now, work.actor, order_id, judged.face, judged.comment, by_call=judged.by_call
    )
    return _detail(work, order_id)


def _detail(work: UnitOfWork, order_id: int) -> OrderDetailOut:
    order = find_order(work.session, order_id)
    acts = possible_acts(work.session, work.now, work.actor, order)
    job = assignment_of(work.session, order_id)
    return OrderDetailOut(
        **{name: getattr(order, name) for name in OrderOut.model_fields},
        carer_id=job.carer_id if job else None,
        carer_name=job.carer_name if job else None,
        **asdict(acts),
    )
