"""Taking in whose homes are: ownership, price cap (普惠) and embedded (嵌入式), each from a day on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from services.acts import record_act
from services.beds.register import Standing, write_standing
from services.beds.register_tables import HomeStanding
from services.beds.taking import find_homes
from services.columns import table_of
from services.intake.batch import Ground, Row, Written
from services.intake.fields import FieldSpec
from services.intake.rules import natural_name
from services.unit_of_work import Actor

_standing = table_of(HomeStanding)
OWNERSHIP_WORDS = (
    ("public", ("公办", "公办公营", "政府办")),
    ("public_run_privately", ("公建民营", "公办民营", "委托运营")),
    ("private_non_profit", ("民办非营利", "民办非企业", "民非", "非营利")),
    ("private", ("民办营利", "民办", "营利", "企业")),
)


class HomeLists:
    """Lists of whose homes are, each of a site that is registered already."""

    kind = "homes"
    on_the_map = False
    fields = (
        FieldSpec("facility_code", "设施编码", ("机构编码", "编码", "facility_code", "facility"), longest=60),
        FieldSpec("facility_name", "设施名称", ("机构名称", "名称", "facility_name", "name")),
        FieldSpec(
            "ownership",
            "性质",
            ("机构性质", "运营性质", "ownership"),
            needed=True,
            reading="choice",
            choices=OWNERSHIP_WORDS,
        ),
        FieldSpec("price_capped", "普惠", ("普惠型", "是否普惠", "price_capped"), reading="yes_no"),
        FieldSpec("price_cap_yuan", "每床每月最高元", ("最高收费", "限价", "price_cap_yuan"), reading="count"),
        FieldSpec("embedded", "社区嵌入式", ("嵌入式", "是否嵌入式", "embedded"), reading="yes_no"),
        FieldSpec("since", "起始日期", ("生效日期", "从哪天起", "since"), needed=True, reading="day"),
        FieldSpec("paper", "文号", ("依据", "paper"), longest=200),
    )

    def key(self, row: Row) -> str:
        """Give the home and the first day."""
        told = row.values
        home = told.get("facility_code") or natural_name(told.get("facility_name") or "")
        return f"{home}|{told.get('since') or ''}" if home else ""

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each row's home; a price cap only where the home is price-capped; nothing behind a later word."""
        placed = find_homes(session, ground, rows)
        newest_days = session.connection().execute(
            select(_standing.c.facility_id, func.max(func.lower(_standing.c.during)).label("day"))
            .where(_standing.c.facility_id.in_({row.values["home"].id for row in placed}))
            .group_by(_standing.c.facility_id)
        )
        latest = {one.facility_id: one.day for one in newest_days}
        for row in placed:
            told = row.values
            if told.get("price_cap_yuan") and not told.get("price_capped"):
                row.find("bad_cell", "写了最高收费，普惠一栏须写“是”", "price_cap_yuan")
            newest, since = latest.get(told["home"].id), told.get("since")
            if newest is not None and since is not None and since < newest:
                row.find("later_standing", f"{newest.isoformat()}起已有登记，不能写在它前面", "since")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write what is new behind what stood before; the same again changes nothing."""
        created = unchanged = 0
        for row in sorted(rows, key=lambda one: one.values["since"]):
            told = row.values
            standing = session.connection().execute(
                select(_standing).where(
                    _standing.c.facility_id == told["home"].id, func.lower(_standing.c.during) == told["since"]
                )
            ).first()  # fmt: skip
            if standing is not None:
                unchanged += 1
                continue
            cap = told.get("price_cap_yuan")
            new = Standing(
                told["ownership"], bool(told.get("price_capped")), bool(told.get("embedded")), told["since"],
                price_cap_fen=cap * 100 if cap else None, paper=told.get("paper") or "",
            )  # fmt: skip
            write_standing(session, now, actor.person_id, told["home"].id, told["home"].area_code, new)
            created += 1
        record_act(session, now, actor, "write_homes", area_code=ground.city_code, facts={"created": created})
        return Written(created, 0, unchanged)
