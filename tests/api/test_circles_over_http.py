"""Circles over HTTP: the same numbers as on the command line, and a plain reason where none can be given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

DOOR = {"city": "320100", "lon": "118.779", "lat": "32.041", "crs": "wgs84"}


@pytest.fixture
def ask(cast: Any) -> Iterator[Callable[..., Any]]:
    """Ask for circles in somebody's name: `ask("outsider", minutes="5")`."""
    from api.app import create_app

    with TestClient(create_app()) as client:

        def call(who: str | None = "outsider", **query: str | None) -> Any:
            headers = {"Authorization": f"Bearer {cast.token(who)}"} if who else {}
            given = {name: value for name, value in (DOOR | query).items() if value is not None}
            return client.get("/api/v1/circles", params=given, headers=headers)

        yield call


def test_a_program_gets_what_the_command_line_prints(ask: Callable[..., Any]) -> None:
    from workers.commands.circles import app

    asked = ask(minutes="5,10")
    options = [word for name, value in DOOR.items() for word in (f"--{name}", value)]
    printed = CliRunner().invoke(app, [*options, "--minutes", "5,10", "--json"])
    assert asked.status_code == 200 and printed.exit_code == 0, printed.output
    answer = asked.json()
    assert answer == json.loads(printed.stdout)
    assert set(answer["polygons"]) == {"5", "10"} and len(answer["nodes"]) > 10
    assert {"osm_id", "lon", "lat", "seconds"} == set(answer["nodes"][0])
    assert {"way_id", "from", "to", "from_fraction", "to_fraction", "seconds"} == set(answer["edges"][0])
    assert max(node["seconds"] for node in answer["nodes"]) <= 600.0


def test_a_distance_profile_answers_metres(ask: Callable[..., Any]) -> None:
    answer = ask(profile="gb50180", minutes="5,15", outlines="no").json()
    assert answer["limits"] == {"5": 300.0, "15": 1000.0} and answer["polygons"] == {}
    assert all("metres" in piece and "seconds" not in piece for piece in (*answer["nodes"], *answer["edges"]))


def test_the_same_door_read_from_another_map_is_the_same_door(ask: Callable[..., Any]) -> None:
    from geo.coordinates import from_wgs84

    lon, lat = from_wgs84(118.779, 32.041, "bd09")
    by_baidu = ask(lon=repr(lon), lat=repr(lat), crs="bd09", minutes="5", outlines="no").json()
    assert by_baidu["snapped"]["lon"] == pytest.approx(ask(minutes="5").json()["snapped"]["lon"], abs=1e-9)


@pytest.mark.parametrize(
    ("wrong", "status", "kind"),
    [
        ({"crs": None}, 422, None),
        ({"crs": "epsg:4326"}, 422, "UnknownWay"),
        ({"profile": "flying"}, 422, "UnknownWay"),
        ({"minutes": "600"}, 422, "UnknownWay"),
        ({"minutes": "0"}, 422, "UnknownWay"),
        ({"minutes": "1,2,3,4,5"}, 422, "UnknownWay"),
        ({"minutes": "ten"}, 422, None),
        ({"profile": "gb50180", "minutes": "7"}, 422, "UnknownWay"),
        ({"lon": "nan"}, 422, None),
        ({"city": "nowhere"}, 404, "NoWalkingNetwork"),
        ({"city": "\x00"}, 422, None),
        ({"minutes": ""}, 422, None),
        ({"lon": "119.5"}, 404, "NoStreetNear"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(
    ask: Callable[..., Any], wrong: dict[str, str | None], status: int, kind: str | None
) -> None:
    refused = ask(**wrong)
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert kind is None or refused.json()["type"].endswith(kind)


def test_passers_by_are_asked_to_sign_in(ask: Callable[..., Any]) -> None:
    assert ask(None).status_code == 401


def test_without_minutes_the_circles_are_those_of_the_citys_rules(ask: Callable[..., Any], cast: Any) -> None:
    from services.cities.queries import rules_in_force
    from services.clock import civil_date

    with cast.work("house") as work:
        rules = rules_in_force(work.session, 320100000000000, civil_date(work.now))
    assert set(ask(outlines="no").json()["limits"]) == {str(tier.minutes) for tier in rules.tiers}
    assert ask(outlines="no", profile="gb50180").json()["limits"] == {"5": 300.0, "10": 500.0, "15": 1000.0}
