"""What an elder's side owes, and the gateway's notices."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query

from api.bodies import signed_body
from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.payments import (
    DifferenceOut,
    ExplanationWish,
    NoticeOut,
    PayableDetailOut,
    PayableEventOut,
    PayableOut,
    PayingWish,
    RefundOut,
    RefundWish,
)
from services.payments import actions
from services.payments.gateway import gateway
from services.payments.notices import keep_notice
from services.payments.queries import check_money_office, find_payable, history, payables_of_elder
from services.payments.reconciling import explain_difference, list_differences
from services.payments.refunds import request_refund
from services.people.rights import right_to

router = APIRouter(prefix="/api/v1", tags=["payments"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/elders/{elder_id}/payables",
    response_model=list[PayableOut],
    responses=problems(401, 403, 404),
    summary="What an elder owes",
)
def list_payables(
    work: Work,
    elder_id: Id,
    before_id: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> list[PayableOut]:
    """Show an elder's self-paid parts, newest first."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    rows = payables_of_elder(work.session, elder_id, before_id=before_id, limit=limit)
    return [PayableOut.model_validate(row, from_attributes=True) for row in rows]


@router.get(
    "/payables/{payable_id}", response_model=PayableDetailOut, responses=problems(401, 404), summary="One payable"
)
def show_payable(work: Work, payable_id: Id) -> PayableDetailOut:
    """Show one payable with its history."""
    row = find_payable(work.session, payable_id)
    steps = [PayableEventOut(kind=step.kind, happened_at=step.happened_at) for step in history(work.session, row.id)]
    shown = PayableOut.model_validate(row, from_attributes=True)
    return PayableDetailOut(**shown.model_dump(), events=steps)


@router.post(
    "/payables/{payable_id}/authorisation",
    status_code=202,
    response_model=PayableOut,
    responses=problems(401, 403, 404, 409),
    summary="Hold the amount again",
)
def authorise_again(work: Work, payable_id: Id, wish: PayingWish | None = None) -> PayableOut:
    """Ask that the amount be held or paid, as after a decline. Needs the elder's own right or a proxy who may pay."""
    actions.authorise_again(work.session, work.now, work.actor, payable_id, wish.method if wish else None)
    return PayableOut.model_validate(find_payable(work.session, payable_id), from_attributes=True)


@router.post(
    "/payables/{payable_id}/refunds",
    status_code=202,
    response_model=RefundOut,
    responses=problems(401, 403, 404, 409),
    summary="Give money back",
)
def refund(work: Work, payable_id: Id, wish: RefundWish) -> RefundOut:
    """Promise to give back so much of what was taken, after a correction or complaint. For the officer of the area."""
    find_payable(work.session, payable_id)
    refund_id = request_refund(work.session, work.now, work.actor, payable_id, wish.amount_fen, wish.reason)
    return RefundOut(refund_id=refund_id, payable_id=payable_id, amount_fen=wish.amount_fen)


@router.get(
    "/payment-differences",
    response_model=list[DifferenceOut],
    responses=problems(401, 403),
    summary="Where our books and the gateway's differ",
)
def show_differences(work: Work, open_only: bool = False) -> list[DifferenceOut]:
    """Show the differences of the daily comparison, newest first, for an office's area."""
    check_money_office(work.actor)
    rows = list_differences(work.session, open_only=open_only)
    return [DifferenceOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/payment-differences/{difference_id}/explanation",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Say why the books differed",
)
def explain(work: Work, difference_id: Id, wish: ExplanationWish) -> None:
    """Write down, once, why two books differed."""
    explain_difference(work.session, work.now, work.actor, difference_id, wish.explanation)


@router.post(
    "/payments/stripe/webhook",
    response_model=NoticeOut,
    responses=problems(403, 413, 503),
    summary="Stripe's notices",
)
def take_notice(
    work: OpenWork,
    payload: Annotated[bytes, Depends(signed_body)],
    stripe_signature: Annotated[str | None, Header(max_length=2000)] = None,
) -> NoticeOut:
    """Check a notice's signature and age over its bytes, store it once by its event id, and promise to hear it."""
    event = gateway("stripe").read_event(payload, stripe_signature)
    if event is not None:
        keep_notice(work.session, work.now, "stripe", event, payload)
    return NoticeOut(received=True)
