"""How often an elder is owed a visit is her city's rule, and so is what counts as having met her."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from services.cities.actions import adopt_rules
from services.cities.queries import city_by_key
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Elder
from services.visits.attempts import record_attempt
from services.visits.compliance import month_compliance, not_yet_visited
from services.visits.duties import refresh_duties

CITY, STREET = 320100000000000, (320102003000000, 320102003999999)


@pytest.mark.mission("HB-14", "HB-15")
def test_how_often_she_is_seen_is_the_citys_and_where_the_way_is_long_a_call_counts(cast: Any) -> None:
    elder = table_of(Elder)

    def overdue_under(city: str) -> bool:
        with cast.work("house") as work:
            adopt_rules(work.session, work.now, CITY, city_by_key(work.session, city))
            refresh_duties(work.session, work.now, CITY)
        with cast.work("officer") as work:
            rows = not_yet_visited(work.session, work.now, civil_date(work.now), lo=STREET[0], hi=STREET[1])
        return next(row.over_frequency for row in rows if row.elder_id == cast["wang"])

    with cast.work("house") as work:
        changed = update(elder).where(elder.c.person_id == cast["wang"]).values(groups=["left_behind"])
        work.session.connection().execute(changed)
        refresh_duties(work.session, work.now, CITY)
    with cast.work("officer") as work:
        record_attempt(
            work.session, work.now, work.actor, cast["wang"],
            channel="phone", outcome="spoken", happened_at=work.now, note=None,
        )  # fmt: skip
    with cast.work("officer") as work:
        assert month_compliance(work.session, work.now, civil_date(work.now), lo=STREET[0], hi=STREET[1]).done == 1
    cast.advance(days=40)
    assert not overdue_under("hulunbuir"), "left behind and under eighty: once a quarter"
    assert overdue_under("taizhou"), "everybody on the list once a month"
