"""Five cities live in one deployment, each by its own plan: circles, ratios, promises and words are its data."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from services.beds.ratio import nursing_ratio
from services.circles.actions import refresh_reach
from services.circles.administrative import AdministrativeCoverage, administrative_coverage, owned_coverage
from services.circles.people import counted_elders
from services.cities.actions import adopt_rules, save_areas
from services.cities.pack import CityRules
from services.cities.queries import list_cities, rules_in_force
from tests.services.circles.quarter import add_elder
from tests.services.cities.tenants import CITIES, EIGHT, FOUR, NOW, SAMPLE, TODAY, give_beds, load_tenants, open_site

MISSION = Path(__file__).resolve().parents[3] / "docs" / "mission.csv"
NANJING = 320100000000000


@pytest.fixture(scope="module")
def tenants(module_database: Any) -> Any:
    return load_tenants(module_database)


@pytest.fixture
def session(tenants: Any) -> Iterator[Session]:
    """What a test writes is gone after it."""
    with tenants.session("setup") as session:
        yield session
        session.rollback()


def rules_of(session: Session, key: str) -> CityRules:
    return rules_in_force(session, CITIES[key], TODAY)


def ratio_of(session: Session, city: int, code: str | None = None) -> Any:
    return nursing_ratio(session, city, TODAY, lo=city, hi=city + 10**11 - 1, ratio_code=code)


def by_code(found: list[AdministrativeCoverage]) -> dict[str, AdministrativeCoverage]:
    return {one.tier_code: one for one in found}


# --- each city by its own plan ---


@pytest.mark.mission("NG-11", "HB-06", "SH-11")
@pytest.mark.parametrize(
    ("key", "circles", "owned", "denominator", "ordering"),
    [
        ("dongying", ["street_15", "community_10", "quarter_5"], ["village_mutual_aid"],
         {"care_home", "support_home", "regional_rural_centre"}, "点菜式"),
        ("hulunbuir", ["street_15", "community_10"], ["sumu_town", "village"],
         {"care_home", "support_home", "rural_centre"}, "互联网"),
        ("taizhou", ["street_15", "community_10"], ["village_mutual_aid"],
         {"care_home", "support_home", "regional_rural_centre", "embedded_home"}, "点单式"),
        ("ningguo", ["town_15", "village_10"], ["city"], {"support_home"}, "四单"),
        ("shanghai", ["hub_15", "doorstep_15"], ["town_home", "rural_house", "village_room", "group_point"],
         set(), "一键通"),
    ],
)  # fmt: skip
def test_each_city_has_its_circles_its_ratio_and_its_words_next_to_the_others(
    session: Session, key: str, circles: list[str], owned: list[str], denominator: set[str], ordering: str
) -> None:
    rules = rules_of(session, key)
    assert (rules.city_code, rules.rules_city_key) == (CITIES[key], key)
    assert {row.key for row in list_cities(session)} == {*CITIES, "nanjing_demo"}
    assert [tier.code for tier in rules.tiers] == circles
    assert [level.code for level in rules.owned_levels] == owned
    assert set(rules.ratios[0].denominator.facility_types) == denominator
    assert ordering in rules.word("ordering", "下单") and rules.word("nobody_said", "照常") == "照常"


@pytest.mark.parametrize("key", CITIES)
def test_the_national_line_to_2030_stands_beside_every_citys_own(session: Session, key: str) -> None:
    rules = rules_of(session, key)
    (national,) = [t for t in rules.targets if t.source == "national15" and "nursing" in t.indicator]
    assert (national.base_value, national.base_on) == (68, date(2025, 12, 31))
    assert (national.value, national.due_on) == (73, date(2030, 12, 31))
    ratio = rules.ratio(rules.indicator(national.indicator).ratio or "")
    homes = {rules.facility_type(code).institution for code in ratio.denominator.facility_types}
    assert homes == {True} and "care_home" in ratio.denominator.facility_types, "the national denominator is 养老机构"
    (sites,) = [t for t in rules.targets if t.indicator == "community_facility_coverage"]
    assert (sites.value, sites.due_on) == (70, date(2030, 12, 31))
    monthly = [i for i in rules.indicators if i.is_monthly_visit_rate]
    assert len(monthly) == 1 and {t.value for t in rules.targets_for(monthly[0].code)} == {100}


def test_every_number_of_the_mission_table_stands_in_its_citys_pack(session: Session) -> None:
    packs = [rules_of(session, key) for key in CITIES]
    told = {part.mission_row for rules in packs for part in (*rules.targets, *rules.published, *rules.projects)}
    with MISSION.open(encoding="utf-8-sig") as rows:
        numbered = {row["id"] for row in csv.DictReader(rows) if re.search(r"\d", row["base"] + row["target"])}
    assert numbered - told == {"DY-50", "HB-13"}, "a scale, and a benefit table: neither is an indicator"


def test_what_the_plans_call_binding_and_promise_is_told_as_they_say_it(session: Session) -> None:
    taizhou, hulunbuir = rules_of(session, "taizhou"), rules_of(session, "hulunbuir")
    binding = {key: {i.code for i in rules_of(session, key).indicators if i.binding} for key in CITIES}
    assert binding["hulunbuir"] == {"nursing_bed_ratio", "street_centre_coverage", "day_care_coverage"}
    assert {"nursing_bed_ratio", "home_service_share", "rural_regional_centres"} <= binding["taizhou"]
    assert [(t.base_value, t.value) for t in taizhou.targets_for("home_service_share")] == [(13, 18)]
    each = taizhou.indicator("districts_with_three_centres")
    assert (each.kind, each.area_level, each.at_least, each.standardised) == (
        "areas_with_facility", "district", 3, True,
    )  # fmt: skip
    assert {v.code: v.places for v in taizhou.vouchers if not v.mirrored} == {
        "institution_care": ("institution",), "community_care": ("home", "community"), "neighbour_help": ("neighbour",),
    }  # fmt: skip
    assert {c.every for c in taizhou.visit_classes} == {"week", "month"}, "everybody once a month"
    assert [(f.value, f.on.year) for f in hulunbuir.published_for("beds_per_1000")] == [(58, 2020)]
    people = hulunbuir.statistic_on(CITIES["hulunbuir"], "elders_60", TODAY)
    assert people is not None and round(18_000 / people.people * 1000) == 58 and people.source == "assumed"
    assert hulunbuir.statistic_on(CITIES["hulunbuir"], "elders_60", date(2019, 1, 1)) is None


@pytest.mark.parametrize("key", CITIES)
def test_what_no_plan_says_is_marked_as_assumed(session: Session, key: str) -> None:
    rules = rules_of(session, key)
    kinds = {source.id: source.kind for source in rules.sources}
    assert all(kinds[i.source or ""] for i in rules.indicators), "every indicator names its source"
    assert {kinds[offer.source] for offer in rules.offers} == {"assumed"}, "no plan gives response times"
    if key in ("hulunbuir", "taizhou", "ningguo"):
        assert {kinds[tier.minutes_source or "plan"] for tier in rules.tiers} == {"assumed"}, "these name no minutes"


@pytest.mark.mission("SH-42")
def test_each_plans_own_kinds_of_site_stand_in_its_register(session: Session) -> None:
    kinds = {key: {kind.code: kind for kind in rules_of(session, key).facility_types} for key in CITIES}
    assert kinds["taizhou"]["meal_point"].meal_site and "bath_point" in kinds["taizhou"]
    assert {"neighbour_centre", "village_point", "advisor_desk", "embedded_home"} <= set(kinds["taizhou"])
    assert {"happiness_home", "village_station", "pastoral_point", "community_complex"} <= set(kinds["hulunbuir"])
    assert set(kinds["shanghai"]["health_home"].functions) >= {"medical_care", "health_promotion"}
    assert "disabled_hardship_zone" in kinds["ningguo"]["support_home"].functions


# --- counted on facts made by hand, one city at a time ---


@pytest.mark.mission("HB-06", "HB-07", "HB-21")
def test_in_hulunbuir_a_sumu_needs_three_functions_and_a_street_four(session: Session) -> None:
    hailar, ewenki = 150702001000000, 150724200000000
    names = {hailar: "正阳街道", ewenki: "辉苏木", ewenki + 10**6: "伊敏苏木", ewenki + 2 * 10**6: "某牧场"}
    villages = {ewenki + 1000: "哈日托海嘎查", ewenki + 2000: "完工托海嘎查", ewenki + 3000: "乌兰社区"}
    save_areas(session, [{"code": code, "name": name} for code, name in (names | villages).items()])
    open_site(session, ewenki, "rural_centre", FOUR[:2])
    open_site(session, ewenki + 10**6, "rural_centre", FOUR[:3])
    open_site(session, hailar, "street_centre", FOUR[:3])
    open_site(session, ewenki + 1000, "happiness_home")
    owned = by_code(owned_coverage(session, CITIES["hulunbuir"], TODAY))
    rural = owned["sumu_town"]
    assert (rural.owning, rural.total, rural.target) == (1, 2, 0.5), "a 街道 and a 牧场 are no sumu"
    assert (rural.areas[0].name, rural.areas[0].missing) == ("辉苏木", ("上门服务",))
    assert (owned["village"].owning, owned["village"].total) == (1, 2), "a 社区 is no 嘎查"
    street = by_code(administrative_coverage(session, CITIES["hulunbuir"], TODAY))["street_15"]
    assert (street.owning, street.total, street.areas[0].missing) == (0, 1, ("对下指导",))


@pytest.mark.mission("HB-22")
def test_in_a_pastoral_banner_minutes_are_switched_off_and_owning_counts(session: Session) -> None:
    hailar, with_centre, without = 150702001000000, 150724200000000, 150724201000000
    names = {hailar: "正阳街道", with_centre: "辉苏木", without: "伊敏苏木"}
    save_areas(session, [{"code": code, "name": name} for code, name in names.items()])
    rules = rules_of(session, "hulunbuir")
    assert rules.without_minutes(with_centre) is not None and rules.without_minutes(hailar) is None
    open_site(session, with_centre, "rural_centre", FOUR[:3])
    far_away = (120.6, 48.6)
    for area in names:
        add_elder(session, NOW, names[area], far_away, area)
    refresh_reach(session, NOW, CITIES["hulunbuir"])
    rows = counted_elders(session, CITIES["hulunbuir"], "street_15", "elder", "denominator", most=10)
    judged = {row.area_code: (row.method, row.within) for row in rows}
    assert judged == {hailar: ("estimate", False), with_centre: ("area", True), without: ("area", False)}


@pytest.mark.mission("TZ-01", "TZ-02")
def test_in_taizhou_only_urban_streets_owe_a_centre_and_seventy_percent_of_home_beds_nurse(session: Session) -> None:
    street, town = 321202001000000, 321204101000000
    save_areas(session, [{"code": street, "name": "城东街道"}, {"code": town, "name": "溱潼镇"}])
    centre = open_site(session, street, "street_centre", FOUR)
    tier = by_code(administrative_coverage(session, CITIES["taizhou"], TODAY))["street_15"]
    assert (tier.owning, tier.total, tier.target) == (1, 1, 1.0)
    home, rural = open_site(session, street, "care_home"), open_site(session, town, "regional_rural_centre")
    give_beds(session, home, street, 10, 7)
    give_beds(session, rural, town, 10, 5)
    give_beds(session, centre, street, 10, 10)
    found = ratio_of(session, CITIES["taizhou"])
    assert (found.nursing, found.total) == (12, 20), "beds of a street centre are no beds of an institution"
    in_2024 = nursing_ratio(session, CITIES["taizhou"], date(2024, 6, 1), lo=street, hi=town)
    assert (in_2024.target, in_2024.target_plan, in_2024.short_beds) == (0.7, "泰州“十四五”", 2)


@pytest.mark.mission("NG-05", "NG-04", "NG-11", "NG-15")
def test_in_ningguo_only_beds_of_hardship_homes_count_and_three_levels_own_a_centre(session: Session) -> None:
    town, other = 341881001000000, 341881100000000
    areas = {town: "西津街道", other: "港口镇", town + 1000: "凤形社区", other + 1000: "山门村"}
    save_areas(session, [{"code": code, "name": name} for code, name in areas.items()])
    support, private = open_site(session, other, "support_home"), open_site(session, town, "care_home")
    give_beds(session, support, other, 4, 2)
    give_beds(session, private, town, 10, 10)
    own, national = (
        ratio_of(session, CITIES["ningguo"]),
        ratio_of(session, CITIES["ningguo"], "nursing_of_institution_beds"),
    )
    assert (own.nursing, own.total, own.target) == (2, 4, 0.5)
    assert (national.nursing, national.total, national.target) == (12, 14, 0.73)
    for area, kind in ((town, "town_centre"), (other, "regional_rural_centre"), (other + 1000, "village_centre")):
        open_site(session, area, kind)
    walked = by_code(administrative_coverage(session, CITIES["ningguo"], TODAY))
    assert [(walked[code].owning, walked[code].total) for code in ("town_15", "village_10")] == [(2, 2), (1, 2)]
    city = by_code(owned_coverage(session, CITIES["ningguo"], TODAY))["city"]
    assert (city.owning, city.total) == (0, 1)
    open_site(session, CITIES["ningguo"], "city_centre")
    assert by_code(owned_coverage(session, CITIES["ningguo"], TODAY))["city"].owning == 1


@pytest.mark.mission("SH-01", "SH-02", "SH-03", "SH-11")
def test_in_shanghai_a_hub_needs_eight_functions_and_the_countryside_its_four_levels(session: Session) -> None:
    street, town = 310101002000000, 310151101000000
    areas = {street: "南京东路街道", street + 1000: "承兴居委会", street + 2000: "福瑞居委会", town: "堡镇", town + 1000: "四滧村",
             town + 2000: "财贸村", town + 1001: "四滧村1组"}  # fmt: skip
    save_areas(session, [{"code": code, "name": name} for code, name in areas.items()])
    open_site(session, street, "community_hub", EIGHT[:7])
    open_site(session, street + 1000, "doorstep_station")
    circle = by_code(administrative_coverage(session, street, TODAY))
    assert (circle["hub_15"].owning, circle["hub_15"].areas[0].missing) == (0, ("精神文化",))
    assert (circle["doorstep_15"].owning, circle["doorstep_15"].total) == (1, 2)
    open_site(session, street, "community_hub", EIGHT)
    assert by_code(administrative_coverage(session, street, TODAY))["hub_15"].owning == 1
    for area, kind in ((town, "rural_home"), (town + 1000, "village_room"), (town + 1001, "group_point")):
        open_site(session, area, kind)
    rural = by_code(owned_coverage(session, CITIES["shanghai"], TODAY))
    counted = {code: (level.owning, level.total) for code, level in rural.items()}
    assert counted == {"town_home": (1, 1), "rural_house": (0, 1), "village_room": (1, 2), "group_point": (1, 1)}


def test_in_dongying_villages_own_their_happiness_home(session: Session) -> None:
    village = 370523101201000
    save_areas(session, [{"code": 370523101000000, "name": "大王镇"}, {"code": village, "name": "甲村"},
                         {"code": village + 1000, "name": "乙村"}])  # fmt: skip
    open_site(session, village, "happiness_home")
    (level,) = owned_coverage(session, CITIES["dongying"], TODAY)
    assert (level.tier_code, level.owning, level.total) == ("village_mutual_aid", 1, 2)


# --- the demonstration district under any of them ---


@pytest.mark.parametrize("key", CITIES)
def test_the_demonstration_district_runs_under_any_of_the_five(session: Session, key: str) -> None:
    adopt_rules(session, NOW, NANJING, CITIES[key])
    rules = rules_in_force(session, NANJING, TODAY)
    assert rules.rules_city_key == key
    named = {name for kind in rules.facility_types for name in (kind.code, *kind.also)}
    with (SAMPLE / "district" / "facilities_gcj02.csv").open(encoding="utf-8") as lines:
        assert {row["type_code"] for row in csv.DictReader(lines)} - named == set(), "every site has a name here"
    street = 320102002000000
    open_site(session, street, "street_centre", (*FOUR, *EIGHT))
    found = administrative_coverage(session, street, TODAY)
    assert [(tier.owning, tier.total) for tier in found if tier.area_level == "street"] == [(1, 1)]
    home = open_site(session, street, "support_home")
    give_beds(session, home, street, 4, 3)
    assert (ratio_of(session, NANJING).nursing, ratio_of(session, NANJING).total) == (3, 4)
