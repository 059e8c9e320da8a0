"""How many volunteer hours a second the ledger can book, beside pgbench's TPC-B on the same server.

Both sides are driven by pgbench: 8 clients, 2 threads, prepared statements, interleaved rounds after a
warm-up, medians. Ours runs as `yinling_app` through the one writer function with every rule on.
Seconds a round: YINLING_BENCH_SECONDS (20). Needs pgbench and a set-up login in DATABASE_URL.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any, TypedDict

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from benchmarks.harness import Row

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


def _measure(url: URL, name: str, seconds: int) -> tuple[dict[str, list[Measured]], float, int]:
    """Interleave all cases for some rounds; also give bytes a transfer and how many were written."""
    ours, theirs = _dsn(url, f"{name}_ours"), _dsn(url, f"{name}_tpcb")
    subprocess.run(["pgbench", "-i", "-q", "-s", "10", theirs], check=True, capture_output=True)
    _migrate(url, f"{name}_ours")
    values = _furnish(ours)
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
    with psycopg.connect(ours) as connection:
        size: Any = connection.execute(
            "SELECT pg_total_relation_size('timebank.transfer'), count(*) FROM timebank.transfer"
        ).fetchone()
    return rounds, size[0] / size[1], size[1]


def run() -> list[Row]:
    """Measure transfers a second: random accounts, one hot issuance account, batches of 100.

    Empty when pgbench is not on this machine.
    """
    if not shutil.which("pgbench"):
        return []
    url = make_url(os.environ["DATABASE_URL"])
    seconds = int(os.environ.get("YINLING_BENCH_SECONDS", "20"))
    name = f"yl_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(_dsn(url, "postgres"), autocommit=True) as server:
        durable: Any = server.execute("SELECT current_setting('fsync')").fetchone()
        for part in ("ours", "tpcb"):
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"{name}_{part}")))
        try:
            rounds, bytes_each, written = _measure(url, name, seconds)
        finally:
            for part in ("ours", "tpcb"):
                dropped = sql.Identifier(f"{name}_{part}")
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(dropped))
    return _table(rounds, bytes_each, written, durable[0])


def _table(rounds: dict[str, list[Measured]], bytes_each: float, written: int, fsync: str) -> list[Row]:
    limit = statistics.median(one["per_second"] for one in rounds["tpcb"])
    rows = [Row(case="tpcb", value=round(limit, 1), unit="transactions/s", against=None, ratio=None)]
    for case in SCRIPTS:
        a_call = 100 if case == "batch100" else 1
        rate = statistics.median(one["per_second"] for one in rounds[case]) * a_call
        rows.append(
            Row(case=case, value=round(rate, 1), unit="transfers/s", against=TPC_B, ratio=round(rate / limit, 3))
        )
    for case in rounds:
        p99 = statistics.median(one["p99_ms"] for one in rounds[case])
        rows.append(Row(case=f"{case} p99", value=round(p99, 2), unit="ms", against=None, ratio=None))
    size = f"bytes (table and indexes, {written} transfers, fsync {fsync})"
    rows.append(Row(case="size of a transfer", value=round(bytes_each, 1), unit=size, against=None, ratio=None))
    return rows
