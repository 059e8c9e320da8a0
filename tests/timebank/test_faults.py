"""The database dies, a connection breaks, an answer is lost, a lock is missing: nothing acknowledged is lost.

Every promise has a twin that must fail: the same load on a ledger or server that lacks what keeps the promise.
"""

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.timebank.bank import NOON, Bank
from tests.timebank.load import Load
from tests.timebank.test_races import posted, together
from timebank import errors
from timebank.seals import seal_ledger, take_snapshots
from timebank.verify import verify
from timebank.writer import post_transfer, record_transfer, void_transfer

ROOT = Path(__file__).resolve().parents[2]


def test_terminated_backends_under_load_lose_nothing_and_double_nothing(bank: Bank) -> None:
    load = Load(bank)
    cut: list[int] = []

    def keep_writing(writer: int) -> None:
        for number in range(25):
            key = f"w{writer}-{number}"
            while True:
                try:
                    bank.earn(key, 1, to=bank.club)
                    break
                except DBAPIError:
                    load.unknown.add(key)

    def terminate() -> None:
        kill = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND usename = current_user ORDER BY random() LIMIT 1"
        )
        while not load.stopped.is_set():
            with bank.setup.connect() as connection:
                cut.extend(connection.execute(kill).scalars())
            time.sleep(0.02)

    killer = threading.Thread(target=terminate)
    killer.start()
    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(keep_writing, range(3)))
    finally:
        load.stopped.set()
        killer.join()
    for engine in (bank.app, bank.jobs, bank.setup):
        engine.dispose()
    assert cut and load.unknown, "no connection was cut: the test shows nothing"
    assert len(load.stored()) == 75
    assert posted(bank, bank.club) == 75


def asks_until_answered(bank: Bank, key_of: Callable[[int], str]) -> None:
    """A client whose first two answers are lost after the commit."""
    for attempt in range(3):
        bank.earn(key_of(attempt), 60)


def test_a_lost_answer_asked_for_again_changes_nothing(bank: Bank) -> None:
    asks_until_answered(bank, lambda attempt: "visit-17")
    assert posted(bank, bank.li) == 60


def test_the_twin_whose_retries_have_new_keys_pays_three_times(bank: Bank) -> None:
    asks_until_answered(bank, lambda attempt: f"visit-17-{attempt}")
    assert posted(bank, bank.li) == 180


def test_answers_that_come_late_doubled_and_in_another_order_give_the_same_books(bank: Bank) -> None:
    dice = random.Random(4)
    asked = [(f"k{n}", 10 + n) for n in range(8)] * 3
    dice.shuffle(asked)
    assert together(*[lambda a=a: bank.earn(*a, to=bank.club).id for a in asked])
    assert posted(bank, bank.club) == sum(10 + n for n in range(8))


def mutate(bank: Bank, *statements: str) -> None:
    """Take a lock or a check out of the writer."""
    bank.tampered = True
    with bank.setup.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


WRITER = "record_transfer"
"""Its body takes its locks itself; the other acts take them through lock_accounts."""
ROW_LOCK = " FOR NO KEY UPDATE"
EARLIER, LATER = (f"p_debit_account_id {sign} p_credit_account_id" for sign in ("<", ">="))
LEDGER_LOCK = "pg_advisory_xact_lock_shared(timebank.ledger_lock_number(p_ledger)) IS NOT NULL"
SECOND = "  SELECT * INTO c FROM"
NO_ACCOUNT_LOCK = """
CREATE OR REPLACE FUNCTION timebank.lock_accounts(p_ledger bigint, p_account_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_advisory_xact_lock_shared(timebank.ledger_lock_number(p_ledger));
END $$"""


def rewrite(bank: Bank, function: str, *changes: tuple[str, str]) -> str:
    """Give the statement that puts other words into a function of the writer."""
    ask = text("SELECT pg_get_functiondef(CAST(:name AS regproc))")
    with bank.setup.connect() as connection:
        source: str = connection.execute(ask, {"name": f"timebank.{function}"}).scalar_one()
    for old, new in changes:
        assert old in source, f"{function} has no {old!r} to take out"
        source = source.replace(old, new)
    return source.replace("%", "%%")


def slow_writer(bank: Bank) -> str:
    """Let a writer stop between reading the balances and writing."""
    return rewrite(bank, "write_transfer", ("  t.id := nextval", "  PERFORM pg_sleep(0.4);\n  t.id := nextval"))


def volunteer(bank: Bank) -> int:
    """Open another volunteer's account with 100 minutes."""
    make = text("SELECT timebank.open_account(:now, :ledger, 'volunteer', 0)")
    friend: int = bank.act(lambda s: s.execute(make, {"now": NOON, "ledger": bank.ledger}).scalar_one())
    bank.earn(f"start {friend}", 100, to=friend)
    return friend


def breaks(work: Callable[[], Any]) -> str:
    """Give the name or SQLSTATE of what a piece of work died of, or ""."""
    try:
        work()
    except errors.TimebankError as refusal:
        return type(refusal).__name__
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", "") or "lost"
    return ""


@pytest.mark.broken_ledger
def test_the_twin_that_locks_unsorted_waits_in_a_circle(bank: Bank) -> None:
    one, other = volunteer(bank), volunteer(bank)
    unsorted = ((EARLIER, "true"), (LATER, "false"))
    mutate(bank, rewrite(bank, WRITER, *unsorted, (SECOND, "  PERFORM pg_sleep(0.4);\n" + SECOND)))
    died = together(
        lambda: breaks(lambda: bank.move("x", one, other, "gift", 1)),
        lambda: breaks(lambda: bank.move("y", other, one, "gift", 1)),
    )
    assert "40P01" in died
    print("mutant: locks in the order of arguments -> killed, opposed gifts deadlock")


@pytest.mark.broken_ledger
def test_the_twin_without_the_account_lock_breaks_the_chain_and_the_guard_sees_it(bank: Bank) -> None:
    mutate(bank, rewrite(bank, WRITER, (ROW_LOCK, "")), slow_writer(bank))
    died = together(*[lambda n=n: breaks(lambda: bank.earn(f"k{n}", 10)) for n in range(2)])
    assert sorted(died) == ["", "AppendOnly"]
    print("mutant: no lock on accounts -> killed, two entries take one place in the chain")


@pytest.mark.broken_ledger
def test_the_twin_without_lock_and_index_resolves_a_transfer_twice(bank: Bank) -> None:
    waiting = bank.move("v", bank.issuance, bank.pool, "grant", 60, pending=True)
    mutate(bank, NO_ACCOUNT_LOCK, slow_writer(bank), "DROP INDEX timebank.transfer_single_resolution_key")
    died = together(
        lambda: breaks(lambda: bank.act(lambda s: post_transfer(s, NOON, waiting.id, "yes"))),
        lambda: breaks(lambda: bank.act(lambda s: void_transfer(s, NOON, waiting.id, "time is out"))),
    )
    assert died == ["", ""]
    assert not bank.verify().ok
    print("mutant: no single resolution -> killed, posted and voided both")


@pytest.mark.broken_ledger
def test_the_twin_without_the_ledgers_lock_loses_minutes_in_a_snapshot(bank: Bank) -> None:
    mutate(bank, rewrite(bank, WRITER, (LEDGER_LOCK, "true")))
    with Session(bank.app) as slow, slow.begin():
        args = {"ledger": bank.ledger, "debit_account_id": bank.issuance, "credit_account_id": bank.pool}
        record_transfer(slow, NOON, key="slow", entry_type="grant", minutes=60, **args)
        bank.move("quick", bank.issuance, bank.pool, "grant", 30)
        bank.act(lambda s: take_snapshots(s, NOON, bank.ledger), bank.jobs)
    assert posted(bank, bank.pool) == 30
    assert not bank.verify().ok
    print("mutant: no lock on the ledger -> killed, a snapshot misses a writer half way through")


def dump(bank: Bank, file: Path) -> None:
    """Back up the bank's database."""
    dsn = bank.database.url("setup").set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run(["pg_dump", "-Fc", "-f", str(file), dsn], check=True, capture_output=True)


@contextmanager
def restored(bank: Bank, file: Path) -> Iterator[Engine]:
    """Restore a backup into a database of its own; dropped afterwards."""
    dsn = bank.database.url("setup").set(drivername="postgresql")
    name = f"{bank.database.name}_again"
    with psycopg.connect(dsn.set(database="postgres").render_as_string(hide_password=False), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
        engine = create_engine(bank.database.url("setup").set(database=name))
        try:
            target = dsn.set(database=name).render_as_string(hide_password=False)
            subprocess.run(["pg_restore", "-d", target, str(file)], check=True, capture_output=True)
            yield engine
        finally:
            engine.dispose()
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]


def hold_against(bank: Bank, engine: Engine, root: str) -> list[str]:
    """Hold restored books against the seal kept outside and against the books they came from; give what differs."""
    with Session(engine) as session, session.begin():
        checked = verify(session)
        kept = session.execute(text("SELECT encode(root, 'hex') FROM timebank.seal WHERE seal_number = 1")).scalar()
        again = seal_ledger(session, NOON, bank.ledger).root
    ours = bank.act(lambda s: seal_ledger(s, NOON, bank.ledger), bank.jobs).root
    found = {"verify": checked.ok, "seal": kept == root, "root": again == ours}
    return [name for name, holds in found.items() if not holds]


def test_a_backup_restored_elsewhere_gives_the_same_root(bank: Bank, tmp_path: Path) -> None:
    bank.earn("k", 60)
    bank.move("g", bank.li, bank.wang, "gift", 20)
    sealed = bank.act(lambda s: seal_ledger(s, NOON, bank.ledger), bank.jobs)
    dump(bank, tmp_path / "books.dump")
    with restored(bank, tmp_path / "books.dump") as engine:
        assert hold_against(bank, engine, sealed.root) == []


FALSIFIED = {
    "one minute more on the way": (
        "UPDATE timebank.transfer SET coin_minutes = 61 WHERE key = 'k'",
        ["verify", "root"],
    ),
    "an entry lost on the way, and its balance put right": (
        "DELETE FROM timebank.transfer WHERE key = 'g';"
        " UPDATE timebank.balance SET posted = 0, last_seq = 0 WHERE account_id = {wang};"
        " UPDATE timebank.balance SET posted = 60, last_seq = 1 WHERE account_id = {li}",
        ["verify", "root"],
    ),
}


@pytest.mark.parametrize("how", FALSIFIED)
def test_the_twin_whose_restore_was_falsified_is_seen(bank: Bank, tmp_path: Path, how: str) -> None:
    statement, seen = FALSIFIED[how]
    bank.earn("k", 60)
    bank.move("g", bank.li, bank.wang, "gift", 20)
    sealed = bank.act(lambda s: seal_ledger(s, NOON, bank.ledger), bank.jobs)
    dump(bank, tmp_path / "books.dump")
    with restored(bank, tmp_path / "books.dump") as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(statement.format(wang=bank.wang, li=bank.li))
        assert hold_against(bank, engine, sealed.root) == seen
    print(f"twin: {how} -> seen by {', '.join(seen)}")


def test_the_twin_restored_from_yesterday_holds_in_itself_and_not_against_the_seal(bank: Bank, tmp_path: Path) -> None:
    bank.earn("k", 60)
    dump(bank, tmp_path / "yesterday.dump")
    bank.move("g", bank.li, bank.wang, "gift", 20)
    sealed = bank.act(lambda s: seal_ledger(s, NOON, bank.ledger), bank.jobs)
    with restored(bank, tmp_path / "yesterday.dump") as engine:
        assert hold_against(bank, engine, sealed.root) == ["seal", "root"]
    print("twin: restored from yesterday's backup -> seen by the seal outside, not by verify")
