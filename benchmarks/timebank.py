"""How many volunteer hours a second the ledger can book, beside pgbench's TPC-B on the same durable server.

Both sides are driven by `pgbench -c 8 -j 2 -M prepared` in three interleaved rounds after a warm-up, medians. Ours
runs as `yinling_app` through the one writer with every rule on. The server is founded for this run, with fsync and
synchronous commits on; where that cannot be (no PostgreSQL programs), the server of DATABASE_URL is used and the
rows say whether it is durable. Seconds a round: YINLING_BENCH_SECONDS (60). How it grows: `random` again, beside
TPC-B again, with 10 thousand and 1 million entries already in the books, and with 10 million when
YINLING_BENCH_LARGE=1.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict

import psycopg
from psycopg import sql
from sqlalchemy import URL, create_engine, make_url
from sqlmodel import Session

from benchmarks import own_server
from benchmarks.harness import Row
from benchmarks.timebank_books import fill, sums
from timebank.verify import verify

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
CLIENTS = 8
ACCOUNTS = 1000
LEDGER = 320100000000000
TPC_B = "pgbench TPC-B, scale 10"

SCRIPTS = {
    "random": r"""
\set a random(0, 999)
\set b (:a + 1 + random(0, 998)) % 1000
\set k random(1, 9000000000000000000)
SELECT timebank.record_transfer(now(), :ledger, :k::text, :first::bigint + :a::bigint, :first::bigint + :b::bigint, 'gift', 1);
""",
    "hot": r"""
\set a random(0, 999)
\set k random(1, 9000000000000000000)
SELECT timebank.record_transfer(now(), :ledger, :k::text, :issuance, :first::bigint + :a::bigint, 'earn', 1);
""",
    "batch100": r"""
\set k random(1, 9000000000000000000)
\set s random(0, 999)
SELECT count(*) FROM timebank.record_transfers(now(), (SELECT jsonb_agg(jsonb_build_object('ledger', :ledger::bigint, 'key', :k::text || '-' || n, 'debit_account_id', :issuance::bigint, 'credit_account_id', :first::bigint + (:s::bigint + n * 7) % 1000, 'entry_type', 'earn', 'coin_minutes', 1)) FROM generate_series(1, 100) AS n));
""",
}


class Measured(TypedDict):
    """What one pgbench run gave."""

    per_second: float
    p99_ms: float


def _dsn(url: URL, database: str) -> str:
    return url.set(drivername="postgresql", database=database).render_as_string(hide_password=False)


def _pgbench(dsn: str, seconds: int, script: Path | None, values: dict[str, int], role: str | None) -> Measured:
    """Run one round in a directory of its own and read its log of single latencies."""
    with tempfile.TemporaryDirectory() as directory:
        command = ["pgbench", "-n", "-c", str(CLIENTS), "-j", "2", "-M", "prepared", "-T", str(seconds), "-l"]
        command += [part for name, value in values.items() for part in ("-D", f"{name}={value}")]
        command += ["-f", str(script)] if script else ["-b", "tpcb-like"]
        env = os.environ | ({"PGOPTIONS": f"-c role={role}"} if role else {})
        done = subprocess.run([*command, dsn], cwd=directory, env=env, capture_output=True, text=True, check=True)
        latencies = sorted(int(line.split()[2]) for log in Path(directory).glob("pgbench_log*") for line in log.open())
    tps = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return Measured(per_second=float(tps.split()[2]), p99_ms=latencies[int(len(latencies) * 0.99)] / 1000)


def _furnish(dsn: str) -> dict[str, int]:
    """Open the accounts and give every volunteer a month of minutes; give the numbers the scripts need."""
    with psycopg.connect(dsn) as connection:
        opened: Any = connection.execute("SELECT timebank.open_account(now(), %s, 'issuance')", [LEDGER]).fetchone()
        accounts = connection.execute(
            "SELECT timebank.open_account(now(), %s, 'volunteer', 0, 1000000000) FROM generate_series(1, %s)",
            [LEDGER, ACCOUNTS],
        ).fetchall()
        first = min(row[0] for row in accounts)
        connection.execute(
            "SELECT timebank.record_transfer(now(), %s, 'start ' || n, %s, %s + n, 'earn', 1000000)"
            " FROM generate_series(0, %s) AS n",
            [LEDGER, opened[0], first, ACCOUNTS - 1],
        )
    return {"ledger": LEDGER, "issuance": opened[0], "first": first}


def _migrate(url: URL, database: str) -> None:
    env = os.environ | {"DATABASE_URL": _dsn(url, database)}
    program = "from services.migrating import upgrade; upgrade()"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, check=True)


def _measure(url: URL, name: str, seconds: int) -> list[Row]:
    """Interleave all cases for some rounds, then let the books grow; give every line."""
    ours, theirs = _dsn(url, f"{name}_ours"), _dsn(url, f"{name}_tpcb")
    subprocess.run(["pgbench", "-i", "-q", "-s", "10", theirs], check=True, capture_output=True)
    _migrate(url, f"{name}_ours")
    values = _furnish(ours)
    with psycopg.connect(_dsn(url, "postgres"), autocommit=True) as server:
        names = sql.Identifier(f"{name}_grown"), sql.Identifier(f"{name}_ours")
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    rounds: dict[str, list[Measured]] = {case: [] for case in ("tpcb", *SCRIPTS)}
    with tempfile.TemporaryDirectory() as directory:
        files = {case: Path(directory) / f"{case}.sql" for case in SCRIPTS}
        for case, file in files.items():
            file.write_text(SCRIPTS[case], encoding="utf-8")
        for number in range(ROUNDS + 1):
            span = seconds if number else max(2, seconds // 4)
            made = {"tpcb": _pgbench(theirs, span, None, {}, None)}
            made |= {case: _pgbench(ours, span, files[case], values, "yinling_app") for case in SCRIPTS}
            for case in rounds if number else ():
                rounds[case].append(made[case])
        rows = _table(rounds, *_size(ours))
        return rows + _growth(url, name, files["random"], values, max(2, seconds // 3))


def _size(dsn: str) -> tuple[float, int, str]:
    """Give bytes a transfer (table and indexes), how many there are, and whether the server is durable."""
    with psycopg.connect(dsn) as connection:
        found: Any = connection.execute(
            "SELECT pg_total_relation_size('timebank.transfer'), count(*), current_setting('fsync') || '/'"
            " || current_setting('synchronous_commit') FROM timebank.transfer"
        ).fetchone()
    return found[0] / found[1], found[1], found[2]


def _growth(url: URL, name: str, script: Path, values: dict[str, int], seconds: int) -> list[Row]:
    """Grow one bank's books from size to size and measure them beside TPC-B again, in the same minutes.

    The books are loaded true, vacuumed and checkpointed first, as an old bank's are; and a round that does not
    count comes first, for after a checkpoint every page is written whole once, at any size.
    """
    sizes = [10_000, 1_000_000] + ([10_000_000] if os.environ.get("YINLING_BENCH_LARGE") == "1" else [])
    ours, theirs = _dsn(url, f"{name}_grown"), _dsn(url, f"{name}_tpcb")
    rows = []
    for size in sizes:
        began = time.perf_counter()
        with psycopg.connect(ours, autocommit=True) as connection:
            fill(connection, values, ACCOUNTS, size)
            loaded = time.perf_counter() - began
            connection.execute("SELECT timebank.take_snapshots(now(), %s)", [LEDGER])
            rows += _reads(connection, ours, values, size)
        rows.append(Row(case=f"load to {size}", value=round(loaded, 1), unit="s", against=None, ratio=None))
        limits, made = [], []
        for number in range(ROUNDS + 1):
            limits.append(_pgbench(theirs, seconds, None, {}, None))
            made.append(_pgbench(ours, seconds, script, values, "yinling_app"))
            if not number:
                limits, made = [], []
        limit, rate = (statistics.median(one["per_second"] for one in runs) for runs in (limits, made))
        p99 = statistics.median(one["p99_ms"] for one in made)
        rows += [
            Row(case=f"random at {size}", value=round(rate, 1), unit="transfers/s", against=TPC_B,
                ratio=round(rate / limit, 3)),
            Row(case=f"random at {size} p99", value=round(p99, 2), unit="ms", against=None, ratio=None),
        ]  # fmt: skip
    return rows


def _reads(connection: psycopg.Connection[Any], dsn: str, values: dict[str, int], size: int) -> list[Row]:
    """Measure a statement page and the hot balance, and let the books show that they are true.

    All checks of `timebank verify` up to a million entries; beyond, the sums that must agree.
    """
    entries, issued, held = sums(connection)
    if issued != held:
        raise RuntimeError(f"{issued} minutes were issued and {held} are held")
    spent = {
        "statement page": _fastest(
            connection,
            "SELECT * FROM timebank.read_entries(%s, now() - interval '1 day', now() + interval '1 day')",
            values["first"],
        ),
        "hot balance": _fastest(connection, "SELECT * FROM timebank.read_balance(%s)", values["issuance"]),
    }
    told = f"ms with {entries} entries"
    rows = [Row(case=f"{what} at {size}", value=ms, unit=told, against=None, ratio=None) for what, ms in spent.items()]
    bytes_each, _, _ = _size(dsn)
    told = f"bytes (table and indexes; {issued} minutes issued = {held} held)"
    rows.append(
        Row(case=f"size of a transfer at {size}", value=round(bytes_each, 1), unit=told, against=None, ratio=None)
    )
    if size <= 1_000_000:
        began = time.perf_counter()
        engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn))
        with Session(engine) as session:
            checked = verify(session)
        engine.dispose()
        if not checked.ok:
            raise RuntimeError(f"the loaded books do not hold: {checked.first_bad}")
        spent_s = round(time.perf_counter() - began, 1)
        rows.append(Row(case=f"verify at {size}", value=spent_s, unit="s, holds", against=None, ratio=None))
    return rows


def _fastest(connection: psycopg.Connection[Any], statement: Any, account: int) -> float:
    """Give the median milliseconds of seven calls."""
    spent = []
    for _ in range(7):
        began = time.perf_counter()
        connection.execute(statement, [account]).fetchall()
        spent.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(spent), 3)


@contextmanager
def _server() -> Iterator[URL]:
    """Give a durable server of our own, or the one in DATABASE_URL where there can be none."""
    if own_server.missing():
        yield make_url(os.environ["DATABASE_URL"])
        return
    server = own_server.own_server(shared_buffers="256MB", max_wal_size="4GB", jit="off")
    try:
        yield server.url
    finally:
        server.close()


def run() -> list[Row]:
    """Measure transfers a second: random accounts, one hot issuance account, batches of 100; size and growth.

    Empty when pgbench is not on this machine.
    """
    if not shutil.which("pgbench"):
        return []
    seconds = int(os.environ.get("YINLING_BENCH_SECONDS", "60"))
    name = f"yl_bench_{uuid.uuid4().hex[:8]}"
    with _server() as url, psycopg.connect(_dsn(url, "postgres"), autocommit=True) as server:
        for part in ("ours", "tpcb"):
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"{name}_{part}")))
        try:
            return _measure(url, name, seconds)
        finally:
            for part in ("ours", "tpcb", "grown"):
                dropped = sql.Identifier(f"{name}_{part}")
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(dropped))


def _table(rounds: dict[str, list[Measured]], bytes_each: float, written: int, durable: str) -> list[Row]:
    limit = statistics.median(one["per_second"] for one in rounds["tpcb"])
    unit = f"transactions/s (fsync/synchronous_commit {durable})"
    rows = [Row(case="tpcb", value=round(limit, 1), unit=unit, against=None, ratio=None)]
    for case in SCRIPTS:
        a_call = 100 if case == "batch100" else 1
        rate = statistics.median(one["per_second"] for one in rounds[case]) * a_call
        rows.append(
            Row(case=case, value=round(rate, 1), unit="transfers/s", against=TPC_B, ratio=round(rate / limit, 3))
        )
    for case in rounds:
        p99 = statistics.median(one["p99_ms"] for one in rounds[case])
        rows.append(Row(case=f"{case} p99", value=round(p99, 2), unit="ms", against=None, ratio=None))
    size = f"bytes (table and indexes, {written} transfers)"
    rows.append(Row(case="size of a transfer", value=round(bytes_each, 1), unit=size, against=None, ratio=None))
    return rows
