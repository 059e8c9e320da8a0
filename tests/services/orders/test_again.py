"""Orders that come again, the same as last time, for several elders at once; and who ordered it already."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from yl_quarter import Quarter

from services.clock import civil_date
from services.errors import Invalid, NotAllowed, NotFound
from services.orders.actions import cancel_order
from services.orders.basket import BasketWish, place_basket, repeat_order
from services.orders.errors import AlreadyOrdered, BadTime
from services.orders.recurrence import check_rule, days_of
from services.orders.recurring import NewSeries, order_again_and_again, series_of, skip_day, stop_series


def weekly(quarter: Quarter, who: str = "daughter", **changes: Any) -> int:
    with quarter.work("house") as work:
        first = civil_date(work.now)
    new = NewSeries(
        **{
            "elder_id": quarter["wang"],
            "service_code": "home_bath",
            "rule": "FREQ=WEEKLY;BYDAY=TU,FR",
            "from_minute": 840,
            "minutes": 120,
            "first_day": first,
        }
        | changes  # fmt: skip
    )
    with quarter.work(who) as work:
        return order_again_and_again(work.session, work.now, work.actor, new, "web")


def place_days(quarter: Quarter) -> None:
    quarter.run_jobs(only="orders.place_recurring")
    quarter.run_jobs(only="orders.place_recurring_day")


def starts(quarter: Quarter) -> list[str]:
    return quarter.all(
        "SELECT to_char(starts_at AT TIME ZONE 'Asia/Shanghai', 'Dy HH24:MI') || ' ' || state FROM care_order ORDER BY starts_at"
    )


def daily_round(quarter: Quarter) -> None:
    from workers.jobs.orders import place_recurring

    with quarter.work("house") as work:
        place_recurring(work)
    quarter.run_jobs(only="orders.place_recurring_day")


def test_a_weekly_order_is_placed_a_week_ahead_in_the_name_of_who_set_it(quarter: Quarter) -> None:
    weekly(quarter)
    place_days(quarter)
    assert starts(quarter) == ["Tue 14:00 placed", "Fri 14:00 placed", "Tue 14:00 placed"]
    assert quarter.all("SELECT DISTINCT by_right LIKE 'proxy:%' AND channel = 'recurring' FROM care_order") == [True]
    daily_round(quarter)
    assert len(starts(quarter)) == 3, "nothing is ordered twice"
    quarter.advance(days=3)
    daily_round(quarter)
    assert len(starts(quarter)) == 4
    with quarter.work("son") as work:
        (shown,) = series_of(work.session, work.now, quarter["wang"])
    assert shown.service_name == "上门助浴" and len(shown.next_days) == 5


def test_one_day_is_left_out_and_what_was_ordered_for_it_is_cancelled(quarter: Quarter) -> None:
    series = weekly(quarter)
    with quarter.work("house") as work:
        friday, later = (civil_date(work.now) + timedelta(days=ahead) for ahead in (3, 10))
    place_days(quarter)
    for day in (friday, later):
        with quarter.work("wang") as work:
            skip_day(work.session, work.now, work.actor, series, day)
    quarter.advance(days=4)
    daily_round(quarter)
    assert starts(quarter) == ["Tue 14:00 placed", "Fri 14:00 cancelled", "Tue 14:00 placed"]


def test_it_stops_when_told_when_the_right_ends_and_when_the_elder_dies_or_moves(quarter: Quarter) -> None:
    with quarter.work("daughter") as work:
        act = (work.session, work.now, work.actor)
    told, ended, departed = weekly(quarter), weekly(quarter, from_minute=540), weekly(quarter, "wang", from_minute=720)
    with quarter.work("daughter") as work:
        act = (work.session, work.now, work.actor)
        stop_series(*act, told)
        stop_series(*act, told)
    quarter.change("UPDATE proxy SET state = 'revoked' WHERE proxy_person_id = :p", p=quarter["daughter"])
    daily_round(quarter)
    states = quarter.all("SELECT state || ':' || coalesce(stopped_reason, '') FROM recurring_order ORDER BY id")
    assert states[0] == "stopped:不需要了" and states[1].startswith("stopped:") and states[2] == "active:"
    assert quarter.one("SELECT count(*) FROM outbox WHERE args ->> 'template' = 'orders.series_stopped'") == 1
    assert {order.split()[1] for order in starts(quarter)} == {"12:00"}
    from workers.jobs.orders import stop_for_departed

    quarter.change("UPDATE person SET died_on = current_date WHERE id = :p", p=quarter["wang"])
    with quarter.work("house") as work:
        stop_for_departed(work)
    quarter.run_jobs(only="orders.cancel_for_departed")
    assert quarter.one("SELECT state FROM recurring_order WHERE id = :s", s=departed) == "stopped"
    assert {order.split()[2] for order in starts(quarter)} == {"cancelled"}
    assert ended


def test_a_day_that_cannot_be_ordered_is_missed_and_told(quarter: Quarter) -> None:
    weekly(quarter, rule="FREQ=DAILY;COUNT=6", chosen_provider_id=quarter.providers["kangle"])
    place_days(quarter)
    missed = quarter.all("SELECT extract(isodow FROM on_day)::int FROM recurring_day WHERE fate = 'missed'")
    assert missed == [7], "nobody works on Sunday"
    assert quarter.one("SELECT count(*) FROM outbox WHERE args ->> 'template' = 'orders.series_missed'") == 1


def test_holidays_are_left_out_where_the_family_says_so(quarter: Quarter) -> None:
    national = days_of("FREQ=DAILY", date(2026, 9, 28), None, date(2026, 9, 28), date(2026, 10, 9))
    assert len(national) == 12
    from services.orders.recurring import holidays_between

    with quarter.work("wang") as work:
        off = holidays_between(work.session, date(2026, 9, 28), date(2026, 10, 9))
        worked = quarter.one("SELECT kind FROM holiday WHERE day = '2026-10-10'")
    assert [day.day for day in off] == [1, 2, 3, 4, 5, 6, 7] and worked == "work"
    left = days_of("FREQ=DAILY", date(2026, 9, 28), date(2026, 10, 9), date(2026, 9, 28), date(2026, 12, 1), off)
    assert [day.day for day in left] == [28, 29, 30, 8, 9]


@pytest.mark.parametrize(
    "rule", ["", "FREQ=SECONDLY", "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;DTSTART=20260101", "EVERY DAY", "FREQ=HOURLY;COUNT=2",
             "FREQ=WEEKLY;INTERVAL=0", "FREQ=DAILY;COUNT=1;UNTIL=99999999T"],
)  # fmt: skip
def test_a_rule_no_elder_means_is_refused(rule: str) -> None:
    with pytest.raises(Invalid):
        check_rule(rule)


def test_outsiders_set_and_stop_nothing(quarter: Quarter) -> None:
    with pytest.raises(NotFound):
        weekly(quarter, "wu")
    series = weekly(quarter)
    with pytest.raises(NotFound), quarter.work("ankang_dispatcher") as work:
        stop_series(work.session, work.now, work.actor, series)


def test_a_basket_is_ordered_whole_or_not_at_all(quarter: Quarter) -> None:
    at = {"starts_at": quarter.thursday(9), "ends_at": quarter.thursday(11), "service_code": "home_bath"}
    wishes = [BasketWish(elder_id=quarter[who], **at) for who in ("wang", "sun")]
    with quarter.refused(NotFound), quarter.work("daughter") as work:
        place_basket(work.session, work.now, work.actor, wishes, idempotency_key="basket-0001", channel="web")
    for _ in range(2):
        with quarter.work("zhou") as work:
            placed = place_basket(
                work.session, work.now, work.actor, wishes[::-1], idempotency_key="basket-0001", channel="phone"
            )
    assert [one.elder_id for one in placed] == [quarter["sun"], quarter["wang"]]
    assert all(one.replayed for one in placed) and quarter.one("SELECT count(*) FROM care_order") == 2


def test_the_same_as_last_time_is_one_tap_a_week_later(quarter: Quarter) -> None:
    placed = quarter.accepted()
    with quarter.work("wang") as work:
        again = repeat_order(
            work.session, work.now, work.actor, placed.order_id, idempotency_key="again-0001", channel="web"
        )
    assert again.starts_at == placed.starts_at + timedelta(days=7)
    assert again.chosen_provider_id == quarter.providers["kangle"]
    quarter.advance(days=20)
    with quarter.work("wang") as work:
        later = repeat_order(
            work.session, work.now, work.actor, placed.order_id, idempotency_key="again-0002", channel="web"
        )
        assert work.now < later.starts_at <= work.now + timedelta(days=7, hours=2)


def test_who_ordered_it_already_is_said_by_her_relation(quarter: Quarter) -> None:
    quarter.change("UPDATE proxy SET relation = '女儿' WHERE proxy_person_id = :p", p=quarter["daughter"])
    first = quarter.place("daughter")
    with pytest.raises(AlreadyOrdered) as caught:
        quarter.place("son")
    assert caught.value.message_zh.startswith("老人的女儿已经订过这项服务了")
    with pytest.raises(AlreadyOrdered) as caught:
        quarter.place("daughter")
    assert caught.value.message_zh.startswith("您已经订过")
    assert quarter.one("SELECT count(*) FROM care_order") == 1 and first
    with quarter.work("wang") as work:
        cancel_order(work.session, work.now, work.actor, first.order_id, "other_time")
    assert quarter.place("son").state == "placed"
    with pytest.raises((NotAllowed, NotFound, BadTime)):
        quarter.place("wu")
