"""Writes the demonstration's rows in bulk, through the same tables, keys, checks and triggers as every act.

Rows are collected per table and sent by COPY in the order the tables were first used, so that what is
pointed at stands before what points at it. Identity numbers are taken from the tables' own sequences.
"""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb
from pydantic_core import PydanticUndefined
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session, SQLModel

from services.columns import table_of

_Row = tuple[Any, ...]


class _Sheet:
    """The rows of one table that wait to be written."""

    def __init__(self, model: type[SQLModel], next_number: int | None) -> None:
        table = table_of(model)
        self.name = table.fullname
        self.columns = tuple(column.name for column in table.columns)
        self.json_columns = frozenset(c.name for c in table.columns if isinstance(c.type, JSONB))
        self.defaults = {name: _default_of(model, name) for name in self.columns}
        self.next_number = next_number
        self.rows: list[_Row] = []


class Bulk:
    """Collects rows by table and writes them by COPY within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sheets: dict[type[SQLModel], _Sheet] = {}
        self.written: dict[str, int] = {}

    def add(self, model: type[SQLModel], **values: Any) -> int:
        """Queue one row; gives its identity number (0 for tables without one). Unknown columns are refused."""
        sheet = self._sheets.get(model) or self._open(model)
        if sheet.next_number is not None and "id" not in values:
            values["id"] = sheet.next_number
            sheet.next_number += 1
        unknown = values.keys() - sheet.defaults.keys()
        if unknown:
            raise KeyError(f"{sheet.name} has no {sorted(unknown)}")
        for name in sheet.json_columns & values.keys():
            values[name] = Jsonb(values[name]) if values[name] is not None else None
        sheet.rows.append(tuple([values[c] if c in values else _fresh(sheet.defaults[c]) for c in sheet.columns]))
        return int(values.get("id") or 0)

    def take_id(self, model: type[SQLModel]) -> int:
        """Take the next identity number of a table, for a row that must know its own number."""
        sheet = self._sheets.get(model) or self._open(model)
        assert sheet.next_number is not None, "only tables with an identity number"
        sheet.next_number += 1
        return sheet.next_number - 1

    def write(self) -> None:
        """Send every queued row, table by table in the order of first use, and move the sequences on."""
        driver = self._session.connection().connection.driver_connection
        assert driver is not None
        for sheet in self._sheets.values():
            if not sheet.rows:
                continue
            columns = ", ".join(f'"{name}"' for name in sheet.columns)
            with driver.cursor() as cursor, cursor.copy(f"COPY {sheet.name} ({columns}) FROM STDIN") as copy:
                for row in sheet.rows:
                    copy.write_row(row)
            if sheet.next_number is not None:
                self._session.connection().execute(
                    text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
                    {"name": sheet.name, "last": sheet.next_number - 1},
                )
            self.written[sheet.name] = self.written.get(sheet.name, 0) + len(sheet.rows)
            sheet.rows = []

    def _open(self, model: type[SQLModel]) -> _Sheet:
        table = table_of(model)
        number: int | None = None
        if "id" in table.columns and table.columns["id"].identity is not None:
            sequence = (
                self._session.connection()
                .execute(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.fullname})
                .scalar_one()
            )
            last = self._session.connection().execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()
            number = int(last.last_value) + int(last.is_called)
        sheet = self._sheets[model] = _Sheet(model, number)
        return sheet


def _default_of(model: type[SQLModel], name: str) -> Any:
    field = model.model_fields[name]
    if field.default_factory is not None:
        return field.default_factory
    return None if field.default is PydanticUndefined else field.default


def _fresh(default: Any) -> Any:
    if default is dict:
        return Jsonb({})
    return default() if callable(default) else default
