"""The office's register of assessors: who may sign assessments, by which schemes, and until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from services.benefits.assessors import assessors_in, end_assessor, prolong_assessor, register_by_phone
from services.benefits.schemes import schemes_on
from services.clock import civil_date
from services.errors import DomainError, Invalid
from services.language import for_reader

router = APIRouter(include_in_schema=False)
PersonId = Annotated[int, Path(ge=1, le=2**62)]
Typed = Annotated[str, Form(max_length=80)]


@router.get("/officer/assessors")
def assessors(request: Request, office: Desk, said: str = "") -> Response:
    """Show the register with whose certificate ran out, and the form for a new one."""
    return _page(request, office, said=said)


@router.post("/officer/assessors")
def register(
    request: Request, office: Desk, phone: Typed = "", organisation: Typed = "", certificate_number: Typed = "",
    valid_until: Typed = "", schemes: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006
) -> Response:  # fmt: skip
    """Put somebody on the register by her phone."""
    work = office.work
    known = {one.code for one in schemes_on(work.session, civil_date(work.now))}

    def act() -> None:
        register_by_phone(
            work.session, work.now, work.actor, phone, area_code=office.lo, organisation=organisation,
            certificate_number=certificate_number, valid_until=_day(valid_until, "valid_until"),
            schemes=[code for code in schemes if code in known],
        )  # fmt: skip

    return _do(request, office, act, "phone", "registered")


@router.post("/officer/assessors/{person_id:int}/prolong")
def prolong(request: Request, office: Desk, person_id: PersonId, until: Typed = "") -> Response:
    """Note a renewed certificate."""
    work, place = office.work, f"until-{person_id}"
    return _do(
        request, office, lambda: prolong_assessor(work.session, work.now, work.actor, person_id, _day(until, place)),
        place, "prolonged",
    )  # fmt: skip


@router.post("/officer/assessors/{person_id:int}/end")
def end(request: Request, office: Desk, person_id: PersonId) -> Response:
    """Take somebody off the register from today on; what she signed stands, and prolonging takes her back."""
    work, today = office.work, civil_date(office.work.now)
    return _do(
        request, office, lambda: end_assessor(work.session, work.now, work.actor, person_id, today),
        f"until-{person_id}", "ended",
    )  # fmt: skip


def _day(written: str, field: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Invalid("请写证书有效到哪一天。", field=field) from None


def _do(request: Request, office: Office, act: Callable[[], None], place: str, said: str) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        field = str(refused.facts.get("field", place))
        return _page(request, office, errors={field: refused.message_zh}, status=status_of(refused))
    return RedirectResponse(f"/officer/assessors?said={said}", status_code=303)


def _page(
    request: Request, office: Office, *, said: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    work, today = office.work, civil_date(office.work.now)
    schemes = {one.code: for_reader(one.name_zh, one.name_en) for one in schemes_on(work.session, today)}
    names = office.names(
        assessors=assessors_in(work.session, office.lo, office.hi),
        schemes=schemes,
        today=today,
        may_write=work.actor.has_role("officer"),
        said=said if said in ("registered", "prolonged", "ended") else "",
        errors=errors or {},
    )
    return render(request, "officer/assessors.html", names, status_code=status)
