"""What stands behind a visit: the six facts, exceptions and decisions, calls, photos, alerts, and the list for supervisors."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Header, Path, Query, Request, Response, UploadFile

from api.bodies import signed_body
from api.deps import OpenWork, Work
from api.errors import problem_response, problems, status_of
from api.routes.attachments import refuse_large
from api.schemas.evidence import (
    AlertOut,
    CallIn,
    CallOut,
    DecisionIn,
    DoneIn,
    EvidenceOut,
    EvidenceWordsOut,
    ExceptionIn,
    ExceptionOut,
    FactOut,
    KeptPhotoOut,
    LookIn,
    PhotoOut,
    PhotoWishIn,
    PhotoWishOut,
    ReviewOut,
    ReviewsOut,
    VitalsOut,
    WordOut,
)
from api.schemas.visits import Day
from services.clock import civil_date
from services.outbox import enqueue
from services.people.rights import right_to
from services.visits import alerts, exceptions, judging, phone_in, photos
from services.visits.errors import NotForReview
from services.visits.evidence import evidence_of
from services.visits.risk_words import risk_signs

router = APIRouter(prefix="/api/v1", tags=["visits"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/evidence-words",
    response_model=EvidenceWordsOut,
    responses=problems(401),
    summary="Reasons, risks and the formula",
)
def words(work: Work) -> EvidenceWordsOut:
    """Give the words people pick today and the formula doubts are counted by."""
    formula = judging.formula_on(work.session, civil_date(work.now))
    return EvidenceWordsOut(
        reasons=[WordOut(code=code, name=name) for code, name in exceptions.reasons(work.session, work.now)],
        risks=[WordOut(code=code, name=name) for code, name in risk_signs(work.session, work.now)],
        formula_version=formula.version,
        formula=formula.weights,
    )


@router.get(
    "/visits/{visit_id}/evidence", response_model=EvidenceOut, responses=problems(401, 404), summary="The six facts"
)
def evidence(work: Work, visit_id: Id) -> EvidenceOut:
    """Give the six facts of a visit, each with its source, and what was written down about them."""
    found = evidence_of(work.session, work.now, work.actor, visit_id)
    return EvidenceOut(
        visit_id=visit_id,
        state=found.visit.state,
        verified=found.verified,
        order_number=found.order_number,
        facts=[FactOut.model_validate(one) for one in found.facts],
        tasks_done=found.visit.tasks_done,
        note=found.visit.note,
        exceptions=[ExceptionOut.model_validate(one) for one in found.exceptions],
        calls=[CallOut.model_validate(one) for one in found.calls],
        alerts=[AlertOut.model_validate(one) for one in found.alerts],
        photos=[PhotoOut.model_validate(one) for one in found.photos],
        vitals=None if found.vitals is None else VitalsOut.model_validate(found.vitals),
    )


@router.post(
    "/visits/{visit_id}/exceptions",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Except a fact of a visit",
)
def except_fact(work: Work, visit_id: Id, asked: ExceptionIn) -> None:
    """Say that a fact rests on somebody's word, and why; a supervisor decides."""
    exceptions.raise_exception(work.session, work.now, work.actor, visit_id, asked.fact, asked.reason, asked.note)


@router.post(
    "/visit-exceptions/{exception_id}/decision",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Decide about an exception",
)
def decide(work: Work, exception_id: Id, asked: DecisionIn) -> None:
    """Accept or refuse an exception, as a supervisor who was neither at the door nor the one who said it."""
    exceptions.decide_exception(work.session, work.now, work.actor, exception_id, asked.decision, asked.note)


@router.post(
    "/visits/{visit_id}/calls",
    status_code=204,
    response_model=None,
    responses=problems(401, 403, 404, 409, 429),
    summary="Check in or out by a call",
)
def take_call(work: Work, visit_id: Id, asked: CallIn, request: Request) -> Response:
    """Write down a call the operator took. A wrong code counts, so it is answered, not raised."""
    call = phone_in.call_from(asked.caller, asked.call_key, asked.direction, asked.happened_at, asked.code)
    refusal = phone_in.record_call(work.session, work.now, work.actor, visit_id, call)
    if refusal is not None:
        return problem_response(request, status_of(refusal), type(refusal).__name__, refusal.message_zh, refusal.facts)
    return Response(status_code=204)


@router.post("/phone-calls", status_code=204, responses=problems(403, 413), summary="The telephone exchange's notices")
def hear_exchange(
    work: OpenWork,
    payload: Annotated[bytes, Depends(signed_body)],
    x_signature: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Check a notice's signature and promise to take the call in; the number goes on as its keyed hash only."""
    args = phone_in.read_notice(payload, x_signature)
    enqueue(work.session, work.now, "visits.hear_call", args, key=f"visits.hear_call:{args['key']}")
    return Response(status_code=204)


@router.post(
    "/visits/{visit_id}/photos",
    status_code=201,
    response_model=KeptPhotoOut,
    responses=problems(401, 403, 404, 409, 413),
    dependencies=[Depends(refuse_large)],
    summary="Keep a photo of a visit",
)
def keep_photo(
    work: Work,
    visit_id: Id,
    file: Annotated[UploadFile, File(description="JPEG, PNG or WebP, at most 5 MB")],
    shows: Annotated[str, Form(max_length=100)] = "",
) -> KeptPhotoOut:
    """Keep a photo where the elder's side said yes; what it tells beside the picture is taken out first."""
    content = file.file.read(photos.LARGEST + 1)
    return KeptPhotoOut(attachment_id=photos.add_photo(work.session, work.now, work.actor, visit_id, content, shows))


@router.get(
    "/elders/{elder_id}/photo-wish", response_model=PhotoWishOut, responses=problems(401, 403, 404), summary="Photos?"
)
def photo_wish(work: Work, elder_id: Id) -> PhotoWishOut:
    """Tell whether photos of visits may be kept."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return PhotoWishOut(allowed=photos.may_keep_photos(work.session, elder_id, work.now))


@router.put(
    "/elders/{elder_id}/photo-wish",
    status_code=204,
    responses=problems(401, 403, 404),
    summary="Say yes or no to photos",
)
def say_photo_wish(work: Work, elder_id: Id, asked: PhotoWishIn) -> None:
    """Say for an elder whether photos of visits may be kept; a no stops new ones at once."""
    photos.say_photos(work.session, work.now, work.actor, elder_id, asked.allowed)


@router.get("/visit-alerts", response_model=list[AlertOut], responses=problems(401), summary="Risks seen at visits")
def open_alerts(work: Work) -> list[AlertOut]:
    """Give the open alerts in the actor's hands or area, the most urgent first."""
    return [AlertOut.model_validate(one) for one in alerts.alerts(work.session)]


@router.post(
    "/visit-alerts/{alert_id}/closing", status_code=204, responses=problems(401, 404, 409), summary="Close a risk"
)
def close_alert(work: Work, alert_id: Id, asked: DoneIn) -> None:
    """Close an alert with what was done."""
    alerts.close_alert(work.session, work.now, work.actor, alert_id, asked.done)


@router.get("/visit-reviews", response_model=ReviewsOut, responses=problems(401, 403), summary="Visits to look at")
def reviews(work: Work, month: Annotated[Day | None, Query(description="any day of the month")] = None) -> ReviewsOut:
    """Give a month's visits of the actor's area by doubt, with a drawn sample of the others."""
    if work.actor.area_lo is None or work.actor.area_hi is None:
        raise NotForReview(role=work.actor.role)
    asked: date = (month or civil_date(work.now)).replace(day=1)
    found, seed = judging.visits_to_look_at(work.session, work.actor, work.actor.area_lo, work.actor.area_hi, asked)
    return ReviewsOut(month=asked, seed=seed, visits=[_review(one) for one in found])


@router.post(
    "/visit-reviews/{visit_id}/look", status_code=204, responses=problems(401, 403, 404), summary="Note a look"
)
def look(work: Work, visit_id: Id, asked: LookIn) -> None:
    """Write down that a supervisor looked and what she found."""
    judging.note_look(work.session, work.now, work.actor, visit_id, asked.note)


def _review(one: Any) -> ReviewOut:
    return ReviewOut(
        drawn=one.drawn, **{name: getattr(one.visit, name) for name in ReviewOut.model_fields if name != "drawn"}
    )
