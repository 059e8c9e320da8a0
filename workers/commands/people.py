"""The first administrator, and who holds which role."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select, text

from services.cities.queries import city_by_key
from services.columns import table_of
from services.errors import Conflict
from services.people.actions import NewPerson, checked_phone, grant_role, register_person
from services.people.privacy import lookup_hash
from services.people.tables import Person, RoleGrant
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

app = typer.Typer(help="人员与角色 / people and roles", no_args_is_help=True)
console = Console(highlight=False)
person, grants = table_of(Person), table_of(RoleGrant)


@app.command("first-administrator")
def first_administrator(
    phone: Annotated[str, typer.Option(help="手机号，登录用")],
    name: Annotated[str, typer.Option(help="姓名")],
    city: Annotated[str, typer.Option(help="城市键或代码，例如 dongying")],
    gender: Annotated[str, typer.Option(help="female 或 male")] = "female",
) -> None:
    """Make a city's first administrator, who gives all other roles; refused once the city has one."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        code = city_by_key(work.session, city)
        connection = work.session.connection()
        there = connection.execute(
            select(grants.c.id).where(
                grants.c.role == "administrator", grants.c.area_code == code, grants.c.revoked_at.is_(None)
            )
        ).first()
        if there is not None:
            raise Conflict("这个城市已经有系统管理员，请由管理员添加。", city=city)
        known = connection.execute(
            text("SELECT find_person_by_phone(:h)"), {"h": lookup_hash("phone", checked_phone(phone))}
        ).scalar_one()
        new = NewPerson(area_code=code, full_name=name, gender=gender, phone=phone)
        person_id = known or register_person(work.session, work.now, COMMAND_LINE, new)
        grant_role(work.session, work.now, COMMAND_LINE, person_id, "administrator", area_code=code)
    console.print(f"{name} 是 {city} 的系统管理员，用手机号 {phone} 登录。")


@app.command("grants")
def list_grants(phone: Annotated[str, typer.Option(help="手机号")]) -> None:
    """Show the roles of the person behind a phone."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        rows = work.session.connection().execute(
            select(grants.c.role, grants.c.area_code, grants.c.provider_id, grants.c.granted_at, grants.c.revoked_at)
            .join(person, person.c.id == grants.c.person_id)
            .where(person.c.phone_hash == lookup_hash("phone", checked_phone(phone)))
            .order_by(grants.c.id)
        )
        table = Table("角色", "地区", "机构", "授予", "撤销")
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)
