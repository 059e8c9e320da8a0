"""How each elder is judged, by which source elders are counted, and what is said beside every number."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import Point
from sqlalchemy import text

from services.circles.actions import refresh_reach
from services.circles.administrative import administrative_coverage, administrative_coverage_as_of
from services.circles.coverage import coverage
from services.circles.demand import Credit, active_sources, load_compounds, load_population, recount_compounds
from services.circles.errors import NoCompounds, UnknownDemand
from services.circles.filling import fill_part, finish_filling, plan_filling
from services.circles.people import counted_elders
from services.directory.changes import Moved, change_facility
from services.unit_of_work import SYSTEM, Actor, introduce
from tests.services.circles.demand_grid import BOX, CREDIT, write_grid
from tests.services.circles.quarter import (
    CITY,
    NEIGHBOUR_STREET,
    ROOT,
    STREET,
    WANG_HOME,
    add_elder,
    add_facility,
    lay_ground,
    mark_low,
    pastoral_pack,
    trust,
)

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PASTORAL = 320102004000000
DAY_CARE = ("daily_care", "meals", "mobility", "emergency", "comfort")


@pytest.fixture(scope="module")
def city(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Three streets: trusted, poorly mapped, and one whose circles are not counted in minutes; one day-care centre."""
    chance = np.random.default_rng(2)
    with module_database.session("jobs") as session:
        folder = tmp_path_factory.mktemp("pack")
        version = lay_ground(session, NOW, packs=(pastoral_pack(folder, "320102004"), "nanjing_demo"))
        mark_low(session, version, NEIGHBOUR_STREET)
        for number in range(90):
            home = (chance.uniform(118.770, 118.790), chance.uniform(32.037, 32.048))
            add_elder(session, NOW, f"老人{number}", home, (STREET, NEIGHBOUR_STREET, PASTORAL)[number % 3])
        add_facility(session, "care", WANG_HOME, "day_care_centre", DAY_CARE, now=NOW, day_places=12)
        refresh_reach(session, NOW, CITY)
        session.commit()
    yield module_database


def test_the_headline_takes_streets_where_trusted_an_estimate_where_not_and_the_area_without_minutes(city: Any) -> None:
    with city.session("jobs") as session:
        tier = next(t for t in coverage(session, CITY).tiers if (t.tier_code, t.profile) == ("community_10", "elder"))
        rows = counted_elders(session, CITY, "community_10", "elder", "denominator", most=1000)
        methods = {STREET: "walk", NEIGHBOUR_STREET: "estimate", PASTORAL: "area"}
        assert all(row.method == methods[row.area_code] for row in rows)
        for row in rows:
            assert row.straight_m is not None
            expected = {
                "walk": row.cost is not None and row.cost <= 600,
                "estimate": row.straight_m * 1.3 / 0.8 <= 600,
                "area": False,  # the only centre stands in another street
            }[row.method]
            assert row.within == expected, row
        assert tier.reached == sum(row.within for row in rows) and tier.total == len(rows)
        assert tier.estimated == sum(row.method == "estimate" for row in rows) == 30
        assert (tier.confidence, tier.label) == ("low", "估算")
        assert tier.walk_reached != tier.reached, "the street figure stays visible beside the headline"
        assert any(row.within != row.walk_within for row in rows if row.method == "estimate")


def test_an_area_without_minutes_is_covered_once_it_owns_a_facility(city: Any) -> None:
    with city.session("jobs") as session:
        own = add_facility(session, "own", (118.95, 32.25), "day_care_centre", DAY_CARE, now=NOW)
        session.connection().execute(
            text("UPDATE facility SET area_code = :a WHERE id = :id"), {"a": PASTORAL, "id": own}
        )
        refresh_reach(session, NOW, CITY)
        rows = counted_elders(session, PASTORAL, "community_10", "elder", "denominator", most=1000)
        assert len(rows) == 30 and all(row.within for row in rows) and not all(row.walk_within for row in rows)
        session.rollback()


def test_without_a_network_all_is_estimated_and_says_so(city: Any) -> None:
    with city.session("jobs") as session:
        session.connection().execute(text("UPDATE geo.network_version SET active = false"))
        report = refresh_reach(session, NOW, CITY)
        found = coverage(session, CITY)
        assert report.network_version_id is None and found.network_version_id is None
        assert found.confidence == "none" and found.confidence_reasons
        tier = next(t for t in found.tiers if (t.tier_code, t.profile) == ("community_10", "elder"))
        assert (tier.confidence, tier.label) == ("none", "估算") and tier.estimated == 60 and tier.total == 90
        assert 0 < tier.reached < tier.straight_line <= 90 and tier.walk_reached == 0
        session.rollback()


def test_a_poor_network_is_estimated_with_the_street_figure_beside_it(city: Any) -> None:
    with city.session("jobs") as session:
        version = session.connection().execute(text("SELECT id FROM geo.network_version WHERE active")).scalar_one()
        trust(session, version, "low")
        refresh_reach(session, NOW, CITY)
        tier = next(t for t in coverage(session, CITY).tiers if (t.tier_code, t.profile) == ("community_10", "elder"))
        assert tier.label == "估算" and tier.walk_reached > 0
        assert tier.estimated + tier.in_margin == 60, "beyond the map's edge a facility is as unknown to an estimate"
        session.rollback()


def test_a_grid_is_conserved_to_the_last_millionth(city: Any, tmp_path: Path) -> None:
    people = np.random.default_rng(9).gamma(0.5, 2.0, (18, 34)).astype(np.float32)
    people[3, 4] = -1.0
    women = write_grid(tmp_path / "women.tif", people)
    men = write_grid(tmp_path / "men.tif", people * np.float32(0.7))
    with city.session("jobs") as session:
        source = load_population(session, NOW, SYSTEM, [women, men], CITY, CREDIT, BOX)
        rows = session.connection().execute(
            text("SELECT count(*), sum(elders) FROM demand_point WHERE source_id = :id"), {"id": source.id}
        )
        count, placed = rows.one()
        inside = [
            (float(people[r, c]) + float(np.float32(people[r, c] * np.float32(0.7))))
            for r in range(18)
            for c in range(34)
            if BOX.contains(Point(118.7645 + c * 0.001, 32.0515 - r * 0.001)) and people[r, c] > 0
        ]
        assert count == len(inside) == source.report["cells"]
        assert abs(float(source.total) - sum(inside)) < 1e-6 * len(inside)
        assert placed + Decimal(source.report["not_placed"]) == source.total
        assert source.report["unknown_cells"] == 1
        refresh_reach(session, NOW, CITY)
        found = coverage(session, CITY, source="population")
        tier = next(t for t in found.tiers if (t.tier_code, t.profile) == ("community_10", "elder"))
        assert Decimal(str(tier.total)) + Decimal(str(tier.in_margin)) == placed
        assert "人口栅格" in tier.definition and 0 < tier.reached <= tier.total
        session.rollback()


def test_what_lies_in_no_known_area_is_not_placed_but_told(city: Any, tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "grid.tif", np.ones((18, 34)))
    with city.session("jobs") as session:
        session.connection().execute(
            text(
                "UPDATE area SET geom = ST_Multi(ST_MakeEnvelope(118.766, 32.036, 118.780, 32.050, 4326)) WHERE code = :c"
            ),
            {"c": STREET},
        )
        source = load_population(session, NOW, SYSTEM, [grid], CITY, CREDIT, BOX)
        placed, not_placed = Decimal(source.report["placed"]), Decimal(source.report["not_placed"])
        assert placed + not_placed == source.total == 30 * 16 and placed == 14 * 14
        session.rollback()


def test_compounds_count_by_their_best_number_and_tell_who_has_none(city: Any) -> None:
    with city.session("jobs") as session:
        with pytest.raises(NoCompounds):
            load_compounds(session, NOW, SYSTEM, CITY, Credit("小区名单"))
        add = text(
            "INSERT INTO compound (code, name, area_code, address, geom, original_crs, households, population, elders,"
            " source, invented, created_at) VALUES (:code, :code, :area, '', CASE WHEN :placed THEN"
            " ST_SetSRID(ST_MakePoint(118.779, 32.041), 4326) END, 'wgs84', :households, :population, :elders, 't', true, :now)"
        )
        for code, placed, households, population, elders in (
            ("a", True, 100, 300, 70),
            ("b", True, 100, 300, None),
            ("c", True, 100, None, None),
            ("d", False, 10, None, 9),
            ("e", True, None, None, None),
        ):
            facts = {"code": code, "placed": placed, "households": households, "population": population}
            session.connection().execute(add, facts | {"elders": elders, "area": STREET, "now": NOW})
        source = load_compounds(
            session, NOW, SYSTEM, CITY, Credit("小区名单"), elder_share=0.25, elders_per_household=0.5
        )
        assert source.total == 70 + 75 + 50 + 9 and Decimal(source.report["not_placed"]) == 9
        assert source.report["without_place"] == ["d"] and source.report["without_number"] == ["e"]
        refresh_reach(session, NOW, CITY)
        found = coverage(session, CITY, source="compounds")
        assert found.not_placed == 9 and found.tiers[0].total == 195 and found.source == "compounds"
        with pytest.raises(UnknownDemand):
            coverage(session, CITY, source="population")
        assert [one.kind for one in active_sources(session, CITY)] == ["compounds"]
        assert recount_compounds(session, NOW, SYSTEM, CITY) is None, "the list is as it was"
        session.connection().execute(text("UPDATE compound SET population = 400 WHERE code = 'b'"))
        again = recount_compounds(session, NOW, SYSTEM, CITY)
        assert again is not None and again.total == 70 + 100 + 50 + 9, "by the same shares as before"
        session.rollback()


def test_what_areas_owned_is_kept_for_later_years(city: Any) -> None:
    later = NOW + timedelta(days=400)
    with city.session("jobs") as session:
        session.connection().execute(
            text("INSERT INTO area (code, level, name, parent_code) VALUES (320102002002000, 'community', '试点', 320102002000000)"
                 " ON CONFLICT (code) DO NOTHING")
        )  # fmt: skip
        session.connection().execute(text("UPDATE facility SET area_code = 320102002002000 WHERE code = 'care'"))
        refresh_reach(session, NOW, CITY)
        care = session.connection().execute(text("SELECT id FROM facility WHERE code = 'care'")).scalar_one()
        changed = change_facility(session, later, SYSTEM, care, functions=["meals"])
        assert changed == ["functions"]
        refresh_reach(session, later, CITY)
        day = later.date()
        now_owns = {a.area_code: a for t in administrative_coverage(session, CITY, day) for a in t.areas}
        assert not now_owns[320102002002000].qualified_ids
        assert set(now_owns[320102002002000].missing_codes) == set(DAY_CARE) - {"meals"}
        then = administrative_coverage_as_of(session, CITY, date(2026, 12, 31))
        tier = next(t for t in then if t.tier_code == "community_10")
        assert tier.basis == "recorded" and tier.owning == 1
        assert next(a for a in tier.areas if a.area_code == 320102002002000).qualified_ids == (care,)
        session.rollback()


def test_a_changed_site_is_written_once_and_the_circles_are_promised(city: Any) -> None:
    with city.session("jobs") as session:
        care = session.connection().execute(text("SELECT id FROM facility WHERE code = 'care'")).scalar_one()
        assert change_facility(session, NOW, SYSTEM, care, closed=True) == ["closed_on", "status"]
        assert change_facility(session, NOW, SYSTEM, care, closed=True) == []
        moved = Moved(118.785, 32.045, "gcj02")
        assert "geom" in change_facility(session, NOW, SYSTEM, care, moved=moved, closed=False)
        promised = session.connection().execute(
            text("SELECT args ->> 'facility_id' FROM outbox WHERE job LIKE '%changed'")
        )
        assert list(promised.scalars()) == [str(care)] * 2
        session.rollback()


def test_parts_filled_apart_give_the_same_as_one_refresh(city: Any) -> None:
    tables = ("reach", "home_snap", "facility_snap", "elder_reach", "coverage_snapshot")
    with city.session("jobs") as session:
        for number in range(9):
            place = (118.770 + number * 0.002, 32.040)
            add_facility(session, f"s{number}", place, "service_station", ("convenience",), now=NOW)
        refresh_reach(session, NOW, CITY)
        before = {table: _rows(session, table) for table in tables}
        fill = plan_filling(session, NOW, CITY, per_part=4)
        assert fill is not None
        assert session.connection().execute(text("SELECT count(*) FROM reach")).scalar_one() == 0
        for part in (2, 0, 1, 0):
            fill_part(session, NOW, fill, part)
        promised = "SELECT count(*) FROM outbox WHERE job = 'circles.finish_filling'"
        assert session.connection().execute(text(promised)).scalar_one() == 1
        assert finish_filling(session, NOW, fill) is not None and finish_filling(session, NOW, fill) is None
        assert {table: _rows(session, table) for table in tables} == before
        session.rollback()


def _rows(session: Any, table: str) -> list[str]:
    found = session.connection().execute(text(f"SELECT * FROM {table}")).mappings()
    return sorted(str({name: value for name, value in row.items() if name not in ("id", "run_id")}) for row in found)


def test_nobody_sees_past_judgements_of_elders_she_may_not_see(city: Any) -> None:
    with city.session("jobs") as session:
        refresh_reach(session, NOW + timedelta(days=1), CITY)
        session.connection().execute(text("UPDATE facility SET status = 'closed', closed_on = '2026-11-25'"))
        refresh_reach(session, NOW + timedelta(days=2), CITY)
        session.commit()
    for lo, hi, streets in ((STREET, STREET + 10**6 - 1, {STREET}), (None, None, set())):
        with city.session("app") as session:
            role = "officer" if lo else "nobody"
            introduce(session, Actor(person_id=1 if lo else None, role=role, area_lo=lo, area_hi=hi))
            seen = session.connection().execute(text("SELECT DISTINCT area_code FROM elder_reach_past")).scalars()
            assert set(seen) == streets
            counts = "SELECT DISTINCT area_code FROM coverage_snapshot WHERE source = 'elders'"
            assert set(session.connection().execute(text(counts)).scalars()) == streets


def test_wuhans_own_grid_is_conserved(city: Any, wuhan: Path) -> None:
    import json

    import rasterio
    import shapely

    from geo.raster import read_cells

    raw = (wuhan / "wuhan-boundary.geojson").read_text(encoding="utf-8").replace(',m"name"', ', "name"')
    boundary = shapely.from_geojson(json.dumps(json.loads(raw)["features"][0]["geometry"]))
    paths = [wuhan / f"pop_{age}_{sex}_wuhan.tif" for age in (60, 80) for sex in "fm"]
    cells = read_cells(paths, boundary)
    total = cells.millionths.sum() / 1e6
    with_all = 0.0
    for path in paths:
        with rasterio.open(path) as raster:
            with_all += float(raster.read(1, masked=True).astype(np.float64).sum())
    assert 0.9 * with_all < total <= with_all + 1e-3
    assert abs(cells.rounding) <= 5e-7 and len(
        set(zip(cells.rows.tolist(), cells.columns.tolist(), strict=True))
    ) == len(cells.rows)


@pytest.fixture
def wuhan() -> Path:
    """The population grids of Wuhan, where the shared data are there."""
    import os

    root = Path(os.environ.get("YINLING_DATA") or ROOT.parent / "shared" / "data")
    if not (root / "population_wuhan").is_dir():
        pytest.skip("not run: YINLING_DATA has no population_wuhan")
    return root / "population_wuhan"
