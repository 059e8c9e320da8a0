"""The auditor's command: the exit code and the printed row are what a script relies on."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from tests.timebank.bank import Bank
from workers.commands.timebank import app


@pytest.fixture
def run(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the sub-command on the database under test, with the jobs login's engine."""
    monkeypatch.setattr("services.unit_of_work.engine", lambda login="app": getattr(bank, login))
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def shown(result: Result) -> Any:
    return json.loads(result.stdout)


def test_verify_says_ok_and_exits_0(bank: Bank, run: Any) -> None:
    bank.earn("k", 60)
    result = run("verify", "--json")
    assert result.exit_code == 0, result.output
    told = shown(result)
    assert (told["ok"], told["first_bad"], told["transfers"]) == (True, None, 1)
    assert "账目无误" in run("verify").stdout


@pytest.mark.broken_ledger
def test_verify_names_the_first_bad_row_and_exits_1(bank: Bank, run: Any) -> None:
    made = bank.earn("k", 60)
    bank.earn("l", 60)
    bank.tampered = True
    with bank.setup.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE timebank.transfer SET coin_minutes = 90"))
    result = run("verify", "--json")
    assert result.exit_code == 1
    assert (shown(result)["ok"], shown(result)["first_bad"]["id"]) == (False, made.id)
    assert run("verify").exit_code == 1


def test_a_statement_and_a_trial_balance_can_be_printed(bank: Bank, run: Any) -> None:
    bank.earn("k", 90, subject=("visit", 17))
    bank.move("g", bank.li, bank.wang, "gift", 30)
    days = ("--from", "2026-11-20", "--to", "2026-11-21")
    told = shown(run("statement", bank.li, *days, "--json"))
    assert [entry["posted_minutes"] for entry in told["entries"]] == [90, -30]
    assert (told["opening_minutes"], told["closing_minutes"]) == (0, 60)
    assert "期末 60 分钟" in run("statement", bank.li, *days).stdout
    assert run("statement", 999_999, *days).exit_code == 2
    rows = shown(run("trial-balance", bank.ledger, "--json"))
    assert sum(row["balance_minutes"] for row in rows) == 0
    assert "合计" in run("trial-balance", bank.ledger).stdout


@pytest.mark.broken_ledger
def test_a_seal_is_taken_to_a_file_outside_and_compared(bank: Bank, run: Any, tmp_path: Path) -> None:
    bank.earn("k", 60)
    result = run("seal", bank.ledger, "--directory", tmp_path)
    assert result.exit_code == 0, result.output
    assert run("verify", "--seals", tmp_path, "--json").exit_code == 0
    (file,) = tmp_path.glob("seal-*.txt")
    file.write_text(file.read_text().replace("seq 1", "seq 2"))
    result = run("verify", "--seals", tmp_path, "--json")
    assert (result.exit_code, shown(result)["first_bad"]["file"]) == (1, file.name)
