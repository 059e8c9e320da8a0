"""Room for elders, and what everybody may read, on the real streets of Nanjing; over the command line and HTTP."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.circles.access import compute_access, latest_access
from services.circles.actions import refresh_reach
from services.circles.coverage import coverage
from services.circles.errors import NothingPublished, NotYetComputed
from services.circles.openness import open_coverage, publish_open_coverage
from services.directory.changes import change_facility
from services.unit_of_work import SYSTEM, Actor, UnitOfWork, introduce
from tests.services.circles.demand_grid import write_grid
from tests.services.circles.quarter import (
    CITY,
    NEIGHBOUR_STREET,
    STREET,
    WANG_HOME,
    add_elder,
    add_facility,
    lay_ground,
)
from workers.commands import circles
from workers.jobs.circles import HANDLERS

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DAY_CARE = ("daily_care", "meals", "mobility", "emergency", "comfort")


@pytest.fixture(scope="module")
def city(module_database: Any) -> Iterator[Any]:
    chance = np.random.default_rng(8)
    with module_database.session("jobs") as session:
        lay_ground(session, NOW)
        for number in range(80):
            home = (chance.uniform(118.770, 118.790), chance.uniform(32.037, 32.048))
            add_elder(session, NOW, f"老人{number}", home, STREET if number > 2 else NEIGHBOUR_STREET)
        add_facility(session, "small", WANG_HOME, "day_care_centre", DAY_CARE, now=NOW, day_places=4)
        add_facility(session, "large", (118.776, 32.0425), "day_care_centre", DAY_CARE, now=NOW, day_places=30)
        refresh_reach(session, NOW, CITY)
        session.commit()
    yield module_database


def test_places_are_shared_by_all_who_can_walk_there_and_areas_add_up(city: Any) -> None:
    with city.session("jobs") as session:
        with pytest.raises(NotYetComputed):
            latest_access(session, CITY, "places")
        compute_access(session, NOW, CITY, "places")
        found = latest_access(session, CITY, "places")
        assert [one.capacity for one in found.facilities] == [4, 30] or {4, 30} == {
            f.capacity for f in found.facilities
        }
        assert found.elders == 80 and {area.area_code for area in found.areas} == {STREET, NEIGHBOUR_STREET}
        shared = sum(area.per_thousand * area.elders for area in found.areas) / 1000
        assert shared == pytest.approx(34, abs=0.1), "every place is somebody's"
        assert found.per_thousand == pytest.approx(34 / 80 * 1000, rel=0.01)
        assert "E2SFCA" in found.definition and found.network_version_id > 0
        session.rollback()


def test_a_full_house_has_no_room_and_the_walk_goes_on_to_the_next(city: Any) -> None:
    with city.session("jobs") as session:
        ids = dict(session.connection().execute(text("SELECT code, id FROM facility")).all())
        compute_access(session, NOW, CITY, "places")
        roomy = latest_access(session, CITY, "places")
        compute_access(session, NOW, CITY, "places", taken={ids["small"]: 4})
        tight = latest_access(session, CITY, "places")
        assert tight.with_room <= roomy.with_room
        pairs = zip(roomy.areas, tight.areas, strict=True)
        before = {area.area_code: area.seconds_to_room for area in roomy.areas}
        assert all(
            area.seconds_to_room is None or area.seconds_to_room >= (before[area.area_code] or 0)
            for area in tight.areas
        )
        assert any((b.seconds_to_room or 0) > (a.seconds_to_room or 0) for a, b in pairs)
        compute_access(session, NOW, CITY, "places", taken={ids["small"]: 4, ids["large"]: 99})
        assert latest_access(session, CITY, "places").with_room == 0
        session.rollback()


def test_beds_count_as_free_only_while_nobody_lies_in_them(city: Any) -> None:
    with city.session("jobs") as session:
        connection = session.connection()
        large = connection.execute(text("SELECT id FROM facility WHERE code = 'large'")).scalar_one()
        for label in ("1", "2", "3"):
            connection.execute(
                text(
                    "INSERT INTO bed (facility_id, area_code, label, kind, dementia, basic_guarantee, opened_on)"
                    " VALUES (:f, :a, :l, 'institution', false, false, '2020-01-01')"
                ),
                {"f": large, "a": STREET, "l": label},
            )
        elder = connection.execute(text("SELECT min(person_id) FROM elder")).scalar_one()
        connection.execute(
            text(
                "INSERT INTO bed_stay (bed_id, elder_id, area_code, during, recorded_at)"
                " SELECT min(id), :e, :a, '[2026-01-01,)', :now FROM bed"
            ),
            {"e": elder, "a": STREET, "now": NOW},
        )
        compute_access(session, NOW, CITY, "beds")
        (home,) = latest_access(session, CITY, "beds").facilities
        assert (home.capacity, home.free) == (3, 2)
        session.rollback()


def test_the_open_table_withholds_a_street_of_three_and_its_neighbour(city: Any) -> None:
    with city.session("jobs") as session:
        with pytest.raises(NothingPublished):
            open_coverage(session, CITY)
        publish_open_coverage(session, NOW, SYSTEM, CITY)
        session.commit()
        whole = {(t.tier_code, t.profile): t for t in coverage(session, CITY).tiers}
    with city.session("app") as session:
        introduce(session, Actor(person_id=None, role="nobody"))
        table = open_coverage(session, CITY)
        with pytest.raises(NothingPublished):
            open_coverage(session, CITY, date(2026, 11, 1))
    assert table.licence == "CC BY 4.0" and table.day == date(2026, 11, 20) and table.network["version"]
    assert {(one["tier"], one["profile"]) for one in table.definitions} == set(whole)
    for row in table.rows:
        if row["level"] == "street":
            assert row["total"] is None and row["suppressed"], "of two streets, three elders hide both"
        if row["level"] == "city":
            assert row["total"] == whole[row["tier"], row["profile"]].total >= 70
        for name in ("total", "reached", "unreached"):
            assert row[name] is None or row[name] == 0 or row[name] >= 5
    assert "person" not in json.dumps(table.rows)


def told(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(circles.app, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_the_command_line_tells_coverage_owners_access_history_and_last_year(city: Any, tmp_path: Path) -> None:
    code, out, err = told("coverage", "--city", "320100", "--json")
    assert code == 0, err
    figures = json.loads(out)
    assert set(figures) == {"street_15", "community_10", "quarter_5"}
    assert set(figures["community_10"]["elder"]) == {"reached", "total", "straight_line"}
    code, out, err = told("coverage", "--city", "320100", "--as-of", "2025-11-22", "--detail")
    assert code == 0, err
    last_year = json.loads(out)
    assert last_year["basis"] == "dated" and last_year["as_of"] == "2025-11-22" and last_year["tiers"]
    code, out, _ = told("coverage", "--city", "320100")
    assert code == 0 and out.index("可信度") < out.index("覆盖")
    code, out, err = told("administrative", "--city", "320100", "--json")
    assert code == 0 and json.loads(out)[0]["areas"], err
    code, out, err = told("access", "--city", "320100", "--json")
    assert code == 0 and json.loads(out)["facilities"], err
    code, out, err = told("history", "--city", "320100", "--tier", "community_10", "--json")
    assert code == 0 and json.loads(out)[0]["total"] > 0, err
    grid = write_grid(tmp_path / "grid.tif", np.ones((18, 34)))
    outline = tmp_path / "outline.geojson"
    outline.write_text('{"type":"FeatureCollection","features":[{"x":1,m"y":2}]}', encoding="utf-8")
    code, _, err = told("population", str(grid), "--city", "320100", "--name", "格", "--boundary", str(outline))
    assert code == 1 and "outline.geojson" in err and "第1行" in err
    for wrong, words in (
        ('{"features":[{"geometry":null}]}', "写法不对"),
        ('{"type":"LineString","coordinates":[[118.7,32.0],[118.8,32.0]]}', "经纬度的面"),
        ('{"type":"Polygon","coordinates":[[[0,0],[5000,0],[5000,5000],[0,0]]]}', "经纬度的面"),
    ):
        outline.write_text(wrong, encoding="utf-8")
        code, _, err = told("population", str(grid), "--city", "320100", "--name", "格", "--boundary", str(outline))
        assert code == 1 and "outline.geojson" in err and words in err, err
    torn = tmp_path / "torn.tif"
    torn.write_bytes(grid.read_bytes()[:300])
    outline.write_text(
        '{"type":"Polygon","coordinates":[[[118.77,32.04],[118.79,32.04],[118.79,32.05],[118.77,32.05],[118.77,32.04]]]}',
        encoding="utf-8",
    )
    code, _, err = told("population", str(torn), "--city", "320100", "--name", "格", "--boundary", str(outline))
    assert code == 1 and "torn.tif" in err
    code, out, err = told("population", str(grid), "--city", "320100", "--name", "格", "--boundary", str(outline))
    assert code == 0 and "共200.000000人" in out, err
    code, out, err = told("coverage", "--city", "320100", "--source", "population", "--json")
    assert code == 0 and json.loads(out)["community_10"]["elder"]["total"] == 200, err


def test_the_houses_own_jobs_keep_all_this_up(city: Any) -> None:
    with city.session("jobs") as session:
        work = UnitOfWork(session=session, now=NOW + timedelta(days=1), actor=SYSTEM)
        care = session.connection().execute(text("SELECT id FROM facility WHERE code = 'small'")).scalar_one()
        change_facility(session, work.now, SYSTEM, care, closed=True)
        HANDLERS["circles.facility_changed"](work, facility_id=care)
        HANDLERS["circles.facility_changed"](work, facility_id=10**9)
        causes = session.connection().execute(text("SELECT cause FROM reach_run ORDER BY id DESC LIMIT 1"))
        assert causes.scalar_one() == "facility"
        for job in ("circles.refresh_every_city", "circles.compute_access", "circles.publish_every_city"):
            HANDLERS[job](work)
            HANDLERS[job](work)
        promised = text("SELECT count(*) FROM outbox WHERE job = 'circles.refresh'")
        assert session.connection().execute(promised).scalar_one() == 1
        assert open_coverage(session, CITY).day == date(2026, 11, 21)
        assert latest_access(session, CITY, "places").computed_at == work.now
        HANDLERS["circles.refresh"](work, city_code=CITY)
        session.rollback()


def test_later_days_do_not_change_what_was_published(city: Any) -> None:
    with city.session("jobs") as session:
        before = open_coverage(session, CITY).rows
        session.connection().execute(text("UPDATE facility SET status = 'closed', closed_on = '2026-12-01'"))
        refresh_reach(session, NOW + timedelta(days=10), CITY)
        assert open_coverage(session, CITY).rows == before
        session.rollback()
