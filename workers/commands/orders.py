"""Orders of the house: does every order stand where its log says?"""

from __future__ import annotations

import typer

from services.orders.rebuilding import orders_that_disagree
from services.unit_of_work import SYSTEM, unit_of_work

app = typer.Typer(help="订单 / orders", no_args_is_help=True)


@app.callback()
def orders() -> None:
    """订单 / orders"""


@app.command()
def check() -> None:
    """逐单由日志重建并核对 / rebuild every order from its log and list where its row disagrees."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        seen, wrong = orders_that_disagree(work.session)
    for one in wrong:
        typer.echo(f"{one.order_id}: {one.field}: {one.row_says} / {one.log_says}")
    typer.echo(f"{seen} 单已重建 / orders rebuilt, {len(wrong)} 处不符 / differences")
    raise typer.Exit(1 if wrong else 0)
