"""One facility changes: what is judged again at once must equal a full recount, whatever the change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from services.circles.actions import refresh_reach
from services.circles.coverage import coverage, written_counts
from services.circles.errors import UnknownDoor
from services.circles.history import coverage_as_of, coverage_trend
from services.circles.incremental import facility_changed
from services.circles.people import counted_elders, counts_as_of
from services.oversight.importing import ListWish, ground_of, judge, read_list, take_list
from services.unit_of_work import SYSTEM, UnitOfWork
from tests.services.circles.demand_grid import lay_grid
from tests.services.circles.quarter import (
    CITY,
    NEIGHBOUR_STREET,
    STREET,
    add_elder,
    add_facility,
    lay_ground,
    mark_low,
    pastoral_pack,
)
from workers.jobs.circles import HANDLERS

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PASTORAL = 320102004000000
KINDS = {
    "street_centre": ("residential_care", "day_care", "home_visit", "guidance"),
    "day_care_centre": ("daily_care", "meals", "mobility", "emergency", "comfort"),
    "service_station": ("convenience",),
}


@pytest.fixture(scope="module")
def city(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Elders of three streets: one on trusted streets, one on poor ones, one judged without minutes; and a grid."""
    folder = tmp_path_factory.mktemp("pack")
    chance = np.random.default_rng(11)
    with module_database.session("jobs") as session:
        version = lay_ground(session, NOW, packs=(pastoral_pack(folder, "320102004"), "nanjing_demo"))
        mark_low(session, version, NEIGHBOUR_STREET)
        for number in range(150):
            home = (chance.uniform(118.764, 118.797), chance.uniform(32.034, 32.052))
            add_elder(session, NOW, f"老人{number}", home, (STREET, NEIGHBOUR_STREET, PASTORAL)[number % 3])
        lay_grid(session, NOW, folder, CITY)
        for number, kind in enumerate([*KINDS, *KINDS, *KINDS]):
            add_facility(session, f"f{number}", _somewhere(chance), kind, KINDS[kind], now=NOW)
        refresh_reach(session, NOW, CITY)
        session.commit()
    yield module_database


def _somewhere(chance: np.random.Generator) -> tuple[float, float]:
    return float(chance.uniform(118.762, 118.799)), float(chance.uniform(32.033, 32.053))


def _change_one(session: Any, chance: np.random.Generator, number: int) -> int:
    """Change one facility at random, as the register would: open a new one, move, close, open again, lose a function."""
    connection = session.connection()
    what = ("open", "move", "close", "reopen", "lose", "gain", "street")[int(chance.integers(7))]
    if what == "open":
        kind = list(KINDS)[int(chance.integers(3))]
        area = (STREET, NEIGHBOUR_STREET, PASTORAL)[int(chance.integers(3))]
        opened = add_facility(session, f"new{number}", _somewhere(chance), kind, KINDS[kind], now=NOW)
        connection.execute(text("UPDATE facility SET area_code = :a WHERE id = :id"), {"a": area, "id": opened})
        return opened
    ids = list(connection.execute(text("SELECT id FROM facility ORDER BY id")).scalars())
    chosen = int(ids[int(chance.integers(len(ids)))])
    lon, lat = _somewhere(chance)
    change = {
        "move": "geom = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)",
        "close": "status = 'closed', closed_on = '2026-11-01'",
        "reopen": "status = 'open', closed_on = NULL",
        "lose": "functions = functions[2:]",
        "gain": "functions = ARRAY['residential_care','day_care','home_visit','guidance','daily_care','meals',"
        "'mobility','emergency','comfort','convenience']",
        "street": "area_code = CASE WHEN area_code = 320102004000000 THEN 320102002000000 ELSE 320102004000000 END",
    }[what]
    connection.execute(
        text(f"UPDATE facility SET {change} WHERE id = :id"),
        {"id": chosen} | ({"lon": lon, "lat": lat} if what == "move" else {}),
    )
    return chosen


TABLES = {
    "elder_reach": "person_id, tier_code, profile, network_version_id, area_code, method, facility_id,"
    " round(cost::numeric, 6), straight_facility_id, round(straight_m::numeric, 6), within, walk_within,"
    " straight_within, snapped, in_margin, near_edge",
    "demand_reach": "point_id, tier_code, profile, method, facility_id, round(cost::numeric, 6),"
    " round(straight_m::numeric, 6), within, walk_within, elders",
    "reach": "profile, node_id, facility_id, round(cost::numeric, 6)",
    "facility_snap": "facility_id, step_free, edge_id, fraction",
    "coverage_snapshot": "area_code, source, tier_code, profile, day, total, reached, walk_reached, straight_reached,"
    " estimated, in_margin, unsnapped, near_edge, facts::text",
}


def _state(session: Any) -> dict[str, list[Any]]:
    return {
        table: sorted(map(str, session.connection().execute(text(f"SELECT {names} FROM {table}")).all()))
        for table, names in TABLES.items()
    }


@pytest.mark.parametrize("seed", (1, 2, 3))
def test_any_change_of_any_facility_equals_a_full_recount(city: Any, seed: int) -> None:
    chance = np.random.default_rng(seed)
    changed = 0
    with city.session("jobs") as session:
        for number in range(12):
            now = NOW + timedelta(minutes=number)
            facility_id = _change_one(session, chance, number)
            changed += facility_changed(session, now, facility_id).changed
            at_once = _state(session)
            with session.begin_nested() as savepoint:
                refresh_reach(session, now, CITY)
                recounted = _state(session)
                savepoint.rollback()
            for table, rows in recounted.items():
                assert at_once[table] == rows, (number, table)
        session.rollback()
    assert changed > 100


def test_a_second_call_changes_nothing_and_an_unknown_facility_is_refused(city: Any) -> None:
    with city.session("jobs") as session:
        facility_id = _change_one(session, np.random.default_rng(5), 0)
        facility_changed(session, NOW, facility_id)
        before = _state(session)
        again = facility_changed(session, NOW + timedelta(minutes=1), facility_id)
        assert again.changed == 0 and _state(session) == before
        with pytest.raises(UnknownDoor):
            facility_changed(session, NOW, 10**9)
        session.rollback()


LIST = """设施编码,设施名称,设施类型,服务功能,经度,纬度,运营状态,区划代码
new1,新的驿站,service_station,convenience,118.7800,32.0420,营业,320102002000000
f0,f0,street_centre,residential_care;day_care;home_visit;guidance,118.7950,32.0500,营业,320102002000000
f1,f1,day_care_centre,meals,118.7700,32.0400,营业,320102002000000
f2,f2,service_station,convenience,118.7830,32.0400,关闭,320102002000000
"""


def test_a_short_list_through_its_job_gives_the_same_figures_as_a_full_recount(city: Any) -> None:
    with city.session("jobs") as session:
        wish = ListWish("facilities", "list.csv", LIST.encode(), CITY, "wgs84")
        read, ground = read_list(wish), ground_of(session, CITY)
        before = _state(session)
        judged = judge(session, NOW, ground, read)
        assert [one.message for row in judged.rows for one in row.findings if one.refuses] == []
        counts = take_list(session, NOW, SYSTEM, ground, read, judged)[1]
        assert (counts["created"], counts["updated"], counts["refused"]) == (1, 3, 0)
        promised = text("SELECT job, args FROM outbox WHERE job LIKE 'circles.%' ORDER BY id DESC LIMIT 1")
        job, args = session.connection().execute(promised).one()
        assert job == "circles.facilities_changed" and len(args["facility_ids"]) == 4
        HANDLERS[job](UnitOfWork(session=session, now=NOW, actor=SYSTEM), **args)
        at_once = _state(session)
        refresh_reach(session, NOW, CITY)
        recounted = _state(session)
        for table, rows in recounted.items():
            assert at_once[table] == rows != before[table], table
        session.rollback()


def test_only_the_touched_communities_are_counted_anew(city: Any) -> None:
    tomorrow = NOW + timedelta(days=1)
    with city.session("jobs") as session:
        session.connection().execute(text("UPDATE facility SET phone = '1' WHERE code = 'f0'"))
        far = add_facility(session, "far", (118.9, 32.2), "service_station", ("convenience",), now=NOW)
        touched = facility_changed(session, tomorrow, far)
        days = session.connection().execute(
            text("SELECT DISTINCT area_code FROM coverage_snapshot WHERE source = 'elders' AND day = '2026-11-25'")
        )
        assert set(days.scalars()) == set(touched.communities)
        session.rollback()


def test_last_months_coverage_keeps_its_number_and_its_rows(city: Any) -> None:
    later = NOW + timedelta(days=30)
    with city.session("jobs") as session:
        before = coverage(session, CITY)
        rows = {row.person_id for row in counted_elders(session, CITY, "quarter_5", "elder", "numerator", most=10**6)}
        session.connection().execute(text("UPDATE facility SET status = 'closed', closed_on = '2026-12-24'"))
        for facility_id in list(session.connection().execute(text("SELECT id FROM facility")).scalars()):
            facility_changed(session, later, facility_id)
        assert all(tier.reached == 0 for tier in coverage(session, CITY).tiers)
        then = coverage_as_of(session, later, CITY, None, date(2026, 12, 1))
        assert then.basis == "recorded" and then.judged_on == date(2026, 11, 24)
        assert then.as_story() == before.as_story()
        past = counted_elders(session, CITY, "quarter_5", "elder", "numerator", as_of=date(2026, 12, 1), most=10**6)
        assert {row.person_id for row in past} == rows and rows
        assert not counted_elders(session, CITY, "quarter_5", "elder", "numerator", as_of=date(2026, 12, 24))
        trend = coverage_trend(session, CITY, CITY, "quarter_5", "elder", date(2026, 12, 31))
        assert [point.day for point in trend] == [date(2026, 11, 24), date(2026, 12, 24)]
        assert trend[0].reached == len(rows) and trend[1].reached == 0 and trend[0].total == trend[1].total
        session.rollback()


def test_the_rows_of_any_day_and_the_counts_written_on_it_are_the_same(city: Any) -> None:
    chance = np.random.default_rng(21)
    with city.session("jobs") as session:
        for day in range(4):
            facility_changed(session, NOW + timedelta(days=day), _change_one(session, chance, day))
        codes = (CITY, CITY + 10**11 - 1)
        for day in (date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)):
            from_rows = counts_as_of(session, codes, day)
            written = written_counts(session, CITY, codes, day, "elders")
            assert from_rows and from_rows == written, day
        session.rollback()


def test_a_day_before_the_first_count_is_worked_out_from_dated_facts(city: Any) -> None:
    with city.session("jobs") as session:
        connection = session.connection()
        connection.execute(text("UPDATE facility SET opened_on = '2026-03-01' WHERE type_code = 'street_centre'"))
        connection.execute(
            text("UPDATE elder SET registered_on = '2026-05-01' WHERE person_id % 2 = 0"),
        )
        early = coverage_as_of(session, NOW, CITY, None, date(2026, 2, 1))
        spring = coverage_as_of(session, NOW, CITY, None, date(2026, 4, 1))
        assert early.basis == spring.basis == "dated"
        by = {(tier.tier_code, tier.profile): tier for tier in early.tiers}
        assert by["street_15", "elder"].reached == 0
        assert next(t for t in spring.tiers if t.tier_code == "street_15").reached > 0
        assert by["quarter_5", "elder"].total + by["quarter_5", "elder"].in_margin == 75
        session.rollback()


def test_the_test_pack_is_read(tmp_path: Path) -> None:
    assert "areas_without_minutes" in pastoral_pack(tmp_path, "320102004").read_text(encoding="utf-8")
