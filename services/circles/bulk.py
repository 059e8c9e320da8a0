"""Writes many derived rows at once: binary COPY straight from arrays, so that a city's reach is a matter of seconds.

PostgreSQL refuses COPY into tables under row-level security; their rows go through a temporary table (`pour`).
A masked array's masked entries, and floats that are not finite, become NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlmodel import Session

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Values = Any
"""An array of int64, int32, float64, bool or bytes (S), masked or not, or one str, int or bool for every row."""

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_ROWS_AT_ONCE = 65_536
_WORTH_COUNTING = 5_000
"""From so many rows on the planner is told how many there are."""
_NULL = np.frombuffer(b"\xff\xff\xff\xff", dtype=np.uint8)
_POSTGRES_EPOCH = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_KINDS = {"i8": "bigint", "i4": "integer", "f8": "double precision", "b1": "boolean", "S": "text", "M8": "timestamptz"}


def copy_arrays(session: Session, table: str, columns: Mapping[str, Values]) -> int:
    """Add rows to a table by COPY; gives how many. Widths must fit: int64 to BIGINT, int32 to INTEGER."""
    rows = _row_count(columns)
    if rows == 0:
        return 0
    cursor: Any = session.connection().connection.cursor()
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_HEADER)
        for first in range(0, rows, _ROWS_AT_ONCE):
            last = min(rows, first + _ROWS_AT_ONCE)
            copy.write(pack_rows({name: _part(values, first, last) for name, values in columns.items()}, last - first))
        copy.write(_TRAILER)
    return rows


def pour(session: Session, name: str, columns: Mapping[str, Values]) -> int:
    """Make a temporary table of these columns, gone with the transaction, and fill it; gives how many rows."""
    connection = session.connection()
    kinds = ", ".join(f"{column} {_kind(values)}" for column, values in columns.items())
    connection.execute(text(f"DROP TABLE IF EXISTS pg_temp.{name}"))
    connection.execute(text(f"CREATE TEMPORARY TABLE {name} ({kinds}) ON COMMIT DROP"))
    written = copy_arrays(session, f"pg_temp.{name}", columns)
    if written > _WORTH_COUNTING:
        connection.execute(text(f"ANALYZE pg_temp.{name}"))
    return written


def pack_rows(columns: Mapping[str, Values], rows: int) -> bytes:
    """The rows in PostgreSQL's binary COPY format, without header and trailer.

    Every field is laid out at full width in a byte matrix (rows, width); what a row does not have (NULL, the
    unused end of a text) is then left out, row by row.
    """
    parts: list[tuple[Bytes, Flags | None]] = [_constant(np.array([len(columns)], dtype=">i2"), rows)]
    for values in columns.values():
        parts.extend(_field(values, rows))
    matrix = np.concatenate([part for part, _ in parts], axis=1)
    if all(kept is None for _, kept in parts):
        return matrix.tobytes()
    kept = np.concatenate([np.ones(part.shape, bool) if k is None else k for part, k in parts], axis=1)
    return bytes(matrix[kept].tobytes())


def _field(values: Values, rows: int) -> list[tuple[Bytes, Flags | None]]:
    if isinstance(values, str):
        said = values.encode()
        return [_constant(np.array([len(said)], ">i4"), rows), _constant(np.frombuffer(said, np.uint8), rows)]
    array = _as_array(values, rows)
    missing = _missing(array)
    data = np.ma.getdata(array)
    if data.dtype.kind == "S":
        return _texts(data, missing)
    width = data.dtype.itemsize
    body = np.ascontiguousarray(data.astype(data.dtype.newbyteorder(">"))).view(np.uint8).reshape(rows, width)
    length, _ = _constant(np.array([width], ">i4"), rows)
    if missing is None:
        return [(length, None), (body, None)]
    length = np.where(missing[:, None], _NULL, length)
    return [(length, None), (body, np.repeat(~missing[:, None], width, axis=1))]


def _texts(data: npt.NDArray[np.bytes_], missing: Flags | None) -> list[tuple[Bytes, Flags | None]]:
    width = data.dtype.itemsize
    sizes = np.char.str_len(data)
    body = np.ascontiguousarray(data).view(np.uint8).reshape(len(data), width)
    length = sizes.astype(">i4").view(np.uint8).reshape(len(data), 4)
    kept = np.arange(width)[None, :] < sizes[:, None]
    if missing is not None:
        length = np.where(missing[:, None], _NULL, length)
        kept &= ~missing[:, None]
    return [(length, None), (body, kept)]


def _constant(value: npt.NDArray[Any], rows: int) -> tuple[Bytes, None]:
    return np.broadcast_to(value.view(np.uint8), (rows, value.nbytes)), None


def _as_array(values: Values, rows: int) -> npt.NDArray[Any]:
    if isinstance(values, datetime):
        micros = (values - _POSTGRES_EPOCH) // (values.resolution)
        return np.full(rows, micros, dtype=np.int64)
    if isinstance(values, bool):
        return np.full(rows, values)
    if isinstance(values, int):
        return np.full(rows, values, dtype=np.int64)
    array: npt.NDArray[Any] = np.ma.asanyarray(values)
    return array


def _missing(array: npt.NDArray[Any]) -> Flags | None:
    missing = np.ma.getmaskarray(array) if np.ma.isMaskedArray(array) else np.zeros(len(array), dtype=bool)
    data = np.ma.getdata(array)
    if data.dtype.kind == "f":
        missing = missing | ~np.isfinite(data)
    return missing if missing.any() else None


def _kind(values: Values) -> str:
    if isinstance(values, str):
        return "text"
    if isinstance(values, datetime):
        return "timestamptz"
    dtype = _as_array(values, 1).dtype
    return _KINDS["S" if dtype.kind == "S" else f"{dtype.kind}{dtype.itemsize}"]


def _row_count(columns: Mapping[str, Values]) -> int:
    return max((len(v) for v in columns.values() if not isinstance(v, str | int | bool | datetime)), default=0)


def _part(values: Values, first: int, last: int) -> Values:
    return values if isinstance(values, str | int | bool | datetime) else values[first:last]
