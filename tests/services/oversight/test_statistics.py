"""Counts of people: what "per 1,000" divides by, with the day and the source it was read in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.cities.actions import adopt_rules, load_pack
from services.clock import civil_date
from services.oversight.counting import count_city
from services.oversight.errors import BadStatistic, NotADesk, StatisticNotFound, StatisticStandsAlready
from services.oversight.importing import ListWish, ground_of, judge, read_list, take_list
from services.oversight.indicator_queries import indicator_value
from services.oversight.statistics import (
    NewStatistic,
    record_statistic,
    statistics_of,
    take_pack_statistics,
    withdraw_statistic,
)
from services.unit_of_work import SYSTEM

CITY, STREET, COMMUNITY = 320100000000000, 320102003000000, 320102003902000
HULUNBUIR = 150700000000000
PACKS = Path(__file__).parents[3] / "sample_data" / "cities"
PLAN = NewStatistic(STREET, "residents", date(2025, 12, 31), 40_000, "区统计局2025年公报")


def per_thousand(cast: Any) -> Any:
    with cast.work("house") as work:
        return indicator_value(work.session, STREET, civil_date(work.now), "floor_area")


def recorded(cast: Any, new: NewStatistic, who: str = "officer") -> int:
    with cast.work(who) as work:
        return record_statistic(work.session, work.now, work.actor, new)


@pytest.mark.mission("SH-05")
def test_square_metres_per_1000_residents_divide_by_the_newest_count_that_nobody_took_back(cast: Any) -> None:
    with cast.work("house") as work:
        lender = load_pack(work.session, work.now, PACKS / "shanghai.toml").city_code
        adopt_rules(work.session, work.now, CITY, lender)
        work.session.connection().execute(text("UPDATE facility SET type_code = 'community_hub', floor_area_m2 = 800"))
    with cast.work("house") as work:
        count_city(work.session, work.now, CITY)
    assert per_thousand(cast).value is None, "nothing to divide by yet"
    recorded(cast, PLAN)
    first = per_thousand(cast)
    assert first.denominator == 40_000 and first.value == first.numerator * 1000 / 40_000 and first.numerator > 0
    newer = recorded(cast, NewStatistic(STREET, "residents", date(2026, 6, 30), 50_000, "户籍系统"))
    assert per_thousand(cast).denominator == 50_000
    with cast.work("officer") as work:
        withdraw_statistic(work.session, work.now, work.actor, newer, "抄错了一位")
    assert per_thousand(cast).denominator == 40_000
    with cast.work("officer") as work:
        rows = statistics_of(work.session, STREET)
    assert [(row.value, row.newest, row.withdrawn_because) for row in rows] == [
        (50_000, False, "抄错了一位"), (40_000, True, None),
    ]  # fmt: skip


def test_a_count_needs_a_day_a_source_and_the_office_of_its_area(cast: Any) -> None:
    for wrong in (
        NewStatistic(STREET, "residents", date(2027, 12, 31), 1, "公报"),
        NewStatistic(STREET, "residents", date(2025, 12, 31), 0, "公报"),
        NewStatistic(STREET, "residents", date(2025, 12, 31), 5, "  "),
        NewStatistic(STREET, "cats", date(2025, 12, 31), 5, "公报"),
    ):
        with pytest.raises(BadStatistic):
            recorded(cast, wrong)
    for who in ("other_officer", "operator", "administrator", "auditor"):
        with pytest.raises(NotADesk):
            recorded(cast, PLAN, who)
    statistic_id = recorded(cast, PLAN)
    with pytest.raises(StatisticStandsAlready):
        recorded(cast, PLAN)
    with cast.work("other_officer") as work, pytest.raises(NotADesk):
        withdraw_statistic(work.session, work.now, work.actor, statistic_id, "不是我的")
    with cast.work("officer") as work:
        withdraw_statistic(work.session, work.now, work.actor, statistic_id, "错")
    with cast.work("officer") as work, pytest.raises(StatisticNotFound):
        withdraw_statistic(work.session, work.now, work.actor, statistic_id, "再撤一次")


@pytest.mark.mission("SH-39")
def test_a_packs_counts_come_with_it_once_and_what_was_taken_back_stays_away(cast: Any) -> None:
    with cast.work("house") as work:
        version = load_pack(work.session, work.now, PACKS / "hulunbuir.toml").version_id
        assert take_pack_statistics(work.session, work.now, version) == 1
        row = statistics_of(work.session, HULUNBUIR)[0]
        assert (row.value, row.what, row.counted_on, row.assumed) == (310_345, "elders_60", date(2020, 12, 31), True)
        assert "58 per 1000" in row.note
        assert take_pack_statistics(work.session, work.now, version) == 0
    with cast.database.session("setup") as session, session.begin():
        session.connection().execute(
            text(
                "UPDATE area_statistic SET withdrawn_at = now(), withdrawn_because = '与年鉴不符' WHERE area_code = :c"
            ),
            {"c": HULUNBUIR},
        )
    with cast.work("house") as work:
        assert take_pack_statistics(work.session, work.now, version) == 0


def test_a_list_of_counts_names_its_areas_by_code_or_by_name_and_sets_the_rest_aside(cast: Any) -> None:
    lines = (
        "区划代码,名称,口径,统计日期,人数,来源\n"
        "320102003,,60岁及以上,2025-12-31,9800,街道台账\n"
        ",不存在的街道,常住人口,2025-12-31,9800,街道台账\n"
        "320102003,,常住人口,2091-01-01,9800,街道台账\n"
        "320102003,,常住人口,2025-12-31,41000,\n"
    )
    wish = ListWish("statistics", "people.csv", lines.encode(), CITY)
    with cast.work("house") as work:
        read = read_list(wish)
        ground = ground_of(work.session, CITY)
        judged = judge(work.session, work.now, ground, read)
        assert [row.refused for row in judged.rows] == [False, True, True, True]
        _, counts = take_list(work.session, work.now, SYSTEM, ground, read, judged)
        assert counts["created"] == 1 and counts["refused"] == 3
        rows = statistics_of(work.session, STREET)
    assert [(row.what, row.value, row.source) for row in rows] == [("elders_60", 9800, "街道台账")]
