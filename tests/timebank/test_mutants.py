"""Drill: take away one constraint, index, trigger or lock after another; each time some property must break.

A survivor would be a rule that nothing holds. The list of mutants and their killers is printed (-s).
"""

from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.timebank.bank import NANJING, NOON, SUZHOU, Bank, open_bank

ROW = (
    "id, ledger, phase, pending_id, debit_account_id, debit_kind, credit_account_id, credit_kind, entry_type,"
    " coin_minutes, service_minutes, key, request_hash, event_at, recorded_at, subject_type, subject_id,"
    " reverses_id, debit_seq, debit_hash"
)


def forged(bank: Bank, **changes: Any) -> str:
    """Type a transfer as the writer's owner could: a lawful grant of issuance to the pool, then changed."""
    values: dict[str, Any] = {
        "id": 5000,
        "ledger": bank.ledger,
        "phase": "'single'",
        "pending_id": "NULL",
        "debit_account_id": bank.issuance,
        "debit_kind": "'issuance'",
        "credit_account_id": bank.pool,
        "credit_kind": "'pool'",
        "entry_type": "'grant'",
        "coin_minutes": 5,
        "service_minutes": 5,
        "key": "'forged'",
        "request_hash": "'x'",
        "event_at": f"TIMESTAMPTZ '{NOON}'",
        "recorded_at": f"TIMESTAMPTZ '{NOON}'",
        "subject_type": "NULL",
        "subject_id": "NULL",
        "reverses_id": "NULL",
        "debit_seq": "NULL",
        "debit_hash": "NULL",
    } | changes
    return f"INSERT INTO timebank.transfer ({ROW}) VALUES ({', '.join(str(values[c.strip()]) for c in ROW.split(','))})"


def balance(change: str, account: int) -> str:
    return f"UPDATE timebank.balance SET {change}, last_seq = last_seq + 1 WHERE account_id = {account}"


def account(bank: Bank, kind: str, floor: str, cap: str, ledger: int = NANJING) -> str:
    return (
        "INSERT INTO timebank.account (id, ledger, kind, floor_minutes, cap_minutes, created_at, account_hash)"
        f" VALUES (900, {ledger}, '{kind}', {floor}, {cap}, TIMESTAMPTZ '{NOON}', 'x')"
    )


WITHOUT_HEIRS = "ALTER TABLE timebank.clearing_act DISABLE TRIGGER clearing_act_no_truncate;"
"""A truncation cascades to the acts between banks, whose own guard would speak first or second."""
FRESH = "WITH o AS (SELECT timebank.open_account(now(), 320100000000000, 'clearing', 0, 0) AS id) "
CLEARING = 100
"""The clearing account with Suzhou, which the fixture opens under this number."""


def typed_decision(bank: Bank, **changes: Any) -> str:
    """Type a decision on 李老师's limits, then changed."""
    values: dict[str, Any] = {"account_id": bank.li, "kind": "volunteer", "floor": 0, "cap": 90_000, "daily": 600}
    values |= {"reason": "a reason"} | changes
    return (
        "INSERT INTO timebank.limit_change (account_id, ledger, kind, floor_minutes, cap_minutes, daily_cap_minutes,"
        " after_seq, decided_by, reason, recorded_at, hash) VALUES ({account_id}, 320100000000000, '{kind}', {floor},"
        " {cap}, {daily}, 1, 'officer', '{reason}', now(), 'x');"
    ).format(**values)


def typed_peer(bank: Bank, **changes: Any) -> str:
    """Type a third bank's row with Nanjing's clearing account, then changed."""
    values: dict[str, Any] = {"peer_ledger": 7, "account_id": CLEARING, "kind": "clearing"}
    values |= {"issuance_account_id": bank.issuance} | changes
    return (
        "INSERT INTO timebank.correspondent (ledger, peer_ledger, account_id, kind, issuance_account_id,"
        " issuance_kind, opened_at) SELECT 320100000000000, {peer_ledger}, {account_id}, '{kind}',"
        " {issuance_account_id}, 'issuance', now()"
    ).format(**values)


def typed_act(**changes: Any) -> str:
    """Type an act between Nanjing and Suzhou, then changed; `SENT` are the transfers of the one there is."""
    sent = "(SELECT {} FROM timebank.clearing_act WHERE key = 'sent')"
    values: dict[str, Any] = {"purpose": "'send'", "to_ledger": SUZHOU} | changes
    values["gone"] = changes.get("gone", sent.format("out_transfer_id"))
    values["come"] = changes.get("come", sent.format("in_transfer_id"))
    return (
        "INSERT INTO timebank.clearing_act (from_ledger, key, to_ledger, purpose, minutes, out_transfer_id,"
        " in_transfer_id, recorded_at) SELECT 320100000000000, 'typed', {to_ledger}, {purpose}, 1, {gone}, {come}, now()"
    ).format(**values)


# mutant -> (its table, an act that only this rule refuses)
RULES: dict[str, tuple[str, Any]] = {
    "transfer_minutes_positive_check": ("transfer", lambda b: forged(b, coin_minutes=-5)),
    "transfer_service_minutes_check": ("transfer", lambda b: forged(b, service_minutes=-5)),
    "transfer_not_to_self_check": (
        "transfer",
        lambda b: forged(
            b,
            debit_account_id=b.li,
            credit_account_id=b.li,
            debit_kind="'volunteer'",
            credit_kind="'volunteer'",
            entry_type="'gift'",
        ),
    ),
    "transfer_event_not_future_check": ("transfer", lambda b: forged(b, event_at="TIMESTAMPTZ '2030-01-01Z'")),
    "transfer_phase_check": ("transfer", lambda b: forged(b, phase="'maybe'")),
    "transfer_resolves_pending_check": ("transfer", lambda b: forged(b, phase="'post'")),
    "transfer_reversal_names_original_check": ("transfer", lambda b: forged(b, reverses_id=1)),
    "transfer_subject_complete_check": ("transfer", lambda b: forged(b, subject_type="'visit'")),
    "transfer_key_length_check": ("transfer", lambda b: forged(b, key="''")),
    "transfer_chain_complete_check": ("transfer", lambda b: forged(b, debit_seq=1)),
    "transfer_ledger_key_key": ("transfer", lambda b: forged(b, key="'first'")),
    "transfer_pair_allowed_fkey": ("transfer", lambda b: forged(b, entry_type="'redeem'")),
    "transfer_debit_account_fkey": (
        "transfer",
        lambda b: forged(b, debit_account_id=b.li, debit_kind="'issuance'"),
    ),
    "transfer_credit_account_fkey": (
        "transfer",
        lambda b: forged(
            b, credit_account_id=f"(SELECT id FROM timebank.account WHERE ledger = {SUZHOU} AND kind = 'pool')"
        ),
    ),
    "transfer_single_resolution_key": ("index", lambda b: forged(b, phase="'void'", pending_id=2)),
    "transfer_subject_type_key": (
        "index",
        lambda b: forged(b, entry_type="'grant'", subject_type="'visit'", subject_id="'1'"),
    ),
    "transfer_reversed_once_key": (
        "index",
        lambda b: forged(
            b,
            entry_type="'reversal'",
            reverses_id=4,
            debit_account_id=b.pool,
            debit_kind="'pool'",
            credit_account_id=b.issuance,
            credit_kind="'issuance'",
        ),
    ),
    "balance_floor_check": ("balance", lambda b: balance("posted = -1", b.li)),
    "balance_cap_check": ("balance", lambda b: balance("posted = 90001", b.li)),
    "balance_pending_check": ("balance", lambda b: balance("pending_out = -1", b.li)),
    "account_kind_check": ("account", lambda b: account(b, "friend", "0", "NULL")),
    "account_floor_below_cap_check": ("account", lambda b: account(b, "volunteer", "10", "5")),
    "account_saver_has_floor_check": ("account", lambda b: account(b, "volunteer", "NULL", "NULL")),
    "account_hot_has_no_limit_check": ("account", lambda b: account(b, "pool", "0", "NULL")),
    "account_clearing_capped_both_ways_check": ("account", lambda b: account(b, "clearing", "0", "NULL")),
    "account_ledger_check": ("account", lambda b: account(b, "pool", "NULL", "NULL", ledger=-1)),
    "transfer_append_only": ("trigger transfer", lambda b: "UPDATE timebank.transfer SET service_minutes = 6"),
    "account_append_only": ("trigger account", lambda b: "UPDATE timebank.account SET owner_label = 'me'"),
    "entry_pair_append_only": (
        "trigger entry_pair",
        lambda b: "DELETE FROM timebank.entry_pair WHERE entry_type = 'expiry'",
    ),
    "period_close_append_only": ("trigger period_close", lambda b: "DELETE FROM timebank.period_close"),
    "seal_append_only": ("trigger seal", lambda b: "UPDATE timebank.seal SET content = ''"),
    "balance_snapshot_append_only": (
        "trigger balance_snapshot",
        lambda b: "UPDATE timebank.balance_snapshot SET posted = 1",
    ),
    "balance_no_delete": ("trigger balance", lambda b: "DELETE FROM timebank.balance"),
    "balance_only_forward": (
        "trigger balance",
        lambda b: f"UPDATE timebank.balance SET posted = 1 WHERE account_id = {b.wang}",
    ),
    "balance_limits_as_decided": (
        "trigger balance",
        lambda b: f"UPDATE timebank.balance SET cap_minutes = 95000 WHERE account_id = {b.li}",
    ),
    "balance_daily_cap_check": (
        "balance",
        lambda b: typed_decision(b, daily=-1) + balance("daily_cap_minutes = -1", b.li),
    ),
    "earned_day_minutes_check": ("earned_day", lambda b: "UPDATE timebank.earned_day SET minutes = -1"),
    "earned_day_cap_check": ("earned_day", lambda b: "UPDATE timebank.earned_day SET minutes = 999"),
    "earned_day_no_delete": ("trigger earned_day", lambda b: "DELETE FROM timebank.earned_day"),
    "earned_day_stays": ("trigger earned_day", lambda b: "UPDATE timebank.earned_day SET day = day + 1"),
    "limit_change_floor_below_cap_check": ("limit_change", lambda b: typed_decision(b, floor=9, cap=5)),
    "limit_change_keeps_a_limit_check": (
        "limit_change",
        lambda b: typed_decision(b, account_id=b.clawback, kind="clawback", floor="NULL", cap="NULL"),
    ),
    "limit_change_saver_has_floor_check": ("limit_change", lambda b: typed_decision(b, floor=-9)),
    "limit_change_clearing_capped_both_ways_check": (
        "limit_change",
        lambda b: typed_decision(b, account_id=CLEARING, kind="clearing", floor=0, cap="NULL"),
    ),
    "limit_change_says_who_and_why_check": ("limit_change", lambda b: typed_decision(b, reason="")),
    "limit_change_account_fkey": ("limit_change", lambda b: typed_decision(b, kind="estate")),
    "limit_change_append_only": ("trigger limit_change", lambda b: "UPDATE timebank.limit_change SET reason = 'x'"),
    "correspondent_account_id_key": ("correspondent", lambda b: typed_peer(b)),
    "correspondent_account_fkey": ("correspondent", lambda b: typed_peer(b, account_id=b.pool)),
    "correspondent_issuance_fkey": (
        "correspondent",
        lambda b: FRESH + typed_peer(b, account_id="(SELECT id FROM o)", issuance_account_id=b.pool),
    ),
    "correspondent_not_oneself_check": (
        "correspondent",
        lambda b: FRESH + typed_peer(b, account_id="(SELECT id FROM o)", peer_ledger=NANJING),
    ),
    "correspondent_kinds_check": (
        "correspondent",
        lambda b: typed_peer(b, account_id=b.pool, kind="pool"),
    ),
    "correspondent_append_only": (
        "trigger correspondent",
        lambda b: "UPDATE timebank.correspondent SET opened_at = now()",
    ),
    "clearing_act_purpose_check": ("clearing_act", lambda b: typed_act(purpose="'lend'", gone=1, come=2)),
    "clearing_act_out_transfer_id_key": ("clearing_act", lambda b: typed_act(come=2)),
    "clearing_act_in_transfer_id_key": ("clearing_act", lambda b: typed_act(gone=1)),
    "clearing_act_out_transfer_id_fkey": ("clearing_act", lambda b: typed_act(gone=99_999, come=2)),
    "clearing_act_in_transfer_id_fkey": ("clearing_act", lambda b: typed_act(gone=1, come=99_999)),
    "clearing_act_correspondent_fkey": ("clearing_act", lambda b: typed_act(to_ledger=7, gone=1, come=2)),
    "clearing_act_append_only": ("trigger clearing_act", lambda b: "DELETE FROM timebank.clearing_act"),
    **{
        f"{table}_no_truncate": (
            f"trigger {table}",
            lambda b, t=table: WITHOUT_HEIRS + f"TRUNCATE timebank.{t} CASCADE",
        )
        for table in ("transfer", "seal", "period_close", "balance_snapshot", "balance", "earned_day", "limit_change")
        + ("correspondent",)
    },
    "clearing_act_no_truncate": ("trigger clearing_act", lambda b: "TRUNCATE timebank.clearing_act"),
}


@pytest.fixture(scope="module")
def furnished(shared_bank: Bank) -> Bank:
    """Transfer 1 is posted for visit 1, 2 is voided, 4 is reversed by 5; every table has a row."""
    bank = shared_bank
    bank.move("first", bank.issuance, bank.pool, "grant", 50, subject=("visit", 1))
    bank.earn("waiting", 60, pending=True)
    with bank.jobs.begin() as connection:
        where = {"n": NOON, "l": bank.ledger}
        for call in (
            "resolve_transfer(:n, 2, 'void', 'no')",
            f"record_transfer(:n, :l, 'four', {bank.issuance}, {bank.pool}, 'grant', 5)",
            "reverse_transfer(:n, 4, 'undo')",
            "take_snapshots(:n, :l)",
            "seal_ledger(:n, :l)",
            "close_period(:n, :l, TIMESTAMPTZ '2026-01-01Z')",
            f"change_limits(:n, {bank.li}, 0, 90000, 600, 'officer', 'a quiet month')",
            f"record_transfer(:n, :l, 'day', {bank.issuance}, {bank.li}, 'earn', 60)",
        ):
            connection.execute(text(f"SELECT timebank.{call}"), where)
    other = open_bank(bank.database, SUZHOU)
    with bank.setup.begin() as connection:
        connection.execute(text(f"SELECT setval('timebank.account_id_seq', {CLEARING}, false)"))
    with bank.jobs.begin() as connection:
        for call in (
            f"link_banks(:n, :l, {bank.issuance}, {SUZHOU}, {other.issuance}, 100)",
            f"send_between(:n, :l, {SUZHOU}, 'sent', {bank.li}, {other.li}, 10)",
        ):
            connection.execute(text(f"SELECT timebank.{call}"), where)
    other.close()
    return bank


def refused_by(connection: Connection, statement: str) -> str:
    """Type a statement and give the constraint or trigger that refused it; "" when it worked."""
    nested = connection.begin_nested()
    try:
        connection.exec_driver_sql(statement)
        connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    except DBAPIError as error:
        nested.rollback()
        diagnosis = error.orig.diag
        return diagnosis.constraint_name or f"trigger {diagnosis.table_name}"
    nested.commit()
    return ""


def drop(connection: Connection, name: str, what: str) -> None:
    """Take one rule away."""
    if what == "index":
        connection.exec_driver_sql(f"DROP INDEX timebank.{name}")
    elif what.startswith("trigger "):
        connection.exec_driver_sql(f"DROP TRIGGER {name} ON timebank.{what.split()[1]}")
    else:
        connection.exec_driver_sql(f"ALTER TABLE timebank.{what} DROP CONSTRAINT {name} CASCADE")


@pytest.mark.drill
@pytest.mark.parametrize("name", RULES)
def test_each_rule_is_the_one_that_refuses_its_breach(furnished: Bank, name: str) -> None:
    what, breach = RULES[name]
    statement = breach(furnished)
    expected = what if what.startswith("trigger ") else name
    with furnished.setup.connect() as connection:
        assert refused_by(connection, statement) == expected
        drop(connection, name, what)
        survivors = refused_by(connection, statement)
        assert survivors == "", f"without {name}, {survivors} still refuses: the breach does not test {name}"
        print(f"mutant: drop {name} -> killed, the breach is written without it")
        connection.rollback()


def test_every_rule_in_the_catalogue_has_a_mutant(shared_bank: Bank) -> None:
    # foreign keys between rows of one act, and primary keys, have no mutant: PostgreSQL's own identity
    spared = {"transfer_pending_id_fkey", "transfer_reverses_id_fkey", "transfer_part_of_id_fkey"}
    spared |= {"balance_account_id_fkey", "balance_snapshot_account_id_fkey", "account_id_ledger_kind_key"}
    spared |= {"account_no_truncate", "entry_pair_no_truncate", "earned_day_account_id_fkey"}
    with shared_bank.jobs.connect() as connection:
        names = connection.execute(
            text(
                "SELECT conname FROM pg_constraint WHERE connamespace = 'timebank'::regnamespace AND contype <> 'p'"
                " AND conname NOT LIKE '%not_null' UNION SELECT tgname FROM pg_trigger AS t JOIN pg_class AS c"
                " ON c.oid = t.tgrelid WHERE c.relnamespace = 'timebank'::regnamespace AND NOT tgisinternal"
                " UNION SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid"
                " WHERE c.relnamespace = 'timebank'::regnamespace AND i.indisunique AND i.indpred IS NOT NULL"
            )
        ).scalars()
        assert set(names) - spared == set(RULES)
