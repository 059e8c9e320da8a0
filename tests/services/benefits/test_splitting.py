"""Who pays which part: whole fen, always adding up, never over the month's cap."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from yl_quarter import Quarter

from services.benefits.rules import Right, government_share_fen, split, yuan

fen = st.integers(min_value=0, max_value=10**9)
rights = st.lists(
    st.builds(
        Right,
        entitlement_id=st.integers(1, 1000),
        kind=st.just("补贴"),
        government_percent=st.integers(0, 100),
        month_left_fen=st.integers(-1000, 10**6),
    ),
    max_size=4,
)


@given(price_fen=fen, held=rights)
def test_the_parts_add_up_and_stay_under_cap_and_percentage(price_fen: int, held: list[Right]) -> None:
    shared = split(price_fen, held)
    assert shared.government_fen + shared.self_fen == price_fen
    assert shared.government_fen >= 0 and shared.self_fen >= 0
    assert shared.reasons
    if shared.entitlement_id is None:
        assert shared.government_fen == 0
    else:
        used = [right for right in held if right.entitlement_id == shared.entitlement_id]
        assert any(
            shared.government_fen <= right.month_left_fen
            and shared.government_fen * 100 <= price_fen * right.government_percent
            for right in used
        )


@given(price_fen=fen, held=rights)
def test_the_right_that_helps_most_decides_whatever_the_order(price_fen: int, held: list[Right]) -> None:
    shared = split(price_fen, held)
    assert split(price_fen, list(reversed(held))).government_fen == shared.government_fen
    shares = [government_share_fen(price_fen, r.government_percent, r.month_left_fen) for r in held]
    assert shared.government_fen == max(shares, default=0)


def test_a_fraction_of_a_fen_is_the_elders() -> None:
    shared = split(101, [Right(1, "补贴", 50, 10_000)])
    assert (shared.government_fen, shared.self_fen) == (50, 51)


def test_what_is_left_of_the_month_bounds_governments_part_and_says_so() -> None:
    shared = split(10_000, [Right(1, "补贴", 50, 1_234)])
    assert (shared.government_fen, shared.self_fen) == (1_234, 8_766)
    assert "只剩12.34元" in "".join(shared.reasons)


def test_a_negative_price_or_a_strange_share_is_refused() -> None:
    for price_fen, percent in ((-1, 50), (100, 101), (100, -1)):
        with pytest.raises(ValueError):
            government_share_fen(price_fen, percent, 100)


def test_money_is_written_as_people_read_it() -> None:
    assert [yuan(8800), yuan(8850), yuan(8805), yuan(0), yuan(1000)] == [
        "88元",
        "88.5元",
        "88.05元",
        "0元",
        "10元",
    ]


def test_a_month_has_its_own_cap_and_what_is_released_counts_no_more(quarter: Quarter) -> None:
    from services.benefits.actions import hold, release, spend
    from services.benefits.queries import entitlements_in_month, split_price

    wang, day, next_month = quarter["wang"], date(2026, 11, 26), date(2026, 12, 3)
    with quarter.work("house") as work:

        def ask(price_fen: int, on: date) -> int:
            return split_price(work.session, work.now, wang, "home_bath", price_fen, on).government_fen

        shared = split_price(work.session, work.now, wang, "home_bath", 50_000, day)
        assert shared.government_fen == 25_000
        hold(work.session, work.now, 1, shared, day)
        assert ask(50_000, day) == 5_000
        assert ask(50_000, next_month) == 25_000
        assert spend(work.session, work.now, 1) == 25_000
        assert release(work.session, work.now, 1) == 0, "spent money stays spent"
        small = split_price(work.session, work.now, wang, "home_bath", 10_000, day)
        hold(work.session, work.now, 2, small, day)
        month = entitlements_in_month(work.session, wang, day)[0]
        assert (month.held_fen, month.spent_fen, month.left_fen) == (5_000, 25_000, 0)
        assert release(work.session, work.now, 2) == 5_000
        assert ask(10_000, day) == 5_000
        assert split_price(work.session, work.now, wang, "home_cleaning", 8000, day).government_fen == 0
        assert split_price(work.session, work.now, wang, "home_bath", 8000, date(2020, 12, 31)).government_fen == 0


def test_an_orders_own_hold_is_left_out_when_it_is_priced_anew(quarter: Quarter) -> None:
    from services.benefits.actions import hold
    from services.benefits.queries import split_price

    day = date(2026, 11, 26)
    with quarter.work("house") as work:
        session, now, wang = work.session, work.now, quarter["wang"]
        hold(session, now, 1, split_price(session, now, wang, "home_bath", 60_000, day), day)
        again = split_price(session, now, wang, "home_bath", 40_000, day, besides_order_id=1)
        assert again.government_fen == 20_000
        hold(session, now, 1, again, day)
    assert quarter.one("SELECT amount_fen FROM entitlement_use WHERE order_id = 1") == 20_000


def test_the_database_itself_refuses_more_than_the_cap(quarter: Quarter) -> None:
    from services.benefits.actions import hold
    from services.benefits.rules import Split

    entitlement = quarter.one("SELECT id FROM entitlement")
    with pytest.raises(IntegrityError, match="fen left"), quarter.work("house") as work:
        hold(work.session, work.now, 1, Split(20_000, 0, entitlement, ()), date(2026, 11, 2))
        hold(work.session, work.now, 2, Split(10_001, 0, entitlement, ()), date(2026, 11, 30))
    assert quarter.one("SELECT count(*) FROM entitlement_use") == 0
