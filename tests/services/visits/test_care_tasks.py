"""Who goes to see whom: grids, tasks with roles, what counts for whom, leave, purchases, and months that stay as they were."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from services.cities.actions import adopt_rules
from services.cities.queries import city_by_key
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotFound
from services.people.tables import Elder, Person
from services.visits.absences import cancel_absence, enter_absence
from services.visits.attempts import record_attempt
from services.visits.care_errors import GridNameTaken, NotYourGrid, TaskNotFound, TaskSettled, UnknownActorKind
from services.visits.care_rules import counting_channels, counts, due_after_change, walking_order, window
from services.visits.care_tables import VisitTask, VisitTaskActor
from services.visits.compliance import channels_of, month_compliance
from services.visits.corrections import corrections
from services.visits.duties import refresh_duties
from services.visits.escalations import follow_up
from services.visits.grids import close_grid, draw_grid, grids, set_worker
from services.visits.in_charge import person_in_charge
from services.visits.purchases import NewPurchase, buy_visits, purchases
from services.visits.reminding import remind_workers
from services.visits.tables import VisitDuty
from services.visits.task_queries import my_tasks, tasks_of_area
from services.visits.tasks import give_task, make_tasks, take_off

STREET = (320102003000000, 320102003999999)
CITY = 320100000000000
_task, _goer, _duty = table_of(VisitTask), table_of(VisitTaskActor), table_of(VisitDuty)


def test_a_window_splits_weeks_months_and_quarters_evenly() -> None:
    assert window("week", 1, date(2026, 11, 25)) == (date(2026, 11, 23), date(2026, 11, 29))
    assert window("week", 2, date(2026, 11, 26)) == (date(2026, 11, 26), date(2026, 11, 29))
    assert window("month", 1, date(2026, 2, 3)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert window("quarter", 1, date(2026, 12, 31)) == (date(2026, 10, 1), date(2026, 12, 31))
    days = [window("month", 4, date(2026, 11, day)) for day in range(1, 31)]
    assert len(set(days)) == 4 and days[0][0] == date(2026, 11, 1) and days[-1][1] == date(2026, 11, 30)
    due = due_after_change(date(2026, 11, 29), date(2026, 11, 24), date(2026, 11, 23), 24)
    assert due == date(2026, 11, 25)
    assert due_after_change(date(2026, 11, 29), date(2026, 11, 20), date(2026, 11, 23), 24) == date(2026, 11, 29)


def test_doors_are_walked_to_the_nearest_next_and_unknown_homes_come_last() -> None:
    homes = {"east": (118.80, 32.04), "none": None, "west": (118.78, 32.04), "middle": (118.79, 32.041)}
    assert walking_order(homes) == ["west", "middle", "east", "none"]


def area_of(cast: Any, who: str) -> int:
    with cast.work("house") as work:
        one = work.session.connection().execute(
            text("SELECT area_code FROM elder WHERE person_id = :p"), {"p": cast[who]}
        )
        return int(one.scalar_one())


def community(cast: Any, who: str = "sun") -> int:
    return area_of(cast, who) // 1000 * 1000


def grid(cast: Any, name: str = "如意里网格", *, far: bool = False, worker: str | None = "advisor", **more: Any) -> int:
    with cast.work("officer") as work:
        one = draw_grid(work.session, work.now, work.actor, community(cast), name, far=far, **more)
        if worker is not None:
            set_worker(work.session, work.now, work.actor, one, cast[worker], "grid_worker")
        return one


def lists(cast: Any) -> dict[str, int]:
    with cast.work("house") as work:
        refresh_duties(work.session, work.now, CITY)
        return make_tasks(work.session, work.now, CITY)


def tasks(cast: Any, who: str = "sun") -> list[Any]:
    with cast.work("house") as work:
        return list(work.session.connection().execute(select(_task).where(_task.c.elder_id == cast[who])))


def tried(cast: Any, who: str, elder: str, channel: str, outcome: str, **more: Any) -> int:
    with cast.work(who) as work:
        one = record_attempt(
            work.session, work.now, work.actor, cast[elder],
            channel=channel, outcome=outcome, happened_at=work.now, note=None, **more,
        )  # fmt: skip
    with cast.work("house") as work:
        follow_up(work.session, work.now, one)
    return one


@pytest.mark.mission("TZ-26", "NG-21")
def test_a_grid_is_the_smallest_area_and_its_worker_goes(cast: Any) -> None:
    with cast.work("house") as work:
        x, y = work.session.connection().execute(
            text("SELECT ST_X(home), ST_Y(home) FROM person WHERE id = :p"), {"p": cast["sun"]}
        ).one()  # fmt: skip
    around = [(x - 0.001, y - 0.001), (x + 0.001, y - 0.001), (x + 0.001, y + 0.001), (x - 0.001, y + 0.001)]
    whole = grid(cast, "社区其余", worker="officer")
    drawn = grid(cast, outline=around)
    made = lists(cast)["made"]
    (task,) = tasks(cast)
    assert made == 2 and task.grid_id == drawn != whole, (
        "the outline her home lies in comes before the rest of the community"
    )
    with cast.work("advisor") as work:
        assert [one.elder_id for one in my_tasks(work.session, work.now, work.actor) if one.grid_name] == [cast["sun"]]
    assert lists(cast) == {"made": 0, "dropped": 0, "missed": 0}, "the same day makes nothing twice"
    with cast.work("officer") as work:
        with pytest.raises(GridNameTaken):
            draw_grid(work.session, work.now, work.actor, community(cast), "如意里网格")
        close_grid(work.session, work.now, work.actor, drawn)
        assert [one.id for one in grids(work.session, *STREET)] == [whole]
    with cast.work("other_officer") as work, pytest.raises(NotYourGrid):
        draw_grid(work.session, work.now, work.actor, community(cast), "别处")


@pytest.mark.mission("DY-11", "HB-38", "DY-47")
def test_a_social_worker_and_a_volunteer_go_on_one_task_and_it_changes_hands(cast: Any) -> None:
    grid(cast)
    lists(cast)
    (task,) = tasks(cast)
    with cast.work("officer") as work:
        act = work.session, work.now, work.actor, task.id
        with pytest.raises(UnknownActorKind):
            give_task(*act, cast["advisor"], "neighbour")  # a neighbour comes along and leads nothing
        give_task(*act, cast["carer"], "social_worker", reason="网格员出差")
        give_task(*act, cast["volunteer"], "volunteer", part="companion")
    with cast.work("house") as work:
        rows = (
            work.session.connection()
            .execute(select(_goer).where(_goer.c.task_id == task.id).order_by(_goer.c.id))
            .all()
        )
    assert [(row.person_id, row.part, row.until is None) for row in rows] == [
        (cast["advisor"], "lead", False), (cast["carer"], "lead", True), (cast["volunteer"], "companion", True),
    ]  # fmt: skip
    with cast.work("volunteer") as work:
        (mine,) = my_tasks(work.session, work.now, work.actor)
        assert (mine.elder_name, mine.part, mine.with_whom[0][0]) == ("孙德福", "companion", "lead")
    with cast.work("outsider") as work:
        assert my_tasks(work.session, work.now, work.actor) == []
        with pytest.raises((NotFound, TaskNotFound)):
            record_attempt(
                work.session, work.now, work.actor, cast["sun"],
                channel="home", outcome="seen", happened_at=work.now, note=None, task_id=task.id,
            )  # fmt: skip
    tried(cast, "carer", "sun", "home", "no_answer", task_id=task.id)
    assert tasks(cast)[0].state == "open", "silence is never a visit"
    cast.advance(minutes=1)
    tried(cast, "carer", "sun", "home", "seen", task_id=task.id)
    assert tasks(cast)[0].state == "seen"
    with cast.work("carer") as work:
        hidden = work.session.connection().execute(
            text("SELECT count(*) FROM person WHERE id = :p"), {"p": cast["sun"]}
        )
        assert hidden.scalar_one() == 0, "whoever went knows her while the task is open"
    with cast.work("officer") as work, pytest.raises(TaskSettled):
        take_off(work.session, work.now, work.actor, task.id, cast["volunteer"])
    with cast.work("house") as work, pytest.raises(Exception, match="seen by a contact with its elder only"):
        work.session.connection().execute(
            text(
                "UPDATE visit_task SET state = 'seen', attempt_id = (SELECT id FROM visit_attempt WHERE outcome = 'no_answer' LIMIT 1)"
                " WHERE elder_id = :sun"
            ),
            {"sun": cast["sun"]},
        )


@pytest.mark.mission("HB-14", "HB-15")
def test_a_call_counts_for_the_highest_risk_only_where_the_way_is_long(cast: Any) -> None:
    one = grid(cast)
    with cast.work("house") as work:
        adopt_rules(work.session, work.now, CITY, city_by_key(work.session, "hulunbuir"))
        work.session.connection().execute(
            update(table_of(Elder))
            .where(table_of(Elder).c.person_id == cast["sun"])
            .values(groups=["critical_illness"])
        )
    lists(cast)
    assert tasks(cast)[0].visit_class == "high"
    tried(cast, "officer", "sun", "phone", "spoken")
    assert tasks(cast)[0].state == "open" and rate(cast)[0] == 0, "near by, somebody goes"
    with cast.work("officer") as work:
        close_grid(work.session, work.now, work.actor, one)
    grid(cast, "远处", far=True)
    cast.advance(minutes=5)
    lists(cast)
    tried(cast, "officer", "sun", "phone", "spoken")
    assert tasks(cast)[0].state == "seen" and rate(cast)[0] == 1, "far away, a call is a visit"
    channels = counting_channels((), ["home", "phone"])
    assert counts(channels, "unknown", False, "phone") and not counts(channels, "unknown", True, "neighbour")


def rate(cast: Any, on: date | None = None) -> tuple[int, int]:
    with cast.work("officer") as work:
        found = month_compliance(work.session, work.now, on or civil_date(work.now), lo=STREET[0], hi=STREET[1])
        return found.done, found.due


@pytest.mark.mission("TZ-16")
def test_a_closed_month_stands_and_what_is_heard_later_is_a_correction(cast: Any) -> None:
    tried(cast, "officer", "sun", "home", "seen")
    with cast.work("officer") as work:
        then = civil_date(work.now)
        happened = work.now
    before = rate(cast)
    cast.advance(days=40)
    assert rate(cast, then) == before
    with cast.work("house") as work:
        died = update(table_of(Person)).where(table_of(Person).c.id == cast["wang"]).values(died_on=then)
        work.session.connection().execute(died)
        refresh_duties(work.session, work.now, CITY)
    with cast.work("officer") as work:
        record_attempt(
            work.session, work.now, work.actor, cast["sun"],
            channel="home", outcome="seen", happened_at=happened + timedelta(seconds=1), note=None,
        )  # fmt: skip
    assert rate(cast, then) == before, "the denominator of a past month never changes"
    with cast.work("officer") as work:
        found = corrections(work.session, work.now, then, lo=STREET[0], hi=STREET[1])
        assert [(one.kind, one.elder_id, one.reason) for one in found] == [
            ("left", cast["wang"], "died"), ("entered_late", cast["sun"], "home"),
        ]  # fmt: skip
        assert corrections(work.session, work.now, civil_date(work.now), lo=STREET[0], hi=STREET[1]) == []
    assert rate(cast)[1] == before[1] - 1, "this month goes on without her"


def test_a_door_goes_to_the_stand_in_of_whoever_is_on_leave(cast: Any) -> None:
    area = area_of(cast, "sun")
    with cast.work("officer") as work:
        today = civil_date(work.now)

    def answers(on: date) -> int:
        with cast.work("house") as work:
            return person_in_charge(work.session, "community_worker", area, cast["sun"], cast["carer"], on=on)

    assert answers(today) == cast["advisor"]
    with cast.work("advisor") as work:
        leave = enter_absence(work.session, work.now, work.actor, cast["advisor"], today, today, cast["officer"])
    assert answers(today) == cast["officer"] and answers(today + timedelta(days=1)) == cast["advisor"]
    with cast.work("advisor") as work:
        cancel_absence(work.session, work.now, work.actor, leave)
    assert answers(today) == cast["advisor"]
    with cast.work("officer") as work:
        enter_absence(work.session, work.now, work.actor, cast["advisor"], today, today)
    assert answers(today) == cast["officer"], "nobody named: the next wider office"


@pytest.mark.mission("NG-17", "DY-49")
def test_bought_visits_are_the_providers_and_paid_when_kept_and_stop_at_the_budget(cast: Any) -> None:
    with cast.work("officer") as work:
        today = civil_date(work.now)
        buy_visits(
            work.session, work.now, work.actor,
            NewPurchase(
                cast.providers["kangle"], community(cast), "探访2026-01", today, today + timedelta(days=300), 3000, 5000,
                care_package=("理发", "测血压"),
            ),
        )  # fmt: skip
    lists(cast)
    bought = [task for task in (*tasks(cast), *tasks(cast, "wang")) if task.purchase_id is not None]
    assert len(bought) == 1, "the budget holds one visit"
    who = "sun" if bought[0].elder_id == cast["sun"] else "wang"
    with cast.work("officer") as work:
        (row,) = [row for row in tasks_of_area(work.session, *STREET, without_lead=True) if row.id == bought[0].id]
        assert row.purchase_id == bought[0].purchase_id
        give_task(work.session, work.now, work.actor, row.id, cast["carer"], "provider")
        (money,) = purchases(work.session, *STREET)
        assert (money.spent_fen, money.left_fen, money.waiting) == (0, 2000, 1)
    with cast.work("carer") as work:
        assert my_tasks(work.session, work.now, work.actor)[0].care_package == ("理发", "测血压")
    tried(cast, "carer", who, "home", "seen", task_id=bought[0].id)
    with cast.work("officer") as work:
        (money,) = purchases(work.session, *STREET)
        assert (money.spent_fen, money.kept) == (3000, 1)


@pytest.mark.mission("TZ-16")
def test_on_alert_days_each_worker_hears_how_many_of_hers_are_unseen(cast: Any, promised: Any) -> None:
    grid(cast)
    lists(cast)
    with cast.work("house") as work:
        told = remind_workers(work.session, work.now, CITY, anyway=True)
    assert told >= 1
    messages = [one for one in promised("messages.deliver") if one["template"] == "visits.month_alert_yours"]
    assert cast["advisor"] in {one["recipient_ids"][0] for one in messages}


def test_what_counts_is_told_for_every_class_of_every_pack(cast: Any) -> None:
    from services.cities.queries import rules_in_force

    with cast.work("house") as work:
        adopt_rules(work.session, work.now, CITY, city_by_key(work.session, "hulunbuir"))
        found = channels_of(rules_in_force(work.session, CITY, civil_date(work.now)))
    assert found["high"] == {"near": ["home", "video"], "far": ["home", "phone", "video"]}
    assert "neighbour" not in found["general"]["near"]
