"""The board near a volunteer: the shortest walk first, to the community and never to the door; her interests and days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from services.columns import table_of
from services.people.tables import Person
from services.volunteering import actions
from services.volunteering.board import Wishes, board_near, days_ahead, interests_of
from services.volunteering.tables import Volunteer

_person, _volunteer = table_of(Person), table_of(Volunteer)
WANG_COMMUNITY, SUN_COMMUNITY = 320102003902000, 320102003904000


@pytest.fixture
def communities(cast: Any) -> None:
    """Draw the communities of 王奶奶 and 孙大爷, a kilometre apart, and give 李老师 a home beside 孙大爷's."""
    with cast.work("house") as work:
        draw = text(
            "INSERT INTO area (code, level, name, parent_code, geom) VALUES (:code, 'community', 'X', 320102003000000,"
            " ST_Multi(ST_Expand(ST_SetSRID(ST_MakePoint(:lon, 32.045), 4326), 0.002)))"
        )
        for code, lon in ((WANG_COMMUNITY, 118.784), (SUN_COMMUNITY, 118.796)):
            work.session.connection().execute(draw, {"code": code, "lon": lon})
    live_at(cast, "volunteer", 118.797, 32.046)


def live_at(cast: Any, who: str, lon: float, lat: float) -> None:
    with cast.work("house") as work:
        here = text("ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)").bindparams(lon=lon, lat=lat)
        work.session.connection().execute(update(_person).where(_person.c.id == cast[who]).values(home=here))


def wishes(cast: Any, hours: int = 5, kind: str = "friendly_visit", elder: str = "sun") -> int:
    with cast.work(elder) as work:
        starts = work.now + timedelta(hours=hours)
        return actions.post_need(
            work.session, work.now, work.actor, cast[elder], kind=kind, title=None, starts_at=starts,
            ends_at=starts + timedelta(minutes=60),
        )  # fmt: skip


def seen(cast: Any, who: str = "volunteer", **looks_for: Any) -> list[tuple[int, int | None, bool]]:
    with cast.work(who) as work:
        found = board_near(work.session, work.now, work.actor, Wishes(**looks_for))
        return [(need.id, need.walk_minutes, need.estimated) for need in found]


def test_the_shortest_walk_comes_first_and_a_straight_line_is_called_an_estimate(cast: Any, communities: None) -> None:
    far, near = wishes(cast, 3, elder="wang"), wishes(cast, 50)
    (first, first_minutes, first_estimated), (second, second_minutes, second_estimated) = seen(cast)
    assert (first, second) == (near, far) and first_minutes < second_minutes  # type: ignore[operator]
    assert not first_estimated and not second_estimated  # along the streets of the cast's city
    assert second_minutes >= 18  # type: ignore[operator]  # 1.23 km by the crow, at 1 m/s
    far_off = seen(cast, place=(118.9, 32.2))  # where no street is on the map
    assert all(estimated for _, _, estimated in far_off) and min(row[1] for row in far_off) > 200  # type: ignore[type-var, operator]
    from_wang = seen(cast, place=(118.784, 32.045))
    assert [row[0] for row in from_wang] == [far, near]


def test_where_in_her_community_an_elder_lives_changes_nothing_that_a_stranger_reads(
    cast: Any, communities: None
) -> None:
    wishes(cast, elder="wang")
    before = seen(cast)
    live_at(cast, "wang", 118.7971, 32.0461)
    assert seen(cast) == before


def test_who_has_no_place_on_the_map_walks_from_her_community_and_that_is_an_estimate(
    cast: Any, communities: None
) -> None:
    need = wishes(cast)
    with cast.work("house") as work:
        work.session.connection().execute(
            update(_person).where(_person.c.id == cast["volunteer"]).values(home=None, area_code=SUN_COMMUNITY)
        )
    ((shown, minutes, estimated),) = seen(cast)
    assert (shown, estimated) == (need, True) and minutes <= 5  # type: ignore[operator]
    with cast.work("house") as work:
        work.session.connection().execute(text("UPDATE area SET geom = NULL"))
    assert seen(cast) == [(need, None, False)]


def test_interests_and_days_narrow_the_board(cast: Any) -> None:
    company, errand = wishes(cast, 3), wishes(cast, 80, kind="walk_together")
    assert {row[0] for row in seen(cast)} == {company, errand}
    with cast.work("volunteer") as work:
        assert interests_of(work.session, work.actor) == ("friendly_visit", "escort")
        liked = interests_of(work.session, work.actor)
        soon = work.now + timedelta(days=1)
    assert [row[0] for row in seen(cast, kinds=liked)] == [company]
    assert [row[0] for row in seen(cast, until_at=soon)] == [company]
    assert [row[0] for row in seen(cast, from_at=soon)] == [errand]
    assert seen(cast, kinds=()) == [] and seen(cast, "outsider") == []


def test_a_day_begins_and_ends_at_midnight_in_shanghai_and_the_weekend_is_two_days(cast: Any) -> None:
    from datetime import UTC, datetime

    monday = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    assert days_ahead(monday, "today")[1] == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert days_ahead(monday + timedelta(minutes=1), "today")[0] == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert days_ahead(monday, "weekend") == (
        datetime(2026, 11, 27, 16, tzinfo=UTC), datetime(2026, 11, 29, 16, tzinfo=UTC),
    )  # fmt: skip
    sunday = datetime(2026, 11, 29, 4, tzinfo=UTC)
    assert days_ahead(sunday, "weekend")[1] == datetime(2026, 11, 29, 16, tzinfo=UTC)
    assert days_ahead(monday, "") == (None, None)
