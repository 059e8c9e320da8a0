"""Taking in who lies in which bed since when, from a home's own list: by bed label and ID number."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from services.acts import record_act, record_acts_for
from services.beds.tables import Bed, BedStay
from services.beds.taking import find_homes
from services.columns import table_of
from services.intake.batch import Ground, Row, Written
from services.intake.fields import FieldSpec
from services.intake.rules import natural_name
from services.people.id_numbers import IdNumber, read_id_number
from services.people.tables import Elder, Person
from services.unit_of_work import Actor

_bed, _stay, _person, _elder = table_of(Bed), table_of(BedStay), table_of(Person), table_of(Elder)


class StayLists:
    """Lists of stays in beds that are registered already, of elders who are."""

    kind = "stays"
    on_the_map = False
    fields = (
        FieldSpec("facility_code", "设施编码", ("机构编码", "编码", "facility_code", "facility"), longest=60),
        FieldSpec("facility_name", "设施名称", ("机构名称", "facility_name"), longest=100),
        FieldSpec("label", "床号", ("床位号", "床位编号", "label", "bed"), needed=True, longest=60),
        FieldSpec("name", "姓名", ("老人姓名", "name", "full_name"), private=True, longest=60),
        FieldSpec(
            "id_number", "身份证号", ("身份证", "身份证号码", "公民身份号码", "id_number", "idcard"),
            needed=True, private=True, longest=30,
        ),
        FieldSpec("first_day", "入住日期", ("入院日期", "入住时间", "first_day"), needed=True, reading="day"),
        FieldSpec("last_day", "离开日期", ("退住日期", "出院日期", "last_day"), reading="day"),
    )  # fmt: skip

    def key(self, row: Row) -> str:
        """Give the home, the bed and the first day."""
        told = row.values
        home = told.get("facility_code") or natural_name(told.get("facility_name") or "")
        return f"{home}|{told.get('label') or ''}|{told.get('first_day') or ''}" if home else ""

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each row's home, bed and elder; two stays of one bed or one elder may not overlap, in the list or before."""
        placed = find_homes(session, ground, rows)
        beds = _beds(session, {row.values["home"].id for row in placed})
        elders = _elders(session, ground, placed)
        found = [row for row in placed if _find_both(row, ground, beds, elders)]
        standing = _standing(session, found)
        taken: list[tuple[int, int, date, date]] = []
        for row in found:
            told = row.values
            begins, ends = told["first_day"], told.get("last_day") or date.max
            known = standing.get((told["bed_id"], told["elder_id"], begins))
            told["stay_id"], told["until"] = (known.id, known.during.upper) if known is not None else (None, None)
            others = [
                one for one in standing.values()
                if one.id != told["stay_id"] and (one.bed_id == told["bed_id"] or one.elder_id == told["elder_id"])
                and one.during.lower < ends and (one.during.upper or date.max) > begins
            ]  # fmt: skip
            mine = [
                one for one in taken
                if told["bed_id"] == one[0] or told["elder_id"] == one[1]
                if one[2] < ends and one[3] > begins
            ]  # fmt: skip
            if others or mine:
                row.find("stay_overlaps", "这张床位或这位老人在这些日子里已有入住记录", "first_day")
            else:
                taken.append((told["bed_id"], told["elder_id"], begins, ends))

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write the stays as another register has them; the same again changes nothing, an end is added."""
        created = updated = unchanged = 0
        for row in rows:
            told = row.values
            last = told.get("last_day")
            if told["stay_id"] is None:
                session.connection().execute(
                    insert(_stay).values(
                        bed_id=told["bed_id"], elder_id=told["elder_id"], area_code=told["home"].area_code,
                        during=Range(told["first_day"], last), recorded_at=now, basis="register",
                        end_kind="discharge" if last else None,
                    )
                )  # fmt: skip
                created += 1
            elif last is not None and told["until"] is None:
                session.connection().execute(
                    update(_stay)
                    .where(_stay.c.id == told["stay_id"])
                    .values(during=func.daterange(told["first_day"], last), end_kind="discharge")
                )
                updated += 1
            else:
                unchanged += 1
        people = [(row.values["elder_id"], row.values["home"].area_code) for row in rows]
        record_acts_for(session, now, actor, "write_stay", people)
        facts = {"created": created, "updated": updated}
        record_act(session, now, actor, "write_stays", area_code=ground.city_code, facts=facts)
        return Written(created, updated, unchanged)


def _beds(session: Session, homes: set[int]) -> dict[tuple[int, str], Any]:
    query = select(_bed.c.id, _bed.c.facility_id, _bed.c.label, _bed.c.opened_on, _bed.c.closed_on)
    rows = session.connection().execute(query.where(_bed.c.facility_id.in_(homes)))
    return {(row.facility_id, row.label): row for row in rows}


def _elders(session: Session, ground: Ground, rows: list[Row]) -> dict[bytes, Any]:
    asked = {}
    for row in rows:
        read = read_id_number(row.values.get("id_number") or "")
        if isinstance(read, IdNumber):
            row.values["hash"] = asked[read.digits] = ground.secrets.fingerprint("id_number", read.digits)
        elif row.values.get("id_number"):
            row.find("bad_id_number", read, "id_number")
    query = select(_person.c.id, _person.c.full_name, _person.c.id_number_hash).join(
        _elder, _elder.c.person_id == _person.c.id
    )
    found = session.connection().execute(query.where(_person.c.id_number_hash.in_(asked.values())))
    return {bytes(one.id_number_hash): one for one in found}


def _find_both(row: Row, ground: Ground, beds: dict[tuple[int, str], Any], elders: dict[bytes, Any]) -> bool:
    told = row.values
    bed, elder = beds.get((told["home"].id, told.get("label") or "")), elders.get(told.get("hash") or b"")
    first, last = told.get("first_day"), told.get("last_day")
    if bed is None and told.get("label"):
        row.find("unknown_bed", "这处设施没有登记这张床位", "label")
    if elder is None and told.get("hash"):
        row.find("unknown_elder", "没有登记这位老人，请先导入老人名单", "id_number")
    if elder is not None and told.get("name") and natural_name(told["name"]) != natural_name(elder.full_name):
        row.find("number_taken", "身份证号是另一位老人的", "id_number")
    if first and last and last <= first:
        row.find("bad_cell", "离开日期须晚于入住日期", "last_day")
    if bed is None or elder is None or first is None:
        return False
    if bed.opened_on > first or (bed.closed_on is not None and bed.closed_on < (last or date.max)):
        row.find("bad_cell", "床位在这些日子里没有开放", "first_day")
    told["bed_id"], told["elder_id"] = bed.id, elder.id
    return not row.refused


def _standing(session: Session, rows: list[Row]) -> dict[tuple[int, int, date], Any]:
    beds = {row.values["bed_id"] for row in rows}
    elders = {row.values["elder_id"] for row in rows}
    query = select(_stay).where(_stay.c.bed_id.in_(beds) | _stay.c.elder_id.in_(elders))
    return {(row.bed_id, row.elder_id, row.during.lower): row for row in session.connection().execute(query)}
