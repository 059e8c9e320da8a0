"""The tests' own ground: clones are fresh, logins are the application's, Redis is empty."""

from __future__ import annotations

import importlib

import pytest
import redis
import yl_databases
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from timebank.writer import open_account


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_finds_a_fresh_database(database, turn):
    with database.session("setup") as session:
        assert session.connection().execute(text("SELECT count(*) FROM demo_clock")).scalar_one() == 0
        session.connection().execute(
            text("INSERT INTO demo_clock (id, ahead, moved_at) VALUES (1, interval '1 day', clock_timestamp())")
        )
        database.settle(session)
        session.commit()


@pytest.mark.parametrize("login", ["app", "jobs"])
def test_the_application_logs_in_with_the_derived_password_and_makes_no_table(database, login):
    with database.session(login) as session:
        assert session.connection().execute(text("SELECT current_user")).scalar_one() == f"yinling_{login}"
        with pytest.raises(ProgrammingError):
            session.connection().execute(text("CREATE TABLE public.mine (id int)"))


def test_the_services_work_on_the_test_database(database):
    from services.unit_of_work import NOBODY, unit_of_work

    with unit_of_work(NOBODY) as work:
        assert work.session.connection().execute(text("SELECT current_database()")).scalar_one() == database.name


def test_redis_is_empty_and_the_settings_know_it(database, redis_url, override_settings):
    from services.settings import settings

    override_settings(offer_seconds_override=1)
    client = redis.Redis.from_url(redis_url)
    assert client.dbsize() == 0
    assert (settings().redis_url, settings().offer_seconds_override) == (redis_url, 1)


def test_the_frozen_clock_moves_only_when_told(database, frozen):
    from services.unit_of_work import NOBODY, unit_of_work

    with unit_of_work(NOBODY) as work:
        assert work.now == frozen.now
    later = frozen.advance(days=2)
    with unit_of_work(NOBODY) as work:
        assert work.now == later


def test_a_ledger_is_verified_unless_the_very_same_rows_were_before(database, monkeypatch):
    verified = []
    real = importlib.import_module("timebank.verify").verify
    monkeypatch.setattr("timebank.verify.verify", lambda session: verified.append(1) or real(session))
    yl_databases._verified.clear()
    yl_databases.check_ledger(database)
    yl_databases.check_ledger(database)
    assert len(verified) == 1, "nothing was written in between"
    with database.connect() as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'timebank'::regnamespace AND relkind = 'r'"
        )
        assert {name for (name,) in tables} == {*yl_databases._LEDGER, "transfer"}
    with database.session("setup") as session, session.begin():
        open_account(session, yl_databases.NOW, ledger=320100000000000, kind="pool", owner_label="city")
    yl_databases.check_ledger(database)
    assert len(verified) == 2
    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE timebank.account SET account_hash = sha256('another')")
    with pytest.raises(AssertionError, match="does not verify"):
        yl_databases.check_ledger(database)
    with database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM timebank.balance")
        connection.execute("DELETE FROM timebank.account")
