"""A coverage map on paper: what an officer pins to a report, with its definition, day and confidence on the sheet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import text
from sqlmodel import Session

from geo.picture import CoverageMap, PaintedArea, PaintedPlaces, Words
from services.circles.coverage import Coverage, TierCoverage, coverage
from services.circles.errors import UnknownWay
from services.circles.tiles import SMALLEST_SHOWN
from services.cities.pack import CityRules
from services.cities.queries import area_names, rules_in_force
from services.cities.rules import area_range
from services.oversight.errors import NothingToDraw
from services.oversight.mapping import AROUND_DEGREES

Say = Callable[[str], str]
LEVELS = {"street": 10**6, "community": 10**3}
MOST_STREETS = 60_000
"""More lines than this are not drawn: on an A4 sheet they would be one grey."""

_AREAS = text(
    "SELECT a.name, ST_AsBinary(a.geom) AS outline, s.reached, s.total,"
    " coalesce(c.confidence = 'low', false) OR s.estimated AS uncertain FROM area AS a"
    " LEFT JOIN geo.area_confidence AS c ON c.area_code = a.code AND c.version_id = :version"
    " JOIN (SELECT area_code / CAST(:width AS bigint) * CAST(:width AS bigint) AS code,"
    "  count(*) FILTER (WHERE within) AS reached, count(*) AS total,"
    "  bool_or(method = 'estimate') AS estimated FROM elder_reach"
    "  WHERE profile = :profile AND tier_code = :tier AND area_code BETWEEN :lo AND :hi AND NOT in_margin"
    "  GROUP BY 1) AS s ON s.code = a.code"
    " WHERE a.code BETWEEN :lo AND :hi AND a.level = :level AND a.geom IS NOT NULL ORDER BY a.code"
)
_STREETS = text(
    "WITH drawn AS (SELECT ST_Extent(geom)::geometry AS box FROM area WHERE code BETWEEN :lo AND :hi AND level = :level),"
    " sites AS (SELECT ST_Expand(ST_Extent(geom)::geometry, :around) AS box FROM facility"
    "  WHERE area_code BETWEEN :lo AND :hi)"
    " SELECT ST_AsBinary(e.geom) FROM drawn, sites, geo.network_edge AS e WHERE e.version_id = :version"
    " AND e.geom && ST_SetSRID(coalesce(drawn.box, sites.box), 4326) ORDER BY e.length_m DESC, e.id LIMIT :most"
)
_SITES = text(
    "SELECT type_code, functions, ST_X(geom) AS lon, ST_Y(geom) AS lat, invented FROM facility"
    " WHERE area_code BETWEEN :lo AND :hi AND status = 'open' AND opened_on <= :day"
    " AND (closed_on IS NULL OR closed_on > :day) ORDER BY type_code, id"
)


def coverage_map(
    session: Session,
    city_code: int,
    area_code: int,
    *,
    tier: str,
    profile: str,
    level: str = "community",
    say: Say = lambda sentence: sentence,
) -> CoverageMap:
    """Gather the sheet of one circle over an area: shares by community or street, streets, sites, words.

    `say` puts a Chinese sentence into the reader's language. Shares of fewer than five elders are left out.
    The caller's own elders only, by row-level security. Raises NotYetComputed, UnknownWay, NothingToDraw.
    """
    found = coverage(session, city_code, area_code)
    row = next((one for one in found.tiers if (one.tier_code, one.profile) == (tier, profile)), None)
    if row is None:
        known = sorted({f"{one.tier_code}/{one.profile}" for one in found.tiers})
        raise UnknownWay(field="tier", known=known, given=f"{tier}/{profile}")
    if level not in LEVELS:
        raise UnknownWay(field="level", known=list(LEVELS), given=level)
    lo, hi = area_range(area_code)
    facts = {"lo": lo, "hi": hi, "level": level, "version": found.network_version_id}
    counted = {**facts, "tier": tier, "profile": profile, "width": LEVELS[level]}
    areas = [
        PaintedArea(
            name=one.name,
            outline=shapely.from_wkb(bytes(one.outline)),
            share=one.reached / one.total if one.total >= SMALLEST_SHOWN else None,
            uncertain=one.uncertain,
        )
        for one in session.connection().execute(_AREAS, counted)
    ]
    drawn = {**facts, "most": MOST_STREETS, "around": AROUND_DEGREES}
    streets = [shapely.from_wkb(bytes(line)) for line in session.connection().execute(_STREETS, drawn).scalars()]
    if not areas and not streets:
        raise NothingToDraw(area_code=area_code)
    rules = rules_in_force(session, city_code, found.judged_on)
    sites = session.connection().execute(_SITES, {"lo": lo, "hi": hi, "day": found.judged_on}).all()
    name = area_names(session, {area_code}).get(area_code, str(area_code))
    return CoverageMap(
        title=f"{name} · {row.tier_name}{say('步行覆盖')}",
        headline=_headline(row, say),
        facts=_facts(found, row, say),
        definition=say(row.definition),
        source=_source(any(one.invented for one in sites), say),
        areas=areas,
        streets=streets,
        places=_places(rules, tier, sites, say),
        words=_words(say),
    )


def _headline(row: TierCoverage, say: Say) -> str:
    """The network's confidence, then the share with its two counts, then the straight line beside it."""
    trust = say("路网可信度高") if row.confidence == "high" else say("路网可信度低")
    if row.share is None or row.straight_share is None:
        return f"{trust} · {say('没有可统计的老人')}"
    estimate = f"{say(row.label)} " if row.label else ""
    counts = f"{row.reached:,} / {row.total:,}"
    return f"{trust} · {estimate}{row.share:.1%}（{counts}），{say('直线距离口径')} {row.straight_share:.1%}"


def _facts(found: Coverage, row: TierCoverage, say: Say) -> list[tuple[str, str]]:
    return [
        (say("步行方式"), say(row.profile_name)),
        (say("限度"), say(row.limit_zh)),
        (say("统计日期"), _day(found.judged_on)),
        (say("路网"), f"{found.network_name}（{found.network_version_id}）"),
        (say("规则"), found.rules_version),
        (say("图边缘不计入"), f"{row.in_margin:,}"),
        (say("附近无路（计为未覆盖）"), f"{row.unsnapped:,}"),
        *((say("可信度低的原因"), say(reason)) for reason in found.confidence_reasons),
    ]


def _day(on: date) -> str:
    return on.isoformat()


def _source(invented: bool, say: Say) -> str:
    streets = say("道路数据 © OpenStreetMap 贡献者（ODbL，openstreetmap.org/copyright）")
    return f"{streets} · {say('演示数据：人物与机构均为虚构')}" if invented else streets


def _places(rules: CityRules, tier: str, sites: Any, say: Say) -> list[PaintedPlaces]:
    """Sites that count for the circle, by kind; then, hollow, all others."""
    needed = rules.types_for_tier(tier)
    names = {code: kind.name_zh for kind in rules.facility_types for code in (kind.code, *kind.also)}
    groups: dict[str, list[tuple[float, float]]] = {}
    others: list[tuple[float, float]] = []
    for site in sites:
        counts = site.type_code in needed and set(needed[site.type_code]) <= set(site.functions)
        group = groups.setdefault(names.get(site.type_code, site.type_code), []) if counts else others
        group.append((site.lon, site.lat))
    painted = [_painted(say(name), points, True) for name, points in groups.items()]
    return painted + ([_painted(say("其他机构（不计入本圈）"), others, False)] if others else [])


def _painted(name: str, points: list[tuple[float, float]], filled: bool) -> PaintedPlaces:
    at = np.array(points, dtype=np.float64).reshape(-1, 2)
    return PaintedPlaces(name, at[:, 0].copy(), at[:, 1].copy(), filled)


def _words(say: Say) -> Words:
    return Words(
        share=say("走得到的老人占比"),
        untold=say("不足 5 人，不公布"),
        uncertain=say("路网可信度低"),
        metres=say("米"),
        kilometres=say("公里"),
        north=say("北"),
    )
