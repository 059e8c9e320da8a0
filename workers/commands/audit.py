"""The audit on the command line: recompute the chains, seal them, draw a published sample again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from services.acts import record_act
from services.oversight import chain
from services.oversight.fair_draw import PROCEDURE_ZH, check_record
from services.settings import settings
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="审计：核对办事记录的链、封存、复核抽样", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="打印 JSON")]


@app.command()
def verify(
    as_json: AsJson = False,
    seals: Annotated[Path | None, typer.Option("--seals", help="库外封存文件所在目录")] = None,
) -> None:
    """从每一行办事、查看记录重算全部链和封存；有误则指出第一处，退出码 1。"""
    with unit_of_work(SYSTEM, login="jobs") as work:
        folder = seals or chain.seal_folder(work.session, settings().seals_dir)
        found = chain.verify_chains(work.session, folder)
        waiting = chain.rows_wait(work.session)
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"waiting": waiting}, ensure_ascii=False))
    elif found.first_bad is None:
        typer.echo(f"链无误：{found.chains} 条链，{found.links} 行，{found.seals} 次封存。")
    else:
        bad = found.first_bad
        typer.echo(
            f"链有误，第一处：{bad.source} 第 {bad.row_id} 号（链 {bad.chain_code} 第 {bad.seq} 环）："
            f"{chain.RULES_ZH.get(bad.rule, bad.rule)}",
            err=True,
        )
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def seal() -> None:
    """把新的办事记录接进链，封存各链，把封存写到库外的文件。"""
    with unit_of_work(COMMAND_LINE, login="jobs") as work:
        chain.link_rows(work.session, work.now, everything=True)
        made = chain.seal_chains(work.session, work.now)
        record_act(work.session, work.now, work.actor, "seal_audit_chains", facts={"seals": made})
    with unit_of_work(SYSTEM, login="jobs") as work:
        files = chain.write_seal_files(work.session, chain.seal_folder(work.session, settings().seals_dir))
    typer.echo(f"封存 {made} 条链，写了 {len(files)} 个文件。")


@app.command("check-draw")
def check_draw(
    file: Annotated[Path, typer.Argument(help="公布的抽样记录（JSON）")],
    procedure: Annotated[bool, typer.Option("--procedure", help="打印抽取办法")] = False,
) -> None:
    """把公布的抽样再抽一遍，逐条比对；不用数据库。有出入则退出码 1。"""
    if procedure:
        typer.echo("\n".join(PROCEDURE_ZH))
    try:
        paper: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as broken:
        typer.echo(f"读不了这个文件：{broken}", err=True)
        raise typer.Exit(2) from None
    wrong = check_record(paper)
    for line in wrong:
        typer.echo(line, err=True)
    if wrong:
        raise typer.Exit(1)
    typer.echo(f"复核一致：{len(paper['drawn'])} 个，种子 {paper['seed']}")
