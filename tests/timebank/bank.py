"""A bank with the cast's accounts, and short names for what the ledger's tests do with them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlmodel import Session

from services.unit_of_work import limit_silence
from timebank.verify import verify
from timebank.writer import open_account, record_transfer

NANJING = 320100000000000
SUZHOU = 320500000000000
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Noon in Nanjing."""


@dataclass
class Bank:
    """One bank's accounts and short names for what tests do with them."""

    database: Any
    app: Engine
    jobs: Engine
    setup: Engine
    ledger: int
    issuance: int
    pool: int
    li: int
    wang: int
    club: int
    clawback: int
    tampered: bool = False

    def act(self, work: Callable[[Session], Any], engine: Engine | None = None) -> Any:
        """Run one unit of work as the application and commit it."""
        with Session(engine or self.app) as session, session.begin():
            return work(session)

    def earn(self, key: str, minutes: int, **more: Any) -> Any:
        """Book minutes for 李老师 from the issuance account."""
        to = more.pop("to", self.li)
        now = more.pop("now", NOON)
        return self.act(
            lambda s: record_transfer(
                s,
                now,
                ledger=self.ledger,
                key=key,
                debit_account_id=self.issuance,
                credit_account_id=to,
                entry_type="earn",
                minutes=minutes,
                **more,
            )
        )

    def move(self, key: str, debit: int, credit: int, entry_type: str, minutes: int, **more: Any) -> Any:
        """Book any transfer."""
        now = more.pop("now", NOON)
        return self.act(
            lambda s: record_transfer(
                s,
                now,
                ledger=self.ledger,
                key=key,
                debit_account_id=debit,
                credit_account_id=credit,
                entry_type=entry_type,
                minutes=minutes,
                **more,
            )
        )

    def close(self) -> None:
        """Give back every connection."""
        for engine in (self.app, self.jobs, self.setup):
            engine.dispose()

    def verify(self) -> Any:
        """Recompute everything with the auditor's login."""
        return self.act(verify, self.jobs)


def engine_as(database: Any, role: str | None, silence_seconds: int | None = None) -> Engine:
    """Give a pooled engine that acts as a role from its first statement (None: the set-up login itself).

    A connection is opened once and the role taken on it, so that a whole test costs few connections.
    """
    words = limit_silence(silence_seconds) if silence_seconds else {"options": ""}
    words["options"] += " -c timezone=UTC" + (f" -c role={role}" if role else "")
    return create_engine(database.url("setup"), connect_args=words, pool_size=12)


def open_bank(
    database: Any, ledger: int = NANJING, cap: int | None = 90_000, silence_seconds: int | None = None
) -> Bank:
    """Open the cast's accounts in a database; `silence_seconds`: how long a dead line is waited on."""
    app, jobs = (engine_as(database, role, silence_seconds) for role in ("yinling_app", "yinling_jobs"))
    with Session(app) as s, s.begin():
        opened = {
            "issuance": open_account(s, NOON, ledger=ledger, kind="issuance"),
            "pool": open_account(s, NOON, ledger=ledger, kind="pool"),
            "li": open_account(s, NOON, ledger=ledger, kind="volunteer", floor_minutes=0, cap_minutes=cap),
            "wang": open_account(s, NOON, ledger=ledger, kind="elder_grant", floor_minutes=0),
            "club": open_account(s, NOON, ledger=ledger, kind="organisation", floor_minutes=0),
            "clawback": open_account(s, NOON, ledger=ledger, kind="clawback", cap_minutes=0),
        }
    setup = engine_as(database, None, silence_seconds)
    return Bank(database, app, jobs, setup, ledger, **opened)
