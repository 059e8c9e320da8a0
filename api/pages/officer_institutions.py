"""Institutions at the officer's desk: filings step by step, certificates of grade, requests to be graded."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, cast

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.filters import full_date
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office
from api.pages.officer_sheets import Sheet, answer, figure, plain
from services.clock import civil_date
from services.errors import DomainError, Invalid
from services.supervision import filings, grades, inspections, queries, site_certificates

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=400)]
EMPTY = dict.fromkeys(
    ("step", "on_day", "filing_number", "authority", "documents", "note", "grade", "certificate_number", "issuer",
     "issuing_level", "issued_on", "expires_on", "points"),
    "",
)  # fmt: skip


@router.get("/officer/institutions")
def list_page(request: Request, office: Desk) -> Response:
    """Show the area's institutions, how many stand at each grade, and who asked to be graded."""
    session, today = office.work.session, civil_date(office.work.now)
    counted = grades.count_by_grade(session, office.lo, office.hi, today)
    names = office.names(
        rows=queries.institutions(session, today, area_code=office.lo),
        today=today,
        warn_days=office.rules.supervision.grade_warn_days,
        counts=sorted(counted.items(), key=lambda one: -(one[0] or 0)),
        requests=grades.requests(session, state="asked"),
    )
    return render(request, "officer/institutions.html", names)


@router.get("/officer/institutions.csv")
def list_file(request: Request, office: Desk) -> Response:
    """Hand the table out."""
    return answer(request, office, lambda limit, after: _sheet(office, limit, after))


@router.get("/officer/institutions/{facility_id:int}")
def one_page(request: Request, office: Desk, facility_id: Id, said: str = "") -> Response:
    """Show one institution with the forms for its next step and certificate."""
    return _page(request, office, facility_id, said=said)


@router.post("/officer/institutions/{facility_id:int}/filing")
def record_step(
    request: Request, office: Desk, facility_id: Id, step: Short = "", on_day: Short = "", filing_number: Short = "",
    authority: Short = "", documents: Words = "", note: Words = "",
) -> Response:  # fmt: skip
    """Write the next step of a filing down."""
    values = {
        "step": step, "on_day": on_day, "filing_number": filing_number, "authority": authority,
        "documents": documents, "note": note,
    }  # fmt: skip

    def act() -> None:
        if step not in queries.STEPS:
            raise Invalid("请选备案的步骤。", field="step")
        new = filings.NewStep(
            cast(filings.Step, step), day_of(on_day, "on_day"), filing_number, authority, documents.splitlines(), note
        )
        filings.record_step(office.work.session, office.work.now, office.work.actor, facility_id, new)

    return _do(request, office, facility_id, "filing", act, values)


@router.post("/officer/institutions/{facility_id:int}/grades")
def record_grade(
    request: Request, office: Desk, facility_id: Id, grade: Short = "", certificate_number: Short = "",
    issuer: Short = "", issuing_level: Short = "", issued_on: Short = "", expires_on: Short = "", points: Short = "",
) -> Response:  # fmt: skip
    """Write a certificate of grade down."""
    values = {
        "grade": grade, "certificate_number": certificate_number, "issuer": issuer, "issuing_level": issuing_level,
        "issued_on": issued_on, "expires_on": expires_on, "points": points,
    }  # fmt: skip

    def act() -> None:
        new = grades.NewGrade(
            number_of(grade, "grade"), certificate_number, issuer, day_of(issued_on, "issued_on"),
            day_of(expires_on, "expires_on"), issuing_level=cast(grades.IssuingLevel, issuing_level),
            points=number_of(points, "points") if points.strip() else None,
        )  # fmt: skip
        grades.record_grade(office.work.session, office.work.now, office.work.actor, facility_id, new)

    return _do(request, office, facility_id, "graded", act, values)


@router.post("/officer/institution-grades/{grade_id:int}/revoke")
def revoke(
    request: Request, office: Desk, grade_id: Id, facility_id: Annotated[int, Form(ge=1, le=2**62)],
    reason: Words = "", mistaken: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Take a certificate away from today on."""
    work = office.work

    def act() -> None:
        grades.revoke_grade(work.session, work.now, work.actor, grade_id, civil_date(work.now), reason, mistaken)

    return _do(request, office, facility_id, "revoked", act)


@router.post("/officer/grade-requests/{grade_request_id:int}/refuse")
def refuse(request: Request, office: Desk, grade_request_id: Id, reply: Words = "") -> Response:
    """Answer a request without a certificate."""
    work = office.work
    found = grades.find_request(work.session, grade_request_id)

    def act() -> None:
        grades.refuse_grade(work.session, work.now, work.actor, grade_request_id, reply)

    return _do(request, office, found.facility_id, "refused", act)


def day_of(text: str, field: str) -> date:
    """Read a day from a form. Raises Invalid(field)."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("请填日期，例如 2026-11-23。", field=field) from None


def number_of(text: str, field: str) -> int:
    """Read a small whole number from a form. Raises Invalid(field)."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 5):
        raise Invalid("请填一个整数。", field=field)
    return int(digits)


def _do(
    request: Request, office: Office, facility_id: int, said: str, act: Any, values: dict[str, str] | None = None
) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        return _page(request, office, facility_id, refused=refused, values=values)
    return RedirectResponse(f"/officer/institutions/{facility_id}?said={said}", status_code=303)


def _page(
    request: Request, office: Office, facility_id: int, *, said: str = "", refused: DomainError | None = None,
    values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    session, today = office.work.session, civil_date(office.work.now)
    one = queries.institution(session, facility_id, today)
    names = office.names(
        one=one,
        filing=filings.steps_of(session, facility_id),
        grades=grades.grades_of(session, facility_id),
        papers=site_certificates.certificates_of(session, facility_id),
        rounds=inspections.inspections(session, facility_id=facility_id),
        requests=[asked for asked in grades.requests(session) if asked.facility_id == facility_id],
        next_steps=filings.MAY_FOLLOW[one.filing_step],
        today=today,
        said=said,
        values=EMPTY | (values or {}),
        errors={} if refused is None else {str(refused.facts.get("field", "step")): refused.message_zh},
    )
    return render(request, "officer/institution.html", names, status_code=status_of(refused) if refused else 200)


def _sheet(office: Office, limit: int, after: int) -> Sheet:
    today = civil_date(office.work.now)
    rows = queries.institutions(office.work.session, today, area_code=office.lo)
    words = {
        "applied": translate("已申请备案"), "filed": translate("已备案"), "changed": translate("已备案（有变更）"),
        "withdrawn": translate("已注销备案"), None: translate("没有备案"),
    }  # fmt: skip
    columns = [
        plain(translate("机构")), plain(translate("地址")), figure(translate("床位")), plain(translate("备案")),
        plain(translate("备案号")), figure(translate("等级")), plain(translate("证书号")), plain(translate("到期")),
    ]  # fmt: skip
    shown = [
        [
            one.name, one.address, one.beds, words[one.filing_step], one.filing_number or "", one.grade or "",
            one.certificate_number or "", full_date(one.expires_on) if one.expires_on else "",
        ]
        for one in rows[after : after + limit]
    ]  # fmt: skip
    return Sheet(
        title=translate("养老机构：备案和等级"), note=translate("等级按国家标准评定，5级最好；只显示今天有效的证书。"),
        columns=columns, rows=shown, count=len(rows), rules_version=office.rules.version, as_of=office.work.now,
    )  # fmt: skip
