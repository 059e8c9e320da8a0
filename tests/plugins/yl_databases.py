"""A real PostGIS database for every test, cloned from one migrated template, and a real Redis beside it.

The template is built once per state of migrations/, sql/ and the tables, under a lock that all pytest
workers share. A clone costs a fraction of a second and is dropped afterwards.

A savepoint's commit fires no deferred trigger: a test that stays inside one transaction ends with
`SET CONSTRAINTS ALL IMMEDIATE` (`Database.settle(session)`). After every test with a database the ledger's
own check runs; a test that breaks the ledger on purpose is marked `@pytest.mark.broken_ledger`.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.pool import NullPool
from sqlmodel import Session

ROOT = Path(__file__).resolve().parents[2]
Login = Literal["app", "jobs", "setup"]
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""A Tuesday, ten in the morning in Nanjing."""
_LOCK = 5_120_260
_numbers = count(1)


def _settings() -> Any:
    return importlib.import_module("services.settings").settings()


def forget_settings() -> None:
    """Let the services read the environment again and drop their connection pools."""
    unit_of_work = sys.modules.get("services.unit_of_work")
    forget = getattr(unit_of_work, "forget_engines", None)
    if forget:
        forget()
    module = sys.modules.get("services.settings")
    if module:
        module.settings.cache_clear()


@dataclass
class Database:
    """A test's own migrated database."""

    name: str
    setup_url: URL
    _engines: dict[str, Engine] = field(default_factory=dict)

    def url(self, login: Login = "app") -> URL:
        """Give the SQLAlchemy URL for a login: `app` (row-level security applies), `jobs` or `setup`."""
        if login == "setup":
            return self.setup_url
        return self.setup_url.set(username=f"yinling_{login}", password=_settings().login_password(login))

    def engine(self, login: Login = "app") -> Engine:
        """Give one engine per login, without a pool, closed with the database."""
        if login not in self._engines:
            self._engines[login] = create_engine(
                self.url(login), poolclass=NullPool, connect_args={"options": "-c timezone=UTC"}
            )
        return self._engines[login]

    def session(self, login: Login = "app") -> Session:
        """Give a new session; the test closes it (`with database.session() as session:`)."""
        return Session(self.engine(login), expire_on_commit=False)

    def connect(self, login: Login = "setup", **options: Any) -> psycopg.Connection[Any]:
        """Give a plain psycopg connection, for tests with two real connections."""
        dsn = self.url(login).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(dsn, **options)

    @staticmethod
    def settle(session: Session) -> None:
        """Fire every deferred constraint now, as a real commit would."""
        session.connection().execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

    def close(self) -> None:
        """Close what this object opened."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


def setup_url() -> URL:
    """Give the set-up login's URL on the test server, or stop with what to do."""
    given = os.environ.get("YINLING_TEST_SERVER") or os.environ.get("DATABASE_URL")
    if not given:
        pytest.exit("Tests need PostgreSQL: run bin/test, or set DATABASE_URL and REDIS_URL.", returncode=4)
    return make_url(given).set(drivername="postgresql+psycopg")


_server: list[psycopg.Connection[Any]] = []


def _command(command: sql.Composed) -> None:
    """Do one thing on the server itself, over a connection that this process keeps."""
    if not _server or _server[0].closed:
        _server[:] = [_maintenance(setup_url())]
    try:
        _server[0].execute(command)
    except psycopg.OperationalError:
        if not _server[0].closed:
            raise
        _server[:] = [_maintenance(setup_url())]  # the server was started anew since
        _server[0].execute(command)


def _keep_what_was_compiled() -> None:
    """Let every engine of this process share one dialect and its compiled statements.

    Each test has a database of its own and so engines of its own; production has one engine for its whole life
    and compiles a statement once.
    """
    first = create_engine(setup_url().set(database="postgres"), poolclass=NullPool, query_cache_size=3000)
    with first.connect():
        pass

    def share(_: type[PGDialect_psycopg], engine: Engine) -> None:
        if engine.dialect._on_connect_isolation_level is None:
            engine.dialect = engine.pool._dialect = first.dialect
            engine._compiled_cache = first._compiled_cache

    PGDialect_psycopg.engine_created = classmethod(share)  # type: ignore[assignment]


def _maintenance(url: URL) -> psycopg.Connection[Any]:
    dsn = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    return psycopg.connect(dsn, autocommit=True)


def _fingerprint() -> str:
    """Hash all that a migrated database depends on, the secret key of the logins' passwords included."""
    digest = hashlib.sha256(os.environ["YINLING_SECRET_KEY"].encode())
    files = [*ROOT.glob("migrations/**/*.py"), *ROOT.glob("sql/**/*.sql"), *ROOT.glob("services/*.py")]
    files += [file for room in ("services", "geo", "timebank") for file in ROOT.glob(f"{room}/**/tables.py")]
    for file in sorted(set(files)):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _migrate(url: URL) -> None:
    env = os.environ | {"DATABASE_URL": url.render_as_string(hide_password=False)}
    program = "from services.migrating import upgrade; upgrade()"
    done = subprocess.run([sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.exit(f"The migrations do not run from empty:\n{done.stderr[-3000:]}", returncode=3)


def _exists(connection: psycopg.Connection[Any], name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    return found is not None


@pytest.fixture(scope="session")
def migrated_template() -> str:
    """Build the migrated template unless another worker or an earlier run did; give its name."""
    url, name = setup_url(), f"yl_template_{_fingerprint()}"
    with _maintenance(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        if not _exists(connection, name):
            draft = f"yl_draft_{os.getpid()}"
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(draft)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
            _migrate(url.set(database=draft))
            names = sql.Identifier(draft), sql.Identifier(name)
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(names[1]))
        _let_logins_in(connection, url)
    _keep_what_was_compiled()
    return name


def _let_logins_in(connection: psycopg.Connection[Any], url: URL) -> None:
    """Give the logins this key's passwords: roles belong to the server, and an older run had another key."""
    for login in ("app", "jobs"):
        password = _password(login)
        address = url.set(drivername="postgresql", database="postgres", username=f"yinling_{login}", password=password)
        try:
            psycopg.connect(address.render_as_string(hide_password=False), connect_timeout=5).close()
        except psycopg.OperationalError:
            role = sql.Identifier(f"yinling_{login}")
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))


def _password(login: str) -> str:
    """Derive a login's password as `services.settings` does, which the tests of this file compare."""
    key = os.environ["YINLING_SECRET_KEY"].encode()
    return hmac.new(key, f"database-login:{login}".encode(), hashlib.sha256).hexdigest()


@cache
def _strategy() -> str:
    """Copying files is the cheaper way where the server need not wait for the disk, as our own test server."""
    with _maintenance(setup_url()) as connection:
        waits = connection.execute("SHOW fsync").fetchone()
    return "WAL_LOG" if waits == ("on",) else "FILE_COPY"


def make_clone(template: str) -> Database:
    """Clone the template under a name of its own."""
    url = setup_url()
    name = f"yl_t_{os.getpid()}_{next(_numbers)}"
    names = sql.Identifier(name), sql.Identifier(template)
    _command(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(*names, sql.SQL(_strategy())))
    return Database(name, url.set(database=name))


def drop_clone(database: Database) -> None:
    """Drop a clone, whoever is still connected."""
    database.close()
    _command(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database.name)))


_LEDGER = (
    "account", "balance", "balance_snapshot", "clearing_act", "correspondent", "earned_day", "entry_pair",
    "limit_change", "period_close", "seal",
)  # fmt: skip
_UNMOVED = text(
    "SELECT CASE WHEN NOT EXISTS (SELECT FROM timebank.transfer) THEN concat_ws('|', "
    + ", ".join(
        f"(SELECT coalesce(md5(string_agg(r::text, ' ' ORDER BY r::text)), '-') FROM timebank.{name} AS r)"
        for name in _LEDGER
    )
    + ") END"
)
"""Every row of a ledger in which no hour was moved yet, in short; nothing where one was."""
_verified: set[str] = set()
"""Ledgers of this process that were verified row for row alike; most tests leave theirs as the template has it."""


def check_ledger(database: Database) -> None:
    """Run the ledger's own check, the one production runs; fail with what it found."""
    if importlib.util.find_spec("timebank.verify") is None:
        return
    verify = importlib.import_module("timebank.verify").verify
    with database.session("setup") as session:
        rows = session.execute(_UNMOVED).scalar()
        if rows is not None and rows in _verified:
            return
        found = verify(session)
    ok = found["ok"] if isinstance(found, dict) else found.ok
    assert ok, f"the ledger does not verify after this test: {found}"
    if rows is not None:
        _verified.add(rows)


def _lend(request: pytest.FixtureRequest, template: str) -> Iterator[Database]:
    database = make_clone(template)
    before = {key: os.environ.get(key) for key in ("DATABASE_URL", "YINLING_TEST_SERVER")}
    os.environ["YINLING_TEST_SERVER"] = setup_url().render_as_string(hide_password=False)
    os.environ["DATABASE_URL"] = database.url("setup").render_as_string(hide_password=False)
    forget_settings()
    try:
        yield database
        if request.node.get_closest_marker("broken_ledger") is None:
            check_ledger(database)
    finally:
        forget_settings()
        for key, value in before.items():
            os.environ.pop(key, None) if value is None else os.environ.__setitem__(key, value)
        forget_settings()
        drop_clone(database)


@pytest.fixture
def database(request: pytest.FixtureRequest, migrated_template: str) -> Iterator[Database]:
    """A fresh migrated database for this test alone; the services' settings point to it."""
    yield from _lend(request, migrated_template)


@pytest.fixture(scope="module")
def module_database(request: pytest.FixtureRequest, migrated_template: str) -> Iterator[Database]:
    """A migrated database shared by the tests of one file; they must bear each other's rows."""
    yield from _lend(request, migrated_template)


def _redis_address() -> str:
    """Give this worker's own Redis database: the one in REDIS_URL, shifted by the worker's number."""
    given = os.environ.get("YINLING_TEST_REDIS") or os.environ.get("REDIS_URL")
    if not given:
        pytest.exit("Tests need Redis: run bin/test, or set DATABASE_URL and REDIS_URL.", returncode=4)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    address = make_url(given)
    return address.set(database=str(int(address.database or 0) + int(worker))).render_as_string(hide_password=False)


@pytest.fixture
def redis_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty Redis database that no other worker uses; the settings point to it."""
    address = _redis_address()
    client = redis.Redis.from_url(address)
    client.flushdb()
    monkeypatch.setenv("YINLING_TEST_REDIS", os.environ.get("YINLING_TEST_REDIS") or os.environ["REDIS_URL"])
    monkeypatch.setenv("REDIS_URL", address)
    forget_settings()
    yield address
    client.flushdb()
    client.close()
    forget_settings()


@pytest.fixture
def override_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Shorten a wait for one test: `override_settings(outbox_resend_seconds=0.5)`."""

    def override(**values: Any) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"YINLING_{name.upper()}", str(value))
        forget_settings()

    yield override
    monkeypatch.undo()
    forget_settings()


@dataclass
class FrozenClock:
    """A clock that stands still until the test moves it; actions are given `frozen.now`."""

    now: datetime = NOW

    def advance(self, **span: float) -> datetime:
        """Move on, as in `frozen.advance(days=2, hours=1)`; give the new now."""
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def now() -> datetime:
    """The fixed moment of the tests: 2026-11-24 02:00 UTC, ten in the morning in Nanjing."""
    return NOW


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """A standing clock that also replaces `read_now` in the clock and in the unit of work."""
    clock = FrozenClock()
    for name in ("services.clock", "services.unit_of_work"):
        if importlib.util.find_spec(name) is not None:
            monkeypatch.setattr(importlib.import_module(name), "read_now", lambda _session: clock.now)
    return clock
