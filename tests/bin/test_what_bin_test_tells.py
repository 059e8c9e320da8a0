"""docs/MISSION.md holds what passing tests showed; the last line tells what could not be run and why."""

from __future__ import annotations

import importlib
import json
import sys
from concurrent.futures import Future
from pathlib import Path

import pytest
import yl_mission
import yl_order

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    {"id": "DY-01", "city": "Dongying", "duty": "a | b", "target": "95 %", "year": "2025"},
    {"id": "DY-02", "city": "Dongying", "duty": "c", "target": "—", "year": "—"},
]


def test_a_row_works_where_its_tests_passed():
    page = yl_mission.page(ROWS, {"DY-01": {"tests/a.py::test_x": {"passed"}, "tests/a.py::test_y": {"passed"}}})
    assert "| DY-01 | a \\| b | 95 % 2025 | `tests/a.py::test_x`<br>`tests/a.py::test_y` |" in page
    assert "| DY-02 | c |  | not yet |" in page
    assert "**1 of 2** rows" in page


@pytest.mark.parametrize("outcomes", [{"skipped"}, {"passed", "failed"}, {"failed"}, set()])
def test_a_row_does_not_work_when_its_test_was_skipped_or_failed(outcomes):
    assert yl_mission.where({"tests/a.py::test_x": outcomes}).startswith("not yet")


def test_the_committed_rows_carry_no_quoted_phrase():
    rows = yl_mission.read_rows()
    assert len(rows) == 202 and len({row["id"] for row in rows}) == 202
    assert set(rows[0]) == {"id", "city", "tier", "duty", "base", "target", "year", "module", "priority"}


def test_an_unknown_row_stops_the_run():
    class Item:
        nodeid = "tests/a.py::test_x"
        user_properties: list[tuple[str, str]] = []

        def iter_markers(self, name):
            return [pytest.mark.mission("DY-999").mark]

    with pytest.raises(pytest.UsageError, match="no row DY-999"):
        yl_mission.pytest_collection_modifyitems([Item()])


def test_the_last_line_gives_each_reason_once(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "bin"))
    testing = importlib.import_module("house.testing")
    monkeypatch.setattr(testing, "_UNRUN", tmp_path / "unrun.json")
    assert "pytest did not finish" in testing._last_line({}, False)
    testing._UNRUN.write_text(json.dumps({"skipped": {"no browser here": 3}, "drills": 2}))
    line = testing._last_line({"stripe-mock": "needs Go"}, False)
    assert line == (
        "Not run on this machine: stripe-mock: needs Go; 3 × no browser here; 2 drills left to bin/test --drills"
    )
    testing._UNRUN.write_text(json.dumps({"skipped": {}, "drills": 2}))
    assert testing._last_line({}, True).endswith("nothing, everything was run")
    assert "house.testing" in sys.modules


def test_the_longest_files_go_first_and_every_one_of_them_is_there():
    class Item:
        def __init__(self, nodeid):
            self.nodeid = nodeid

    long, many = yl_order.LONGEST_FIRST[1], "tests/z.py"
    items = [Item("tests/a.py::test_1"), Item(f"{many}::test_2"), Item(f"{many}::test_1"), Item(f"{long}::test_1")]
    yl_order.sort_files(items)
    assert [item.nodeid for item in items] == [
        f"{long}::test_1",
        f"{many}::test_2",
        f"{many}::test_1",
        "tests/a.py::test_1",
    ]
    assert [name for name in yl_order.LONGEST_FIRST if not (ROOT / name).is_file()] == []


def test_a_check_that_fails_is_told_with_its_words_and_fails_the_run(monkeypatch, tmp_path, capfd):
    monkeypatch.syspath_prepend(str(ROOT / "bin"))
    testing = importlib.import_module("house.testing")
    monkeypatch.setattr(testing, "_UNRUN", tmp_path / "unrun.json")
    python = tmp_path / "python"
    (tmp_path / "lint-imports").symlink_to("/bin/true")
    python.write_text('#!/bin/sh\ncase "$*" in *mypy*) echo "services/x.py:1: error: no"; exit 1;; esac\n')
    python.chmod(0o755)

    checks = Future()
    checks.set_result(testing._checks(python, {}))
    assert testing._all(python, {}, [], False, {}, checks) == 1
    told = capfd.readouterr().out
    assert "services/x.py:1: error: no\nmypy: FAILED" in told and "FAILED: mypy\n" in told
    python.write_text("#!/bin/sh\n")
    checks = Future()
    checks.set_result(testing._checks(python, {}))
    assert testing._all(python, {}, [], False, {}, checks) == 0
    assert "All that was run passed." in capfd.readouterr().out
