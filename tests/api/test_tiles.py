"""Map tiles: nothing but streets, sites and shares an office may see."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from yl_cast import CITY

LON, LAT = 118.788, 32.048
COMMUNITY = 320102003902000
NAMED_ONLY = b"\x12\x06\x00\x00\x01\x01\x02\x02"
"""A feature's tags (field 2, packed): code, name and level have values, reached, total and percent have none."""
WITH_FIGURES = b"\x12\x0c\x00\x00\x01\x01\x02\x02\x03\x03"


def place(zoom: int, lon: float = LON, lat: float = LAT) -> str:
    """Give z/x/y of the tile around a point."""
    x = int((lon + 180) / 360 * 2**zoom)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
    return f"{zoom}/{x}/{y}"


@pytest.fixture
def fetch(cast: Any) -> Iterator[Callable[..., Any]]:
    """Fetch a tile in somebody's name: `fetch("officer", "network", "14/13599/6646")`."""
    from api.app import create_app

    with TestClient(create_app()) as client:

        def call(who: str | None, layer: str, where: str, known: str | None = None, **query: str) -> Any:
            headers = {"Authorization": f"Bearer {cast.token(who)}"} if who else {}
            headers |= {"If-None-Match": known} if known else {}
            return client.get(f"/tiles/{layer}/{where}.mvt", params=query, headers=headers)

        yield call


def draw_community(cast: Any, code: int, elders: int, within: int) -> None:
    """Draw a community around the test's point, with so many elders of whom so many are within the circle."""
    with cast.work("house") as work:
        connection = work.session.connection()
        connection.execute(
            text(
                "INSERT INTO area (code, level, name, parent_code, geom) VALUES (:code, 'community', '试点社区',"
                " :code / 1000000 * 1000000, ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 0.002)))"
                " ON CONFLICT (code) DO UPDATE SET geom = excluded.geom"
            ),
            {"code": code, "lon": LON, "lat": LAT},
        )
        connection.execute(text("DELETE FROM elder_reach"))
        for n in range(elders):
            connection.execute(
                text(
                    "INSERT INTO elder_reach (person_id, tier_code, profile, network_version_id, area_code, within,"
                    " walk_within, straight_within, snapped, in_margin, near_edge, lon, lat, method, since)"
                    " VALUES (:n, 'street_15', 'elder', 1, :code, :within, :within, true, true, false, false, 118.79,"
                    " 32.04, 'walk', now())"
                ),
                {"n": 900000 + n, "code": code, "within": n < within},
            )


def test_the_streets_are_a_vector_tile_and_a_tile_in_the_sea_is_empty(fetch: Any) -> None:
    streets = fetch("officer", "network", place(14))
    assert streets.status_code == 200 and b"network" in streets.content
    assert streets.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert streets.headers["cache-control"] == "private, max-age=3600"
    sea = fetch("officer", "network", place(14, 125.0, 30.0))
    assert (sea.status_code, sea.content) == (204, b"")


def test_sites_are_drawn_and_no_tile_knows_an_elder(cast: Any, fetch: Any) -> None:
    sites = fetch("officer", "facilities", place(11))
    assert sites.status_code == 200 and "日间照料".encode() in sites.content
    for layer in ("network", "facilities", "areas"):
        body = fetch("officer", layer, place(11)).content
        assert b"person" not in body and "王秀兰".encode() not in body


def test_an_area_of_four_elders_shows_no_figure_and_one_of_five_does(cast: Any, fetch: Any) -> None:
    draw_community(cast, 320102003902000, elders=4, within=2)
    few = fetch("officer", "areas", place(14), tier="street_15", profile="elder")
    assert few.status_code == 200 and "试点社区".encode() in few.content
    assert NAMED_ONLY in few.content and WITH_FIGURES not in few.content
    assert struct.pack("<d", 50.0) not in few.content
    draw_community(cast, 320102003902000, elders=5, within=2)
    enough = fetch("officer", "areas", place(14), tier="street_15", profile="elder")
    assert WITH_FIGURES in enough.content and struct.pack("<d", 40.0) in enough.content


def test_the_other_streets_officer_sees_the_outline_without_the_share(cast: Any, fetch: Any) -> None:
    draw_community(cast, 320102003902000, elders=9, within=3)
    hers = fetch("other_officer", "areas", place(14), tier="street_15", profile="elder")
    assert "试点社区".encode() in hers.content and WITH_FIGURES not in hers.content
    ground = fetch("administrator", "areas", place(14), tier="street_15", profile="elder")
    assert "试点社区".encode() in ground.content and WITH_FIGURES not in ground.content, (
        "she places sites, and sees no elder"
    )
    assert fetch("administrator", "network", place(14)).status_code == 200
    assert fetch("administrator", "gaps", place(14), tier="street_15").status_code == 403
    assert WITH_FIGURES in fetch("auditor", "areas", place(14), tier="street_15", profile="elder").content


@pytest.mark.parametrize("where", ["3/8/1", "3/1/8", "19/1/1", "14/-1/5", "a/b/c"])
def test_a_tile_that_cannot_be_is_refused(fetch: Any, where: str) -> None:
    assert fetch("officer", "network", where).status_code in (404, 422)


def test_an_unknown_circle_or_way_is_named(fetch: Any) -> None:
    wrong = fetch("officer", "areas", place(14), tier="moon_15")
    assert wrong.status_code == 422 and wrong.json()["facts"]["field"] == "tier"
    wrong = fetch("officer", "areas", place(14), profile="flying")
    assert wrong.status_code == 422 and wrong.json()["facts"]["field"] == "profile"


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("outsider", 403), ("daughter", 403), ("carer", 403)])
def test_only_an_office_gets_tiles(fetch: Any, who: str | None, status: int) -> None:
    assert fetch(who, "network", place(14)).status_code == status


def test_a_map_that_asks_again_is_sent_only_what_changed(cast: Any, fetch: Any) -> None:
    draw_community(cast, 320102003902000, elders=8, within=2)
    first = fetch("officer", "areas", place(14), tier="street_15", profile="elder")
    etag = first.headers["etag"]
    again = fetch("officer", "areas", place(14), known=etag, tier="street_15", profile="elder")
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    draw_community(cast, 320102003902000, elders=8, within=3)
    changed = fetch("officer", "areas", place(14), known=f'"other", W/{etag}', tier="street_15", profile="elder")
    assert changed.status_code == 200 and changed.headers["etag"] != etag
    nothing = fetch("officer", "network", place(14, 125.0, 30.0))
    assert fetch("officer", "network", place(14, 125.0, 30.0), known=nothing.headers["etag"]).status_code == 304


def test_circles_of_a_site_are_a_layer_too(cast: Any, fetch: Any) -> None:
    with cast.work("house") as work:
        site, lon, lat = (
            work.session.connection()
            .execute(text("SELECT id, ST_X(geom), ST_Y(geom) FROM facility ORDER BY id LIMIT 1"))
            .one()
        )
    drawn = fetch("officer", "circles", place(14, lon, lat), facility=str(site))
    assert drawn.status_code == 200 and b"circle" in drawn.content and b"minutes" in drawn.content
    assert fetch("officer", "circles", place(14)).status_code == 422
    assert fetch("officer", "circles", place(14), facility="999999999").status_code == 404


def test_a_far_view_shows_streets_and_a_near_one_communities(cast: Any, fetch: Any) -> None:
    draw_community(cast, 320102003902000, elders=5, within=2)
    assert "试点社区".encode() in fetch("officer", "areas", place(13)).content
    assert "试点社区".encode() not in fetch("officer", "areas", place(11)).content
    assert "试点社区".encode() in fetch("officer", "areas", place(11), level="community").content


def trust(cast: Any, confidence: str) -> None:
    """Say how well the streets of the test's community are known."""
    with cast.work("house") as work:
        work.session.connection().execute(
            text(
                "INSERT INTO geo.area_confidence (version_id, area_code, level, length_m, footway_share, usable_share,"
                " confidence, reasons, computed_at) SELECT id, :code, 'community', 1000, 0.1, 0.9, :confidence, '{}',"
                " now() FROM geo.network_version WHERE active"
                " ON CONFLICT (version_id, area_code) DO UPDATE SET confidence = excluded.confidence"
            ),
            {"code": COMMUNITY, "confidence": confidence},
        )


def test_a_poorly_known_community_is_marked_and_a_well_known_one_is_not(cast: Any, fetch: Any) -> None:
    from services.oversight.mapping import shares_by_community
    from services.oversight.printing import coverage_map

    draw_community(cast, COMMUNITY, elders=8, within=2)
    tiles = {}
    for confidence, marked in (("low", True), ("high", False)):
        trust(cast, confidence)
        tiles[marked] = fetch("officer", "areas", place(14), tier="street_15", profile="elder").content
        with cast.work("officer") as work:
            rows = shares_by_community(work.session, COMMUNITY, COMMUNITY + 999, "elder")
            assert [row.uncertain for row in rows] == [marked]
        with cast.work("house") as work:
            sheet = coverage_map(work.session, CITY, COMMUNITY, tier="street_15", profile="elder")
            assert [area.uncertain for area in sheet.areas] == [marked]
    assert tiles[True] != tiles[False]


def test_a_knot_of_elders_left_out_is_drawn_and_a_lone_home_is_not(cast: Any, fetch: Any) -> None:
    draw_community(cast, COMMUNITY, elders=9, within=0)
    where = place(14, 118.79, 32.04)
    knot = fetch("officer", "gaps", where, tier="street_15", profile="elder")
    assert knot.status_code == 200 and b"left_out" in knot.content and b"radius_m" in knot.content
    draw_community(cast, COMMUNITY, elders=4, within=0)
    assert fetch("officer", "gaps", where, tier="street_15", profile="elder").status_code == 204


def test_a_scenario_is_drawn_as_it_would_be_and_only_for_those_who_may_see_it(cast: Any, fetch: Any) -> None:
    from services.circles.scenarios import Place, add_facility, close_facility, create_scenario
    from services.cities.queries import rules_in_force
    from services.clock import civil_date

    with cast.work("officer") as work:
        rules = rules_in_force(work.session, CITY, civil_date(work.now))
        kind = rules.facility_types[0].code
        made = create_scenario(work.session, work.now, work.actor, "东街加一处")
        at = Place(LON, LAT, "wgs84")
        add_facility(work.session, work.now, work.actor, made, rules, at=at, type_code=kind, name="新食堂")
        gone = work.session.connection().execute(text("SELECT min(id) FROM facility")).scalar_one()
        close_facility(work.session, work.now, work.actor, made, facility_id=gone)
    drawn = fetch("officer", "scenario", place(11), scenario=str(made))
    assert drawn.status_code == 200 and "新食堂".encode() in drawn.content
    assert b"added" in drawn.content and b"closed" in drawn.content
    assert fetch("other_officer", "scenario", place(11), scenario=str(made)).status_code == 404
    assert fetch("officer", "scenario", place(11)).status_code == 422
