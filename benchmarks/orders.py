"""How many orders a second can be placed, over HTTP and in-process, beside pgbench's TPC-B on the same durable server.

A server founded for this run (fsync, synchronous commits); a town of elders with its market. In turns: `pgbench -c 8
-j 2 -M prepared` on TPC-B at scale 10; two processes of four threads that place orders through services.orders with
every rule, guard, event, act and promised job; eight clients that place them over HTTP through one uvicorn, signed in.
YINLING_BENCH_SECONDS (5) a round, YINLING_BENCH_ORDER_ELDERS (5,000).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from benchmarks import own_server
from benchmarks.graphs.town import CITY, ROOT, Town, town
from benchmarks.harness import Row, row
from benchmarks.match import environment
from benchmarks.serving.app import Served, served
from benchmarks.serving.load import Answers, ask, at_once
from benchmarks.serving.market import Asker, furnish
from benchmarks.serving.placing import place_for_seconds, wishes_of
from geo.kernels import warm_up

ROUNDS = 3
CLIENTS, PROCESSES = 8, 2
MOST_A_SECOND = 900
TPC_B, INSIDE, HTTP = "pgbench TPC-B, scale 10", "orders placed in-process", "orders placed over HTTP"


@contextmanager
def _durable() -> Iterator[tuple[str, str]]:
    """Give the address of a durable server of our own, or of DATABASE_URL's where there can be none, and which it is."""
    if own_server.missing():
        yield os.environ["DATABASE_URL"], "the server of DATABASE_URL"
        return
    server = own_server.own_server(shared_buffers="256MB", max_wal_size="4GB", jit="off", max_connections="100")
    given = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = server.dsn
    try:
        yield server.dsn, "fsync and synchronous commits on"
    finally:
        os.environ["DATABASE_URL"] = given
        server.close()


def _tpcb(dsn: str, seconds: float) -> tuple[float, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "pgbench",
            "-n",
            "-c",
            str(CLIENTS),
            "-j",
            "2",
            "-M",
            "prepared",
            "-T",
            str(round(seconds)),
            "-l",
            dsn,
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        spent = [int(line.split()[2]) / 1e6 for log in Path(folder).glob("pgbench_log*") for line in log.open()]
    tps = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(tps.split()[2]), spent


class _Placing:
    """Draws wishes that nobody has had, and places them both ways."""

    def __init__(self, here: Town, askers: list[Asker], server: Served, pool: ProcessPoolExecutor) -> None:
        self.address, self.server, self.pool = environment(here)["DATABASE_URL"], server, pool
        with here.engine.connect() as connection:
            self.elders = list(connection.execute(text("SELECT person_id FROM elder ORDER BY 1")).scalars())
            lines = connection.execute(text("SELECT service_code, provider_id FROM service_line ORDER BY 1, 2")).all()
        self.providers: dict[str, list[int]] = {}
        for line in lines:
            self.providers.setdefault(line.service_code, []).append(line.provider_id)
        self.askers = {one.elder_id: one for one in askers}
        self.seed = 0

    def inside(self, seconds: float) -> tuple[float, list[float]]:
        """Orders a second and the seconds of each, by processes of ours."""
        self.seed += 1
        mine = [elder for elder in self.elders if elder not in self.askers]
        begin_at = time.time() + 1.0
        shares = [mine[part::PROCESSES] for part in range(PROCESSES)]
        many = int(MOST_A_SECOND * (seconds + 1) / PROCESSES)
        jobs = [
            self.pool.submit(place_for_seconds, self.address, wishes_of(share, self.providers, self.seed * 10 + part, many),
                             CLIENTS // PROCESSES, seconds, begin_at)
            for part, share in enumerate(shares)
        ]  # fmt: skip
        spent = [second for job in jobs for second in job.result()]
        return len(spent) / seconds, spent

    def over_http(self, seconds: float) -> tuple[float, list[float]]:
        """Orders a second and the seconds of each, by clients of the server."""
        self.seed += 1
        wishes = wishes_of(sorted(self.askers), self.providers, self.seed * 10 + 9, int(MOST_A_SECOND * (seconds + 1)))
        asks = []
        for number, wish in enumerate(wishes):
            start, end = wish["starts_at"], wish["ends_at"]
            body = wish | {"starts_at": start.isoformat(), "ends_at": end.isoformat()}  # type: ignore[attr-defined]
            token = self.askers[int(str(wish["elder_id"]))].token
            asks.append(
                ask("POST", "/api/v1/orders", token, body, {"Idempotency-Key": f"bench-http-{self.seed}-{number}"})
            )
        answers: Answers = at_once(self.server.port, asks, clients=CLIENTS, seconds=seconds)
        if set(answers.statuses) - {201, 409}:
            raise RuntimeError(f"orders were refused: {answers.statuses} {answers.first_bad}")
        return answers.statuses.get(201, 0) / answers.spent, answers.seconds


def _table(rounds: dict[str, list[tuple[float, list[float]]]], durable: str) -> list[Row]:
    rate = {name: statistics.median(one[0] for one in made) for name, made in rounds.items()}
    rows = [row(f"{TPC_B} ({durable})", rate[TPC_B], "transactions/s")]
    rows += [row(name, rate[name], "orders/s", TPC_B, rate[name] / rate[TPC_B]) for name in (INSIDE, HTTP)]
    for name, made in rounds.items():
        for word, part in (("median", 0.5), ("99 %", 0.99)):
            value = statistics.median(sorted(one[1])[int(len(one[1]) * part)] for one in made)
            rows.append(row(f"{name}: {word}", value * 1e3, "ms"))
    return rows


def _prove(here: Town) -> None:
    """Raise RuntimeError unless every order has its log, act and promised jobs, and money adds up."""
    with here.engine.connect() as connection:
        wrong: Any = connection.execute(
            text(
                "SELECT count(*) FROM care_order o WHERE o.idempotency_key LIKE 'bench-%' AND NOT ("
                " EXISTS (SELECT FROM order_event e WHERE e.order_id = o.id AND e.kind = 'placed')"
                " AND EXISTS (SELECT FROM act a WHERE a.subject_id = o.id AND a.verb = 'place_order')"
                " AND EXISTS (SELECT FROM outbox b WHERE b.key = 'matching.offer_next/' || o.id || '/placed')"
                " AND o.government_fen = COALESCE((SELECT sum(u.amount_fen) FROM entitlement_use u WHERE u.order_id = o.id), 0))"
            )
        ).scalar_one()
    if wrong:
        raise RuntimeError(f"{wrong} orders were placed without all that belongs to them")


def run() -> list[Row]:
    """Order placement beside TPC-B; empty without pgbench or DATABASE_URL."""
    if not shutil.which("pgbench") or not os.environ.get("DATABASE_URL"):
        return []
    warm_up()
    seconds = float(os.environ.get("YINLING_BENCH_SECONDS", "5"))
    elders = int(os.environ.get("YINLING_BENCH_ORDER_ELDERS", "5000"))
    with _durable() as (dsn, durable), town(elders, 200, elders) as here:
        with here.engine.begin() as connection:
            askers = furnish(connection, CITY, orders_a_provider=60)
        with here.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        limit = _limit(dsn)
        log = ROOT / ".local" / "bench" / "orders.log"
        spawn = multiprocessing.get_context("spawn")
        with served(environment(here), log) as server, ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
            placing = _Placing(here, askers, server, pool)
            rounds: dict[str, list[tuple[float, list[float]]]] = {TPC_B: [], INSIDE: [], HTTP: []}
            for turn in range(ROUNDS + 1):
                span = seconds if turn else max(2.0, seconds / 2)
                made = {TPC_B: _tpcb(limit, span), INSIDE: placing.inside(span), HTTP: placing.over_http(span)}
                for name in rounds if turn else ():
                    rounds[name].append(made[name])
            _prove(here)
            return _table(rounds, durable)


def _limit(dsn: str) -> str:
    """Lay TPC-B at scale 10 in a database of its own on the same server; give its address."""
    server = make_url(dsn).set(drivername="postgresql+psycopg", database="postgres")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS yl_bench_tpcb WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE yl_bench_tpcb"))
    engine.dispose()
    address = make_url(dsn).set(drivername="postgresql", database="yl_bench_tpcb").render_as_string(hide_password=False)
    subprocess.run(["pgbench", "-i", "-q", "-s", "10", address], check=True, capture_output=True)
    return address
