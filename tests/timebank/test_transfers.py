"""What a transfer may and may not do, on a real PostgreSQL, as the application's own role."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from tests.timebank.bank import NANJING, NOON, Bank
from timebank import errors
from timebank.reader import read_balance, read_statement, read_transfer, read_trial_balance
from timebank.seals import close_period, take_snapshots
from timebank.writer import (
    Request,
    open_account,
    post_transfer,
    record_transfer,
    record_transfers,
    reverse_transfer,
    void_transfer,
)


def held(bank: Bank, account: int, at: datetime | None = None) -> tuple[int, int, int]:
    found = bank.act(lambda s: read_balance(s, account, at))
    return found.posted, found.pending_out, found.pending_in


def test_ninety_minutes_with_a_lonely_elder_are_held_and_then_posted(bank: Bank) -> None:
    waiting = bank.earn("visit-17", 90, pending=True, subject=("visit", 17))
    assert held(bank, bank.li) == (0, 0, 90)
    posted = bank.act(lambda s: post_transfer(s, NOON, waiting.id, "confirm-17"))
    assert (posted.phase, posted.pending_id, posted.coin_minutes) == ("post", waiting.id, 90)
    assert held(bank, bank.li) == (90, 0, 0)
    assert held(bank, bank.issuance) == (-90, 0, 0)


def test_a_disputed_visit_returns_the_hold(bank: Bank) -> None:
    waiting = bank.earn("v", 90, pending=True)
    bank.act(lambda s: void_transfer(s, NOON, waiting.id, "no"))
    assert held(bank, bank.li) == (0, 0, 0)
    assert held(bank, bank.issuance) == (0, 0, 0)


def test_a_pending_transfer_is_resolved_once(bank: Bank) -> None:
    waiting = bank.earn("v", 90, pending=True)
    first = bank.act(lambda s: post_transfer(s, NOON, waiting.id, "yes"))
    again = bank.act(lambda s: post_transfer(s, NOON, waiting.id, "yes"))
    assert first == again
    with pytest.raises(errors.AlreadyResolved) as refusal:
        bank.act(lambda s: void_transfer(s, NOON, waiting.id, "no"))
    assert refusal.value.facts["outcome"] == "post"
    with pytest.raises(errors.NotPending):
        bank.act(lambda s: post_transfer(s, NOON, first.id, "post the post"))


def test_the_same_key_and_request_returns_the_same_transfer(bank: Bank) -> None:
    first = bank.earn("k", 60, subject=("visit", 1))
    assert bank.earn("k", 60, subject=("visit", 1), now=NOON + timedelta(hours=3)) == first
    assert held(bank, bank.li) == (60, 0, 0)


def test_the_same_key_with_another_payload_is_an_error(bank: Bank) -> None:
    first = bank.earn("k", 60)
    with pytest.raises(errors.IdempotencyConflict) as refusal:
        bank.earn("k", 61)
    assert refusal.value.facts["transfer_id"] == first.id
    with pytest.raises(errors.IdempotencyConflict):
        bank.act(lambda s: reverse_transfer(s, NOON, first.id, "k"))


def test_nobody_spends_what_she_has_not(bank: Bank) -> None:
    bank.earn("k", 60)
    with pytest.raises(errors.InsufficientMinutes) as refusal:
        bank.move("r", bank.li, bank.issuance, "redeem", 61)
    assert (refusal.value.account_id, refusal.value.needed_minutes, refusal.value.available_minutes) == (
        bank.li,
        61,
        60,
    )


def test_minutes_held_for_one_booking_cannot_be_booked_again(bank: Bank) -> None:
    bank.earn("k", 60)
    bank.move("b1", bank.li, bank.issuance, "redeem", 40, pending=True)
    with pytest.raises(errors.InsufficientMinutes) as refusal:
        bank.move("b2", bank.li, bank.issuance, "redeem", 40, pending=True)
    assert refusal.value.available_minutes == 20


def test_nobody_saves_above_the_cap(bank: Bank) -> None:
    bank.earn("k", 89_990)
    with pytest.raises(errors.CapExceeded) as refusal:
        bank.earn("more", 30)
    assert (refusal.value.account_id, refusal.value.minutes, refusal.value.room_minutes) == (bank.li, 30, 10)


def test_minutes_over_the_cap_go_to_the_pool_in_the_same_act(bank: Bank) -> None:
    bank.earn("k", 89_990)
    kept = bank.earn("more", 30, overflow_account_id=bank.pool)
    assert (kept.credit_account_id, kept.coin_minutes, kept.service_minutes) == (bank.li, 10, 30)
    assert held(bank, bank.pool) == (20, 0, 0)
    nothing_fits = bank.earn("again", 30, overflow_account_id=bank.pool)
    assert (nothing_fits.credit_account_id, nothing_fits.entry_type) == (bank.pool, "overflow")
    assert bank.earn("more", 30, overflow_account_id=bank.pool) == kept
    assert held(bank, bank.li) == (90_000, 0, 0)
    assert held(bank, bank.pool) == (50, 0, 0)


@pytest.mark.parametrize(("resolve", "kept", "given"), [(post_transfer, 90_000, 20), (void_transfer, 89_990, 0)])
def test_a_pending_overflow_shares_the_fate_of_its_transfer(bank: Bank, resolve, kept, given) -> None:
    bank.earn("k", 89_990)
    waiting = bank.earn("more", 30, pending=True, overflow_account_id=bank.pool)
    assert held(bank, bank.pool) == (0, 0, 20)
    bank.act(lambda s: resolve(s, NOON, waiting.id, "end"))
    assert held(bank, bank.li) == (kept, 0, 0)
    assert held(bank, bank.pool) == (given, 0, 0)


def test_an_organisation_can_donate_but_not_redeem(bank: Bank) -> None:
    bank.earn("k", 60, to=bank.club)
    with pytest.raises(errors.PairNotAllowed):
        bank.move("r", bank.club, bank.issuance, "redeem", 30)
    bank.move("d", bank.club, bank.pool, "donate", 30)
    assert held(bank, bank.club) == (30, 0, 0)


def test_a_wrong_entry_is_reversed_once_and_never_edited(bank: Bank) -> None:
    wrong = bank.earn("k", 60)
    back = bank.act(lambda s: reverse_transfer(s, NOON, wrong.id, "undo"))
    assert (back.reverses_id, back.debit_account_id, back.coin_minutes) == (wrong.id, bank.li, 60)
    assert held(bank, bank.li) == (0, 0, 0)
    with pytest.raises(errors.AlreadyReversed):
        bank.act(lambda s: reverse_transfer(s, NOON, wrong.id, "undo twice"))
    with pytest.raises(errors.NotReversible):
        bank.act(lambda s: reverse_transfer(s, NOON, back.id, "undo the undoing"))


def test_a_pending_transfer_can_be_reversed_only_after_it_was_posted(bank: Bank) -> None:
    waiting = bank.earn("k", 60, pending=True)
    with pytest.raises(errors.NotReversible):
        bank.act(lambda s: reverse_transfer(s, NOON, waiting.id, "undo"))
    bank.act(lambda s: post_transfer(s, NOON, waiting.id, "yes"))
    bank.act(lambda s: reverse_transfer(s, NOON, waiting.id, "undo"))
    assert held(bank, bank.li) == (0, 0, 0)


def test_reversing_hours_already_spent_becomes_a_debt_never_below_the_floor(bank: Bank) -> None:
    wrong = bank.earn("k", 60)
    bank.move("g", bank.li, bank.wang, "gift", 45)
    with pytest.raises(errors.InsufficientMinutes):
        bank.act(lambda s: reverse_transfer(s, NOON, wrong.id, "undo"))
    bank.act(lambda s: reverse_transfer(s, NOON, wrong.id, "undo", bank.clawback))
    assert held(bank, bank.li) == (0, 0, 0)
    assert held(bank, bank.clawback) == (-45, 0, 0)
    assert held(bank, bank.issuance) == (0, 0, 0)


def test_a_visit_is_credited_once_whatever_the_key(bank: Bank) -> None:
    bank.earn("a", 60, subject=("visit", 17))
    with pytest.raises(errors.SubjectAlreadyBooked):
        bank.earn("b", 60, subject=("visit", 17))


def test_linked_transfers_are_written_all_or_none(bank: Bank) -> None:
    def request(key: str, to: int, minutes: int) -> Request:
        return Request(bank.ledger, key, bank.issuance, to, "earn", minutes, event_at=NOON)

    with pytest.raises(errors.CapExceeded):
        linked = [request("a", bank.club, 60), request("b", bank.li, 90_001)]
        bank.act(lambda s: record_transfers(s, NOON, linked))
    assert held(bank, bank.club) == (0, 0, 0)
    linked = [request("a", bank.club, 60), request("b", bank.li, 90)]
    made = bank.act(lambda s: record_transfers(s, NOON, linked))
    assert [t.key for t in made] == ["a", "b"]
    assert bank.act(lambda s: record_transfers(s, NOON, linked)) == made


@pytest.mark.parametrize("minutes", [0, -5, 1.5, True, 10**13, 10**30])
def test_minutes_are_whole_and_within_limits(bank: Bank, minutes: float) -> None:
    with pytest.raises(errors.InvalidMinutes):
        bank.earn("k", minutes)  # type: ignore[arg-type]


def test_bad_requests_each_get_their_own_error(bank: Bank) -> None:
    bank.earn("k", 60)
    with pytest.raises(errors.AccountNotFound):
        bank.earn("a", 5, to=999_999)
    with pytest.raises(errors.PairNotAllowed):
        bank.move("b", bank.li, bank.issuance, "bribe", 5)
    with pytest.raises(errors.PairNotAllowed):
        bank.move("b2", bank.issuance, bank.pool, "earn", 5)
    with pytest.raises(errors.SelfTransfer):
        bank.move("c", bank.li, bank.li, "gift", 5)
    with pytest.raises(errors.EventInFuture):
        bank.earn("d", 5, event_at=NOON + timedelta(hours=1))
    with pytest.raises(errors.InvalidRequest):
        bank.earn("e", 5, now=datetime(2026, 11, 20, 4, 0))
    with pytest.raises(errors.InvalidRequest):
        bank.earn("", 5)
    with pytest.raises(errors.TransferNotFound):
        bank.act(lambda s: post_transfer(s, NOON, 999_999, "f"))
    with pytest.raises(errors.InvalidRequest):
        bank.act(lambda s: open_account(s, NOON, ledger=NANJING, kind="volunteer"))
    with pytest.raises(errors.InvalidRequest):
        bank.act(lambda s: open_account(s, NOON, ledger=NANJING, kind="issuance", floor_minutes=0))
    with pytest.raises(errors.InvalidRequest):
        bank.act(lambda s: open_account(s, NOON, ledger=NANJING, kind="clearing", floor_minutes=0))
    assert held(bank, bank.li) == (60, 0, 0)


def test_a_reversal_cannot_be_invented(bank: Bank) -> None:
    bank.earn("k", 60)
    with pytest.raises(errors.InvalidRequest):
        bank.move("r", bank.li, bank.issuance, "reversal", 60)


def test_a_clock_that_steps_back_is_refused_and_a_little_skew_is_not(bank: Bank) -> None:
    bank.earn("k", 60)
    late = bank.earn("skew", 5, now=NOON - timedelta(seconds=30))
    assert late.recorded_at == NOON
    with pytest.raises(errors.ClockSteppedBack):
        bank.earn("back", 5, now=NOON - timedelta(hours=2))


def test_nothing_is_recorded_in_a_closed_month_but_late_events_keep_their_day(bank: Bank) -> None:
    october_ends = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
    bank.act(lambda s: close_period(s, NOON, NANJING, october_ends), bank.jobs)
    fresh = bank.act(
        lambda s: open_account(s, october_ends - timedelta(days=9), ledger=NANJING, kind="volunteer", floor_minutes=0)
    )
    with pytest.raises(errors.PeriodClosed):
        bank.earn("k", 60, to=fresh, now=october_ends - timedelta(seconds=1))
    late = bank.earn("k", 60, to=fresh, event_at=october_ends - timedelta(days=3))
    assert late.event_at == october_ends - timedelta(days=3)
    with pytest.raises(errors.PeriodNotOver):
        bank.act(lambda s: close_period(s, NOON, NANJING, NOON + timedelta(days=1)), bank.jobs)


def test_a_balance_is_exact_at_any_past_moment_across_snapshots(bank: Bank) -> None:
    for day in range(4):
        bank.earn(f"k{day}", 10 + day, now=NOON + timedelta(days=day))
        if day % 2:
            evening = NOON + timedelta(days=day, hours=1)
            taken = bank.act(lambda s, now=evening: take_snapshots(s, now, NANJING), bank.jobs)
            assert taken == 2
    for account, sign in ((bank.issuance, -1), (bank.li, 1)):
        then = [held(bank, account, NOON + timedelta(days=day))[0] for day in range(4)]
        assert then == [sign * total for total in (10, 21, 33, 46)]
        assert held(bank, account)[0] == sign * 46


def test_a_statement_opens_lists_and_closes(bank: Bank) -> None:
    bank.earn("before", 100, now=NOON)
    start, end = NOON + timedelta(days=1), NOON + timedelta(days=5)
    bank.earn("in", 90, now=start, subject=("visit", 17))
    bank.move("gift", bank.li, bank.wang, "gift", 30, now=start + timedelta(hours=1))
    bank.earn("after", 5, now=end)
    page = bank.act(lambda s: read_statement(s, bank.li, start, end, limit=1))
    rest = bank.act(lambda s: read_statement(s, bank.li, start, end, after_id=page.next_after_id))
    lines = [(e.entry_type, e.posted_minutes, e.seq, e.subject_id) for e in page.entries + rest.entries]
    assert lines == [("earn", 90, 2, "17"), ("gift", -30, 3, None)]
    assert (page.opening_minutes, page.closing_minutes, rest.next_after_id) == (100, 160, None)


def test_the_trial_balance_of_a_bank_sums_to_zero(bank: Bank) -> None:
    bank.earn("k", 60)
    bank.move("g", bank.li, bank.wang, "gift", 45)
    rows = {row.kind: row for row in bank.act(lambda s: read_trial_balance(s, NANJING))}
    assert rows["volunteer"].balance_minutes == 15
    assert (rows["issuance"].debit_minutes, rows["issuance"].credit_minutes) == (60, 0)
    assert sum(row.balance_minutes for row in rows.values()) == 0


def test_the_caller_who_rolls_back_leaves_nothing(bank: Bank) -> None:
    with Session(bank.app) as session:
        made = record_transfer(
            session,
            NOON,
            ledger=NANJING,
            key="k",
            debit_account_id=bank.issuance,
            credit_account_id=bank.li,
            entry_type="earn",
            minutes=60,
        )
        assert read_transfer(session, made.id) == made
        session.rollback()
    assert held(bank, bank.li) == (0, 0, 0)
    with pytest.raises(errors.TransferNotFound):
        bank.act(lambda s: read_transfer(s, made.id))


def test_a_refusal_inside_a_savepoint_leaves_the_rest_of_the_act(bank: Bank) -> None:
    def work(session: Session) -> None:
        args = {"ledger": NANJING, "debit_account_id": bank.issuance, "credit_account_id": bank.li}
        record_transfer(session, NOON, key="a", entry_type="earn", minutes=60, **args)
        with pytest.raises(errors.CapExceeded), session.begin_nested():
            record_transfer(session, NOON, key="b", entry_type="earn", minutes=90_000, **args)

    bank.act(work)
    assert held(bank, bank.li) == (60, 0, 0)


def test_an_uncapped_saver_keeps_all_even_when_an_overflow_account_is_named(bank: Bank) -> None:
    made = bank.earn("k", 37, to=bank.club, overflow_account_id=bank.pool)
    assert (made.credit_account_id, made.coin_minutes) == (bank.club, 37)
