"""Two hands at once, each on a connection of its own: one key, opposed gifts, a post against a void."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from tests.timebank.bank import NANJING, NOON, Bank
from timebank import errors
from timebank.reader import read_balance
from timebank.seals import take_snapshots
from timebank.writer import post_transfer, record_transfer, void_transfer


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run every piece of work in its own thread from one starting line; errors come back as values."""
    line = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        line.wait()
        try:
            return work()
        except errors.TimebankError as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def posted(bank: Bank, account: int) -> int:
    return bank.act(lambda s: read_balance(s, account).posted)


@pytest.mark.parametrize("receiver", ["li", "pool"])
def test_one_key_from_many_threads_moves_minutes_once(bank: Bank, receiver: str) -> None:
    to = getattr(bank, receiver)
    kind = "earn" if receiver == "li" else "overflow"
    for round_number in range(5):
        key = f"visit-{round_number}"
        made = together(*[lambda k=key: bank.move(k, bank.issuance, to, kind, 60)] * 6)
        assert len({transfer.id for transfer in made}) == 1
        assert posted(bank, to) == 60 * (round_number + 1)


def test_one_key_with_two_payloads_moves_one_of_them(bank: Bank) -> None:
    made = together(lambda: bank.earn("k", 60), lambda: bank.earn("k", 61, to=bank.club))
    assert sum(isinstance(result, errors.IdempotencyConflict) for result in made) == 1
    assert posted(bank, bank.li) + posted(bank, bank.club) in (60, 61)


def test_opposed_gifts_do_not_wait_for_each_other_in_a_circle(bank: Bank) -> None:
    def open_volunteer(session: Session) -> int:
        return session.execute(
            text("SELECT timebank.open_account(:now, :ledger, 'volunteer', 0)"), {"now": NOON, "ledger": NANJING}
        ).scalar_one()

    friend = bank.act(open_volunteer)
    bank.earn("a", 10_000)
    bank.earn("b", 10_000, to=friend)

    def give(name: str, debit: int, credit: int) -> None:
        for number in range(40):
            bank.move(f"{name}{number}", debit, credit, "gift", 7)

    results = together(
        lambda: give("x", bank.li, friend),
        lambda: give("y", friend, bank.li),
        lambda: give("z", bank.li, friend),
        lambda: give("w", friend, bank.li),
    )
    assert results == [None] * 4
    assert (posted(bank, bank.li), posted(bank, friend)) == (10_000, 10_000)


def test_the_last_minutes_are_spent_once(bank: Bank) -> None:
    bank.earn("k", 60)
    results = together(
        *[lambda n=n: bank.move(f"r{n}", bank.li, bank.issuance, "redeem", 60, pending=True) for n in range(6)]
    )
    assert sum(isinstance(result, errors.InsufficientMinutes) for result in results) == 5


@pytest.mark.parametrize("receiver", ["li", "pool"])
def test_post_and_void_race_and_one_of_them_wins(bank: Bank, receiver: str) -> None:
    to = getattr(bank, receiver)
    kind = "earn" if receiver == "li" else "overflow"
    for number in range(8):
        before = posted(bank, to)
        waiting = bank.move(f"v{number}", bank.issuance, to, kind, 60, pending=True)
        results = together(
            lambda w=waiting, n=number: bank.act(lambda s: post_transfer(s, NOON, w.id, f"yes{n}")),
            lambda w=waiting, n=number: bank.act(lambda s: void_transfer(s, NOON, w.id, f"no{n}")),
        )
        lost = [result for result in results if isinstance(result, errors.TimebankError)]
        assert [type(result) for result in lost] == [errors.AlreadyResolved]
        won = next(result for result in results if result not in lost)
        assert posted(bank, to) - before == (60 if won.phase == "post" else 0)


def test_hot_issuance_never_waits_for_an_uncommitted_neighbour(bank: Bank) -> None:
    with Session(bank.app) as slow, slow.begin():
        record_transfer(
            slow,
            NOON,
            ledger=NANJING,
            key="slow",
            debit_account_id=bank.issuance,
            credit_account_id=bank.li,
            entry_type="earn",
            minutes=60,
        )

        def impatient(session: Session) -> None:
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            record_transfer(
                session,
                NOON,
                ledger=NANJING,
                key="quick",
                debit_account_id=bank.issuance,
                credit_account_id=bank.club,
                entry_type="earn",
                minutes=30,
            )

        bank.act(impatient)
        assert posted(bank, bank.issuance) == -30
    assert posted(bank, bank.issuance) == -90


def test_a_snapshot_waits_for_writers_and_misses_none_of_their_minutes(bank: Bank) -> None:
    def write(name: str) -> None:
        for number in range(30):
            bank.move(f"{name}{number}", bank.issuance, bank.pool, "overflow", 1)

    def snapshot() -> None:
        for _ in range(10):
            bank.act(lambda s: take_snapshots(s, NOON, NANJING), bank.jobs)

    assert together(lambda: write("a"), lambda: write("b"), snapshot) == [None] * 3
    assert posted(bank, bank.pool) == 60
    assert posted(bank, bank.issuance) == -60
