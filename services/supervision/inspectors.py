"""Inspectors, whom they must not inspect, and the institutions watched more closely."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.directory.queries import find_provider
from services.directory.tables import Facility
from services.people.tables import Person
from services.supervision.check_tables import Inspector, InspectorConflict, KeyTarget
from services.supervision.errors import InspectorGone, UnknownInspector, UnknownKeyTarget, WordsMissing
from services.supervision.rights import LONG, check_officer, supervised_site, words_of
from services.unit_of_work import Actor

_inspector, _conflict, _key = table_of(Inspector), table_of(InspectorConflict), table_of(KeyTarget)
_person, _facility = table_of(Person), table_of(Facility)
_PAIRS = text("SELECT inspector_id, provider_id, ground FROM inspector_conflicts(CAST(:ids AS bigint[]))")


def appoint(session: Session, now: datetime, actor: Actor, person_id: int, code: str, department: str) -> int:
    """Put somebody on the list of inspectors of the office's area under the code on her papers; gives the row's id.

    Raises NotForSupervision, UnknownInspector when the office may not see her, WordsMissing(field), InspectorKept.
    """
    area = actor.area_lo or 0
    check_officer(actor, area)
    known = session.connection().execute(select(_person.c.id).where(_person.c.id == person_id)).scalar()
    if known is None:
        raise UnknownInspector(person_id=person_id)
    number = words_of(code, "code", 40)
    if not (number.isascii() and len(number) >= 2 and number.replace("-", "").isalnum()):
        raise WordsMissing(field="code")
    row = insert(_inspector).values(
        person_id=person_id, area_code=area, code=number, department=words_of(department, "department"),
        since=civil_date(now), appointed_by=actor.person_id,
    )  # fmt: skip
    inspector_id = int(session.connection().execute(row.returning(_inspector.c.id)).scalar_one())
    about = ("inspector", inspector_id)
    record_act(
        session, now, actor, "appoint_inspector", for_person_id=person_id, area_code=area, subject=about,
        facts={"code": number},
    )  # fmt: skip
    return inspector_id


def end_appointment(session: Session, now: datetime, actor: Actor, inspector_id: int) -> None:
    """Take an inspector off the list from today on. Raises UnknownInspector, NotForSupervision, InspectorGone."""
    found = _standing(session, actor, inspector_id)
    session.connection().execute(
        update(_inspector).where(_inspector.c.id == inspector_id).values(left_on=civil_date(now))
    )
    about = ("inspector", inspector_id)
    record_act(
        session, now, actor, "end_inspector", for_person_id=found.person_id, area_code=found.area_code, subject=about
    )


def declare_conflict(
    session: Session, now: datetime, actor: Actor, inspector_id: int, provider_id: int, reason: str
) -> int:
    """Note that an inspector is not sent to a provider's homes; gives the row's id. Before a draw only it matters.

    Raises UnknownInspector, NotForSupervision, InspectorGone, UnknownProvider, WordsMissing(field).
    """
    found = _standing(session, actor, inspector_id)
    find_provider(session, provider_id)
    row = insert(_conflict).values(
        inspector_id=inspector_id, provider_id=provider_id, area_code=found.area_code,
        reason=words_of(reason, "reason", LONG), declared_by=actor.person_id, declared_at=now,
    )  # fmt: skip
    conflict_id = int(session.connection().execute(row.returning(_conflict.c.id)).scalar_one())
    facts = {"provider_id": provider_id}
    about = ("inspector", inspector_id)
    record_act(
        session, now, actor, "declare_conflict", for_person_id=found.person_id, area_code=found.area_code,
        subject=about, facts=facts,
    )  # fmt: skip
    return conflict_id


def inspectors_on(session: Session, lo: int, hi: int, on: date) -> list[Row[Any]]:
    """Give the inspectors of an area on a day with full_name, by code."""
    query = (
        select(_inspector, _person.c.full_name)
        .join(_person, _person.c.id == _inspector.c.person_id, isouter=True)
        .where(_inspector.c.area_code.between(lo, hi), _inspector.c.since <= on)
        .where(_inspector.c.left_on.is_(None) | (_inspector.c.left_on > on))
        .order_by(_inspector.c.code)
    )
    return list(session.connection().execute(query))


def conflicts_between(session: Session, inspector_ids: Collection[int]) -> list[Row[Any]]:
    """Give (inspector_id, provider_id, ground) of pairs that must not meet: worked_there, or declared."""
    return list(session.connection().execute(_PAIRS, {"ids": sorted(inspector_ids)}))


def watch_closely(session: Session, now: datetime, actor: Actor, facility_id: int, reason: str) -> int:
    """Put an institution on the list of key targets from today on; gives the row's id. The reason is public.

    Raises UnknownFacility, NotForSupervision, WordsMissing(field), AlreadyWatched.
    """
    site = supervised_site(session, actor, facility_id)
    row = insert(_key).values(
        facility_id=facility_id, area_code=site.area_code, reason=words_of(reason, "reason", LONG),
        from_on=civil_date(now), entered_by=actor.person_id,
    )  # fmt: skip
    key_id = int(session.connection().execute(row.returning(_key.c.id)).scalar_one())
    about = ("key_target", key_id)
    record_act(session, now, actor, "watch_closely", area_code=site.area_code, subject=about, facts={"reason": reason})
    return key_id


def stop_watching(session: Session, now: datetime, actor: Actor, key_id: int, reason: str) -> None:
    """Take an institution off the list of key targets. Raises UnknownKeyTarget, NotForSupervision, WordsMissing."""
    found = session.connection().execute(select(_key).where(_key.c.id == key_id).with_for_update()).first()
    if found is None or found.ended_on is not None:
        raise UnknownKeyTarget(key_id=key_id)
    check_officer(actor, found.area_code)
    said = words_of(reason, "reason", LONG)
    session.connection().execute(
        update(_key).where(_key.c.id == key_id).values(ended_on=civil_date(now), end_reason=said)
    )
    about = ("key_target", key_id)
    record_act(session, now, actor, "stop_watching", area_code=found.area_code, subject=about, facts={"reason": said})


def key_targets(session: Session) -> list[Row[Any]]:
    """Give the institutions watched closely today with facility_name, for anybody."""
    query = (
        select(_key, _facility.c.name.label("facility_name"), _facility.c.code)
        .join(_facility, _facility.c.id == _key.c.facility_id)
        .where(_key.c.ended_on.is_(None))
        .order_by(_key.c.id)
    )
    return list(session.connection().execute(query))


def key_codes(session: Session, facility_ids: Collection[int]) -> set[str]:
    """Give the codes of those of some sites that are watched closely."""
    return {row.code for row in key_targets(session) if row.facility_id in set(facility_ids)}


def _standing(session: Session, actor: Actor, inspector_id: int) -> Row[Any]:
    found = session.connection().execute(select(_inspector).where(_inspector.c.id == inspector_id)).first()
    if found is None:
        raise UnknownInspector(inspector_id=inspector_id)
    check_officer(actor, found.area_code)
    if found.left_on is not None:
        raise InspectorGone(inspector_id=inspector_id)
    return found
