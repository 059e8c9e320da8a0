"""Reach and coverage on the real streets of Nanjing: each number against its rows and against a direct walk."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from geo.profiles import PROFILES
from geo.snap import Snapper
from geo.walking import build_graph, costs_at, walk_from
from services.circles.actions import refresh_reach
from services.circles.coverage import coverage, coverage_by_area, uncovered_elders
from services.circles.errors import NoStreetNear, NotYetComputed, NoWalkingNetwork, UnknownWay
from services.circles.queries import circles_around, who_reaches
from services.circles.streets import streets_of
from services.circles.tiles import areas_tile, facilities_tile, streets_tile
from services.unit_of_work import Actor, introduce
from tests.services.circles.quarter import (
    CITY,
    LAKE,
    NEIGHBOUR_STREET,
    STREET,
    WANG_HOME,
    Quarter,
    add_elder,
    add_facility,
    lay_ground,
)

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY_CARE = ("daily_care", "meals", "mobility", "emergency", "comfort")
CENTRE = ("residential_care", "day_care", "home_visit", "guidance")


@pytest.fixture(scope="module")
def quarter(module_database: Any) -> Iterator[tuple[Any, Quarter]]:
    """Elders and facilities, with their reach computed by the job's login."""
    with module_database.session("jobs") as session:
        lay_ground(session, NOW)
        people = _settle_elders(session)
        places = _open_facilities(session)
        session.commit()
        refresh_reach(session, NOW, CITY)
        session.commit()
    yield module_database, Quarter(people, places)


def _settle_elders(session: Any) -> dict[str, int]:
    people = {"王奶奶": add_elder(session, NOW, "王秀兰", WANG_HOME)}
    chance = np.random.default_rng(4)
    for number in range(60):
        home = (chance.uniform(118.766, 118.794), chance.uniform(32.036, 32.050))
        area = STREET if number % 3 else NEIGHBOUR_STREET
        people[f"老人{number}"] = add_elder(session, NOW, f"老人{number}", home, area)
    people["住在图外"] = add_elder(session, NOW, "住在图外", (118.90, 32.20))
    people["住在湖心"] = add_elder(session, NOW, "住在湖心", LAKE)
    people["住在图边"] = add_elder(session, NOW, "住在图边", _corner(session))
    people["没有坐标"] = add_elder(session, NOW, "没有坐标", None)
    gone = add_elder(session, NOW, "已去世", WANG_HOME)
    session.connection().execute(text("UPDATE person SET died_on = '2026-01-01' WHERE id = :id"), {"id": gone})
    return people


def _corner(session: Any) -> tuple[float, float]:
    """The westernmost crossing of the mapped streets, where the map ends."""
    lon, lat = min(streets_of(session, CITY).network.hull().exterior.coords)
    return float(lon), float(lat)


def _open_facilities(session: Any) -> dict[str, int]:
    network = streets_of(session, CITY).network
    snaps = Snapper(network).snap(*WANG_HOME)
    line = network.lines()[snaps.edge[0]]
    same_street = line.interpolate(0.9 if snaps.fraction[0] < 0.5 else 0.1, normalized=True)
    near = (WANG_HOME[0] + 0.0004, WANG_HOME[1])
    return {
        "街道中心": add_facility(session, "centre", near, "street_centre", CENTRE, now=NOW),
        "缺助餐的日间照料": add_facility(session, "half", near, "day_care_centre", DAY_CARE[:1], now=NOW),
        "日间照料": add_facility(session, "care", (118.7760, 32.0425), "day_care_centre", DAY_CARE, now=NOW),
        "同一条街": add_facility(
            session, "lane", (same_street.x, same_street.y), "service_station", ("convenience",), now=NOW
        ),
        "已关停": add_facility(
            session, "gone", near, "service_station", ("convenience",), now=NOW, closed_on=date(2026, 6, 1)
        ),
        "图边的站": add_facility(session, "edge", _corner(session), "service_station", ("convenience",), now=NOW),
        "图外的站": add_facility(session, "far", (118.95, 32.25), "service_station", ("convenience",), now=NOW),
    }


@pytest.mark.parametrize("code", ("elder", "gb50180"))
def test_the_table_answers_what_a_direct_walk_answers(quarter: tuple[Any, Quarter], code: str) -> None:
    database, known = quarter
    limit = 1500.0 if code == "gb50180" else 1800.0
    with database.session("jobs") as session:
        network = streets_of(session, CITY).network
        graph, snapper = build_graph(network, PROFILES[code]), Snapper(network)
        doors = dict(session.connection().execute(text("SELECT id, ST_AsText(geom) FROM facility")).all())
        homes = session.connection().execute(
            text("SELECT id, ST_X(home), ST_Y(home) FROM person WHERE home IS NOT NULL")
        )
        ids, lons, lats = zip(*homes, strict=True)
        at_home = snapper.snap(lons, lats)
        expected: dict[tuple[int, int], float] = {}
        for name, facility_id in known.facilities.items():
            if name == "已关停":
                continue
            lon, lat = (float(part) for part in doors[facility_id][6:-1].split())
            door = snapper.snap(lon, lat)
            table = walk_from(graph, door, 0, np.inf).dense(graph.node_count)
            for person_id, cost in zip(ids, costs_at(graph, table, door, at_home), strict=True):
                if cost <= limit:
                    expected[person_id, facility_id] = cost
        answered = {
            (person_id, walk.facility_id): walk.cost
            for person_id in known.elders.values()
            for walk in who_reaches(session, person_id, code, limit)
        }
    living = set(known.elders.values())
    assert answered == pytest.approx({key: cost for key, cost in expected.items() if key[0] in living}, abs=1e-6)
    assert len(answered) > 60


def test_a_facility_in_her_own_street_is_reached_along_it(quarter: tuple[Any, Quarter]) -> None:
    database, known = quarter
    with database.session("jobs") as session:
        walks = {w.facility_id: w.cost for w in who_reaches(session, known.elders["王奶奶"], "gb50180", 1500)}
        row = session.connection().execute(
            text(
                "SELECT h.distance_m + f.distance_m + abs(h.fraction - f.fraction) * e.length_m FROM home_snap AS h"
                " JOIN facility_snap AS f USING (network_version_id, edge_id, step_free)"
                " JOIN geo.network_edge AS e ON e.version_id = h.network_version_id AND e.id = h.edge_id"
                " WHERE h.person_id = :person AND f.facility_id = :facility"
            ),
            {"person": known.elders["王奶奶"], "facility": known.facilities["同一条街"]},
        )
        assert walks[known.facilities["同一条街"]] == pytest.approx(row.scalar_one(), abs=1e-6)


def test_every_number_has_its_rows(quarter: tuple[Any, Quarter]) -> None:
    database, known = quarter
    with database.session("jobs") as session:
        found = coverage(session, CITY)
        assert len(found.tiers) == 2 * 3
        for tier in found.tiers:
            rows = uncovered_elders(session, CITY, tier.tier_code, tier.profile)
            assert tier.reached + len(rows) == tier.total
            assert tier.total + tier.in_margin == len(known.elders) - 1, "the elder without a home is apart"
            assert tier.reached <= tier.straight_line, "a straight line never claims less"
            by_area = coverage_by_area(session, CITY, tier.tier_code, tier.profile, "street")
            assert [one.area_code for one in by_area] == [STREET, NEIGHBOUR_STREET]
            assert sum(one.reached for one in by_area) == tier.reached
            assert sum(one.total for one in by_area) == tier.total
            assert sum(one.estimated for one in by_area) == tier.estimated
        assert found.elders_without_home == 1
        assert found.unsnapped_facilities == [known.facilities["图外的站"]]
        assert any(0 < tier.reached < tier.total for tier in found.tiers)


@pytest.mark.mission("DY-01")
def test_an_upper_circles_centre_counts_for_no_lower_circle(quarter: tuple[Any, Quarter]) -> None:
    database, known = quarter
    with database.session("jobs") as session:
        rows = session.connection().execute(text("SELECT DISTINCT tier_code, facility_id FROM elder_reach")).all()
    serving: dict[str, set[int]] = {}
    for tier, facility in rows:
        serving.setdefault(tier, set()).update({facility} - {None})
    assert serving == {
        "street_15": {known.facilities["街道中心"]},
        "community_10": {known.facilities["日间照料"]},
        "quarter_5": {known.facilities["同一条街"], known.facilities["图边的站"]},
    }


def test_who_has_no_street_is_listed_and_who_lives_at_the_edge_is_apart(quarter: tuple[Any, Quarter]) -> None:
    database, known = quarter
    with database.session("jobs") as session:
        listed = uncovered_elders(session, CITY, "street_15", "elder", only_unsnapped=True)
        assert known.elders["住在湖心"] in {row.person_id for row in listed}
        assert all(row.cost is None and row.straight_m is not None and not row.snapped for row in listed)
        everyone = {row.person_id for row in uncovered_elders(session, CITY, "street_15", "elder")}
        assert known.elders["住在图外"] not in everyone
        at_edge = who_reaches(session, known.elders["住在图边"], "elder", 300)
        assert [walk.facility_id for walk in at_edge] == [known.facilities["图边的站"]]
        tier = coverage(session, CITY).tiers[0]
        assert tier.in_margin >= 2 and tier.unsnapped == len(listed)


def test_the_confidence_stands_before_the_number_and_the_definition_beside_it(quarter: tuple[Any, Quarter]) -> None:
    database, _ = quarter
    with database.session("jobs") as session:
        found = coverage(session, CITY)
    tier = found.tiers[0]
    assert list(tier.__dataclass_fields__)[:2] == ["confidence", "label"]
    assert (tier.confidence, tier.label, tier.estimated) == ("high", "", 0) and found.confidence_reasons
    assert found.network_name == "玄武" and found.judged_on == date(2026, 11, 24) and found.computed_at == NOW
    for part in ("15分钟", "0.8米/秒", "街道", "250米", "不计入", "直线距离×1.3", "估算"):
        assert part in tier.definition
    assert found.as_story()["street_15"]["gb50180"].keys() == {"reached", "total", "straight_line"}


def test_an_officer_counts_the_elders_of_her_own_street(quarter: tuple[Any, Quarter]) -> None:
    database, known = quarter
    with database.session("jobs") as session:
        whole = coverage(session, CITY).tiers[0]
        own = coverage(session, CITY, STREET).tiers[0]
    with database.session("app") as session:
        officer = Actor(person_id=1, role="officer", area_lo=STREET, area_hi=STREET + 10**6 - 1)
        introduce(session, officer)
        seen = coverage(session, CITY).tiers[0]
        assert (seen.reached, seen.total) == (own.reached, own.total) and seen.total < whole.total
    with database.session("app") as session:
        introduce(session, Actor(person_id=None, role="nobody"))
        assert coverage(session, CITY).tiers[0].total == 0
        assert who_reaches(session, known.elders["王奶奶"], "elder", 1800) == []


def test_the_map_shows_facilities_streets_and_shares_but_no_home(quarter: tuple[Any, Quarter]) -> None:
    database, known = quarter
    zoom, column, row = 14, 13597, 6651
    with database.session("setup") as session:
        session.connection().execute(
            text(
                "UPDATE area SET geom = ST_Multi(ST_MakeEnvelope(118.76, 32.03, 118.80, 32.06, 4326)) WHERE code = :c"
            ),
            {"c": STREET},
        )
        facilities = facilities_tile(session, CITY, zoom, column, row)
        areas = areas_tile(session, CITY, zoom, column, row, tier="street_15", profile="elder", level="street")
        streets = streets_tile(session, CITY, zoom, column, row)
        session.rollback()
    assert b"facilities" in facilities and b"centre" in facilities and b"gone" not in b"".join([areas, streets])
    assert b"percent" in areas and "梅园新村街道".encode() in areas
    assert b"residential" in streets and len(streets) > 1000
    for tile in (facilities, areas, streets):
        assert b"person" not in tile and "王秀兰".encode() not in tile


def test_a_circle_may_be_asked_in_any_system_and_refusals_say_why(quarter: tuple[Any, Quarter]) -> None:
    from geo.coordinates import from_wgs84

    database, _ = quarter
    with database.session("jobs") as session:
        plain = circles_around(session, CITY, *WANG_HOME, "wgs84", "elder", [5, 10])
        moved = circles_around(session, CITY, *from_wgs84(*WANG_HOME, "bd09"), "bd09", "elder", [5, 10])
        assert moved["snapped"]["distance_m"] == pytest.approx(plain["snapped"]["distance_m"], abs=1e-4)
        assert plain["network"]["estimate"] is False and set(plain["polygons"]) == {"5", "10"}
        assert max(node["seconds"] for node in plain["nodes"]) <= 600
        metres = circles_around(session, CITY, *WANG_HOME, "wgs84", "gb50180", [15], outlines=False)
        assert "metres" in metres["nodes"][0] and max(edge["metres"] for edge in metres["edges"]) <= 1000 + 1e-6
        with pytest.raises(UnknownWay) as refused:
            circles_around(session, CITY, *WANG_HOME, "mars", "elder", [5])
        assert refused.value.facts["field"] == "crs" and "bd09" in refused.value.facts["known"]
        with pytest.raises(UnknownWay):
            circles_around(session, CITY, *WANG_HOME, "wgs84", "rocket", [5])
        with pytest.raises(UnknownWay):
            circles_around(session, CITY, *WANG_HOME, "wgs84", "gb50180", [7])
        with pytest.raises(NoStreetNear):
            circles_around(session, CITY, 118.95, 32.25, "wgs84", "elder", [5])
        with pytest.raises(NoWalkingNetwork):
            circles_around(session, 370500000000000, *WANG_HOME, "wgs84", "elder", [5])
        with pytest.raises(NotYetComputed):
            coverage(session, 370500000000000)


def test_a_second_refresh_changes_nothing_and_a_closed_site_is_forgotten(quarter: tuple[Any, Quarter]) -> None:
    database, known = quarter
    tables = ("reach", "home_snap", "facility_snap", "elder_reach")
    with database.session("jobs") as session:
        before = [_all_rows(session, table) for table in tables]
        refresh_reach(session, NOW, CITY)
        assert [_all_rows(session, table) for table in tables] == before
        session.connection().execute(
            text("UPDATE facility SET status = 'closed', closed_on = '2026-11-01' WHERE id = :id"),
            {"id": known.facilities["日间照料"]},
        )
        refresh_reach(session, NOW, CITY)
        tiers = {(tier.tier_code, tier.profile): tier for tier in coverage(session, CITY).tiers}
        assert tiers["community_10", "elder"].reached == 0 == tiers["community_10", "elder"].straight_line
        walks = who_reaches(session, known.elders["王奶奶"], "elder", 1800)
        assert known.facilities["日间照料"] not in {walk.facility_id for walk in walks}
        session.rollback()


def _all_rows(session: Any, table: str) -> list[Any]:
    return sorted(map(str, session.connection().execute(text(f"SELECT * FROM {table}")).all()))
