"""Elders register, move, die: what is judged of them at once must equal a full recount, and only they are judged."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from services.circles.actions import refresh_reach
from services.circles.coverage import coverage
from services.circles.elders_changed import elders_changed
from services.circles.people import counts_as_of
from services.people.actions import Home, NewElder, NewPerson, register_elder
from services.people.moving import move_elder, note_leaving
from services.unit_of_work import SYSTEM
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

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PASTORAL = 320102004000000
TABLES = {
    "elder_reach": "person_id, tier_code, profile, network_version_id, area_code, method, facility_id,"
    " round(cost::numeric, 6), straight_facility_id, round(straight_m::numeric, 6), within, walk_within,"
    " straight_within, snapped, in_margin, near_edge",
    "home_snap": "person_id, network_version_id, step_free, area_code, edge_id, round(fraction::numeric, 9)",
    "coverage_snapshot": "area_code, source, tier_code, profile, day, total, reached, walk_reached, straight_reached,"
    " estimated, in_margin, unsnapped, near_edge, facts::text",
}
REPORT = "SELECT report->'elders', report->'elders_without_home', report->'unsnapped_elders',"
REPORT += " report->'elders_in_margin', report->'unsnapped_facilities' FROM reach_run ORDER BY id DESC LIMIT 1"


@pytest.fixture(scope="module")
def city(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Sixty elders of three streets: trusted streets, poor ones, and one judged without minutes."""
    folder = tmp_path_factory.mktemp("pack")
    chance = np.random.default_rng(7)
    with module_database.session("jobs") as session:
        version = lay_ground(session, NOW, packs=(pastoral_pack(folder, "320102004"), "nanjing_demo"))
        mark_low(session, version, NEIGHBOUR_STREET)
        for number in range(60):
            home = _somewhere(chance) if number % 20 else None
            add_elder(session, NOW, f"老人{number}", home, (STREET, NEIGHBOUR_STREET, PASTORAL)[number % 3])
        for number in range(6):
            kind, functions = ("service_station", ("convenience",)) if number % 2 else (
                "day_care_centre", ("daily_care", "meals", "mobility", "emergency", "comfort"),
            )  # fmt: skip
            add_facility(session, f"f{number}", _somewhere(chance), kind, functions, now=NOW)
        refresh_reach(session, NOW, CITY)
        session.commit()
    yield module_database


def _somewhere(chance: np.random.Generator) -> tuple[float, float]:
    return float(chance.uniform(118.762, 118.799)), float(chance.uniform(32.033, 32.053))


def _state(session: Any) -> dict[str, list[Any]]:
    found = {
        table: sorted(map(str, session.connection().execute(text(f"SELECT {names} FROM {table}")).all()))
        for table, names in TABLES.items()
    }
    return found | {"report": [str(session.connection().execute(text(REPORT)).one())]}


def _change(session: Any, now: datetime, chance: np.random.Generator) -> list[int]:
    """Let something happen to one elder or some, by the people room's own actions; gives whom it happened to."""
    ids = list(session.connection().execute(text("SELECT person_id FROM elder ORDER BY 1")).scalars())
    one = int(ids[int(chance.integers(len(ids)))])
    lon, lat = _somewhere(chance)
    area = (STREET, NEIGHBOUR_STREET, PASTORAL, STREET + 1000)[int(chance.integers(4))]
    what = ("register", "move", "homeless", "died", "back", "moved_out")[int(chance.integers(6))]
    if what == "register":
        return [
            register_elder(
                session, now, SYSTEM,
                NewPerson(area, f"新老人{lon}", "female", home=Home(*_somewhere(chance), "wgs84")), NewElder("alone"),
            )
            for _ in range(int(chance.integers(1, 4)))
        ]  # fmt: skip
    if what in ("move", "homeless"):
        home = Home(lon, lat, "gcj02") if what == "move" else None
        move_elder(session, now, SYSTEM, one, area, home)
    elif what == "back":
        for reason in ("died", "moved_out"):
            note_leaving(session, now, SYSTEM, one, reason, None)
    else:
        note_leaving(session, now, SYSTEM, one, what, (now - timedelta(days=3)).date())
    return [one]


def test_whatever_happens_to_elders_equals_a_full_recount(city: Any) -> None:
    chance = np.random.default_rng(3)
    changed = 0
    with city.session("jobs") as session:
        for number in range(18):
            now = NOW + timedelta(minutes=number)
            ids = _change(session, now, chance)
            (done,) = elders_changed(session, now, ids) or [None]
            changed += done.changed if done else 0
            at_once = _state(session)
            with session.begin_nested() as savepoint:
                report = refresh_reach(session, now, CITY)
                recounted = _state(session)
                savepoint.rollback()
            assert report.changed == 0, "the nightly recount finds nothing left to change, and says so"
            for table, rows in recounted.items():
                assert at_once[table] == rows, (number, table)
        session.rollback()
    assert changed > 30


def test_a_second_call_changes_nothing_and_only_her_communities_are_counted(city: Any) -> None:
    tomorrow = NOW + timedelta(days=1)
    with city.session("jobs") as session:
        (one,) = session.connection().execute(text("SELECT min(person_id) + 1 FROM elder_reach")).one()
        move_elder(session, tomorrow, SYSTEM, one, STREET + 2000, Home(118.779, 32.041, "wgs84"))
        (done,) = elders_changed(session, tomorrow, [one])
        (again,) = elders_changed(session, tomorrow + timedelta(minutes=1), [one])
        assert done.judged == 1 and done.changed and again.changed == 0
        days = session.connection().execute(
            text("SELECT DISTINCT area_code FROM coverage_snapshot WHERE source = 'elders' AND day = '2026-11-25'")
        )
        assert set(days.scalars()) == set(done.communities) and len(done.communities) == 2
        past = counts_as_of(session, (CITY, CITY + 10**11 - 1), NOW.date())
        assert sum(tier["total"] for tier in past.values()) == sum(
            tier.total for tier in coverage(session, CITY).tiers
        ), "yesterday's count keeps her where she lived"
        session.rollback()


def test_a_city_never_counted_is_left_alone(city: Any) -> None:
    with city.session("jobs") as session:
        session.connection().execute(text("DELETE FROM reach_run"))
        (one,) = session.connection().execute(text("SELECT min(person_id) FROM elder")).one()
        (done,) = elders_changed(session, NOW, [one])
        assert done.run_id is None and done.judged == 0
        session.rollback()


def test_an_elder_registered_moved_and_gone_is_in_her_communitys_coverage(cast: Any) -> None:
    from fastapi.testclient import TestClient

    from api.app import create_app

    home, other = 320102003904901, 320102003905001
    headers = {"Authorization": f"Bearer {cast.token('officer')}"}
    place = {"lon": 118.7845, "lat": 32.0489, "crs": "wgs84"}
    new = {"area_code": home, "full_name": "新老人", "gender": "female", "born_on": "1950-01-01", "living": "alone"}

    def counted() -> tuple[int, int]:
        with cast.work("house") as work:
            found = [coverage(work.session, CITY, code // 1000 * 1000).tiers[0] for code in (home, other)]
        return found[0].total + found[0].in_margin, found[1].total + found[1].in_margin

    with TestClient(create_app()) as client:

        def post(path: str, body: dict[str, Any]) -> Any:
            answer = client.post(f"/api/v1/elders{path}", json=body, headers=headers)
            jobs = cast.run_jobs(only="circles.elders_changed")
            assert answer.status_code < 300 and jobs == ["circles.elders_changed"], answer.text
            return answer

        before = counted()
        elder = post("", new | {"home": place}).json()["id"]
        assert counted() == (before[0] + 1, before[1])
        post(f"/{elder}/home", {"area_code": other, "home": place | {"lon": 118.7871}})
        assert counted() == (before[0], before[1] + 1)
        post(f"/{elder}/leaving", {"reason": "died", "on": "2026-01-05"})
        assert counted() == before
        post(f"/{elder}/leaving", {"reason": "died", "on": None})
        assert counted() == (before[0], before[1] + 1)
    with cast.work("house") as work:
        assert refresh_reach(work.session, work.now, CITY).changed == 0
        verbs = work.session.connection().execute(
            text("SELECT verb FROM act WHERE for_person_id = :e ORDER BY id"), {"e": elder}
        )
        assert list(verbs.scalars()) == ["register_person", "grant_role", "move_elder", "note_leaving", "note_leaving"]
