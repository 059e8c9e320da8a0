"""An elder moves within the office's area, moves away, or dies: written down at the counter, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office
from geo.coordinates import CRS_NAMES
from services.cities.queries import area_names, areas_inside
from services.clock import civil_date
from services.columns import table_of
from services.errors import DomainError, Invalid
from services.people.actions import Home
from services.people.moving import LEAVINGS, move_elder, note_leaving
from services.people.queries import person_card
from services.people.rights import right_to
from services.people.tables import Person

router = APIRouter(include_in_schema=False)
ElderId = Annotated[int, Path(ge=1, le=2**62)]
Typed = Annotated[str, Form(max_length=40)]
SHOWN = 60
LEVELS = ("quarter", "community")
_person = table_of(Person)


@router.get("/desk/elders/{elder_id:int}/moving")
def moving(
    request: Request, office: Desk, elder_id: ElderId, place: Annotated[str, Query(max_length=40)] = "", said: str = ""
) -> Response:
    """Show where an elder is registered, and the forms for moving, leaving and taking back."""
    return _page(request, office, elder_id, place=place, said=said)


@router.post("/desk/elders/{elder_id:int}/moving")
def move(
    request: Request, office: Desk, elder_id: ElderId, area: Typed = "", lon: Typed = "", lat: Typed = "",
    crs: Typed = "wgs84",
) -> Response:  # fmt: skip
    """Write down where she lives from now on."""
    work = office.work

    def act() -> None:
        if not area.isdecimal() or len(area) != 15:
            raise Invalid("请选新住处在哪个社区或小区。", field="area")
        move_elder(work.session, work.now, work.actor, elder_id, int(area), _home(lon, lat, crs))

    return _do(request, office, elder_id, act, "area", "moved")


@router.post("/desk/elders/{elder_id:int}/leaving")
def leave(
    request: Request, office: Desk, elder_id: ElderId, reason: Typed = "", on: Typed = "", back: Typed = ""
) -> Response:
    """Write down that she died or moved away on a day, or take that back."""
    work = office.work

    def act() -> None:
        note_leaving(work.session, work.now, work.actor, elder_id, reason, None if back else _day(on))

    return _do(request, office, elder_id, act, "on", "back" if back else "left")


def _home(lon: str, lat: str, crs: str) -> Home | None:
    if not lon.strip() and not lat.strip():
        return None
    try:
        home = Home(float(lon), float(lat), crs)
    except ValueError:
        raise Invalid("经度和纬度请写成数字，例如 118.7861 和 32.0423。", field="lon") from None
    if not (73 <= home.lon <= 136 and 17 <= home.lat <= 54) or crs not in CRS_NAMES:
        raise Invalid("经度和纬度请写成数字，例如 118.7861 和 32.0423。", field="lon")
    return home


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Invalid("请写是哪一天。", field="on") from None


def _do(request: Request, office: Office, elder_id: int, act: Callable[[], None], place: str, said: str) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        field = {"area_code": "area"}.get(
            str(refused.facts.get("field", place)), str(refused.facts.get("field", place))
        )
        return _page(request, office, elder_id, errors={field: refused.message_zh}, status=status_of(refused))
    return RedirectResponse(f"/desk/elders/{elder_id}/moving?said={said}", status_code=303)


def _page(
    request: Request, office: Office, elder_id: int, *, place: str = "", said: str = "",
    errors: dict[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    work, today = office.work, civil_date(office.work.now)
    right_to(work.session, work.actor, elder_id, "view", work.now)
    card = person_card(work.session, elder_id, today)
    gone = work.session.connection().execute(
        select(_person.c.died_on, _person.c.moved_out_on).where(_person.c.id == elder_id)
    ).one()  # fmt: skip
    names: dict[str, Any] = office.names(
        elder={"id": elder_id, "name": card.full_name, "died_on": gone.died_on, "moved_out_on": gone.moved_out_on},
        lives_in=_named(office, card.area_code),
        places=_places(office, place.strip()),
        place=place,
        reasons=tuple(LEAVINGS),
        crs_names=CRS_NAMES,
        today=today,
        said=said if said in ("moved", "left", "back") else "",
        errors=errors or {},
    )
    return render(request, "officer/moving.html", names, status_code=status)


def _named(office: Office, code: int) -> str:
    known = area_names(office.work.session, {code, code // 1000 * 1000, code // 10**6 * 10**6})
    return " ".join(dict.fromkeys(known[one] for one in sorted(known)))


def _places(office: Office, asked: str) -> list[tuple[int, str]]:
    """The communities and quarters of the area whose name holds what was asked for, each with its community."""
    session, found = office.work.session, []
    for level in LEVELS:
        rows = areas_inside(session, office.lo, level, civil_date(office.work.now))
        found += [row for row in rows if asked in row.name]
    above = area_names(session, {row.parent_code for row in found if row.parent_code})
    return [(row.code, f"{above.get(row.parent_code, '')} {row.name}".strip()) for row in found[:SHOWN]]
