"""Placing an order: one wish, one order, at a price that is never raised."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from yl_quarter import Quarter

from services.catalogue.errors import UnknownService
from services.errors import NotAllowed, NotFound
from services.orders.errors import (
    AlreadyOrdered,
    BadTime,
    ElderHasMoved,
    ForVolunteers,
    KeyMissing,
    KeyReused,
    NotOffered,
    OutsideOpening,
)
from services.orders.rules import is_order_number


def test_a_daughter_far_away_orders_and_government_pays_half(quarter: Quarter) -> None:
    placed = quarter.place("daughter")
    assert (placed.price_fen, placed.government_fen, placed.self_fen) == (12000, 6000, 6000)
    assert placed.state == "placed" and is_order_number(placed.order_number)
    held = quarter.one(
        "SELECT amount_fen FROM entitlement_use WHERE order_id = :o AND state = 'held'", o=placed.order_id
    )
    assert held == 6000
    assert quarter.all("SELECT by_right FROM act WHERE verb = 'place_order'")[0].startswith("proxy:")
    assert quarter.all("SELECT job FROM outbox WHERE args ->> 'order_id' = :o", o=str(placed.order_id)) == [
        "matching.offer_next"
    ]
    assert quarter.one("SELECT count(*) FROM outbox WHERE job = 'messages.deliver'") == 1


def test_without_a_chosen_provider_the_guide_price_is_the_most_she_pays(quarter: Quarter) -> None:
    assert quarter.place(chosen_provider_id=None).price_fen == 12000
    assert quarter.place(chosen_provider_id=quarter.providers["kangle"], even_if_ordered=True).price_fen == 10000


def test_pressing_twice_gives_the_same_order(quarter: Quarter) -> None:
    wish = quarter.wish()
    first = quarter.place(**wish)
    second = quarter.place(**wish)
    assert (second.order_id, second.replayed, first.replayed) == (first.order_id, True, False)
    assert quarter.one("SELECT count(*) FROM care_order") == 1
    assert quarter.one("SELECT count(*) FROM order_event") == 1


def test_the_same_key_with_another_wish_is_refused(quarter: Quarter) -> None:
    wish = quarter.wish()
    placed = quarter.place(**wish)
    with quarter.refused(KeyReused) as caught:
        quarter.place(**wish | {"note": "请带防滑垫"})
    assert caught.value.facts["order_number"] == placed.order_number


def test_another_person_may_use_the_same_key(quarter: Quarter) -> None:
    wish = quarter.wish()
    quarter.place("daughter", **wish)
    late = {"starts_at": quarter.thursday(14), "ends_at": quarter.thursday(16)}
    assert not quarter.place("son", **wish | late).replayed


def test_what_a_sister_ordered_is_noticed_and_may_be_ordered_all_the_same(quarter: Quarter) -> None:
    first = quarter.place("daughter")
    overlapping = {"starts_at": quarter.thursday(10), "ends_at": quarter.thursday(12)}
    with quarter.refused(AlreadyOrdered) as caught:
        quarter.place("son", **overlapping)
    assert caught.value.facts["order_number"] == first.order_number
    assert caught.value.message_zh.startswith("老人的女儿已经订过这项服务了")
    quarter.change("UPDATE proxy SET relation = 'kin_7' WHERE proxy_person_id = :p", p=quarter["daughter"])
    with quarter.refused(AlreadyOrdered) as caught:
        quarter.place("son", **overlapping)
    assert caught.value.message_zh.startswith("老人的另一位家人已经订过这项服务了")
    assert quarter.place("son", **overlapping, even_if_ordered=True).order_id != first.order_id
    after = {"starts_at": quarter.thursday(12), "ends_at": quarter.thursday(14)}
    assert quarter.place("son", **after).state == "placed"


def test_a_cancelled_order_is_no_duplicate(quarter: Quarter) -> None:
    from services.orders.actions import cancel_order

    first = quarter.place()
    with quarter.work("son") as work:
        cancel_order(work.session, work.now, work.actor, first.order_id, "wrong_order")
    assert quarter.place().order_id != first.order_id


def test_when_the_month_is_used_up_the_elder_is_told_and_pays_the_rest(quarter: Quarter) -> None:
    parts = [
        quarter.place(starts_at=quarter.thursday(8) + timedelta(days=0, hours=2 * place),
                      ends_at=quarter.thursday(10) + timedelta(hours=2 * place))
        for place in range(5)
    ]  # fmt: skip
    last = quarter.place(
        starts_at=quarter.thursday(9), ends_at=quarter.thursday(11), even_if_ordered=True,
        chosen_provider_id=quarter.providers["kangle"],
    )  # fmt: skip
    assert [part.government_fen for part in parts] == [6000] * 5
    assert (last.government_fen, last.self_fen) == (0, 10000)
    assert "已经用完" in "".join(last.reasons)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starts_at": datetime(2030, 1, 3, 9)}, "starts_at"),
        ({"ends_at": datetime(2030, 1, 3, 9)}, "ends_at"),
    ],
)
def test_a_time_without_zone_is_refused(quarter: Quarter, change: dict[str, datetime], field: str) -> None:
    with quarter.refused(BadTime) as caught:
        quarter.place(**change)
    assert caught.value.facts["field"] == field


def test_past_backward_short_long_and_distant_times_are_refused(quarter: Quarter) -> None:
    nine = quarter.thursday(9)
    for starts_at, ends_at, field in [
        (nine - timedelta(days=30), nine - timedelta(days=30, hours=-2), "starts_at"),
        (nine, nine - timedelta(hours=2), "ends_at"),
        (nine, nine + timedelta(minutes=89), "ends_at"),
        (nine, nine + timedelta(hours=13), "ends_at"),
        (nine + timedelta(days=91), nine + timedelta(days=91, hours=2), "starts_at"),
    ]:
        with quarter.refused(BadTime) as caught:
            quarter.place(starts_at=starts_at, ends_at=ends_at)
        assert caught.value.facts["field"] == field


def test_outside_opening_hours_the_answer_says_when_it_is_open(quarter: Quarter) -> None:
    sunday = quarter.thursday(9) + timedelta(days=3)
    for starts_at, ends_at in [
        (quarter.thursday(6), quarter.thursday(8)),
        (quarter.thursday(17), quarter.thursday(19)),
        (sunday, sunday + timedelta(hours=2)),
    ]:
        for chosen in (quarter.providers["kangle"], None):
            with quarter.refused(OutsideOpening) as caught:
                quarter.place(starts_at=starts_at, ends_at=ends_at, chosen_provider_id=chosen)
            assert {"weekdays": list("123456"), "from_hour": 8, "to_hour": 18} in caught.value.facts["opening"]


def test_what_cannot_be_ordered_is_refused(quarter: Quarter) -> None:
    with quarter.refused(UnknownService):
        quarter.place(service_code="moon_walk")
    with quarter.refused(UnknownService):
        quarter.place(service_code="foot_care")
    with quarter.refused(ForVolunteers):
        quarter.place(service_code="friendly_visit", chosen_provider_id=None)
    with quarter.refused(NotOffered):
        quarter.place(chosen_provider_id=quarter.providers["tingban"])
    with quarter.refused(NotOffered):
        quarter.place(service_code="home_cleaning", chosen_provider_id=quarter.providers["ankang"])
    with quarter.refused(NotOffered):
        quarter.place(chosen_provider_id=999_999)
    with quarter.refused(KeyMissing):
        quarter.place(idempotency_key="short")


def test_nobody_orders_for_the_dead_the_moved_or_a_stranger(quarter: Quarter) -> None:
    with quarter.refused(NotFound):
        quarter.place("wu")
    with quarter.refused(NotFound):
        quarter.place("daughter", elder_id=quarter["sun"])
    with quarter.refused(NotFound):
        quarter.place("kangle_dispatcher")
    quarter.change("UPDATE person SET moved_out_on = '2026-01-01' WHERE id = :p", p=quarter["wang"])
    with quarter.refused(ElderHasMoved):
        quarter.place()
    quarter.change("UPDATE person SET died_on = '2026-01-01' WHERE id = :p", p=quarter["wang"])
    with quarter.refused(NotAllowed):
        quarter.place()


def test_a_withdrawn_consent_stops_new_orders(quarter: Quarter) -> None:
    quarter.change("UPDATE proxy SET scopes = ARRAY['view'] WHERE proxy_person_id = :p", p=quarter["son"])
    with quarter.refused(NotAllowed):
        quarter.place("son")


@pytest.mark.mission("NG-13")
def test_the_elder_herself_and_the_operator_order_too(quarter: Quarter) -> None:
    own = quarter.place("wang")
    assert quarter.one("SELECT by_right FROM care_order WHERE id = :o", o=own.order_id) == "self"
    called = quarter.place("zhou", channel="phone", starts_at=quarter.thursday(14), ends_at=quarter.thursday(16))
    assert quarter.one("SELECT by_right || '/' || channel FROM care_order WHERE id = :o", o=called.order_id) == (
        "office:operator/phone"
    )
