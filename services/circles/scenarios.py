"""What if: an officer adds, moves and closes facilities in a drawing of her own; the register never hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geoalchemy2.elements import WKTElement
from sqlalchemy import func, insert, select, text, update
from sqlmodel import Session

import geo.errors
from geo.coordinates import to_wgs84
from services.acts import record_act
from services.circles.errors import UnknownWay
from services.circles.scenario_errors import (
    CannotSite,
    NoOfficeArea,
    NoScenario,
    NoSuchSite,
    NothingToTakeBack,
    NotYourScenario,
    TooManySteps,
    UnknownKind,
)
from services.circles.scenario_sites import Step, open_sites, steps_of
from services.circles.scenario_tables import Scenario, ScenarioChange
from services.cities.pack import CityRules
from services.cities.queries import city_of_area
from services.clock import civil_date
from services.columns import table_of
from services.unit_of_work import Actor

MOST_STEPS = 200
CHINA = (73.0, 3.0, 136.0, 54.0)
"""West, south, east, north in degrees."""
WRITERS = ("officer",)
_scenario = table_of(Scenario)
_change = table_of(ScenarioChange)


@dataclass(frozen=True)
class Place:
    """Where a facility is put: (lon, lat) as the officer gave them, and their system."""

    lon: float
    lat: float
    crs: str

    def in_wgs84(self) -> tuple[float, float]:
        """The same in WGS-84. Raises UnknownWay, and CannotSite for a place outside China, whose plane is not ours."""
        try:
            lon, lat = to_wgs84(self.lon, self.lat, self.crs)
        except geo.errors.UnknownCrs as error:
            raise UnknownWay(str(error), field="crs", known=list(error.known), given=self.crs) from error
        west, south, east, north = CHINA
        if not (west <= lon <= east and south <= lat <= north):
            raise CannotSite("这个位置不在中国境内，请核对经纬度和坐标系。", field="lon", lon=self.lon, lat=self.lat)
        return float(lon), float(lat)


def create_scenario(
    session: Session, now: datetime, actor: Actor, name: str, *, note: str = "", copy_of: int | None = None
) -> int:
    """Begin a scenario of the actor's office, empty or as a copy of one she may see; gives its id.

    Raises NoOfficeArea, NoScenario.
    """
    area = _office(actor)
    copied = steps_of(session, copy_of) if copy_of is not None else []
    row = {
        "area_code": area,
        "city_code": city_of_area(session, area),
        "name": name.strip()[:80] or "未命名方案",
        "note": note.strip()[:2000],
        "created_by": actor.person_id,
        "created_at": now,
        "changed_at": now,
        "copied_from": copy_of,
        "figures": {},
    }
    made = session.connection().execute(insert(_scenario).values(row).returning(_scenario.c.id)).scalar_one()
    _copy_steps(session, now, int(made), copied)
    _note(session, now, actor, "create_scenario", int(made), {"copied_from": copy_of} if copy_of else {})
    return int(made)


def change_scenario(
    session: Session,
    now: datetime,
    actor: Actor,
    scenario_id: int,
    *,
    name: str | None = None,
    note: str | None = None,
    shared: bool | None = None,
    archived: bool | None = None,
) -> None:
    """Rename a scenario, share it with the other offices of the area or take it back, put it away. Owner only."""
    _own(session, actor, scenario_id)
    values: dict[str, Any] = {"changed_at": now}
    if name is not None:
        values["name"] = name.strip()[:80] or "未命名方案"
    if note is not None:
        values["note"] = note.strip()[:2000]
    if shared is not None:
        values["shared_at"] = now if shared else None
    if archived is not None:
        values["archived_at"] = now if archived else None
    session.connection().execute(update(_scenario).where(_scenario.c.id == scenario_id).values(values))
    facts = {"shared": shared, "archived": archived, "renamed": name is not None}
    _note(session, now, actor, "change_scenario", scenario_id, facts)


def add_facility(
    session: Session,
    now: datetime,
    actor: Actor,
    scenario_id: int,
    rules: CityRules,
    *,
    at: Place,
    type_code: str,
    name: str = "",
    functions: list[str] | None = None,
) -> int:
    """Draw a new facility of a kind the city's rules know, with all its functions unless told; gives the step."""
    kinds = {kind.code: kind for kind in rules.facility_types}
    if type_code not in kinds:
        raise UnknownKind(field="type_code", known=list(kinds))
    known = {one.code for one in rules.functions}
    if functions is not None and not set(functions) <= known:
        raise UnknownKind(field="functions", known=sorted(known))
    kind = kinds[type_code]
    facts = {
        "type_code": type_code,
        "functions": list(kind.functions) if functions is None else functions,
        "name": name.strip()[:80] or kind.name_zh,
        **_drawn(at),
    }
    return _step(session, now, actor, scenario_id, "add", facts)


def move_facility(
    session: Session,
    now: datetime,
    actor: Actor,
    scenario_id: int,
    *,
    at: Place,
    facility_id: int | None = None,
    added_by: int | None = None,
) -> int:
    """Draw an open facility (of the register, or one that a step added) at another place; gives the step."""
    _standing(session, now, scenario_id, facility_id, added_by)
    facts = {"facility_id": facility_id, "added_by": added_by, **_drawn(at)}
    return _step(session, now, actor, scenario_id, "move", facts)


def close_facility(
    session: Session,
    now: datetime,
    actor: Actor,
    scenario_id: int,
    *,
    facility_id: int | None = None,
    added_by: int | None = None,
) -> int:
    """Draw an open facility as closed; gives the step."""
    _standing(session, now, scenario_id, facility_id, added_by)
    facts = {"facility_id": facility_id, "added_by": added_by}
    return _step(session, now, actor, scenario_id, "close", facts)


def take_back(session: Session, now: datetime, actor: Actor, scenario_id: int) -> int:
    """Take back the last step that stands; it stays in the history. Raises NothingToTakeBack."""
    _own(session, actor, scenario_id)
    step = session.connection().execute(
        text("SELECT max(step) FROM scenario_change WHERE scenario_id = :id AND undone_at IS NULL"), {"id": scenario_id}
    ).scalar()  # fmt: skip
    if step is None:
        raise NothingToTakeBack(scenario_id=scenario_id)
    connection = session.connection()
    which = (_change.c.scenario_id == scenario_id) & (_change.c.step == step)
    connection.execute(update(_change).where(which).values(undone_at=now))
    connection.execute(update(_scenario).where(_scenario.c.id == scenario_id).values(changed_at=now))
    _note(session, now, actor, "take_back_step", scenario_id, {"step": step})
    return int(step)


def _office(actor: Actor) -> int:
    if actor.area_lo is None or actor.role not in WRITERS or actor.read_only or actor.person_id is None:
        raise NoOfficeArea(role=actor.role)
    return actor.area_lo


def _own(session: Session, actor: Actor, scenario_id: int) -> None:
    """Hold the scenario for this act. Raises NoOfficeArea, NoScenario, NotYourScenario."""
    _office(actor)
    seen = select(_scenario.c.created_by).where(_scenario.c.id == scenario_id)
    owner = session.connection().execute(seen).scalar()
    if owner is None:
        raise NoScenario(scenario_id=scenario_id)
    if owner != actor.person_id:
        raise NotYourScenario(scenario_id=scenario_id)
    session.connection().execute(seen.with_for_update())


def _standing(session: Session, now: datetime, scenario_id: int, facility_id: int | None, added_by: int | None) -> None:
    """Make sure the scenario has this facility, open. Raises NoScenario, NoSuchSite."""
    sites = open_sites(session, scenario_id, civil_date(now))
    if not any((one.facility_id, one.added_by) == (facility_id, added_by) for one in sites):
        raise NoSuchSite(facility_id=facility_id, added_by=added_by)


def _drawn(at: Place) -> dict[str, Any]:
    lon, lat = at.in_wgs84()
    return {
        "geom": WKTElement(f"POINT({lon!r} {lat!r})", srid=4326),
        "original_lon": at.lon,
        "original_lat": at.lat,
        "original_crs": at.crs,
    }


def _step(session: Session, now: datetime, actor: Actor, scenario_id: int, kind: str, facts: dict[str, Any]) -> int:
    _own(session, actor, scenario_id)
    last = select(func.coalesce(func.max(_change.c.step), 0)).where(_change.c.scenario_id == scenario_id)
    step = int(session.connection().execute(last).scalar_one()) + 1
    if step > MOST_STEPS:
        raise TooManySteps(most=MOST_STEPS)
    row = {"functions": [], **facts, "scenario_id": scenario_id, "step": step, "kind": kind, "created_at": now}
    session.connection().execute(insert(_change).values(row))
    session.connection().execute(update(_scenario).where(_scenario.c.id == scenario_id).values(changed_at=now))
    told = {key: facts[key] for key in ("facility_id", "added_by", "type_code") if facts.get(key) is not None}
    _note(session, now, actor, f"scenario_{kind}", scenario_id, {"step": step, **told})
    return step


def _copy_steps(session: Session, now: datetime, scenario_id: int, steps: list[Step]) -> None:
    """Write the standing steps anew, numbered from 1; what they say of one another is kept."""
    numbers = {step.step: number for number, step in enumerate(steps, start=1)}
    for step in steps:
        place = None if step.lon is None else WKTElement(f"POINT({step.lon!r} {step.lat!r})", srid=4326)
        row = {
            "scenario_id": scenario_id,
            "step": numbers[step.step],
            "kind": step.kind,
            "facility_id": step.facility_id,
            "added_by": None if step.added_by is None else numbers[step.added_by],
            "name": step.name,
            "type_code": step.type_code,
            "functions": step.functions,
            "geom": place,
            "original_lon": step.original_lon,
            "original_lat": step.original_lat,
            "original_crs": step.original_crs,
            "created_at": now,
        }
        session.connection().execute(insert(_change).values(row))


def _note(session: Session, now: datetime, actor: Actor, verb: str, scenario_id: int, facts: dict[str, Any]) -> None:
    subject = ("scenario", scenario_id)
    record_act(session, now, actor, verb, area_code=actor.area_lo, subject=subject, facts=facts)
