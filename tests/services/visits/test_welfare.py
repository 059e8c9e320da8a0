"""探访: silence is never a visit, somebody by name answers for it, and the month's rate cannot be dressed up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from services.clock import civil_date
from services.columns import table_of
from services.errors import NotFound
from services.people.tables import Elder, Person, RoleGrant
from services.visits.attempts import record_attempt
from services.visits.compliance import alert_unvisited, month_compliance, not_yet_visited
from services.visits.duties import end_duty, refresh_duties
from services.visits.errors import BadMoment, EscalationClosed, EscalationNotFound, NotAVisitor, VisitNotFound
from services.visits.escalations import close_escalation, escalate, follow_up
from services.visits.queries import attempts_of_elder, escalations_in_my_hands, open_escalations
from services.visits.tables import Escalation, VisitAttempt, VisitDuty

STREET = (320102003000000, 320102003999999)
CITY = 320100000000000


@pytest.fixture
def tried(cast: Any) -> Callable[..., int]:
    """Record a try, as the street's officer unless told otherwise, and do what follows from it."""

    def record(
        elder: str = "sun", outcome: str = "no_answer", channel: str = "home", who: str = "officer",
        ago: timedelta = timedelta(), follow: bool = True,
    ) -> int:  # fmt: skip
        with cast.work(who) as work:
            attempt_id = record_attempt(
                work.session, work.now, work.actor, cast[elder],
                channel=channel, outcome=outcome, happened_at=work.now - ago, note=None,
            )  # fmt: skip
        if follow:
            with cast.work("house") as work:
                follow_up(work.session, work.now, attempt_id)
        return attempt_id

    return record


@pytest.fixture
def escalations(cast: Any) -> Callable[[], list[Any]]:
    """Read every escalation as the house sees it."""

    def read() -> list[Any]:
        table = table_of(Escalation)
        with cast.work("house") as work:
            return list(work.session.connection().execute(select(table).order_by(table.c.id)))

    return read


def month(cast: Any, who: str = "officer", on: date | None = None) -> Any:
    with cast.work(who) as work:
        return month_compliance(work.session, work.now, on or civil_date(work.now), lo=STREET[0], hi=STREET[1])


@pytest.mark.mission("DY-11")
def test_an_elder_who_does_not_answer_is_not_visited_and_in_a_named_persons_hands(
    cast: Any, tried: Any, escalations: Any, promised: Any
) -> None:
    tried("sun", "no_answer", who="advisor", follow=False)  # an office reads at once in whose hands it is
    (door,) = escalations()
    assert (door.elder_id, door.in_charge_id, door.step) == (cast["sun"], cast["advisor"], 1)
    assert door.due_at - door.opened_at < timedelta(minutes=31)  # high risk: the next rung begins after 30 minutes
    found = month(cast)
    assert (found.due, found.done, found.attempts, found.rate) == (2, 0, 1, 0.0)
    told = [args for args in promised("messages.deliver") if args["template"].startswith("visits.no_answer")]
    assert {tuple(args["recipient_ids"]) for args in told} == {(cast["advisor"],), ()}
    assert promised("visits.escalate")[0]["not_before"] == door.due_at
    with cast.work("advisor") as work:
        assert [row.id for row in escalations_in_my_hands(work.session, work.actor)] == [door.id]


def test_an_overdue_door_climbs_the_ladder_to_the_officer_and_stops_there(
    cast: Any, tried: Any, escalations: Any
) -> None:
    tried("sun", "no_answer", who="advisor")
    (door,) = escalations()
    with cast.work("house") as work:
        assert escalate(work.session, work.now, door.id, 1) is None  # not overdue yet
    for minutes, step, who in ((31, 2, "advisor"), (95, 3, "officer"), (30, 4, "officer")):
        cast.advance(minutes=minutes)
        with cast.work("house") as work:
            assert escalate(work.session, work.now, door.id, step - 1) == step
            assert escalate(work.session, work.now, door.id, step - 1) is None
        assert escalations()[0].in_charge_id == cast[who]
    cast.advance(days=2)
    with cast.work("house") as work:
        assert escalate(work.session, work.now, door.id, 4) is None
    assert [line["step"] for line in escalations()[0].history] == [1, 2, 3, 4]


def test_a_slower_clock_runs_for_an_elder_of_lower_risk(cast: Any, tried: Any, escalations: Any) -> None:
    tried("wang", "no_answer")
    (door,) = escalations()
    assert timedelta(minutes=119) < door.due_at - door.opened_at <= timedelta(minutes=120)


def test_a_late_written_silence_is_overdue_at_once(cast: Any, tried: Any, escalations: Any) -> None:
    tried("sun", "no_answer", ago=timedelta(hours=30))
    (door,) = escalations()
    assert door.due_at < door.opened_at
    with cast.work("house") as work:
        assert escalate(work.session, work.now, door.id, 1) == 2


def test_a_second_silence_joins_the_open_door(cast: Any, tried: Any, escalations: Any) -> None:
    tried("sun", "no_answer")
    cast.advance(minutes=5)
    second = tried("sun", "no_answer", "phone")
    with cast.work("house") as work:
        follow_up(work.session, work.now, second)
    (door,) = escalations()
    assert [line["why"] for line in door.history] == ["opened", "silent_again"]


def test_a_later_meeting_closes_the_door_and_counts(cast: Any, tried: Any, escalations: Any) -> None:
    tried("sun", "no_answer")
    cast.advance(hours=1)
    seen = tried("sun", "seen")
    (door,) = escalations()
    assert (door.resolution, door.closed_by) == ("contacted", cast["officer"])
    with cast.work("house") as work:
        assert follow_up(work.session, work.now, seen) is None
    assert month(cast).done == 1


def test_an_earlier_meeting_written_later_does_not_close_the_door(cast: Any, tried: Any, escalations: Any) -> None:
    tried("sun", "no_answer", ago=timedelta(hours=1))
    tried("sun", "seen", ago=timedelta(hours=5))
    assert escalations()[0].closed_at is None


def test_a_silence_written_after_a_later_meeting_opens_nothing(cast: Any, tried: Any, escalations: Any) -> None:
    tried("sun", "seen")
    tried("sun", "no_answer", ago=timedelta(hours=3))
    assert escalations() == []


def test_a_neighbour_who_saw_her_closes_the_door_but_is_no_visit(cast: Any, tried: Any, escalations: Any) -> None:
    tried("sun", "no_answer")
    cast.advance(minutes=20)
    tried("sun", "seen", "neighbour")
    assert escalations()[0].resolution == "contacted"
    assert month(cast).done == 0


def test_closing_by_hand_names_who_closed_and_is_no_visit(cast: Any, tried: Any, escalations: Any) -> None:
    tried("sun", "no_answer", who="advisor")
    (door,) = escalations()
    for who in ("outsider", "daughter", "other_officer", "carer"):
        with cast.work(who) as work, pytest.raises(EscalationNotFound):
            close_escalation(work.session, work.now, work.actor, door.id, "safe", None)
    with cast.work("officer") as work:
        close_escalation(work.session, work.now, work.actor, door.id, "hospital", "住院观察")
    with cast.work("officer") as work, pytest.raises(EscalationClosed):
        close_escalation(work.session, work.now, work.actor, door.id, "safe", None)
    (door,) = escalations()
    assert (door.closed_by, door.resolution, door.history[-1]["note"]) == (cast["officer"], "hospital", "住院观察")
    assert month(cast).done == 0


def test_an_officer_sees_open_doors_of_her_own_street_only(cast: Any, tried: Any) -> None:
    tried("sun", "no_answer")
    for who, count in (("officer", 1), ("operator", 1), ("other_officer", 0), ("outsider", 0), ("daughter", 0)):
        with cast.work(who) as work:
            assert len(open_escalations(work.session, 0, 10**15)) == count, who


def test_who_may_write_a_visit_down(cast: Any, tried: Any) -> None:
    with pytest.raises(NotAVisitor):
        tried("wang", "spoken", "phone", who="daughter")
    with pytest.raises(NotAVisitor):
        tried("wang", "seen", who="wang")
    for who in ("outsider", "other_officer", "volunteer", "carer"):
        with pytest.raises(NotFound):
            tried("wang", "seen", who=who)


def test_a_carer_may_say_that_nobody_opened(cast: Any, planned: Any, escalations: Any) -> None:
    visit_id = planned(10)
    with cast.work("carer") as work:
        attempt_id = record_attempt(
            work.session, work.now, work.actor, cast["wang"],
            channel="home", outcome="no_answer", happened_at=work.now, note=None, visit_id=visit_id,
        )  # fmt: skip
    with cast.work("other_carer") as work, pytest.raises(VisitNotFound):
        record_attempt(
            work.session, work.now, work.actor, cast["wang"],
            channel="home", outcome="no_answer", happened_at=work.now, note=None, visit_id=visit_id,
        )  # fmt: skip
    with cast.work("house") as work:
        follow_up(work.session, work.now, attempt_id)
    assert escalations()[0].in_charge_id == cast["carer"]
    with cast.work("carer") as work:
        assert escalations_in_my_hands(work.session, work.actor)[0].elder_name == "王秀兰"


def test_the_same_try_sent_five_times_is_one_row(cast: Any) -> None:
    with cast.work("officer") as work:
        made = {
            record_attempt(
                work.session, work.now, work.actor, cast["sun"],
                channel="phone", outcome="spoken", happened_at=work.now, note=None,
            )
            for _ in range(5)
        }  # fmt: skip
        assert len(made) == 1 and len(attempts_of_elder(work.session, cast["sun"])) == 1


def test_a_visit_in_the_future_or_long_ago_is_refused(cast: Any, tried: Any) -> None:
    for ago in (timedelta(minutes=-3), timedelta(days=63)):
        with pytest.raises(BadMoment):
            tried("sun", "seen", ago=ago)


def test_a_back_dated_visit_keeps_both_times_and_is_counted_apart(cast: Any, tried: Any) -> None:
    with cast.work("house") as work:
        first = civil_date(work.now).replace(day=1)
        hours = (work.now - datetime(first.year, first.month, first.day, tzinfo=UTC)) / timedelta(hours=1)
    if hours < 60:
        cast.advance(days=4)
    tried("sun", "seen", ago=timedelta(hours=49))
    tried("wang", "seen", ago=timedelta(hours=47))
    with cast.work("officer") as work:
        (kept,) = attempts_of_elder(work.session, cast["sun"])
        assert kept.recorded_at - kept.happened_at == timedelta(hours=49)
    found = month(cast)
    assert (found.due, found.done, found.late_only, found.rate) == (2, 1, 1, 0.5)
    with cast.work("officer") as work:
        rows = not_yet_visited(work.session, work.now, civil_date(work.now), lo=STREET[0], hi=STREET[1])
    assert [(row.elder_id, row.entered_late) for row in rows] == [(cast["sun"], True)]


def test_the_unseen_are_listed_by_risk_and_then_by_days(cast: Any, tried: Any) -> None:
    tried("sun", "seen")
    cast.advance(days=40)
    with cast.work("officer") as work:
        rows = not_yet_visited(work.session, work.now, civil_date(work.now), lo=STREET[0], hi=STREET[1])
    assert [(row.elder_name, row.rank, row.days_since) for row in rows] == [("孙德福", 1, 40), ("王秀兰", 2, None)]
    assert all(row.over_frequency for row in rows)


@pytest.mark.mission("TZ-16")
def test_the_rate_cannot_be_improved_by_taking_people_off(cast: Any, tried: Any) -> None:
    cast.advance(days=35)
    with cast.work("officer") as work:
        today = civil_date(work.now)
        last_month = today.replace(day=1) - timedelta(days=1)
        end_duty(work.session, work.now, work.actor, cast["sun"], today, "moved")
    assert month(cast).due == 1
    assert month(cast, on=last_month).due == 2
    with cast.work("other_officer") as work, pytest.raises(NotFound):
        end_duty(work.session, work.now, work.actor, cast["wang"], today, "moved")
    with cast.work("officer") as work, pytest.raises(BadMoment):
        end_duty(work.session, work.now, work.actor, cast["wang"], today - timedelta(days=999), "moved")


def test_an_earlier_day_gives_the_figure_of_that_day_again(cast: Any, tried: Any) -> None:
    tried("wang", "seen")
    with cast.work("officer") as work:
        then, before = (
            work.now,
            month_compliance(work.session, work.now, civil_date(work.now), lo=STREET[0], hi=STREET[1]),
        )
    cast.advance(minutes=3)
    tried("sun", "seen")
    with cast.work("officer") as work:
        again = month_compliance(work.session, then, civil_date(then), lo=STREET[0], hi=STREET[1])
    assert again == before and month(cast).done == 2


def test_another_streets_officer_sees_no_elder_in_the_rate(cast: Any, tried: Any) -> None:
    tried("wang", "seen")
    assert month(cast, who="other_officer").due == 0
    assert month(cast).due == 2


@pytest.mark.mission("DY-15")
def test_the_list_is_made_from_the_elders_records_by_the_citys_rules(cast: Any) -> None:
    person, elder, duty = table_of(Person), table_of(Elder), table_of(VisitDuty)
    with cast.work("house") as work:
        connection = work.session.connection()
        refresh_duties(work.session, work.now, CITY)
        listed = select(duty.c.elder_id, duty.c.visit_class).where(duty.c.ended_on.is_(None))
        before = {row.elder_id: row.visit_class for row in connection.execute(listed)}
        assert before == {cast["wang"]: "general", cast["sun"]: "high"}  # 78 and alone; 85 and alone
        connection.execute(update(elder).where(elder.c.person_id == cast["wang"]).values(groups=["disabled", "alone"]))
        connection.execute(update(person).where(person.c.id == cast["sun"]).values(died_on=civil_date(work.now)))
        assert refresh_duties(work.session, work.now, CITY) == {"opened": 0, "changed": 1, "ended": 1}
        assert refresh_duties(work.session, work.now, CITY) == {"opened": 0, "changed": 0, "ended": 0}
        assert {row.elder_id: row.visit_class for row in connection.execute(listed)} == {cast["wang"]: "key"}
        reasons = connection.execute(select(duty.c.end_reason).where(duty.c.elder_id == cast["sun"]))
        assert "died" in set(reasons.scalars())


@pytest.mark.mission("TZ-16")
def test_officers_are_told_on_the_alert_days_once(cast: Any, promised: Any) -> None:
    with cast.work("house") as work:
        ahead = next(d for d in range(40) if civil_date(work.now + timedelta(days=d)).day == 20)
        assert alert_unvisited(work.session, work.now, CITY) in (0, 1)
    cast.advance(days=ahead)
    for _ in range(2):
        with cast.work("house") as work:
            assert alert_unvisited(work.session, work.now, CITY) == 1
    alerts = [args for args in promised("messages.deliver") if args["template"] == "visits.month_alert"]
    assert alerts[-1]["facts"] == {"unvisited": 2, "due": 2}
    assert len({args["key"] for args in alerts}) == len(alerts)


def test_a_missing_office_is_said_by_name_of_the_area(cast: Any, tried: Any) -> None:
    grant = table_of(RoleGrant)
    with cast.work("house") as work:
        work.session.connection().execute(
            update(grant).where(grant.c.role.in_(("officer", "advisor"))).values(revoked_at=work.now)
        )
    attempt = tried("sun", "no_answer", who="operator")
    cast.advance(hours=1)
    with cast.work("house") as work:
        door = work.session.connection().execute(select(table_of(Escalation))).one()
        assert door.attempt_id == attempt and door.in_charge_id == cast["operator"]
        from services.visits.errors import NobodyInCharge

        with pytest.raises(NobodyInCharge):
            escalate(work.session, work.now, door.id, 1)


@pytest.mark.mission("TZ-16")
def test_the_monthly_rate_equals_a_recount_of_the_raw_events(cast: Any) -> None:
    """Many invented tries, seeded; the query's figures are recomputed from the rows in plain Python."""
    import random

    dice, attempt = random.Random(7), table_of(VisitAttempt)
    cast.advance(days=30)
    with cast.work("house") as work:
        now = work.now
        rows = []
        for _ in range(400):
            happened = now - timedelta(minutes=dice.randrange(0, 55 * 1440))
            heard = min(now + timedelta(days=1), happened + timedelta(hours=dice.choice((0, 1, 47, 48, 49, 200))))
            rows.append(
                {
                    "elder_id": cast[dice.choice(("wang", "sun"))],
                    "area_code": 320102003902901,
                    "channel": dice.choice(("home", "phone", "neighbour", "volunteer", "device")),
                    "outcome": dice.choice(("seen", "spoken", "no_answer", "no_answer", "refused", "hospital")),
                    "happened_at": happened,
                    "recorded_at": heard,
                    "by_person_id": cast["officer"],
                }  # fmt: skip
            )
        for number in (3, 9, 27, 81, 400):
            work.session.connection().execute(insert(attempt), rows[len(rows) - number :])
            stored = list(work.session.connection().execute(select(attempt)))
            for on in (civil_date(now), civil_date(now).replace(day=1) - timedelta(days=1)):
                found = month_compliance(work.session, now, on, lo=STREET[0], hi=STREET[1])
                assert (found.due, found.done, found.late_only, found.attempts) == _recount(cast, stored, now, on)
            assert work.session.connection().execute(select(func.count()).select_from(attempt)).scalar_one() == len(
                stored
            )


def _recount(cast: Any, stored: list[Any], now: datetime, on: date) -> tuple[int, int, int, int]:
    shanghai = [(row, (row.happened_at + timedelta(hours=8)).astimezone(UTC)) for row in stored]
    mine = [
        row for row, local in shanghai if (local.year, local.month) == (on.year, on.month) and row.recorded_at <= now
    ]
    met, in_time = set(), set()
    for row in mine:
        if row.outcome in ("seen", "spoken") and row.channel in ("home", "phone", "video"):
            met.add(row.elder_id)
            if row.recorded_at - row.happened_at <= timedelta(hours=48):
                in_time.add(row.elder_id)
    return 2, len(in_time), len(met - in_time), len(mine)
