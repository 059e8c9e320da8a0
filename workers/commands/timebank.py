"""The time bank on the command line: an auditor checks the books, an officer prints a statement."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from services.acts import record_act
from services.clock import SHANGHAI
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work
from timebank import reader, seals
from timebank.errors import AccountNotFound
from timebank.verify import verify

app = typer.Typer(help="时间银行：对账、流水、试算平衡、封存", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="打印 JSON")]


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _civil(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@app.command("verify")
def verify_books(
    as_json: AsJson = False,
    seal_directory: Annotated[Path | None, typer.Option("--seals", help="与库外封存文件比对")] = None,
) -> None:
    """从每一笔分录重算全部账目；有误则指出第一处，退出码 1。"""
    with unit_of_work(SYSTEM, login="jobs") as work:
        found = verify(work.session)
        outside = seals.compare_seal_files(work.session, seal_directory) if seal_directory else []
    printed = found.as_json()
    if found.ok and outside:
        printed |= {"ok": False, "first_bad": {"table": "seal file", **asdict(outside[0])}}
    if as_json:
        _print_json(printed)
    elif printed["ok"]:
        typer.echo(f"账目无误：{found.counts['transfers']} 笔分录，{found.counts['accounts']} 个账户。")
    else:
        typer.echo(f"账目有误，第一处：{json.dumps(printed['first_bad'], ensure_ascii=False)}", err=True)
    if not printed["ok"]:
        raise typer.Exit(1)


@app.command()
def statement(
    account_id: int,
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="起（含，北京时间）")],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="止（不含，北京时间）")],
    as_json: AsJson = False,
) -> None:
    """打印一个账户的流水：期初、每一笔、期末。"""
    since, until = start.replace(tzinfo=SHANGHAI), end.replace(tzinfo=SHANGHAI)
    with unit_of_work(SYSTEM, login="jobs") as work:
        try:
            page = reader.read_statement(work.session, account_id, since, until, limit=1000)
            entries = list(page.entries)
            while page.next_after_id is not None:
                page = reader.read_statement(work.session, account_id, since, until, page.next_after_id, 1000)
                entries += page.entries
        except AccountNotFound:
            typer.echo(f"没有账户 {account_id}。", err=True)
            raise typer.Exit(2) from None
    if as_json:
        _print_json(asdict(page) | {"entries": [asdict(entry) for entry in entries]})
        return
    typer.echo(f"账户 {account_id}　期初 {page.opening_minutes} 分钟")
    for entry in entries:
        shown = entry.posted_minutes or entry.held_minutes
        mark = "" if entry.posted_minutes else "（冻结）"
        typer.echo(f"{_civil(entry.recorded_at)}  {entry.transfer_id:>8}  {entry.entry_type:<10} {shown:+6d}{mark}")
    typer.echo(f"期末 {page.closing_minutes} 分钟")


@app.command("trial-balance")
def trial_balance(ledger: int, as_json: AsJson = False) -> None:
    """打印一家时间银行的试算平衡表；各类账户余额合计为零。"""
    with unit_of_work(SYSTEM, login="jobs") as work:
        rows = reader.read_trial_balance(work.session, ledger)
    if as_json:
        _print_json([asdict(row) for row in rows])
        return
    for row in rows:
        typer.echo(
            f"{row.kind:<14}{row.accounts:>8}{row.debit_minutes:>14}{row.credit_minutes:>14}{row.balance_minutes:>14}"
        )
    typer.echo(f"{'合计':<12}{'':>8}{'':>14}{'':>14}{sum(row.balance_minutes for row in rows):>14}")


@app.command()
def seal(
    ledger: int,
    directory: Annotated[Path, typer.Option("--directory", help="封存文件所在目录（库外）")],
) -> None:
    """封存一家时间银行今日的账目，并把封存写到库外的文件。"""
    with unit_of_work(SYSTEM, login="jobs") as work:
        seals.take_snapshots(work.session, work.now, ledger)
        taken = seals.seal_ledger(work.session, work.now, ledger)
        facts = {"seal_number": taken.seal_number, "root": _plain(taken.root)}
        record_act(work.session, work.now, COMMAND_LINE, "seal_timebank", area_code=ledger, facts=facts)
    with unit_of_work(SYSTEM, login="jobs") as work:
        seals.write_seal_files(work.session, directory)
    typer.echo(f"第 {taken.seal_number} 号封存：{taken.root}")
