"""Offers go round: the chosen provider first, silence and refusal pass on, nobody left is told to people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from yl_quarter import Quarter

from services.errors import Invalid, NotFound
from services.matching.actions import decline_offer
from services.matching.errors import (
    AlreadyAccepted,
    NotADispatcher,
    NotForThisDesk,
    OfferClosed,
    OfferExpired,
    ProviderBlocked,
)
from services.matching.queries import open_offers, unmet_needs
from services.matching.response_times import response_times
from services.matching.rules import offer_expires_at
from services.orders.actions import cancel_order


def offers(quarter: Quarter, order_id: int) -> list[str]:
    return quarter.all(
        "SELECT p.code || ':' || o.state FROM offer o JOIN provider p ON p.id = o.provider_id "
        "WHERE o.order_id = :o ORDER BY o.id", o=order_id,
    )  # fmt: skip


def state(quarter: Quarter, order_id: int) -> str:
    return str(quarter.one("SELECT state FROM care_order WHERE id = :o", o=order_id))


def test_silence_passes_the_order_to_the_next_provider(quarter: Quarter) -> None:
    placed = quarter.place(chosen_provider_id=quarter.providers["ankang"])
    quarter.run_jobs(only="matching.offer_next")
    assert offers(quarter, placed.order_id) == ["ankang:open"], "the chosen one first, although it ranks second"
    quarter.run_jobs(only="matching.expire_offer")
    assert offers(quarter, placed.order_id) == ["ankang:open"], "its time is not over"
    quarter.advance(minutes=119)
    quarter.run_jobs(only="matching.expire_offer")
    assert offers(quarter, placed.order_id) == ["ankang:open"]
    quarter.advance(minutes=2)
    quarter.run_jobs(only="matching.expire_offer")
    assert offers(quarter, placed.order_id) == ["ankang:expired", "kangle:open"]
    quarter.accept(quarter.offer(placed.order_id))
    assert state(quarter, placed.order_id) == "accepted"
    kinds = quarter.all("SELECT kind FROM order_event WHERE order_id = :o ORDER BY id", o=placed.order_id)
    assert kinds == ["placed", "offered", "expired", "offered", "accepted"]


def test_an_answer_after_the_time_is_refused_even_before_the_timer_ran(quarter: Quarter) -> None:
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    offer_id = quarter.offer(placed.order_id)
    quarter.advance(hours=3)
    with quarter.refused(OfferExpired):
        quarter.accept(offer_id, "ankang_dispatcher")
    quarter.run_jobs(only="matching.expire_offer")
    with quarter.refused(OfferExpired):
        quarter.accept(offer_id, "ankang_dispatcher")


def test_a_refusal_asks_the_next_at_once_and_hides_the_order_from_who_refused(quarter: Quarter) -> None:
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    offer_id = quarter.offer(placed.order_id)
    with quarter.refused(Invalid), quarter.work("ankang_dispatcher") as work:
        decline_offer(work.session, work.now, work.actor, offer_id, "no reason")
    with quarter.work("ankang_dispatcher") as work:
        decline_offer(work.session, work.now, work.actor, offer_id, "no_hands")
    quarter.run_jobs(only="matching.offer_next")
    assert offers(quarter, placed.order_id) == ["ankang:declined", "kangle:open"]
    from services.orders.queries import find_order

    with pytest.raises(NotFound), quarter.work("ankang_dispatcher") as work:
        find_order(work.session, placed.order_id)
    with pytest.raises(OfferClosed):
        quarter.accept(offer_id, "ankang_dispatcher")


@pytest.mark.mission("DY-35")
def test_nobody_left_is_an_unmet_need_and_elder_and_operator_are_told(quarter: Quarter) -> None:
    placed = quarter.place()
    for _ in range(2):
        quarter.run_jobs(only="matching.offer_next")
        quarter.advance(hours=3)
        quarter.run_jobs(only="matching.expire_offer")
    assert offers(quarter, placed.order_id) == ["ankang:expired", "kangle:expired"]
    assert state(quarter, placed.order_id) == "unfilled"
    assert quarter.one("SELECT state FROM entitlement_use WHERE order_id = :o", o=placed.order_id) == "released"
    with quarter.work("zhao") as work:
        needs = unmet_needs(work.session, work.now - timedelta(days=1))
    assert [need.order_id for need in needs] == [placed.order_id]
    assert {one["answer"] for one in needs[0].reasons["asked"]} == {"expired"}
    assert {one["code"] for one in needs[0].reasons["left_out"]} == {"too_far", "blocked"}
    told = quarter.all("SELECT args ->> 'template' FROM outbox WHERE job = 'messages.deliver' ORDER BY id")
    assert {"orders.unfilled", "orders.unfilled_for_operator"} <= set(told)
    quarter.run_jobs(only="messages.deliver")
    assert (
        quarter.one("SELECT recipient_id FROM message WHERE template = 'orders.unfilled_for_operator'")
        == (quarter["zhou"])
    )


def test_a_service_nobody_offers_is_taken_and_shown_as_unmet(quarter: Quarter) -> None:
    placed = quarter.place(service_code="home_rehab", chosen_provider_id=None)
    quarter.run_jobs(only="matching.offer_next")
    assert state(quarter, placed.order_id) == "unfilled"
    assert quarter.one("SELECT service_code FROM unmet_need") == "home_rehab"


def test_running_a_job_again_changes_nothing(quarter: Quarter) -> None:
    from services.matching.offering import expire_offer, offer_next

    placed = quarter.place()
    for _ in range(3):
        with quarter.work("house") as work:
            offer_next(work.session, work.now, placed.order_id)
    offer_id = quarter.offer(placed.order_id)
    with quarter.work("house") as work:
        expire_offer(work.session, work.now, offer_id)
    assert offers(quarter, placed.order_id) == ["ankang:open"]
    quarter.advance(hours=3)
    for _ in range(3):
        with quarter.work("house") as work:
            expire_offer(work.session, work.now, offer_id)
    assert offers(quarter, placed.order_id) == ["ankang:expired", "kangle:open"]


def test_only_a_dispatcher_of_the_provider_answers(quarter: Quarter) -> None:
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    offer_id = quarter.offer(placed.order_id)
    with quarter.refused(NotFound):
        quarter.accept(offer_id, "kangle_dispatcher")
    for who in ("daughter", "zhao", "ankang_carer"):
        with quarter.refused((NotADispatcher, NotFound)):  # type: ignore[arg-type]
            quarter.accept(offer_id, who)
    with quarter.refused(NotFound):
        quarter.accept(offer_id, "wu")


def test_a_second_answer_is_told_who_was_first(quarter: Quarter) -> None:
    placed = quarter.accepted()
    offer_id = quarter.one("SELECT id FROM offer WHERE order_id = :o", o=placed.order_id)
    with quarter.refused(AlreadyAccepted) as caught:
        quarter.accept(offer_id, "kangle_second")
    assert caught.value.facts["answered_by"] == quarter["kangle_dispatcher"]


@pytest.mark.mission("NG-22")
def test_a_provider_blocked_at_noon_takes_nothing_more(quarter: Quarter) -> None:
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    quarter.change("UPDATE provider SET blocked_at = now() WHERE id = :p", p=quarter.providers["ankang"])
    with quarter.refused(ProviderBlocked):
        quarter.accept(quarter.offer(placed.order_id), "ankang_dispatcher")


def test_a_cancelled_orders_offer_is_withdrawn(quarter: Quarter) -> None:
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    offer_id = quarter.offer(placed.order_id)
    with quarter.work("daughter") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "not_needed")
    with quarter.refused(OfferClosed):
        quarter.accept(offer_id, "ankang_dispatcher")
    quarter.run_jobs(only="matching.withdraw_offers")
    assert offers(quarter, placed.order_id) == ["ankang:withdrawn"]


def test_the_board_shows_what_waits_without_the_elders_name(quarter: Quarter) -> None:
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    with quarter.work("ankang_dispatcher") as work:
        board = open_offers(work.session, work.now, work.actor, quarter.providers["ankang"])
    assert [offer.order_id for offer in board] == [placed.order_id]
    assert board[0].price_fen == 12000 and board[0].reasons[0] == "老人指定了您这一家"
    with pytest.raises(NotADispatcher), quarter.work("ankang_dispatcher") as work:
        open_offers(work.session, work.now, work.actor, quarter.providers["kangle"])


def test_a_timer_leaves_time_for_others_and_never_passes_the_start() -> None:
    now = datetime(2026, 11, 24, 2, tzinfo=UTC)
    days = timedelta(days=1)
    assert offer_expires_at(now, now + 2 * days, 120) == now + timedelta(hours=2)
    assert offer_expires_at(now, now + timedelta(hours=4), 120) == now + timedelta(hours=1)
    assert offer_expires_at(now, now + timedelta(minutes=20), 120) == now + timedelta(minutes=10)
    assert offer_expires_at(now, now + timedelta(minutes=5), 120) == now + timedelta(minutes=5)
    assert offer_expires_at(now, now + 2 * days, 120, override_seconds=3) == now + timedelta(seconds=3)


@pytest.mark.mission("NG-02")
def test_how_soon_providers_answer_is_measured_for_the_area_and_for_each_provider(quarter: Quarter) -> None:
    with quarter.work("zhao") as work:
        began = work.now
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    quarter.advance(minutes=10)
    with quarter.work("ankang_dispatcher") as work:
        decline_offer(work.session, work.now, work.actor, quarter.offer(placed.order_id), "no_hands")
    quarter.run_jobs(only="matching.offer_next")
    quarter.advance(minutes=20)
    quarter.accept(quarter.offer(placed.order_id))
    silent = quarter.place(even_if_ordered=True)
    quarter.run_jobs(only="matching.offer_next")
    quarter.advance(hours=3)
    quarter.run_jobs(only="matching.expire_offer")
    assert offers(quarter, silent.order_id)[0] == "ankang:expired"
    with quarter.work("zhao") as work:
        seen = response_times(work.session, work.actor, began, work.now)
    assert (seen.orders, seen.accepted) == (2, 1) and 1800 <= (seen.median_seconds or 0) < 1860
    ankang, kangle = seen.providers
    assert (ankang.provider_id, ankang.asked, ankang.accepted, ankang.declined, ankang.silent) == (
        quarter.providers["ankang"], 2, 0, 1, 1,
    )  # fmt: skip
    assert (kangle.asked, kangle.accepted, kangle.silent) == (1, 1, 0), "the offer still open is not counted"
    assert 600 <= (ankang.median_seconds or 0) < 660 and 1200 <= (kangle.median_seconds or 0) < 1260
    with quarter.work("kangle_dispatcher") as work:
        own = response_times(work.session, work.actor, began, work.now)
    assert [one.provider_id for one in own.providers] == [quarter.providers["kangle"]]
    with pytest.raises(NotForThisDesk), quarter.work("daughter") as work:
        response_times(work.session, work.actor, began, work.now)
