"""What a scenario looks like: its steps that stand, and the facilities that are open when they are taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from services.circles.places import Doors, read_doors
from services.circles.scenario_errors import NoScenario

ADDED = -1
"""Facilities that a step added have the negative of the step as their id among the doors."""


@dataclass(frozen=True)
class ScenarioCard:
    """A scenario in a list: whose, of which area, how many steps stand, and its last figures with their versions."""

    id: int
    area_code: int
    city_code: int
    name: str
    note: str
    created_by: int
    created_by_name: str | None
    created_at: datetime
    changed_at: datetime
    shared_at: datetime | None
    archived_at: datetime | None
    copied_from: int | None
    network_version_id: int | None
    rules_version_id: int | None
    judged_on: date | None
    figures: dict[str, Any]
    steps: int


@dataclass(frozen=True)
class Step:
    """One step that stands: what it does to which facility, and where; (lon, lat) degrees WGS-84."""

    step: int
    kind: str
    facility_id: int | None
    added_by: int | None
    name: str | None
    type_code: str | None
    functions: list[str]
    lon: float | None
    lat: float | None
    original_lon: float | None
    original_lat: float | None
    original_crs: str | None
    created_at: datetime
    facility_name: str | None


@dataclass(frozen=True)
class Site:
    """A facility that is open in a scenario: of the register, or added by a step; `moved` from its own place."""

    facility_id: int | None
    added_by: int | None
    name: str
    type_code: str
    functions: tuple[str, ...]
    lon: float
    lat: float
    area_code: int
    moved: bool = False

    @property
    def key(self) -> int:
        """Its id among the doors: the facility's own, or the negative of the step that added it."""
        return self.facility_id if self.facility_id is not None else ADDED * (self.added_by or 0)


_CARD = (
    "SELECT s.id, s.area_code, s.city_code, s.name, s.note, s.created_by, p.full_name AS created_by_name, s.created_at,"
    " s.changed_at, s.shared_at, s.archived_at, s.copied_from, s.network_version_id, s.rules_version_id, s.judged_on,"
    " s.figures, (SELECT count(*) FROM scenario_change AS c WHERE c.scenario_id = s.id AND c.undone_at IS NULL) AS steps"
    " FROM scenario AS s LEFT JOIN person AS p ON p.id = s.created_by"
)
_LIST = text(_CARD + " WHERE s.archived_at IS NULL ORDER BY s.changed_at DESC, s.id DESC LIMIT :most")
_ONE = text(_CARD + " WHERE s.id = :id")
_STEPS = text(
    "SELECT c.step, c.kind, c.facility_id, c.added_by, c.name, c.type_code, c.functions, ST_X(c.geom), ST_Y(c.geom),"
    " c.original_lon, c.original_lat, c.original_crs, c.created_at, f.name"
    " FROM scenario_change AS c LEFT JOIN facility AS f ON f.id = c.facility_id"
    " WHERE c.scenario_id = :id AND c.undone_at IS NULL ORDER BY c.step"
)
_OPEN = text(
    "SELECT id, name, type_code, functions, ST_X(geom), ST_Y(geom), area_code FROM facility"
    " WHERE id = ANY (CAST(:ids AS bigint[])) ORDER BY id"
)


def list_scenarios(session: Session, most: int = 200) -> list[ScenarioCard]:
    """Give the scenarios the caller may see, her own and shared ones, changed last first."""
    return [ScenarioCard(*row) for row in session.connection().execute(_LIST, {"most": most})]


def find_scenario(session: Session, scenario_id: int) -> ScenarioCard:
    """Give one scenario. Raises NoScenario where it is not there or not hers to see."""
    row = session.connection().execute(_ONE, {"id": scenario_id}).one_or_none()
    if row is None:
        raise NoScenario(scenario_id=scenario_id)
    return ScenarioCard(*row)


def steps_of(session: Session, scenario_id: int) -> list[Step]:
    """Give the steps that stand, in order. Raises NoScenario."""
    find_scenario(session, scenario_id)
    return [Step(*row) for row in session.connection().execute(_STEPS, {"id": scenario_id})]


def open_sites(session: Session, scenario_id: int, on: date) -> list[Site]:
    """Give the facilities of the city that are open in the scenario on a day, added ones last. Raises NoScenario."""
    card = find_scenario(session, scenario_id)
    doors = read_doors(session, card.city_code, on)
    return taken(_registered(session, doors), steps_of(session, scenario_id))


def taken(sites: list[Site], steps: list[Step]) -> list[Site]:
    """Take the steps, one after the other, from what is open in the register."""
    standing = {site.key: site for site in sites}
    for step in steps:
        if step.kind == "add":
            standing[ADDED * step.step] = Site(
                None, step.step, step.name or "", step.type_code or "", tuple(step.functions),
                float(step.lon or 0.0), float(step.lat or 0.0), 0,
            )  # fmt: skip
            continue
        key = step.facility_id if step.facility_id is not None else ADDED * (step.added_by or 0)
        if key not in standing:  # closed in the register since, or by a step before
            continue
        if step.kind == "close":
            del standing[key]
        else:
            lon, lat = float(step.lon or 0.0), float(step.lat or 0.0)
            standing[key] = replace(standing[key], lon=lon, lat=lat, moved=True)
    return list(standing.values())


def changed_doors(session: Session, doors: Doors, steps: list[Step], area_of: dict[int, int]) -> Doors:
    """The doors of a city when a scenario's steps are taken; `area_of` gives the area of an added or moved place."""
    places = dict(zip(doors.ids.tolist(), doors.day_places.tolist(), strict=True))
    sites = taken(_registered(session, doors), steps)
    return Doors(
        ids=np.array([site.key for site in sites], dtype=np.int64),
        type_codes=[site.type_code for site in sites],
        functions=[frozenset(site.functions) for site in sites],
        lons=np.array([site.lon for site in sites], dtype=np.float64),
        lats=np.array([site.lat for site in sites], dtype=np.float64),
        area_codes=np.array([area_of.get(site.key, site.area_code) for site in sites], dtype=np.int64),
        day_places=np.array([places.get(site.key, 0) for site in sites], dtype=np.int64),
    )


def _registered(session: Session, doors: Doors) -> list[Site]:
    rows = session.connection().execute(_OPEN, {"ids": doors.ids.tolist()})
    return [Site(row[0], None, row[1], row[2], tuple(row[3] or ()), row[4], row[5], row[6]) for row in rows]
