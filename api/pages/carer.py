"""The carer's day: her doors, check-in by plate or four digits, what she did, and a door nobody opens."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import FileResponse, RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.carer_doors import Door, door_of, doors_of_today, is_unanswered
from api.pages.kit import WEB_FOLDER, render
from services.clock import civil_date
from services.errors import DomainError, NotAllowed, NotFound
from services.people.queries import person_card, reveal
from services.unit_of_work import UnitOfWork
from services.visits.actions import DoorProof, check_in, check_out
from services.visits.attempts import record_attempt
from services.visits.devices import devices_of, revoke_device
from services.visits.errors import BadVitals
from services.visits.photos import LARGEST, add_photo, may_keep_photos, photos_of
from services.visits.records import DeviceFacts
from services.visits.risk_words import risk_signs
from services.visits.vitals import Vitals

router = APIRouter(include_in_schema=False)
VisitId = Annotated[int, Path(ge=1, le=2**62)]
Key = Annotated[str, Form(max_length=80)]
Words = Annotated[str, Form(max_length=1000)]
Figure = Annotated[str, Form(max_length=10)]
PROOFS = {
    "door_plate": "qr", "elder_code": "code", "phone_in": "call", "phone_call": "for_her", "supervisor": "for_her",
}  # fmt: skip
Token = Annotated[str, Query(max_length=200)]


@router.get("/carer")
def today(request: Request, work: Work) -> Response:
    """Show the carer her doors of today."""
    if not work.actor.has_role("carer", "volunteer"):
        raise NotAllowed("这一页给护理员用。")
    context = {
        "home": "/carer",
        "carer_name": work.actor.full_name,
        "person_id": work.actor.person_id,
        "now": work.now,
        "visits": [_line(work, door) for door in doors_of_today(work)],
        "phones": [one for one in devices_of(work.session, work.actor.person_id or 0) if one.revoked_at is None],
    }
    return render(request, "carer/today.html", context)


@router.get("/carer/visits/{visit_id:int}")
def visit_page(request: Request, work: Work, visit_id: VisitId, plate: Token = "") -> Response:
    """Show one door: where, what to mind, and the one thing to do next."""
    return _page(request, work, door_of(work, visit_id), plate=plate)


@router.post("/carer/visits/{visit_id:int}/check-in")
def arrive(
    request: Request,
    work: Work,
    visit_id: VisitId,
    code: Annotated[str, Form(max_length=20)] = "",
    plate: Annotated[str, Form(max_length=200)] = "",
    event_key: Key = "",
) -> Response:
    """Record arrival by the plate or the elder's four digits. A wrong try is counted, so it is answered, not raised."""
    door = door_of(work, visit_id)
    proof = DoorProof("door_plate", plate) if plate else DoorProof("elder_code", code)
    device = DeviceFacts(event_key=event_key or None)
    try:
        with work.session.begin_nested():
            answer = check_in(
                work.session, work.now, work.actor, visit_id, proof=proof, happened_at=work.now, device=device
            )
    except DomainError as refused:
        return _page(request, work, door, errors={"code": refused.message_zh}, status_code=status_of(refused))
    if answer.refusal is not None:
        errors = {"code": answer.refusal.message_zh}
        return _page(request, work, door, errors=errors, status_code=status_of(answer.refusal))
    return RedirectResponse(f"/carer/visits/{visit_id}", status_code=303)


@router.post("/carer/visits/{visit_id:int}/check-out")
def leave(
    request: Request,
    work: Work,
    visit_id: VisitId,
    done: Annotated[list[str], Form()] = [],  # noqa: B006
    risks: Annotated[list[str], Form()] = [],  # noqa: B006
    note: Words = "",
    event_key: Key = "",
    systolic_mmhg: Figure = "",
    diastolic_mmhg: Figure = "",
    pulse_per_minute: Figure = "",
    temperature_c: Figure = "",
    glucose_mmol: Figure = "",
) -> Response:
    """Record leaving with what was done, what was measured, and what somebody must look after at once."""
    door = door_of(work, visit_id)
    told = (systolic_mmhg, diastolic_mmhg, pulse_per_minute, temperature_c, glucose_mmol)
    try:
        with work.session.begin_nested():
            check_out(
                work.session,
                work.now,
                work.actor,
                visit_id,
                tasks_done=done,
                note=note.strip() or None,
                happened_at=work.now,
                device=DeviceFacts(event_key=event_key or None),
                risks=risks,
                vitals=_measured(told),
            )
    except DomainError as refused:
        field = "systolic_mmhg" if isinstance(refused, BadVitals) else "done"
        return _page(request, work, door, errors={field: refused.message_zh}, note=note, status_code=status_of(refused))
    return RedirectResponse(f"/carer/visits/{visit_id}", status_code=303)


@router.post("/carer/visits/{visit_id:int}/photo")
def photograph(
    request: Request,
    work: Work,
    visit_id: VisitId,
    photo: Annotated[UploadFile, File()],
    shows: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Keep a photo of the visit where the elder's side said yes."""
    door = door_of(work, visit_id)
    try:
        with work.session.begin_nested():
            add_photo(work.session, work.now, work.actor, visit_id, photo.file.read(LARGEST + 1), shows)
    except DomainError as refused:
        return _page(request, work, door, errors={"photo": refused.message_zh}, status_code=status_of(refused))
    return RedirectResponse(f"/carer/visits/{visit_id}", status_code=303)


@router.post("/carer/phones/{device_id:int}/revoke")
def lost_phone(work: Work, device_id: VisitId) -> Response:
    """Take a phone out of use: lost, sold, or somebody else's now."""
    revoke_device(work.session, work.now, work.actor, device_id)
    return RedirectResponse("/carer", status_code=303)


@router.get("/carer/worker.mjs")
def offline_worker() -> Response:
    """Give the script that keeps today's pages of a carer in her phone for stairwells without signal."""
    headers = {"Service-Worker-Allowed": "/carer", "Cache-Control": "no-cache"}
    return FileResponse(WEB_FOLDER / "static/js/carer_worker.mjs", media_type="text/javascript", headers=headers)


@router.post("/carer/visits/{visit_id:int}/no-answer")
def nobody_opened(request: Request, work: Work, visit_id: VisitId, no_answer_note: Words = "") -> Response:
    """Record a door nobody opened: no visit, but somebody of the street goes on looking."""
    door = door_of(work, visit_id)
    try:
        if not is_unanswered(work, door):
            with work.session.begin_nested():
                record_attempt(
                    work.session,
                    work.now,
                    work.actor,
                    door.visit.elder_id,
                    channel="home",
                    outcome="no_answer",
                    happened_at=work.now,
                    note=no_answer_note.strip() or None,
                    visit_id=visit_id,
                )
    except DomainError as refused:
        errors = {"no_answer_note": refused.message_zh}
        return _page(request, work, door, errors=errors, status_code=status_of(refused))
    return RedirectResponse(f"/carer/visits/{visit_id}", status_code=303)


def _page(
    request: Request,
    work: UnitOfWork,
    door: Door,
    *,
    plate: str = "",
    note: str = "",
    errors: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    visit = door.visit
    done = set(visit.tasks_done or [])
    context = {
        "home": "/carer",
        "visit": {**_line(work, door), **_private(work, door), "notes": door.notes, "confirmed": door.confirmed},
        "checklist": [{"code": task, "words": words, "done": task in done} for task, words in door.checklist],
        "errors": errors or {},
        "note": note or visit.note or "",
        "plate": plate,
        "event_key": uuid.uuid4().hex,
        "person_id": work.actor.person_id,
        "risks": risk_signs(work.session, work.now),
        "photos": len(photos_of(work.session, visit.id)),
        "may_photograph": may_keep_photos(work.session, visit.elder_id, work.now),
    }
    return render(request, "carer/visit.html", context, status_code=status_code)


def _measured(told: tuple[str, ...]) -> Vitals | None:
    """Give what was measured; a slip of the pen is refused. Raises BadVitals."""
    if not any(one.strip() for one in told):
        return None
    try:
        whole = [int(one) if one.strip() else None for one in told[:3]]
        parts = [float(one) if one.strip() else None for one in told[3:]]
    except ValueError as broken:
        raise BadVitals(field="systolic_mmhg") from broken
    return Vitals(*whole, *parts)


def _line(work: UnitOfWork, door: Door) -> dict[str, Any]:
    visit = door.visit
    status = {"planned": "due", "started": "in_service", "finished": "served"}.get(visit.state, visit.state)
    if visit.state == "planned" and is_unanswered(work, door):
        status = "unanswered"
    return {
        "id": visit.id,
        "service_name": door.service_name,
        "elder_name": door.elder_name,
        "address": door.rough_address,
        "slot_start": visit.planned_start,
        "slot_end": visit.planned_end,
        "status": status,
        "friendly": visit.kind == "friendly",
        "checked_in_at": visit.checked_in_at,
        "checked_in_by": PROOFS.get(visit.check_in_proof),
        "checked_out_at": visit.checked_out_at,
    }


def _private(work: UnitOfWork, door: Door) -> dict[str, Any]:
    """Address and phone in clear while she has to go there; each reading is written into the trail."""
    elder_id = door.visit.elder_id
    card = person_card(work.session, elder_id, civil_date(work.now))
    going = door.visit.state in ("planned", "started") and civil_date(door.visit.planned_start) == civil_date(work.now)
    if not going:
        return {"address": card.address or "", "elder_phone_masked": card.phone or "", "call_phone": ""}
    return {
        "address": _read(work, door, "address"),
        "elder_phone_masked": card.phone or "",
        "call_phone": _read(work, door, "phone"),
    }


def _read(work: UnitOfWork, door: Door, field: str) -> str:
    right = f"visitor:{door.visit.id}"
    try:
        return reveal(
            work.session, work.now, work.actor, door.visit.elder_id, field, "上门服务", by_right=right, purpose="visit"
        )
    except NotFound:
        return ""
