"""Who can come: match requests over HTTP in a town of 100,000 elders and 1,000 providers, beside bare routes.

The product's own route through uvicorn as `bin/run` starts it (one process), under row-level security, half of it
asked by daughters for their mothers and half by phone operators of the city. In turns with it: a route of the same
application that is async and does nothing, and a signed-in one that opens the unit of work and runs SELECT 1. The
server's processor time a request stands beside the rates, for a machine that others use. The statement itself runs
by `pgbench -M prepared` as yinling_app beside a bare SELECT 1. YINLING_BENCH_ELDERS and YINLING_BENCH_SECONDS set sizes.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from benchmarks.graphs.town import CITY, ROOT, Town, town
from benchmarks.harness import Row, row
from benchmarks.serving.app import Served, served
from benchmarks.serving.load import Answers, Ask, ask, at_once, at_rate
from benchmarks.serving.market import SERVICES, Asker, furnish
from geo.kernels import warm_up
from services.catalogue.queries import service_by_code
from services.clock import SHANGHAI, civil_date
from services.matching.nearest import statement_of_nearest

ROUNDS = 5
CLIENTS = 8
SQL_LIMIT_MS = 0.5
HELLO, SIGNED_IN, MATCH = "async hello-world route", "signed-in route, SELECT 1", "match request"


@dataclass
class Round:
    """One round of one route: what came back and the server's processor time an answer, in milliseconds."""

    answers: Answers
    processor_ms: float


def window(days: int = 2, hour: int = 9) -> tuple[datetime, datetime]:
    """Give two hours of a coming day, Shanghai time."""
    day = datetime.now(UTC).astimezone(SHANGHAI) + timedelta(days=days)
    start = day.replace(hour=hour, minute=0, second=0, microsecond=0)
    return start, start + timedelta(hours=2)


def _asks(askers: list[Asker]) -> dict[str, list[Ask]]:
    chance = random.Random(7)
    family = [one for one in askers if one.role == "family"]
    office = [one for one in askers if one.role == "operator"]
    mixed = [
        one for pair in zip(chance.choices(family, k=1000), chance.choices(office, k=1000), strict=True) for one in pair
    ]
    codes = list(SERVICES)
    wishes = []
    for asker in mixed:
        start, end = window(chance.randint(1, 6), chance.randint(8, 16))
        wish = {"elder_id": asker.elder_id, "service_code": chance.choice(codes), "starts_at": start.isoformat(),
                "ends_at": end.isoformat()}  # fmt: skip
        wishes.append(ask("POST", "/api/v1/match", asker.token, wish))
    return {
        HELLO: [ask("GET", "/bench/hello")],
        SIGNED_IN: [ask("GET", "/bench/signed-in", asker.token) for asker in mixed],
        MATCH: wishes,
    }


def _round(server: Served, asks: list[Ask], seconds: float) -> Round:
    before = server.processor_seconds()
    answers = at_once(server.port, asks, clients=CLIENTS, seconds=seconds)
    spent = server.processor_seconds() - before
    if set(answers.statuses) != {200}:
        raise RuntimeError(f"answers were not all 200: {answers.statuses} {answers.first_bad}")
    return Round(answers, spent / len(answers.seconds) * 1e3)


def over_http(server: Served, askers: list[Asker], seconds: float) -> list[Row]:
    """Measure the three routes in turns; give rates, ratios, latencies and the split of the cost."""
    asks = _asks(askers)
    rounds: dict[str, list[Round]] = {name: [] for name in asks}
    names = list(asks)
    for turn in range(ROUNDS + 1):
        for name in names[turn % 3 :] + names[: turn % 3]:
            made = _round(server, asks[name], seconds if turn else seconds / 2)
            if turn:
                rounds[name].append(made)
    return _table(rounds) + _calm(server, asks[MATCH], rounds)


def _median(rounds: list[Round], of: Any) -> float:
    return statistics.median(of(one) for one in rounds)


def _table(rounds: Mapping[str, list[Round]]) -> list[Row]:
    rate = {name: _median(made, lambda one: one.answers.per_second) for name, made in rounds.items()}
    cost = {name: _median(made, lambda one: one.processor_ms) for name, made in rounds.items()}
    rows = [row(name, rate[name], "requests/s") for name in (HELLO, SIGNED_IN)]
    rows += [row(MATCH, rate[MATCH], "requests/s", base, rate[MATCH] / rate[base]) for base in (HELLO, SIGNED_IN)]
    for name, made in rounds.items():
        for word, part in (("median", 0.5), ("99 %", 0.99)):
            value = _median(made, lambda one, part=part: one.answers.quantile_ms(part))
            rows.append(row(f"{name}: {word} with {CLIENTS} clients", value, "ms"))
    rows += [row(f"{name}: processor time of the server", cost[name], "ms") for name in rounds]
    rows += [row(f"{MATCH}: by processor time", cost[MATCH], "ms", base, cost[base] / cost[MATCH])
             for base in (HELLO, SIGNED_IN)]  # fmt: skip
    parts = {"framework": cost[HELLO], "sign-in, unit of work, thread": cost[SIGNED_IN] - cost[HELLO],
             "ours": cost[MATCH] - cost[SIGNED_IN]}  # fmt: skip
    return rows + [
        row(f"of a match request: {name}", part, "ms", MATCH, part / cost[MATCH]) for name, part in parts.items()
    ]


def _calm(server: Served, asks: list[Ask], rounds: Mapping[str, list[Round]]) -> list[Row]:
    """Latencies at half of what it carries, timed from when each request was due."""
    rate = _median(rounds[MATCH], lambda one: one.answers.per_second) / 2
    answers = at_rate(server.port, asks, per_second=rate, seconds=5.0)
    name = f"{MATCH}: at {rate:.0f} a second"
    return [row(f"{name}, {word}", answers.quantile_ms(part), "ms") for word, part in (("median", 0.5), ("99 %", 0.99))]


def in_sql(here: Town) -> list[Row]:
    """Milliseconds of the statement alone, prepared, as the application's login under row-level security, in turns."""
    start, end = window()
    with Session(here.engine) as session:
        service = service_by_code(session, "home_bath", civil_date(start))
        now = datetime.now(UTC)
        statement, values = statement_of_nearest(session, now, CITY, service, start, end)
        low, high = session.connection().execute(text("SELECT min(person_id), max(person_id) FROM elder")).one()
    asked = f"\\set person random({low}, {high})\n{' '.join(_spelled(statement, values).split())};\n"
    options = {"lo": CITY, "hi": CITY + 10**11 - 1, "role": "operator", "person_id": "", "provider_id": ""}
    scripts = {"a bare SELECT 1": "SELECT 1;\n", MATCH: asked}
    taken = [{name: _pgbench_median(here, script, options) for name, script in scripts.items()} for _ in range(ROUNDS)]
    bare, found = (statistics.median(one[name] for one in taken) for name in scripts)
    return [
        row("a bare SELECT 1 by pgbench, median", bare, "ms"),
        row("who can come, by pgbench, median", found, "ms", "the limit of 0.5 ms", found / SQL_LIMIT_MS),
    ]


def _spelled(statement: str, values: Mapping[str, Any]) -> str:
    """Write the values into the statement but for :person, which pgbench draws."""
    for name in sorted(values, key=len, reverse=True):
        value = values[name]
        if name == "person":
            continue
        if isinstance(value, bool):
            known = str(value).lower()
        elif isinstance(value, list):
            known = "'{" + ",".join(map(str, value)) + "}'"
        elif isinstance(value, (int, float)):
            known = repr(value)
        else:
            known = f"'{value}'"
        statement = statement.replace(f":{name}", known)
    return statement


def _pgbench_median(here: Town, script: str, who: Mapping[str, object]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.sql"
        file.write_text(script)
        url = here.url.set(drivername="postgresql").render_as_string(hide_password=False)
        command = ["pgbench", "-n", "-c", "1", "-M", "prepared", "-T", "3", "-l", "-f", str(file), url]
        options = " ".join(["-c role=yinling_app", *(f"-c app.{name}={value}" for name, value in who.items())])
        subprocess.run(command, cwd=folder, env=os.environ | {"PGOPTIONS": options}, check=True, capture_output=True)
        spent = [int(line.split()[2]) for log in Path(folder).glob("pgbench_log*") for line in log.open()]
    return statistics.median(spent[len(spent) // 10 :]) / 1e3


def environment(here: Town) -> dict[str, str]:
    """What the server needs to serve this town, as bin/run sets it."""
    address = here.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {"DATABASE_URL": address, "YINLING_DEMONSTRATION": "1"}


def run() -> list[Row]:
    """Match requests over HTTP and in SQL; empty without DATABASE_URL."""
    if not os.environ.get("DATABASE_URL"):
        return []
    warm_up()
    elders = int(os.environ.get("YINLING_BENCH_ELDERS", "100000"))
    seconds = float(os.environ.get("YINLING_BENCH_SECONDS", "3"))
    with town(elders, max(20, elders // 100), int(elders * 0.9)) as here:
        with here.engine.begin() as connection:
            askers = furnish(connection, CITY, orders_a_provider=60)
        with here.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        rows = in_sql(here) if shutil.which("pgbench") else []
        with served(environment(here), ROOT / ".local" / "bench" / "match.log") as server:
            return rows + over_http(server, askers, seconds)
