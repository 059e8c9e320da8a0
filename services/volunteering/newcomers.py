"""Somebody the house has never heard of comes to the counter and wants to help; a pupil brings her mother along.

Real name and ID number first, then the register of people, then that of volunteers: all of it or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlmodel import Session

from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.people.actions import NewPerson, register_person
from services.people.id_numbers import IdNumber, read_id_number
from services.people.privacy import lookup_hash
from services.people.queries import age_on
from services.people.tables import Person
from services.unit_of_work import Actor
from services.volunteering.actions import ADULT_AGE, refuse_too_young
from services.volunteering.errors import GuardianTooYoung, KnownElsewhere, NotARealName, OfficeOnly, ReasonNeeded
from services.volunteering.registering import OFFICES, register_volunteer

_person = table_of(Person)
Consent = Literal["signed", "in_person", "by_phone"]
CONSENTS: tuple[Consent, ...] = ("signed", "in_person", "by_phone")


@dataclass(frozen=True)
class Newcomer:
    """Who she is by her papers; birthday and gender are read from the ID number. `area_code`: where she lives."""

    full_name: str
    id_number: str
    area_code: int
    phone: str | None = None


@dataclass(frozen=True)
class Guardian:
    """Who answers for a minor: her papers, what she is to the minor, and how she agreed."""

    person: Newcomer
    relation: str
    consent: Consent


def register_newcomer(
    session: Session,
    now: datetime,
    actor: Actor,
    new: Newcomer,
    *,
    display_name: str,
    interests: list[str],
    reason: str,
    guardian: Guardian | None = None,
) -> tuple[int, str]:
    """Register a person and at once as a volunteer, a minor with her guardian; give person and passport number.

    By the office where she lives. Who is on the house's register under the same papers is not registered twice. Raises
    OfficeOnly, ReasonNeeded, NotARealName, TooYoung, GuardianNeeded, GuardianTooYoung, KnownElsewhere,
    AlreadyAVolunteer, BadPhone, PhoneTaken, IdNumberTaken.
    """
    covered = (
        actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= new.area_code <= actor.area_hi
    )
    if not actor.has_role(*OFFICES) or not covered:
        raise OfficeOnly(area_code=new.area_code)
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    papers = _papers(new, "id_number")
    today = civil_date(now)
    rules = rules_in_force(session, new.area_code, today)
    age = age_on(papers.born_on, today)
    refuse_too_young(rules.timebank, age, guardian is not None)
    minor = age is not None and age < ADULT_AGE
    guardian_id = _guardian(session, now, actor, guardian) if guardian is not None and minor else None
    person_id = _known_or_new(session, now, actor, new, papers)
    if session.connection().execute(select(_person.c.id).where(_person.c.id == person_id)).scalar() is None:
        raise KnownElsewhere(field="id_number")
    passport = register_volunteer(
        session, now, actor, person_id, display_name=display_name.strip() or new.full_name.strip(),
        interests=interests, guardian_id=guardian_id, reason=reason.strip(),
        guardian_relation=guardian.relation.strip() if guardian is not None and minor else None,
        guardian_consent=guardian.consent if guardian is not None and minor else None,
    )  # fmt: skip
    return person_id, passport


def _guardian(session: Session, now: datetime, actor: Actor, guardian: Guardian) -> int:
    """The guardian's person, who is of age; she may live anywhere, but is not entered twice."""
    papers = _papers(guardian.person, "guardian_id_number")
    if not guardian.relation.strip():
        raise ReasonNeeded("请写明监护人与未成年人的关系。", field="guardian_relation")
    age = age_on(papers.born_on, civil_date(now))
    if age is None or age < ADULT_AGE:
        raise GuardianTooYoung(field="guardian_id_number")
    return _known_or_new(session, now, actor, guardian.person, papers)


def _papers(new: Newcomer, field: str) -> IdNumber:
    if len(new.full_name.strip()) < 2:
        raise NotARealName("请写姓名，和身份证上的一样。", field=field.replace("id_number", "full_name"))
    papers = read_id_number(new.id_number)
    if isinstance(papers, str):
        raise NotARealName(f"{papers}。", field=field)
    return papers


def _known_or_new(session: Session, now: datetime, actor: Actor, new: Newcomer, papers: IdNumber) -> int:
    """The same papers are the same person; a phone of the same name without papers is too."""
    name = new.full_name.strip()
    phone = lookup_hash("phone", new.phone) if new.phone else None
    found: int | None = (
        session.connection()
        .execute(select(func.known_person(lookup_hash("id_number", papers.digits), phone, name)))
        .scalar()
    )
    if found is not None:
        return found
    plain = replace(new, full_name=name)
    return register_person(
        session, now, actor,
        NewPerson(
            area_code=plain.area_code, full_name=plain.full_name, gender=papers.gender, born_on=papers.born_on,
            phone=plain.phone, id_number=papers.digits,
        ),
    )  # fmt: skip
