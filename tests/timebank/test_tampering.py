"""A superuser switches the triggers off and edits the books: the auditor names the row she touched."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from tests.timebank.bank import NOON, Bank
from timebank.seals import compare_seal_files, seal_ledger, take_snapshots, write_seal_files
from timebank.verify import verify
from timebank.writer import post_transfer, reverse_transfer


@pytest.fixture(scope="module")
def busy(shared_bank: Bank) -> tuple[Bank, dict[str, Any]]:
    """A bank with some of everything; the names of its rows."""
    bank = shared_bank
    first = bank.earn("first", 100, subject=("visit", 1))
    waiting = bank.earn("waiting", 90, pending=True, now=NOON + timedelta(hours=1))
    grant = bank.move("grant", bank.issuance, bank.pool, "grant", 500, now=NOON + timedelta(hours=1))
    post = bank.act(lambda s: post_transfer(s, NOON + timedelta(hours=2), waiting.id, "yes"))
    gift = bank.move("gift", bank.li, bank.wang, "gift", 30, now=NOON + timedelta(hours=3))
    held = bank.move("hold", bank.li, bank.issuance, "redeem", 20, now=NOON + timedelta(hours=4), pending=True)
    wrong = bank.earn("wrong", 10, now=NOON + timedelta(hours=5))
    back = bank.act(lambda s: reverse_transfer(s, NOON + timedelta(hours=6), wrong.id, "undo"))
    late = NOON + timedelta(hours=7)
    bank.act(lambda s: take_snapshots(s, late, bank.ledger), bank.jobs)
    bank.act(lambda s: seal_ledger(s, late, bank.ledger), bank.jobs)
    assert bank.verify().ok
    rows = {"first": first, "waiting": waiting, "grant": grant, "post": post, "gift": gift, "hold": held}
    rows |= {"wrong": wrong, "back": back}
    purses = {"li": bank.li, "wang": bank.wang, "pool": bank.pool}
    return bank, {name: row.id for name, row in rows.items()} | purses


@pytest.fixture
def superuser(busy: tuple[Bank, dict[str, Any]]) -> Iterator[Session]:
    """A superuser's transaction with every trigger asleep; all she did is rolled back after the test."""
    with Session(busy[0].setup) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield session
        session.rollback()


def edit(session: Session, statement: str, **values: Any) -> None:
    """Change exactly one row behind the writer's back."""
    assert session.connection().execute(text(statement), values).rowcount == 1


# (what she types, which row, the table and the row the auditor names)
EDITS = [
    ("UPDATE timebank.transfer SET coin_minutes = 101 WHERE id = :row", "first", "transfer", "first"),
    ("UPDATE timebank.transfer SET service_minutes = 9 WHERE id = :row", "gift", "transfer", "gift"),
    (
        "UPDATE timebank.transfer SET event_at = event_at - interval '1 day' WHERE id = :row",
        "gift",
        "transfer",
        "gift",
    ),
    ("UPDATE timebank.transfer SET subject_id = '2' WHERE id = :row", "first", "transfer", "first"),
    ("UPDATE timebank.transfer SET rule_version = 'x' WHERE id = :row", "hold", "transfer", "hold"),
    ("UPDATE timebank.transfer SET key = 'other' WHERE id = :row", "wrong", "transfer", "wrong"),
    ("UPDATE timebank.transfer SET phase = 'void' WHERE id = :row", "post", "transfer", "post"),
    ("UPDATE timebank.transfer SET credit_hash = sha256('x') WHERE id = :row", "gift", "transfer", "gift"),
    ("DELETE FROM timebank.transfer WHERE id = :row", "first", "transfer", "waiting"),
    ("DELETE FROM timebank.transfer WHERE id = :row", "gift", "transfer", "hold"),
    ("DELETE FROM timebank.transfer WHERE id = :row", "grant", "balance_snapshot", None),
    ("DELETE FROM timebank.transfer WHERE id = :row", "back", "balance", "li"),
    ("UPDATE timebank.transfer SET coin_minutes = 501 WHERE id = :row", "grant", "balance_snapshot", None),
    ("UPDATE timebank.balance SET posted = posted + 60 WHERE account_id = :row", "li", "balance", "li"),
    ("UPDATE timebank.balance SET pending_out = 0 WHERE account_id = :row", "li", "balance", "li"),
    ("UPDATE timebank.balance SET last_seq = last_seq - 1 WHERE account_id = :row", "li", "balance", "li"),
    ("UPDATE timebank.balance SET floor_minutes = -100 WHERE account_id = :row", "wang", "balance", "wang"),
    ("DELETE FROM timebank.balance WHERE account_id = :row", "wang", "balance", "wang"),
    ("UPDATE timebank.account SET cap_minutes = 99999 WHERE id = :row", "li", "account", "li"),
    ("UPDATE timebank.account SET owner_label = 'me' WHERE id = :row", "wang", "account", "wang"),
    (
        "UPDATE timebank.balance_snapshot SET posted = posted + 1 WHERE account_id = :row",
        "pool",
        "balance_snapshot",
        "pool",
    ),
    ("UPDATE timebank.seal SET content = content || ' ' WHERE :row > 0", "li", "seal", None),
]


@pytest.mark.parametrize(("statement", "row", "table", "named"), EDITS)
def test_tampering_is_found_and_named(
    busy: Any, superuser: Session, statement: str, row: str, table: str, named: str | None
) -> None:
    _, rows = busy
    edit(superuser, statement, row=rows[row])
    found = verify(superuser)
    assert not found.ok
    assert found.first_bad.table == table
    if named:
        assert found.first_bad.id == rows[named]


def test_an_entry_slipped_in_behind_the_writer_is_found(busy: Any, superuser: Session) -> None:
    _, rows = busy
    edit(
        superuser,
        "INSERT INTO timebank.transfer SELECT (jsonb_populate_record(t, jsonb_build_object('id', 9999, 'key', 'mine',"
        " 'subject_id', '99'))).* FROM timebank.transfer AS t WHERE id = :row",
        row=rows["first"],
    )
    found = verify(superuser)
    assert (found.ok, found.first_bad.table) == (False, "transfer")


def test_a_history_rewritten_whole_still_differs_from_the_seal_outside(
    busy: Any, superuser: Session, tmp_path: Path
) -> None:
    bank, rows = busy
    bank.act(lambda s: write_seal_files(s, tmp_path), bank.jobs)
    assert bank.act(lambda s: compare_seal_files(s, tmp_path), bank.jobs) == []
    assert bank.act(lambda s: write_seal_files(s, tmp_path), bank.jobs) == []
    edit(superuser, "DELETE FROM timebank.transfer WHERE id = :row", row=rows["grant"])
    edit(superuser, "DELETE FROM timebank.seal WHERE :row > 0", row=1)
    for account in (bank.issuance, bank.pool):
        edit(superuser, "DELETE FROM timebank.balance_snapshot WHERE account_id = :row", row=account)
    seal_ledger(superuser, NOON + timedelta(days=1), bank.ledger)
    assert verify(superuser).ok
    differing = compare_seal_files(superuser, tmp_path)
    assert [bad.reason for bad in differing] == ["the file and the database differ"]


def test_the_same_books_give_the_same_root(busy: Any) -> None:
    bank, _ = busy
    with bank.jobs.connect() as connection:
        again = text(
            "SELECT root, sha256(convert_to(timebank.seal_content(ledger, seal_number, NULL, upto_id,"
            " upto_account_id, upto_limit_change_id), 'UTF8')) FROM timebank.seal"
        )
        root, recomputed = connection.execute(again).one()
    assert root == recomputed
