"""Compounds and population grids have a past too: of any day, down to a quarter, with what it was judged by then."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.circles.actions import refresh_reach
from services.circles.coverage import coverage
from services.circles.demand import Credit, load_compounds
from services.circles.errors import UnknownDemand
from services.circles.history import coverage_as_of
from services.circles.incremental import facility_changed
from services.unit_of_work import SYSTEM
from tests.services.circles.quarter import CITY, STREET, WANG_HOME, add_facility, lay_ground

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
COMMUNITY, NEAR, FAR = STREET + 1000, STREET + 1001, STREET + 1002


@pytest.fixture(scope="module")
def city(module_database: Any) -> Iterator[Any]:
    """Two compounds, one beside the only station and one across the quarter, that opened in March."""
    with module_database.session("jobs") as session:
        lay_ground(session, NOW)
        for code, area, lon, elders in (("A", NEAR, WANG_HOME[0], 40), ("B", FAR, 118.795, 60)):
            _compound(session, code, area, lon, elders)
        load_compounds(session, NOW, SYSTEM, CITY, Credit("小区名单"))
        facts: dict[str, Any] = {"now": NOW, "opened_on": date(2026, 3, 1)}
        add_facility(session, "S", (WANG_HOME[0] + 0.0005, WANG_HOME[1]), "service_station", ("convenience",), **facts)
        refresh_reach(session, NOW, CITY)
        session.commit()
    yield module_database


def _compound(session: Any, code: str, area: int, lon: float, elders: int) -> None:
    session.connection().execute(
        text(
            "INSERT INTO compound (code, name, area_code, address, geom, original_crs, elders, source, invented,"
            " created_at) VALUES (:code, :code, :area, '', ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 'wgs84',"
            " :elders, '', true, now())"
        ),
        {"code": code, "area": area, "lon": lon, "lat": WANG_HOME[1], "elders": elders},
    )


def _first(found: Any) -> tuple[Any, Any]:
    tier = next(one for one in found.tiers if (one.tier_code, one.profile) == ("quarter_5", "elder"))
    return tier.reached, tier.total


def test_a_quarters_past_of_compounds_is_what_stood_that_day(city: Any) -> None:
    later = NOW + timedelta(days=40)
    with city.session("jobs") as session:
        before = {area: coverage(session, CITY, area, source="compounds") for area in (NEAR, FAR, COMMUNITY)}
        assert _first(before[NEAR]) == (40, 40) and _first(before[FAR]) == (0, 60)
        (site,) = (
            session.connection()
            .execute(text("UPDATE facility SET status = 'closed', closed_on = '2027-01-03' RETURNING id"))
            .one()
        )
        facility_changed(session, later, site)
        assert _first(coverage(session, CITY, NEAR, source="compounds")) == (0, 40)
        for area, then in before.items():
            past = coverage_as_of(session, later, CITY, area, date(2026, 12, 1), source="compounds")
            assert past.basis == "recorded" and past.as_story() == then.as_story(), area
            today = coverage_as_of(session, later, CITY, area, date(2027, 1, 3), source="compounds")
            assert _first(today)[0] == 0
        refresh_reach(session, later + timedelta(hours=1), CITY)
        kept = "SELECT count(*) FROM demand_reach_past"
        rows = session.connection().execute(text(kept)).scalar_one()
        refresh_reach(session, later + timedelta(hours=2), CITY)
        assert rows and session.connection().execute(text(kept)).scalar_one() == rows, "what stays the same has no past"
        session.rollback()


def test_a_replaced_list_keeps_its_own_past(city: Any) -> None:
    later = NOW + timedelta(days=40)
    with city.session("jobs") as session:
        session.connection().execute(text("UPDATE compound SET elders = 44 WHERE code = 'A'"))
        load_compounds(session, later, SYSTEM, CITY, Credit("新名单"))
        refresh_reach(session, later, CITY)
        assert _first(coverage(session, CITY, NEAR, source="compounds")) == (44, 44)
        past = coverage_as_of(session, later, CITY, NEAR, date(2026, 12, 1), source="compounds")
        assert _first(past) == (40, 40) and past.basis == "recorded"
        session.rollback()


def test_before_the_first_count_the_facilities_of_the_day_are_asked(city: Any) -> None:
    with city.session("jobs") as session:
        for area in (None, COMMUNITY, NEAR):
            february = coverage_as_of(session, NOW, CITY, area, date(2026, 2, 1), source="compounds")
            april = coverage_as_of(session, NOW, CITY, area, date(2026, 4, 1), source="compounds")
            assert february.basis == april.basis == "dated" and april.source == "compounds"
            assert _first(february)[0] == 0 and _first(april)[0] == 40
            assert april.as_story() == coverage(session, CITY, area, source="compounds").as_story()
        with pytest.raises(UnknownDemand):
            coverage_as_of(session, NOW, CITY, None, date(2026, 4, 1), source="population")
        session.rollback()
