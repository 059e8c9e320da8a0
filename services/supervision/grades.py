"""Grades of institutions (等级评定, GB/T 37276): certificates with their days, requests to be graded, warnings before the end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, Select, func, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.directory.queries import find_facility
from services.directory.tables import Facility
from services.supervision.errors import (
    DaysMakeNoSense,
    GradeRequestDecided,
    GradeRevoked,
    UnknownGrade,
    UnknownGradeRequest,
    WordsMissing,
)
from services.supervision.institution_tables import GradeRequest, InstitutionGrade
from services.supervision.rights import (
    LONG,
    check_dispatcher,
    check_not_to_come,
    check_officer,
    supervised_site,
    tell_officer,
    tell_provider,
    words_of,
)
from services.unit_of_work import Actor

_grade, _request, _facility = table_of(InstitutionGrade), table_of(GradeRequest), table_of(Facility)
NATIONAL = "GB/T 37276-2018"
IssuingLevel = Literal["national", "province", "city", "district"]
_IN_FORCE = text(
    "SELECT f.id, facility_grade(f.id, :on) AS grade FROM facility f WHERE f.id = ANY (CAST(:sites AS bigint[]))"
)
FARTHEST_WARNING = timedelta(days=400)


@dataclass(frozen=True)
class NewGrade:
    """A certificate of grade as it stands on paper."""

    grade: int
    certificate_number: str
    issuer: str
    issued_on: date
    expires_on: date
    issuing_level: IssuingLevel = "city"
    standard: str = NATIONAL
    points: int | None = None


def record_grade(session: Session, now: datetime, actor: Actor, facility_id: int, new: NewGrade) -> int:
    """Write a certificate of grade down; gives its id. A request that waits is answered by it.

    Raises UnknownFacility, NotForSupervision, WordsMissing(field), DaysMakeNoSense(field), GradeKept.
    """
    site = supervised_site(session, actor, facility_id)
    values = _checked(now, new)
    row = insert(_grade).values(
        facility_id=facility_id, area_code=site.area_code, recorded_by=actor.person_id, recorded_at=now, **values
    )
    grade_id = int(session.connection().execute(row.returning(_grade.c.id)).scalar_one())
    facts = {"grade": new.grade, "issued_on": new.issued_on.isoformat(), "expires_on": new.expires_on.isoformat()}
    about = ("institution_grade", grade_id)
    record_act(session, now, actor, "record_grade", area_code=site.area_code, subject=about, facts=facts)
    answered = update(_request).where(_request.c.facility_id == facility_id, _request.c.state == "asked")
    session.connection().execute(
        answered.values(state="graded", grade_id=grade_id, decided_by=actor.person_id, decided_at=now)
    )
    told = {"facility_id": facility_id, "grade": str(new.grade), "ends_on": new.expires_on.isoformat()}
    tell_provider(session, now, "supervision.graded", site.provider_id, site.area_code, about, told)
    return grade_id


def revoke_grade(
    session: Session, now: datetime, actor: Actor, grade_id: int, on: date, reason: str, mistaken: bool = False
) -> None:
    """Take a certificate away from a day on; or, `mistaken`, strike what should never have been written down.

    Raises UnknownGrade, NotForSupervision, GradeRevoked, WordsMissing(field), DaysMakeNoSense(field).
    """
    found = session.connection().execute(select(_grade).where(_grade.c.id == grade_id).with_for_update()).first()
    if found is None:
        raise UnknownGrade(grade_id=grade_id)
    check_officer(actor, found.area_code)
    if found.revoked_on is not None:
        raise GradeRevoked(grade_id=grade_id)
    check_not_to_come(now, on, "on")
    if on < found.issued_on:
        raise DaysMakeNoSense(field="on")
    said = words_of(reason, "reason", LONG)
    session.connection().execute(
        update(_grade)
        .where(_grade.c.id == grade_id)
        .values(revoked_on=on, revoke_reason=said, revoked_by=actor.person_id, mistaken=mistaken)
    )
    facts = {"on": on.isoformat(), "reason": said, "mistaken": mistaken}
    about = ("institution_grade", grade_id)
    record_act(session, now, actor, "revoke_grade", area_code=found.area_code, subject=about, facts=facts)


def ask_grade(session: Session, now: datetime, actor: Actor, facility_id: int, wanted: int, told: str) -> int:
    """Ask to be graded, or graded anew, in the provider's name; gives the request's id. The area's officer is told.

    Raises UnknownFacility, NotYourInstitution, WordsMissing(field), GradeRequestWaits.
    """
    site = find_facility(session, facility_id)
    check_dispatcher(session, actor, site.provider_id)
    _check_grade(wanted, "wanted")
    row = insert(_request).values(
        facility_id=facility_id, provider_id=site.provider_id, area_code=site.area_code, wanted=wanted,
        told=told.strip()[:LONG], state="asked", asked_by=actor.person_id, asked_at=now,
    )  # fmt: skip
    request_id = int(session.connection().execute(row.returning(_request.c.id)).scalar_one())
    about = ("grade_request", request_id)
    record_act(session, now, actor, "ask_grade", area_code=site.area_code, subject=about, facts={"wanted": wanted})
    tell_officer(session, now, "supervision.grade_asked", site.area_code, about, {"facility_id": facility_id})
    return request_id


def refuse_grade(session: Session, now: datetime, actor: Actor, request_id: int, reply: str) -> None:
    """Answer a request without a certificate, saying why.

    Raises UnknownGradeRequest, NotForSupervision, GradeRequestDecided, WordsMissing(field).
    """
    found = session.connection().execute(select(_request).where(_request.c.id == request_id).with_for_update()).first()
    if found is None:
        raise UnknownGradeRequest(request_id=request_id)
    check_officer(actor, found.area_code)
    if found.state != "asked":
        raise GradeRequestDecided(request_id=request_id)
    said = words_of(reply, "reply", LONG)
    session.connection().execute(
        update(_request)
        .where(_request.c.id == request_id)
        .values(state="refused", reply=said, decided_by=actor.person_id, decided_at=now)
    )
    about = ("grade_request", request_id)
    record_act(session, now, actor, "refuse_grade", area_code=found.area_code, subject=about, facts={"reply": said})
    facts = {"facility_id": found.facility_id}
    tell_provider(session, now, "supervision.grade_refused", found.provider_id, found.area_code, about, facts)


def grades_on(session: Session, facility_ids: Collection[int], on: date) -> dict[int, int]:
    """Give the grade in force on a day for those sites that have one; the certificate issued last decides."""
    rows = session.connection().execute(_IN_FORCE, {"on": on, "sites": sorted(facility_ids)})
    return {row.id: row.grade for row in rows if row.grade is not None}


def grades_of(session: Session, facility_id: int) -> list[Row[Any]]:
    """Give every certificate of an institution, the newest first, those struck too."""
    query = select(_grade).where(_grade.c.facility_id == facility_id)
    return list(session.connection().execute(query.order_by(_grade.c.issued_on.desc(), _grade.c.id.desc())))


def find_request(session: Session, request_id: int) -> Row[Any]:
    """Give one request with facility_name. Raises UnknownGradeRequest."""
    found = session.connection().execute(_requests().where(_request.c.id == request_id)).first()
    if found is None:
        raise UnknownGradeRequest(request_id=request_id)
    return found


def _requests() -> Select[Any]:
    named = select(_request, _facility.c.name.label("facility_name"))
    return named.join(_facility, _facility.c.id == _request.c.facility_id)


def requests(session: Session, *, provider_id: int | None = None, state: str | None = None) -> list[Row[Any]]:
    """Give the requests one may see with facility_name, those that wait first, at most 200."""
    query = _requests()
    if provider_id is not None:
        query = query.where(_request.c.provider_id == provider_id)
    if state is not None:
        query = query.where(_request.c.state == state)
    waiting_first = query.order_by(_request.c.state != "asked", _request.c.id.desc())
    return list(session.connection().execute(waiting_first.limit(200)))


def warn_of_expiry(session: Session, now: datetime) -> int:
    """Tell institutions and their officers of grades that end within the city's days, each certificate once.

    One that a later certificate has replaced, or that was taken away, is passed over. Gives how many end soon.
    City-wide work of the house.
    """
    today, told = civil_date(now), 0
    newer = _grade.alias()
    replaced = (
        select(newer.c.id)
        .where(newer.c.facility_id == _grade.c.facility_id, newer.c.issued_on > _grade.c.issued_on)
        .where(~newer.c.mistaken)
        .exists()
    )
    query = (
        select(_grade, _facility.c.name.label("facility_name"), _facility.c.provider_id)
        .join(_facility, _facility.c.id == _grade.c.facility_id)
        .where(_grade.c.revoked_on.is_(None), ~replaced, _facility.c.status == "open")
        .where(_grade.c.expires_on.between(today, today + FARTHEST_WARNING))
        .order_by(_grade.c.id)
    )
    for row in session.connection().execute(query).all():
        days = rules_in_force(session, row.area_code, today).supervision.grade_warn_days
        if row.expires_on > today + timedelta(days=days):
            continue
        about = ("institution_grade", int(row.id))
        facts = {"facility_id": row.facility_id, "grade": str(row.grade), "ends_on": row.expires_on.isoformat()}
        tell_provider(session, now, "supervision.grade_ends", row.provider_id, row.area_code, about, facts)
        tell_officer(session, now, "supervision.grade_ends_soon", row.area_code, about, facts)
        told += 1
    return told


def _checked(now: datetime, new: NewGrade) -> dict[str, Any]:
    _check_grade(new.grade, "grade")
    if new.points is not None and not 0 <= new.points <= 1000:
        raise WordsMissing(field="points")
    check_not_to_come(now, new.issued_on, "issued_on")
    if new.expires_on <= new.issued_on:
        raise DaysMakeNoSense(field="expires_on")
    if new.issuing_level not in ("national", "province", "city", "district"):
        raise WordsMissing(field="issuing_level")
    return {
        "grade": new.grade, "standard": words_of(new.standard, "standard", 60), "points": new.points,
        "certificate_number": words_of(new.certificate_number, "certificate_number", 60),
        "issuer": words_of(new.issuer, "issuer"), "issuing_level": new.issuing_level, "issued_on": new.issued_on,
        "expires_on": new.expires_on, "mistaken": False,
    }  # fmt: skip


def _check_grade(grade: int, field: str) -> None:
    if not 1 <= grade <= 5:
        raise WordsMissing(field=field)


def count_by_grade(session: Session, lo: int, hi: int, on: date) -> dict[int | None, int]:
    """Give how many open institutions with beds of an area stand at each grade on a day; None: not graded."""
    grade = func.facility_grade(_facility.c.id, on)
    query = select(grade.label("grade"), func.count()).where(
        _facility.c.area_code.between(lo, hi), _facility.c.status == "open",
        text("EXISTS (SELECT FROM bed b WHERE b.facility_id = facility.id AND b.kind = 'institution')"),
    )  # fmt: skip
    return {row[0]: row[1] for row in session.connection().execute(query.group_by(grade))}
