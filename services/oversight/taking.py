"""Taking a list of official counts of people in: one row an area, an age and a day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from services.acts import record_act
from services.cities.rules import area_range
from services.cities.tables import Area
from services.clock import civil_date
from services.columns import table_of
from services.intake.batch import Ground, Row, Written
from services.intake.fields import FieldSpec
from services.oversight.statistics import NewStatistic, take_statistics, why_not
from services.unit_of_work import Actor

_area = table_of(Area)
WHAT_CHOICES = (
    ("residents", ("常住人口", "总人口", "常住", "人口", "居民")),
    ("elders_60", ("60岁及以上", "60岁以上", "60周岁及以上", "60+", "老年人口")),
    ("elders_65", ("65岁及以上", "65岁以上", "65周岁及以上", "65+")),
    ("elders_80", ("80岁及以上", "80岁以上", "80周岁及以上", "80+", "高龄")),
)


class StatisticLists:
    """Lists of official counts: the area by code or by a name that only one has, from which age on, day, number, source."""

    kind = "statistics"
    on_the_map = False
    fields = (
        FieldSpec("code", "区划代码", ("行政区划代码", "代码", "统计用区划代码", "adcode", "code", "area_code"), reading="code"),
        FieldSpec("name", "名称", ("区划名称", "街道名称", "社区名称", "地区", "街道", "name", "area")),
        FieldSpec(
            "what", "人口种类", ("口径", "年龄", "人口类别", "统计口径", "what"), needed=True, reading="choice",
            choices=WHAT_CHOICES,
        ),
        FieldSpec("counted_on", "统计日期", ("日期", "截至", "统计时点", "counted_on", "date"), needed=True, reading="day"),
        FieldSpec("value", "人数", ("人口数", "数量", "value", "people"), needed=True, reading="count"),
        FieldSpec("source", "来源", ("数据来源", "出处", "公报", "source"), needed=True),
        FieldSpec("note", "备注", ("说明", "note"), longest=500),
    )  # fmt: skip

    def key(self, row: Row) -> str:
        """Give the area, the age and the day."""
        told = row.values
        area = told.get("code") or told.get("name") or ""
        return f"{area}|{told.get('what') or ''}|{told.get('counted_on') or ''}" if area else ""

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each row's area, and whether day and number can be."""
        lo, hi = area_range(ground.city_code)
        query = select(_area.c.code, _area.c.name).where(_area.c.code.between(lo, hi))
        areas = {area.code: area.name for area in session.connection().execute(query)}
        for row in rows:
            code = row.values.get("code") or _by_name(areas, row.values.get("name") or "")
            if code is None or code not in areas:
                told = str(row.values.get("code") or row.values.get("name") or "")[:40]
                row.find("unknown_area", f"本市没有区划“{told}”，或不止一个同名的", "code")
                continue
            row.values["code"] = row.area_code = code
            if not ground.lo <= code <= ground.hi:
                row.find("outside_office", "不在您的辖区", "code")
            if not row.has("bad_cell", "missing_field"):
                wrong = why_not(_statistic(row), civil_date(now))
                if wrong:
                    row.find("bad_cell", wrong, "value")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write the counts that do not stand yet."""
        if not rows:
            return Written()
        created, unchanged = take_statistics(session, now, [_statistic(row) for row in rows])
        record_act(session, now, actor, "write_statistics", area_code=ground.city_code, facts={"created": created})
        return Written(created, 0, unchanged)


def _by_name(areas: dict[int, str], name: str) -> int | None:
    found = [code for code, known in areas.items() if known == name.strip()]
    return found[0] if len(found) == 1 else None


def _statistic(row: Row) -> NewStatistic:
    told = row.values
    return NewStatistic(
        told["code"], told["what"], told["counted_on"], told["value"], told["source"], told.get("note") or ""
    )
