"""Somebody types SQL: whatever her role, she cannot write, edit or delete an entry or break a rule."""

from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.timebank.bank import NANJING, NOON, SUZHOU, Bank, open_bank
from timebank import errors
from timebank.clearing import link_banks, send_between
from timebank.limits import change_limits
from timebank.writer import Request, typed_refusals

TABLES = ("account", "balance", "entry_pair", "transfer", "balance_snapshot", "period_close", "seal")
TABLES += ("earned_day", "limit_change", "correspondent", "clearing_act")
CHANGES = {
    "account": "UPDATE timebank.account SET cap_minutes = NULL",
    "balance": "UPDATE timebank.balance SET posted = posted + 1",
    "entry_pair": "UPDATE timebank.entry_pair SET debit_kind = 'organisation'",
    "transfer": "UPDATE timebank.transfer SET coin_minutes = 1",
    "balance_snapshot": "UPDATE timebank.balance_snapshot SET posted = 0",
    "period_close": "UPDATE timebank.period_close SET closed_until = now()",
    "seal": "UPDATE timebank.seal SET content = ''",
    "earned_day": "UPDATE timebank.earned_day SET day = day + 1",
    "limit_change": "UPDATE timebank.limit_change SET cap_minutes = NULL",
    "correspondent": "UPDATE timebank.correspondent SET opened_at = now()",
    "clearing_act": "UPDATE timebank.clearing_act SET minutes = 1",
}


def sqlstate(engine: Engine, statement: str, role: str | None = None) -> str:
    """Type a statement, as another role if named, and give the refusal's SQLSTATE ("" when it worked)."""
    with engine.connect() as connection:
        try:
            if role:
                connection.exec_driver_sql(f"SET ROLE {role}")
            connection.exec_driver_sql(statement)
        except DBAPIError as error:
            return getattr(error.orig, "sqlstate", "") or "unknown"
        finally:
            connection.rollback()
    return ""


@pytest.fixture(scope="module")
def used(shared_bank: Bank) -> Bank:
    """A bank with a row in every table."""
    bank = shared_bank
    bank.earn("k", 60)
    bank.earn("c", 60, to=bank.club)
    for call in ("take_snapshots", "seal_ledger"):
        bank.act(lambda s, c=call: s.execute(text(f"SELECT timebank.{c}(:n, :l)"), _where(bank)), bank.jobs)
    closed = text("SELECT timebank.close_period(:n, :l, TIMESTAMPTZ '2026-01-01 00:00+08')")
    bank.act(lambda s: s.execute(closed, _where(bank)), bank.jobs)
    other = open_bank(bank.database, SUZHOU)
    bank.act(lambda s: link_banks(s, NOON, NANJING, bank.issuance, SUZHOU, other.issuance, 100), bank.jobs)
    bank.act(lambda s: send_between(s, NOON, Request(NANJING, "sent", bank.li, other.li, "clearing", 5), SUZHOU))
    other.close()

    def count_days(session: Session) -> None:
        limits = {"floor_minutes": 0, "cap_minutes": 90_000, "daily_cap_minutes": 600}
        change_limits(session, NOON, bank.li, **limits, decided_by="officer", reason="a busy month")

    bank.act(count_days, bank.jobs)
    bank.earn("d", 5)
    return bank


def _where(bank: Bank) -> dict[str, Any]:
    return {"n": NOON, "l": bank.ledger}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("login", ["app", "jobs"])
def test_the_logins_cannot_write_a_table(used: Bank, login: str, table: str) -> None:
    engine = getattr(used, login)
    for statement in (
        f"INSERT INTO timebank.{table} SELECT * FROM timebank.{table}",
        CHANGES[table],
        f"DELETE FROM timebank.{table}",
        f"TRUNCATE timebank.{table} CASCADE",
        f"ALTER TABLE timebank.{table} DISABLE TRIGGER ALL",
    ):
        assert sqlstate(engine, statement) == "42501", statement


@pytest.mark.parametrize("table", TABLES)
def test_the_application_reads_through_functions_only(used: Bank, table: str) -> None:
    assert sqlstate(used.app, f"SELECT * FROM timebank.{table}") == "42501"
    assert sqlstate(used.jobs, f"SELECT * FROM timebank.{table}") == ""


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", ["yinling_owner", None])
def test_even_owners_meet_the_trigger(used: Bank, table: str, role: str | None) -> None:
    statements = [f"DELETE FROM timebank.{table}", f"TRUNCATE timebank.{table} CASCADE", CHANGES[table]]
    for statement in statements:
        assert sqlstate(used.setup, statement, role) == "TB020", statement


def test_the_application_cannot_call_what_is_inside_the_writer(used: Bank) -> None:
    with used.jobs.connect() as connection:
        inside = connection.execute(
            text(
                "SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE NOT p.prosecdef"
                " AND p.pronamespace = 'timebank'::regnamespace"
                " AND has_function_privilege('yinling_app', p.oid, 'EXECUTE')"
            )
        ).scalars()
        assert list(inside) == []
    row = "jsonb_populate_record(NULL::timebank.transfer, '{}')"
    assert sqlstate(used.app, f"SELECT timebank.append_transfer(now(), {row})") == "42501"
    assert sqlstate(used.app, f"SELECT timebank.seal_ledger(now(), {used.ledger})") == "42501"
    assert sqlstate(used.app, f"SELECT timebank.change_limits(now(), {used.li}, 0, NULL, NULL, 'me', 'why')") == "42501"
    assert sqlstate(used.app, "SELECT timebank.settle_banks(now(), 'mine')") == "42501"
    assert sqlstate(used.app, "SELECT timebank.link_banks(now(), 1, 1, 2, 2, 9)") == "42501"


def test_every_definer_function_has_a_fixed_search_path_and_the_right_owner(used: Bank) -> None:
    with used.jobs.connect() as connection:
        functions = connection.execute(
            text(
                "SELECT p.proname, p.proconfig, pg_get_userbyid(p.proowner) FROM pg_proc AS p"
                " WHERE p.prosecdef AND p.pronamespace = 'timebank'::regnamespace"
            )
        ).all()
    assert len(functions) >= 10
    for name, settings, owner in functions:
        assert settings == ["search_path=pg_catalog, pg_temp"], name
        assert owner == "yinling_definer", name


CALL = "SELECT timebank.record_transfer(TIMESTAMPTZ '2026-11-20 04:00+00', {ledger}, {rest})"


@pytest.mark.parametrize(
    ("rest", "refusal"),
    [
        ("'a', {issuance}, {li}, 'earn', 0", errors.InvalidMinutes),
        ("'a', {issuance}, {li}, 'earn', -60", errors.InvalidMinutes),
        ("'a', {issuance}, {li}, 'earn', 90001, 1, false, TIMESTAMPTZ '2026-11-01Z'", errors.CapExceeded),
        ("'a', {issuance}, {li}, 'earn', 99999999999999999999", DBAPIError),
        ("'a', {issuance}, {li}, 'earn', NULL", errors.InvalidRequest),
        ("'a', {li}, {issuance}, 'redeem', 61", errors.InsufficientMinutes),
        ("'a', {club}, {issuance}, 'redeem', 1", errors.PairNotAllowed),
        ("'a', {li}, {li}, 'gift', 1", errors.SelfTransfer),
        ("'a', {li}, {issuance}, 'reversal', 1", errors.InvalidRequest),
        ("NULL, {issuance}, {li}, 'earn', 1", errors.InvalidRequest),
        ("'k', {issuance}, {li}, 'earn', 1", errors.IdempotencyConflict),
        ("'a', {issuance}, {li}, 'earn', 1, -5", errors.InvalidMinutes),
        ("'a', {issuance}, {li}, 'earn', 1, 1, false, TIMESTAMPTZ '2030-01-01 00:00+08'", errors.EventInFuture),
        ("'a', NULL, {li}, 'earn', 1", errors.AccountNotFound),
        ("'a', {li}, {issuance}, 'clearing', 1", errors.OneLegOnly),
        ("'a', {issuance}, {li}, 'earn', 601", errors.DailyCapExceeded),
    ],
)
def test_calling_the_writer_by_hand_breaks_no_rule(used: Bank, rest: str, refusal: type[Exception]) -> None:
    names = {name: getattr(used, name) for name in ("ledger", "issuance", "li", "club")}
    statement = CALL.format(ledger=used.ledger, rest=rest.format(**names))
    with pytest.raises(refusal), typed_refusals(), used.app.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_search_path_of_her_own_does_not_fool_the_writer(used: Bank) -> None:
    with used.app.connect() as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE transfer (id bigint)")
        connection.exec_driver_sql("CREATE TEMP TABLE balance (account_id bigint, posted bigint)")
        connection.exec_driver_sql("SET search_path = pg_temp, timebank")
        names = CALL.format(ledger=used.ledger, rest=f"'path', {used.issuance}, {used.li}, 'earn', 60")
        connection.exec_driver_sql(names)
        connection.commit()
    found = used.verify()
    assert (found.ok, found.counts["transfers"]) == (True, 6)


def test_the_files_can_be_applied_again(used: Bank) -> None:
    from tests.timebank.conftest import SQL_FILES

    with used.setup.begin() as connection:
        for file in SQL_FILES:
            connection.connection.driver_connection.execute(file.read_text(encoding="utf-8"))
    used.earn("k", 60)


def test_an_unknown_constraint_is_still_a_typed_refusal(used: Bank) -> None:
    with pytest.raises(errors.InvalidRequest) as refusal, typed_refusals(), used.setup.begin() as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE t (n int CONSTRAINT n_check CHECK (n > 0))")
        connection.exec_driver_sql("INSERT INTO t VALUES (0)")
    assert refusal.value.facts["rule"] == "n_check"
