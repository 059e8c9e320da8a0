"""Gives the invented elders what their city's rules give: assessments, subsidies, a place on the visit list."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import Any

from services.benefits.deciding import Rule
from services.benefits.entitling import rules_of
from services.benefits.scheme import Scheme
from services.benefits.schemes import read_scheme
from services.benefits.tables import Assessment, Entitlement
from services.cities.pack import Subsidy
from services.people.privacy import seal
from services.visits.rules import class_of
from services.visits.tables import VisitDuty
from workers.district.sample_files import ASSESSMENTS_FOLDER
from workers.district.world import CITY_CODE, InventedElder, InventedRight, World, at


def age_of(world: World, elder: InventedElder) -> int:
    """Give an elder's age today in whole years."""
    today, born = world.today, elder.born_on
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def write_entitlements(world: World) -> None:
    """Assess the elders and give each the subsidies of the rules in force that fit her."""
    dice = world.dice("entitlements")
    levels = {level.level: level for level in world.rules.care_scheme.levels}
    scheme = read_scheme(ASSESSMENTS_FOLDER / f"{world.rules.care_scheme.code}.toml")
    given = {rule.code: rule for rule in rules_of(world.session, CITY_CODE, world.today) if rule.in_force(world.today)}
    for elder in world.elders:
        assessed = world.today - timedelta(days=dice.randint(20, 340))
        if elder.care_level or dice.random() < 0.1:
            level = levels[elder.care_level]
            points = dice.randint(level.lowest_points, level.highest_points)
            world.bulk.add(
                Assessment,
                elder_id=elder.id,
                area_code=elder.quarter_code,
                scheme=world.rules.care_scheme.code,
                level=elder.care_level,
                scheme_version=scheme.version,
                detail_sealed=seal("assessment", json.dumps(_invented_detail(scheme, dice, points))),
                assessed_on=assessed,
                valid_until=assessed + timedelta(days=365),
                recorded_at=at(assessed, 17),
            )
        for subsidy in world.rules.subsidies:
            if _fits(world, elder, subsidy):
                _give(world, elder, subsidy, given.get(subsidy.code))


def _invented_detail(scheme: Scheme, dice: Random, points: int) -> dict[str, Any]:
    """Invent answers that add up to the points: from able, one item after the other loses a point."""
    answers = {item.code: max(choice.points for choice in scheme.choices(item)) for item in scheme.items}
    for _ in range(scheme.maximum_points - points):
        code = dice.choice([code for code, left in answers.items() if left])
        answers[code] -= 1
    return {"answers": answers, "raised_by": [], "note": ""}


def _fits(world: World, elder: InventedElder, subsidy: Subsidy) -> bool:
    in_group = not subsidy.groups or any(group in elder.groups for group in subsidy.groups)
    old_enough = age_of(world, elder) >= subsidy.min_age
    return in_group and old_enough and elder.care_level >= subsidy.min_care_level and elder.living != "institution"


def _give(world: World, elder: InventedElder, subsidy: Subsidy, rule: Rule | None) -> None:
    by_tile = sorted(code for code, item in world.menu.items() if item["category"] in subsidy.service_groups)
    codes = list(rule.service_codes) if rule is not None else by_tile
    percent = int(subsidy.government_percent)
    since = max(elder.registered_on, world.first_day - timedelta(days=365))
    right_id = world.bulk.add(
        Entitlement,
        elder_id=elder.id,
        area_code=elder.quarter_code,
        kind=subsidy.name_zh,
        service_codes=codes,
        government_percent=percent,
        monthly_cap_fen=subsidy.monthly_cap_fen,
        during=f"[{since},)",
        ground=f"{subsidy.code}@{world.rules.rules_city_key}:{world.rules.version}",
        recorded_at=at(since, 10),
        rule_id=rule.rule_id if rule is not None else None,
    )
    right = InventedRight(right_id, frozenset(codes), percent, subsidy.monthly_cap_fen)
    world.entitlements.setdefault(elder.id, []).append(right)


def write_duties(world: World) -> None:
    """Put every elder whom somebody must see on the list, in the class the rules give her."""
    for elder in world.elders:
        if elder.living == "institution":
            continue
        classes = world.rules.visit_classes
        elder.visit_class = class_of(classes, age_of(world, elder), elder.care_level, elder.groups)
        if elder.visit_class is not None:
            since = max(elder.registered_on, world.first_day)
            world.bulk.add(
                VisitDuty,
                elder_id=elder.id,
                area_code=elder.quarter_code,
                visit_class=elder.visit_class,
                groups=elder.groups,
                since=since,
                far=False,
                recorded_at=at(since, 0),
            )
