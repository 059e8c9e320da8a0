"""An officer opens a gate and the circles follow; every community's streets are judged by themselves."""

from typing import Any

import pytest
from sqlalchemy import text

from geo.store import active_version, import_network
from services.circles.actions import refresh_reach
from services.circles.confidence import confidence_by_area, confidence_of, judge_areas
from services.circles.errors import GateElsewhere, NoSuchGate, UnknownWay
from services.circles.gates import add_gate, list_gates, remove_gate
from services.circles.networks import put_network_back, restore_network, take_network
from services.circles.queries import circles_around
from services.errors import NotAllowed
from services.unit_of_work import COMMAND_LINE, Actor
from tests.services.circles.quarter import CITY, ROOT, STREET, STREETS, WANG_HOME, add_elder, add_facility, lay_ground

COMMUNITY, OTHER = 320102002001000, 320102003001000
OFFICER = Actor(person_id=None, role="officer", area_lo=STREET, area_hi=STREET + 999_999)
WEST = "POLYGON((118.76 32.03,118.7795 32.03,118.7795 32.06,118.76 32.06,118.76 32.03))"
EAST = "POLYGON((118.7795 32.03,118.83 32.03,118.83 32.06,118.7795 32.06,118.7795 32.03))"
EMPTY = "POLYGON((118.9 32.0,118.91 32.0,118.91 32.01,118.9 32.01,118.9 32.0))"


def outline(session: Any, code: int, name: str, shape: str, level: str = "community") -> None:
    session.connection().execute(
        text(
            "INSERT INTO area (code, level, name, geom) VALUES (:code, :level, :name,"
            " ST_Multi(ST_GeomFromText(:shape, 4326))) ON CONFLICT (code) DO UPDATE SET geom = EXCLUDED.geom"
        ),
        {"code": code, "level": level, "name": name, "shape": shape},
    )


def in_front_of(session: Any, place: tuple[float, float]) -> tuple[float, float]:
    """A place on the street nearest to a door."""
    found = session.connection().execute(
        text(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_ClosestPoint(geom, d) AS p FROM geo.network_edge,"
            " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS d ORDER BY geom <-> d LIMIT 1) AS t"
        ),
        {"lon": place[0], "lat": place[1]},
    )
    return tuple(found.one())


def test_a_barrier_shrinks_the_circle_at_once_and_the_stored_reach_by_the_job(database: Any, now: Any) -> None:
    with database.session("jobs") as session:
        lay_ground(session, now)
        wang = add_elder(session, now, "王秀兰", WANG_HOME)
        add_facility(session, "F1", (118.7805, 32.0415), "community_station", ("meal",), now=now)
        refresh_reach(session, now, CITY)
        before = circles_around(session, CITY, *WANG_HOME, "wgs84", "elder", [15], None)
        first, snapped = before["nodes"][0], before["snapped"]
        place = in_front_of(session, ((first["lon"] + snapped["lon"]) / 2, (first["lat"] + snapped["lat"]) / 2))
        gate = add_gate(session, now, COMMAND_LINE, CITY, "barrier", place, "wgs84", "施工围挡")
        shut = circles_around(session, CITY, *WANG_HOME, "wgs84", "elder", [15], None)
        seconds = {node["osm_id"]: node["seconds"] for node in shut["nodes"]}
        assert seconds.get(first["osm_id"], 9999.0) > first["seconds"] + 30
        promised = session.connection().execute(
            text("SELECT args ->> 'city_code' FROM outbox WHERE job = 'circles.refresh'")
        )
        assert str(CITY) in set(promised.scalars())
        refresh_reach(session, now, CITY)
        stored = session.connection().execute(text("SELECT count(*) FROM geo.network_edge_before_gates")).scalar_one()
        assert stored == 1
        snapped = text(
            "SELECT s.edge_id < (SELECT count(*) FROM geo.network_edge) FROM home_snap AS s WHERE person_id = :p"
        )
        assert session.connection().execute(snapped, {"p": wang}).scalars().first() is True
        remove_gate(session, now, COMMAND_LINE, gate)
        refresh_reach(session, now, CITY)
        after = circles_around(session, CITY, *WANG_HOME, "wgs84", "elder", [15], None)
        assert after["nodes"] == before["nodes"]
        verbs = session.connection().execute(
            text("SELECT verb FROM act WHERE subject_type = 'network_gate' ORDER BY id")
        )
        assert list(verbs.scalars()) == ["add_gate", "remove_gate"]


def test_only_an_officer_of_the_place_may_open_or_bar(database: Any, now: Any) -> None:
    with database.session("jobs") as session:
        lay_ground(session, now)
        outline(session, COMMUNITY, "甲", WEST)
        outline(session, OTHER, "乙", EAST)
        here, there = (118.7780, 32.0410), (118.7900, 32.0410)
        gate = add_gate(session, now, OFFICER, CITY, "gate", here, "wgs84", "东门已开")
        with pytest.raises(GateElsewhere):
            add_gate(session, now, OFFICER, CITY, "gate", there, "wgs84", "不是我的")
        for role in ("elder", "advisor", "auditor", "carer"):
            with pytest.raises(NotAllowed):
                add_gate(session, now, Actor(person_id=None, role=role), CITY, "gate", here, "wgs84", "我也想")
        for kind, crs in (("hole", "wgs84"), ("gate", "mars")):
            with pytest.raises(UnknownWay):
                add_gate(session, now, OFFICER, CITY, kind, here, crs, "不认识")
        elsewhere = Actor(person_id=None, role="officer", area_lo=OTHER, area_hi=OTHER + 999)
        with pytest.raises(NoSuchGate):
            remove_gate(session, now, elsewhere, gate)
        assert [row.id for row in list_gates(session, CITY, STREET, STREET + 999_999)] == [gate]
        assert list_gates(session, CITY, OTHER, OTHER + 999) == []
        remove_gate(session, now, OFFICER, gate)
        with pytest.raises(NoSuchGate):
            remove_gate(session, now, OFFICER, gate)
        kept = list_gates(session, CITY, STREET, STREET + 999_999, with_removed=True)
        assert [(row.id, row.effect, row.area_code) for row in kept] == [(gate, "removed", COMMUNITY)]


def test_a_point_given_in_another_system_stands_where_it_is(database: Any, now: Any) -> None:
    with database.session("jobs") as session:
        lay_ground(session, now)
        add_gate(session, now, COMMAND_LINE, CITY, "gate", (118.7841, 32.0389), "gcj02", "高德上的点")
        row = list_gates(session, CITY, CITY, CITY + 10**11)[0]
        assert (row.given_lon, row.given_lat, row.given_crs) == (118.7841, 32.0389, "gcj02")
        assert row.lon == pytest.approx(118.7841 - 0.0051, abs=5e-4) and row.lat != row.given_lat


def test_every_community_is_judged_by_its_own_streets(database: Any, now: Any) -> None:
    with database.session("jobs") as session:
        lay_ground(session, now)
        outline(session, COMMUNITY, "甲", WEST)
        outline(session, OTHER, "乙", EAST)
        outline(session, 320102002002000, "湖心", EMPTY)
        version = active_version(session, CITY)
        judge_areas(session, now, version.id, CITY)
        judged = {area.area_code: area for area in confidence_by_area(session, version.id, CITY, "community")}
        assert {COMMUNITY, OTHER, 320102002002000} <= set(judged)
        one = session.connection().execute(
            text(
                "SELECT sum(ST_Length(ST_Intersection(e.geom, a.geom)::geography)) FROM geo.network_edge AS e"
                " JOIN area AS a ON a.code = :code AND ST_Intersects(e.geom, a.geom)"
                " WHERE e.version_id = :v AND e.highway <> 'square'"
            ),
            {"code": COMMUNITY, "v": version.id},
        )
        assert judged[COMMUNITY].length_m == pytest.approx(one.scalar_one(), rel=0.002)
        both = judged[COMMUNITY].length_m + judged[OTHER].length_m
        assert both == pytest.approx(version.report["length_m"], rel=0.1)
        lake = judged[320102002002000]
        assert (lake.confidence, lake.reasons, lake.footway_share) == ("low", ("图上没有可步行的道路",), None)


def test_an_area_nobody_judged_answers_with_what_lies_around_it(database: Any, now: Any) -> None:
    with database.session("jobs") as session:
        lay_ground(session, now)
        version = active_version(session, CITY)
        assert confidence_of(session, version.id, COMMUNITY).level == "network"
        outline(session, STREET, "街道", WEST, "street")
        judge_areas(session, now, version.id, CITY)
        found = confidence_of(session, version.id, COMMUNITY)
        assert (found.area_code, found.level) == (STREET, "street")
        assert confidence_of(session, version.id, OTHER).level == "network"


def test_new_streets_are_judged_stamped_and_promised_and_the_old_can_be_put_back(database: Any, now: Any) -> None:
    with database.session("jobs") as session:
        lay_ground(session, now)
        outline(session, COMMUNITY, "甲", WEST)
        old = active_version(session, CITY)
        taken = take_network(session, now, COMMAND_LINE, STREETS, CITY, "新")
        assert taken.changed and confidence_of(session, taken.id, COMMUNITY).level == "community"
        again = take_network(session, now, COMMAND_LINE, STREETS, CITY, "新")
        assert not again.changed
        assert restore_network(session, now, COMMAND_LINE, CITY).id == old.id
        assert put_network_back(session, now, COMMAND_LINE, taken.id).id == taken.id
        verbs = session.connection().execute(
            text("SELECT verb FROM act WHERE subject_type = 'network_version' ORDER BY id")
        )
        assert list(verbs.scalars()) == ["import_network", "activate_network", "activate_network"]
        promised = text("SELECT count(*) FROM outbox WHERE job = 'circles.refresh'")
        assert session.connection().execute(promised).scalar_one() >= 3


def test_an_extract_that_is_only_tried_needs_no_city(database: Any, now: Any) -> None:
    with database.session("jobs") as session:
        helsinki = ROOT / "sample_data/osm/helsinki_center.osm.pbf"
        tried = take_network(session, now, COMMAND_LINE, helsinki, -77, "试")
        assert tried.changed and import_network(session, now, helsinki, -77, "试").id == tried.id
        gate = add_gate(session, now, COMMAND_LINE, -77, "barrier", (24.945, 60.17), "wgs84", "试")
        assert list_gates(session, -77, -77, -77)[0].id == gate
