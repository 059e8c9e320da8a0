"""What an elder's side owes, and the gateway's notices."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query

from api.bodies import signed_body
from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.payments import NoticeOut, PayableDetailOut, PayableEventOut, PayableOut
from services.outbox import enqueue
from services.payments import actions
from services.payments.gateway import gateway
from services.payments.queries import find_payable, history, payables_of_elder
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
def authorise_again(work: Work, payable_id: Id) -> PayableOut:
    """Ask that the amount be held, as after a decline. Needs the elder's own right or a proxy who may pay."""
    actions.authorise_again(work.session, work.now, work.actor, payable_id)
    return PayableOut.model_validate(find_payable(work.session, payable_id), from_attributes=True)


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
    """Check a notice's signature and age, and promise to take it in; each event id once."""
    event = gateway("stripe").read_event(payload, stripe_signature)
    if event is not None:
        charge = event.charge
        told = {"id": event.id, "kind": event.kind, "payable_id": event.payable_id}
        told |= {"reference": charge.reference, "state": charge.state, "amount_fen": charge.amount_fen}
        args = {"gateway": "stripe", "event": told}
        enqueue(work.session, work.now, "payments.hear_notice", args, key=f"stripe/{event.id}")
    return NoticeOut(received=True)
