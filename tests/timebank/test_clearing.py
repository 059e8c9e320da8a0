"""李老师 saved her hours in one district and is helped in the next: two banks, one act, and who owes whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from tests.timebank.bank import NANJING, NOON, SUZHOU, Bank, open_bank
from tests.timebank.test_races import together
from timebank import errors
from timebank.clearing import (
    ClearingAct,
    link_banks,
    net_positions,
    read_clearing,
    read_clearing_acts,
    resolve_between,
    send_between,
    settle_banks,
)
from timebank.reader import read_balance
from timebank.verify import verify
from timebank.writer import Request, post_transfer, record_transfers, reverse_transfer

WUXI = 320200000000000


@dataclass
class Two:
    """Two banks that owe each other at most 100 minutes, with 300 saved by a volunteer of each."""

    here: Bank
    there: Bank
    ours: int
    theirs: int

    def send(self, key: str, minutes: int, back: bool = False, **more: Any) -> ClearingAct:
        """Send minutes from 李老师 here to 李老师 there, or back."""
        giving, taking = (self.there, self.here) if back else (self.here, self.there)
        request = Request(giving.ledger, key, giving.li, taking.li, "clearing", minutes, **more)
        return self.here.act(lambda s: send_between(s, NOON, request, taking.ledger))

    def owed(self) -> int:
        """Give what the bank here owes the bank there."""
        return self.here.act(lambda s: read_clearing(s, NANJING))[0].owed_minutes

    def held(self, account: int) -> tuple[int, int, int]:
        """Give posted, held out, held in."""
        found = self.here.act(lambda s: read_balance(s, account))
        return found.posted, found.pending_out, found.pending_in


@pytest.fixture
def two(bank: Bank) -> Iterator[Two]:
    there = open_bank(bank.database, SUZHOU)
    ours, theirs = bank.act(
        lambda s: link_banks(s, NOON, NANJING, bank.issuance, SUZHOU, there.issuance, 100), bank.jobs
    )
    for one in (bank, there):
        one.earn("k", 300)
    yield Two(bank, there, ours, theirs)
    there.close()


def test_minutes_cross_in_one_act_and_both_banks_know_who_owes_whom(two: Two) -> None:
    act = two.send("move", 80)
    assert (act.purpose, act.minutes, act.from_ledger, act.to_ledger) == ("send", 80, NANJING, SUZHOU)
    assert (two.held(two.here.li), two.held(two.there.li)) == ((220, 0, 0), (380, 0, 0))
    rows = two.here.act(read_clearing)
    assert [(row.ledger, row.owed_minutes) for row in rows] == [(NANJING, 80), (SUZHOU, -80)]
    assert net_positions(rows) == {NANJING: 80, SUZHOU: -80}
    assert two.send("move", 80) == act
    with pytest.raises(errors.IdempotencyConflict):
        two.send("move", 81)
    assert two.here.act(lambda s: read_clearing_acts(s, SUZHOU)) == [act]


def test_neither_bank_can_flood_the_other(two: Two) -> None:
    two.send("move", 80)
    with pytest.raises(errors.CapExceeded) as refusal:
        two.send("flood", 21)
    assert (refusal.value.account_id, refusal.value.room_minutes) == (two.ours, 20)
    two.send("back", 180, back=True)
    assert two.owed() == -100
    with pytest.raises(errors.CapExceeded):
        two.send("back again", 1, back=True)
    assert two.held(two.there.li)[0] + two.held(two.here.li)[0] == 600


def test_half_an_act_can_be_neither_written_nor_posted_nor_reversed(two: Two) -> None:
    half = Request(NANJING, "half", two.here.li, two.ours, "clearing", 5)
    with pytest.raises(errors.OneLegOnly):
        two.here.move("half", two.here.li, two.ours, "clearing", 5)
    with pytest.raises(errors.OneLegOnly):
        two.here.act(lambda s: record_transfers(s, NOON, [half]))
    waiting = two.send("wait", 5, pending=True)
    with pytest.raises(errors.OneLegOnly):
        two.here.act(lambda s: post_transfer(s, NOON, waiting.out_transfer_id, "post one"))
    done = two.send("done", 5)
    with pytest.raises(errors.NotReversible):
        two.here.act(lambda s: reverse_transfer(s, NOON, done.in_transfer_id, "undo"))


@pytest.mark.parametrize(("outcome", "kept"), [("post", (250, 350)), ("void", (300, 300))])
def test_a_held_act_ends_once_for_both_banks(two: Two, outcome: str, kept: tuple[int, int]) -> None:
    two.send("wait", 50, pending=True)
    assert (two.held(two.here.li), two.held(two.there.li)) == ((300, 50, 0), (300, 0, 50))
    for _ in range(2):
        two.here.act(lambda s: resolve_between(s, NOON, NANJING, "wait", outcome, "end"))
    assert (two.held(two.here.li), two.held(two.there.li)) == ((kept[0], 0, 0), (kept[1], 0, 0))
    with pytest.raises(errors.AlreadyResolved):
        two.here.act(lambda s: resolve_between(s, NOON, NANJING, "wait", "void", "other"))
    with pytest.raises(errors.TransferNotFound):
        two.here.act(lambda s: resolve_between(s, NOON, SUZHOU, "wait", "void", "other"))


def test_banks_without_an_agreement_honour_nothing(two: Two) -> None:
    request = Request(NANJING, "x", two.here.li, two.there.li, "clearing", 5)
    with pytest.raises(errors.BanksNotLinked):
        two.here.act(lambda s: send_between(s, NOON, request, WUXI))
    with pytest.raises(errors.PairNotAllowed):
        club = Request(NANJING, "y", two.here.club, two.there.li, "clearing", 5)
        two.here.earn("c", 60, to=two.here.club)
        two.here.act(lambda s: send_between(s, NOON, club, SUZHOU))


def test_settling_nets_both_directions_and_happens_once_a_month(two: Two) -> None:
    two.send("a", 90)
    two.send("b", 60, back=True)
    two.send("held", 7, pending=True)
    issued = two.held(two.here.issuance)[0], two.held(two.there.issuance)[0]
    made = two.here.act(lambda s: settle_banks(s, NOON, "2026-11"), two.here.jobs)
    assert [(act.purpose, act.from_ledger, act.minutes) for act in made] == [("settle", NANJING, 30)]
    assert two.owed() == 0
    after = two.held(two.here.issuance)[0], two.held(two.there.issuance)[0]
    assert (after[0] - issued[0], after[1] - issued[1]) == (30, -30)
    two.send("c", 10)
    assert two.here.act(lambda s: settle_banks(s, NOON, "2026-11"), two.here.jobs) == []
    assert len(two.here.act(lambda s: settle_banks(s, NOON, "2026-12"), two.here.jobs)) == 1
    assert two.held(two.ours) == (0, 0, 7)
    two.here.act(lambda s: resolve_between(s, NOON, NANJING, "held", "post", "end"))
    assert two.owed() == 7


def test_three_banks_settle_to_positions_that_sum_to_zero(two: Two) -> None:
    wuxi = open_bank(two.here.database, WUXI)
    for peer in (two.here, two.there):
        two.here.act(
            lambda s, p=peer: link_banks(s, NOON, WUXI, wuxi.issuance, p.ledger, p.issuance, 100), two.here.jobs
        )
    two.send("a", 50)
    onward = Request(SUZHOU, "b", two.there.li, wuxi.li, "clearing", 40)
    two.here.act(lambda s: send_between(s, NOON, onward, WUXI))
    positions = net_positions(two.here.act(read_clearing))
    assert positions == {NANJING: 50, SUZHOU: -10, WUXI: -40}
    assert len(two.here.act(lambda s: settle_banks(s, NOON, "m"), two.here.jobs)) == 2
    assert set(net_positions(two.here.act(read_clearing)).values()) == {0}
    wuxi.close()


def test_opposed_acts_between_two_banks_do_not_wait_in_a_circle(two: Two) -> None:
    def give(name: str, back: bool) -> None:
        for number in range(15):
            two.send(f"{name}{number}", 2, back=back)

    def settle() -> None:
        for number in range(5):
            two.here.act(lambda s, n=number: settle_banks(s, NOON, f"race {n}"), two.here.jobs)

    assert together(lambda: give("x", False), lambda: give("y", True), settle) == [None] * 3
    assert two.held(two.here.li)[0] + two.held(two.there.li)[0] == 600
    assert two.held(two.ours)[0] == -two.held(two.theirs)[0]


@pytest.mark.broken_ledger
def test_an_act_whose_other_leg_is_gone_is_found(two: Two) -> None:
    act = two.send("move", 80)
    two.here.tampered = two.there.tampered = True
    with Session(two.here.setup) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("DELETE FROM timebank.clearing_act"))
        found = verify(session)
        assert (found.ok, found.first_bad.rule) == (False, "minutes cross with both legs")
        assert found.first_bad.id == act.out_transfer_id
        session.rollback()
