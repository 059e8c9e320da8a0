"""A scratch database for the simulator: founded beside the city's own, lived in, and thrown away."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from services.settings import settings
from timebank.simulator import Difference, Simulation

ROOT = Path(__file__).resolve().parent.parent
VERIFY_EVERY = 1000
_MIGRATE = (
    "import os, sys; os.environ['DATABASE_URL'] = sys.stdin.read(); from services.migrating import upgrade; upgrade()"
)
"""In a process of its own, for settings are read once; the address comes by the pipe, where nobody sees it."""


@contextmanager
def scratch_database() -> Iterator[str]:
    """Found a migrated database under a name of its own and drop it afterwards; gives its address."""
    url, name = make_url(settings().url("setup")), f"yl_simulate_{uuid.uuid4().hex[:8]}"
    server = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        address = url.set(database=name).render_as_string(hide_password=False)
        command = [sys.executable, "-c", _MIGRATE]
        subprocess.run(command, cwd=ROOT, input=address, text=True, check=True, capture_output=True)
        yield address
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        server.dispose()


def as_login(address: str, login: str) -> Engine:
    """Give an engine that acts as a login from its first statement; the clock runs in UTC."""
    options = {"options": f"-c timezone=UTC -c role=yinling_{login}"}
    return create_engine(make_url(address), connect_args=options, pool_pre_ping=True)


def simulate(address: str, seed: int, steps: int, tell: Callable[[int], None]) -> tuple[Simulation, Difference | None]:
    """Live `steps` acts from a seed and give the run with its first difference, or None when there is none."""
    app, jobs = as_login(address, "app"), as_login(address, "jobs")
    try:
        run = Simulation(app, jobs, seed)
        for number in range(1, steps + 1):
            found = run.step()
            if found is None and (number % VERIFY_EVERY == 0 or number == steps):
                found = run.check()
            tell(number)
            if found is not None:
                return run, found
        return run, None
    finally:
        app.dispose()
        jobs.dispose()
