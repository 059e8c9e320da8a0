"""Taking lists of project sites, of residential areas' duties and of checks in: rows that say which area they lie in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.directory.registers import checks, obligations, sites
from services.directory.standard_operation import CHECKLISTS
from services.directory.tables import Facility
from services.intake.batch import Ground, Row, Written
from services.intake.fields import FieldSpec
from services.intake.rules import natural_name, plain
from services.unit_of_work import Actor

_facility = table_of(Facility)
_AREAS = text("SELECT code, name, level FROM area WHERE code BETWEEN :lo AND :hi AND valid_to IS NULL")
AREA = (
    FieldSpec("area_code", "区划代码", ("行政区划代码", "adcode", "area_code"), reading="code"),
    FieldSpec("area", "地区", ("街道", "社区", "街镇", "村居", "所在地区", "area", "street", "community")),
)
FACILITY = (
    FieldSpec("facility_code", "设施编码", ("机构编码", "facility_code", "code"), longest=60),
    FieldSpec("facility_name", "设施名称", ("机构名称", "facility_name")),
)


class ProjectSiteLists:
    """Lists of the sites of a city's projects, with their days."""

    kind = "project_sites"
    on_the_map = False
    fields = (
        FieldSpec("project_code", "项目", ("项目代码", "项目名称", "project", "project_code"), needed=True),
        FieldSpec("name", "名称", ("点位", "点位名称", "设施", "name"), needed=True, longest=200),
        *AREA,
        FieldSpec("type_code", "类型", ("设施类型", "type", "type_code"), needed=True),
        FieldSpec("planned_on", "计划开业", ("计划开业日期", "计划完成", "planned_on"), reading="day", needed=True),
        FieldSpec("started_on", "开工日期", ("开工", "started_on"), reading="day"),
        FieldSpec("built_on", "完工日期", ("完工", "竣工日期", "built_on"), reading="day"),
        FieldSpec("opened_on", "开业日期", ("开业", "投用日期", "opened_on"), reading="day"),
        *FACILITY,
    )

    def key(self, row: Row) -> str:
        """Give project, area and name."""
        return "|".join(str(row.values.get(name) or "") for name in ("project_code", "area_code", "area", "name"))

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each row's project, area, type and facility; check that its days follow each other."""
        rules = rules_in_force(session, ground.city_code, civil_date(now))
        projects = {name: one for one in rules.projects for name in (one.code, one.name_zh)}
        types = {name: one.code for one in rules.facility_types for name in (one.code, one.name_zh)}
        find_area, find_facility = _areas(session, ground), _facilities(session, ground)
        for row in rows:
            told = row.values
            find_area(row)
            find_facility(row)
            project = projects.get(told.get("project_code") or "")
            if told.get("project_code") and project is None:
                row.find("unknown_type", f"规则里没有项目“{told['project_code'][:40]}”", "project_code")
            told["project"] = project
            told["type"] = types.get(told.get("type_code") or "")
            if told.get("type_code") and told["type"] is None:
                row.find("unknown_type", f"没有设施类型“{told['type_code'][:40]}”", "type_code")
            _in_order(row, now, ("started_on", "built_on", "opened_on"))
            if told.get("opened_on") and told.get("facility_id") is None:
                row.find("missing_field", "已开业的点位要写对应的设施", "facility_code")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write new sites, and the days of those that stand."""
        wanted = [
            {
                "project_code": row.values["project"].code, "area_code": row.area_code, "name": row.values["name"],
                "type_code": row.values["type"], "work": row.values["project"].work, "planned_on": row.values["planned_on"],
                "started_on": row.values.get("started_on"), "built_on": row.values.get("built_on"),
                "opened_on": row.values.get("opened_on"),
                "facility_id": row.values.get("facility_id") if row.values.get("opened_on") else None,
            }
            for row in rows
        ]  # fmt: skip
        return _write(session, now, actor, ground, sites, ("project_code", "area_code", "name"), wanted)


class ObligationLists:
    """Lists of residential areas that owe room for elders, with the four steps."""

    kind = "obligations"
    on_the_map = False
    fields = (
        FieldSpec("name", "小区", ("小区名称", "居住区", "项目名称", "name"), needed=True, longest=200),
        *AREA,
        FieldSpec("households", "户数", ("总户数", "households"), reading="count"),
        FieldSpec("required_m2", "应配建面积", ("应配建", "应配面积", "required_m2"), reading="count", needed=True),
        FieldSpec("due_on", "应落实日期", ("应交付日期", "到期日", "due_on"), reading="day", needed=True),
        FieldSpec("planned_on", "同步规划", ("规划日期", "planned_on"), reading="day"),
        FieldSpec("built_on", "同步建设", ("建成日期", "built_on"), reading="day"),
        FieldSpec("accepted_on", "同步验收", ("验收日期", "accepted_on"), reading="day"),
        FieldSpec("handed_over_on", "同步交付", ("交付日期", "移交日期", "handed_over_on"), reading="day"),
        FieldSpec("provided_m2", "实配建面积", ("实配建", "实配面积", "provided_m2"), reading="count"),
    )

    def key(self, row: Row) -> str:
        """Give area and name."""
        return "|".join(str(row.values.get(name) or "") for name in ("area_code", "area", "name"))

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each row's area; check numbers and that its steps follow each other."""
        find_area = _areas(session, ground)
        for row in rows:
            find_area(row)
            _in_order(row, now, ("planned_on", "built_on", "accepted_on", "handed_over_on"))
            if row.values.get("required_m2") == 0:
                row.find("bad_cell", "应配建面积须大于0", "required_m2")
            if row.values.get("handed_over_on") and row.values.get("provided_m2") is None:
                row.find("missing_field", "已交付的要写实配建面积", "provided_m2")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write new duties, and the steps of those that stand."""
        told = (
            "households",
            "required_m2",
            "due_on",
            "planned_on",
            "built_on",
            "accepted_on",
            "handed_over_on",
            "provided_m2",
        )
        wanted = [
            {
                "obligation_code": "residential_facilities", "area_code": row.area_code, "name": row.values["name"],
                **{name: row.values.get(name) for name in told},
            }
            for row in rows
        ]  # fmt: skip
        return _write(session, now, actor, ground, obligations, ("obligation_code", "area_code", "name"), wanted)


class CheckLists:
    """Lists of checks of standard operation: a row a check, with the items that were not in order."""

    kind = "facility_checks"
    on_the_map = False
    fields = (
        *FACILITY,
        FieldSpec("checklist", "清单", ("检查清单", "checklist"), reading="choice", needed=True,
                  choices=tuple((code, (one.name_zh, plain(one.name_zh))) for code, one in CHECKLISTS.items())),
        FieldSpec("checked_on", "检查日期", ("日期", "checked_on"), reading="day", needed=True),
        FieldSpec("failed", "不合格项", ("不符合项", "failed"), reading="list"),
        FieldSpec("note", "说明", ("备注", "note"), longest=200),
    )  # fmt: skip

    def key(self, row: Row) -> str:
        """Give site, list and day."""
        told = row.values
        return (
            f"{told.get('facility_code') or told.get('facility_name')}|{told.get('checklist')}|{told.get('checked_on')}"
        )

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each row's site and read which items failed."""
        find_facility = _facilities(session, ground)
        for row in rows:
            find_facility(row)
            told = row.values
            if told.get("facility_id") is None and not row.refused:
                row.find("missing_field", "请写设施编码或名称", "facility_code")
            if told.get("checked_on") and told["checked_on"] > civil_date(now):
                row.find("bad_cell", "检查日期不能在今天以后", "checked_on")
            if told.get("checklist"):
                found = {one: _item(told["checklist"], one) for one in told.get("failed") or []}
                told["failed_items"] = set(found.values()) - {None}
                unknown = [one for one, code in found.items() if code is None]
                if unknown:
                    row.find("bad_cell", f"清单里没有这一项，或不止一项：{unknown[0][:40]}", "failed")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write the checks that are not there yet."""
        wanted = []
        for row in rows:
            answers = {
                code: code not in row.values["failed_items"] for code in CHECKLISTS[row.values["checklist"]].items
            }
            wanted.append(
                {
                    "facility_id": row.values["facility_id"], "area_code": row.area_code, "checklist": row.values["checklist"],
                    "checked_on": row.values["checked_on"], "answers": answers, "passed": all(answers.values()),
                    "note": row.values.get("note") or "",
                }
            )  # fmt: skip
        key = ("facility_id", "checklist", "checked_on")
        return _write(session, now, actor, ground, checks, key, wanted, by="checked_by", change=False)


def _item(checklist: str, written: str) -> str | None:
    """Give the item of a list that is meant: its code, or the only one whose sentence holds these words."""
    items = CHECKLISTS[checklist].items
    meant = [code for code, sentence in items.items() if written == code or written in plain(sentence)]
    return written if written in items else meant[0] if len(meant) == 1 else None


def _areas(session: Session, ground: Ground) -> Callable[[Row], None]:
    lo, hi = area_range(ground.city_code)
    known = session.connection().execute(_AREAS, {"lo": lo, "hi": hi}).all()
    codes = {one.code for one in known}
    by_name: dict[str, list[int]] = {}
    for one in known:
        if ground.lo <= one.code <= ground.hi:
            by_name.setdefault(one.name.strip(), []).append(one.code)

    def find(row: Row) -> None:
        code, name = row.values.get("area_code"), (row.values.get("area") or "").strip()
        named = by_name.get(name, [])
        row.area_code = code or (named[0] if len(named) == 1 else None)
        if row.area_code is None:
            row.find(
                "no_area" if not name else "unknown_area", f"辖区里没有“{name[:40]}”，或不止一处；可写区划代码", "area"
            )
        elif row.area_code not in codes:
            row.find("unknown_area", "没有这个区划代码", "area_code")
        elif not ground.lo <= row.area_code <= ground.hi:
            row.find("outside_office", "不在您的辖区", "area_code")

    return find


def _facilities(session: Session, ground: Ground) -> Callable[[Row], None]:
    lo, hi = area_range(ground.city_code)
    query = select(_facility.c.id, _facility.c.code, _facility.c.name, _facility.c.area_code)
    known = session.connection().execute(query.where(_facility.c.area_code.between(lo, hi))).all()
    by_code = {one.code: one for one in known}
    by_name: dict[str, list[Any]] = {}
    for one in known:
        by_name.setdefault(natural_name(one.name), []).append(one)

    def find(row: Row) -> None:
        code, name = row.values.get("facility_code"), row.values.get("facility_name")
        if not code and not name:
            return
        named = [by_code[code]] if code in by_code else by_name.get(natural_name(name or ""), []) if not code else []
        if len(named) != 1:
            row.find("unknown_facility", f"没有登记设施“{(code or name or '')[:40]}”，或不止一处", "facility_code")
            return
        row.values["facility_id"] = named[0].id
        row.area_code = row.area_code or named[0].area_code
        if not ground.lo <= named[0].area_code <= ground.hi:
            row.find("outside_office", "这处设施不在您的辖区", "facility_code")

    return find


def _in_order(row: Row, now: datetime, names: tuple[str, ...]) -> None:
    """Steps that have a day follow each other, none is skipped, and none lies in the future."""
    last: date | None = None
    gap = False
    for name in names:
        day = row.values.get(name)
        if day is None:
            gap = True
            continue
        if gap or (last is not None and day < last) or day > civil_date(now):
            row.find("bad_cell", "日期要按先后填，不能跳过前一步，也不能在今天以后", name)
            return
        last = day


def _write(
    session: Session, now: datetime, actor: Actor, ground: Ground, table: Table, key: tuple[str, ...],
    wanted: list[dict[str, Any]], by: str = "recorded_by", change: bool = True,
) -> Written:  # fmt: skip
    """Write rows known by their key: new ones, and what differs in those that stand. What a list leaves empty stays."""
    created = updated = unchanged = 0
    for values in wanted:
        found = session.connection().execute(
            select(table).where(*(table.c[name] == values[name] for name in key)).limit(1)
        ).first()  # fmt: skip
        if found is None:
            session.connection().execute(insert(table).values({**values, by: actor.person_id, "recorded_at": now}))
            created += 1
            continue
        new = {
            name: value
            for name, value in values.items()
            if value is not None and getattr(found, name) != value and name not in ("work", "answers")
        }
        if new and change:
            session.connection().execute(update(table).where(table.c.id == found.id).values(**new))
            updated += 1
        else:
            unchanged += 1
    if wanted:
        facts = {"register": table.name, "created": created, "updated": updated}
        record_act(session, now, actor, "write_register", area_code=ground.lo, facts=facts)
    return Written(created, updated, unchanged)
