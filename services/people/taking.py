"""Taking a bureau's list of elders in: each with her own door and her own area, everything private sealed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry import Point
from sqlalchemy import select, update
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.intake.batch import Ground, Row, Secrets, Written
from services.intake.fields import PLACE, FieldSpec
from services.intake.placing import original_of
from services.intake.rules import natural_name
from services.people.actions import Home, NewElder, NewPerson, checked_phone, register_elders
from services.people.errors import BadPhone
from services.people.id_numbers import IdNumber, read_id_number
from services.people.privacy import lookup_hash, normalised, seal, unseal
from services.people.tables import Elder, Person
from services.unit_of_work import Actor

_person, _elder = table_of(Person), table_of(Elder)
SECRETS = Secrets(seal=seal, unseal=unseal, fingerprint=lookup_hash)
GENDERS = (("female", ("女", "女性", "f", "2")), ("male", ("男", "男性", "m", "1")))
LIVING = (
    ("alone", ("独居", "独居老人", "单独居住")),
    ("couple", ("夫妻同住", "与配偶同住", "纯老家庭", "与老伴同住")),
    ("with_family", ("与子女同住", "与家人同住", "家人同住", "同住")),
    ("with_carer", ("与保姆同住", "与护理员同住", "保姆同住")),
    ("institution", ("机构", "住养老院", "养老机构", "机构养老")),
)
GROUPS = (
    ("alone", ("独居",)),
    ("empty_nest", ("空巢",)),
    ("left_behind", ("留守",)),
    ("severe_disability", ("重度残疾", "重残")),
    ("family_planning_special", ("计生特殊家庭", "失独", "计划生育特殊家庭")),
    ("dementia", ("失智", "认知症", "认知障碍")),
    ("critical_illness", ("大病", "重病")),
    ("low_income", ("低保", "低收入")),
    ("extreme_hardship", ("特困",)),
    ("disabled", ("失能", "半失能")),
)
_MOVED = {"home", "area_code"}
_TOLD = ("living", "groups", "care_level")


class ElderLists:
    """Lists of elders; the file names them, so it is sealed while it waits and its rows stay sealed."""

    kind = "elders"
    on_the_map = True
    fields = (
        FieldSpec("name", "姓名", ("老人姓名", "name", "full_name"), needed=True, private=True, longest=60),
        FieldSpec("gender", "性别", ("gender", "sex"), reading="choice", choices=GENDERS),
        FieldSpec("born_on", "出生日期", ("出生年月日", "生日", "born_on", "birthday", "date_of_birth"), reading="day", private=True),
        FieldSpec("id_number", "身份证号", ("身份证", "身份证号码", "公民身份号码", "证件号码", "id_number", "idcard"), private=True, longest=30),
        FieldSpec("phone", "电话", ("联系电话", "手机", "手机号", "本人电话", "phone", "mobile"), private=True, longest=30),
        FieldSpec("address", "住址", ("居住地址", "家庭住址", "现住址", "详细地址", "地址", "address"), private=True),
        *PLACE,
        FieldSpec("living", "居住情况", ("居住状况", "居住方式", "living"), reading="choice", choices=LIVING, needed=True),
        FieldSpec("groups", "特殊情况", ("特殊困难类别", "人员类别", "困难类型", "groups"), reading="list", choices=GROUPS),
        FieldSpec("care_level", "能力等级", ("失能等级", "评估等级", "care_level"), reading="count"),
        FieldSpec("health", "健康情况", ("健康状况", "病史", "health"), private=True, longest=500),
        FieldSpec("emergency_name", "紧急联系人", ("联系人", "监护人", "emergency_name"), private=True, longest=60),
        FieldSpec("emergency_phone", "紧急联系电话", ("联系人电话", "紧急联系人电话", "emergency_phone"), private=True, longest=30),
    )  # fmt: skip

    def key(self, row: Row) -> str:
        """Give her ID number, else her name with her birthday and phone; only its keyed hash is kept."""
        told = row.values
        if told.get("id_number"):
            return normalised(told["id_number"])
        if not told.get("name"):
            return ""
        born = told.get("born_on")
        return f"{natural_name(told['name'])}|{born or ''}|{normalised(told.get('phone') or '')}"

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Check ID numbers, phones and ages; find who is registered already, and let her keep her place."""
        today = civil_date(now)
        for row in rows:
            _read_id(row)
            _check_phones(row)
            _check_body(row, today)
        known, phones = _registered(session, rows)
        for row in rows:
            person = known.get(row.key)
            if person is not None and natural_name(person.full_name) != natural_name(row.values.get("name") or ""):
                row.find("number_taken", "身份证号已登记在别人名下", "id_number")
            phone = row.values.get("phone")
            if phone and phones.get(lookup_hash("phone", phone), person and person.id) != (person and person.id):
                row.find("phone_shared", "电话已登记在别人名下；她的档案里仍记下这个号码，但不能用它登录", "phone")
            row.values["person"] = person
            if person is not None and person.home is not None and row.point is None and row.has("missing_coordinates"):
                home = person.home_original or {}
                row.point, row.how = _point_of(person.home), "kept"
                row.original = (home["lon"], home["lat"]) if {"lon", "lat"} <= set(home) else None
                row.find("kept_place", "名单没有坐标，沿用已登记的位置", "lon")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Register the new elders and change what is told of those who are registered; runs as the house."""
        own = _phones_of_their_own(rows)
        new = [row for row in rows if row.values.get("person") is None]
        known = [row for row in rows if row.values.get("person") is not None]
        placed = register_elders(session, now, actor, [_new_elder(row, ground, id(row) in own) for row in new])
        elders = _elders_of(session, [row.values["person"].id for row in known])
        changed = [_change(session, now, actor, row, elders, phone_is_hers=id(row) in own) for row in known]
        updated = sum(1 for names in changed if names)
        placed += [row.values["person"].id for row, names in zip(known, changed, strict=True) if _MOVED & set(names)]
        return Written(len(new), updated, len(known) - updated, tuple(placed))


def _phones_of_their_own(rows: list[Row]) -> set[int]:
    """The rows (by identity) whose phone nobody else holds, in the register or earlier in the list."""
    taken: set[bytes] = set()
    own: set[int] = set()
    for row in rows:
        if not row.values.get("phone"):
            continue
        phone = lookup_hash("phone", row.values["phone"])
        if phone not in taken and not row.has("phone_shared"):
            own.add(id(row))
        taken.add(phone)
    return own


def _elders_of(session: Session, ids: list[int]) -> dict[int, Any]:
    found = session.connection().execute(select(_elder).where(_elder.c.person_id.in_(ids)))
    return {one.person_id: one for one in found}


def _read_id(row: Row) -> None:
    told = row.values.get("id_number")
    if not told:
        row.find("no_id_number", "没有身份证号，再次导入时按姓名、生日和电话认人", "id_number")
        return
    found = read_id_number(told)
    if not isinstance(found, IdNumber):
        row.find("bad_id_number", found, "id_number")
        return
    row.values["id_number"] = found.digits
    for name, said in (("born_on", found.born_on), ("gender", found.gender)):
        if row.values.get(name) is None:
            row.values[name] = said
        elif row.values[name] != said:
            row.find("bad_id_number", "身份证号与所写的出生日期或性别不一致", name)


def _check_phones(row: Row) -> None:
    for name in ("phone", "emergency_phone"):
        if row.values.get(name):
            try:
                row.values[name] = checked_phone(row.values[name])
            except BadPhone:
                row.find("bad_cell", "电话号码须为11位手机号或带区号的座机号", name)


def _check_body(row: Row, today: date) -> None:
    for name, words in (("gender", "性别"), ("born_on", "出生日期")):
        if row.values.get(name) is None and not row.has("bad_id_number"):
            row.find("missing_field", f"{words}没有填，身份证号里也没有", name)
    born = row.values.get("born_on")
    if born is not None and not 0 <= (today.year - born.year) <= 130:
        row.find("bad_cell", "出生日期不可能", "born_on")
    elif born is not None and (today.year - born.year, today.month, today.day) < (60, born.month, born.day):
        row.find("under_60", "不满60岁", "born_on")
    if (row.values.get("care_level") or 0) > 4:
        row.find("bad_cell", "能力等级须为0到4", "care_level")


def _registered(session: Session, rows: list[Row]) -> tuple[dict[str, Any], dict[bytes, int]]:
    """Those of the rows who are registered, by key, and who holds the phones; runs as the house.

    By ID number; a row without one by name and birthday, among the people who have none in the register either.
    """
    connection = session.connection()
    ids = {lookup_hash("id_number", row.values["id_number"]): row.key for row in rows if row.values.get("id_number")}
    phones = {lookup_hash("phone", row.values["phone"]) for row in rows if row.values.get("phone")}
    by_id = connection.execute(select(_person).where(_person.c.id_number_hash.in_(ids))).all()
    known: dict[str, Any] = {ids[one.id_number_hash]: one for one in by_id}
    held = connection.execute(select(_person.c.id, _person.c.phone_hash).where(_person.c.phone_hash.in_(phones)))
    holders: dict[bytes, int] = {bytes(one.phone_hash): one.id for one in held}
    without = {
        (row.values["name"], row.values["born_on"]): row.key
        for row in rows
        if not row.values.get("id_number") and row.values.get("name") and row.values.get("born_on")
    }
    alike = select(_person).where(
        _person.c.full_name.in_({name for name, _ in without}), _person.c.id_number_hash.is_(None)
    )
    for one in connection.execute(alike).all():
        key = without.get((one.full_name, one.born_on))
        if key is not None:
            known[key] = one
    return known, holders


def _point_of(home: Any) -> tuple[float, float]:
    point = to_shape(home)
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def _new_elder(row: Row, ground: Ground, phone_is_hers: bool) -> tuple[NewPerson, NewElder]:
    assert row.area_code is not None
    told = row.values
    lon, lat, crs = original_of(row)
    new = NewPerson(
        area_code=row.area_code, full_name=told["name"], gender=told["gender"], born_on=told["born_on"],
        phone=told.get("phone"), phone_of_another=not phone_is_hers, id_number=told.get("id_number"),
        address=told.get("address"), home=Home(lon, lat, crs), invented=ground.invented,
    )  # fmt: skip
    elder = NewElder(
        living=told["living"], groups=told.get("groups") or [], care_level=told.get("care_level") or 0,
        health=told.get("health"), emergency_name=told.get("emergency_name"),
        emergency_phone=told.get("emergency_phone"),
    )  # fmt: skip
    return new, elder


def _change(
    session: Session, now: datetime, actor: Actor, row: Row, elders: dict[int, Any], *, phone_is_hers: bool
) -> list[str]:
    """Change what the list says otherwise; what it does not say stays. Gives the names of what changed."""
    person, told = row.values["person"], row.values
    changes = _sealed_changes(person, told, ("id_number", "address"))
    if told.get("phone") and phone_is_hers:
        changes |= _sealed_changes(person, told, ("phone",))
    if row.how != "kept" and row.point is not None:
        lon, lat, crs = original_of(row)
        original = {"lon": lon, "lat": lat, "crs": crs}
        if person.home_original != original:
            changes |= {"home": from_shape(Point(*row.point), srid=4326), "home_original": original}
    if row.area_code is not None and row.area_code != person.area_code:
        changes["area_code"] = row.area_code
    connection = session.connection()
    elder = elders.get(person.id)
    of_elder = _elder_changes(elder, told) | ({"area_code": row.area_code} if "area_code" in changes else {})
    if elder is not None and of_elder:
        connection.execute(update(_elder).where(_elder.c.person_id == person.id).values(**of_elder))
    if changes:
        connection.execute(update(_person).where(_person.c.id == person.id).values(**changes))
    changed = sorted({name.removesuffix("_sealed") for name in {*changes, *of_elder} if not name.endswith("_hash")})
    if changed:
        facts = {"changed": changed}
        record_act(session, now, actor, "update_elder", for_person_id=person.id, area_code=row.area_code, facts=facts)
    return changed


def _sealed_changes(person: Any, told: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in names:
        said, before = told.get(name), getattr(person, f"{name}_sealed")
        if not said or (before is not None and unseal(name, before) == said):
            continue
        changes[f"{name}_sealed"] = seal(name, said)
        if name != "address":
            changes[f"{name}_hash"] = lookup_hash(name, said)
    return changes


def _elder_changes(elder: Any, told: dict[str, Any]) -> dict[str, Any]:
    if elder is None:
        return {}
    changes = {
        name: told[name] for name in _TOLD if told.get(name) not in (None, []) and getattr(elder, name) != told[name]
    }
    for name, purpose in (("health", "health"), ("emergency_phone", "phone")):
        said, before = told.get(name), getattr(elder, f"{name}_sealed")
        if said and (before is None or unseal(purpose, before) != said):
            changes[f"{name}_sealed"] = seal(purpose, said)
    if told.get("emergency_name") and told["emergency_name"] != elder.emergency_name:
        changes["emergency_name"] = told["emergency_name"]
    return changes
