"""Two coins a day, a cap that rises by decision, and a day that begins at midnight in Nanjing, wherever asked."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import Session

from tests.timebank.bank import NOON, Bank
from tests.timebank.test_races import together
from timebank import errors
from timebank.limits import LimitChange, change_limits, read_limit_changes
from timebank.reader import read_balance
from timebank.seals import seal_ledger
from timebank.verify import verify
from timebank.writer import Request, post_transfer, record_transfers, reverse_transfer, void_transfer

MIDNIGHT = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
"""Midnight in Nanjing between the 19th and the 20th of November."""


def decide(bank: Bank, account: int | None = None, now: datetime = NOON, **limits: Any) -> LimitChange:
    values = {"floor_minutes": 0, "cap_minutes": 90_000} | limits
    return bank.act(
        lambda s: change_limits(s, now, account or bank.li, **values, decided_by="officer-7", reason="by the rules"),
        bank.jobs,
    )


def days(bank: Bank) -> dict[date, int]:
    with bank.jobs.connect() as connection:
        rows = connection.execute(text("SELECT day, minutes FROM timebank.earned_day ORDER BY day")).all()
    return {row.day: row.minutes for row in rows}


def posted(bank: Bank, account: int) -> int:
    return bank.act(lambda s: read_balance(s, account).posted)


def test_two_coins_a_day_are_counted_by_the_day_of_the_service(bank: Bank) -> None:
    decide(bank, daily_cap_minutes=120)
    bank.earn("a", 90, event_at=MIDNIGHT - timedelta(seconds=1))
    bank.earn("b", 90, event_at=MIDNIGHT)
    with pytest.raises(errors.DailyCapExceeded) as refusal:
        bank.earn("c", 31, event_at=MIDNIGHT - timedelta(hours=3))
    assert (refusal.value.room_minutes, refusal.value.facts["day"]) == (30, "2026-11-19")
    bank.earn("c", 30, event_at=MIDNIGHT - timedelta(hours=3))
    assert days(bank) == {date(2026, 11, 19): 120, date(2026, 11, 20): 90}


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Shanghai", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    "around",
    [
        MIDNIGHT,
        datetime(2026, 10, 31, 16, 0, tzinfo=UTC),
        datetime(2026, 3, 8, 7, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    ],
)
def test_a_day_is_a_day_in_shanghai_whatever_the_sessions_zone(shared_bank: Bank, zone: str, around: datetime) -> None:
    """The last two moments are when New York springs forward and Berlin falls back."""
    engine = create_engine(shared_bank.database.url("setup"), connect_args={"options": f"-c timezone={zone}"})
    with engine.connect() as connection:
        ask = text("SELECT timebank.civil_day(:at)")
        told = [connection.execute(ask, {"at": around + timedelta(seconds=s)}).scalar_one() for s in (-1, 0, 1)]
    engine.dispose()
    assert told == [(around + timedelta(seconds=s, hours=8)).date() for s in (-1, 0, 1)]


def test_the_twin_that_cuts_days_in_the_sessions_zone_fails(shared_bank: Bank) -> None:
    options = {"options": "-c timezone=America/New_York"}
    engine = create_engine(shared_bank.database.url("setup"), connect_args=options)
    with engine.begin() as connection:
        naive = connection.execute(text("SELECT CAST(:at AS timestamptz)::date"), {"at": MIDNIGHT}).scalar_one()
    engine.dispose()
    assert naive != date(2026, 11, 20)


def test_held_hours_count_voided_and_reversed_hours_do_not(bank: Bank) -> None:
    decide(bank, daily_cap_minutes=120)
    waiting = bank.earn("a", 70, pending=True)
    other = bank.earn("b", 50, pending=True)
    with pytest.raises(errors.DailyCapExceeded):
        bank.earn("c", 1)
    bank.act(lambda s: void_transfer(s, NOON, waiting.id, "no"))
    bank.act(lambda s: post_transfer(s, NOON, other.id, "yes"))
    bank.earn("c", 70)
    bank.act(lambda s: reverse_transfer(s, NOON, other.id, "undo"))
    assert days(bank) == {date(2026, 11, 20): 70}


def test_what_exceeds_the_day_goes_to_the_pool_in_the_same_act(bank: Bank) -> None:
    decide(bank, daily_cap_minutes=120)
    kept = bank.earn("a", 150, overflow_account_id=bank.pool)
    assert (kept.coin_minutes, posted(bank, bank.li), posted(bank, bank.pool)) == (120, 120, 30)
    nothing_fits = bank.earn("b", 20, overflow_account_id=bank.pool)
    assert (nothing_fits.entry_type, nothing_fits.coin_minutes) == ("overflow", 20)


def test_a_batch_counts_days_too(bank: Bank) -> None:
    decide(bank, daily_cap_minutes=120)
    batch = [Request(bank.ledger, f"k{n}", bank.issuance, bank.li, "earn", 50, event_at=NOON) for n in range(3)]
    with pytest.raises(errors.DailyCapExceeded):
        bank.act(lambda s: record_transfers(s, NOON, batch))
    assert len(bank.act(lambda s: record_transfers(s, NOON, batch[:2]))) == 2


def hours(bank: Bank, name: str, *minutes: int, **more: Any) -> list[Request]:
    """Give a batch of hours for 李老师, one after another."""
    more = {"event_at": NOON} | more
    return [
        Request(bank.ledger, f"{name}{n}", bank.issuance, bank.li, "earn", m, **more) for n, m in enumerate(minutes)
    ]


def test_the_cap_of_a_day_holds_to_the_minute_inside_one_batch(bank: Bank) -> None:
    decide(bank, daily_cap_minutes=120)
    batch = hours(bank, "a", 50, 50, 20) + hours(bank, "b", 70, 50, event_at=MIDNIGHT - timedelta(seconds=1))
    with pytest.raises(errors.DailyCapExceeded) as refusal:
        bank.act(lambda s: record_transfers(s, NOON, batch + hours(bank, "c", 1)))
    assert (refusal.value.room_minutes, refusal.value.facts["day"], days(bank)) == (0, "2026-11-20", {})
    bank.act(lambda s: record_transfers(s, NOON, batch))
    bank.act(lambda s: record_transfers(s, NOON, batch))
    assert days(bank) == {date(2026, 11, 19): 120, date(2026, 11, 20): 120}


def test_what_exceeds_the_day_inside_a_batch_goes_to_the_pool_to_the_minute(bank: Bank) -> None:
    decide(bank, daily_cap_minutes=120)
    bank.earn("before", 30)
    batch = hours(bank, "a", 50, 50, 50, 50, overflow_account_id=bank.pool)
    made = bank.act(lambda s: record_transfers(s, NOON, batch))
    assert [(t.entry_type, t.coin_minutes) for t in made] == [
        ("earn", 50), ("earn", 40), ("overflow", 50), ("overflow", 50),
    ]  # fmt: skip
    assert (posted(bank, bank.li), posted(bank, bank.pool), days(bank)) == (120, 110, {date(2026, 11, 20): 120})


def test_a_gift_to_oneself_is_no_donation_when_the_account_is_full(bank: Bank) -> None:
    """Found by the long run beside the model: what did not fit went to the pool, and a gift to oneself with it."""
    bank.earn("k", 60)
    decide(bank, cap_minutes=60)
    gift = Request(bank.ledger, "d", bank.li, bank.li, "gift", 5, overflow_account_id=bank.pool)
    with pytest.raises(errors.SelfTransfer):
        bank.move("c", bank.li, bank.li, "gift", 5, overflow_account_id=bank.pool)
    with pytest.raises(errors.SelfTransfer):
        bank.act(lambda s: record_transfers(s, NOON, [gift]))
    assert (posted(bank, bank.li), posted(bank, bank.pool)) == (60, 0)


def test_the_cap_of_a_day_holds_to_the_minute_under_batches_at_once(bank: Bank) -> None:
    decide(bank, daily_cap_minutes=120)
    refused = [hours(bank, f"r{n}-", 20, 20, 20) for n in range(3)]
    shared = [hours(bank, f"s{n}-", 25, 25, overflow_account_id=bank.pool, event_at=MIDNIGHT - timedelta(hours=1))
              for n in range(3)]  # fmt: skip
    made = together(*[lambda b=b: bank.act(lambda s: record_transfers(s, NOON, b)) for b in refused + shared])
    assert sum(isinstance(result, errors.DailyCapExceeded) for result in made) == 1
    assert days(bank) == {date(2026, 11, 19): 120, date(2026, 11, 20): 120}
    assert (posted(bank, bank.li), posted(bank, bank.pool)) == (240, 30)


def test_hours_of_the_day_before_the_decision_count_as_well(bank: Bank) -> None:
    bank.earn("a", 100)
    decide(bank, daily_cap_minutes=120)
    with pytest.raises(errors.DailyCapExceeded):
        bank.earn("b", 21)
    bank.earn("b", 20)
    assert days(bank) == {date(2026, 11, 20): 120}


def test_a_cap_of_a_day_holds_under_many_hands(bank: Bank) -> None:
    decide(bank, daily_cap_minutes=120)
    made = together(*[lambda n=n: bank.earn(f"k{n}", 50, event_at=MIDNIGHT) for n in range(6)])
    assert sum(isinstance(result, errors.DailyCapExceeded) for result in made) == 4
    assert days(bank) == {date(2026, 11, 20): 100}


def test_limits_change_by_a_decision_that_stays_and_old_entries_keep_theirs(bank: Bank) -> None:
    bank.earn("a", 90_000)
    with pytest.raises(errors.CapExceeded):
        bank.earn("b", 60)
    later = NOON + timedelta(days=1)
    change = decide(bank, now=later, cap_minutes=100_000)
    assert (change.after_seq, change.decided_by, change.reason) == (1, "officer-7", "by the rules")
    bank.earn("b", 60, now=later)
    with pytest.raises(errors.CapExceeded):
        decide(bank, now=later, cap_minutes=90_059)
    decide(bank, now=later, cap_minutes=90_060)
    assert [c.cap_minutes for c in bank.act(lambda s: read_limit_changes(s, bank.li))] == [100_000, 90_060]
    then = bank.act(lambda s: read_balance(s, bank.li, NOON))
    now = bank.act(lambda s: read_balance(s, bank.li, later))
    assert (then.cap_minutes, now.cap_minutes) == (90_000, 90_060)


def test_limits_that_break_a_rule_are_refused_with_the_facts(bank: Bank) -> None:
    bank.earn("a", 60)
    with pytest.raises(errors.InsufficientMinutes) as refusal:
        decide(bank, floor_minutes=61)
    assert refusal.value.available_minutes == 60
    for breach in ({"floor_minutes": None}, {"floor_minutes": -5}, {"floor_minutes": 5, "cap_minutes": 60}):
        if breach["floor_minutes"] == 5:
            decide(bank, **breach)
            continue
        with pytest.raises(errors.InvalidRequest):
            decide(bank, **breach)
    with pytest.raises(errors.InvalidRequest):
        decide(bank, bank.issuance)
    with pytest.raises(errors.AccountNotFound):
        decide(bank, 999_999)


@pytest.mark.broken_ledger
@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        ("UPDATE timebank.limit_change SET reason = 'another'", "decisions on limits are chained"),
        ("DELETE FROM timebank.limit_change", "limits as opened or decided"),
        ("UPDATE timebank.balance SET daily_cap_minutes = 600", "limits as opened or decided"),
        ("UPDATE timebank.earned_day SET minutes = 5", "days counted as earned"),
    ],
)
def test_a_decision_or_a_day_edited_behind_the_writer_is_found(bank: Bank, edit: str, rule: str) -> None:
    decide(bank, daily_cap_minutes=120)
    bank.earn("a", 60)
    bank.act(lambda s: seal_ledger(s, NOON, bank.ledger), bank.jobs)
    with Session(bank.setup) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(edit))
        found = verify(session)
        session.rollback()
    assert (found.ok, found.first_bad.rule) == (False, rule)
