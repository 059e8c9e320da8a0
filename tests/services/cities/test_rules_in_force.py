"""Facts are judged by the rules of their day: versions follow each other and nothing is edited in place."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.cities.actions import adopt_rules, load_national_streets, load_pack, save_areas
from services.cities.errors import BadPack, NoRulesInForce, PackVersionChanged, UnknownArea, UnknownCity
from services.cities.queries import (
    area_at,
    city_by_key,
    city_of_area,
    find_area,
    list_cities,
    names_of_rights,
    rules_in_force,
)

SAMPLE = Path(__file__).resolve().parents[3] / "sample_data"
DONGYING, SHANGHAI, NANJING = 370500_000_000_000, 310000_000_000_000, 320100_000_000_000
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def pack(name: str) -> str:
    return (SAMPLE / "cities" / f"{name}.toml").read_text(encoding="utf-8")


@pytest.fixture
def session(database: Any) -> Iterator[Session]:
    with database.session("setup") as session:
        for name in ("dongying", "shanghai", "nanjing_demo"):
            load_pack(session, NOW, pack(name))
        yield session
        database.settle(session)


def test_loading_the_same_file_again_changes_nothing(session: Session) -> None:
    before = session.connection().execute(text("SELECT count(*) FROM city_pack_version")).scalar_one()
    again = load_pack(session, NOW, SAMPLE / "cities" / "dongying.toml")
    assert not again.changed
    assert session.connection().execute(text("SELECT count(*) FROM city_pack_version")).scalar_one() == before


def test_a_published_version_cannot_come_back_with_other_content(session: Session) -> None:
    with pytest.raises(PackVersionChanged) as caught:
        load_pack(session, NOW, pack("dongying").replace("cap_minutes = 90000", "cap_minutes = 60000"))
    assert caught.value.facts["version"] == "2021-2025.3"


def test_an_english_name_may_change_only_under_a_new_version_number(session: Session) -> None:
    renamed = pack("dongying").replace('name_en = "day care"', 'name_en = "care by day"', 1)
    with pytest.raises(PackVersionChanged):
        load_pack(session, NOW, renamed)
    newer = renamed.replace('version = "2021-2025.3"', 'version = "2021-2025.4"')
    assert load_pack(session, NOW, newer).changed
    rules = rules_in_force(session, DONGYING, TODAY)
    assert (rules.version, rules.functions[1].name_en) == ("2021-2025.4", "care by day")


def test_what_government_pays_for_has_its_english_name_by_the_chinese_one_that_rights_carry(session: Session) -> None:
    names = names_of_rights(session)
    assert names["高龄独居、空巢、留守老年人居家服务"] == "home service for very old elders living alone"
    assert names["养老服务消费补贴（居家社区）"] == "national eldercare voucher, home and community"


@pytest.mark.mission("DY-53")
def test_a_fact_is_judged_by_the_version_of_its_day(session: Session) -> None:
    newer = pack("dongying").replace('version = "2021-2025.3"', 'version = "2026.1"')
    newer = newer.replace("valid_from = 2021-01-01", "valid_from = 2026-07-01", 1)
    newer = newer.replace("cap_minutes = 90000", "cap_minutes = 60000")
    load_pack(session, NOW, newer)
    assert rules_in_force(session, DONGYING, date(2026, 6, 30)).timebank.cap_minutes == 90_000
    assert rules_in_force(session, DONGYING, date(2026, 7, 1)).timebank.cap_minutes == 60_000


def test_before_the_first_version_there_are_no_rules(session: Session) -> None:
    with pytest.raises(NoRulesInForce):
        rules_in_force(session, DONGYING, date(2020, 12, 31))


def test_a_broken_pack_leaves_nothing_behind(session: Session) -> None:
    broken = pack("dongying").replace('version = "2021-2025.3"', 'version = "x"').replace("rank = 1", "rank = 0", 1)
    with pytest.raises(BadPack):
        load_pack(session, NOW, broken)
    count = session.connection().execute(text("SELECT count(*) FROM city_pack_version WHERE version = 'x'"))
    assert count.scalar_one() == 0


def test_an_area_outside_the_city_is_refused_before_anything_stands(session: Session) -> None:
    stray = pack("dongying").replace('"2021-2025.3"', '"stray"', 1).replace('code = "370523"', 'code = "330523"')
    with pytest.raises(BadPack) as caught, session.begin_nested():
        load_pack(session, NOW, stray)
    assert "330523" in caught.value.message_zh


def test_one_command_switches_the_district_from_dongying_to_shanghai_from_today_on(session: Session) -> None:
    assert rules_in_force(session, NANJING, TODAY).rules_city_key == "dongying"
    adopt_rules(session, NOW, NANJING, SHANGHAI)
    assert [tier.code for tier in rules_in_force(session, NANJING, TODAY).tiers] == ["hub_15", "doorstep_15"]
    assert rules_in_force(session, NANJING, date(2026, 11, 23)).rules_city_key == "dongying"
    adopt_rules(session, NOW, NANJING, DONGYING)
    assert len(rules_in_force(session, NANJING, TODAY).tiers) == 3


def test_the_district_stays_itself_under_borrowed_rules(session: Session) -> None:
    rules = rules_in_force(session, 320102003_901_001, TODAY)
    assert (rules.city_code, rules.rules_city_code) == (NANJING, DONGYING)


def test_a_street_centre_counts_as_a_hub_only_under_shanghais_rules(session: Session) -> None:
    assert "street_centre" in rules_in_force(session, SHANGHAI, TODAY).types_for_tier("hub_15")
    assert "community_hub" not in rules_in_force(session, DONGYING, TODAY).types_for_tier("street_15")


def test_an_upper_circle_never_counts_for_a_lower_one_unless_the_city_says_so(session: Session) -> None:
    assert "street_centre" not in rules_in_force(session, DONGYING, TODAY).types_for_tier("community_10")
    said = pack("dongying").replace("counts_upper_tiers = false", "counts_upper_tiers = true")
    load_pack(session, NOW, said.replace('"2021-2025.3"', '"counts-upper"', 1))
    kinds = rules_in_force(session, DONGYING, TODAY).types_for_tier("community_10")
    assert set(kinds) == {"street_centre", "day_care_centre"}


def test_a_municipality_is_found_from_its_districts(session: Session) -> None:
    assert city_of_area(session, 310101_000_000_000) == SHANGHAI
    with pytest.raises(UnknownCity):
        city_of_area(session, 440300_000_000_000)


def test_a_city_is_found_by_key_code_or_name(session: Session) -> None:
    assert city_by_key(session, "dongying") == city_by_key(session, "370500") == city_by_key(session, "东营市")
    assert {row.key for row in list_cities(session)} == {"dongying", "shanghai", "nanjing_demo"}


def test_a_county_that_became_a_district_names_its_predecessor(session: Session) -> None:
    assert find_area(session, 370505_000_000_000).predecessor_code == 370521_000_000_000
    with pytest.raises(UnknownArea):
        find_area(session, 370599_000_000_000)


def test_the_streets_of_china_load_twice_and_stay_the_same(session: Session) -> None:
    path = SAMPLE / "codes" / "streets.csv.gz"
    assert load_national_streets(session, path) == load_national_streets(session, path) == 41_352
    found = session.connection().execute(
        text("SELECT name, district_code FROM national_street WHERE code = 320102003000000")
    )
    assert found.one() == ("新街口街道", 320102_000_000_000)


def test_a_point_lands_in_the_community_drawn_around_it(session: Session) -> None:
    square = "SRID=4326;MULTIPOLYGON(((118.78 32.04, 118.79 32.04, 118.79 32.05, 118.78 32.05, 118.78 32.04)))"
    save_areas(session, [{"code": 320102003_901_000, "name": "青石里社区", "geom": square}])
    assert area_at(session, 118.785, 32.045) == 320102003_901_000
    assert area_at(session, 32.045, 118.785) is None


def test_a_city_pack_version_cannot_be_edited_even_by_hand(session: Session) -> None:
    from sqlalchemy.exc import DBAPIError

    with pytest.raises(DBAPIError), session.begin_nested():
        session.connection().execute(text("UPDATE city_pack_version SET version = 'other'"))
