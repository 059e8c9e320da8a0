"""The time bank on the command line: an auditor checks the books, an officer prints a statement."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from services.acts import record_act
from services.clock import SHANGHAI
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work
from timebank import clearing, limits, reader, seals
from timebank.errors import AccountNotFound, TimebankError
from timebank.verify import verify
from workers.jobs import timebank as jobs
from workers.simulating import scratch_database
from workers.simulating import simulate as live

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
    with unit_of_work(COMMAND_LINE, login="jobs") as work:
        taken = jobs.seal(work, ledger)
    with unit_of_work(SYSTEM, login="jobs") as work:
        seals.write_seal_files(work.session, directory)
    typer.echo(f"第 {taken.seal_number} 号封存：{taken.root}")


@app.command()
def close(
    ledger: int,
    month: Annotated[datetime, typer.Argument(formats=["%Y-%m"], help="要结的月份，如 2026-10")],
) -> None:
    """结一家时间银行某月及以前的账：此后不能再往那个月记账，晚报的服务记在现在、写明日期。"""
    ends = (month.replace(day=1) + timedelta(days=32)).replace(day=1, tzinfo=SHANGHAI)
    with unit_of_work(COMMAND_LINE, login="jobs") as work:
        try:
            seals.close_period(work.session, work.now, ledger, ends)
        except TimebankError as refusal:
            typer.echo(refusal.message_zh, err=True)
            raise typer.Exit(2) from None
        facts = {"closed_until": ends.isoformat()}
        record_act(work.session, work.now, work.actor, "close_timebank_month", area_code=ledger, facts=facts)
    typer.echo(f"{ledger} 的账已结到 {_civil(ends)}（不含）。")


@app.command()
def simulate(
    seed: Annotated[int, typer.Option("--seed", help="同一种子重演同一过程")] = 1,
    steps: Annotated[int, typer.Option("--steps", min=1)] = 1000,
    as_json: AsJson = False,
) -> None:
    """在临时库里按种子演练账本，逐步与纯模型对照；打印第一处不同，退出码 1。"""
    console = Console(stderr=True)
    bars = Progress(*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn(), console=console)
    with scratch_database() as address, bars as progress:
        bar = progress.add_task(f"seed {seed}", total=steps)
        run, found = live(address, seed, steps, lambda done: progress.update(bar, completed=done))
    told = {"seed": seed, "steps": run.steps, "acts": dict(run.done), "refused": dict(run.refused)}
    told |= {"rows": run.model.rows, "difference": None if found is None else asdict(found)}
    if as_json:
        _print_json(told)
    elif found is None:
        typer.echo(f"种子 {seed}：{run.steps} 步，{run.model.rows} 笔分录，与模型处处一致。")
        typer.echo(f"动作 {dict(run.done)}；按规则拒绝 {dict(run.refused)}。")
    else:
        typer.echo(f"种子 {seed} 第 {found.step} 步不同：{found.act}", err=True)
        typer.echo(f"模型：{found.expected}\n账本：{found.found}", err=True)
        typer.echo(f"重演：bin/yinling timebank simulate --seed {seed} --steps {found.step}", err=True)
    if found is not None:
        raise typer.Exit(1)


@app.command()
def net(
    key: Annotated[str | None, typer.Option("--settle", help="以此为号结清（如 2026-11）；不给则只看")] = None,
    as_json: AsJson = False,
) -> None:
    """各区时间银行之间谁欠谁、轧差多少；--settle 结清，同一个号只结一次。"""
    with unit_of_work(COMMAND_LINE, login="jobs") as work:
        made = [] if key is None else jobs.settle(work, key)
        rows = clearing.read_clearing(work.session)
    positions = clearing.net_positions(rows)
    if as_json:
        _print_json({"settled": [asdict(a) for a in made], "pairs": [asdict(r) for r in rows], "net": positions})
        return
    for act in made:
        typer.echo(f"已结清：{act.from_ledger} → {act.to_ledger}　{act.minutes} 分钟")
    for row in rows:
        if row.owed_minutes > 0:
            typer.echo(f"{row.ledger} 欠 {row.peer_ledger}　{row.owed_minutes} 分钟（上限 {row.most_minutes}）")
    for ledger, minutes in sorted(positions.items()):
        typer.echo(f"{ledger} 轧差 {minutes:+d} 分钟")


@app.command()
def link(
    ledger: int,
    issuance: int,
    peer: int,
    peer_issuance: int,
    most: Annotated[int, typer.Option("--most", min=1, help="彼此最多欠多少分钟")],
) -> None:
    """让两区的时间银行通存通兑，彼此欠账有上限。"""
    with unit_of_work(COMMAND_LINE, login="jobs") as work:
        try:
            ours, theirs = clearing.link_banks(work.session, work.now, ledger, issuance, peer, peer_issuance, most)
        except TimebankError as refusal:
            typer.echo(f"{refusal.message_zh}{refusal.facts}", err=True)
            raise typer.Exit(2) from None
        facts = {"peer_ledger": peer, "most_minutes": most, "account_ids": [ours, theirs]}
        record_act(work.session, work.now, work.actor, "link_timebanks", area_code=ledger, facts=facts)
    typer.echo(f"清算账户 {ours}（{ledger}）与 {theirs}（{peer}），上限 {most} 分钟。")


@app.command("limits")
def change_limits(
    account_id: int,
    reason: Annotated[str, typer.Option("--reason", help="为什么改")],
    decided_by: Annotated[str, typer.Option("--by", help="谁决定的")],
    floor: Annotated[int | None, typer.Option("--floor")] = 0,
    cap: Annotated[int | None, typer.Option("--cap", help="不给则不设总上限")] = None,
    daily: Annotated[int | None, typer.Option("--daily", help="每日上限；设过只能调高或调低，不能取消")] = None,
) -> None:
    """改一个已开账户的上下限；决定留痕、入链、随封存。"""
    with unit_of_work(COMMAND_LINE, login="jobs") as work:
        try:
            change = limits.change_limits(
                work.session, work.now, account_id, floor_minutes=floor, cap_minutes=cap, daily_cap_minutes=daily,
                decided_by=decided_by, reason=reason,
            )  # fmt: skip
        except TimebankError as refusal:
            typer.echo(f"{refusal.message_zh}{refusal.facts}", err=True)
            raise typer.Exit(2) from None
        facts = {"account_id": account_id, "floor": floor, "cap": cap, "daily": change.daily_cap_minutes}
        record_act(work.session, work.now, work.actor, "change_timebank_limits", facts=facts | {"reason": reason})
    typer.echo(f"账户 {account_id}：下限 {floor}，上限 {cap}，每日 {change.daily_cap_minutes}。")
