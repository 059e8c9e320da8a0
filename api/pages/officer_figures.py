"""What stands on the officer's desk, put into the words and shares its page shows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from api.pages.filters import as_written
from api.pages.languages import translate
from api.pages.officer_office import Office
from services.circles.coverage import Coverage, TierCoverage
from services.cities.pack import CityRules
from services.clock import civil_date
from services.language import listed
from services.oversight.administrative import AdministrativeCoverage
from services.oversight.mapping import AROUND_DEGREES, AreaShares, extent, shares_by_community
from services.oversight.queries import BedFigures, Desk, LedgerState
from services.oversight.rows import minutes_of_area
from services.people.privacy import mask_name
from services.visits.compliance import MonthlyCompliance, NotYetVisited, not_yet_visited

OTHER_PLACE = 3
CENTRE_OF_CHINA = [104.0, 35.0]
RISKS_SHOWN = 8
NAMED = 3


def tier_words(rules: CityRules, code: str) -> str:
    """Give a circle's name as the rules write it."""
    return next((tier.name for tier in rules.tiers if tier.code == code), code)


def circles_card(found: Coverage | None, profile: str) -> dict[str, Any] | None:
    """Give the walking card by one way of walking, the other ways beside it; None: not computed yet."""
    if found is None or not found.tiers:
        return None
    ways = {tier.profile: tier.profile_name for tier in found.tiers}
    chosen = profile if profile in ways else next(iter(ways))
    return {
        "confidence_good": found.confidence == "high",
        "confidence_reasons": found.confidence_reasons,
        "estimated": found.confidence != "high",
        "profile": chosen,
        "profile_words": ways[chosen],
        "profiles": list(ways.items()),
        "computed_at": found.computed_at,
        "rules_version": found.rules_version,
        "network_name": found.source_name,
        "in_margin": found.tiers[0].in_margin,
        "tiers": [_tier(tier, found.tiers) for tier in found.tiers if tier.profile == chosen],
    }


def _tier(tier: TierCoverage, all_tiers: list[TierCoverage]) -> dict[str, Any]:
    others = [one for one in all_tiers if one.tier_code == tier.tier_code and one.profile != tier.profile]
    return {
        "tier": tier.tier_code,
        "name": tier.tier_name,
        "limit": tier.limit_zh,
        "reached": tier.reached,
        "total": tier.total,
        "share": tier.share,
        "straight_share": tier.straight_share,
        "href": _coverage_href(tier),
        "definition": tier.definition,
        "others": [
            {"name": one.profile_name, "limit": one.limit_zh, "share": one.share, "href": _coverage_href(one)}
            for one in others
        ],
    }


def _coverage_href(tier: TierCoverage) -> str:
    return f"/officer/coverage?{urlencode({'tier': tier.tier_code, 'profile': tier.profile})}"


def administrative_card(tiers: list[AdministrativeCoverage]) -> list[dict[str, Any]]:
    """Give, per circle, how many areas own what they should, and what the first ones lack, in words."""
    return [
        {
            "tier": tier.tier_code,
            "name": tier.tier_name,
            "owning": tier.owning,
            "total": tier.total,
            "share": tier.share,
            "target": tier.target,
            "target_year": tier.target_due.year if tier.target_due else None,
            "lacking": [_lacking(area) for area in tier.areas if not area.qualified][:NAMED],
            "lacking_count": tier.total - tier.owning,
            "href": f"/officer/areas?tier={tier.tier_code}",
            "definition": tier.definition,
        }
        for tier in tiers
    ]


def _lacking(area: Any) -> dict[str, str]:
    return {"name": area.name, "what": missing_words(area)}


def missing_words(area: Any) -> str:
    """Say what an area lacks: the functions its best candidate has not, or a site altogether."""
    if area.qualified:
        return ""
    if area.missing:
        return Markup(translate("%(site)s还缺：%(functions)s")) % {
            "site": as_written(area.candidate),
            "functions": listed(list(area.missing)),
        }
    return translate("没有这类设施")


def beds_card(beds: BedFigures | None) -> dict[str, Any] | None:
    """Give the city's ratio with target and trend, and the own area's beside it; None: no ratio is defined."""
    if beds is None or beds.city.ratio is None:
        return None
    city = beds.city
    return {
        "nursing": city.nursing,
        "total": city.total,
        "ratio": city.ratio,
        "target": city.target,
        "target_year": city.target_due.year if city.target_due else None,
        "definition_words": city.definition,
        "missing_beds": city.short_beds,
        "area_nursing": beds.area.nursing,
        "area_total": beds.area.total,
        "rules_version": city.rules_version,
        "points": [{"label": f"{p.on:%Y-%m}", "share": p.ratio} for p in beds.trend if p.ratio is not None],
    }


def visits_card(month: MonthlyCompliance) -> dict[str, Any]:
    """Give the month's visits."""
    return {
        "due": month.due,
        "done": month.done,
        "late_only": month.late_only,
        "attempts": month.attempts,
        "share": month.rate,
        "target": month.target,
        "definition": month.definition,
        "rules_version": month.rules_version,
    }


def ledger_card(office: Office, ledger: LedgerState) -> dict[str, Any]:
    """Give the last check of the time bank and what volunteers gave to this area's elders."""
    minutes = minutes_of_area(office.work.session, office.lo, office.hi)
    return {
        "ok": ledger.ok,
        "transfers": ledger.transfers,
        "checked_at": ledger.checked_at,
        "first_bad": ledger.first_bad,
        "posted_minutes": minutes.posted_minutes,
        "pending_minutes": minutes.pending_minutes,
        "definition": ledger.definition,
    }


def unseen_first(office: Office) -> list[dict[str, Any]]:
    """Give the elders nobody met this month who are most at risk."""
    work = office.work
    rows = not_yet_visited(work.session, work.now, civil_date(work.now), lo=office.lo, hi=office.hi)[:RISKS_SHOWN]
    names = office.community_names({row.area_code for row in rows})
    return [{"elder_id": row.elder_id, **_unseen(row, names[row.area_code])} for row in rows]


def _unseen(row: NotYetVisited, community: str) -> dict[str, Any]:
    return {
        "name_masked": mask_name(row.elder_name or "—"),
        "community_name": community,
        "risk_words": row.class_name,
        "days_since": row.days_since,
        "attempts": row.attempts,
        "over": row.over_frequency,
    }


def map_names(office: Office, tier: str, profile: str, chosen: Any = None) -> dict[str, Any]:
    """Give what the map needs: where to look, which tiles to ask for, the shape of each kind of site."""
    box = extent(office.work.session, office.lo, office.hi)
    facility_id = chosen.id if chosen else None
    if chosen:
        west, south = chosen.lon - AROUND_DEGREES, chosen.lat - AROUND_DEGREES
        box = (west, south, chosen.lon + AROUND_DEGREES, chosen.lat + AROUND_DEGREES)
    centre = CENTRE_OF_CHINA if box is None else [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
    way = urlencode({"profile": profile})
    return {
        "center": centre,
        "zoom": 13.5 if box else 4,
        "bounds": list(box) if box else None,
        "circles_url": f"/officer/circles/{facility_id}.geojson?{way}" if facility_id else "",
        "query": urlencode({"tier": tier, "profile": profile}),
        "types": map_types(office.rules),
    }


def map_types(rules: CityRules) -> dict[str, tuple[int, str]]:
    """Give, per kind of site, the place of the circle it counts for (its shape on the map) and its name."""
    places: dict[str, tuple[int, str]] = {}
    for kind in rules.facility_types:
        mine = {one.tier for one in kind.satisfies}
        place = next((n for n, tier in enumerate(rules.tiers) if tier.code in mine), OTHER_PLACE)
        for code in (kind.code, *kind.also):
            places[code] = (min(place, OTHER_PLACE), kind.name)
    return places


def community_rows(office: Office, profile: str) -> list[AreaShares]:
    """Give the communities of the area with their shares, as the map paints them."""
    return shares_by_community(office.work.session, office.lo, office.hi, profile)


def definitions(desk: Desk, circles: dict[str, Any] | None, beds: dict[str, Any] | None) -> list[dict[str, str]]:
    """Give the definition of every figure on the desk."""
    told = [{"name": tier["name"], "words": tier["definition"]} for tier in (circles or {"tiers": []})["tiers"]]
    told += [{"name": tier.tier_name, "words": tier.definition} for tier in desk.administrative]
    if beds is not None:
        told.append({"name": translate("护理型床位"), "words": beds["definition_words"]})
    told.append({"name": translate("本月探访"), "words": desk.visits.definition})
    told.append({"name": translate("没人应门"), "words": desk.escalations_definition})
    told.append({"name": translate("时间银行"), "words": desk.ledger.definition})
    return told
