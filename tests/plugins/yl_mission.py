"""Write docs/MISSION.md from the passing tests marked `@pytest.mark.mission("DY-34")`."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MISSION = ROOT / "docs" / "mission.csv"


class MissionPage:
    """Collects, on the process that hears every report, which rows were shown to work."""

    def __init__(self) -> None:
        self.outcomes: dict[str, dict[str, set[str]]] = {}

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a marked test; a failing set-up or tear-down counts as failing."""
        rows = [value for key, value in report.user_properties if key == "mission"]
        if report.when != "call" and report.passed:
            return
        for row in rows:
            test = report.nodeid.split("[")[0]
            self.outcomes.setdefault(row, {}).setdefault(test, set()).add(report.outcome)

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the page when bin/test asked for it and the run came to its end."""
        target = os.environ.get("YINLING_MISSION_FILE")
        if target and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            Path(target).write_text(page(read_rows(), self.outcomes), encoding="utf-8")


def read_rows() -> list[dict[str, str]]:
    """Give the rows of docs/mission.csv."""
    with MISSION.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page(rows: list[dict[str, str]], outcomes: dict[str, dict[str, set[str]]]) -> str:
    """Lay out every row with the tests that showed it in this run, or "not yet"."""
    shown = {row["id"]: where(outcomes.get(row["id"], {})) for row in rows}
    works = sum(text.startswith("`") for text in shown.values())
    lines = [
        "# What of the mission works",
        "",
        "Written by `bin/test` from the tests that passed; do not edit. Rows: `docs/mission.csv`.",
        "",
        f"**{works} of {len(rows)}** rows are shown to work by a test.",
    ]
    for city in dict.fromkeys(row["city"] for row in rows):
        lines += ["", f"## {city}", "", "| Row | Duty | Target | Where it works |", "|---|---|---|---|"]
        for row in (row for row in rows if row["city"] == city):
            target = " ".join(part for part in (row["target"], row["year"]) if part not in ("", "—"))
            duty = row["duty"].replace("|", "\\|")
            lines.append(f"| {row['id']} | {duty} | {target.replace('|', '/')} | {shown[row['id']]} |")
    return "\n".join(lines) + "\n"


def where(tests: dict[str, set[str]]) -> str:
    """Tell which tests show a row; one failing test makes it "not yet", a skipped one shows nothing."""
    failing = sorted(test for test, outcomes in tests.items() if "failed" in outcomes)
    if failing:
        return f"not yet (failing: `{failing[0]}`)"
    passing = sorted(test for test, outcomes in tests.items() if outcomes == {"passed"})
    return "<br>".join(f"`{test}`" for test in passing) or "not yet"


def pytest_configure(config: pytest.Config) -> None:
    """Listen on the main process only: with xdist the workers' reports arrive there."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(MissionPage(), "yl-mission-page")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every report carry its rows; a row that does not exist stops the run."""
    known = {row["id"] for row in read_rows()}
    for item in items:
        for mark in item.iter_markers("mission"):
            for row in mark.args:
                if row not in known:
                    raise pytest.UsageError(f"{item.nodeid}: docs/mission.csv has no row {row}")
                item.user_properties.append(("mission", row))
