"""An indicator: what a plan measures a city by, as one measure or one divided by another, told by the city's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.cities.pack import CityRules, Indicator, RatioDefinition, Target
from services.oversight.measures import Measure

HUB_FUNCTIONS = (
    "professional_care", "meals", "medical_care", "health_promotion", "smart_service", "family_support", "advice",
    "culture",
)  # fmt: skip
"""The eight standard functions of Shanghai's 社区综合为老服务中心 (mission row SH-02), where a pack names no others."""


@dataclass(frozen=True)
class Formula:
    """How a number is made: numerator x `factor` / denominator; without a denominator the numerator itself.

    `people` names an official statistic of people as the denominator (per 1,000 residents).
    """

    indicator: Indicator
    numerator: Measure
    denominator: Measure | None
    factor: int
    people: str | None = None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures counted for it."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)


def formulas(rules: CityRules) -> dict[str, Formula]:
    """Give every indicator of a city's rules that this house knows how to count, by code, as the pack orders them."""
    found = {one.code: formula_of(rules, one) for one in rules.indicators}
    return {code: formula for code, formula in found.items() if formula is not None}


def formula_of(rules: CityRules, indicator: Indicator) -> Formula | None:
    """Give how an indicator is counted; None for a kind nobody counts from rows (a figure typed in by an officer)."""
    written = _KINDS.get(indicator.kind)
    return None if written is None else written(rules, indicator)


def measures_of(rules: CityRules) -> dict[str, Measure]:
    """Give all that must be counted for a city's indicators, each once, by its code."""
    return {measure.code: measure for formula in formulas(rules).values() for measure in formula.measures}


def targets_of(rules: CityRules, code: str) -> list[Target]:
    """Give the promises about an indicator, the earliest first; several plans may stand side by side."""
    return rules.targets_for(code)


def _bed_side(ratio: RatioDefinition, side: str) -> Measure:
    chosen = ratio.numerator if side == "numerator" else ratio.denominator
    told: dict[str, Any] = {"basis": ratio.basis}
    if chosen.facility_types:
        told["types"] = sorted(chosen.facility_types)
    if chosen.flags:
        told["flags"] = sorted(chosen.flags)
    if chosen.include_home_beds:
        told["home_beds"] = True
    return Measure("bed", "beds", told)


def _bed_ratio(rules: CityRules, indicator: Indicator) -> Formula | None:
    if indicator.ratio is None:
        return None
    ratio = rules.ratio(indicator.ratio)
    return Formula(indicator, _bed_side(ratio, "numerator"), _bed_side(ratio, "denominator"), 100)


def _beds(indicator: Indicator) -> Measure:
    told: dict[str, Any] = {"basis": "open"}
    if indicator.facility_types:
        told["types"] = sorted(indicator.facility_types)
    flags = getattr(indicator, "bed_flags", ()) or (("dementia",) if "dementia" in indicator.code else ())
    if flags:
        told["flags"] = sorted(flags)
    return Measure("bed", "beds", told)


def _bed_count(rules: CityRules, indicator: Indicator) -> Formula:
    return Formula(indicator, _beds(indicator), None, 1)


def _beds_per_thousand(rules: CityRules, indicator: Indicator) -> Formula:
    return Formula(indicator, _beds(indicator), Measure("elder", "elders"), 1000)


def _area_coverage(rules: CityRules, indicator: Indicator) -> Formula:
    level = indicator.area_level or (rules.tier(indicator.tier).area_level if indicator.tier else "street")
    owns: dict[str, Any] = {"level": level}
    if indicator.tier:
        owns["tier"] = indicator.tier
    else:
        owns |= _facility_words(indicator)
    return Formula(indicator, Measure("area", "areas_owning", owns), Measure("area", "areas", {"level": level}), 100)


def _walking_coverage(rules: CityRules, indicator: Indicator) -> Formula | None:
    if indicator.tier is None:
        return None
    tier = rules.tier(indicator.tier)
    told = {"tier": tier.code, "profile": getattr(indicator, "profile", None) or tier.default_profile}
    return Formula(indicator, Measure("elder", "reached", told), Measure("elder", "judged_for_circles", told), 100)


def _facility_words(indicator: Indicator) -> dict[str, Any]:
    told: dict[str, Any] = {"types": sorted(indicator.facility_types)}
    functions = getattr(indicator, "required_functions", ())
    return told | ({"functions": sorted(functions)} if functions else {})


def _facility_count(rules: CityRules, indicator: Indicator) -> Formula:
    return Formula(indicator, Measure("facility", "facilities", _facility_words(indicator)), None, 1)


def _floor_area(rules: CityRules, indicator: Indicator) -> Formula:
    types = indicator.facility_types or tuple(kind.code for kind in rules.facility_types if not kind.institution)
    told = {"types": sorted(types), "weight": "floor_area_m2"}
    return Formula(indicator, Measure("facility", "facilities", told), None, 1000, people="residents")


def _hub_completeness(rules: CityRules, indicator: Indicator) -> Formula:
    wanted = getattr(indicator, "required_functions", ()) or HUB_FUNCTIONS
    told = {"types": sorted(indicator.facility_types)}
    live = Measure("facility", "facilities", told | {"functions": sorted(wanted), "weight": "functions"})
    return Formula(
        indicator, live, Measure("facility", "facilities", told | {"weight": "each", "each": len(wanted)}), 100
    )


def _monthly_visits(rules: CityRules, indicator: Indicator) -> Formula:
    due = Measure("elder", "to_be_met", period="month")
    return Formula(indicator, Measure("elder", "met", period="month"), due, 100)


def _elder_share(rules: CityRules, indicator: Indicator) -> Formula | None:
    sides = {
        "served_at_home_in_year": (
            Measure("elder", "served_at_home", period="year"),
            Measure("elder", "elders_at_home"),
        ),
        "visited_in_month": (Measure("elder", "met", period="month"), Measure("elder", "to_be_met", period="month")),
        "lives_in_institution": (Measure("elder", "elders_in_homes"), Measure("elder", "elders")),
    }
    found = sides.get(getattr(indicator, "numerator", ""))
    return None if found is None else Formula(indicator, found[0], found[1], 100)


def _registered(rules: CityRules, indicator: Indicator) -> Formula | None:
    what = getattr(indicator, "what", None) or ("volunteers" if indicator.code == "registered_volunteers" else "")
    found = {
        "volunteers": Measure("volunteer", "volunteers"),
        "carers": Measure("carer", "carers"),
        "certified_carers": Measure("carer", "certified_carers"),
    }.get(what)
    if found is None:
        return None
    share = indicator.unit == "percent"
    return Formula(indicator, found, None, 100 if share else 1, people="residents" if share else None)


_KINDS: dict[str, Any] = {
    "bed_ratio": _bed_ratio,
    "bed_count": _bed_count,
    "beds_per_1000_elders": _beds_per_thousand,
    "area_coverage": _area_coverage,
    "administrative_coverage": _area_coverage,
    "areas_with_facility": _area_coverage,
    "walking_coverage": _walking_coverage,
    "facility_count": _facility_count,
    "floor_area_per_thousand": _floor_area,
    "floor_area_per_1000": _floor_area,
    "hub_completeness": _hub_completeness,
    "monthly_visit_rate": _monthly_visits,
    "elder_share": _elder_share,
    "registered": _registered,
    "registered_count": _registered,
}
