"""After an order is placed: another time, given back, nobody came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from yl_quarter import Quarter

from services.dispatch.errors import CannotGiveBack, CannotReschedule
from services.dispatch.no_show import replace_or_release
from services.dispatch.rescheduling import give_back, reschedule_order
from services.errors import NotFound
from services.matching.errors import NotADispatcher
from services.orders.errors import BadTime
from services.orders.rebuilding import orders_that_disagree


def move(quarter: Quarter, order_id: int, hour: int, who: str = "daughter", days: int = 0) -> None:
    later = timedelta(days=days)
    with quarter.work(who) as work:
        reschedule_order(
            work.session,
            work.now,
            work.actor,
            order_id,
            quarter.thursday(hour) + later,
            quarter.thursday(hour + 2) + later,
        )


def order(quarter: Quarter, order_id: int) -> Any:
    columns = "state || ' ' || to_char(starts_at AT TIME ZONE 'Asia/Shanghai', 'Dy HH24:MI')"
    return quarter.one(f"SELECT {columns} FROM care_order WHERE id = :o", o=order_id)


def told(quarter: Quarter) -> set[str]:
    return set(quarter.all("SELECT args ->> 'template' FROM outbox WHERE job = 'messages.deliver'"))


def check_log(quarter: Quarter) -> None:
    with quarter.work("house") as work:
        assert orders_that_disagree(work.session)[1] == []


def test_while_providers_are_asked_another_time_asks_them_anew(quarter: Quarter) -> None:
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    move(quarter, placed.order_id, 13)
    move(quarter, placed.order_id, 13)
    quarter.run_jobs(only="matching.offer_next")
    assert order(quarter, placed.order_id) == "offering Thu 13:00"
    assert quarter.all("SELECT state || round FROM offer ORDER BY id") == ["withdrawn1", "open2"]
    assert quarter.one("SELECT count(*) FROM act WHERE verb = 'reschedule_order'") == 1
    check_log(quarter)


def test_the_carer_comes_along_when_she_is_free_then_and_else_somebody_is_found(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    move(quarter, placed.order_id, 13)
    quarter.run_jobs(only="dispatch.bring_carer")
    assert order(quarter, placed.order_id) == "assigned Thu 13:00"
    assert quarter.all("SELECT state FROM assignment ORDER BY id") == ["cancelled", "planned"]
    quarter.run_jobs(only="visits.plan_care_visit")
    assert quarter.one("SELECT planned_start FROM visit WHERE state = 'planned'") == quarter.thursday(13)
    other = quarter.place(
        "zhou", elder_id=quarter["sun"], channel="phone", chosen_provider_id=quarter.providers["kangle"],
        starts_at=quarter.thursday(15), ends_at=quarter.thursday(17),
    )  # fmt: skip
    quarter.run_jobs(only="matching.offer_next")
    quarter.accept(quarter.offer(other.order_id))
    quarter.assign(other.order_id)
    move(quarter, placed.order_id, 15)
    quarter.run_jobs(only="dispatch.bring_carer")
    assert order(quarter, placed.order_id) == "accepted Thu 15:00", "小陈 is with 孙大爷 then"
    assert "dispatch.taken_off" in told(quarter)
    check_log(quarter)


def test_a_time_that_does_not_suit_the_provider_goes_to_the_others(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    quarter.change("UPDATE service_line SET to_hour = 14 WHERE provider_id = :p", p=quarter.providers["kangle"])
    move(quarter, placed.order_id, 15)
    assert order(quarter, placed.order_id) == "offering Thu 15:00"
    quarter.run_jobs(only="matching.offer_next")
    assert quarter.one("SELECT provider_id FROM offer WHERE state = 'open'") == quarter.providers["ankang"]
    quarter.accept(quarter.offer(placed.order_id), "ankang_dispatcher")
    assert quarter.one("SELECT state FROM assignment") == "cancelled"
    check_log(quarter)


def test_what_has_begun_or_is_past_keeps_its_time_and_outsiders_move_nothing(quarter: Quarter) -> None:
    placed = quarter.served()
    with quarter.refused(CannotReschedule):
        move(quarter, placed.order_id, 15)
    open_one = quarter.place(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15))
    with quarter.refused(BadTime):
        move(quarter, open_one.order_id, 9, days=-7)
    with quarter.refused(NotFound):
        move(quarter, open_one.order_id, 9, who="wu")


def test_an_order_that_is_given_back_goes_on_to_the_next(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    with quarter.refused((NotADispatcher, NotFound)), quarter.work("ankang_dispatcher") as work:  # type: ignore[arg-type]
        give_back(work.session, work.now, work.actor, placed.order_id, "no_hands")
    with quarter.work("kangle_dispatcher") as work:
        give_back(work.session, work.now, work.actor, placed.order_id, "no_hands")
    quarter.run_jobs(only="matching.offer_next")
    assert quarter.one("SELECT provider_id FROM offer WHERE state = 'open'") == quarter.providers["ankang"]
    quarter.accept(quarter.offer(placed.order_id), "ankang_dispatcher")
    assert order(quarter, placed.order_id) == "accepted Thu 09:00"
    assert {"dispatch.given_back", "dispatch.given_back_for_operator", "dispatch.taken_off"} <= told(quarter)
    check_log(quarter)
    done = quarter.served(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15))
    with quarter.refused(CannotGiveBack), quarter.work("kangle_dispatcher") as work:
        give_back(work.session, work.now, work.actor, done.order_id, "no_hands")


def late(quarter: Quarter, placed: Any, minutes: int = 31) -> None:
    with quarter.work("house") as work:
        ahead = placed.starts_at + timedelta(minutes=minutes) - work.now
    quarter.advance(seconds=ahead.total_seconds())


@pytest.mark.mission("DY-35")
def test_half_an_hour_late_a_free_colleague_is_sent(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    quarter.run_jobs(only="visits.plan_care_visit")
    late(quarter, placed, 16)
    assert "visits.warn_late" in quarter.run_jobs(only="visits.warn_late"), "a quarter of an hour late: both are called"
    quarter.run_jobs(only="dispatch.no_show")
    assert order(quarter, placed.order_id) == "assigned Thu 09:00"
    quarter.advance(minutes=15)
    quarter.run_jobs(only="dispatch.no_show")
    carers = quarter.all("SELECT carer_id FROM assignment WHERE state = 'planned'")
    assert carers == [quarter["liu"]]
    assert "dispatch.replaced" in told(quarter)
    check_log(quarter)


def test_without_a_colleague_the_order_ends_money_goes_back_and_people_are_told(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    quarter.change("UPDATE carer SET certificate_valid_until = '2020-01-01' WHERE person_id <> :c", c=quarter["chen"])
    late(quarter, placed)
    quarter.run_jobs(only="dispatch.no_show")
    assert order(quarter, placed.order_id).startswith("cancelled")
    assert quarter.one("SELECT cancelled_reason FROM care_order") == "上门的人没有来"
    assert quarter.one("SELECT state FROM entitlement_use") == "released"
    assert {"dispatch.apology", "dispatch.no_show_for_operator", "dispatch.no_show_for_provider"} <= told(quarter)
    check_log(quarter)


def test_who_checked_in_is_not_late_even_before_the_order_is_told(quarter: Quarter) -> None:
    placed = quarter.accepted()
    quarter.assign(placed.order_id)
    quarter.run_jobs(only="visits.plan_care_visit")
    quarter.change(
        "UPDATE visit SET state = 'started', checked_in_at = planned_start, check_in_recorded_at = planned_start,"
        " check_in_proof = 'elder_code'"
    )
    late(quarter, placed)
    assert "dispatch.no_show" in quarter.run_jobs(only="dispatch.no_show")
    assert order(quarter, placed.order_id) == "assigned Thu 09:00"
    assert quarter.all("SELECT carer_id FROM assignment WHERE state = 'planned'") == [quarter["chen"]]


def test_who_checked_in_is_not_late(quarter: Quarter) -> None:
    placed = quarter.served()
    late(quarter, placed)
    assignment = quarter.one("SELECT id FROM assignment")
    with quarter.work("house") as work:
        assert replace_or_release(work.session, work.now, placed.order_id, assignment) == "came"
    assert order(quarter, placed.order_id) == "served Thu 09:00"
