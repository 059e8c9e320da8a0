"""How many elders have what they need within a walk, and who has not: the number with its rows.

Walking coverage counts people; the administrative coverage of the plans (areas that own a facility) is another
number with another name. Row-level security decides whose elders are counted: an officer's own area only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.circles.errors import NotYetComputed
from services.circles.rules import ESTIMATE_ZH, MARGIN_M, circle_limit, definition_text, limit_text, share
from services.circles.streets import profile_of
from services.cities.pack import CityRules, Tier
from services.cities.queries import rules_in_force
from services.cities.rules import area_range


@dataclass(frozen=True)
class TierCoverage:
    """One circle by one way of walking. The network's confidence stands before the number, on purpose.

    `confidence` high or low; `label` is 估算 where it is low. `reached` of `total` elders on the streets,
    `straight_line` of the same total as the crow flies. Not in `total`: `in_margin` (homes within 250 m of the
    map's edge). In `total` and unreached: `unsnapped` (no usable street within 300 m) and `near_edge` (a
    facility beyond the map might still be within the circle).
    """

    confidence: str
    label: str
    tier_code: str
    tier_name: str
    profile: str
    profile_name: str
    limit_zh: str
    reached: int
    total: int
    share: float | None
    straight_line: int
    straight_share: float | None
    in_margin: int
    unsnapped: int
    near_edge: int
    definition: str


@dataclass(frozen=True)
class Coverage:
    """The coverage of a city or of one area in it, with what it was computed from."""

    city_code: int
    area_code: int
    network_version_id: int
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

    def as_story(self) -> dict[str, dict[str, dict[str, int]]]:
        """The bare counts: {tier: {profile: {"reached", "total", "straight_line"}}}."""
        told: dict[str, dict[str, dict[str, int]]] = {}
        for tier in self.tiers:
            counts = {"reached": tier.reached, "total": tier.total, "straight_line": tier.straight_line}
            told.setdefault(tier.tier_code, {})[tier.profile] = counts
        return told


@dataclass(frozen=True)
class Uncovered:
    """An elder beyond a circle: how far the nearest facility that counts is (unit of the profile), if any."""

    person_id: int
    area_code: int
    facility_id: int | None
    cost: float | None
    straight_m: float | None
    snapped: bool
    near_edge: bool


_LAST_RUN = text(
    "SELECT r.network_version_id, n.name, n.source_name, n.report, r.rules_version_id, r.judged_on, r.computed_at,"
    " r.profiles, r.report FROM reach_run AS r JOIN geo.network_version AS n ON n.id = r.network_version_id"
    " WHERE r.city_code = :city ORDER BY r.id DESC LIMIT 1"
)
_COUNTS = text(
    "SELECT tier_code, profile, count(*) FILTER (WHERE within AND NOT in_margin) AS reached,"
    " count(*) FILTER (WHERE NOT in_margin) AS total,"
    " count(*) FILTER (WHERE straight_within AND NOT in_margin) AS straight_line,"
    " count(*) FILTER (WHERE in_margin) AS in_margin,"
    " count(*) FILTER (WHERE NOT snapped AND NOT in_margin) AS unsnapped,"
    " count(*) FILTER (WHERE near_edge AND NOT in_margin) AS near_edge"
    " FROM elder_reach WHERE area_code BETWEEN :lo AND :hi GROUP BY tier_code, profile"
)
_BY_AREA = text(
    "SELECT area_code / CAST(:width AS bigint) * CAST(:width AS bigint) AS area,"
    " count(*) FILTER (WHERE within) AS reached, count(*) AS total"
    " FROM elder_reach WHERE area_code BETWEEN :lo AND :hi AND tier_code = :tier AND profile = :profile"
    " AND NOT in_margin GROUP BY 1 ORDER BY 1"
)
_UNCOVERED = text(
    "SELECT person_id, area_code, facility_id, cost, straight_m, snapped, near_edge FROM elder_reach"
    " WHERE area_code BETWEEN :lo AND :hi AND tier_code = :tier AND profile = :profile"
    " AND NOT within AND NOT in_margin AND (CAST(:unsnapped AS boolean) IS FALSE OR NOT snapped)"
    " ORDER BY area_code, cost DESC NULLS FIRST, person_id LIMIT :most OFFSET :after"
)
_NOBODY = {"reached": 0, "total": 0, "straight_line": 0, "in_margin": 0, "unsnapped": 0, "near_edge": 0}
_WIDTHS = {"district": 10**9, "street": 10**6, "community": 10**3, "quarter": 1}


def coverage(session: Session, city_code: int, area_code: int | None = None) -> Coverage:
    """How many elders of a city (or of one area in it) reach each circle's facilities on foot.

    Per circle and way of walking, as last computed by refresh_reach; circles of an upper tier never count for a
    lower one unless the city's rules say so. Raises NotYetComputed.
    """
    run = session.connection().execute(_LAST_RUN, {"city": city_code}).first()
    if run is None:
        raise NotYetComputed(city_code=city_code)
    version_id, name, source, network_report, rules_version, judged_on, computed_at, profiles, report = run
    rules = rules_in_force(session, city_code, judged_on)
    lo, hi = area_range(area_code or city_code)
    counted = session.connection().execute(_COUNTS, {"lo": lo, "hi": hi}).mappings()
    counts = {(row["tier_code"], row["profile"]): dict(row) for row in counted}
    tiers = [
        _tier_coverage(rules, tier, profile, counts.get((tier.code, profile), _NOBODY), network_report)
        for tier in rules.tiers
        for profile in profiles.split(",")
    ]
    return Coverage(
        city_code=city_code,
        area_code=area_code or city_code,
        network_version_id=version_id,
        network_name=name,
        source_name=source,
        confidence=network_report["confidence"],
        confidence_reasons=list(network_report["confidence_reasons"]),
        rules_version_id=rules_version,
        rules_version=rules.version,
        judged_on=judged_on,
        computed_at=computed_at,
        margin_m=MARGIN_M,
        unsnapped_facilities=list(report["unsnapped_facilities"]),
        elders_without_home=int(report["elders_without_home"]),
        tiers=tiers,
    )


def _tier_coverage(
    rules: CityRules, tier: Tier, profile: str, counts: dict[str, Any], network_report: dict[str, Any]
) -> TierCoverage:
    walk = profile_of(rules, profile)
    limit_zh = limit_text(walk.measure, circle_limit(walk.measure, tier.minutes, tier.distance_m))
    own = {kind.code: kind.name_zh for kind in rules.facility_types}
    kinds = [own[code] for code in rules.types_for_tier(tier.code) if code in own]
    confidence = str(network_report["confidence"])
    return TierCoverage(
        confidence=confidence,
        label=ESTIMATE_ZH if confidence == "low" else "",
        tier_code=tier.code,
        tier_name=tier.name_zh,
        profile=profile,
        profile_name=walk.name_zh,
        limit_zh=limit_zh,
        reached=counts["reached"],
        total=counts["total"],
        share=share(counts["reached"], counts["total"]),
        straight_line=counts["straight_line"],
        straight_share=share(counts["straight_line"], counts["total"]),
        in_margin=counts["in_margin"],
        unsnapped=counts["unsnapped"],
        near_edge=counts["near_edge"],
        definition=definition_text(tier.name_zh, walk.name_zh, limit_zh, kinds),
    )


def coverage_by_area(
    session: Session, city_code: int, tier_code: str, profile: str, level: str = "community"
) -> list[tuple[int, int, int]]:
    """Reached and total elders of every area of a level: rows of (area_code, reached, total)."""
    lo, hi = area_range(city_code)
    facts = {"lo": lo, "hi": hi, "tier": tier_code, "profile": profile, "width": _WIDTHS[level]}
    return [(area, reached, total) for area, reached, total in session.connection().execute(_BY_AREA, facts)]


def uncovered_elders(
    session: Session,
    area_code: int,
    tier_code: str,
    profile: str,
    *,
    only_unsnapped: bool = False,
    most: int = 200,
    after: int = 0,
) -> list[Uncovered]:
    """The elders behind the number: those beyond a circle, area by area, the worst off first.

    Elders no street leads to come first (cost None). The caller sees only elders she may see.
    """
    lo, hi = area_range(area_code)
    facts = {"lo": lo, "hi": hi, "tier": tier_code, "profile": profile, "unsnapped": only_unsnapped}
    found = session.connection().execute(_UNCOVERED, {**facts, "most": most, "after": after})
    return [Uncovered(*row) for row in found]
