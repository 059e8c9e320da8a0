"""The streets the circles are drawn on: which version, how far trusted, and the gates an officer opens or bars."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.network import AreaTrustOut, GateIn, GateOut, NetworkOut
from services.circles.confidence import confidence_by_area
from services.circles.gates import add_gate, list_gates, remove_gate
from services.circles.streets import version_in_service
from services.cities.queries import area_names, city_of_area
from services.cities.rules import area_range
from services.errors import Invalid, NotAllowed
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["network"])
City = Annotated[
    int | None,
    Query(ge=110000000000000, le=999999999999999, description="15-digit city code; default: the office's own city"),
]
Level = Annotated[Literal["district", "street", "community"], Query()]
GateId = Annotated[int, Path(ge=1, le=2**62)]
_REPORTED = (
    "nodes", "edges", "length_m", "length_m_by_class", "components", "usable_components", "usable_length_share",
    "footway_length_share", "confidence", "confidence_reasons",
)  # fmt: skip


@router.get("/network", response_model=NetworkOut, responses=problems(401, 403, 404), summary="The network in service")
def network(work: Work, city: City = None) -> NetworkOut:
    """Give the streets a city's circles are drawn on, with what their import found."""
    version = version_in_service(work.session, _city(work, city))
    facts = {key: version.report[key] for key in _REPORTED}
    return NetworkOut(
        version_id=version.id,
        revision=version.revision,
        city_code=version.city_code,
        name=version.name,
        source_name=version.source_name,
        imported_at=version.imported_at,
        **facts,
    )


@router.get(
    "/network/confidence",
    response_model=list[AreaTrustOut],
    responses=problems(401, 403, 404),
    summary="How far each area's streets may be trusted",
)
def confidence(work: Work, city: City = None, level: Level = "community") -> list[AreaTrustOut]:
    """Give the judgement of every area of a level that has an outline, by code."""
    code = _city(work, city)
    version = version_in_service(work.session, code)
    judged = confidence_by_area(work.session, version.id, code, level)
    names = area_names(work.session, {area.area_code for area in judged})
    return [
        AreaTrustOut.model_validate(asdict(area) | {"name": names.get(area.area_code), "reasons": list(area.reasons)})
        for area in judged
    ]


@router.get(
    "/network/gates", response_model=list[GateOut], responses=problems(401, 403, 404), summary="Gates and barriers"
)
def gates(work: Work, city: City = None, removed: bool = False) -> list[GateOut]:
    """Give the gates and barriers of the office's own area, with what each does to the streets."""
    code = _city(work, city)
    lo, hi = _span(work, code)
    rows = list_gates(work.session, code, lo, hi, with_removed=removed)
    return [GateOut.model_validate(asdict(row) | {"way_ids": list(row.way_ids)}) for row in rows]


@router.post(
    "/network/gates",
    status_code=201,
    response_model=GateOut,
    responses=problems(401, 403, 404),
    summary="Open a way through, or bar one",
)
def open_or_bar(work: Work, asked: GateIn) -> GateOut:
    """Say that here one walks through, or does not: circles follow at once, stored reach within seconds."""
    code = _city(work, asked.city_code)
    place = asked.lon, asked.lat
    number = add_gate(work.session, work.now, work.actor, code, asked.kind, place, asked.crs, asked.reason)
    row = next(row for row in list_gates(work.session, code, *_span(work, code)) if row.id == number)
    return GateOut.model_validate(asdict(row) | {"way_ids": list(row.way_ids)})


@router.delete(
    "/network/gates/{gate_id}", status_code=204, responses=problems(401, 403, 404), summary="Take a gate away"
)
def take_away(work: Work, gate_id: GateId) -> None:
    """Take a gate or barrier away: the map's own streets come back there."""
    remove_gate(work.session, work.now, work.actor, gate_id)


def _city(work: UnitOfWork, asked: int | None) -> int:
    """The city an office acts in: its own, or the one an administrator names."""
    actor = work.actor
    if not actor.has_role("officer", "advisor", "auditor", "operator", "administrator"):
        raise NotAllowed("只有民政部门的工作人员可以查看路网。", reason="role")
    if asked is not None and (actor.area_lo is None or actor.role == "administrator"):
        return asked
    if actor.area_lo is None:
        raise Invalid("请写明城市代码。", field="city")
    return city_of_area(work.session, actor.area_lo)


def _span(work: UnitOfWork, city_code: int) -> tuple[int, int]:
    """The areas whose gates the actor answers for."""
    if work.actor.area_lo is None or work.actor.area_hi is None or work.actor.role == "administrator":
        return area_range(city_code)
    return work.actor.area_lo, work.actor.area_hi
