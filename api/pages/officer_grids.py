"""Grids and who walks them, visits the government buys, leave and stand-ins, and late facts about closed months."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.care_events import channel_words
from api.pages.care_group_words import ending_words
from api.pages.filters import as_written, full_date
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, speaking
from api.pages.officer_sheets import Sheet, answer, plain
from services.cities.queries import area_names
from services.cities.rules import area_range
from services.clock import SHANGHAI, civil_date
from services.directory.queries import providers_in
from services.errors import DomainError
from services.language import for_reader
from services.people.privacy import mask_name
from services.visits.absences import absences, cancel_absence, enter_absence
from services.visits.compliance import month_compliance
from services.visits.corrections import Correction, corrections
from services.visits.grids import actor_kinds, close_grid, draw_grid, grids, set_worker
from services.visits.purchases import NewPurchase, buy_visits, purchases
from services.visits.task_queries import people_to_send

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Number = Annotated[str, Form(max_length=19, pattern=r"^[0-9]*$")]
Short = Annotated[str, Form(max_length=60)]
Words = Annotated[str, Form(max_length=20_000)]
Day = Annotated[str, Form(max_length=10)]
Month = Annotated[str, Query(pattern=r"^([0-9]{4}-(0[1-9]|1[0-2]))?$")]
After = Annotated[int, Query(ge=0, le=1_000_000)]
MONTHS_BACK = 12


@router.get("/officer/grids")
def grid_page(request: Request, office: Desk) -> Response:
    """Show the grids with who walks them, the purchases, and who is away."""
    return _page(request, office)


@router.post("/officer/grids")
def draw(
    request: Request, office: Desk, area_code: Number = "", name: Short = "", far: Short = "", outline: Words = ""
) -> Response:
    """Draw a grid; an outline is given as corners, one a line: longitude, latitude (WGS-84)."""

    def act() -> None:
        work = office.work
        corners = [line.replace(",", " ").replace("，", " ").split() for line in outline.splitlines() if line.strip()]
        numbers = [[_figure(part) for part in corner] for corner in corners] or None
        draw_grid(
            work.session,
            work.now,
            work.actor,
            int(area_code or 0),
            name,
            far=far == "yes",
            outline=numbers,
            crs="wgs84",
        )

    return _done(request, office, act, "name")


def _figure(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return float("nan")


@router.post("/officer/grids/{grid_id:int}/worker")
def worker(
    request: Request,
    office: Desk,
    grid_id: Id,
    person_id: Number = "",
    actor_kind: Short = "grid_worker",
    part: Short = "lead",
) -> Response:
    """Put somebody in charge of a grid, or beside who is."""
    work = office.work
    return _done(
        request, office,
        lambda: set_worker(work.session, work.now, work.actor, grid_id, int(person_id or 0), actor_kind, part),
        f"person-{grid_id}",
    )  # fmt: skip


@router.post("/officer/grids/{grid_id:int}/close")
def close(request: Request, office: Desk, grid_id: Id) -> Response:
    """End a grid from today on."""
    work = office.work
    return _done(request, office, lambda: close_grid(work.session, work.now, work.actor, grid_id), f"person-{grid_id}")


@router.post("/officer/purchases")
def buy(
    request: Request,
    office: Desk,
    provider_id: Number = "",
    area_code: Number = "",
    contract_number: Short = "",
    from_on: Day = "",
    until_on: Day = "",
    price_yuan: Number = "",
    budget_yuan: Number = "",
    care_package: Short = "",
) -> Response:
    """Write down visits the government buys from a provider, with the care package it brings."""

    def act() -> None:
        work = office.work
        new = NewPurchase(
            provider_id=int(provider_id or 0), area_code=int(area_code or 0), contract_number=contract_number,
            from_on=_day(from_on), until_on=_day(until_on), price_fen=int(price_yuan[:9] or 0) * 100,
            budget_fen=int(budget_yuan[:12] or 0) * 100,
            care_package=tuple(part.strip() for part in care_package.replace("，", "、").replace(",", "、").split("、") if part.strip()),
        )  # fmt: skip
        buy_visits(work.session, work.now, work.actor, new)

    return _done(request, office, act, "contract_number")


@router.post("/officer/leave")
def leave(
    request: Request,
    office: Desk,
    person_id: Number = "",
    first_on: Day = "",
    last_on: Day = "",
    stand_in_id: Number = "",
) -> Response:
    """Write down somebody's leave and who stands in."""
    work = office.work
    return _done(
        request, office,
        lambda: enter_absence(
            work.session, work.now, work.actor, int(person_id or 0), _day(first_on), _day(last_on),
            int(stand_in_id) if stand_in_id else None,
        ) and None,
        "last_on",
    )  # fmt: skip


@router.post("/officer/leave/{absence_id:int}/cancel")
def cancel(request: Request, office: Desk, absence_id: Id) -> Response:
    """Take a leave back."""
    work = office.work
    return _done(request, office, lambda: cancel_absence(work.session, work.now, work.actor, absence_id), "last_on")


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return date(1900, 1, 1)


def _done(request: Request, office: Office, act: Any, field: str) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        told = str(refused.facts.get("field", field))
        return _page(request, office, {told: refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/grids", status_code=303)


def _page(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    work, today = office.work, civil_date(office.work.now)
    rows = grids(work.session, office.lo, office.hi)
    communities = _communities(office)
    with speaking(request):
        names = office.names(
            grids=[{"row": row, "community": communities.get(row.area_code // 1000 * 1000, "")} for row in rows],
            communities=[(str(code), name) for code, name in communities.items()],
            people=[(row.id, row.full_name) for row in people_to_send(work.session, office.lo, office.hi)],
            kinds=[(row.code, for_reader(row.name_zh, row.name_en)) for row in actor_kinds(work.session)],
            parts=[("lead", translate("负责")), ("companion", translate("一起去"))],
            yes_no=[("", translate("不远")), ("yes", translate("路远，电话也算"))],
            providers=[(row.id, row.name) for row in providers_in(work.session, *area_range(office.city))],
            areas={code: name for code, name in communities.items()} | {office.lo: office.area_name},
            purchases=purchases(work.session, office.lo, office.hi),
            absences=absences(work.session, office.lo, office.hi, today),
            today=today,
            later=today + timedelta(days=364),
            errors=errors or {},
        )
    return render(request, "officer/grids.html", names, status_code=status)


def _communities(office: Office) -> dict[int, str]:
    codes = office.work.session.connection().exec_driver_sql(
        "SELECT code FROM area WHERE level = 'community' AND code BETWEEN %s AND %s ORDER BY code",
        (office.lo, office.hi),
    )
    return area_names(office.work.session, set(codes.scalars()))


@router.get("/officer/visit-months")
@router.get("/officer/visit-months.csv")
def late_facts(request: Request, office: Desk, month: Month = "", after: After = 0) -> Response:
    """Show a closed month as it stood, and what became known of it afterwards."""
    work = office.work
    today = civil_date(work.now)
    months = _months(today)
    chosen = date.fromisoformat(f"{month}-01") if month else months[1]

    def build(most: int, past: int) -> Sheet:
        stood = month_compliance(work.session, work.now, chosen, lo=office.lo, hi=office.hi, level="community")
        rows = corrections(work.session, work.now, chosen, lo=office.lo, hi=office.hi)
        page = rows[past : past + most]
        names = office.community_names({row.area_code for row in page})
        return Sheet(
            title=translate("%(month)s 的探访，和后来才知道的事") % {"month": f"{chosen:%Y-%m}"},
            note=translate("应访 %(due)s 位，已访 %(done)s 位，另有补录 %(late)s 位。月份关账后，这些数不再变；后来知道的列在下面。%(definition)s")
            % {"due": stood.due, "done": stood.done, "late": stood.late_only, "definition": stood.definition},
            columns=[
                plain(translate("老人")), plain(translate("社区")), plain(translate("后来知道什么")), plain(translate("发生")),
                plain(translate("什么时候知道"), "ascending"), plain(translate("说明")),
            ],
            rows=[
                [
                    {"text": as_written(mask_name(row.elder_name or "—")), "href": f"/officer/visits/{row.elder_id}"},
                    as_written(names[row.area_code]), _kinds()[row.kind], full_date(row.on),
                    f"{full_date(row.known_at)} {row.known_at.astimezone(SHANGHAI):%H:%M}", _why(row),
                ]
                for row in page
            ],
            count=len(rows),
            rules_version=stood.rules_version,
            as_of=work.now,
            asked={"month": f"{chosen:%Y-%m}"},
            filters=[
                {
                    "name": "month", "label": translate("月份"), "value": f"{chosen:%Y-%m}",
                    "choices": [(f"{one:%Y-%m}", f"{one:%Y-%m}") for one in months],
                }
            ],
        )  # fmt: skip

    return answer(request, office, build, after)


def _months(today: date) -> list[date]:
    found = [today.replace(day=1)]
    while len(found) <= MONTHS_BACK:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def _kinds() -> dict[str, str]:
    return {
        "left": translate("当时已不在名单上"),
        "joined": translate("当时应在名单上"),
        "entered_late": translate("见到了，补录太晚，不算"),
        "disputed": translate("这次上门后来被否认"),
    }


def _why(row: Correction) -> str:
    known = {**ending_words(), **channel_words()}
    return known.get(row.reason or "", row.reason or "")
