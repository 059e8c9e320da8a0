"""Opening one elder's record in an emergency, looking through it, and judging what others opened."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.audit_words import kind_words
from api.pages.kit import render
from api.pages.officer_office import speaking
from api.pages.privacy_words import field_words
from api.pages.roles import ROLE_WORDS
from services.cities.queries import area_names
from services.errors import DomainError, Invalid, NotAllowed
from services.oversight import glass
from services.people.privacy import mask_name
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Short = Annotated[str, Form(max_length=60)]
Long = Annotated[str, Form(max_length=500)]
SEEN_BY = ("officer", "operator", "administrator", "auditor", "advisor")


@router.get("/officer/glass")
def glass_page(request: Request, work: Work, done: str = "") -> Response:
    """Show the form, the openings that stand, those to judge and those that were judged."""
    return _page(request, work, done=done[:20])


@router.post("/officer/glass")
def open_record(
    request: Request,
    work: Work,
    full_name: Short = "",
    id_number: Short = "",
    phone: Short = "",
    born_on: Short = "",
    kind: Short = "",
    reason: Long = "",
) -> Response:
    """Open one elder's record for half an hour; who asked and why is written first."""
    values = {
        "full_name": full_name, "id_number": id_number, "phone": phone, "born_on": born_on, "kind": kind, "reason": reason,
    }  # fmt: skip
    try:
        with work.session.begin_nested():
            told = glass.Emergency(full_name.strip(), kind, reason, id_number.strip(), phone.strip(), _day(born_on))
            opened = glass.break_glass(work.session, work.now, work.actor, told)
    except DomainError as refused:
        errors = {str(refused.facts.get("field", "reason")): refused.message_zh}
        return _page(request, work, errors=errors, values=values, status_code=status_of(refused))
    if opened is None:
        errors = {"full_name": "没有找到，或者不止一位。请核对姓名和另一项。"}
        return _page(request, work, errors=errors, values=values, status_code=404)
    return RedirectResponse(f"/officer/glass/{opened.glass_id}", status_code=303)


def _day(told: str) -> date | None:
    if not told.strip():
        return None
    try:
        return date.fromisoformat(told.strip())
    except ValueError:
        raise Invalid("出生日期写成 1948-04-12 这样。", field="born_on") from None


@router.get("/officer/glass/{glass_id:int}")
def look_page(request: Request, work: Work, glass_id: Id) -> Response:
    """Show the elder's record through broken glass; this look is a row of its own."""
    return _look(request, work, glass_id)


@router.post("/officer/glass/{glass_id:int}/fields")
def open_field(request: Request, work: Work, glass_id: Id, field: Short = "") -> Response:
    """Show one field in clear, once."""
    try:
        with work.session.begin_nested():
            value = glass.read_in_emergency(work.session, work.now, work.actor, glass_id, field)
    except Invalid as refused:
        return _look(request, work, glass_id, errors={"field": refused.message_zh}, status_code=status_of(refused))
    return _look(request, work, glass_id, shown={"field": field, "value": value})


@router.post("/officer/glass/{glass_id:int}/close")
def close_record(work: Work, glass_id: Id) -> Response:
    """End one's own opening."""
    glass.close_glass(work.session, work.now, work.actor, glass_id)
    return RedirectResponse("/officer/glass?done=closed", status_code=303)


@router.post("/officer/glass/{glass_id:int}/judge")
def judge(
    request: Request, work: Work, glass_id: Id, verdict: Short = "", note: Long = "", consequence: Long = ""
) -> Response:
    """Judge somebody else's opening."""
    try:
        with work.session.begin_nested():
            justified = verdict == "justified"
            glass.judge_glass(
                work.session, work.now, work.actor, glass_id, justified=justified, note=note, consequence=consequence
            )
    except DomainError as refused:
        field = f"{refused.facts.get('field', 'note')}-{glass_id}"
        return _page(request, work, errors={field: refused.message_zh}, status_code=status_of(refused))
    return RedirectResponse(f"/officer/glass?done=judged#glass-{glass_id}", status_code=303)


def _look(
    request: Request,
    work: UnitOfWork,
    glass_id: int,
    *,
    errors: dict[str, str] | None = None,
    shown: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    record = glass.emergency_record(work.session, work.now, work.actor, glass_id)
    with speaking(request):
        words = field_words()
        kept = {"phone": record.phone, "address": record.address, "health": record.has_health,
                "emergency_phone": record.has_emergency_phone}  # fmt: skip
        fields = [(code, words[code]) for code in glass.OPEN_FIELDS if kept[code]]
        if shown is not None:
            shown = {"field": words[shown["field"]], "value": shown["value"]}
    place = area_names(work.session, {record.area_code // 1000 * 1000}).get(record.area_code // 1000 * 1000, "")
    names = _names(work) | {
        "record": record, "place": place, "fields": fields, "shown": shown, "errors": errors or {},
        "minutes": max(0, int((record.expires_at - work.now).total_seconds() // 60)),
    }  # fmt: skip
    return render(request, "audit/glass_record.html", names, status_code=status_code)


def _who(full_name: str | None, role: str, person_id: int) -> str:
    """Name who opened a record, masked; somebody of another street by office and number, since she is not known here."""
    return mask_name(full_name) if full_name else f"{ROLE_WORDS.get(role, role)} {person_id}"


def _names(work: UnitOfWork) -> dict[str, Any]:
    return {
        "read_only": work.actor.read_only, "as_of": work.now, "has_tabs": work.actor.area_lo is not None,
        "may_open": work.actor.role in glass.MAY_BREAK and not work.actor.read_only,
    }  # fmt: skip


def _page(
    request: Request,
    work: UnitOfWork,
    *,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    done: str = "",
    status_code: int = 200,
) -> Response:
    if work.actor.role not in SEEN_BY:
        raise NotAllowed("紧急查看只给民政干部、接线员和系统管理员使用。")
    me, judges = work.actor.person_id, work.actor.role in glass.MAY_JUDGE and not work.actor.read_only
    with speaking(request):
        kinds = kind_words()
    rows = [
        {
            "row": row, "asker": _who(row.asker_name, row.asker_role, row.asker_id), "kind": kinds[row.kind],
            "elder": mask_name(row.elder_name) if row.elder_name else str(row.elder_id), "mine": row.asker_id == me,
            "open": row.closed_at is None and row.expires_at > work.now, "late": row.review_due_at < work.now,
            "looks": glass.looks_of(work.session, row.id),
        }
        for row in glass.glasses(work.session, work.now)
    ]  # fmt: skip
    names = _names(work) | {
        "mine": [one for one in rows if one["mine"] and one["open"]],
        "waiting": [one for one in rows if one["row"].reviewed_at is None],
        "judged": [one for one in rows if one["row"].reviewed_at is not None],
        "kinds": list(kinds.items()), "judges": judges, "values": values or {}, "errors": errors or {}, "done": done,
    }  # fmt: skip
    return render(request, "audit/glass.html", names, status_code=status_code)
