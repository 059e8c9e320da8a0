"""The officer's gates and barriers: what she knows of her compounds better than any map, and the circles follow."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api.errors import status_of
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.list_words import system_words
from api.pages.officer_escalations import Posted
from api.pages.officer_office import Desk, Office, speaking
from api.schemas.network import GateIn
from services.circles.gates import add_gate, list_gates, remove_gate
from services.errors import DomainError
from services.oversight.mapping import extent

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
WRITERS = frozenset({"officer", "administrator"})
CENTRE_OF_CHINA = (108.9, 34.3)


@router.get("/officer/gates")
def gates_page(request: Request, office: Desk) -> Response:
    """Show the gates and barriers of the area with what each does to the streets, removed ones last."""
    return _page(request, office)


@router.post("/officer/gates")
def add(request: Request, office: Desk, posted: Posted) -> Response:
    """Open a way through at a point, or bar one."""
    told = {name: str(posted.get(name, "")).strip() for name in ("kind", "lon", "lat", "crs", "reason")}
    work = office.work
    try:
        asked = GateIn.model_validate(told)
        with work.session.begin_nested():
            place = (asked.lon, asked.lat)
            add_gate(work.session, work.now, work.actor, office.city, asked.kind, place, asked.crs, asked.reason)
    except ValidationError as wrong:
        with speaking(request):
            errors = {str(one["loc"][0]): _what_is_wrong(str(one["loc"][0])) for one in wrong.errors()}
        return _page(request, office, told, errors, 422)
    except DomainError as refused:
        return _page(request, office, told, {"lon": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/gates", status_code=303)


@router.post("/officer/gates/{gate_id:int}/remove")
def take_away(request: Request, office: Desk, gate_id: Id) -> Response:
    """Take a gate or barrier away: the map's own streets come back there."""
    work = office.work
    try:
        with work.session.begin_nested():
            remove_gate(work.session, work.now, work.actor, gate_id)
    except DomainError as refused:
        return _page(request, office, {}, {"lon": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/gates", status_code=303)


def _what_is_wrong(field: str) -> str:
    return {
        "kind": translate("请选是能走还是不能走"),
        "lon": translate("请在地图上点一下，或填写经度"),
        "lat": translate("请在地图上点一下，或填写纬度"),
        "crs": translate("请选坐标是哪种地图的"),
    }.get(field, translate("请写明原因（2 到 200 个字）"))


def effect_words() -> dict[str, tuple[str, str]]:
    """Say what a gate or barrier does: a tone and words."""
    return {
        "opens": ("ok", translate("已接通")),
        "bars": ("ok", translate("已隔断")),
        "no_street": ("warn", translate("附近没有路，没有作用")),
        "no_other_side": ("warn", translate("两边本来就通，没有作用")),
        "no_network": ("warn", translate("还没有路网")),
        "removed": ("info", translate("已撤下")),
    }


def _page(
    request: Request,
    office: Office,
    told: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    session = office.work.session
    rows = list_gates(session, office.city, office.lo, office.hi, with_removed=True)
    with speaking(request):
        effects = effect_words()
        names = office.names(
            gates=[
                {"row": row, "tone": effects[row.effect][0], "does": effects[row.effect][1]} for row in _ordered(rows)
            ],
            community_names=office.community_names({row.area_code for row in rows}),
            may_write=office.work.actor.role in WRITERS and not office.read_only,
            kinds=[
                ("gate", translate("这里能走（小区门开着）")),
                ("barrier", translate("这里走不通（围墙、锁着的门）")),
            ],
            systems=system_words(),
            told={"kind": "gate", "lon": "", "lat": "", "crs": "wgs84", "reason": ""} | (told or {}),
            map=_map(office),
            errors=errors or {},
        )
    return render(request, "officer/gates.html", names, status_code=status)


def _ordered(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: (row.removed_at is not None, -row.id))


def _map(office: Office) -> dict[str, Any]:
    box = extent(office.work.session, office.lo, office.hi)
    centre = CENTRE_OF_CHINA if box is None else ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return {"center": list(centre), "zoom": 13.5 if box else 4, "bounds": list(box) if box else None, "guess": None}
