"""Patterns an officer may ask about: each is found with its reason, honest life beside it is not, nobody is judged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.range import Range
from sqlalchemy import insert, text, update

from services.columns import table_of
from services.people.tables import Person
from services.visits.tables import Visit
from services.volunteering.errors import OfficeOnly
from services.volunteering.signals import Signal, find_signals, written
from services.volunteering.tables import Need, VolunteerSession

_need, _visit, _session, _person = table_of(Need), table_of(Visit), table_of(VolunteerSession), table_of(Person)
QUARTER = 320102003902901


@pytest.fixture
def plant(cast: Any) -> Callable[..., int]:
    """Write a session as if it had been served: who, for whom, when (UTC), how long, from where."""

    def put(
        who: str, elder: str, started: datetime, minutes: int = 60, at: tuple[float, float] | None = None,
        state: str = "posted",
    ) -> int:  # fmt: skip
        ended = started + timedelta(minutes=minutes)
        facts = {"lon": at[0], "lat": at[1]} if at else {}
        common = {"elder_id": cast[elder], "area_code": QUARTER}
        with cast.work("house") as work:
            write = work.session.connection().execute
            need = write(
                insert(_need).values(
                    **common, kind="friendly_visit", title="陪伴", rough_place="新街口", starts_at=started, ends_at=ended,
                    state="confirmed", posted_by=cast[elder], posted_at=started, taken_by=cast[who], taken_at=started,
                ).returning(_need.c.id)
            ).scalar_one()  # fmt: skip
            visit = write(
                insert(_visit).values(
                    **common, kind="friendly", need_id=need, visitor_id=cast[who], planned_start=started,
                    planned_end=ended, state="finished", code_tries=0, checked_in_at=started,
                    check_in_proof="elder_code", check_in_facts=facts, checked_out_at=ended, check_out_facts={},
                    tasks_done=[],
                ).returning(_visit.c.id)
            ).scalar_one()  # fmt: skip
            number: int = write(
                insert(_session).values(
                    **common, need_id=need, visit_id=visit, volunteer_id=cast[who], during=Range(started, ended),
                    service_minutes=minutes, credit_minutes=minutes, honour_minutes=0, proof="clocked",
                    rule_version="x", state=state,
                ).returning(_session.c.id)
            ).scalar_one()  # fmt: skip
            return number

    return put


def found(cast: Any, kind: str, now: datetime | None = None, who: str = "officer") -> list[Signal]:
    with cast.work(who) as work:
        return [one for one in find_signals(work.session, now or work.now, work.actor) if one.kind == kind]


def day(number: int, hour: int = 2, month: int = 10) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


NOW = datetime(2026, 11, 5, tzinfo=UTC)


def test_two_who_keep_serving_each_other_are_named_with_both_counts(cast: Any, plant: Any) -> None:
    for one in range(3):
        plant("volunteer", "wang", day(1 + one))
        plant("wang", "volunteer", day(11 + one))
    plant("volunteer", "sun", day(25))
    (pair,) = found(cast, "reciprocal_pair", NOW)
    assert {pair.volunteer_id, pair.other_id} == {cast["volunteer"], cast["wang"]}
    assert (pair.facts["there"], pair.facts["back"], len(pair.session_ids)) == (3, 3, 6)


def test_helping_back_twice_or_a_voided_visit_is_no_pair(cast: Any, plant: Any) -> None:
    for one in range(3):
        plant("volunteer", "wang", day(1 + one))
        plant("wang", "volunteer", day(11 + one), state="voided" if one == 2 else "posted")
    assert found(cast, "reciprocal_pair", NOW) == []


def test_two_doors_too_far_apart_for_the_minutes_between_are_named_with_both_numbers(cast: Any, plant: Any) -> None:
    with cast.work("house") as work:
        work.session.connection().execute(
            update(_person).where(_person.c.id == cast["sun"]).values(
                home=text("ST_SetSRID(ST_MakePoint(118.95, 32.05), 4326)")
            )
        )  # fmt: skip
    first = plant("volunteer", "wang", day(1))
    second = plant("volunteer", "sun", day(1, 3) + timedelta(minutes=5))
    plant("volunteer", "wang", day(2))
    plant("volunteer", "sun", day(2, 5))
    (jump,) = found(cast, "impossible_travel", NOW)
    assert jump.session_ids == [first, second] and jump.facts["seconds"] == 300
    assert 14_000 < jump.facts["metres"] < 17_000


def test_positions_equal_to_the_last_digit_at_many_doors_are_named(cast: Any, plant: Any) -> None:
    for one in range(4):
        plant("volunteer", ("wang", "sun")[one % 2], day(1 + one), at=(118.7812345, 32.0412345))
        plant("carer", "wang", day(1 + one, 6), at=(118.7812345 + one / 1e5, 32.0412345))
    (same,) = found(cast, "identical_positions", NOW)
    assert same.volunteer_id == cast["volunteer"] and same.facts == {"times": 4, "elders": 2, "least": 4}


def test_a_months_minutes_heaped_on_its_last_days_are_named_by_shanghai_days(cast: Any, plant: Any) -> None:
    plant("volunteer", "wang", day(3), 60)
    late = [
        plant("volunteer", "wang", datetime(2026, 10, 28, 16, 30, tzinfo=UTC), 150),  # the 29th in Shanghai
        plant("volunteer", "sun", day(31), 150),
    ]
    for one in (2, 9, 16, 23, 30):
        plant("carer", "wang", day(one, 8), 120)
    (burst,) = found(cast, "month_end_burst", NOW)
    assert burst.volunteer_id == cast["volunteer"] and burst.session_ids == late
    assert burst.facts == {"month": "2026-10", "minutes": 300, "of_minutes": 360, "last_days": 3}


def test_only_her_own_office_reads_them_and_nothing_changes_for_anybody(cast: Any, plant: Any) -> None:
    for one in range(4):
        plant("volunteer", "wang", day(1 + one), at=(118.78, 32.04))
    assert len(found(cast, "identical_positions", NOW, "advisor")) == 1
    assert len(found(cast, "identical_positions", NOW, "auditor")) == 1
    assert found(cast, "identical_positions", NOW, "other_officer") == []
    for who in ("wang", "volunteer", "outsider", "operator", "administrator"):
        with cast.work(who) as work, pytest.raises(OfficeOnly):
            find_signals(work.session, work.now, work.actor)
    with cast.work("officer") as work:
        signals = find_signals(work.session, NOW, work.actor)
        assert '"kind": "identical_positions"' in written(signals)
        assert (
            work.session.connection()
            .execute(text("SELECT count(*) FROM volunteer_session WHERE state <> 'posted'"))
            .scalar()
            == 0
        )


def test_from_when_a_pattern_is_listed_is_the_citys_policy_and_not_a_number_in_the_code(
    cast: Any, plant: Any, own_hours: Any
) -> None:
    from services.cities.actions import load_pack

    for one in range(3):
        plant("volunteer", "wang", day(1 + one))
        plant("wang", "volunteer", day(11 + one))
    assert len(found(cast, "reciprocal_pair", NOW)) == 1
    with cast.work("house") as work:
        load_pack(work.session, work.now, own_hours("nanjing") + "\n[timebank.signals]\npair_sessions = 4\n")
    assert found(cast, "reciprocal_pair", NOW) == []
