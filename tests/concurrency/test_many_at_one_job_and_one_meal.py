"""Hundreds of hands at one job and at the last places of a meal, on real connections: exactly as many win as there are."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from yl_quarter import Quarter

from services.errors import DomainError
from services.matching.actions import accept_offer
from services.matching.errors import AlreadyAccepted, OfferClosed
from services.matching.modes import set_way
from services.orders.actions import place_order
from services.orders.errors import PlaceFull
from services.orders.place_giving import NewPlan, plan_places
from services.unit_of_work import COMMAND_LINE, Actor, unit_of_work

CITY = 320100000000000
SIZES = [60, pytest.param(1000, marks=pytest.mark.drill)]
MEALS = [(5, 40), pytest.param((20, 500), marks=pytest.mark.drill)]


def all_together(acts: list[Callable[[], Any]]) -> Counter[str]:
    """Start every act at one moment, each in a thread; count how they ended, by the name of the refusal or "done"."""
    gate, ended, counting = threading.Barrier(len(acts)), Counter[str](), threading.Lock()

    def run(act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            act()
            how = "done"
        except DomainError as refusal:
            how = type(refusal).__name__
        except Exception as error:  # told by the assertion, not lost in a thread
            how = repr(error)
        with counting:
            ended[how] += 1

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
        assert not thread.is_alive(), "an act never came back"
    return ended


@pytest.mark.parametrize("claims", SIZES)
def test_one_job_up_for_claim_has_one_winner(quarter: Quarter, claims: int) -> None:
    with quarter.work("house") as work:
        set_way(work.session, work.now, COMMAND_LINE, CITY, "claim", valid_from=date(2021, 1, 1))
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    offers = {
        provider: quarter.one(
            "SELECT id FROM offer WHERE order_id = :o AND provider_id = :p AND shared", o=placed.order_id,
            p=quarter.providers[provider],
        )
        for provider in ("kangle", "ankang")
    }  # fmt: skip
    hands = [
        (quarter.actor(who), offers[provider])
        for who, provider in (
            ("kangle_dispatcher", "kangle"),
            ("kangle_second", "kangle"),
            ("ankang_dispatcher", "ankang"),
        )
    ]

    def claim(actor: Actor, offer_id: int) -> None:
        with unit_of_work(actor) as work:
            accept_offer(work.session, work.now, work.actor, offer_id)

    acts = [lambda hand=hands[number % 3]: claim(*hand) for number in range(claims)]
    ended = all_together(acts)
    assert ended.pop("done") == 1
    assert set(ended) <= {AlreadyAccepted.__name__, OfferClosed.__name__} and sum(ended.values()) == claims - 1
    assert quarter.one("SELECT count(*) FROM offer WHERE state = 'accepted'") == 1
    assert quarter.one("SELECT count(*) FROM order_event WHERE kind = 'accepted'") == 1
    assert quarter.one("SELECT count(*) FROM outbox WHERE job = 'orders.prepare_payment'") == 1


def neighbours(quarter: Quarter, many: int) -> list[int]:
    """Let more elders live in 王秀兰's house; gives their ids."""
    quarter.change(
        "WITH made AS (INSERT INTO person (area_code, full_name, gender, home, language, invented, created_at)"
        " SELECT area_code, '邻居' || n, gender, home, language, true, created_at FROM person"
        " CROSS JOIN generate_series(1, :many) AS n WHERE full_name = '王秀兰' RETURNING id, area_code)"
        " INSERT INTO elder (person_id, area_code, living, care_level, groups, registered_on)"
        " SELECT id, area_code, 'alone', 0, '{}', DATE '2024-01-01' FROM made",
        many=many,
    )
    return quarter.all("SELECT id FROM person WHERE full_name LIKE '邻居%' ORDER BY id")


def order_one_lunch(quarter: Quarter, capacity: int, guests: int) -> Counter[str]:
    """Publish one lunch and let every guest order it for herself at one moment."""
    new = NewPlan(
        facility_id=quarter.facilities["kangle"], service_code="canteen", kind="meal_dine_in", weekdays=tuple("123456"),
        from_minute=690, to_minute=750, capacity=capacity, cut_off_minute=570,
    )  # fmt: skip
    with quarter.work("kangle_dispatcher") as work:
        plan_places(work.session, work.now, work.actor, quarter.providers["kangle"], new)
    start, end = quarter.thursday(11, 30), quarter.thursday(12, 30)
    kangle = quarter.providers["kangle"]

    def order(elder: int) -> None:
        with unit_of_work(Actor(person_id=elder, role="elder", roles=("elder",))) as work:
            place_order(
                work.session, work.now, work.actor, elder_id=elder, service_code="canteen", starts_at=start, ends_at=end,
                chosen_provider_id=kangle, idempotency_key=f"lunch-for-{elder}", channel="web",
            )  # fmt: skip

    return all_together([lambda elder=elder: order(elder) for elder in neighbours(quarter, guests)])


@pytest.mark.parametrize("meal", MEALS)
def test_a_meal_of_so_many_places_is_sold_so_many_times(quarter: Quarter, meal: tuple[int, int]) -> None:
    capacity, guests = meal
    ended = order_one_lunch(quarter, capacity, guests)
    assert ended == {"done": capacity, PlaceFull.__name__: guests - capacity}
    assert quarter.one("SELECT count(*) FROM place_booking WHERE state <> 'released'") == capacity
    assert quarter.one("SELECT count(*) FROM care_order") == capacity, "a refused order leaves nothing behind"
    assert quarter.one("SELECT taken FROM place_slot") == capacity


def test_without_the_databases_rule_a_meal_is_oversold(quarter: Quarter) -> None:
    """The twin that must fail: it is the constraint that keeps the last place from being sold twice."""
    quarter.change("ALTER TABLE place_slot DROP CONSTRAINT place_slot_never_oversold_check")
    order_one_lunch(quarter, 2, 16)
    assert quarter.one("SELECT taken FROM place_slot") > 2


@pytest.mark.drill
def test_one_key_from_fifty_threads_again_and_again_is_one_order_each(quarter: Quarter) -> None:
    actor = quarter.actor("daughter")
    for turn in range(10):
        wish = quarter.wish(even_if_ordered=True, idempotency_key=f"fifty-hands-{turn}")
        answers: list[Any] = []

        def press(wish: dict[str, Any] = wish, answers: list[Any] = answers) -> None:
            with unit_of_work(actor) as work:
                answers.append(place_order(work.session, work.now, actor, **wish))

        assert all_together([press] * 50) == {"done": 50}
        assert len({(one.order_id, one.order_number, one.price_fen, one.state) for one in answers}) == 1
        assert sum(not one.replayed for one in answers) == 1
    assert quarter.one("SELECT count(*) FROM care_order") == 10
