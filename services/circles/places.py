"""Reads the doors that circles are drawn between: elders' homes and open facilities of a city."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlmodel import Session

from services.cities.rules import area_range

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

_HOMES = text(
    "SELECT p.id, p.area_code, ST_X(p.home), ST_Y(p.home) FROM elder AS e JOIN person AS p ON p.id = e.person_id "
    "WHERE p.area_code BETWEEN :lo AND :hi AND p.home IS NOT NULL "
    "AND (p.died_on IS NULL OR p.died_on > :on) AND (p.moved_out_on IS NULL OR p.moved_out_on > :on) ORDER BY p.id"
)
_WITHOUT_HOME = text(
    "SELECT count(*) FROM elder AS e JOIN person AS p ON p.id = e.person_id "
    "WHERE p.area_code BETWEEN :lo AND :hi AND p.home IS NULL "
    "AND (p.died_on IS NULL OR p.died_on > :on) AND (p.moved_out_on IS NULL OR p.moved_out_on > :on)"
)
_FACILITIES = text(
    "SELECT id, type_code, functions, ST_X(geom), ST_Y(geom) FROM facility "
    "WHERE area_code BETWEEN :lo AND :hi AND status = 'open' "
    "AND (opened_on IS NULL OR opened_on <= :on) AND (closed_on IS NULL OR closed_on > :on) ORDER BY id"
)


@dataclass(frozen=True)
class Homes:
    """The living elders of a city with a known home: ids, area codes, (lon, lat) degrees; arrays (h,).

    `without_home` counts those whose home is on no map.
    """

    ids: Longs
    area_codes: Longs
    lons: Floats
    lats: Floats
    without_home: int


@dataclass(frozen=True)
class Doors:
    """The facilities open on a day: ids, what they are and do, (lon, lat) degrees; arrays (f,)."""

    ids: Longs
    type_codes: list[str]
    functions: list[frozenset[str]]
    lons: Floats
    lats: Floats

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


def read_homes(session: Session, city_code: int, on: date) -> Homes:
    """Where the elders of a city live on a day."""
    lo, hi = area_range(city_code)
    facts = {"lo": lo, "hi": hi, "on": on}
    rows = session.connection().execute(_HOMES, facts).all()
    missing = session.connection().execute(_WITHOUT_HOME, facts).scalar_one()
    ids, areas, lons, lats = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Homes(
        np.array(ids, dtype=np.int64),
        np.array(areas, dtype=np.int64),
        np.array(lons, dtype=np.float64),
        np.array(lats, dtype=np.float64),
        missing,
    )


def read_doors(session: Session, city_code: int, on: date) -> Doors:
    """Which facilities of a city are open on a day."""
    lo, hi = area_range(city_code)
    rows = session.connection().execute(_FACILITIES, {"lo": lo, "hi": hi, "on": on}).all()
    ids, kinds, functions, lons, lats = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return Doors(
        np.array(ids, dtype=np.int64),
        list(kinds),
        [frozenset(names or ()) for names in functions],
        np.array(lons, dtype=np.float64),
        np.array(lats, dtype=np.float64),
    )
