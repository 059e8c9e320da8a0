"""How many elders have what they need within a walk, and who has not: the number with its rows.

Walking coverage counts people; the administrative coverage of the plans (areas that own a facility) is another
number with another name. Row-level security decides whose elders are counted: an officer's own area only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.circles.demand import active_sources
from services.circles.errors import NotYetComputed, UnknownDemand
from services.circles.people import Uncovered, uncovered_elders
from services.circles.rules import (
    ESTIMATE_ZH,
    MARGIN_M,
    Said,
    circle_limit,
    definition_text,
    definition_text_en,
    limit_text,
    limit_text_en,
    share,
)
from services.circles.storing import COUNTED, count_text
from services.circles.streets import profile_of
from services.cities.pack import CityRules, Tier
from services.cities.queries import rules_in_force
from services.cities.rules import area_range
from services.language import reads_english

__all__ = [
    "WIDTHS", "Coverage", "TierCoverage", "Uncovered", "coverage", "coverage_by_area", "last_run", "told",
    "written_counts",
    "uncovered_elders",
]  # fmt: skip
People = int | float
WIDTHS = {"city": 10**11, "district": 10**9, "street": 10**6, "community": 10**3, "quarter": 1}


@dataclass(frozen=True)
class TierCoverage:
    """One circle by one way of walking. The network's confidence stands before the number, on purpose.

    `reached` of `total` is the headline: by the streets where they are trusted, by straight line x detour where
    they are not (`estimated` of the total, `label` 估算), by what the area owns where minutes are switched off.
    `walk_reached` is what the streets alone would say, `straight_line` the bare straight line, of the same total.
    `confidence` is high, low (something is estimated on poor streets) or none (there are no streets at all).
    Not in `total`: `in_margin` (home within 250 m of the map's edge). In `total` and unreached
    by the streets: `unsnapped` (no usable street within 300 m) and `near_edge` (a facility beyond the map might
    still be within the circle). Numbers are whole for registered elders, and may be broken for other sources.
    """

    confidence: str
    label: str
    tier_code: str
    tier_name: str
    profile: str
    profile_name: str
    limit_zh: str
    reached: People
    total: People
    share: float | None
    straight_line: People
    straight_share: float | None
    in_margin: People
    unsnapped: People
    near_edge: People
    definition: str
    walk_reached: People = 0
    walk_share: float | None = None
    estimated: People = 0


@dataclass(frozen=True)
class Coverage:
    """The coverage of a city or of one area in it, with what it was computed from.

    `basis`: `recorded` (as judged and written down on that day) or `dated` (worked out now from the days on which
    facilities opened and closed and elders registered, moved or died, on today's streets and functions).
    `gates` names the officers' gates and barriers laid over the map, empty for none.
    """

    city_code: int
    area_code: int
    network_version_id: int | None
    network_name: str
    source_name: str
    confidence: str
    confidence_reasons: list[str]
    rules_version_id: int
    rules_version: str
    judged_on: date
    computed_at: datetime
    margin_m: float
    unsnapped_facilities: list[int]
    elders_without_home: int
    tiers: list[TierCoverage]
    gates: str = ""
    source: str = "elders"
    as_of: date | None = None
    basis: str = "recorded"
    not_placed: People = 0
    detour_factor: float = 1.3

    def as_story(self) -> dict[str, dict[str, dict[str, People]]]:
        """The bare counts: {tier: {profile: {"reached", "total", "straight_line"}}}."""
        told: dict[str, dict[str, dict[str, People]]] = {}
        for tier in self.tiers:
            counts = {"reached": tier.reached, "total": tier.total, "straight_line": tier.straight_line}
            told.setdefault(tier.tier_code, {})[tier.profile] = counts
        return told


@dataclass(frozen=True)
class AreaCoverage:
    """One area and circle: how far its streets are trusted, first; then its elders, reached, all, and estimated."""

    area_code: int
    confidence: str
    label: str
    reached: int
    total: int
    estimated: int


_LAST_RUN = (
    "SELECT r.network_version_id, n.name, n.source_name, n.report AS network_report, n.settled_gates,"
    " r.rules_version_id, r.judged_on, r.computed_at, r.profiles, r.report"
    " FROM reach_run AS r LEFT JOIN geo.network_version AS n ON n.id = r.network_version_id"
    " WHERE r.city_code = :city AND r.judged_on <= :on ORDER BY r.id DESC LIMIT 1"
)
_COUNTS = {
    "elders": f"SELECT tier_code, profile, {count_text('count(*)')} FROM elder_reach"
    " WHERE area_code BETWEEN :lo AND :hi GROUP BY tier_code, profile",
    "points": f"SELECT tier_code, profile, {count_text('sum(elders)')} FROM demand_reach"
    " WHERE area_code BETWEEN :lo AND :hi AND source_id = :id GROUP BY tier_code, profile",
}
_WRITTEN = (
    f"SELECT tier_code, profile, {', '.join(f'sum({name}) AS {name}' for name in COUNTED)} FROM ("
    " SELECT DISTINCT ON (area_code, tier_code, profile) * FROM coverage_snapshot"
    " WHERE city_code = :city AND source = :source AND area_code BETWEEN :lo AND :hi AND day <= :on"
    "  AND day >= COALESCE((SELECT judged_on FROM reach_run WHERE city_code = :city AND cause = 'all'"
    "   AND judged_on <= :on ORDER BY id DESC LIMIT 1), CAST(:on AS date))"
    " ORDER BY area_code, tier_code, profile, day DESC) AS latest GROUP BY tier_code, profile"
)
"""Every judging of everybody writes every community; since the last of them only touched ones were written again."""
_BY_AREA = text(
    "SELECT area_code / CAST(:width AS bigint) * CAST(:width AS bigint) AS area,"
    " count(*) FILTER (WHERE within) AS reached, count(*) AS total, count(*) FILTER (WHERE method = 'estimate') AS estimated"
    " FROM elder_reach WHERE area_code BETWEEN :lo AND :hi AND tier_code = :tier AND profile = :profile"
    " AND NOT in_margin GROUP BY 1 ORDER BY 1"
)
_NOBODY: dict[str, Any] = dict.fromkeys(COUNTED, 0)


def coverage(session: Session, city_code: int, area_code: int | None = None, *, source: str = "elders") -> Coverage:
    """How many elders of a city (or of one area in it) reach each circle's facilities on foot.

    Per circle and way of walking, as last computed by refresh_reach and kept up by facility_changed; circles of
    an upper tier never count for a lower one unless the city's rules say so. `source`: elders (the register),
    compounds or population, whichever the city has. Raises NotYetComputed, UnknownDemand.
    """
    run = last_run(session, city_code, date.max)
    if run is None:
        raise NotYetComputed(city_code=city_code)
    lo, hi = area_range(area_code or city_code)
    not_placed: People = 0
    source_id = 0
    if source != "elders":
        found = {one.kind: one for one in active_sources(session, city_code)}
        if source not in found:
            raise UnknownDemand(source=source, known=["elders", *found])
        source_id = found[source].id
        not_placed = plain(Decimal(found[source].report["not_placed"]))
    if lo == hi:  # a quarter is smaller than what is written down
        query = text(_COUNTS["elders" if source == "elders" else "points"])
        rows = session.connection().execute(query, {"lo": lo, "hi": hi, "id": source_id}).mappings()
        counts = {(row["tier_code"], row["profile"]): dict(row) for row in rows}
    else:
        counts = written_counts(session, city_code, (lo, hi), run.judged_on, source)
    return told(session, city_code, area_code or city_code, run, counts, source=source, not_placed=not_placed)


def written_counts(
    session: Session, city_code: int, codes: tuple[int, int], on: date, source: str
) -> dict[tuple[str, str], dict[str, Any]]:
    """Give the counts of a range of communities as they stood written at the end of a day, by circle and profile."""
    facts = {"city": city_code, "lo": codes[0], "hi": codes[1], "on": on, "source": source}
    rows = session.connection().execute(text(_WRITTEN), facts).mappings()
    return {(row["tier_code"], row["profile"]): dict(row) for row in rows}


def last_run(session: Session, city_code: int, on: date) -> Any:
    """Give the newest judging of a city up to a day, or None."""
    return session.connection().execute(text(_LAST_RUN), {"city": city_code, "on": on}).first()


def told(
    session: Session,
    city_code: int,
    area_code: int,
    run: Any,
    counts: dict[tuple[str, str], dict[str, Any]],
    *,
    source: str,
    not_placed: People = 0,
    as_of: date | None = None,
    basis: str = "recorded",
) -> Coverage:
    """Put counts into words, beside what they were computed from."""
    rules = rules_in_force(session, city_code, run.judged_on)
    network_report = run.network_report or {}
    confidence = str(network_report.get("confidence", "none"))
    tiers = [
        _tier_coverage(rules, tier, profile, counts.get((tier.code, profile), _NOBODY), confidence, source)
        for tier in rules.tiers
        for profile in run.profiles.split(",")
    ]
    reasons = list(network_report.get("confidence_reasons", [])) if run.network_report else ["尚未导入步行路网"]
    return Coverage(
        city_code=city_code,
        area_code=area_code,
        network_version_id=run.network_version_id,
        network_name=run.name or "",
        source_name=run.source_name or "",
        confidence=confidence,
        confidence_reasons=reasons,
        rules_version_id=run.rules_version_id,
        rules_version=rules.version,
        judged_on=run.judged_on,
        computed_at=run.computed_at,
        margin_m=MARGIN_M,
        unsnapped_facilities=list(run.report.get("unsnapped_facilities", [])),
        elders_without_home=int(run.report.get("elders_without_home", 0)),
        tiers=tiers,
        gates=run.settled_gates or "",
        source=source,
        as_of=as_of or run.judged_on,
        basis=basis,
        not_placed=not_placed,
        detour_factor=float(rules.detour_factor),
    )


def plain(number: Any) -> People:
    """A count as JSON writes it: whole where it is whole."""
    value = Decimal(number)
    return int(value) if value == value.to_integral_value() else float(value)


def _tier_coverage(
    rules: CityRules, tier: Tier, profile: str, counts: dict[str, Any], network: str, source: str
) -> TierCoverage:
    walk = profile_of(rules, profile)
    limit = circle_limit(walk.measure, tier.minutes, tier.distance_m)
    way = next((one.name for one in rules.profiles if one.code == profile), walk.name_zh)
    own = {kind.code: kind.name for kind in rules.facility_types}
    kinds = [own[code] for code in rules.types_for_tier(tier.code) if code in own]
    english = reads_english()
    said = Said(
        tier_name=tier.name,
        profile_name=way,
        limit=limit_text_en(walk.measure, limit) if english else limit_text(walk.measure, limit),
        kinds=kinds,
        detour=float(rules.detour_factor),
        upper_tiers=tier.counts_upper_tiers,
        source=source,
    )
    number = {name: plain(counts[name]) for name in COUNTED}
    estimated = number["estimated"] > 0
    return TierCoverage(
        confidence="none" if network == "none" else "low" if estimated else "high",
        label=ESTIMATE_ZH if estimated else "",
        tier_code=tier.code,
        tier_name=tier.name,
        profile=profile,
        profile_name=way,
        limit_zh=limit_text(walk.measure, limit),
        reached=number["reached"],
        total=number["total"],
        share=share(number["reached"], number["total"]),
        straight_line=number["straight_reached"],
        straight_share=share(number["straight_reached"], number["total"]),
        in_margin=number["in_margin"],
        unsnapped=number["unsnapped"],
        near_edge=number["near_edge"],
        definition=definition_text_en(said) if english else definition_text(said),
        walk_reached=number["walk_reached"],
        walk_share=share(number["walk_reached"], number["total"]),
        estimated=number["estimated"],
    )


def coverage_by_area(
    session: Session, city_code: int, tier_code: str, profile: str, level: str = "community", *, network: str = "high"
) -> list[AreaCoverage]:
    """Reached and total elders of every area of a level; `network` is the confidence of the streets as a whole."""
    lo, hi = area_range(city_code)
    facts = {"lo": lo, "hi": hi, "tier": tier_code, "profile": profile, "width": WIDTHS[level]}
    return [
        AreaCoverage(
            area, "none" if network == "none" else "low" if estimated else "high", ESTIMATE_ZH if estimated else "",
            reached, total, estimated,
        )
        for area, reached, total, estimated in session.connection().execute(_BY_AREA, facts)
    ]  # fmt: skip
