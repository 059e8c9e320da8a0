"""Inboxes, how messages travelled, and whom somebody must still tell in person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from api.bodies import signed_body
from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.messages import DeliveryOut, InboxOut, MessageOut, ReadOut, WaitingOut
from services.errors import NotAllowed
from services.messages.actions import mark_read, told_in_person
from services.messages.queries import deliveries, inbox, not_reached, title_of, unread_count
from services.messages.sms_carrier import read_report
from services.outbox import enqueue

router = APIRouter(prefix="/api/v1", tags=["messages"])
Id = Annotated[int, Path(ge=1, le=2**62)]
TELLING = ("officer", "operator", "advisor")


@router.get("/messages", response_model=InboxOut, responses=problems(401), summary="My messages")
def list_messages(
    work: Work,
    before_id: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> InboxOut:
    """List the signed-in person's own messages, newest first."""
    mine = work.actor.person_id or 0
    rows = inbox(work.session, mine, before_id=before_id, limit=limit)
    shown = [MessageOut(title=title_of(row.template), **dict(row._mapping)) for row in rows]
    older = rows[-1].id if len(rows) == limit else None
    return InboxOut(messages=shown, unread=unread_count(work.session, mine), before_id=older)


@router.get(
    "/messages/not-reached",
    response_model=list[WaitingOut],
    responses=problems(401, 403),
    summary="Whom nobody has reached",
)
def list_not_reached(work: Work) -> list[WaitingOut]:
    """List what no channel could carry in the actor's area, oldest first; for officers, operators and advisors."""
    _only_offices(work)
    return [WaitingOut.model_validate(row, from_attributes=True) for row in not_reached(work.session)]


@router.post("/messages/{message_id}/read", response_model=ReadOut, responses=problems(401, 404), summary="Opened")
def open_message(work: Work, message_id: Id) -> ReadOut:
    """Note that the recipient opened her message; again changes nothing."""
    return ReadOut(read_at=mark_read(work.session, work.now, work.actor, message_id))


@router.post(
    "/messages/{message_id}/told", status_code=204, responses=problems(401, 403, 404), summary="Told in person"
)
def tell_by_voice(work: Work, message_id: Id) -> Response:
    """Note that the person was called or visited; for officers, operators and advisors of her area."""
    _only_offices(work)
    told_in_person(work.session, work.now, work.actor, message_id)
    return Response(status_code=204)


@router.get(
    "/messages/{message_id}/deliveries",
    response_model=list[DeliveryOut],
    responses=problems(401, 404),
    summary="How it travelled",
)
def list_deliveries(work: Work, message_id: Id) -> list[DeliveryOut]:
    """List every try to carry one message, oldest first."""
    rows = deliveries(work.session, message_id)
    return [DeliveryOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/messages/sms/reports", status_code=204, responses=problems(403, 413), summary="The SMS gateway's reports"
)
def take_report(
    work: OpenWork,
    payload: Annotated[bytes, Depends(signed_body)],
    x_signature: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Check a delivery report's signature and promise to take it in; a text that did not arrive climbs on."""
    report = read_report(payload, x_signature)
    args = {"receipt": report.receipt, "arrived": report.arrived, "reason": report.reason}
    enqueue(work.session, work.now, "messages.hear_report", args)
    return Response(status_code=204)


def _only_offices(work: Work) -> None:
    if work.actor.role not in TELLING:
        raise NotAllowed(role=work.actor.role)
