"""How a city brings orders to providers (四单): which way for which service, and alliances of providers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer
from sqlalchemy import select

from services.cities.queries import city_by_key
from services.clock import civil_date
from services.columns import table_of
from services.matching.mode_tables import Alliance, DispatchMode
from services.matching.modes import form_alliance, set_way
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="派单方式 / how orders reach providers", no_args_is_help=True)
CityKey = Annotated[str, typer.Argument(help="城市 / city, e.g. nanjing_demo")]


@app.command()
def mode(
    city: CityKey,
    way: Annotated[str, typer.Argument(help="push, ranked, bureau, claim, alliance")],
    service: Annotated[str | None, typer.Option(help="服务代码，不写为全部 / service code, all without")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="从哪天起 / from which day")] = None,
    alliance: Annotated[int | None, typer.Option(help="联盟编号 / the alliance's id")] = None,
    clocks_rest: Annotated[bool, typer.Option(help="不急的单在休息时间停表 / clocks rest while closed")] = True,
) -> None:
    """设定派单方式 / say which way a city's orders go."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        code = city_by_key(work.session, city)
        day: date = since.date() if since else civil_date(work.now)
        set_way(
            work.session, work.now, COMMAND_LINE, code, way, service_code=service, valid_from=day,
            alliance_id=alliance, clocks_rest=clocks_rest,
        )  # fmt: skip
    typer.echo(f"{city} {service or '*'} {way} {day}")


@app.command()
def alliance(
    city: CityKey, name: str, providers: Annotated[list[str], typer.Argument(help="机构代码 / codes")]
) -> None:
    """组建联盟或增加成员 / form an alliance, or let providers join."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        formed = form_alliance(work.session, work.now, COMMAND_LINE, city_by_key(work.session, city), name, providers)
    typer.echo(f"{formed} {name}")


@app.command()
def show() -> None:
    """现行派单方式 / the ways in force and to come."""
    mode_rows, names = table_of(DispatchMode), table_of(Alliance)
    with unit_of_work(SYSTEM, login="jobs") as work:
        rows = work.session.connection().execute(
            select(mode_rows, names.c.name)
            .join(names, names.c.id == mode_rows.c.alliance_id, isouter=True)
            .order_by(mode_rows.c.city_code, mode_rows.c.service_code, mode_rows.c.valid_from)
        )
        for row in rows:
            typer.echo(f"{row.city_code} {row.service_code or '*'} {row.valid_from} {row.mode} {row.name or ''}")
