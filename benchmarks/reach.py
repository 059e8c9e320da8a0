"""What waits on the reach table: who can walk to this elder, and coverage after a facility changed.

A town of 100,000 elders, 1,000 facilities and 90,000 crossings is laid in a database of its own and judged once.
The look-up is the statement of services/circles/queries.who_reaches for elders taken at random, 15 minutes,
as the application's own role under row-level security for an officer of the city, over one connection: once by
`pgbench -M prepared` (what SQL takes, round trip included, beside a bare SELECT 1), once through our own function
and SQLAlchemy. The change is timed from the call to the committed transaction and the coverage read after it.
YINLING_BENCH_ELDERS sets the size.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

from benchmarks.graphs.town import CITY, NOW, Town, town
from benchmarks.harness import Row, row
from geo.kernels import warm_up
from services.circles.coverage import coverage
from services.circles.incremental import facility_changed
from services.circles.queries import statement_of_who_reaches, who_reaches
from services.unit_of_work import Actor, introduce

LOOK_UPS = 2000
SQL_SECONDS = 3
ROUNDS = 5
SQL_LIMIT_MS = 0.3
CHANGES = 8


def look_ups(here: Town) -> list[Row]:
    """Milliseconds of one look-up: median and 99th percentile, through the product's own function."""
    officer = Actor(person_id=None, role="officer", area_lo=CITY, area_hi=CITY + 10**11 - 1)
    with Session(here.engine) as session:
        picked = text("SELECT person_id FROM elder ORDER BY hashint8(person_id) LIMIT :count")
        people = session.connection().execute(picked, {"count": LOOK_UPS}).scalars().all()
        session.connection().execute(text("SET ROLE yinling_app"))
        introduce(session, officer)
        connection = session.connection().connection.dbapi_connection
        assert connection is not None
        connection.prepare_threshold = 1
        spent, found = [], 0
        for number, person in enumerate(people):
            began = time.perf_counter()
            rows = who_reaches(session, person, "elder", 900.0)
            if number >= LOOK_UPS // 10:
                spent.append((time.perf_counter() - began) * 1e3)
            found += len(rows)
        session.rollback()
    name = f"who reaches an elder: {found / len(people):.1f} facilities on average"
    return [
        row(f"{name}, median", statistics.median(spent), "ms"),
        row(f"{name}, 99 %", statistics.quantiles(spent, n=100)[98], "ms"),
    ]


def look_ups_in_sql(here: Town) -> list[Row]:
    """Milliseconds of the statement alone, prepared, and of a bare SELECT 1, in turns: medians of the rounds' medians."""
    with Session(here.engine) as session:
        low, high = session.connection().execute(text("SELECT min(person_id), max(person_id) FROM elder")).one()
    statement, values = statement_of_who_reaches("elder", 900.0)
    for name, value in values.items():
        known = f"'{value}'::text" if isinstance(value, str) else f"{value}"
        statement = statement.replace(f":{name}", known)
    asked = f"\\set person random({low}, {high})\n{' '.join(statement.split())};\n"
    who = {"lo": CITY, "hi": CITY + 10**11 - 1, "role": "officer", "person_id": "", "provider_id": ""}
    options = " ".join(["-c role=yinling_app", *(f"-c app.{name}={value}" for name, value in who.items())])
    scripts = {"a bare SELECT 1": "SELECT 1;\n", "who reaches an elder: in SQL": asked}
    taken = [{name: _pgbench_median(here, script, options) for name, script in scripts.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(one[name] for one in taken) for name in scripts}
    bare, found = medians.values()
    name = "who reaches an elder: in SQL, by pgbench, median"
    return [
        row("a bare SELECT 1 by pgbench, median", bare, "ms"),
        row(name, found, "ms", "the limit of 0.3 ms", found / SQL_LIMIT_MS),
    ]


def _pgbench_median(here: Town, script: str, options: str) -> float:
    """Milliseconds: the median of one client's transactions, without the first tenth."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.sql"
        file.write_text(script)
        url = here.url.set(drivername="postgresql").render_as_string(hide_password=False)
        command = ["pgbench", "-n", "-c", "1", "-M", "prepared", "-T", str(SQL_SECONDS), "-l", "-f", str(file), url]
        env = os.environ | {"PGOPTIONS": options}
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
        spent = [int(line.split()[2]) for log in Path(folder).glob("pgbench_log*") for line in log.open()]
    return statistics.median(spent[len(spent) // 10 :]) / 1e3


def _change(here: Town, number: int, what: str, facts: dict[str, object]) -> tuple[float, float]:
    """Seconds until a change is committed, and until the city's coverage has been read again."""
    now = NOW + timedelta(minutes=number)
    with Session(here.engine) as session:
        facility = session.connection().execute(
            text(f"UPDATE facility SET {what} WHERE code = :code RETURNING id"), facts | {"code": f"F{number}"}
        )
        facility_id = facility.scalar_one()
        began = time.perf_counter()
        facility_changed(session, now, facility_id)
        session.commit()
        changed = time.perf_counter() - began
        coverage(session, CITY)
        return changed, time.perf_counter() - began


def changes(here: Town) -> list[Row]:
    """Milliseconds until coverage is right again after a facility closed, opened again, or moved a kilometre."""
    moved = "geom = ST_Translate(geom, 0.009, 0.0), original_lon = original_lon + 0.009"
    kinds: dict[str, Callable[[int], tuple[float, float]]] = {
        "closed": lambda n: _change(here, n, "status = 'closed', closed_on = :on", {"on": NOW.date()}),
        "opened": lambda n: _change(here, n, "status = 'open', closed_on = NULL", {}),
        "moved": lambda n: _change(here, n, moved, {}),
    }
    rows: list[Row] = []
    spent = {kind: [one(n) for n in range(CHANGES)][1:] for kind, one in kinds.items()}
    for kind, both in spent.items():
        rows.append(row(f"a facility {kind}: until committed", statistics.median(a for a, _ in both) * 1e3, "ms"))
        rows.append(
            row(f"a facility {kind}: until coverage is read", statistics.median(b for _, b in both) * 1e3, "ms")
        )
    return rows


def run() -> list[Row]:
    """Look-ups and changes in a town; empty without DATABASE_URL."""
    if not os.environ.get("DATABASE_URL"):
        return []
    warm_up()
    elders = int(os.environ.get("YINLING_BENCH_ELDERS", "100000"))
    began = time.perf_counter()
    with town(elders, max(20, elders // 100), int(elders * 0.9)) as here:
        spent = time.perf_counter() - began
        sizes = f"{here.report.elders:,} elders, {here.report.facilities:,} facilities"
        rows = [
            row(f"{sizes}: laid and judged once", spent, "s"),
            row(f"{sizes}: reach", here.report.reach_rows, "rows"),
        ]
        return rows + look_ups_in_sql(here) + look_ups(here) + changes(here)
