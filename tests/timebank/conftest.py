"""A bank of one's own for each test, in a freshly cloned database; its books are checked afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.timebank.bank import Bank, open_bank

SQL_FILES = sorted((Path(__file__).resolve().parents[2] / "sql").glob("timebank_*.sql"))


@pytest.fixture
def ledger_database(database: Any) -> Any:
    """The database under test; `database` verifies the ledger after every test."""
    return database


@pytest.fixture
def bank(ledger_database: Any) -> Iterator[Bank]:
    """A bank whose books must hold, for the jobs login too, after every test that did not break them."""
    made = open_bank(ledger_database)
    yield made
    if not made.tampered:
        checked = made.verify()
        assert checked.ok, checked.first_bad
    made.close()


@pytest.fixture(scope="module")
def shared_bank(module_database: Any) -> Iterator[Bank]:
    """One bank for the tests of a file that roll back, or are refused, whatever they do."""
    made = open_bank(module_database)
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the mutants and what killed them, and what the crashes lost, after a run with drills."""
    told = ("mutant:", "kill -9:", "disk full:", "twin:")
    lines = [
        line
        for report in terminalreporter.getreports("passed")
        for line in report.capstdout.splitlines()
        if line.startswith(told)
    ]
    if lines:
        terminalreporter.section("the time bank's mutants and their killers")
        for line in sorted(lines):
            terminalreporter.write_line(line)
