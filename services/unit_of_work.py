"""One act = one transaction, under the eyes of exactly the person who acts.

The unit of work tells PostgreSQL who is acting before anything is read, so that row-level security
decides what exists for her. Only the request dependency, the job wrapper and the command line open one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine, TextClause, create_engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from services.clock import clock_in_sql, note_reading, read_now
from services.settings import Login, settings


@dataclass(frozen=True)
class Actor:
    """Who acts, in which role, over which area, through which channel.

    `area_lo`..`area_hi` is the 15-digit code range an area grant covers (None: no area, only rows linked
    to the person). `read_only` makes the database itself refuse every write (the auditor).
    """

    person_id: int | None
    role: str
    channel: str = "web"
    area_lo: int | None = None
    area_hi: int | None = None
    provider_id: int | None = None
    read_only: bool = False
    request_id: str | None = None
    session_id: int | None = None
    roles: tuple[str, ...] = field(default=())
    full_name: str = ""

    def has_role(self, *roles: str) -> bool:
        """Tell whether the person holds one of these roles."""
        return self.role in roles or any(role in roles for role in self.roles)


NOBODY = Actor(person_id=None, role="nobody")
"""Before sign-in: sees only what is public."""

SYSTEM = Actor(person_id=None, role="system", channel="job")
"""The house itself, with login `jobs`: city-wide work."""

COMMAND_LINE = replace(SYSTEM, channel="command_line")
"""The person at the machine's own keyboard, who needs no sign-in there."""


@dataclass(frozen=True)
class UnitOfWork:
    """The open transaction, its one `now`, and the person in whose name it runs."""

    session: Session
    now: datetime
    actor: Actor


_engines: dict[Login, Engine] = {}
BELIEVED_SECONDS = 1.0


def engine(login: Login = "app") -> Engine:
    """Give the process's engine for a login; its pool is sized by YINLING_POOL_SIZE."""
    return _engines.get(login) or _engines.setdefault(login, _opened(login))


def limit_silence(seconds: int) -> dict[str, Any]:
    """Give psycopg's words that end a connection over which nothing was heard for about this long, on both sides.

    A cut cable sends no farewell. Without these the caller waits a quarter of an hour for an answer that cannot come,
    and the server keeps what a vanished host had locked for two hours. A statement that only takes long is not
    silent: the other side's kernel answers for it.
    """
    probe = max(1, seconds // 4)
    kept_alive = {"keepalives_idle": max(1, seconds // 2), "keepalives_interval": probe, "keepalives_count": 2}
    words = {"tcp_user_timeout": seconds * 1000, **kept_alive}
    on_server = {"tcp_user_timeout": seconds * 1000, **{f"tcp_{name}": value for name, value in kept_alive.items()}}
    return words | {"options": " ".join(f"-c {name}={value}" for name, value in on_server.items())}


def _opened(login: Login) -> Engine:
    options = f"-c statement_timeout={settings().statement_timeout_ms if login == 'app' else 0} -c timezone=UTC"
    if login == "app":
        options += " -c jit=off"  # compiling costs more than any request's statement
    words = limit_silence(settings().database_silence_seconds)
    words["options"] += f" {options}"
    opened = create_engine(
        settings().url(login),
        pool_size=settings().pool_size,
        max_overflow=settings().pool_size,
        connect_args=words | {"application_name": f"yinling-{login}", "connect_timeout": 5},
    )
    event.listen(opened, "checkin", _note_when_given_back)
    event.listen(opened, "checkout", _try_when_long_idle)
    return opened


def _note_when_given_back(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["given_back"] = time.monotonic()


def _try_when_long_idle(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Ask a connection that lay idle whether it still stands; one that was in use a moment ago is believed."""
    if time.monotonic() - record.info.get("given_back", 0.0) < BELIEVED_SECONDS or "given_back" not in record.info:
        return
    try:
        connection.autocommit = True
        connection.execute("SELECT 1")
        connection.autocommit = False
    except psycopg.Error as error:
        raise DisconnectionError from error  # the pool gives another one


def forget_engines() -> None:
    """Close every pool; a forked process and a test with another database call this."""
    while _engines:
        _engines.popitem()[1].dispose()


_SAY_WHO = (
    "SELECT set_config('app.person_id', :person, true), set_config('app.lo', :lo, true), "
    "set_config('app.hi', :hi, true), set_config('app.role', :role, true), "
    "set_config('app.provider_id', :provider, true)"
)
_INTRODUCE = text(_SAY_WHO)


@lru_cache(maxsize=2)
def _open_act(clock: str) -> TextClause:
    return text(f"{_SAY_WHO}, {clock} AS moment")


def introduce(session: Session, actor: Actor) -> None:
    """Tell PostgreSQL who acts in this transaction; nothing of it outlives the transaction.

    The session keeps the request's id, so that acts and promised jobs of this transaction carry it on.
    """
    session.connection().execute(_INTRODUCE, _who(session, actor))


def _introduce_and_read_clock(session: Session, actor: Actor) -> None:
    """Say who acts and read the clock in one statement: what every act begins with."""
    row = session.connection().execute(_open_act(clock_in_sql()), _who(session, actor)).one()
    note_reading(session, row.moment)


def _who(session: Session, actor: Actor) -> dict[str, str]:
    session.info["request_id"] = actor.request_id or structlog.contextvars.get_contextvars().get("request_id")
    return {
        "person": _setting(actor.person_id),
        "lo": _setting(actor.area_lo),
        "hi": _setting(actor.area_hi),
        "role": actor.role,
        "provider": _setting(actor.provider_id),
    }


@contextmanager
def unit_of_work(actor: Actor, *, login: Login = "app") -> Iterator[UnitOfWork]:
    """Open one transaction for one act; commits at the end, rolls back on any error.

    Errors of COMMIT itself (a deferred constraint, a lost connection) are raised to the caller.
    """
    with Session(engine(login), expire_on_commit=False) as session, session.begin():
        if actor.read_only:
            session.connection().execute(text("SET TRANSACTION READ ONLY"))
        _introduce_and_read_clock(session, actor)
        yield UnitOfWork(session=session, now=read_now(session), actor=actor)


def in_area(actor: Actor, lo: int, hi: int) -> Actor:
    """Give the same actor narrowed to one range of area codes."""
    return replace(actor, area_lo=lo, area_hi=hi)


def _setting(value: int | None) -> str:
    return "" if value is None else str(value)
