"""A hundred hours in one call are written exactly as a hundred calls would have written them."""

import random
from collections.abc import Iterator
from dataclasses import astuple, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from tests.timebank.bank import NOON, Bank, open_bank
from tests.timebank.test_races import together
from timebank import errors
from timebank.limits import change_limits
from timebank.reader import read_balance, read_statement
from timebank.seals import close_period
from timebank.writer import Request, open_account, record_transfer, record_transfers

PURSES = ("issuance", "pool", "li", "wang", "club", "friend")
LIKELY = [
    ("earn", "issuance", "li"),
    ("earn", "issuance", "friend"),
    ("earn", "issuance", "club"),
    ("grant", "pool", "wang"),
    ("gift", "li", "friend"),
    ("gift", "friend", "li"),
    ("donate", "li", "pool"),
    ("redeem", "wang", "li"),
    ("redeem", "club", "issuance"),
]


class Twin:
    """A bank whose purses go by name, so that two banks can be given the same batch."""

    def __init__(self, database: Any, ledger: int) -> None:
        self.bank: Bank = open_bank(database, ledger, cap=300)
        friend = self.bank.act(
            lambda s: open_account(s, NOON, ledger=ledger, kind="volunteer", floor_minutes=0, cap_minutes=200)
        )
        days = {"floor_minutes": 0, "cap_minutes": 200, "daily_cap_minutes": 40, "decided_by": "o", "reason": "r"}
        self.bank.act(lambda s: change_limits(s, NOON, friend, **days), self.bank.jobs)
        self.numbers = {name: friend if name == "friend" else getattr(self.bank, name) for name in PURSES}
        self.names = {number: name for name, number in self.numbers.items()}

    def requests(self, batch: list[dict[str, Any]]) -> list[Request]:
        """Give the batch with this bank's account numbers."""
        sides = ("debit_account_id", "credit_account_id", "overflow_account_id")
        return [
            Request(ledger=self.bank.ledger, **row | {s: self.numbers.get(row[s], row[s]) for s in sides})
            for row in batch
        ]

    def told(self, work: Any) -> Any:
        """Give what the act made, free of numbers, or the name of its refusal."""
        try:
            made = self.bank.act(work)
        except errors.TimebankError as refusal:
            return type(refusal).__name__
        return [
            (t.key, t.phase, t.entry_type, self.names[t.debit_account_id], self.names[t.credit_account_id])
            + (t.coin_minutes, t.service_minutes, t.event_at, t.recorded_at)
            for t in made
        ]

    def state(self) -> Any:
        """Give every purse's balance and its statement, free of numbers."""

        def read(session: Session) -> Any:
            found = {}
            for name, number in self.numbers.items():
                page = read_statement(session, number, NOON.replace(year=2025), NOON.replace(year=2027), limit=1000)
                lines = [
                    (e.entry_type, self.names[e.other_account_id], e.phase, e.posted_minutes, e.held_minutes)
                    + (e.service_minutes, e.seq, e.hash is None)
                    for e in page.entries
                ]
                found[name] = (astuple(read_balance(session, number))[1:], lines)
            return found

        ask = text("SELECT day, minutes, cap_minutes FROM timebank.earned_day WHERE account_id = :id ORDER BY day")
        with self.bank.jobs.connect() as connection:
            days = connection.execute(ask, {"id": self.numbers["friend"]}).all()
        return self.bank.act(read), [tuple(day) for day in days]


def invented(dice: random.Random, used: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Invent a batch: mostly lawful, some over cap or floor, some keys again, some with another payload."""
    batch: list[dict[str, Any]] = []
    for _ in range(dice.randint(1, 14)):
        if (used or batch) and dice.random() < 0.12:
            row = dict(dice.choice(used + batch))
            if dice.random() < 0.1:
                row["minutes"] += 1
        else:
            entry_type, debit, credit = dice.choices(LIKELY, [9, 9, 9, 2, 4, 4, 3, 2, 0.1])[0]
            row = {
                "key": f"k{dice.randint(0, 10**9)}",
                "debit_account_id": debit,
                "credit_account_id": credit,
                "entry_type": entry_type,
                "minutes": dice.randint(1, 60 if debit == "issuance" else 12),
                "service_minutes": dice.choice([None, 0, 45]),
                "pending": dice.random() < 0.2,
                "event_at": dice.choice([None, NOON, NOON - timedelta(days=1), NOON - timedelta(hours=13)]),
                "overflow_account_id": "pool" if debit == "issuance" and dice.random() < 0.8 else None,
                "subject": ("visit", str(dice.randint(1, 10**9))) if dice.random() < 0.3 else None,
                "rule_version": dice.choice([None, "2026-1"]),
            }
        batch.append(row)
    return batch


@pytest.fixture
def twins(ledger_database: Any) -> Iterator[tuple[Twin, Twin]]:
    """Two banks alike."""
    pair = Twin(ledger_database, 320100000000001), Twin(ledger_database, 320100000000002)
    yield pair
    checked = pair[0].bank.verify()
    assert checked.ok, checked.first_bad
    for twin in pair:
        twin.bank.close()


def one_by_one(twin: Twin, batch: list[dict[str, Any]]) -> Any:
    """Write the batch by single calls in one unit of work."""

    def work(session: Session) -> Any:
        made = []
        for request in twin.requests(batch):
            values = {field: getattr(request, field) for field in request.__dataclass_fields__}
            made.append(record_transfer(session, NOON, **values))
        return made

    return twin.told(work)


@pytest.mark.parametrize("seed", range(3))
def test_a_batch_is_what_single_calls_would_have_written(twins: tuple[Twin, Twin], seed: int) -> None:
    dice, used, refused = random.Random(seed), list[dict[str, Any]](), 0
    # visits are known to the whole deployment, so each bank has visits of its own
    for _ in range(25):
        batch = invented(dice, used)
        own = [
            [row | {"subject": row["subject"] and (f"visit of {n}", row["subject"][1])} for row in batch]
            for n in range(2)
        ]
        at_once = twins[0].told(lambda s, b=own[0]: record_transfers(s, NOON, twins[0].requests(b)))
        singly = one_by_one(twins[1], own[1])
        assert at_once == singly
        refused += isinstance(at_once, str)
        used += [] if isinstance(at_once, str) else batch
    assert twins[0].state() == twins[1].state()
    assert 0 < refused < 25
    assert twins[0].state()[1], "no day was counted"


def test_a_batch_asked_for_twice_at_once_is_written_once(bank: Bank) -> None:
    batch = [Request(bank.ledger, f"k{n}", bank.issuance, bank.pool, "overflow", n) for n in range(1, 21)]
    made = together(*[lambda: bank.act(lambda s: record_transfers(s, NOON, batch))] * 4)
    assert {tuple(t.id for t in one) for one in made} == {tuple(t.id for t in made[0])}
    assert bank.act(lambda s: read_balance(s, bank.pool)).posted == sum(range(1, 21))


def test_opposed_batches_do_not_wait_for_each_other_in_a_circle(bank: Bank) -> None:
    def volunteer(session: Session) -> int:
        return open_account(session, NOON, ledger=bank.ledger, kind="volunteer", floor_minutes=0)

    people = [bank.act(volunteer) for _ in range(6)]
    for number, person in enumerate(people):
        bank.earn(f"start{number}", 1000, to=person)

    def give(name: str, order: list[int]) -> None:
        for turn in range(8):
            pairs = zip(order, order[1:], strict=False)
            batch = [Request(bank.ledger, f"{name}{turn}-{a}", a, b, "gift", 3) for a, b in pairs]
            bank.act(lambda s, b=batch: record_transfers(s, NOON, b))

    forth, back = list(people), list(reversed(people))
    assert together(lambda: give("f", forth), lambda: give("b", back), lambda: give("g", forth)) == [None] * 3
    assert sum(bank.act(lambda s, p=p: read_balance(s, p).posted) for p in people) == 6000


def test_a_batch_obeys_the_same_month_and_clock(bank: Bank) -> None:
    bank.earn("k", 60)
    request = Request(bank.ledger, "b", bank.issuance, bank.li, "earn", 5)
    with pytest.raises(errors.ClockSteppedBack):
        bank.act(lambda s: record_transfers(s, NOON.replace(day=19), [request]))
    bank.act(lambda s: close_period(s, NOON, bank.ledger, NOON.replace(day=18)), bank.jobs)
    early = replace(request, credit_account_id=bank.club)
    fresh = bank.act(
        lambda s: open_account(s, NOON.replace(day=1), ledger=bank.ledger, kind="organisation", floor_minutes=0)
    )
    with pytest.raises(errors.PeriodClosed):
        bank.act(lambda s: record_transfers(s, NOON.replace(day=17), [replace(early, credit_account_id=fresh)]))
    with pytest.raises(errors.AccountNotFound):
        bank.act(lambda s: record_transfers(s, NOON, [replace(request, credit_account_id=999_999)]))
    assert bank.act(lambda s: record_transfers(s, NOON, [])) == []
