"""How each place is to be judged: by trusted streets, by an estimate, or by what its area owns."""

from __future__ import annotations

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from geo.snap import Snaps
from services.circles.ground import COMMUNITY, Flags, Ground
from services.circles.judging import Standing
from services.circles.places import Longs, Places
from services.cities.pack import Tier
from services.cities.rules import ancestor_code, area_contains

_CONFIDENCE = text(
    "SELECT area_code, confidence FROM geo.area_confidence WHERE version_id = :version"
    " AND area_code = ANY (CAST(:codes AS bigint[]))"
)
_AROUND = (10**3, 10**6, 10**9)


def standing_of(session: Session, ground: Ground, places: Places, snaps: Snaps) -> Standing:
    """Find out, before any circle is drawn, what places are judged by."""
    edge_m = np.full(len(places), np.inf)
    if ground.streets is not None and len(places):
        edge_m = ground.streets.metres_from_edge(places.lons, places.lats)
    return Standing(
        snaps=snaps,
        trusted=trusted_places(session, ground, places.area_codes),
        edge_m=edge_m,
        by_area=_without_minutes(ground, places.area_codes),
    )


def trusted_places(session: Session, ground: Ground, area_codes: Longs) -> Flags:
    """Tell for each place whether its community's streets may be trusted; without a network none is."""
    if ground.streets is None:
        return np.zeros(len(area_codes), dtype=bool)
    communities, which = np.unique(area_codes // COMMUNITY * COMMUNITY, return_inverse=True)
    trusted = confidence_by_community(session, ground, communities)
    return np.asarray([trusted[int(code)] == "high" for code in communities], dtype=bool)[which]


def confidence_by_community(session: Session, ground: Ground, communities: Longs) -> dict[int, str]:
    """How far the streets of each community may be trusted: high, low, or none without a network.

    As services.circles.confidence says of one: a community that was not judged by itself is trusted as its
    street is, else as its district, at last as the whole network.
    """
    if ground.streets is None:
        return {int(code): "none" for code in communities}
    around = {int(code): [int(code) // size * size for size in _AROUND] for code in communities}
    facts = {"version": ground.version_id, "codes": sorted({code for codes in around.values() for code in codes})}
    told = {row.area_code: row.confidence for row in session.connection().execute(_CONFIDENCE, facts)}
    whole = ground.streets.confidence
    return {code: next((told[one] for one in codes if one in told), whole) for code, codes in around.items()}


def owns_of(ground: Ground, tier: Tier, places: Places, by_area: Flags) -> Flags:
    """Tell for the places judged by area whether theirs owns a facility that counts for the circle; else False."""
    owns = np.zeros(len(places), dtype=bool)
    if not by_area.any():
        return owns
    doors = np.unique(ground.doors.area_codes[ground.counting(tier)]).tolist()
    codes, which = np.unique(places.area_codes[by_area], return_inverse=True)
    owns[by_area] = np.asarray([_owned(ground, tier, int(code), doors) for code in codes], dtype=bool)[which]
    return owns


def judged_area(level: str, area_code: int) -> int:
    """Give the area of a level that must own a facility for whoever lives in an area judged without minutes."""
    try:
        return ancestor_code(area_code, level)
    except ValueError:  # she is registered by a larger area than that
        return area_code


def _owned(ground: Ground, tier: Tier, area_code: int, doors: list[int]) -> bool:
    part = ground.rules.without_minutes(area_code)
    area = judged_area((part.area_level if part else None) or tier.area_level, area_code)
    return any(area_contains(area, door) or area_contains(door, area) for door in doors)


def _without_minutes(ground: Ground, area_codes: Longs) -> Flags:
    if not ground.rules.areas_without_minutes:
        return np.zeros(len(area_codes), dtype=bool)
    codes, which = np.unique(area_codes, return_inverse=True)
    flags = [ground.rules.without_minutes(int(code)) is not None for code in codes]
    return np.asarray(flags, dtype=bool)[which]
