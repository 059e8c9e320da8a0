"""Keep what was skipped and why, for the last line of bin/test."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest


class Unrun:
    """Counts skips by their reason, and the drills that were left out."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test; an expected failure is not one."""
        if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            self.skipped[str(report.longrepr[2]).removeprefix("Skipped: ")] += 1

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a whole module that skipped itself."""
        if report.skipped and isinstance(report.longrepr, tuple):
            self.skipped[str(report.longrepr[2]).removeprefix("Skipped: ")] += 1

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the file that bin/test named."""
        target = os.environ.get("YINLING_UNRUN_FILE")
        if target:
            told = {"skipped": dict(self.skipped), "drills": count_drills(session.config.rootpath)}
            Path(target).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def count_drills(root: Path) -> int:
    """Count the drills by their marks in the sources, for a deselected test never reports."""
    return sum(
        line.strip().startswith("@pytest.mark.drill")
        for file in (root / "tests").rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
    )


def pytest_configure(config: pytest.Config) -> None:
    """Listen on the main process only."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Unrun(), "yl-unrun")
