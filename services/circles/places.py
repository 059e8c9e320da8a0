"""Reads the doors that circles are drawn between: elders' homes (or places of demand) and a city's open facilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlmodel import Session

from services.cities.rules import area_range

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

MILLIONTHS = 1_000_000
"""Elders are counted in millionths, whole numbers all the way, so that sums are conserved to the last digit."""

_COUNTED_HOMES = (
    "SELECT p.id, p.area_code, ST_X(p.home), ST_Y(p.home) FROM elder AS e JOIN person AS p ON p.id = e.person_id "
    "WHERE p.area_code BETWEEN :lo AND :hi AND p.home IS NOT NULL AND e.registered_on <= :registered "
    "AND (p.died_on IS NULL OR p.died_on > :on) AND (p.moved_out_on IS NULL OR p.moved_out_on > :on) "
)
_HOMES = text(_COUNTED_HOMES + "ORDER BY p.id")
_HOMES_OF = text(_COUNTED_HOMES + "AND p.id = ANY (CAST(:ids AS bigint[])) ORDER BY p.id")
_WITHOUT_HOME = text(
    "SELECT count(*) FROM elder AS e JOIN person AS p ON p.id = e.person_id "
    "WHERE p.area_code BETWEEN :lo AND :hi AND p.home IS NULL AND e.registered_on <= :registered "
    "AND (p.died_on IS NULL OR p.died_on > :on) AND (p.moved_out_on IS NULL OR p.moved_out_on > :on)"
)
_POINTS = text(
    "SELECT id, area_code, lon, lat, CAST(elders * 1000000 AS bigint) FROM demand_point"
    " WHERE source_id = :source ORDER BY id"
)
_FACILITIES = text(
    "SELECT id, type_code, functions, ST_X(geom), ST_Y(geom), area_code, day_places FROM facility "
    "WHERE area_code BETWEEN :lo AND :hi AND (status = 'open' OR (status = 'closed' AND closed_on > :on)) "
    "AND (opened_on IS NULL OR opened_on <= :on) AND (closed_on IS NULL OR closed_on > :on) ORDER BY id"
)


@dataclass(frozen=True)
class Places:
    """Where elders are: ids (of persons, or of places of demand), area codes, (lon, lat) degrees; arrays (h,).

    `millionths` int64 (h,) is how many elders are counted at each place, in millionths; one million for a
    registered elder. `without_home` counts registered elders whose home is on no map.
    """

    ids: Longs
    area_codes: Longs
    lons: Floats
    lats: Floats
    millionths: Longs
    without_home: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    def pick(self, which: npt.ArrayLike) -> Places:
        """Those at the given positions or under the given mask."""
        at = np.asarray(which)
        return replace(
            self,
            ids=self.ids[at],
            area_codes=self.area_codes[at],
            lons=self.lons[at],
            lats=self.lats[at],
            millionths=self.millionths[at],
        )


@dataclass(frozen=True)
class Doors:
    """The facilities open on a day: ids, what they are and do, where, and how many day places; arrays (f,)."""

    ids: Longs
    type_codes: list[str]
    functions: list[frozenset[str]]
    lons: Floats
    lats: Floats
    area_codes: Longs
    day_places: Longs

    def counting_for(self, kinds: dict[str, tuple[str, ...]]) -> Longs:
        """The positions of those whose type is among `kinds` and that have all functions required of it."""
        return np.array(
            [
                position
                for position, (kind, functions) in enumerate(zip(self.type_codes, self.functions, strict=True))
                if kind in kinds and functions.issuperset(kinds[kind])
            ],
            dtype=np.int64,
        )


def read_homes(
    session: Session, city_code: int, on: date, *, of_that_day: bool = False, only: Sequence[int] | None = None
) -> Places:
    """Where the elders of a city live on a day: those registered, living and not moved away.

    `of_that_day` leaves out who was registered only later (for a day of the past); otherwise everybody on the
    register counts, whatever the date on her form. `only` reads these persons and leaves `without_home` at 0.
    """
    lo, hi = area_range(city_code)
    facts: dict[str, Any] = {"lo": lo, "hi": hi, "on": on, "registered": on if of_that_day else date.max}
    if only is not None:
        rows = session.connection().execute(_HOMES_OF, facts | {"ids": list(only)}).all()
        return as_places([(*row, MILLIONTHS) for row in rows])
    rows = session.connection().execute(_HOMES, facts).all()
    return as_places([(*row, MILLIONTHS) for row in rows], _count_without_home(session, facts))


def count_without_home(session: Session, city_code: int, on: date) -> int:
    """How many registered elders of a city have no home on the map."""
    lo, hi = area_range(city_code)
    return _count_without_home(session, {"lo": lo, "hi": hi, "on": on, "registered": date.max})


def _count_without_home(session: Session, facts: dict[str, Any]) -> int:
    return int(session.connection().execute(_WITHOUT_HOME, facts).scalar_one())


def read_points(session: Session, source_id: int) -> Places:
    """The places of demand of a source: compounds, or cells of a population grid."""
    return as_places(session.connection().execute(_POINTS, {"source": source_id}).all())


def as_places(rows: Sequence[Any], without_home: int = 0) -> Places:
    """Rows of (id, area code, lon, lat, millionths of elders) as arrays."""
    ids, areas, lons, lats, millionths = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return Places(
        np.array(ids, dtype=np.int64),
        np.array(areas, dtype=np.int64),
        np.array(lons, dtype=np.float64),
        np.array(lats, dtype=np.float64),
        np.array(millionths, dtype=np.int64),
        without_home,
    )


def read_doors(session: Session, city_code: int, on: date) -> Doors:
    """Which facilities of a city are open on a day; one closed since counts for the days before."""
    lo, hi = area_range(city_code)
    rows = session.connection().execute(_FACILITIES, {"lo": lo, "hi": hi, "on": on}).all()
    columns = zip(*rows, strict=True) if rows else ((), (), (), (), (), (), ())
    ids, kinds, functions, lons, lats, areas, day_places = columns
    return Doors(
        np.array(ids, dtype=np.int64),
        list(kinds),
        [frozenset(names or ()) for names in functions],
        np.array(lons, dtype=np.float64),
        np.array(lats, dtype=np.float64),
        np.array(areas, dtype=np.int64),
        np.array(day_places, dtype=np.int64),
    )
