"""An indicator: what a plan measures a city by, as one measure or one divided by another, told by the city's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.cities.pack import CityRules, Indicator, OwnedLevel, RatioDefinition, Target, Tier
from services.cities.pack_indicators import ElderFilter
from services.oversight.measures import Measure, Period
from services.visits.compliance import channels_of


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
    told: dict[str, Any] = {"basis": indicator.basis}
    if indicator.beds is not None:
        if indicator.beds.facility_types:
            told["types"] = sorted(indicator.beds.facility_types)
        if indicator.beds.flags:
            told["flags"] = sorted(indicator.beds.flags)
        if indicator.beds.include_home_beds:
            told["home_beds"] = True
    return Measure("bed", "beds", told)


def _bed_count(rules: CityRules, indicator: Indicator) -> Formula:
    return Formula(indicator, _beds(indicator), None, 1)


def _beds_per_thousand(rules: CityRules, indicator: Indicator) -> Formula:
    if indicator.population:
        return Formula(indicator, _beds(indicator), None, 1000, people=indicator.population)
    return Formula(indicator, _beds(indicator), Measure("elder", "elders", _elder_words(None)), 1000)


def _bed_capacity(rules: CityRules, indicator: Indicator) -> Formula | None:
    below = _elders(indicator.elders, "elders")
    return None if below is None else Formula(indicator, _beds(indicator), below, 100)


def _owned(rules: CityRules, indicator: Indicator) -> Formula:
    level, setting, kinds = indicator.area_level, indicator.setting, _facility_words(indicator)
    if indicator.tier:
        known: tuple[Tier | OwnedLevel, ...] = (*rules.tiers, *rules.owned_levels)
        tier = next(one for one in known if one.code == indicator.tier)
        wanted = [[code, *sorted(functions)] for code, functions in sorted(rules.types_for_tier(tier.code).items())]
        level, setting, kinds = tier.area_level, tier.setting, {"wanted": wanted}
    areas: dict[str, Any] = {"level": level or "street"} | ({} if setting == "all" else {"setting": setting})
    owns = areas | kinds
    return Formula(indicator, Measure("area", "areas_owning", owns), Measure("area", "areas", areas), 100)


def _areas_with_facility(rules: CityRules, indicator: Indicator) -> Formula:
    areas: dict[str, Any] = {"level": indicator.area_level}
    if indicator.setting != "all":
        areas["setting"] = indicator.setting
    owns = areas | _facility_words(indicator) | ({"at_least": indicator.at_least} if indicator.at_least > 1 else {})
    owns |= _run_so(indicator)
    above = Measure("area", "areas_owning", owns)
    if indicator.unit == "count":
        return Formula(indicator, above, None, 1)
    return Formula(indicator, above, Measure("area", "areas", areas), 100)


def _walking_coverage(rules: CityRules, indicator: Indicator) -> Formula | None:
    if indicator.tier is None or indicator.setting != "all":
        return None
    tier = rules.tier(indicator.tier)
    told = {"tier": tier.code, "profile": indicator.profile or tier.default_profile}
    return Formula(indicator, Measure("elder", "reached", told), Measure("elder", "judged_for_circles", told), 100)


def _facility_words(indicator: Indicator) -> dict[str, Any]:
    told: dict[str, Any] = {"types": sorted(indicator.facility_types)} if indicator.facility_types else {}
    return told | ({"functions": sorted(indicator.required_functions)} if indicator.required_functions else {})


def _site_words(indicator: Indicator) -> dict[str, Any]:
    told = _facility_words(indicator)
    return told | _run_so(indicator) | ({} if indicator.setting == "all" else {"setting": indicator.setting})


def _run_so(indicator: Indicator) -> dict[str, Any]:
    told: dict[str, Any] = {"min_grade": indicator.min_grade} if indicator.min_grade else {}
    return told | ({} if indicator.standardised is None else {"standardised": indicator.standardised})


def _facility_count(rules: CityRules, indicator: Indicator) -> Formula:
    return Formula(indicator, Measure("facility", "facilities", _site_words(indicator)), None, 1)


def _facility_share(rules: CityRules, indicator: Indicator) -> Formula | None:
    wanted = indicator.fulfilling
    if wanted is None:
        return None
    all_of_them = _site_words(indicator)
    types = sorted(set(wanted.facility_types) or set(indicator.facility_types))
    told = all_of_them | ({"types": types} if types else {}) | {"functions": sorted(wanted.required_functions)}
    graded = max(wanted.min_grade or 0, indicator.min_grade or 0)
    told |= {} if wanted.standardised is None else {"standardised": wanted.standardised}
    above = Measure("facility", "facilities", told | ({"min_grade": graded} if graded else {}))
    return Formula(indicator, above, Measure("facility", "facilities", all_of_them), 100)


def _floor_area(rules: CityRules, indicator: Indicator) -> Formula:
    types = indicator.facility_types or tuple(kind.code for kind in rules.facility_types if not kind.institution)
    told = {"types": sorted(types), "weight": "floor_area_m2"}
    people = indicator.population or "residents"
    return Formula(indicator, Measure("facility", "facilities", told), None, 1000, people=people)


def _hub_completeness(rules: CityRules, indicator: Indicator) -> Formula:
    told: dict[str, Any] = {"types": sorted(indicator.facility_types)}
    wanted = sorted(indicator.required_functions)
    live = Measure("facility", "facilities", told | {"functions": wanted, "weight": "functions"})
    return Formula(
        indicator, live, Measure("facility", "facilities", told | {"weight": "each", "each": len(wanted)}), 100
    )


def _elder_words(chosen: ElderFilter | None) -> dict[str, Any]:
    wanted = chosen or ElderFilter()
    told: dict[str, Any] = {"min_age": wanted.min_age}
    if wanted.min_care_level:
        told["min_care_level"] = wanted.min_care_level
    if wanted.groups:
        told["groups"] = sorted(wanted.groups)
    if wanted.visit_classes:
        told["visit_classes"] = sorted(wanted.visit_classes)
    return told


def _elders(chosen: ElderFilter | None, what: str, period: Period = "day") -> Measure | None:
    if chosen is not None and chosen.wishes_institution is not None:
        return None
    return Measure("elder", what, _elder_words(chosen), period)


def _elder_sides(rules: CityRules, indicator: Indicator) -> tuple[Measure | None, Measure | None]:
    chosen, fact = indicator.elders, indicator.numerator
    if fact == "visited_in_month":
        told: dict[str, Any] = (
            {"visit_classes": sorted(chosen.visit_classes)} if chosen and chosen.visit_classes else {}
        )
        visits = rules.visits
        met = told | {"late_entry_hours": visits.late_entry_hours, "channels": sorted(visits.counting_channels)}
        if any(one.channels or one.far_channels for one in rules.visit_classes):
            met["class_channels"] = channels_of(rules)
        return Measure("elder", "met", met, "month"), Measure("elder", "to_be_met", told, "month")
    if fact == "served_at_home_in_year":
        return _elders(chosen, "served_at_home", "year"), _elders(chosen, "elders_at_home")
    if fact == "government_paid_in_year":
        return _elders(chosen, "bought_at_home", "year"), _elders(chosen, "elders_at_home")
    if fact == "lives_in_institution":
        return _elders(chosen, "elders_in_homes"), _elders(chosen, "elders")
    if fact == "lives_at_home":
        return _elders(chosen, "elders_at_home"), _elders(chosen, "elders")
    return (_elders(chosen, "elders"), None) if fact is None else (None, None)


def _elder_share(rules: CityRules, indicator: Indicator) -> Formula | None:
    above, below = _elder_sides(rules, indicator)
    return None if above is None or below is None else Formula(indicator, above, below, 100)


def _elder_count(rules: CityRules, indicator: Indicator) -> Formula | None:
    above = _elder_sides(rules, indicator)[0]
    return None if above is None else Formula(indicator, above, None, 1)


def _areas_flagged(rules: CityRules, indicator: Indicator) -> Formula:
    areas: dict[str, Any] = {"level": indicator.area_level}
    if indicator.setting != "all":
        areas["setting"] = indicator.setting
    above = Measure("area", "areas_flagged", areas | {"flag": indicator.flag})
    if indicator.unit == "count":
        return Formula(indicator, above, None, 1)
    return Formula(indicator, above, Measure("area", "areas", areas), 100)


def _obligations_met(rules: CityRules, indicator: Indicator) -> Formula:
    told = {"code": indicator.obligation}
    met, due = Measure("obligation", "obligations_met", told), Measure("obligation", "obligations", told)
    return Formula(indicator, met, due, 100)


def _registered(rules: CityRules, indicator: Indicator) -> Formula | None:
    found = {
        "volunteers": Measure("volunteer", "volunteers"),
        "volunteer_passports": Measure("volunteer", "volunteers"),
        "staff": Measure("carer", "carers") if indicator.role == "carer" else None,
        "project_sites": Measure("project", "project_sites", {"code": indicator.project}),
    }.get(indicator.what or "")
    if found is None:
        return None
    share = indicator.unit == "percent"
    people = (indicator.population or "residents") if share else None
    return Formula(indicator, found, None, 100 if share else 1, people=people)


_KINDS: dict[str, Any] = {
    "bed_ratio": _bed_ratio,
    "bed_count": _bed_count,
    "beds_per_1000_elders": _beds_per_thousand,
    "bed_capacity_share": _bed_capacity,
    "administrative_coverage": _owned,
    "walking_coverage": _walking_coverage,
    "areas_with_facility": _areas_with_facility,
    "areas_flagged": _areas_flagged,
    "obligations_met": _obligations_met,
    "facility_count": _facility_count,
    "facility_share": _facility_share,
    "hub_completeness": _hub_completeness,
    "floor_area_per_1000": _floor_area,
    "elder_share": _elder_share,
    "elder_count": _elder_count,
    "registered_count": _registered,
}
"""How each kind is made. A figure typed in by an officer (`stated`) is no kind here, and the page leaves it out."""
