"""The auditor's command: the exit code and the printed row are what a script relies on."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from services.outbox import enqueue
from services.unit_of_work import SYSTEM, unit_of_work
from tests.timebank.bank import NOON, SUZHOU, Bank, open_bank
from timebank.clearing import send_between
from timebank.reader import read_balance
from timebank.seals import compare_seal_files
from timebank.writer import Request
from workers.commands.timebank import app
from workers.jobs import handlers
from workers.jobs.timebank import seal_day, settle_month
from workers.schedule import PERIODIC


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


def test_an_officer_links_two_banks_sees_who_owes_whom_and_settles_once(bank: Bank, run: Any, frozen: Any) -> None:
    frozen.now = NOON
    other = open_bank(bank.database, SUZHOU)
    linked = run("link", bank.ledger, bank.issuance, SUZHOU, other.issuance, "--most", 100)
    assert linked.exit_code == 0, linked.output
    bank.earn("k", 60)
    request = Request(bank.ledger, "m", bank.li, other.li, "clearing", 40)
    bank.act(lambda s: send_between(s, NOON, request, SUZHOU))
    assert f"{bank.ledger} 欠 {SUZHOU}　40 分钟" in run("net").stdout
    told = shown(run("net", "--settle", "2026-11", "--json"))
    assert [act["minutes"] for act in told["settled"]] == [40]
    assert set(told["net"].values()) == {0}
    assert shown(run("net", "--settle", "2026-11", "--json"))["settled"] == []
    refused = run("link", bank.ledger, bank.pool, 320200000000000, other.issuance, "--most", 100)
    assert (refused.exit_code, "correspondent" in refused.output) == (2, True), refused.output
    with bank.jobs.connect() as connection:
        verbs = connection.execute(text("SELECT verb FROM act ORDER BY id")).scalars()
        assert list(verbs) == ["link_timebanks", "settle_timebank"]
    other.close()


def test_limits_are_changed_with_who_and_why_in_the_trail(bank: Bank, run: Any) -> None:
    words = ("--reason", "市里提高上限", "--by", "office-3", "--cap", 100_000, "--daily", 120)
    assert run("limits", bank.li, *words).exit_code == 0
    assert bank.act(lambda s: read_balance(s, bank.li)).cap_minutes == 100_000
    assert run("limits", bank.issuance, *words).exit_code == 2
    with bank.jobs.connect() as connection:
        facts = connection.execute(text("SELECT facts FROM act WHERE verb = 'change_timebank_limits'")).scalar_one()
    assert (facts["account_id"], facts["daily"], facts["reason"]) == (bank.li, 120, "市里提高上限")


def test_the_calendar_seals_each_day_and_settles_each_month(bank: Bank, tmp_path: Path, override_settings: Any) -> None:
    override_settings(seals_dir=tmp_path)
    names = {periodic.job for periodic in PERIODIC}
    known = {**handlers().inside, **handlers().outside}
    assert {"timebank.seal_day", "timebank.settle_month"} <= names & set(known)
    bank.earn("k", 60)
    with unit_of_work(SYSTEM, login="jobs") as work:
        enqueue(work.session, work.now, "timebank.seal_day", {}, area_code=None, key="once")
        promised = work.session.execute(text("SELECT id FROM outbox WHERE key = 'once'")).scalar_one()
        settle_month(work)
    seal_day(promised, {})
    assert [file.name for file in tmp_path.glob("seal-*")] == [f"seal-{bank.ledger}-000001.txt"]
    assert bank.act(lambda s: compare_seal_files(s, tmp_path), bank.jobs) == []


def test_a_month_is_closed_once_it_is_over(bank: Bank, run: Any, frozen: Any) -> None:
    frozen.now = NOON
    assert run("close", bank.ledger, "2026-10").exit_code == 0
    assert "2026-11-01 00:00" in run("close", bank.ledger, "2026-10").stdout
    early = run("close", bank.ledger, "2026-11")
    assert (early.exit_code, "还没有过完" in early.output) == (2, True)
    with bank.jobs.connect() as connection:
        until = connection.execute(text("SELECT closed_until FROM timebank.period_close")).scalars().all()
    assert [moment.isoformat() for moment in until] == ["2026-10-31T16:00:00+00:00"]
