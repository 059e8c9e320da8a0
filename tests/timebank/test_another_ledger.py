"""The same workload in another ledger: a seeded life of the bank, written as plain-text books, gives the same balances."""

from __future__ import annotations

from typing import Any

from beancount import loader
from beancount.core.data import Transaction
from sqlalchemy import Row, text

from workers.simulating import simulate

Found = Row[*tuple[Any, ...]]
SIDE = {"issuance": "Equity", "pool": "Equity", "clawback": "Assets", "clearing": "Liabilities"}
ASKED = text("SELECT * FROM timebank.transfer ORDER BY id")
ACCOUNTS = text(
    "SELECT a.id, a.kind, r.posted - r.pending_out AS free FROM timebank.account AS a,"
    " LATERAL timebank.read_balance(a.id, NULL) AS r ORDER BY a.id"
)


def named(kind: str, account_id: int) -> str:
    return f"{SIDE.get(kind, 'Liabilities')}:{kind.replace('_', '').title()}:A{account_id}"


def books(transfers: list[Found], accounts: list[Found]) -> str:
    """Write every request as two postings; what is held lies in an account of its own until it is posted or given back."""
    lines = [f"2000-01-01 open {named(one.kind, one.id)} MIN" for one in accounts]
    pending = {one.id: one for one in transfers if one.phase == "pending"}
    lines += [f"2000-01-01 open Liabilities:Held:T{number} MIN" for number in pending]
    for one in transfers:
        giver, receiver = named(one.debit_kind, one.debit_account_id), named(one.credit_kind, one.credit_account_id)
        if one.phase == "pending":
            receiver = f"Liabilities:Held:T{one.id}"
        elif one.phase in ("post", "void"):
            giver, back = f"Liabilities:Held:T{one.pending_id}", giver
            receiver = receiver if one.phase == "post" else back
        minutes = pending[one.pending_id].coin_minutes if one.pending_id else one.coin_minutes
        lines += [
            f'2026-01-01 * "{one.entry_type}" ^t{one.id}',
            f"  {giver}  -{minutes} MIN",
            f"  {receiver}  {minutes} MIN",
        ]
    lines += [f"2026-01-02 balance {named(one.kind, one.id)}  {one.free} MIN" for one in accounts]
    return "\n".join(lines) + "\n"


def test_plain_text_books_of_the_same_life_agree_with_every_balance_and_one_changed_minute_does_not(
    database: Any,
) -> None:
    lived, difference = simulate(
        database.url("setup").render_as_string(hide_password=False), 11, 250, lambda done: None
    )
    assert difference is None and {"record", "resolve"} <= set(lived.done)
    with database.engine("setup").connect() as connection:
        transfers = list(connection.execute(ASKED))
        accounts = list(connection.execute(ACCOUNTS))
    assert {"single", "pending", "post", "void"} <= {one.phase for one in transfers} and len(accounts) > 4
    written = books(transfers, accounts)
    entries, wrong, _ = loader.load_string(written)
    assert wrong == []
    assert sum(isinstance(one, Transaction) for one in entries) == len(transfers)
    first = next(one for one in transfers if one.phase == "single")
    giver = named(first.debit_kind, first.debit_account_id)
    falsified = written.replace(
        f"^t{first.id}\n  {giver}  -{first.coin_minutes} MIN",
        f"^t{first.id}\n  {giver}  -{first.coin_minutes + 1} MIN",
        1,
    )
    assert falsified != written
    assert loader.load_string(falsified)[1]  # the twin: one minute more, and the books do not hold
