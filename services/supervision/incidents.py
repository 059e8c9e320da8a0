"""Incidents (the nine protections of GB 38600): reported within a clock, handled, closed; they ask for re-assessment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.directory.queries import find_facility
from services.directory.tables import Facility
from services.errors import NotAllowed, NotFound
from services.orders.rules import order_number
from services.people.privacy import seal, unseal
from services.people.rights import right_to
from services.people.tables import Person
from services.supervision.case_tables import KINDS, SEVERITIES, Incident, IncidentStep
from services.supervision.errors import DaysMakeNoSense, IncidentClosed, UnknownIncident, UnknownResident, WordsMissing
from services.supervision.rights import LONG, check_dispatcher, check_officer, tell_officer, words_of
from services.unit_of_work import Actor

_incident, _step = table_of(Incident), table_of(IncidentStep)
_facility, _person = table_of(Facility), table_of(Person)
SEAL = "incident"
_NEXT_ID = text("SELECT nextval(pg_get_serial_sequence('incident', 'id'))")
_LIVED_THERE = text("SELECT lives_in(:elder, :site, :day)")
_TO_ASSESS = text(
    "SELECT i.elder_id, p.full_name, max(i.happened_at) AS happened_at, count(*) AS incidents FROM incident i"
    " JOIN person p ON p.id = i.elder_id WHERE p.died_on IS NULL AND NOT EXISTS (SELECT FROM assessment a"
    "  WHERE a.elder_id = i.elder_id AND a.state = 'signed' AND a.assessed_on >= (i.happened_at AT TIME ZONE 'Asia/Shanghai')::date)"
    " GROUP BY i.elder_id, p.full_name ORDER BY max(i.happened_at) LIMIT 200"
)
_RESIDENTS = text("SELECT elder_id, full_name FROM residents_of_mine() ORDER BY full_name, elder_id LIMIT 500")
RISK_DAYS = 30


@dataclass(frozen=True)
class NewIncident:
    """What happened: in which institution, to whom (None: nobody registered), which kind, how badly, when."""

    facility_id: int
    kind: str
    severity: str
    happened_at: datetime
    told: str
    elder_id: int | None = None


def report_incident(session: Session, now: datetime, actor: Actor, new: NewIncident) -> int:
    """Take an incident down, from the institution's dispatcher or an officer; gives its id. The officer is told.

    An elder named by the institution must live there that day; an officer names one she may see. Raises
    UnknownFacility, NotYourInstitution, WordsMissing(field), DaysMakeNoSense(field), UnknownResident.
    """
    site = find_facility(session, new.facility_id)
    by_office = actor.area_lo is not None
    if by_office:
        check_officer(actor, site.area_code)
    else:
        check_dispatcher(session, actor, site.provider_id)
    _check(session, now, actor, new, by_office)
    said = words_of(new.told, "told", LONG)
    hours = rules_in_force(session, site.area_code, civil_date(now)).supervision.report_hours(new.severity)
    incident_id = int(session.connection().execute(_NEXT_ID).scalar_one())
    due = new.happened_at + timedelta(hours=hours)
    session.connection().execute(
        insert(_incident).values(
            id=incident_id, incident_number=f"AQ{order_number(civil_date(now), incident_id)}",
            facility_id=new.facility_id, provider_id=site.provider_id, area_code=site.area_code, elder_id=new.elder_id,
            kind=new.kind, severity=new.severity, happened_at=new.happened_at, due_at=due, reported_at=now,
            reported_by=actor.person_id, told_sealed=seal(SEAL, said), state="reported",
        )
    )  # fmt: skip
    found = find_incident(session, incident_id)
    facts = {"kind": new.kind, "severity": new.severity, "late": now > due}
    _write(session, now, actor, found, "reported", "report_incident", None, facts)
    about = ("incident", incident_id)
    told = {"facility_id": new.facility_id, "incident_number": found.incident_number}
    template = "supervision.incident_late" if now > due else "supervision.incident"
    tell_officer(session, now, template, site.area_code, about, told)
    return incident_id


def note_measures(session: Session, now: datetime, actor: Actor, incident_id: int, told: str) -> None:
    """Write down what was done about it, by the institution or the office. Raises UnknownIncident, NotYourInstitution, IncidentClosed, WordsMissing."""
    found = _locked(session, incident_id)
    if actor.area_lo is not None:
        check_officer(actor, found.area_code)
    else:
        check_dispatcher(session, actor, found.provider_id)
    _check_open(found)
    said = words_of(told, "told", LONG)
    session.connection().execute(update(_incident).where(_incident.c.id == incident_id).values(state="handled"))
    _write(session, now, actor, found, "measures", "note_measures", said, {})


def close_incident(
    session: Session, now: datetime, actor: Actor, incident_id: int, responsible: bool, told: str
) -> None:
    """Close an incident, saying whether the institution answers for it; that counts in its credit.

    Raises UnknownIncident, NotForSupervision, IncidentClosed, WordsMissing(field).
    """
    found = _locked(session, incident_id)
    check_officer(actor, found.area_code)
    _check_open(found)
    said = words_of(told, "told", LONG)
    session.connection().execute(
        update(_incident)
        .where(_incident.c.id == incident_id)
        .values(state="closed", responsible=responsible, closed_at=now, closed_by=actor.person_id)
    )
    _write(session, now, actor, found, "closed", "close_incident", said, {"responsible": responsible})


def incidents(session: Session, *, provider_id: int | None = None, limit: int = 200) -> list[Row[Any]]:
    """Give the incidents one may see with facility_name and elder_name, open ones first, then the newest."""
    query = _named()
    if provider_id is not None:
        query = query.where(_incident.c.provider_id == provider_id)
    query = query.order_by(_incident.c.state == "closed", _incident.c.happened_at.desc(), _incident.c.id.desc())
    return list(session.connection().execute(query.limit(max(1, min(limit, 500)))))


def find_incident(session: Session, incident_id: int) -> Row[Any]:
    """Give one incident as `incidents` does. Raises UnknownIncident."""
    found = session.connection().execute(_named().where(_incident.c.id == incident_id)).first()
    if found is None:
        raise UnknownIncident(incident_id=incident_id)
    return found


def read_incident(session: Session, now: datetime, actor: Actor, incident_id: int) -> tuple[str, list[dict[str, Any]]]:
    """Give what was told, in clear, and every step with its words; the look is noted. Raises UnknownIncident."""
    found = find_incident(session, incident_id)
    steps = session.connection().execute(
        select(_step).where(_step.c.incident_id == incident_id).order_by(_step.c.id)
    ).all()  # fmt: skip
    about = ("incident", incident_id)
    record_act(
        session, now, actor, "read_incident", for_person_id=found.elder_id, area_code=found.area_code, subject=about
    )
    told = unseal(SEAL, found.told_sealed) if found.told_sealed else ""
    opened = [{**step._mapping, "told": unseal(SEAL, step.told_sealed) if step.told_sealed else ""} for step in steps]
    return told, opened


def residents(session: Session) -> list[tuple[int, str]]:
    """Give who lives today in the institutions one dispatches for: (elder id, name), by name."""
    return [(row.elder_id, row.full_name) for row in session.connection().execute(_RESIDENTS)]


def to_assess_again(session: Session) -> list[Row[Any]]:
    """Give the elders one may see who had an incident and were not assessed since: elder_id, full_name, happened_at, incidents."""
    return list(session.connection().execute(_TO_ASSESS))


def risk_events(session: Session, elder_id: int, now: datetime) -> int:
    """Give how many incidents an elder had within 30 days: two of them raise her level (GB/T 42195)."""
    since = now - timedelta(days=RISK_DAYS)
    query = select(func.count()).where(
        _incident.c.elder_id == elder_id, _incident.c.happened_at > since, _incident.c.kind != "other"
    )
    return int(session.connection().execute(query).scalar_one())


def _check(session: Session, now: datetime, actor: Actor, new: NewIncident, by_office: bool) -> None:
    if new.kind not in KINDS or new.severity not in SEVERITIES:
        raise WordsMissing(field="kind" if new.kind not in KINDS else "severity")
    if new.happened_at > now or new.happened_at < now - timedelta(days=366):
        raise DaysMakeNoSense(field="happened_at")
    if new.elder_id is None:
        return
    if by_office:
        try:
            right_to(session, actor, new.elder_id, "view", now)
        except (NotFound, NotAllowed):
            raise UnknownResident(field="elder_id") from None
        return
    there = {"elder": new.elder_id, "site": new.facility_id, "day": civil_date(new.happened_at)}
    if not session.connection().execute(_LIVED_THERE, there).scalar():
        raise UnknownResident(field="elder_id")


def _named() -> Select[Any]:
    return (
        select(_incident, _facility.c.name.label("facility_name"), _person.c.full_name.label("elder_name"))
        .join(_facility, _facility.c.id == _incident.c.facility_id)
        .join(_person, _person.c.id == _incident.c.elder_id, isouter=True)
    )


def _locked(session: Session, incident_id: int) -> Row[Any]:
    query = select(_incident).where(_incident.c.id == incident_id).with_for_update()
    found = session.connection().execute(query).first()
    if found is None:
        raise UnknownIncident(incident_id=incident_id)
    return found


def _check_open(found: Row[Any]) -> None:
    if found.state == "closed":
        raise IncidentClosed(incident_id=found.id)


def _write(
    session: Session, now: datetime, actor: Actor, found: Row[Any], kind: str, verb: str, told: str | None,
    facts: dict[str, Any],
) -> None:  # fmt: skip
    session.connection().execute(
        insert(_step).values(
            incident_id=found.id, elder_id=found.elder_id, area_code=found.area_code, provider_id=found.provider_id,
            kind=kind, happened_at=now, actor_id=actor.person_id, told_sealed=seal(SEAL, told) if told else None,
        )
    )  # fmt: skip
    record_act(
        session, now, actor, verb, for_person_id=found.elder_id, area_code=found.area_code,
        subject=("incident", found.id), facts=facts,
    )  # fmt: skip
