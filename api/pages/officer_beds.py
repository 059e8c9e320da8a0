"""The office's beds: the register of homes, waiting lists, two sources and the value chosen, and what would be."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.bed_words import class_name, facts_counted, flags, ownerships, sources, why_here
from api.pages.filters import as_written, yuan
from api.pages.home_beds_room import act_in_home, day_of, show_home
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, speaking
from api.pages.officer_sheets import Sheet, answer, figure, plain
from api.pages.public_services import WholeForm
from services.beds import register, reports, waiting_queries
from services.beds.ratio import nursing_ratio, ratio_definition
from services.beds.what_if import Change, what_if
from services.cities.rules import area_range
from services.clock import civil_date
from services.errors import DomainError
from services.oversight.bed_watch import watch_ratio

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
On = Annotated[str, Query(max_length=10)]
Count = Annotated[str, Query(max_length=5)]


@router.get("/officer/beds/register")
@router.get("/officer/beds/register.csv")
def homes(request: Request, office: Desk, on: On = "", after: Annotated[int, Query(ge=0, le=10**6)] = 0) -> Response:
    """Show every home of the area with its beds, counted anew for any day from dated facts."""
    day = _day(on, civil_date(office.work.now))

    def build(most: int, past: int) -> Sheet:
        rows = register.register_on(office.work.session, day, lo=office.lo, hi=office.hi)
        whose = dict(ownerships())
        return Sheet(
            title=translate("养老机构和床位名册"),
            note=translate("按日期从登记里重新数出来；一张床可以同时算几种。"),
            columns=[
                plain(translate("机构")),
                plain(translate("性质")),
                plain(translate("普惠（每床每月最高）")),
                plain(translate("社区嵌入式")),
                *[figure(name) for name in _counted_names()],
            ],
            rows=[_home_row(row, whose) for row in rows[past : past + most]],
            count=len(rows),
            rules_version=office.rules.version,
            as_of=office.work.now,
            asked={"on": day.isoformat()},
        )

    return answer(request, office, build, after)


def _counted_names() -> list[str]:
    return [
        translate("许可"), translate("开放"), translate("已入住"), translate("其中外出"), *[word for _, word in flags()],
        translate("自理"), translate("半自理"), translate("全护理"), translate("特护"),
    ]  # fmt: skip


def _home_row(row: Any, whose: dict[str, str]) -> list[Any]:
    capped = "" if not row.price_capped else yuan(row.price_cap_fen) if row.price_cap_fen else translate("是")
    return [
        {"text": as_written(row.name), "href": f"/officer/homes/{row.facility_id}"},
        whose.get(row.ownership or "", translate("没有登记")), capped, translate("是") if row.embedded else "",
        row.licensed, row.open, row.occupied, row.on_leave, row.nursing, row.dementia, row.basic_guarantee,
        row.self_care, row.partial, row.full_care, row.special,
    ]  # fmt: skip


@router.get("/officer/beds/waiting")
def waiting_lists(request: Request, office: Desk) -> Response:
    """Show who waits for the area's homes, home by home, and how long people wait."""
    work = office.work
    with speaking(request):
        entries = [
            {"entry": one, "why": why_here(one), "class_name": class_name(one.class_facts, one.class_code)}
            for one in waiting_queries.waiting_lists(work.session, office.lo, office.hi)
        ]
        times = [
            {"time": one, "name": class_name({"name_zh": one.name_zh, "name_en": one.name_en}, one.class_code)}
            for one in waiting_queries.waiting_times(work.session, office.lo, office.hi, work.now)
        ]
    return render(request, "officer/bed_waiting.html", office.names(entries=entries, times=times))


@router.get("/officer/beds/sources")
def two_sources(request: Request, office: Desk) -> Response:
    """Show where homes, inspectors and the register differ."""
    return _sources(request, office)


@router.post("/officer/beds/sources/{facility_id:int}")
def choose(request: Request, office: Desk, facility_id: Id, form: WholeForm) -> Response:
    """Choose the official value of one count."""
    work, given = office.work, {name: str(value) for name, value in form.items()}
    try:
        with work.session.begin_nested():
            reports.choose_official(
                work.session, work.now, work.actor, facility_id, day_of(given, "day"), given.get("fact", ""),
                given.get("source", ""), given.get("reason", ""),
            )  # fmt: skip
    except DomainError as refused:
        key = f"reason-{facility_id}-{given.get('day', '')}-{given.get('fact', '')}"
        return _sources(request, office, {key: refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/beds/sources", status_code=303)


def _sources(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    rows = reports.differences(office.work.session, office.lo, office.hi, civil_date(office.work.now))
    with speaking(request):
        names = office.names(
            rows=rows,
            fact_words=dict(facts_counted()),
            source_words=dict(sources()),
            sources=sources(),
            errors=errors or {},
        )
    return render(request, "officer/bed_sources.html", names, status_code=status)


@router.get("/officer/beds/what-if")
def imagine(
    request: Request,
    office: Desk,
    home: Annotated[str, Query(max_length=18)] = "",
    certify: Count = "",
    more: Count = "",
) -> Response:
    """Show the city's ratio as it is, where it leads, and as it would be; nothing is written."""
    work, today = office.work, civil_date(office.work.now)
    watched = watch_ratio(work.session, office.city, today, ratio_definition(office.rules, None).code)
    errors: dict[str, str] = {}
    would = None
    if home.isdecimal():
        change = Change(int(home), _whole(certify), _whole(more))
        try:
            would = what_if(work.session, office.city, today, [change])
        except DomainError as refused:
            errors = {str(refused.facts.get("field", "certify")): refused.message_zh}
    lo, hi = area_range(office.city)
    choices = [
        (row.facility_id, row.name) for row in nursing_ratio(work.session, office.city, today, lo=lo, hi=hi).rows
    ]
    names = office.names(
        found=watched.found, ahead=watched.ahead, places=watched.places, would=would, choices=choices,
        given={"home": home, "certify": certify, "more": more}, errors=errors,
    )  # fmt: skip
    return render(request, "officer/bed_what_if.html", names)


@router.get("/officer/homes/{facility_id:int}")
def one_home(request: Request, office: Desk, facility_id: Id) -> Response:
    """Show one home's beds with everything an office does there."""
    return show_home(request, office.work, facility_id, _shell(office))


@router.post("/officer/homes/{facility_id:int}")
def act(request: Request, office: Desk, facility_id: Id, form: WholeForm) -> Response:
    """Do what one of the page's forms asks."""
    given = {name: str(value) for name, value in form.items()}
    return act_in_home(request, office.work, facility_id, _shell(office), given)


def _shell(office: Office) -> dict[str, Any]:
    return office.names(
        tabs="officer/tabs.html", home="/officer", here_base="/officer/homes", back_to="/officer/beds/register"
    )


def _day(written: str, today: date) -> date:
    try:
        chosen = date.fromisoformat(written)
    except ValueError:
        return today
    return chosen if date(2000, 1, 1) <= chosen <= date(2099, 12, 31) else today


def _whole(written: str) -> int:
    return int(written) if written.isdecimal() else 0
