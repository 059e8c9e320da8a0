"""How somebody becomes a volunteer: real name, age, an account; then training and insurance by her community."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.cities.rules import short_code
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotFound
from services.outbox import enqueue
from services.people.queries import age_on
from services.people.tables import Person, RoleGrant
from services.unit_of_work import Actor
from services.volunteering.actions import refuse_too_young
from services.volunteering.bank import open_volunteer_account
from services.volunteering.errors import AlreadyAVolunteer, NotAVolunteer, OfficeOnly
from services.volunteering.tables import Volunteer

_volunteer, _person, _grant = table_of(Volunteer), table_of(Person), table_of(RoleGrant)
OFFICES = ("officer", "advisor")


def register_volunteer(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    *,
    display_name: str,
    interests: list[str],
    guardian_id: int | None = None,
    reason: str | None = None,
    guardian_relation: str | None = None,
    guardian_consent: str | None = None,
) -> str:
    """Put a person on the volunteers' register with an account in her city's time bank; give the passport number.

    She registers herself, or her community does; a minor with her guardian (`guardian_id`) by the community, which
    has the guardian's consent in hand; why an office does it (`reason`) stays in the trail. Raises NotFound, TooYoung,
    GuardianNeeded, OfficeOnly, AlreadyAVolunteer.
    """
    person = _hold_person(session, person_id)
    if person is None or (actor.person_id != person_id and not actor.has_role(*OFFICES)):
        raise NotFound(person_id=person_id)
    today = civil_date(now)
    rules = rules_in_force(session, person.area_code, today)
    age = age_on(person.born_on, today)
    if guardian_id is not None and (not actor.has_role(*OFFICES) or guardian_id == person_id):
        raise OfficeOnly(person_id=person_id)
    refuse_too_young(rules.timebank, age, guardian_id is not None)
    if session.connection().execute(select(_volunteer.c.person_id).where(_volunteer.c.person_id == person_id)).scalar():
        raise AlreadyAVolunteer(person_id=person_id)
    passport = f"GY{short_code(rules.city_code)}-{person_id:08d}"
    session.connection().execute(
        insert(_volunteer).values(
            person_id=person_id, area_code=person.area_code, display_name=display_name, interests=interests,
            registered_on=today, passport_number=passport, guardian_id=guardian_id,
            guardian_consented_on=today if guardian_id is not None else None,
            guardian_relation=guardian_relation, guardian_consent=guardian_consent,
        )
    )  # fmt: skip
    if person.timebank_account_id is None:
        _open_account(session, now, rules, person_id, person.area_code)
    _promise_limits(session, now, rules.city_code, person_id)
    _grant_role(session, now, actor, person_id)
    record_act(
        session, now, actor, "register_volunteer",
        for_person_id=person_id, area_code=person.area_code,
        facts={"passport_number": passport}
        | _given(guardian_id=guardian_id, guardian_consent=guardian_consent, reason=reason),
    )  # fmt: skip
    return passport


def _hold_person(session: Session, person_id: int) -> Row[*tuple[Any, ...]] | None:
    return (
        session.connection()
        .execute(
            select(_person.c.area_code, _person.c.born_on, _person.c.timebank_account_id)
            .where(_person.c.id == person_id)
            .with_for_update()
        )
        .one_or_none()
    )


def _open_account(session: Session, now: datetime, rules: CityRules, person_id: int, area_code: int) -> None:
    account_id = open_volunteer_account(session, now, rules, person_id, area_code)
    session.connection().execute(
        update(_person).where(_person.c.id == person_id).values(timebank_account_id=account_id)
    )


def _given(**facts: object) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value is not None}


def _promise_limits(session: Session, now: datetime, city_code: int, person_id: int) -> None:
    """Only the house may decide on limits: her account takes the policy's caps, her bank its links, by a job."""
    job = "volunteering.keep_limits"
    enqueue(session, now, job, {"city_code": city_code, "person_id": person_id}, key=f"{job}:volunteer-{person_id}")


def area_of_volunteer(session: Session, person_id: int) -> int:
    """Give the area a volunteer belongs to, as far as the actor may see her. Raises NotAVolunteer."""
    found: int | None = (
        session.connection().execute(select(_volunteer.c.area_code).where(_volunteer.c.person_id == person_id)).scalar()
    )
    if found is None:
        raise NotAVolunteer(person_id=person_id)
    return found


def _grant_role(session: Session, now: datetime, actor: Actor, person_id: int) -> None:
    """Let her sign in as a volunteer: the only role a person may give herself."""
    held = (
        session.connection()
        .execute(
            select(_grant.c.id).where(
                _grant.c.person_id == person_id, _grant.c.role == "volunteer", _grant.c.revoked_at.is_(None)
            )
        )
        .scalar()
    )
    if held is None:
        session.connection().execute(
            insert(_grant).values(person_id=person_id, role="volunteer", granted_by=actor.person_id, granted_at=now)
        )


def record_training(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    *,
    trained_on: date | None,
    insured_until: date | None,
) -> None:
    """Tick a volunteer's training and insurance, by her community's office only. Raises NotAVolunteer."""
    changed = {"trained_on": trained_on, "insured_until": insured_until}
    given = {name: day for name, day in changed.items() if day is not None}
    area_code = None
    if actor.has_role(*OFFICES) and given:
        area_code = (
            session.connection()
            .execute(
                update(_volunteer)
                .where(
                    _volunteer.c.person_id == person_id,
                    _volunteer.c.person_id != actor.person_id,
                    _volunteer.c.area_code.between(actor.area_lo, actor.area_hi),
                )
                .values(**given)
                .returning(_volunteer.c.area_code)
            )
            .scalar()
        )
    if area_code is None:
        raise NotAVolunteer(person_id=person_id)
    record_act(
        session, now, actor, "record_training",
        for_person_id=person_id, area_code=area_code,
        facts={name: day.isoformat() for name, day in given.items()},
    )  # fmt: skip
