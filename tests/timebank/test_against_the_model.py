"""The real ledger and the child's ledger are given the same acts and must agree after every one."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import Session

from tests.timebank.bank import NOON, Bank, open_bank
from timebank.errors import TimebankError
from timebank.model import Model, Purse
from timebank.reader import read_balance
from timebank.seals import seal_ledger, take_snapshots
from timebank.verify import verify
from timebank.writer import open_account, post_transfer, record_transfer, reverse_transfer, void_transfer

TYPES = ("earn", "gift", "donate", "redeem", "grant")
MINUTES = st.integers(1, 120)
KEYS = st.integers(0, 60).map(lambda n: f"k{n}")


class LedgerMachine(RuleBasedStateMachine):
    """One database for all runs, one fresh bank a run; `bank_of` is set by the test."""

    bank_of: Any = None
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.bank: Bank = type(self).bank_of(320100000000000 + type(self).runs)
        friend = self.bank.act(
            lambda s: open_account(s, NOON, ledger=self.bank.ledger, kind="volunteer", floor_minutes=0, cap_minutes=200)
        )
        self.model = Model(
            {
                self.bank.issuance: Purse("issuance"),
                self.bank.pool: Purse("pool"),
                self.bank.li: Purse("volunteer", 0, 300),
                friend: Purse("volunteer", 0, 200),
                self.bank.wang: Purse("elder_grant", 0),
                self.bank.club: Purse("organisation", 0),
            }
        )
        self.accounts = list(self.model.purses)
        self.numbers: dict[str, int] = {}
        self.now = NOON

    def same(self, expected: str | None, work: Any) -> Any:
        """Run the real act; it must be refused if and only if the model refuses.

        A request that breaks two rules may be told either; a request that only lacks minutes is told so.
        """
        self.now += timedelta(minutes=1)
        try:
            made = self.bank.act(work)
        except TimebankError as refusal:
            assert expected is not None, refusal
            return None
        assert expected is None
        return made

    @rule(
        key=KEYS,
        debit=st.integers(0, 5),
        credit=st.integers(0, 5),
        entry_type=st.sampled_from(TYPES),
        minutes=MINUTES,
        pending=st.booleans(),
        overflow=st.booleans(),
    )
    def record(
        self, key: str, debit: int, credit: int, entry_type: str, minutes: int, pending: bool, overflow: bool
    ) -> None:
        self._record(key, self.accounts[debit], self.accounts[credit], entry_type, minutes, pending, overflow)

    @rule(key=KEYS, to=st.sampled_from([2, 3, 5]), minutes=MINUTES, pending=st.booleans(), overflow=st.booleans())
    def earn(self, key: str, to: int, minutes: int, pending: bool, overflow: bool) -> None:
        self._record(key, self.bank.issuance, self.accounts[to], "earn", minutes, pending, overflow)

    def _record(
        self, key: str, debit: int, credit: int, entry_type: str, minutes: int, pending: bool, overflow: bool
    ) -> None:
        pool = self.bank.pool if overflow else None
        expected = self.model.record(key, debit, credit, entry_type, minutes, pending, pool)
        made = self.same(
            expected,
            lambda s: record_transfer(
                s,
                self.now,
                ledger=self.bank.ledger,
                key=key,
                debit_account_id=debit,
                credit_account_id=credit,
                entry_type=entry_type,
                minutes=minutes,
                pending=pending,
                overflow_account_id=pool,
            ),
        )
        if made is not None:
            assert self.numbers.setdefault(key, made.id) == made.id

    @precondition(lambda self: self.numbers)
    @rule(key=KEYS, which=st.integers(0, 999), outcome=st.sampled_from(["post", "void"]))
    def resolve(self, key: str, which: int, outcome: str) -> None:
        move_key = sorted(self.numbers)[which % len(self.numbers)]
        act = post_transfer if outcome == "post" else void_transfer
        expected = self.model.resolve(key, move_key, outcome)
        self.same(expected, lambda s: act(s, self.now, self.numbers[move_key], key))

    @precondition(lambda self: self.numbers)
    @rule(key=KEYS, which=st.integers(0, 999))
    def reverse(self, key: str, which: int) -> None:
        move_key = sorted(self.numbers)[which % len(self.numbers)]
        expected = self.model.reverse(key, move_key)
        self.same(expected, lambda s: reverse_transfer(s, self.now, self.numbers[move_key], key))

    @rule()
    def rest(self) -> None:
        self.bank.act(lambda s: take_snapshots(s, self.now, self.bank.ledger), self.bank.jobs)
        self.bank.act(lambda s: seal_ledger(s, self.now, self.bank.ledger), self.bank.jobs)

    @invariant()
    def balances_agree(self) -> None:
        def compare(session: Session) -> None:
            for account, purse in self.model.purses.items():
                real = read_balance(session, account)
                assert (real.posted, real.pending_out, real.pending_in) == (purse.posted, purse.out, purse.coming)
            count = text("SELECT count(*) FROM timebank.transfer WHERE ledger = :ledger")
            assert session.execute(count, {"ledger": self.bank.ledger}).scalar_one() == self.model.rows

        self.bank.act(compare, self.bank.jobs)
        assert sum(purse.posted for purse in self.model.purses.values()) == 0

    def teardown(self) -> None:
        found = self.bank.act(verify, self.bank.jobs)
        assert found.ok, found.first_bad


def _run(database: Any, examples: int, steps: int) -> None:
    class Machine(LedgerMachine):
        bank_of = staticmethod(lambda ledger: open_bank(database, ledger, cap=300))

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=[p for p in Phase if p.name != "shrink"],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Machine.runs >= examples


def test_the_ledger_agrees_with_a_pure_model(ledger_database: Any) -> None:
    _run(ledger_database, 12, 40)


@pytest.mark.drill
def test_the_ledger_agrees_with_a_pure_model_for_long(ledger_database: Any) -> None:
    _run(ledger_database, 150, 100)
