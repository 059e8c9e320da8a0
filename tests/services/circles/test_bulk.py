"""Rows that go in by binary COPY come out the same, the missing ones included."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from services.circles.bulk import copy_arrays, pour

MOMENT = datetime(2026, 11, 22, 8, 30, 15, 123456, tzinfo=UTC)


@pytest.mark.parametrize("rows", (1, 3, 70_001))
def test_every_kind_of_value_comes_back_as_it_went(database: Any, rows: int) -> None:
    chance = np.random.default_rng(rows)
    numbers = chance.integers(-(2**62), 2**62, rows)
    small = chance.integers(-(2**31), 2**31 - 1, rows).astype(np.int32)
    floats = np.where(chance.random(rows) < 0.3, np.inf, chance.normal(size=rows))
    flags = chance.random(rows) < 0.5
    words = np.array([b"walk", b"", "估算".encode()])[chance.integers(0, 3, rows)]
    holes = np.ma.masked_array(numbers, chance.random(rows) < 0.4)
    columns = {
        "a": numbers,
        "b": small,
        "c": floats,
        "d": flags,
        "e": words,
        "f": holes,
        "g": "x圈",
        "h": MOMENT,
        "i": 7,
    }
    with database.session("jobs") as session:
        assert pour(session, "passage", columns) == rows
        found = session.connection().execute(text("SELECT a, b, c, d, e, f, g, h, i FROM passage")).all()
    expected = [
        (
            int(a),
            int(b),
            float(c) if np.isfinite(c) else None,
            bool(d),
            e.decode(),
            None if f is np.ma.masked else int(f),
        )
        for a, b, c, d, e, f in zip(numbers, small, floats, flags, words, holes, strict=True)
    ]
    assert [tuple(row[:6]) for row in found] == expected
    assert {tuple(row[6:]) for row in found} == {("x圈", MOMENT, 7)}


def test_nothing_to_write_writes_nothing(database: Any) -> None:
    with database.session("jobs") as session:
        columns = {"facility_id": np.array([], dtype=np.int64), "network_version_id": 1, "step_free": False}
        assert copy_arrays(session, "facility_snap", columns) == 0
