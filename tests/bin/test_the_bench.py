"""Comparisons are interleaved medians, and the file has the shape that others read."""

from __future__ import annotations

import importlib
import json
import sys

import pytest


@pytest.fixture
def harness():
    return importlib.import_module("benchmarks.harness")


def test_cases_run_interleaved_after_a_warm_up_and_nobody_always_first(harness):
    calls = []
    rows = harness.compare({"old": lambda: calls.append("o"), "new": lambda: calls.append("n")}, rounds=3, warm_up=1)
    assert calls == ["o", "n", "n", "o", "o", "n", "n", "o"]
    assert [(line["case"], line["against"]) for line in rows] == [("old", None), ("new", "old")]
    assert rows[0]["ratio"] is None and rows[1]["ratio"] is not None


def test_the_value_is_the_median_and_the_ratio_is_against_the_named_case(harness, monkeypatch):
    spent = {"slow": iter([9.0, 0.4, 8.0, 0.4]), "fast": iter([9.0, 0.1, 0.2, 0.1])}
    monkeypatch.setattr(harness, "time_once", lambda call: next(spent[call()]))
    rows = harness.compare({"slow": lambda: "slow", "fast": lambda: "fast"}, rounds=3, against="fast")
    assert [(line["value"], line["unit"], line["ratio"]) for line in rows] == [(400.0, "ms", 4.0), (100.0, "ms", None)]


def test_no_round_is_refused(harness):
    with pytest.raises(ValueError, match="at least one"):
        harness.compare({"x": int}, rounds=0)


def test_a_benchmark_is_shown_and_written(harness, monkeypatch, tmp_path, capsys):
    class Sample:
        @staticmethod
        def run():
            return [harness.row("circle of 900 s", 1.23456, "ms", "straight line", 2.0)]

    monkeypatch.setitem(sys.modules, "benchmarks.sample", Sample)
    monkeypatch.setattr(harness, "available", lambda: ["sample"])
    monkeypatch.setattr(harness, "OUT", tmp_path)
    assert harness.main(["sample"]) == 0
    written = json.loads((tmp_path / "sample.json").read_text(encoding="utf-8"))
    assert written["rows"] == [
        {"case": "circle of 900 s", "value": 1.235, "unit": "ms", "against": "straight line", "ratio": 2.0}
    ]
    assert {"cpu", "cores", "memory_gib", "python", "postgresql", "commit"} <= set(written["machine"])
    assert "circle of 900 s" in capsys.readouterr().out
    assert harness.main(["no-such"]) == 2
