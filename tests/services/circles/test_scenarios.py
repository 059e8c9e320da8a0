"""What-ifs: judged like the live coverage, seen by whom they were shared with, and never felt by the register."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from services.circles.actions import refresh_reach
from services.circles.errors import UnknownWay
from services.circles.scenario_compare import Comparison, compare, keep_figures, scenario_as_geojson
from services.circles.scenario_errors import (
    CannotSite,
    NoOfficeArea,
    NoScenario,
    NoSuchSite,
    NothingToTakeBack,
    NotYourScenario,
    UnknownKind,
)
from services.circles.scenario_sites import find_scenario, list_scenarios, open_sites, steps_of
from services.circles.scenarios import (
    Place,
    add_facility,
    change_scenario,
    close_facility,
    create_scenario,
    move_facility,
    take_back,
)
from services.circles.site_runs import ask_sites, find_run, scenario_from_run
from services.circles.site_wishes import SiteWish
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.unit_of_work import Actor, introduce
from tests.services.circles.quarter import CITY, NEIGHBOUR_STREET, STREET, WANG_HOME, add_elder, lay_ground
from tests.services.circles.quarter import add_facility as open_facility

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
FAR_HOME = (118.7860, 32.0470)
NEAR_FAR = Place(118.7861, 32.0470, "wgs84")
LIVE = ("facility", "elder_reach", "reach", "facility_snap", "person")


class House:
    """A database with elders, a station and three officers: Zhao and Qian of one street, Zheng of another."""

    def __init__(self, database: Any, people: dict[str, int], station: int) -> None:
        self.database, self.people, self.station = database, people, station

    def actor(self, name: str) -> Actor:
        area = NEIGHBOUR_STREET if name == "郑" else STREET
        return Actor(self.people[name], "officer", area_lo=area, area_hi=area + 10**6 - 1)

    @contextmanager
    def desk(self, name: str) -> Iterator[tuple[Any, Actor]]:
        actor = self.actor(name)
        with self.database.session("app") as session:
            introduce(session, actor)
            yield session, actor
            session.rollback()


@pytest.fixture(scope="module")
def house(module_database: Any) -> House:
    with module_database.session("jobs") as session:
        lay_ground(session, NOW)
        for number in range(6):
            add_elder(session, NOW, f"近{number}", WANG_HOME)
        for number in range(4):
            add_elder(session, NOW, f"远{number}", FAR_HOME)
        people = {name: add_elder(session, NOW, name, None) for name in ("赵", "钱", "郑")}
        station = open_facility(
            session, "st", (WANG_HOME[0] + 0.0003, WANG_HOME[1]), "service_station", ("convenience",), now=NOW
        )
        session.commit()
        refresh_reach(session, NOW, CITY)
        session.commit()
    return House(module_database, people, station)


def rules_of(session: Any) -> Any:
    return rules_in_force(session, CITY, civil_date(NOW))


def tier(found: Comparison, code: str = "quarter_5") -> Any:
    return next(one for one in found.tiers if one.tier_code == code)


def register(session: Any) -> list[Any]:
    """A fingerprint of everything a scenario must not touch."""
    return [
        session.connection().execute(text(f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} AS t")).one()
        for name in LIVE
    ]  # fmt: skip


def test_an_empty_scenario_changes_nothing_and_says_what_the_live_coverage_says(house: House) -> None:
    with house.desk("赵") as (session, actor):
        scenario = create_scenario(session, NOW, actor, "空的")
        found = compare(session, NOW, scenario, "elder")
        for one in found.tiers:
            live = session.connection().execute(
                text(
                    "SELECT count(*), count(*) FILTER (WHERE within) FROM elder_reach WHERE tier_code = :tier"
                    " AND profile = 'elder' AND NOT in_margin"
                ),
                {"tier": one.tier_code},
            ).one()  # fmt: skip
            assert (one.total, one.before) == tuple(live) and one.after == one.before and one.gain == one.lose == 0
        assert found.communities == [] and tier(found).before == 6


def test_added_moved_and_closed_facilities_are_judged_and_the_register_never_hears_of_it(house: House) -> None:
    with house.database.session("jobs") as looking:
        before = register(looking)
    with house.desk("赵") as (session, actor):
        scenario = create_scenario(session, NOW, actor, "加一个")
        step = add_facility(session, NOW, actor, scenario, rules_of(session), at=NEAR_FAR, type_code="service_station")
        added = compare(session, NOW, scenario, "elder")
        assert (tier(added).after, tier(added).gain, tier(added).lose) == (10, 4, 0)
        assert added.communities[0].gain == 4
        close_facility(session, NOW, actor, scenario, facility_id=house.station)
        closed = compare(session, NOW, scenario, "elder")
        assert (tier(closed).after, tier(closed).gain, tier(closed).lose) == (4, 4, 6)
        move_facility(session, NOW, actor, scenario, added_by=step, at=Place(*WANG_HOME, "wgs84"))
        moved = compare(session, NOW, scenario, "elder")
        assert (tier(moved).after, tier(moved).gain, tier(moved).lose) == (6, 0, 0)
        session.commit()
    with house.database.session("jobs") as looking:
        assert register(looking) == before


def test_steps_are_taken_back_one_by_one_and_stay_in_the_history(house: House) -> None:
    with house.desk("赵") as (session, actor):
        scenario = create_scenario(session, NOW, actor, "撤销")
        add_facility(session, NOW, actor, scenario, rules_of(session), at=NEAR_FAR, type_code="service_station")
        close_facility(session, NOW, actor, scenario, facility_id=house.station)
        assert take_back(session, NOW, actor, scenario) == 2
        assert [one.step for one in steps_of(session, scenario)] == [1]
        again = move_facility(session, NOW, actor, scenario, facility_id=house.station, at=NEAR_FAR)
        assert again == 3  # a number is never used twice
        assert take_back(session, NOW, actor, scenario) == 3 and take_back(session, NOW, actor, scenario) == 1
        with pytest.raises(NothingToTakeBack):
            take_back(session, NOW, actor, scenario)
        kept = session.connection().execute(
            text("SELECT count(*) FROM scenario_change WHERE scenario_id = :id"), {"id": scenario}
        ).scalar_one()  # fmt: skip
        assert kept == 3


def test_a_scenario_is_its_owners_until_it_is_shared_and_stays_unwritable_for_others(house: House) -> None:
    with house.desk("赵") as (session, actor):
        scenario = create_scenario(session, NOW, actor, "先自己看")
        add_facility(session, NOW, actor, scenario, rules_of(session), at=NEAR_FAR, type_code="service_station")
        session.commit()
    for name in ("钱", "郑"):
        with house.desk(name) as (session, _), pytest.raises(NoScenario):
            find_scenario(session, scenario)
    with house.desk("赵") as (session, actor):
        change_scenario(session, NOW, actor, scenario, shared=True, name="给同事看")
        session.commit()
    with house.desk("钱") as (session, actor):
        assert scenario in [card.id for card in list_scenarios(session)]
        assert compare(session, NOW, scenario, "elder").scenario_id == scenario
        with pytest.raises(NotYourScenario):
            take_back(session, NOW, actor, scenario)
        copy = create_scenario(session, NOW, actor, "我的一份", copy_of=scenario)
        assert [one.kind for one in steps_of(session, copy)] == ["add"]
        assert tier(compare(session, NOW, copy, "elder")).gain == 4
    with house.desk("郑") as (session, _), pytest.raises(NoScenario):
        find_scenario(session, scenario)


def test_the_database_itself_refuses_to_write_into_anothers_scenario(house: House) -> None:
    with house.desk("赵") as (session, actor):
        scenario = create_scenario(session, NOW, actor, "共享")
        change_scenario(session, NOW, actor, scenario, shared=True)
        session.commit()
    with house.desk("钱") as (session, _), pytest.raises(Exception, match="row-level security"):
        session.connection().execute(
            text(
                "INSERT INTO scenario_change (scenario_id, step, kind, facility_id, functions, created_at)"
                " VALUES (:id, 99, 'close', :facility, '{}', now())"
            ),
            {"id": scenario, "facility": house.station},
        )
    with house.desk("郑") as (session, _):
        seen = session.connection().execute(text("SELECT count(*) FROM scenario WHERE id = :id"), {"id": scenario})
        assert seen.scalar_one() == 0


def test_what_cannot_be_drawn_is_refused(house: House) -> None:
    with house.desk("赵") as (session, actor):
        scenario, rules = create_scenario(session, NOW, actor, "错的"), rules_of(session)
        with pytest.raises(UnknownKind):
            add_facility(session, NOW, actor, scenario, rules, at=NEAR_FAR, type_code="casino")
        with pytest.raises(UnknownWay):
            add_facility(session, NOW, actor, scenario, rules, at=Place(1, 2, "mars"), type_code="service_station")
        with pytest.raises(CannotSite):
            add_facility(session, NOW, actor, scenario, rules, at=Place(0, 90, "wgs84"), type_code="service_station")
        with pytest.raises(NoSuchSite):
            close_facility(session, NOW, actor, scenario, facility_id=10**9)
        close_facility(session, NOW, actor, scenario, facility_id=house.station)
        with pytest.raises(NoSuchSite):
            close_facility(session, NOW, actor, scenario, facility_id=house.station)
        with pytest.raises(NoScenario):
            compare(session, NOW, 10**9, "elder")
        lost = add_facility(
            session, NOW, actor, scenario, rules, at=Place(118.9, 32.3, "wgs84"), type_code="service_station"
        )
        assert compare(session, NOW, scenario, "elder").unplaced == [lost]
        with pytest.raises(NoOfficeArea):
            create_scenario(session, NOW, Actor(house.people["赵"], "carer"), "不是干部")


def test_gcj02_places_are_kept_as_given_and_drawn_in_wgs84(house: House) -> None:
    with house.desk("赵") as (session, actor):
        scenario = create_scenario(session, NOW, actor, "火星坐标")
        at = Place(118.7912, 32.0451, "gcj02")
        add_facility(session, NOW, actor, scenario, rules_of(session), at=at, type_code="service_station")
        step = steps_of(session, scenario)[0]
        assert (step.original_lon, step.original_lat, step.original_crs) == (at.lon, at.lat, "gcj02")
        assert step.lon is not None and 0.004 < at.lon - step.lon < 0.007
        assert any(one.added_by == step.step for one in open_sites(session, scenario, civil_date(NOW)))


def test_figures_are_kept_with_what_they_were_judged_by_and_the_export_hides_small_changes(house: House) -> None:
    with house.desk("赵") as (session, actor):
        scenario = create_scenario(session, NOW, actor, "导出")
        add_facility(session, NOW, actor, scenario, rules_of(session), at=NEAR_FAR, type_code="service_station")
        found = compare(session, NOW, scenario, "elder")
        keep_figures(session, scenario, found)
        card = find_scenario(session, scenario)
        assert card.network_version_id == found.network_version_id is not None
        assert card.rules_version_id == found.rules_version_id and card.judged_on == civil_date(NOW)
        assert card.figures["tiers"][0]["total"] == found.tiers[0].total
        told = scenario_as_geojson(session, NOW, found)
        assert told["features"][0]["geometry"]["coordinates"] == [NEAR_FAR.lon, NEAR_FAR.lat]
        assert told["communities"] and all("gain" not in one for one in told["communities"])  # four elders gain


def test_an_answer_of_siting_becomes_a_scenario_that_keeps_its_promise(house: House) -> None:
    with house.desk("赵") as (session, actor):
        run_id = ask_sites(session, NOW, actor, SiteWish("quarter_5", "elder", count=1, spacing_m=100))
        run = find_run(session, run_id)
        assert run.state == "done" and run.answer["sites"]
        scenario = scenario_from_run(
            session, NOW, actor, run_id, rules_of(session), name="选出来的", type_code="service_station"
        )
        assert tier(compare(session, NOW, scenario, "elder")).gain == run.answer["objective"] == 4
    with house.desk("钱") as (session, _), pytest.raises(Exception, match="NoSitingRun"):
        find_run(session, run_id)


def test_every_step_leaves_a_line_in_the_trail(house: House) -> None:
    with house.desk("赵") as (session, actor):
        scenario = create_scenario(session, NOW, actor, "留痕")
        close_facility(session, NOW, actor, scenario, facility_id=house.station)
        take_back(session, NOW, actor, scenario)
        verbs = session.connection().execute(
            text("SELECT verb FROM act WHERE subject_type = 'scenario' AND subject_id = :id ORDER BY id"),
            {"id": scenario},
        ).scalars()  # fmt: skip
        assert list(verbs) == ["create_scenario", "scenario_close", "take_back_step"]
