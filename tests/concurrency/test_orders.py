"""Two hands at one order, on real connections: one wins, the other is told, nothing is done twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from yl_quarter import Quarter

from services.dispatch.actions import assign_carer
from services.dispatch.errors import CarerBusy
from services.errors import DomainError
from services.matching.actions import accept_offer
from services.matching.errors import AlreadyAccepted, OfferClosed, OfferExpired, SlotFull
from services.orders.actions import cancel_order, rate_order
from services.orders.errors import AlreadyOrdered, AlreadyRated

Act = Callable[[Any], Any]
WAITING = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
    "AND state = 'active'"
)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all acts at the same moment, each in a thread and connection of its own; give answers or refusals."""
    gate = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            answers[place] = act()
        except DomainError as refusal:
            answers[place] = refusal

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
        assert not thread.is_alive(), "an act never came back"
    return answers


def while_open(quarter: Quarter, first: tuple[str, Act], second: tuple[str, Act]) -> list[Any]:
    """Do the second act while the first one's transaction is still open; give the refusals of the second.

    The first commits only when the second waits for a lock of it, or has come through without waiting.
    """
    answers: list[Any] = []

    def run() -> None:
        try:
            with quarter.work(second[0]) as work:
                second[1](work)
        except Exception as refusal:
            answers.append(refusal)

    thread = threading.Thread(target=run)
    with quarter.database.connect(autocommit=True) as watch, quarter.work(first[0]) as work:
        first[1](work)
        thread.start()
        while thread.is_alive() and not watch.execute(WAITING).fetchone():
            thread.join(timeout=0.02)
    thread.join(timeout=180)
    assert not thread.is_alive(), "the second act never came back"
    return answers


def refusals(answers: list[Any]) -> list[str]:
    return [type(answer).__name__ for answer in answers if isinstance(answer, Exception)]


def test_one_key_from_many_threads_is_one_order_and_equal_answers(quarter: Quarter) -> None:
    wish = quarter.wish()
    answers = at_once(*[lambda: quarter.place("daughter", **wish)] * 50)
    assert not refusals(answers)
    assert {answer.order_id for answer in answers} == {answers[0].order_id}
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 49
    assert quarter.one("SELECT count(*) FROM care_order") == 1
    assert quarter.one("SELECT count(*) FROM entitlement_use") == 1
    assert quarter.one("SELECT count(*) FROM outbox WHERE job = 'matching.offer_next'") == 1


def test_two_children_ordering_the_same_at_once_order_it_once(quarter: Quarter) -> None:
    answers = at_once(lambda: quarter.place("daughter"), lambda: quarter.place("son"))
    assert refusals(answers) == [AlreadyOrdered.__name__]
    assert quarter.one("SELECT count(*) FROM care_order") == 1


def test_orders_racing_for_the_months_last_money_share_it_without_exceeding_it(quarter: Quarter) -> None:
    acts = [
        lambda who=who, hour=hour: quarter.place(
            who, starts_at=quarter.thursday(hour), ends_at=quarter.thursday(hour + 2)
        )
        for hour, who in ((8, "daughter"), (10, "son"), (12, "wang"), (14, "daughter"), (16, "son"))
    ]
    quarter.change("UPDATE entitlement SET monthly_cap_fen = 13000")
    answers = at_once(*acts)
    assert not refusals(answers)
    assert sorted(answer.government_fen for answer in answers) == [0, 0, 1000, 6000, 6000]
    assert quarter.one("SELECT sum(amount_fen) FROM entitlement_use WHERE state = 'held'") == 13000


def test_two_dispatchers_accepting_one_offer_one_has_it(quarter: Quarter) -> None:
    placed = quarter.place(chosen_provider_id=quarter.providers["kangle"])
    quarter.run_jobs(only="matching.offer_next")
    offer_id = quarter.offer(placed.order_id)

    def accept(work: Any) -> None:
        accept_offer(work.session, work.now, work.actor, offer_id)

    answers = while_open(quarter, ("kangle_dispatcher", accept), ("kangle_second", accept))
    assert refusals(answers) == [AlreadyAccepted.__name__]
    assert quarter.one("SELECT count(*) FROM order_event WHERE kind = 'accepted'") == 1
    assert quarter.one("SELECT count(*) FROM outbox WHERE job = 'orders.prepare_payment'") == 1


def test_accepting_while_the_family_cancels_ends_in_one_of_the_two(quarter: Quarter) -> None:
    placed = quarter.place(chosen_provider_id=quarter.providers["kangle"])
    quarter.run_jobs(only="matching.offer_next")
    offer_id = quarter.offer(placed.order_id)

    def cancel() -> None:
        with quarter.work("daughter") as work:
            cancel_order(work.session, work.now, work.actor, placed.order_id, "not_needed")

    answers = at_once(lambda: quarter.accept(offer_id), cancel)
    assert refusals(answers) in ([], [OfferClosed.__name__])
    assert quarter.one("SELECT state FROM care_order") == "cancelled"
    assert quarter.one("SELECT count(*) FROM entitlement_use WHERE state = 'held'") == 0


def test_accepting_while_the_offer_expires_ends_in_one_of_the_two(quarter: Quarter) -> None:
    from services.matching.offering import expire_offer

    placed = quarter.place(chosen_provider_id=quarter.providers["kangle"])
    quarter.run_jobs(only="matching.offer_next")
    offer_id = quarter.offer(placed.order_id)
    expires_at = quarter.one("SELECT expires_at FROM offer WHERE id = :o", o=offer_id)

    def expire() -> None:
        with quarter.work("house") as work:
            expire_offer(work.session, expires_at, offer_id)

    answers = at_once(lambda: quarter.accept(offer_id), expire)
    refused = refusals(answers)
    assert refused in ([], [OfferExpired.__name__])
    accepted = quarter.one("SELECT count(*) FROM offer WHERE state = 'accepted'")
    assert accepted == (0 if refused else 1)
    assert quarter.one("SELECT count(*) FROM offer WHERE state IN ('open', 'accepted')") == 1


def test_the_last_place_of_a_slot_is_sold_once(quarter: Quarter) -> None:
    quarter.change("UPDATE service_line SET slot_capacity = 1")
    kangle = quarter.providers["kangle"]
    offers = []
    for again in (False, True):
        placed = quarter.place(chosen_provider_id=kangle, even_if_ordered=again)
        quarter.run_jobs(only="matching.offer_next")
        offers.append(quarter.offer(placed.order_id))

    def accept(offer_id: int) -> Act:
        return lambda work: accept_offer(work.session, work.now, work.actor, offer_id)

    answers = while_open(quarter, ("kangle_dispatcher", accept(offers[0])), ("kangle_second", accept(offers[1])))
    assert refusals(answers) == [SlotFull.__name__]
    assert sorted(quarter.all("SELECT state FROM care_order")) == ["accepted", "offering"]


def test_one_carer_is_never_promised_to_two_doors_at_one_time(quarter: Quarter) -> None:
    first = quarter.accepted()
    second = quarter.accepted(even_if_ordered=True, starts_at=quarter.thursday(10), ends_at=quarter.thursday(12))

    def assign(order_id: int) -> Act:
        return lambda work: assign_carer(work.session, work.now, work.actor, order_id, quarter["chen"])

    answers = while_open(
        quarter,
        ("kangle_dispatcher", assign(first.order_id)),
        ("kangle_second", assign(second.order_id)),
    )
    assert refusals(answers) == [CarerBusy.__name__]
    assert quarter.one("SELECT count(*) FROM assignment WHERE state = 'planned'") == 1
    assert sorted(quarter.all("SELECT state FROM care_order")) == ["accepted", "assigned"]


def test_without_the_databases_rule_the_double_booking_does_happen(quarter: Quarter) -> None:
    """The twin that must fail: it is the constraint, not luck, that refuses the second promise."""
    quarter.change("ALTER TABLE assignment DROP CONSTRAINT assignment_carer_no_overlap_excl")
    first, second = quarter.accepted(), quarter.accepted(even_if_ordered=True)
    for order in (first, second):
        quarter.assign(order.order_id, "chen")
    assert quarter.one("SELECT count(*) FROM assignment WHERE state = 'planned'") == 2


def test_a_rating_pressed_twice_at_once_counts_once(quarter: Quarter) -> None:
    placed = quarter.served()

    def rate(work: Any) -> None:
        rate_order(work.session, work.now, work.actor, placed.order_id, 3)

    answers = while_open(quarter, ("daughter", rate), ("wang", rate))
    assert refusals(answers) == [AlreadyRated.__name__]
    assert quarter.one("SELECT count(*) FROM rating") == 1


def test_a_job_sent_twice_at_once_offers_once(quarter: Quarter) -> None:
    from services.matching.offering import offer_next

    placed = quarter.place()

    def offer(work: Any) -> None:
        offer_next(work.session, work.now, placed.order_id)

    assert while_open(quarter, ("house", offer), ("house", offer)) == [], "the second finds the first one's offer"
    assert quarter.one("SELECT count(*) FROM offer") == 1
