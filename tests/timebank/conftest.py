"""A ledger of one's own for each test: 李老师's account, an issuance account, a pool, an organisation."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, make_url
from sqlmodel import SQLModel

import timebank.tables as tables
from tests.timebank.bank import Bank, open_bank

ROOT = Path(__file__).resolve().parents[2]
SQL_FILES = sorted(ROOT.glob("sql/timebank_*.sql"))


class OwnDatabase:
    """A database built without migrations; the same face as the shared fixture."""

    def __init__(self, url: str, name: str) -> None:
        self.url = make_url(url).set(database=name, drivername="postgresql+psycopg")
        self._engines: list[Engine] = []

    def engine(self, login: str = "app") -> Engine:
        role = "" if login == "setup" else f" -c role=yinling_{login}"
        made = create_engine(self.url, connect_args={"options": f"-c timezone=UTC{role}"}, pool_size=12)
        self._engines.append(made)
        return made

    def close(self) -> None:
        for made in self._engines:
            made.dispose()


def _build_template(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    engine = create_engine(make_url(server).set(database=name, drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA timebank")
        own = [t for t in SQLModel.metadata.sorted_tables if t.schema == tables.SCHEMA]
        SQLModel.metadata.create_all(connection, tables=own)
    engine.dispose()
    with psycopg.connect(server, dbname=name) as connection:
        for file in [ROOT / "sql/000_roles.sql", *SQL_FILES, *SQL_FILES]:
            connection.execute(file.read_text(encoding="utf-8"))


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def own_template() -> Iterator[tuple[str, str]]:
    server = os.environ.get("TIMEBANK_TEST_SERVER")
    if not server:
        pytest.skip("no database server")
    server = server.replace("postgresql+psycopg://", "postgresql://")
    name = f"h_bank_{uuid.uuid4().hex[:10]}"
    _build_template(server, name)
    yield server, name
    _drop(server, name)


@pytest.fixture
def ledger_database(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The database under test: shared clone if there is one, else our own."""
    if os.environ.get("TIMEBANK_TEST_SERVER"):
        server, template = request.getfixturevalue("own_template")
        name = f"{template}_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        own = OwnDatabase(server, name)
        yield own
        own.close()
        _drop(server, name)
    else:
        yield request.getfixturevalue("database")


@pytest.fixture
def bank(ledger_database: Any) -> Iterator[Bank]:
    """A bank whose books must hold after every test that does not set out to break them."""
    made = open_bank(ledger_database)
    yield made
    if not made.tampered:
        checked = made.verify()
        assert checked.ok, checked.first_bad
