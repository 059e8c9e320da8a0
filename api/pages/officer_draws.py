"""Draws at the officer's desk: who inspects, who is watched closely, lists frozen and seeds shown."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_institutions import number_of
from api.pages.officer_office import Desk, Office, speaking
from api.pages.public_inspections import procedure
from services.clock import civil_date
from services.directory.queries import providers_in
from services.errors import DomainError, Invalid
from services.language import for_reader
from services.people.queries import names_of
from services.supervision import checklists, drawing, inspectors, queries
from services.visits.complaints import officers_for

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=400)]
EMPTY = dict.fromkeys(
    ("title", "checklist", "key_wanted", "others_wanted", "inspectors_each", "public_source", "person_id", "code",
     "department", "facility_id", "key_reason"),
    "",
)  # fmt: skip


@router.get("/officer/draws")
def draws_page(request: Request, office: Desk, said: str = "") -> Response:
    """Show the draws, the inspectors with whom they must not meet, and the key targets."""
    return _page(request, office, said=said)


@router.post("/officer/draws")
def commit(
    request: Request, office: Desk, title: Short = "", checklist: Short = "", key_wanted: Short = "",
    others_wanted: Short = "", inspectors_each: Short = "", public_source: Short = "",
) -> Response:  # fmt: skip
    """Freeze the lists and commit to a seed."""
    work = office.work
    values = {
        "title": title, "checklist": checklist, "key_wanted": key_wanted, "others_wanted": others_wanted,
        "inspectors_each": inspectors_each, "public_source": public_source,
    }  # fmt: skip

    def act() -> None:
        wish = drawing.NewDraw(
            title, checklist, number_of(key_wanted, "key_wanted"), number_of(others_wanted, "others_wanted"),
            number_of(inspectors_each, "inspectors_each"), public_source,
        )  # fmt: skip
        drawing.commit_draw(work.session, work.now, work.actor, wish)

    return _do(request, office, act, "title", values)


@router.get("/officer/draws/{draw_id:int}")
def draw_page(request: Request, office: Desk, draw_id: Id) -> Response:
    """Show one draw with the printed procedure; before it is drawn, the form that draws."""
    return _one(request, office, draw_id)


@router.post("/officer/draws/{draw_id:int}/reveal")
def reveal(request: Request, office: Desk, draw_id: Id, public_word: Short = "") -> Response:
    """Show the seed and draw."""
    work = office.work
    try:
        with work.session.begin_nested():
            drawing.reveal_draw(work.session, work.now, work.actor, draw_id, public_word)
    except DomainError as refused:
        return _one(request, office, draw_id, refused)
    return RedirectResponse(f"/officer/draws/{draw_id}", status_code=303)


@router.post("/officer/inspectors")
def appoint(
    request: Request, office: Desk, person_id: Short = "", code: Short = "", department: Short = ""
) -> Response:
    """Put somebody on the list of inspectors."""
    work = office.work

    def act() -> None:
        inspectors.appoint(work.session, work.now, work.actor, id_of(person_id, "person_id"), code, department)

    return _do(request, office, act, "code", {"person_id": person_id, "code": code, "department": department})


@router.post("/officer/inspectors/{inspector_id:int}/end")
def end_appointment(request: Request, office: Desk, inspector_id: Id) -> Response:
    """Take an inspector off the list."""
    work = office.work
    return _do(
        request, office, lambda: inspectors.end_appointment(work.session, work.now, work.actor, inspector_id), "code"
    )


@router.post("/officer/inspectors/conflict")
def declare(
    request: Request, office: Desk, inspector_id: Short = "", provider_id: Short = "", conflict_reason: Words = ""
) -> Response:
    """Note whom an inspector must not inspect."""
    work = office.work

    def act() -> None:
        inspectors.declare_conflict(
            work.session, work.now, work.actor, id_of(inspector_id, "inspector_id"), id_of(provider_id, "provider_id"),
            conflict_reason,
        )  # fmt: skip

    return _do(request, office, act, "conflict_reason")


@router.post("/officer/key-targets")
def watch(request: Request, office: Desk, facility_id: Short = "", key_reason: Words = "") -> Response:
    """Put an institution on the list of key targets."""
    work = office.work

    def act() -> None:
        inspectors.watch_closely(work.session, work.now, work.actor, id_of(facility_id, "facility_id"), key_reason)

    return _do(request, office, act, "key_reason", {"facility_id": facility_id, "key_reason": key_reason})


@router.post("/officer/key-targets/{key_target_id:int}/end")
def stop_watching(request: Request, office: Desk, key_target_id: Id, reason: Words = "") -> Response:
    """Take an institution off the list of key targets."""
    work = office.work
    return _do(
        request, office, lambda: inspectors.stop_watching(work.session, work.now, work.actor, key_target_id, reason),
        "key_reason",
    )  # fmt: skip


def id_of(told: str, field: str) -> int:
    """Read the number of a chosen row. Raises Invalid(field)."""
    digits = told.strip()
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits[:20]) <= 2**62):
        raise Invalid("请从名单里选一个。", field=field)
    return int(digits)


def sites_to_choose(office: Office) -> list[tuple[int, str]]:
    """Give the area's institutions for a selector."""
    today = civil_date(office.work.now)
    return [(one.id, one.name) for one in queries.institutions(office.work.session, today, area_code=office.lo)]


def checklists_to_choose(request: Request, office: Office) -> list[tuple[str, str]]:
    """Give the checklists in force for a selector."""
    known = checklists.checklists_on(office.work.session, civil_date(office.work.now))
    with speaking(request):
        return [(one.paper.code, for_reader(one.paper.name_zh, one.paper.name_en)) for one in known]


def _do(request: Request, office: Office, act: Any, field: str, values: dict[str, str] | None = None) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        return _page(request, office, refused=refused, field=field, values=values)
    return RedirectResponse("/officer/draws?said=done", status_code=303)


def _page(
    request: Request, office: Office, *, said: str = "", refused: DomainError | None = None, field: str = "title",
    values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    session = office.work.session
    known = inspectors.inspectors_on(session, office.lo, office.hi, civil_date(office.work.now))
    providers = [(row.id, row.name) for row in providers_in(session, office.lo, office.hi)]
    names_by_id = dict(providers)
    pairs: dict[int, list[str]] = {}
    for row in inspectors.conflicts_between(session, [one.id for one in known]):
        name = names_by_id.get(row.provider_id, str(row.provider_id))
        if name not in pairs.setdefault(row.inspector_id, []):
            pairs[row.inspector_id].append(name)
    names = office.names(
        draws=[one for one in drawing.draws(session) if office.lo <= one.area_code <= office.hi],
        inspectors=known,
        pairs=pairs,
        keys=[one for one in inspectors.key_targets(session) if office.lo <= one.area_code <= office.hi],
        checklists=checklists_to_choose(request, office),
        people=sorted(names_of(session, officers_for(session, office.lo)).items()),
        providers=providers,
        sites=sites_to_choose(office),
        said=said,
        values=EMPTY | (values or {}),
        errors={} if refused is None else {str(refused.facts.get("field", field)): refused.message_zh},
    )
    return render(request, "officer/draws.html", names, status_code=status_of(refused) if refused else 200)


def _one(request: Request, office: Office, draw_id: int, refused: DomainError | None = None) -> Response:
    session = office.work.session
    names = office.names(
        one=drawing.find_draw(session, draw_id),
        targets=drawing.targets_of(session, draw_id),
        procedure=procedure(request),
        errors={} if refused is None else {"public_word": refused.message_zh},
    )
    return render(request, "officer/draw.html", names, status_code=status_of(refused) if refused else 200)
