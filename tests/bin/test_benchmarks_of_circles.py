"""What is measured is the same walk: small runs of the benchmarks of circles and coverage agree before they time."""

from __future__ import annotations

import importlib

import numpy as np
import pytest


@pytest.fixture
def few(monkeypatch):
    for name in ("benchmarks.circles", "benchmarks.coverage"):
        module = importlib.import_module(name)
        monkeypatch.setattr(module, "compare", lambda cases, **asked: [{"case": name} for name in cases])
    return importlib.import_module("benchmarks.graphs")


def test_the_generated_city_has_streets_of_60_m_and_2_7_at_a_crossing(few):
    graph = few.generated(40_000)
    assert np.diff(graph.indptr).mean() == pytest.approx(2.7, abs=0.02)
    assert graph.weights.mean() == pytest.approx(60.0, abs=1.5)
    again = few.generated(40_000)
    assert np.array_equal(graph.weights, again.weights), "seeded"
    moved, order = few.along_curve(graph)
    assert moved.weights.sum() == pytest.approx(graph.weights.sum())
    assert np.array_equal(np.diff(moved.indptr), np.diff(graph.indptr)[order])


def test_every_engine_finds_the_same_circles_before_any_is_measured(few, monkeypatch):
    circles = importlib.import_module("benchmarks.circles")
    graph = few.along_curve(few.generated(10_000))[0]
    rows = circles.measure(graph)
    assert any("ours" in row["case"] for row in rows) and any("C++" in row["case"] for row in rows)
    monkeypatch.setattr(circles.Walker, "scipy_clipped", lambda self: [np.zeros(3)] * circles.ORIGINS)
    with pytest.raises(AssertionError, match="disagrees"):
        circles.measure(graph)


def test_every_step_towards_coverage_gives_scipys_seconds(few):
    coverage = importlib.import_module("benchmarks.coverage")
    grid = few.generated(20_000)
    rows = coverage.steps_towards_it(grid, np.arange(0, grid.count, 500))
    assert len(rows) == 6 and "heap" in rows[1]["case"]
