"""A voucher's money: issued = available + reserved + used + lapsed, whoever writes and however many at once."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import errors as refusals
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from yl_quarter import HOME, Quarter

from services.benefits.issuing import Stated, hand_in_statement, issue_vouchers
from services.benefits.rounding import Share, floor_share_fen, share_bill
from services.benefits.rules import Split, government_share_fen
from services.benefits.voucher_rules import VoucherRight, period_of, take_voucher
from services.benefits.vouchers import capture, lapse_vouchers, refund, release, reserve
from services.cities.actions import adopt_rules, load_pack
from services.clock import SHANGHAI, civil_date
from services.errors import Invalid, NotAllowed

TAIZHOU = Path(__file__).resolve().parents[3] / "sample_data/cities/taizhou.toml"
CITY = 320100000000000
fen = st.integers(0, 10**8)


# --- pure ---


@given(bill=fen, shares=st.lists(st.builds(Share, st.integers(0, 10_000), st.integers(-5, 10**8)), max_size=5))
def test_a_bill_shared_by_the_floor_rule_loses_no_fen(bill: int, shares: list[Share]) -> None:
    parts, rest = share_bill(bill, shares)
    assert sum(parts) + rest == bill and rest >= 0
    assert all(0 <= part <= max(0, share.most_fen) for part, share in zip(parts, shares, strict=True))


@given(amount=fen, basis=st.integers(0, 10_000))
def test_the_floor_rule_never_gives_more_than_the_share(amount: int, basis: int) -> None:
    part = floor_share_fen(amount, basis)
    assert part * 10_000 <= amount * basis < (part + 1) * 10_000


@given(
    price=fen, government=st.integers(0, 10**8),
    vouchers=st.lists(st.builds(VoucherRight, st.integers(1, 99), st.just("券"), st.integers(1, 10_000), fen), max_size=4),
)  # fmt: skip
def test_a_voucher_leaves_the_parts_adding_up_to_the_price(
    price: int, government: int, vouchers: list[VoucherRight]
) -> None:
    government = min(government, price)
    shared = take_voucher(Split(government, price - government, None, ()), vouchers)
    assert shared.government_fen + shared.voucher_fen + shared.self_fen == price and shared.self_fen >= 0
    assert shared == take_voucher(Split(government, price - government, None, ()), vouchers[::-1])


@given(price=fen, percent=st.integers(0, 100))
def test_governments_share_follows_the_same_rule(price: int, percent: int) -> None:
    assert government_share_fen(price, percent, price) == floor_share_fen(price, percent * 100)


def test_a_period_is_the_month_quarter_or_year_of_a_day() -> None:
    assert period_of("month", date(2026, 12, 31)) == (date(2026, 12, 1), date(2027, 1, 1))
    assert period_of("quarter", date(2026, 11, 2)) == (date(2026, 10, 1), date(2027, 1, 1))
    assert period_of("year", date(2026, 2, 28)) == (date(2026, 1, 1), date(2027, 1, 1))


# --- a voucher in wang's hands ---


def give(quarter: Quarter, issued_fen: int = 10_000, day: date | None = None, **other: Any) -> int:
    """Give 王秀兰 a voucher for the month of a day; gives its number."""
    first, after = period_of("month", day or civil_date(quarter.thursday(9)))
    values: dict[str, Any] = {
        "elder_id": quarter.people["wang"], "area_code": HOME, "kind_code": "community_care", "kind_name_zh": "社区照护券",
        "kind_name_en": "community care voucher", "issuer": "city", "mirrored": False, "exclusivity_group": "a",
        "during": f"[{first},{after})", "deduct_basis_points": 10_000, "per_order_cap_fen": None, "single_use": False,
        "places": ["home"], "service_groups": ["bathing", "cleaning"], "provider_codes": [], "rule_version": "t",
        "issued_fen": issued_fen, "available_fen": 0, "reserved_fen": 77, "captured_fen": 0, "lapsed_fen": 0,
        "issued_at": quarter.thursday(9),
    } | other  # fmt: skip
    names = ", ".join(values)
    query = f"INSERT INTO voucher ({names}) VALUES ({', '.join(f':{name}' for name in values)}) RETURNING id"
    with quarter.work("house") as work:
        return int(work.session.connection().execute(text(query), values).scalar_one())


def books(quarter: Quarter, voucher_id: int) -> tuple[int, int, int, int]:
    """Read (available, reserved, captured, lapsed) of a voucher, in fen."""
    with quarter.work("house") as work:
        row = work.session.connection().execute(
            text("SELECT available_fen, reserved_fen, captured_fen, lapsed_fen FROM voucher WHERE id = :v"), {"v": voucher_id}
        ).one()  # fmt: skip
    return tuple(row)


def do(quarter: Quarter, verb: Any, *args: Any) -> Any:
    with quarter.work("house") as work:
        return verb(work.session, work.now, *args)


def part(voucher_id: int, fen: int) -> Split:
    return Split(0, 0, None, (), fen, voucher_id)


def test_an_order_reserves_a_voucher_uses_it_when_confirmed_and_the_elder_pays_the_rest(quarter: Quarter) -> None:
    from services.orders.actions import confirm_order

    voucher = give(quarter, 3_000)
    placed = quarter.served(chosen_provider_id=quarter.providers["kangle"])
    assert (placed.price_fen, placed.government_fen, placed.voucher_fen, placed.self_fen) == (
        10_000,
        5_000,
        3_000,
        2_000,
    )
    assert books(quarter, voucher) == (0, 3_000, 0, 0)
    assert quarter.one("SELECT amount_fen FROM payable") == 2_000
    with quarter.work("daughter") as work:
        confirm_order(work.session, work.now, work.actor, placed.order_id)
    assert books(quarter, voucher) == (0, 0, 3_000, 0)


def test_a_cancelled_order_gives_the_voucher_back_and_a_lower_price_takes_less_of_it(quarter: Quarter) -> None:
    from services.orders.actions import cancel_order

    voucher = give(quarter, 9_000)
    quarter.change("UPDATE service_line SET active = false WHERE provider_id <> :k", k=quarter.providers["kangle"])
    placed = quarter.accepted(chosen_provider_id=None)  # the guide price of 120 yuan, 60 of them government's
    assert (placed.voucher_fen, placed.self_fen) == (6_000, 0)
    quarter.run_jobs(only="orders.prepare_payment")  # 康乐 asks 100 yuan
    assert books(quarter, voucher) == (4_000, 5_000, 0, 0)
    assert quarter.one("SELECT voucher_fen FROM care_order") == 5_000
    with quarter.work("daughter") as work:
        cancel_order(work.session, work.now, work.actor, placed.order_id, "not_needed")
    assert books(quarter, voucher) == (9_000, 0, 0, 0)


@pytest.mark.mission("TZ-09")
def test_a_voucher_is_good_only_for_its_days_services_places_and_providers(quarter: Quarter) -> None:
    give(quarter, day=civil_date(quarter.thursday(9)) + timedelta(days=40))
    assert quarter.place(starts_at=quarter.thursday(8), ends_at=quarter.thursday(10)).voucher_fen == 0
    give(quarter, service_groups=["meals"], exclusivity_group="b")
    give(quarter, places=["institution"], exclusivity_group="c")
    give(quarter, provider_codes=["kangle"], exclusivity_group="d")
    give(quarter, provider_codes=["kangle", "ankang"], exclusivity_group="e", per_order_cap_fen=700)
    placed = quarter.place(starts_at=quarter.thursday(10), ends_at=quarter.thursday(12))
    assert placed.voucher_fen == 700 and placed.reasons[-1] == "社区照护券：抵扣7元"


@pytest.mark.mission("TZ-09")
def test_a_voucher_used_once_only_is_not_used_twice(quarter: Quarter) -> None:
    voucher = give(quarter, single_use=True)
    day = civil_date(quarter.thursday(9))
    do(quarter, reserve, 1, part(voucher, 100), day)
    with pytest.raises(IntegrityError, match="used once only"):
        do(quarter, reserve, 2, part(voucher, 100), day)
    do(quarter, release, 1)
    do(quarter, reserve, 2, part(voucher, 100), day)


def test_nobody_moves_a_vouchers_money_by_typed_sql(quarter: Quarter) -> None:
    voucher = give(quarter)
    day = civil_date(quarter.thursday(9))
    do(quarter, reserve, 1, part(voucher, 6_000), day)
    use = quarter.one("SELECT id FROM voucher_use")
    for who in ("wang", "zhao"):
        for statement in (
            "UPDATE voucher SET available_fen = 99999, issued_fen = 105999",
            "UPDATE voucher_use SET open_fen = 1", "UPDATE voucher_move SET amount_fen = 1", "DELETE FROM voucher_move",
            "INSERT INTO voucher SELECT * FROM voucher",
        ):  # fmt: skip
            with pytest.raises(ProgrammingError, match="permission denied"), quarter.work(who) as work:
                work.session.connection().execute(text(statement))
    move = (
        "INSERT INTO voucher_move (voucher_id, use_id, elder_id, area_code, kind, amount_fen, service_day, recorded_at) "
        "VALUES (:v, :u, :e, :a, :k, :f, :d, now())"
    )
    values = {"v": voucher, "u": use, "e": quarter.people["wang"], "a": HOME, "d": day}
    for kind, fen, wrong in (
        ("capture", 6_001, "voucher_use_open_check"), ("release", 6_001, "voucher_use_open_check"),
        ("reserve", 4_001, "voucher_available_check"), ("capture", -5, "voucher_move_amount_check"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match=wrong), quarter.work("wang") as work:
            work.session.connection().execute(text(move), values | {"k": kind, "f": fen})
    with quarter.work("wang") as work:
        work.session.connection().execute(text(move), values | {"k": "capture", "f": 1})
    for kind in ("refund", "lapse", "elsewhere"):
        use_id = use if kind == "refund" else None
        with pytest.raises(ProgrammingError, match="row-level security"), quarter.work("wang") as work:
            work.session.connection().execute(text(move), values | {"k": kind, "f": 1, "u": use_id})
    for login in ("jobs", "setup"):  # the house's own login may not either, and the owner meets the sum
        with (
            pytest.raises((refusals.InsufficientPrivilege, refusals.CheckViolation)),
            quarter.database.connect(login) as own,
        ):
            own.execute("UPDATE voucher SET available_fen = available_fen + 1")
    with quarter.work("wu") as work:
        assert work.session.connection().execute(text("SELECT count(*) FROM voucher")).scalar() == 0
    assert books(quarter, voucher) == (4_000, 5_999, 1, 0)


# --- many hands at once, on real connections ---

HANDS, TOGETHER = 200, 50


def storm(quarter: Quarter, voucher: int, use: int, fen: int) -> int:
    """Let 200 hands capture at once, each on a connection of its own, 50 connections at a time; gives how many could."""
    gate, done, lock = threading.BoundedSemaphore(TOGETHER), [], threading.Lock()
    query = (
        "INSERT INTO voucher_move (voucher_id, use_id, elder_id, area_code, kind, amount_fen, service_day, recorded_at) "
        "SELECT voucher_id, id, elder_id, area_code, 'capture', %s, service_day, now() FROM voucher_use WHERE id = %s"
    )

    def hand() -> None:
        with gate:
            try:
                with quarter.database.connect("jobs") as own:
                    own.execute(query, (fen, use))
                with lock:
                    done.append(1)
            except refusals.CheckViolation:
                pass

    threads = [threading.Thread(target=hand) for _ in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    return len(done)


def test_two_hundred_captures_at_once_never_use_more_than_was_reserved(quarter: Quarter) -> None:
    voucher = give(quarter, 10_000)
    do(quarter, reserve, 1, part(voucher, 5_000), civil_date(quarter.thursday(9)))
    assert storm(quarter, voucher, quarter.one("SELECT id FROM voucher_use"), 50) == 100
    assert books(quarter, voucher) == (5_000, 0, 5_000, 0)
    assert quarter.one("SELECT sum(amount_fen) FROM voucher_move WHERE kind = 'capture'") == 5_000


def test_twin_without_lock_and_constraint_the_same_storm_uses_too_much(quarter: Quarter) -> None:
    """The test above must be able to fail: amounts read first and written later, with no CHECK, run over."""
    voucher = give(quarter, 10_000)
    do(quarter, reserve, 1, part(voucher, 5_000), civil_date(quarter.thursday(9)))
    quarter.change(
        """
        CREATE OR REPLACE FUNCTION move_voucher() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        DECLARE u voucher_use; BEGIN
          SELECT * INTO u FROM voucher_use WHERE id = NEW.use_id;
          IF u.open_fen < NEW.amount_fen THEN RAISE check_violation; END IF;
          PERFORM pg_sleep(0.02);
          UPDATE voucher_use SET open_fen = u.open_fen - NEW.amount_fen, captured_fen = u.captured_fen + NEW.amount_fen
            WHERE id = u.id;
          RETURN NEW;
        END $$;
        ALTER TABLE voucher_use DROP CONSTRAINT voucher_use_open_check, DROP CONSTRAINT voucher_use_adds_up_check
        """
    )
    assert storm(quarter, voucher, quarter.one("SELECT id FROM voucher_use"), 50) > 100
    assert quarter.one("SELECT sum(amount_fen) FROM voucher_move WHERE kind = 'capture'") > 5_000


# --- the month's end ---


def midnight_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def test_what_is_left_lapses_at_the_months_end_in_shanghai_and_an_order_over_midnight_keeps_its_month(
    quarter: Quarter,
) -> None:
    voucher = give(quarter, 10_000, day=date(2026, 11, 30))
    evening, last = date(2026, 11, 30), midnight_of(date(2026, 12, 1))
    do(quarter, reserve, 1, part(voucher, 4_000), evening)  # 23:00 to 01:00: the service's day is the 30th
    do(quarter, reserve, 2, part(voucher, 1_000), evening)
    with pytest.raises(IntegrityError, match="not good on"):
        do(quarter, reserve, 3, part(voucher, 1), date(2026, 12, 1))
    with quarter.work("house") as work:
        assert lapse_vouchers(work.session, last - timedelta(seconds=1)) == 0
        assert lapse_vouchers(work.session, last) == 1
        assert lapse_vouchers(work.session, last + timedelta(hours=1)) == 0
    assert books(quarter, voucher) == (0, 5_000, 0, 5_000)
    with quarter.work("house") as work:  # confirmed on the 1st, after the job: still used, for the 30th
        assert capture(work.session, last + timedelta(hours=9), 1) == 4_000
        assert capture(work.session, last + timedelta(hours=9), 1) == 0
        assert release(work.session, last + timedelta(hours=9), 2) == 1_000
    assert books(quarter, voucher) == (0, 0, 4_000, 6_000)
    assert quarter.one("SELECT service_day FROM voucher_move WHERE kind = 'capture'") == evening
    with quarter.work("house") as work:  # a correction later on: a voucher never becomes cash
        assert refund(work.session, last + timedelta(days=3), 1) == 4_000
    assert books(quarter, voucher) == (0, 0, 0, 10_000)


def test_the_vouchers_of_an_elder_who_died_lapse_the_same_day(quarter: Quarter) -> None:
    voucher = give(quarter)
    quarter.change("UPDATE person SET died_on = current_date WHERE id = :w", w=quarter.people["wang"])
    assert do(quarter, lapse_vouchers) == 1 and books(quarter, voucher) == (0, 0, 0, 10_000)


# --- issuing, and the national voucher ---


@pytest.fixture
def taizhou(quarter: Quarter) -> Quarter:
    """The quarter under Taizhou's rules, with 孙德福 in hardship and moderately disabled."""
    with quarter.work("house") as work:
        lender = load_pack(work.session, work.now, TAIZHOU).city_code
        adopt_rules(work.session, work.now, CITY, lender)
    quarter.change("UPDATE person SET born_on = '1940-05-05' WHERE id IN (SELECT person_id FROM elder)")
    quarter.change(
        "UPDATE elder SET care_level = 2, groups = '{low_income}' WHERE person_id = :s", s=quarter.people["sun"]
    )
    return quarter


@pytest.mark.mission("TZ-09")
def test_taizhous_three_vouchers_are_issued_to_whom_they_are_for_once(taizhou: Quarter) -> None:
    assert do(taizhou, issue_vouchers, CITY) == 3  # 王秀兰 is in no such group; the national one is not ours to issue
    assert do(taizhou, issue_vouchers, CITY) == 0
    kinds = taizhou.all("SELECT kind_code FROM voucher WHERE elder_id = :s ORDER BY 1", s=taizhou.people["sun"])
    assert kinds == ["community_care", "institution_care", "neighbour_help"]
    assert taizhou.one("SELECT count(*) FROM act WHERE verb = 'issue_vouchers'") == 1


def test_two_vouchers_that_exclude_each_other_are_not_held_together(quarter: Quarter) -> None:
    give(quarter)
    with pytest.raises(IntegrityError, match="voucher_one_of_a_group_excl"):
        give(quarter, kind_code="institution_care")


def test_the_national_voucher_is_mirrored_and_every_difference_is_listed(taizhou: Quarter) -> None:
    with taizhou.work("house") as work:
        first = civil_date(work.now).replace(day=1)
    sun = taizhou.people["sun"]

    def state(issued: int, used: int, on: date, number: str = "N-1") -> None:
        with taizhou.work("zhao") as work:
            row = Stated(sun, number, "national_home", first, issued, used)
            hand_in_statement(work.session, work.now, work.actor, [row], on)
        taizhou.run_jobs(only="benefits.mirror_vouchers")

    state(80_000, 10_000, first)
    voucher = taizhou.one("SELECT id FROM voucher")
    assert books(taizhou, voucher) == (70_000, 0, 10_000, 0)
    state(80_000, 10_000, first)  # the same again changes nothing
    assert books(taizhou, voucher) == (70_000, 0, 10_000, 0)
    do(taizhou, reserve, 1, part(voucher, 60_000), first)
    do(taizhou, capture, 1)
    state(70_000, 10_000, first + timedelta(days=1))
    assert taizhou.all("SELECT kind FROM voucher_difference ORDER BY id") == ["issued", "used_less_there"]
    state(80_000, 80_000, first + timedelta(days=2))
    assert books(taizhou, voucher) == (0, 0, 80_000, 0)
    with pytest.raises(NotAllowed), taizhou.work("daughter") as work:
        hand_in_statement(work.session, work.now, work.actor, [], first)
    with pytest.raises(Invalid), taizhou.work("zhao") as work:
        hand_in_statement(work.session, work.now, work.actor, [Stated(sun, "N", "x", first, 1, 2)], first)
