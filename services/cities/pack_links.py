"""Whether the parts of a pack fit together: every code that is used is declared, once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from services.cities.pack import CityPack, MoneyPolicy, PackRules, TimebankPolicy
from services.cities.pack_indicator_links import Place, Problem, codes_of, given, indicator_links, known


def broken_links(pack: CityPack) -> list[Problem]:
    """Give (place, sentence) of every code that is used but nowhere declared, or declared twice."""
    problems = list(_twice(("sources",), [source.id for source in pack.sources]))
    if pack.rules is not None:
        problems += _links_of_rules(pack.rules, {source.id for source in pack.sources})
        problems += _policy_links(pack.rules.timebank, ("rules", "timebank"), {source.id for source in pack.sources})
    if pack.timebank is not None:
        problems += _policy_links(pack.timebank, ("timebank",), {source.id for source in pack.sources})
    problems += _own_money_links(pack, {source.id for source in pack.sources})
    return problems


def _own_money_links(pack: CityPack, sources: set[str]) -> Iterator[Problem]:
    """What a city keeps over a neighbour's rules; its groups of services and people are the neighbour's to know."""
    for index, voucher in enumerate(pack.vouchers or ()):
        yield from known(("vouchers", index, "source"), [voucher.source], sources, "sources")
    yield from _twice(("vouchers",), [voucher.code for voucher in pack.vouchers or ()])
    if pack.rules is not None:
        yield from _money_sources(pack.rules.money, ("rules", "money"), sources)
    if pack.money is not None:
        yield from _money_sources(pack.money, ("money",), sources)


def _money_sources(money: MoneyPolicy, place: Place, sources: set[str]) -> Iterator[Problem]:
    for name in ("cancel_fees", "budget_lines", "prepaid"):
        for index, part in enumerate(getattr(money, name)):
            yield from known((*place, name, index, "source"), [part.source], sources, "sources")
    paid = [code for line in money.budget_lines for code in line.pays_for]
    yield from _twice((*place, "budget_lines"), paid)


def _links_of_rules(rules: PackRules, sources: set[str]) -> Iterator[Problem]:
    for name in ("profiles", "tiers", "owned_levels", "functions", "facility_types", "service_groups", "ratios",
                 "indicators", "projects", "words", "groups", "vouchers", "subsidies", "visit_classes"):  # fmt: skip
        yield from _twice(("rules", name), [part.code for part in getattr(rules, name)])
    yield from _sources_named(rules, sources)
    yield from _facility_links(rules)
    yield from indicator_links(rules)
    yield from _money_links(rules)
    yield from _people_links(rules)
    yield from _offer_links(rules)


def _sources_named(rules: PackRules, sources: set[str]) -> Iterator[Problem]:
    for name in type(rules).model_fields:
        value = getattr(rules, name)
        parts = list(enumerate(value)) if isinstance(value, tuple) else [(None, value)]
        for index, part in parts:
            place: Place = ("rules", name, "source") if index is None else ("rules", name, index, "source")
            for field in ("source", "minutes_source", "distance_source"):
                yield from known((*place[:-1], field), given(getattr(part, field, None)), sources, "sources")
    for index, kind in enumerate(rules.facility_types):
        for rule in kind.satisfies:
            place = ("rules", "facility_types", index, "satisfies")
            yield from known(place, given(rule.source), sources, "sources")


def _facility_links(rules: PackRules) -> Iterator[Problem]:
    functions, tiers = codes_of(rules.functions), codes_of(rules.tiers) | codes_of(rules.owned_levels)
    yield from _twice(("rules", "owned_levels"), [part.code for part in (*rules.tiers, *rules.owned_levels)])
    for index, tier in enumerate(rules.tiers):
        place: Place = ("rules", "tiers", index, "default_profile")
        yield from known(place, [tier.default_profile], codes_of(rules.profiles), "profiles")
    for index, kind in enumerate(rules.facility_types):
        place = ("rules", "facility_types", index)
        yield from known((*place, "functions"), kind.functions, functions, "functions")
        for rule in kind.satisfies:
            yield from known((*place, "satisfies"), [rule.tier], tiers, "tiers")
            own = set(kind.functions)
            yield from known((*place, "satisfies"), rule.required_functions, own, "functions of the type")


def _money_links(rules: PackRules) -> Iterator[Problem]:
    services, groups = codes_of(rules.service_groups), codes_of(rules.groups)
    for index, voucher in enumerate(rules.vouchers):
        place: Place = ("rules", "vouchers", index, "service_groups")
        yield from known(place, voucher.service_groups, services, "service_groups")
        yield from known(("rules", "vouchers", index, "groups"), voucher.groups, groups, "groups")
    for index, subsidy in enumerate(rules.subsidies):
        place = ("rules", "subsidies", index)
        yield from known((*place, "service_groups"), subsidy.service_groups, services, "service_groups")
        yield from known((*place, "groups"), subsidy.groups, groups, "groups")


def _people_links(rules: PackRules) -> Iterator[Problem]:
    groups = codes_of(rules.groups)
    for index, visit_class in enumerate(rules.visit_classes):
        for who in visit_class.who:
            yield from known(("rules", "visit_classes", index, "who"), who.groups, groups, "groups")
    for who in rules.timebank.grant_who:
        yield from known(("rules", "timebank", "grant_who"), who.groups, groups, "groups")
    for index, kind in enumerate(rules.beds.classes if "beds" in rules.model_fields_set else ()):
        yield from known(("rules", "beds", "classes", index), (*kind.groups, *kind.any_group), groups, "groups")
    steps = [step.step for step in rules.escalation]
    waits = [step.after_minutes for step in rules.escalation]
    if steps != list(range(1, len(steps) + 1)) or waits != sorted(waits):
        yield ("rules", "escalation"), "步骤须从1起连续，时限不得倒退 / steps run from 1, never shorter"
    levels = rules.care_scheme.levels
    for above, below in pairwise(levels):
        if below.highest_points != above.lowest_points - 1:
            place: Place = ("rules", "care_scheme", "levels", levels.index(below))
            yield place, "分数段须首尾相接 / the point bands must touch without gap or overlap"


def _offer_links(rules: PackRules) -> Iterator[Problem]:
    urgencies = sorted(timer.urgency for timer in rules.offers)
    if urgencies != ["normal", "planned", "urgent"]:
        yield ("rules", "offers"), "urgent、normal、planned各须一条 / one timer for each urgency"


def _policy_links(policy: TimebankPolicy, place: Place, sources: set[str]) -> Iterator[Problem]:
    parts = {"": policy, "start": policy.start, "guarantee": policy.guarantee}
    for name, part in parts.items():
        if part is not None:
            yield from known((*place, *([name] if name else []), "source"), [part.source], sources, "sources")


def _twice(place: Place, codes: list[str]) -> Iterator[Problem]:
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield (*place, index), f"“{code}”重复 / {code!r} is declared twice"
