"""Day-care places, baths and meals: what is free, until when, and never one more than there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from yl_quarter import Quarter

from services.clock import civil_date
from services.errors import NotAllowed
from services.orders.actions import cancel_order
from services.orders.errors import ContainsAllergen, NoSuchPlace, NotHeldHere, PlaceClosed, PlaceFull
from services.orders.meals import say_diet
from services.orders.place_giving import (
    NewPlan,
    end_plan,
    guests_of,
    note_absence,
    note_arrival,
    plan_places,
    publish_dish,
)
from services.orders.places import FreePlaces, free_places


def publish(quarter: Quarter, capacity: int = 2, **changes: Any) -> int:
    """Let 康乐 give lunch at 11:30-12:30 from Monday to Saturday, to be ordered until 9:30 of the day."""
    new = NewPlan(
        **{
            "facility_id": quarter.facilities["kangle"],
            "service_code": "canteen",
            "kind": "meal_dine_in",
            "weekdays": tuple("123456"),
            "from_minute": 690,
            "to_minute": 750,
            "capacity": capacity,
            "cut_off_minute": 570,
        }
        | changes  # fmt: skip
    )
    with quarter.work("kangle_dispatcher") as work:
        return plan_places(work.session, work.now, work.actor, quarter.providers["kangle"], new)


def lunch(quarter: Quarter, **changes: Any) -> dict[str, Any]:
    return quarter.wish(
        **{
            "service_code": "canteen",
            "chosen_provider_id": quarter.providers["kangle"],
            "starts_at": quarter.thursday(11, 30),
            "ends_at": quarter.thursday(12, 30),
        }
        | changes  # fmt: skip
    )


def free_on_thursday(quarter: Quarter) -> FreePlaces:
    with quarter.work("wang") as work:
        found = free_places(work.session, work.now, 320102003902000, "canteen", days=16)
    return next(one for one in found if one.starts_at == quarter.thursday(11, 30))


def test_a_meal_is_hers_at_once_and_one_place_less_is_shown(quarter: Quarter) -> None:
    publish(quarter)
    assert (free_on_thursday(quarter).free, free_on_thursday(quarter).price_fen) == (2, 1500)
    placed = quarter.place(**lunch(quarter))
    assert placed.state == "accepted" and placed.ends_at == quarter.thursday(12, 30)
    shown = free_on_thursday(quarter)
    assert shown.free == 1 and shown.closes_at == quarter.thursday(9, 30)
    assert quarter.all("SELECT kind FROM order_event ORDER BY id") == ["placed", "place_held"]
    quarter.run_jobs()
    assert quarter.one("SELECT amount_fen FROM payable") == 1500
    assert quarter.one("SELECT count(*) FROM message WHERE template = 'orders.place_held'") > 0


@pytest.mark.mission("DY-25")
@pytest.mark.parametrize("kind", ["meal_dine_in", "meal_delivery"])
def test_a_lunch_of_the_senior_canteen_eaten_there_or_brought_is_half_paid_by_government(
    quarter: Quarter, kind: str
) -> None:
    quarter.change(
        "UPDATE facility SET type_code = 'senior_canteen', functions = '{meals}' WHERE id = :f",
        f=quarter.facilities["kangle"],
    )
    quarter.change("UPDATE entitlement SET service_codes = '{canteen}'")
    publish(quarter, kind=kind)
    placed = quarter.place(**lunch(quarter))
    assert (placed.price_fen, placed.government_fen, placed.self_fen) == (1500, 750, 750)
    quarter.run_jobs()
    assert quarter.one("SELECT amount_fen FROM payable") == 750


@pytest.mark.mission("DY-02", "TZ-11")
@pytest.mark.parametrize(("kind", "type_code"), [("day_care", "day_care_centre"), ("bath", "bath_point")])
def test_a_day_at_the_centre_and_a_bath_at_the_point_have_places_that_are_booked(
    quarter: Quarter, kind: str, type_code: str
) -> None:
    site = quarter.facilities["kangle"]
    quarter.change("UPDATE facility SET type_code = :t WHERE id = :f", t=type_code, f=site)
    publish(quarter, capacity=1, kind=kind)
    assert (free_on_thursday(quarter).kind, free_on_thursday(quarter).free) == (kind, 1)
    quarter.place(**lunch(quarter))
    assert free_on_thursday(quarter).free == 0
    with quarter.refused(PlaceFull):
        quarter.place("zhou", **lunch(quarter, elder_id=quarter["sun"], channel="phone"))


def test_the_full_meal_the_closed_one_and_the_one_that_is_not_are_refused(quarter: Quarter) -> None:
    publish(quarter, capacity=1)
    quarter.place(**lunch(quarter))
    with quarter.refused(PlaceFull):
        quarter.place("zhou", **lunch(quarter, elder_id=quarter["sun"], channel="phone"))
    with quarter.refused(NoSuchPlace):
        at = {"starts_at": quarter.thursday(11), "ends_at": quarter.thursday(12)}
        quarter.place("zhou", **lunch(quarter, elder_id=quarter["sun"], channel="phone", **at))
    wish = lunch(quarter, elder_id=quarter["sun"], channel="phone")
    with quarter.work("house") as work:
        ahead = wish["starts_at"] - work.now - timedelta(hours=1, minutes=59)
    quarter.advance(seconds=ahead.total_seconds())
    with quarter.refused(PlaceClosed):
        quarter.place("zhou", **wish)


def test_a_cancelled_place_is_free_for_the_next(quarter: Quarter) -> None:
    publish(quarter, capacity=1)
    placed = quarter.place(**lunch(quarter))
    with quarter.work("wang") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "not_needed")
    assert free_on_thursday(quarter).free == 1
    again = quarter.place("zhou", **lunch(quarter, elder_id=quarter["sun"], channel="phone"))
    assert again.state == "accepted"
    assert quarter.one("SELECT taken FROM place_slot") == 1


def test_who_came_is_served_and_who_did_not_pays_nothing(quarter: Quarter) -> None:
    publish(quarter)
    came = quarter.place(**lunch(quarter))
    absent = quarter.place("zhou", **lunch(quarter, elder_id=quarter["sun"], channel="phone"))
    with quarter.refused(NotHeldHere), quarter.work("kangle_dispatcher") as work:
        note_arrival(work.session, work.now, work.actor, came.order_id)
    with quarter.work("house") as work:
        ahead = quarter.thursday(11, 35) - work.now
    quarter.advance(seconds=ahead.total_seconds())
    with quarter.work("kangle_dispatcher") as work:
        guests = guests_of(work.session, work.actor, quarter.providers["kangle"], civil_date(work.now))
        assert [guest.elder_name for guest in guests] == ["王秀兰", "孙大爷"] or len(guests) == 2
        note_arrival(work.session, work.now, work.actor, came.order_id)
        note_absence(work.session, work.now, work.actor, absent.order_id)
    with pytest.raises(NotAllowed), quarter.work("ankang_dispatcher") as work:
        guests_of(work.session, work.actor, quarter.providers["kangle"], civil_date(work.now))
    quarter.advance(hours=1)
    quarter.run_jobs()
    states = quarter.all("SELECT state FROM care_order ORDER BY id")
    assert states == ["served", "cancelled"]
    assert quarter.one("SELECT taken FROM place_slot") == 2


def test_a_menu_with_what_she_must_not_eat_is_refused_until_she_says_so(quarter: Quarter) -> None:
    publish(quarter)
    with quarter.work("daughter") as work:
        say_diet(work.session, work.now, work.actor, quarter["wang"], ["peanut", "shellfish"])
    assert "peanut" not in str(quarter.one("SELECT avoids_sealed FROM elder_diet"))
    with quarter.work("kangle_dispatcher") as work:
        day = civil_date(quarter.thursday(11))
        act = (work.session, work.now, work.actor, quarter.facilities["kangle"], day)
        publish_dish(*act, "宫保鸡丁", ["peanut", "soy"])
        publish_dish(*act, "清炒青菜", [])
    with quarter.refused(ContainsAllergen) as caught:
        quarter.place(**lunch(quarter))
    assert "宫保鸡丁（花生）" in caught.value.message_zh
    quarter.place(**lunch(quarter, knows_allergens=True))
    with quarter.work("kangle_dispatcher") as work:
        guests = guests_of(work.session, work.actor, quarter.providers["kangle"], day)
    assert [guest.leave_out for guest in guests] == ["花生、虾蟹贝"]


def test_a_plan_that_ended_gives_no_more_places(quarter: Quarter) -> None:
    plan = publish(quarter)
    with quarter.work("kangle_dispatcher") as work:
        end_plan(work.session, work.now, work.actor, plan, civil_date(work.now))
    with quarter.refused(NoSuchPlace):
        quarter.place(**lunch(quarter))
    with quarter.refused(NotAllowed), quarter.work("ankang_dispatcher") as work:
        end_plan(work.session, work.now, work.actor, plan, civil_date(work.now))


def _many_elders(quarter: Quarter, count: int) -> list[int]:
    quarter.change(
        "WITH new AS (INSERT INTO person (area_code, full_name, gender, language, invented, created_at) "
        "SELECT (SELECT area_code FROM elder LIMIT 1), '老人' || n, 'female', 'zh_CN', true, now() "
        f"FROM generate_series(1, {count}) AS n RETURNING id, area_code) "
        "INSERT INTO elder (person_id, area_code, living, groups, care_level, registered_on) "
        "SELECT id, area_code, 'alone', '{}', 0, '2024-01-01' FROM new"
    )
    return quarter.all("SELECT id FROM person WHERE full_name LIKE '老人%' ORDER BY id")


def _all_at_once(quarter: Quarter, orders: int, hands: int = 16) -> list[str]:
    """Order as many lunches at the same moment, each for another elder; give the answers."""
    elders, actor = _many_elders(quarter, orders), quarter.actor("zhou")
    wish = lunch(quarter, channel="phone")

    def order(elder_id: int) -> str:
        from services.orders.actions import place_order
        from services.unit_of_work import unit_of_work

        mine = wish | {"elder_id": elder_id, "idempotency_key": f"lunch-for-{elder_id}"}
        try:
            with unit_of_work(actor) as work:
                return str(place_order(work.session, work.now, work.actor, **mine).state)
        except PlaceFull:
            return "full"

    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(order, elders))


@pytest.mark.parametrize("orders", [100, pytest.param(500, marks=pytest.mark.drill)])
def test_of_many_simultaneous_orders_for_20_places_exactly_20_stand(quarter: Quarter, orders: int) -> None:
    publish(quarter, capacity=20)
    answers = _all_at_once(quarter, orders)
    assert answers.count("accepted") == 20 and answers.count("full") == orders - 20
    assert quarter.one("SELECT taken FROM place_slot") == 20
    assert quarter.one("SELECT count(*) FROM place_booking WHERE state = 'held'") == 20
    assert quarter.one("SELECT count(*) FROM care_order") == 20


def test_without_the_database_guard_the_same_race_oversells(quarter: Quarter) -> None:
    """The twin that must fail: the counter's CHECK and its bookings' trigger are what holds, not the code before it."""
    publish(quarter, capacity=2)
    quarter.change("ALTER TABLE place_slot DROP CONSTRAINT place_slot_never_oversold_check")
    assert _all_at_once(quarter, 40).count("accepted") > 2


def test_nobody_moves_a_counter_by_hand(quarter: Quarter) -> None:
    publish(quarter, capacity=1)
    quarter.place(**lunch(quarter))
    with pytest.raises(IntegrityError), quarter.work("house") as work:
        from sqlalchemy import text

        work.session.connection().execute(text("UPDATE place_booking SET order_id = order_id + 1"))
    for login in ("house", "wang"):
        from sqlalchemy.exc import ProgrammingError

        with pytest.raises(ProgrammingError, match="permission denied"), quarter.work(login) as work:
            from sqlalchemy import text

            work.session.connection().execute(text("UPDATE place_slot SET taken = 0"))
