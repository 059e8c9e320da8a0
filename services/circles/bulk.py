"""Writes many derived rows at once: COPY, through a temporary table where row-level security forbids COPY."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table, text
from sqlmodel import Session


def copy_rows(session: Session, table: Table, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """Add rows to a table; give how many. The table's constraints and policies hold as for INSERT."""
    connection = session.connection()
    passage = f"{table.name}_passage"
    names = ", ".join(columns)
    connection.execute(text(f"DROP TABLE IF EXISTS pg_temp.{passage}"))
    connection.execute(
        text(f"CREATE TEMPORARY TABLE {passage} ON COMMIT DROP AS SELECT {names} FROM {table.name} WITH NO DATA")
    )
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {passage} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    written = connection.execute(text(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {passage}")).rowcount
    connection.execute(text(f"DROP TABLE pg_temp.{passage}"))
    return int(written)
