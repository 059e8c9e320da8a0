"""A city's hours invented from a seed and lived twice, by the real ledger and by a child's: both must agree.

Each step is one act, most lawful, some not: hours held, confirmed, disputed, reversed, gifts, batches, requests that
come again because their answer was lost, connections cut before the commit, snapshots, seals, changed limits. The
same seed gives the same acts, so the first difference can be seen again.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from timebank.errors import TimebankError
from timebank.limits import change_limits
from timebank.model import Model, Purse
from timebank.seals import seal_ledger, take_snapshots
from timebank.verify import verify
from timebank.writer import (
    Request,
    open_account,
    post_transfer,
    record_transfer,
    record_transfers,
    reverse_transfer,
    void_transfer,
)

LEDGER = 320100000000000
START = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
OFFERS = (
    ("earn", "issuance", "volunteer"),
    ("gift", "volunteer", "volunteer"),
    ("donate", "volunteer", "pool"),
    ("redeem", "volunteer", "issuance"),
    ("grant", "pool", "elder_grant"),
    ("grant", "issuance", "pool"),
    ("redeem", "elder_grant", "volunteer"),
    ("earn", "issuance", "organisation"),
    ("redeem", "organisation", "issuance"),
)
OFTEN = (30, 8, 4, 6, 4, 2, 3, 3, 1)
ACTS = {"record": 46, "batch": 8, "resolve": 20, "reverse": 5, "again": 10, "cut": 4, "rest": 2, "limit": 2}


@dataclass(frozen=True)
class Difference:
    """Where the two ledgers part: the step, the act, what the model expected and what the real ledger gave."""

    step: int
    act: str
    expected: str
    found: str


@dataclass
class Simulation:
    """One run. `app` and `jobs` are engines of the two logins; `step()` gives the first difference or None."""

    app: Engine
    jobs: Engine
    seed: int
    dice: random.Random = field(init=False)
    model: Model = field(init=False)
    now: datetime = START
    steps: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _numbers: dict[str, int] = field(default_factory=dict)
    _calls: dict[str, Callable[[Session], Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.model = Model()
        kinds: list[tuple[str, int | None, int | None]] = [
            ("issuance", None, None),
            ("pool", None, None),
            ("elder_grant", 0, None),
            ("organisation", 0, None),
        ]
        kinds += [("volunteer", 0, cap) for cap in (300, 600, 1500, 90_000)]
        for kind, floor, cap in kinds:
            number = self._act(
                lambda s, k=kind, f=floor, c=cap: open_account(  # type: ignore[misc]
                    s, START, ledger=LEDGER, kind=k, floor_minutes=f, cap_minutes=c
                )
            )
            self.model.purses[number] = Purse(kind, floor, cap)

    def step(self) -> Difference | None:
        """Live one act in both ledgers and compare every balance, then and there."""
        self.steps += 1
        self.now += timedelta(minutes=self.dice.randint(1, 90))
        name = self.dice.choices(list(ACTS), list(ACTS.values()))[0]
        told, expected, found = getattr(self, f"_{name}")()
        self.done[name] += 1
        if expected is not None:
            self.refused[expected] += 1
        if (expected is None) != (found is None):
            return Difference(self.steps, told, expected or "done", found or "done")
        return self._compare(told)

    def check(self) -> Difference | None:
        """Recompute the whole ledger as the auditor does."""
        found = self._act(verify, self.jobs)
        return None if found.ok else Difference(self.steps, "verify", "the books hold", str(found.first_bad))

    def _act(self, work: Callable[[Session], Any], engine: Engine | None = None) -> Any:
        with Session(engine or self.app) as session, session.begin():
            return work(session)

    def _try(self, work: Callable[[Session], Any], engine: Engine | None = None) -> tuple[Any, str | None]:
        try:
            return self._act(work, engine), None
        except TimebankError as refusal:
            return None, type(refusal).__name__

    def _invent(self) -> dict[str, Any]:
        entry_type, giving, taking = self.dice.choices(OFFERS, OFTEN)[0]
        purses = self.model.purses
        debit = self.dice.choice([n for n, purse in purses.items() if purse.kind == giving])
        credit = self.dice.choice([n for n, purse in purses.items() if purse.kind == taking])
        pool = next(n for n, purse in purses.items() if purse.kind == "pool")
        late = self.dice.random() < 0.2
        return {
            "key": f"k{self.steps}-{self.dice.randint(0, 10**6)}",
            "debit_account_id": debit,
            "credit_account_id": credit,
            "entry_type": entry_type,
            "minutes": self.dice.choice([30, 60, 60, 90, 120, self.dice.randint(1, 400)]),
            "pending": self.dice.random() < 0.4,
            "overflow_account_id": pool
            if giving == "issuance" and taking != "pool" and self.dice.random() < 0.7
            else None,
            "event_at": self.now - timedelta(hours=self.dice.randint(1, 60) if late else 0),
        }

    def _expect(self, model: Model, asked: dict[str, Any]) -> str | None:
        day = (asked["event_at"] + timedelta(hours=8)).date() - date(2026, 1, 1)
        return model.record(
            asked["key"], asked["debit_account_id"], asked["credit_account_id"], asked["entry_type"],
            asked["minutes"], asked["pending"], asked["overflow_account_id"], day.days,
        )  # fmt: skip

    def _record(self) -> tuple[str, str | None, str | None]:
        asked = self._invent()
        now = self.now - timedelta(seconds=self.dice.choice([0, 0, 0, 30]))
        asked["event_at"] = min(asked["event_at"], now)
        expected = self._expect(self.model, asked)

        def call(s: Session) -> Any:
            return record_transfer(s, now, ledger=LEDGER, **asked)

        made, found = self._try(call)
        self._keep(asked["key"], call, made)
        return f"record {asked}", expected, found

    def _batch(self) -> tuple[str, str | None, str | None]:
        asked = [self._invent() for _ in range(self.dice.randint(1, 12))]
        for number, one in enumerate(asked):
            one["key"] += f"-{number}"
        trial = copy.deepcopy(self.model)
        expected = next((refusal for one in asked if (refusal := self._expect(trial, one))), None)
        if expected is None:
            self.model = trial
        now = self.now
        made, found = self._try(lambda s: record_transfers(s, now, [Request(LEDGER, **one) for one in asked]))
        self._numbers |= {one["key"]: row.id for one, row in zip(asked, made or [], strict=False)}
        return f"batch {asked}", expected, found

    def _resolve(self) -> tuple[str, str | None, str | None]:
        if not self._numbers:
            return self._record()
        waiting = [key for key in self._numbers if self.model.moves[key].state == "pending"]
        likely = waiting if waiting and self.dice.random() < 0.9 else list(self._numbers)
        key, outcome, now = self.dice.choice(likely), self.dice.choice(["post", "post", "post", "void"]), self.now
        expected = self.model.resolve(f"r{self.steps}", key, outcome)
        act, name = (post_transfer if outcome == "post" else void_transfer), f"r{self.steps}"

        def call(s: Session) -> Any:
            return act(s, now, self._numbers[key], name)

        made, found = self._try(call)
        self._keep(name, call, made, moves=False)
        return f"{outcome} {key}", expected, found

    def _reverse(self) -> tuple[str, str | None, str | None]:
        if not self._numbers:
            return self._record()
        key, name, now = self.dice.choice(list(self._numbers)), f"v{self.steps}", self.now
        expected = self.model.reverse(name, key)
        _, found = self._try(lambda s: reverse_transfer(s, now, self._numbers[key], name))
        return f"reverse {key}", expected, found

    def _again(self) -> tuple[str, str | None, str | None]:
        """The answer was lost on the way, so the same request comes again: nothing may change."""
        if not self._calls:
            return self._record()
        key = self.dice.choice(list(self._calls))
        made, found = self._try(self._calls[key])
        if made is not None and key in self._numbers and made.id != self._numbers[key]:
            found = f"another transfer: {made.id}"
        return f"again {key}", None, found

    def _cut(self) -> tuple[str, str | None, str | None]:
        """The connection dies before the commit: nothing is written, and the request that comes again is."""
        asked, now = self._invent(), self.now
        try:
            with Session(self.app) as session, session.begin():
                session.begin_nested()
                self._spoil(session, now, asked)
                backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
                self._act(lambda s: s.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend}), self.jobs)
                session.execute(text("SELECT 1"))
            return f"cut {asked}", None, "the connection did not die"
        except DBAPIError:
            pass
        expected = self._expect(self.model, asked)
        made, found = self._try(lambda s: record_transfer(s, now, ledger=LEDGER, **asked))
        self._keep(asked["key"], None, made)
        return f"cut {asked}", expected, found

    def _spoil(self, session: Session, now: datetime, asked: dict[str, Any]) -> None:
        nested = session.begin_nested()
        try:
            record_transfer(session, now, ledger=LEDGER, **asked)
        except TimebankError:
            nested.rollback()

    def _rest(self) -> tuple[str, str | None, str | None]:
        now = self.now
        self._act(lambda s: take_snapshots(s, now, LEDGER), self.jobs)
        self._act(lambda s: seal_ledger(s, now, LEDGER), self.jobs)
        return "snapshot and seal", None, None

    def _limit(self) -> tuple[str, str | None, str | None]:
        account = self.dice.choice([n for n, purse in self.model.purses.items() if purse.kind == "volunteer"])
        cap, daily, now = self.dice.choice([300, 900, 2000]), self.dice.choice([None, 240, 600]), self.now
        if daily is not None and daily < (self.model.purses[account].daily or 0):
            daily = None
        expected = self.model.limit(account, cap, daily)
        limits = {"floor_minutes": 0, "cap_minutes": cap, "daily_cap_minutes": daily}
        _, found = self._try(
            lambda s: change_limits(s, now, account, **limits, decided_by="simulator", reason="seed"), self.jobs
        )
        return f"limit {account} {limits}", expected, found

    def _keep(self, key: str, call: Callable[[Session], Any] | None, made: Any, moves: bool = True) -> None:
        if made is not None and moves:
            self._numbers[key] = made.id
        if made is not None and call is not None:
            self._calls[key] = call

    def _compare(self, told: str) -> Difference | None:
        statement = text(
            "SELECT a.id, b.posted, b.pending_out, b.pending_in FROM unnest(CAST(:ids AS bigint[])) AS a(id)"
            " CROSS JOIN LATERAL timebank.read_balance(a.id) AS b"
        )
        rows = self._act(lambda s: s.execute(statement, {"ids": list(self.model.purses)}).all())
        found = {row.id: (row.posted, row.pending_out, row.pending_in) for row in rows}
        expected = {number: (p.posted, p.out, p.coming) for number, p in self.model.purses.items()}
        for number, purse in self.model.purses.items():
            if found.get(number) != expected[number]:
                name = f"{purse.kind} {number}: posted, out, in "
                return Difference(self.steps, told, name + str(expected[number]), name + str(found.get(number)))
        return None
