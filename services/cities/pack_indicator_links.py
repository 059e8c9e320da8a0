"""Whether a pack's indicators fit: their filters belong to their kind, and every code they use is declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.cities.pack import BedFilter, ElderFilter, FacilityFilter, Indicator, Named, PackRules

Place = tuple[str | int, ...]
Problem = tuple[Place, str]


def indicator_links(rules: PackRules) -> Iterator[Problem]:
    """Give (place, sentence) of what does not fit in ratios, indicators, targets, published figures and projects."""
    for index, ratio in enumerate(rules.ratios):
        for side in ("numerator", "denominator"):
            yield from _bed_links(("rules", "ratios", index, side), getattr(ratio, side), rules)
    for index, indicator in enumerate(rules.indicators):
        yield from _of_indicator(("rules", "indicators", index), indicator, rules)
    for name in ("targets", "published"):
        for index, part in enumerate(getattr(rules, name)):
            place: Place = ("rules", name, index, "indicator")
            yield from known(place, [part.indicator], codes_of(rules.indicators), "indicators")
    for index, project in enumerate(rules.projects):
        place = ("rules", "projects", index, "facility_types")
        yield from known(place, project.facility_types, codes_of(rules.facility_types), "facility_types")


def _of_indicator(place: Place, indicator: Indicator, rules: PackRules) -> Iterator[Problem]:
    for name in sorted(indicator.misplaced()):
        yield (*place, name), f"{indicator.kind}没有这一项 / {name} does not belong to {indicator.kind}"
    for name in sorted(indicator.missing()):
        yield (*place, name), f"{indicator.kind}须写明{name} / {indicator.kind} needs {name}"
    levels = codes_of(rules.tiers) | codes_of(rules.owned_levels)
    yield from known((*place, "ratio"), given(indicator.ratio), codes_of(rules.ratios), "ratios")
    yield from known((*place, "profile"), given(indicator.profile), codes_of(rules.profiles), "profiles")
    yield from known((*place, "project"), given(indicator.project), codes_of(rules.projects), "projects")
    walked = indicator.kind == "walking_coverage"
    yield from known((*place, "tier"), given(indicator.tier), codes_of(rules.tiers) if walked else levels, "tiers")
    yield from _facility_links(place, indicator.facilities, rules)
    if indicator.fulfilling is not None:
        yield from _facility_links((*place, "fulfilling"), indicator.fulfilling, rules)
    if indicator.beds is not None:
        yield from _bed_links((*place, "beds"), indicator.beds, rules)
    if indicator.elders is not None:
        yield from _elder_links((*place, "elders"), indicator.elders, rules)


def _facility_links(place: Place, chosen: FacilityFilter, rules: PackRules) -> Iterator[Problem]:
    types, functions = codes_of(rules.facility_types), codes_of(rules.functions)
    yield from known((*place, "facility_types"), chosen.facility_types, types, "facility_types")
    yield from known((*place, "required_functions"), chosen.required_functions, functions, "functions")


def _bed_links(place: Place, chosen: BedFilter, rules: PackRules) -> Iterator[Problem]:
    yield from known(place, chosen.facility_types, codes_of(rules.facility_types), "facility_types")


def _elder_links(place: Place, chosen: ElderFilter, rules: PackRules) -> Iterator[Problem]:
    yield from known((*place, "groups"), chosen.groups, codes_of(rules.groups), "groups")
    yield from known((*place, "visit_classes"), chosen.visit_classes, codes_of(rules.visit_classes), "visit_classes")


def codes_of(parts: Iterable[Named]) -> set[str]:
    """Give the codes that are declared."""
    return {part.code for part in parts}


def given(code: str | None) -> list[str]:
    """Give a code that may be left out, as a list."""
    return [] if code is None else [code]


def known(place: Place, used: Iterable[str], declared: set[str], where: str) -> Iterator[Problem]:
    """Give a problem for every code that is used but not declared."""
    for code in used:
        if code not in declared:
            yield place, f"“{code}”在{where}中没有 / {code!r} is not declared in {where}"
