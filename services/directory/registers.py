"""What officers write into the registers of an area: project sites, duties of residential areas, checks, flags.

Rows hold days; what stood before a change is kept by the database (`register_change`), so every change can be taken back
by writing the old value again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Table, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.rules import area_range
from services.cities.tables import Area
from services.clock import civil_date
from services.columns import table_of
from services.directory.planned_errors import CheckWithdrawn, EntryIncomplete, NoSuchEntry, NotForThisRegister
from services.directory.planned_tables import AreaFlag, AreaObligation, FacilityCheck, ProjectSite, RegisterChange
from services.directory.standard_operation import CHECKLISTS, passed
from services.directory.tables import Facility
from services.unit_of_work import Actor

sites, obligations, checks, flags = (
    table_of(ProjectSite), table_of(AreaObligation), table_of(FacilityCheck), table_of(AreaFlag),
)  # fmt: skip
_history, _facility, _area = table_of(RegisterChange), table_of(Facility), table_of(Area)
WORDS_LENGTH = 200
SITE_DAYS = ("planned_on", "started_on", "built_on", "opened_on", "dropped_on")
OBLIGATION_DAYS = ("planned_on", "built_on", "accepted_on", "handed_over_on")


def add_project_site(
    session: Session, now: datetime, actor: Actor, *, project_code: str, area_code: int, name: str, type_code: str,
    work: str, planned_on: date,
) -> int:  # fmt: skip
    """Write down one site a project will build or rebuild; gives its id.

    Raises NotForThisRegister, EntryIncomplete(field), and by constraint EntryTaken.
    """
    check_keeper_of_area(session, actor, area_code)
    values: dict[str, Any] = {
        "project_code": project_code.strip(),
        "name": name.strip(),
        "type_code": type_code.strip(),
    }
    _check_words(values)
    if work not in ("build", "rebuild"):
        raise EntryIncomplete(field="work")
    _check_days(now, {"planned_on": planned_on}, future={"planned_on"})
    values |= {"area_code": area_code, "work": work, "planned_on": planned_on, "note": ""}
    return _add(session, now, actor, sites, "add_project_site", values)


def change_project_site(
    session: Session, now: datetime, actor: Actor, site_id: int, changes: Mapping[str, Any]
) -> None:
    """Write what has become of a project's site: days, the facility it became, a note. Nothing else of it changes.

    Raises NotForThisRegister, NoSuchEntry, EntryIncomplete(field), and by constraint StepsOutOfOrder,
    OpenedNeedsItsSite, SiteTaken.
    """
    allowed = {*SITE_DAYS, "facility_id", "note"}
    _check_days(now, {name: changes.get(name) for name in SITE_DAYS}, future={"planned_on"})
    _change(session, now, actor, sites, site_id, changes, allowed, "change_project_site")


def add_obligation(
    session: Session, now: datetime, actor: Actor, *, obligation_code: str, area_code: int, name: str, required_m2: int,
    due_on: date, households: int | None = None,
) -> int:  # fmt: skip
    """Write down a residential area's duty to have room for elders; gives its id.

    Raises NotForThisRegister, EntryIncomplete(field), and by constraint EntryTaken.
    """
    check_keeper_of_area(session, actor, area_code)
    values: dict[str, Any] = {"obligation_code": obligation_code.strip(), "name": name.strip()}
    _check_words(values)
    if not 0 < required_m2 <= 10**6:
        raise EntryIncomplete(field="required_m2")
    if households is not None and not 0 < households <= 10**6:
        raise EntryIncomplete(field="households")
    _check_days(now, {"due_on": due_on}, future={"due_on"})
    values |= {
        "area_code": area_code,
        "required_m2": required_m2,
        "due_on": due_on,
        "households": households,
        "note": "",
    }
    return _add(session, now, actor, obligations, "add_obligation", values)


def change_obligation(
    session: Session, now: datetime, actor: Actor, obligation_id: int, changes: Mapping[str, Any]
) -> None:  # fmt: skip
    """Write how far a duty has come (四同步): days of planning, building, accepting, handing over, and square metres.

    Raises NotForThisRegister, NoSuchEntry, EntryIncomplete(field), and by constraint StepsOutOfOrder.
    """
    allowed = {*OBLIGATION_DAYS, "provided_m2", "facility_id", "note", "due_on", "required_m2"}
    _check_days(now, {name: changes.get(name) for name in OBLIGATION_DAYS}, future=set())
    for name in ("provided_m2", "required_m2"):
        if changes.get(name) is not None and not 0 <= changes[name] <= 10**6:
            raise EntryIncomplete(field=name)
    _change(session, now, actor, obligations, obligation_id, changes, allowed, "change_obligation")


def record_check(
    session: Session, now: datetime, actor: Actor, *, facility_id: int, checklist: str, checked_on: date,
    answers: Mapping[str, bool], note: str = "",
) -> int:  # fmt: skip
    """Write down a check of standard operation: every item of the list answered; gives its id.

    Raises NotForThisRegister, NoSuchEntry, EntryIncomplete(field).
    """
    area = session.connection().execute(select(_facility.c.area_code).where(_facility.c.id == facility_id)).scalar()
    if area is None:
        raise NoSuchEntry(facility_id=facility_id)
    check_keeper_of_area(session, actor, area)
    if checklist not in CHECKLISTS:
        raise EntryIncomplete(field="checklist")
    if set(answers) != set(CHECKLISTS[checklist].items):
        raise EntryIncomplete("清单里的每一项都要回答。", field="answers")
    _check_days(now, {"checked_on": checked_on}, future=set())
    values = {
        "facility_id": facility_id, "area_code": area, "checklist": checklist, "checked_on": checked_on,
        "answers": dict(answers), "passed": passed(checklist, answers), "note": note.strip()[:WORDS_LENGTH],
    }  # fmt: skip
    return _add(session, now, actor, checks, "record_facility_check", values, by="checked_by")


def withdraw_check(session: Session, now: datetime, actor: Actor, check_id: int, reason: str) -> None:
    """Take back a check that was written wrongly. Raises NotForThisRegister, NoSuchEntry, CheckWithdrawn, EntryIncomplete."""
    row = _locked(session, actor, checks, check_id)
    said = _why(reason)
    if row.withdrawn_at is not None:
        raise CheckWithdrawn(check_id=check_id)
    values = {"withdrawn_at": now, "withdrawn_by": actor.person_id, "withdrawn_reason": said}
    session.connection().execute(update(checks).where(checks.c.id == check_id).values(**values))
    facts = {"reason": said}
    record_act(
        session,
        now,
        actor,
        "withdraw_facility_check",
        area_code=row.area_code,
        subject=("facility_check", check_id),
        facts=facts,
    )


def raise_flag(
    session: Session, now: datetime, actor: Actor, *, area_code: int, flag: str, since: date, ground: str
) -> int:
    """Give an area a title from a day on, with the paper that says so; gives its id.

    Raises NotForThisRegister, EntryIncomplete(field), and by constraint FlagStands.
    """
    check_keeper_of_area(session, actor, area_code)
    values: dict[str, Any] = {"flag": flag.strip(), "ground": ground.strip()}
    _check_words(values)
    _check_days(now, {"since": since}, future=set())
    return _add(session, now, actor, flags, "raise_area_flag", values | {"area_code": area_code, "since": since})


def lower_flag(session: Session, now: datetime, actor: Actor, flag_id: int, until: date) -> None:
    """End a title: `until` is the first day without it. Raises NotForThisRegister, NoSuchEntry, EntryIncomplete."""
    row = _locked(session, actor, flags, flag_id)
    if not row.since < until or (row.until is not None and until > row.until):
        raise EntryIncomplete(field="until")
    session.connection().execute(update(flags).where(flags.c.id == flag_id).values(until=until))
    facts = {"until": until.isoformat()}
    record_act(
        session, now, actor, "lower_area_flag", area_code=row.area_code, subject=("area_flag", flag_id), facts=facts
    )


def check_keeper_of_area(session: Session, actor: Actor, area_code: int) -> None:
    """Refuse whoever is no officer of an area. Raises NotForThisRegister, EntryIncomplete for an unknown area."""
    known = session.connection().execute(select(_area.c.code).where(_area.c.code == area_code)).first()
    if known is None:
        raise EntryIncomplete("没有这个区划。", field="area_code")
    if not actor.has_role("officer") or actor.read_only or actor.area_lo is None or actor.area_hi is None:
        raise NotForThisRegister(role=actor.role)
    lo, hi = area_range(area_code)
    if not actor.area_lo <= lo <= hi <= actor.area_hi:
        raise NotForThisRegister(area_code=area_code)


def changes_of_row(session: Session, register: str, row_id: int, most: int = 50) -> list[Row[Any]]:
    """Give what was changed of a register's row, the last first, as far as the office may see it."""
    query = select(_history).where(_history.c.register_name == register, _history.c.row_id == row_id)
    return list(session.connection().execute(query.order_by(_history.c.id.desc()).limit(most)))


def _add(
    session: Session, now: datetime, actor: Actor, table: Table, verb: str, values: dict[str, Any], by: str = "recorded_by"
) -> int:  # fmt: skip
    row = insert(table).values({**values, by: actor.person_id, "recorded_at": now})
    made = int(session.connection().execute(row.returning(table.c.id)).scalar_one())
    facts = {name: value for name, value in values.items() if isinstance(value, str | int)}
    record_act(session, now, actor, verb, area_code=values["area_code"], subject=(table.name, made), facts=facts)
    return made


def _change(
    session: Session, now: datetime, actor: Actor, table: Table, row_id: int, changes: Mapping[str, Any], allowed: set[str],
    verb: str,
) -> None:  # fmt: skip
    row = _locked(session, actor, table, row_id)
    foreign = sorted(set(changes) - allowed)
    if foreign or not changes:
        raise EntryIncomplete(field=foreign[0] if foreign else "")
    if len(str(changes.get("note") or "")) > WORDS_LENGTH:
        raise EntryIncomplete(field="note")
    session.connection().execute(update(table).where(table.c.id == row_id).values(**changes))
    facts = {"changed": sorted(changes)}
    record_act(session, now, actor, verb, area_code=row.area_code, subject=(table.name, row_id), facts=facts)


def _locked(session: Session, actor: Actor, table: Table, row_id: int) -> Row[Any]:
    query = select(table).where(table.c.id == row_id)
    row = session.connection().execute(query).first()
    if row is None:
        raise NoSuchEntry(register=table.name, row_id=row_id)
    check_keeper_of_area(session, actor, row.area_code)
    return session.connection().execute(query.with_for_update(key_share=True)).one()


def _check_words(values: Mapping[str, Any]) -> None:
    wrong = next((name for name, said in values.items() if not 0 < len(said) <= WORDS_LENGTH), None)
    if wrong is not None:
        raise EntryIncomplete(field=wrong)


def _check_days(now: datetime, days: Mapping[str, date | None], *, future: set[str]) -> None:
    """What has happened lies not in the future; nothing lies before 1950."""
    for name, day in days.items():
        latest = date(2200, 1, 1) if name in future else civil_date(now)
        if day is not None and not date(1950, 1, 1) <= day <= latest:
            raise EntryIncomplete("日期不能在今天以后。" if name not in future else "请选一个日期。", field=name)


def _why(reason: str) -> str:
    said = reason.strip()
    if not 0 < len(said) <= WORDS_LENGTH:
        raise EntryIncomplete(field="reason")
    return said
