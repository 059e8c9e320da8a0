"""All accounts somebody has had: hours that follow her to another district stay as old as they were.

What was carried between her own accounts came from nowhere and went nowhere: it is neither fresh nor lapsed nor earned.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from services.clock import civil_midnight
from services.columns import table_of
from services.volunteering.tables import HourMove
from timebank.reader import Entry, read_statement

_move = table_of(HourMove)
Found = Row[*tuple[Any, ...]]


def accounts_before(session: Session, account_id: int) -> tuple[list[int], set[int]]:
    """Give an account and those her hours came from, newest first, and the ledger's entries that only carried them."""
    accounts, carried, at = [account_id], set[int](), 0
    while at < len(accounts):
        came = select(_move.c.from_account_id, _move.c.carried).where(
            _move.c.to_account_id == accounts[at], _move.c.moved_at.is_not(None)
        )
        for row in session.connection().execute(came.order_by(_move.c.id.desc())):
            carried |= set(row.carried)
            accounts += [row.from_account_id] if row.from_account_id not in accounts else []
        at += 1
    return accounts, carried


def entries_of_hers(session: Session, account_id: int, start: datetime, end: datetime) -> Iterator[Entry]:
    """Give what was recorded in [start, end) in an account and those before it, without what was only carried."""
    accounts, carried = accounts_before(session, account_id)
    for one in accounts:
        after: int | None = 0
        while after is not None:
            page = read_statement(session, one, start, end, after, 1000)
            yield from (entry for entry in page.entries if entry.transfer_id not in carried)
            after = page.next_after_id


def earned_that_day(session: Session, account_id: int, at: datetime) -> int:
    """Give what the ledger counted for services of one Shanghai day, in all her accounts. As the house."""
    accounts, _ = accounts_before(session, account_id)
    counted = [session.connection().execute(select(func.hour_day_earned(one, at))).scalar_one() for one in accounts]
    return int(sum(counted))


def account_on(session: Session, person_id: int, account_id: int, day: date) -> int:
    """Give the account somebody had at the end of a Shanghai day, where hers is `account_id` now."""
    end = civil_midnight(day + timedelta(days=1))
    left = (
        select(_move.c.from_account_id)
        .where(_move.c.person_id == person_id, ~_move.c.granted, _move.c.moved_at >= end)
        .order_by(_move.c.moved_at, _move.c.id)
        .limit(1)
    )
    found: int | None = session.connection().execute(left).scalar()
    return account_id if found is None else found
