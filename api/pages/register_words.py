"""Choices and words the registers' pages share: areas, sites, steps, and what was changed of a row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from api.pages.filters import as_written, day_and_clock, full_date
from api.pages.languages import translate
from api.pages.officer_office import Office
from api.pages.officer_sheets import plain
from api.pages.register_page import Table
from services.directory import planned_queries
from services.language import reads_english


def area_choices(office: Office) -> list[tuple[int, str]]:
    """Give the office's streets and communities."""
    return [(row.code, row.name) for row in planned_queries.areas_within(office.work.session, office.lo, office.hi)]


def facility_choices(session: Session, area_code: int) -> list[tuple[int, str]]:
    """Give the sites in use of an area's street."""
    return [(row.id, row.name) for row in planned_queries.sites_around(session, area_code)]


def type_choices(office: Office) -> list[tuple[str, str]]:
    """Give the city's facility types."""
    return [(one.code, one.name_zh) for one in office.rules.facility_types]


def step_words(step: str) -> str:
    """Say how far a site of a project is."""
    return {
        "planned": translate("未开工"), "started": translate("在建"), "built": translate("已完工"), "opened": translate("已开业"),
        "dropped": translate("已取消"),
    }[step]  # fmt: skip


def changes_table(rows: list[Row[Any]]) -> Table:
    """Give what was changed of a row: which column, from what, to what, and when."""
    columns = [plain(translate("时间")), plain(translate("哪一项")), plain(translate("原来")), plain(translate("改为"))]
    cells: list[list[Any]] = [
        [
            f"{full_date(row.changed_at)} {day_and_clock(row.changed_at)[6:]}", _column(name), as_written(_shown(row.before.get(name))),
            as_written(_shown(row.after.get(name))),
        ]
        for row in rows
        for name in sorted(row.after)
    ]  # fmt: skip
    return Table("changes", translate("改动记录"), columns, cells)


def _shown(value: Any) -> str:
    return "—" if value in (None, "") else str(value)


def _column(name: str) -> str:
    if reads_english():
        return name.replace("_", " ")
    return {
        "planned_on": "计划或同步规划", "started_on": "开工日期", "built_on": "完工或同步建设", "opened_on": "开业日期", "dropped_on": "取消日期",
        "accepted_on": "同步验收", "handed_over_on": "同步交付", "provided_m2": "实配建", "required_m2": "应配建", "facility_id": "对应的设施",
        "note": "说明", "until": "截止", "due_on": "应落实日期", "withdrawn_reason": "撤回原因", "withdrawn_at": "撤回时间", "withdrawn_by": "撤回人",
        "left_on": "离开日期", "leave_reason": "离开原因", "state": "状态",
    }.get(name, name)  # fmt: skip
