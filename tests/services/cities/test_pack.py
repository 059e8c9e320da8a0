"""A city's plan is one file: what the published plans say stands in it, and a mistake names its line."""

from pathlib import Path

import pytest

from services.cities.errors import BadPack
from services.cities.pack_reader import read_pack
from services.language import current_language

CITIES = Path(__file__).resolve().parents[3] / "sample_data" / "cities"
DONGYING = (CITIES / "dongying.toml").read_text(encoding="utf-8")
SHANGHAI = (CITIES / "shanghai.toml").read_text(encoding="utf-8")


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def problems(text: str) -> list[dict[str, object]]:
    with pytest.raises(BadPack) as caught:
        read_pack(text)
    found: list[dict[str, object]] = caught.value.facts["problems"]
    return found


@pytest.mark.parametrize("name", sorted(path.name for path in CITIES.glob("*.toml")))
def test_every_pack_that_ships_can_be_read(name: str) -> None:
    assert read_pack((CITIES / name).read_text(encoding="utf-8")).city.name_zh


def test_dongyings_street_centre_counts_only_with_four_functions() -> None:
    rules = read_pack(DONGYING).rules
    assert rules is not None
    centre = next(kind for kind in rules.facility_types if kind.code == "street_centre")
    assert [(rule.tier, set(rule.required_functions)) for rule in centre.satisfies] == [
        ("street_15", {"residential_care", "day_care", "home_visit", "guidance"})
    ]


@pytest.mark.mission("DY-03")
def test_dongyings_quarter_circle_knows_three_kinds_of_site() -> None:
    rules = read_pack(DONGYING).rules
    assert rules is not None
    kinds = {kind.code for kind in rules.facility_types for rule in kind.satisfies if rule.tier == "quarter_5"}
    assert kinds == {"service_station", "advisor_desk", "volunteer_station"}


def test_the_three_circles_of_dongying_are_fifteen_ten_and_five_minutes() -> None:
    rules = read_pack(DONGYING).rules
    assert rules is not None
    circles = [(tier.area_level, tier.minutes, tier.distance_m) for tier in rules.tiers]
    assert circles == [("street", 15, 1000), ("community", 10, 500), ("quarter", 5, 300)]
    assert not any(tier.counts_upper_tiers for tier in rules.tiers)


def test_shanghais_hub_needs_eight_functions_in_one_fifteen_minute_circle() -> None:
    rules = read_pack(SHANGHAI).rules
    assert rules is not None
    hub = next(kind for kind in rules.facility_types if kind.code == "community_hub")
    assert len(hub.satisfies[0].required_functions) == 8
    assert {tier.minutes for tier in rules.tiers} == {15}


@pytest.mark.mission("SH-08")
def test_the_nursing_ratio_has_another_denominator_in_shanghai() -> None:
    dongying, shanghai = read_pack(DONGYING).rules, read_pack(SHANGHAI).rules
    assert dongying is not None and shanghai is not None
    assert "care_home" in dongying.ratios[0].denominator.facility_types
    assert shanghai.ratios[0].denominator.facility_types == ()


def test_dongyings_ratio_is_promised_from_46_77_percent_to_55_and_60() -> None:
    rules = read_pack(DONGYING).rules
    assert rules is not None
    promised = [target for target in rules.targets if target.mission_row == "DY-09"]
    assert [(str(t.base_value), str(t.value), t.due_on.year) for t in promised] == [
        ("46.77", "55", 2022),
        ("46.77", "60", 2025),
    ]


def test_every_number_names_a_source_that_is_declared() -> None:
    found = problems(DONGYING.replace('source = "gait"', 'source = "hearsay"', 1))
    assert found[0]["field"] == "rules.profiles[1].source"
    assert "hearsay" in str(found[0]["message"])


def test_a_negative_circle_is_answered_with_line_and_field_in_two_languages() -> None:
    found = problems(DONGYING.replace("minutes = 10", "minutes = -10", 1))
    assert found[0]["line"] == line_of(DONGYING, "minutes = 10")
    assert found[0]["field"] == "rules.tiers[2].minutes"
    assert "须大于0" in str(found[0]["message"]) and "greater than 0" in str(found[0]["message"])


def test_all_mistakes_are_told_at_once() -> None:
    text = DONGYING.replace("minutes = 10", "minutes = -10", 1).replace("distance_m = 300", "distance = 300", 1)
    assert {str(each["field"]) for each in problems(text)} >= {
        "rules.tiers[2].minutes",
        "rules.tiers[3].distance_m",
        "rules.tiers[3].distance",
    }


def test_a_mistake_in_a_list_entry_is_answered_with_the_entrys_own_line() -> None:
    broken = DONGYING.replace("highest_points = 65", 'highest_points = "many"', 1)
    found = problems(broken)
    assert found[0]["line"] == line_of(broken, '"many"')


def test_care_levels_that_leave_a_gap_are_refused() -> None:
    found = problems(DONGYING.replace("highest_points = 65", "highest_points = 60", 1))
    assert "首尾相接" in str(found[0]["message"])


def test_a_facility_type_cannot_satisfy_a_circle_nobody_declared() -> None:
    found = problems(DONGYING.replace('tier = "street_15", required', 'tier = "street_20", required', 1))
    assert "street_20" in str(found[0]["message"])


def test_a_type_declared_twice_is_refused() -> None:
    found = problems(DONGYING.replace('code = "bath_point"', 'code = "nursing_station"', 1))
    assert any("重复" in str(each["message"]) for each in found)


def test_a_slip_in_the_toml_itself_names_its_line() -> None:
    broken = DONGYING.replace("rank = 2", "rank = = 2", 1)
    found = problems(broken)
    assert found[0]["line"] == line_of(broken, "rank = = 2")


def test_a_pack_with_rules_of_its_own_may_not_borrow_others() -> None:
    found = problems(DONGYING.replace("[city]", 'rules_from = "shanghai"\n\n[city]', 1))
    assert "rules_from" in str(found[0]["message"])


def test_the_time_bank_never_pays_cash() -> None:
    assert problems(DONGYING.replace("cash = false", "cash = true"))[0]["field"] == "rules.timebank.cash"


@pytest.mark.parametrize(
    "part", ["tiers", "profiles", "facility_types", "functions", "indicators", "vouchers", "escalation"]
)
def test_a_missing_or_empty_english_name_is_answered_with_line_and_field(part: str) -> None:
    start = DONGYING.index(f"[[rules.{part}]]" if part != "escalation" else "[[rules.escalation]]")
    line = next(line for line in DONGYING[start:].splitlines() if line.startswith("name_en"))
    text = DONGYING[:start] + DONGYING[start:].replace(line, 'name_en = ""', 1)
    (empty,) = problems(text)
    assert (empty["field"], empty["line"]) == (f"rules.{part}[1].name_en", line_of(text, 'name_en = ""'))
    assert "不能为空" in str(empty["message"]) and "must not be empty" in str(empty["message"])
    (missing,) = problems(DONGYING[:start] + DONGYING[start:].replace(line + "\n", "", 1))
    assert missing["field"] == f"rules.{part}[1].name_en" and "缺少这一项" in str(missing["message"])


def test_a_name_follows_the_reader_and_what_is_written_down_stays_chinese() -> None:
    rules = read_pack(DONGYING).rules
    assert rules is not None
    assert rules.tiers[0].name == "街道15分钟服务圈", "a job has no reader"
    token = current_language.set("en")
    try:
        named = [*rules.tiers, *rules.profiles, *rules.functions, *rules.facility_types, *rules.service_groups,
                 *rules.ratios, *rules.indicators, *rules.groups, *rules.vouchers, *rules.subsidies,
                 *rules.visit_classes, *rules.escalation, *rules.care_scheme.levels, rules.timebank]  # fmt: skip
        assert rules.tiers[0].name == "15-minute street circle" and rules.tiers[0].name_zh == "街道15分钟服务圈"
        assert [part.name for part in named if not part.name.isascii()] == []
    finally:
        current_language.reset(token)
