"""Beds and stays as a provider's own system tells them, by its own names: the same again changes nothing.

Only the homes of the provider that asks. Papers (nursing, dementia, basic guarantee, licence) are the office's word and not
told here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Row, func, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.beds.actions import admit, discharge, record_death
from services.beds.cards import card_is_of, elder_by_card
from services.beds.errors import BadBedFacts, BadDays, BedNotFound, BedTaken, HomeNotFound, StayBeginsOnce
from services.beds.grounds import kept_rules
from services.beds.tables import Bed, BedStay
from services.columns import table_of
from services.directory.tables import Facility
from services.unit_of_work import Actor

_bed, _stay, _facility = table_of(Bed), table_of(BedStay), table_of(Facility)
Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True)
class ToldBed:
    """A bed as the provider's system has it."""

    label: str
    opened_on: date
    closed_on: date | None = None
    kind: str = "institution"


@dataclass(frozen=True)
class ToldStay:
    """A stay as the provider's system has it: `bed` is its own name of the bed, `last_day` the day she left, if she did."""

    bed: str
    id_number: str
    first_day: date
    last_day: date | None = None
    ended_by: str = "discharge"
    reason: str = ""
    emergency: str = ""


@dataclass(frozen=True)
class Put:
    """What a telling did: the row's id, and whether anything changed."""

    id: int
    outcome: Outcome


def put_bed(session: Session, now: datetime, actor: Actor, home_code: str, external_id: str, told: ToldBed) -> Put:
    """Register or change a bed by the provider's own name of it; a bed of the same label without a name is taken for it.

    Raises HomeNotFound, BadBedFacts, BedTaken (it closes while somebody lies in it).
    """
    home = _own_home(session, actor, home_code)
    if told.kind not in ("institution", "community") or not 0 < len(told.label.strip()) <= 60:
        raise BadBedFacts(field="kind" if told.kind not in ("institution", "community") else "label")
    if told.closed_on is not None and told.closed_on < told.opened_on:
        raise BadDays(field="closed_on")
    _one_at_a_time(session, home.provider_id, external_id)
    values = {
        "label": told.label.strip(), "opened_on": told.opened_on, "closed_on": told.closed_on, "kind": told.kind,
        "external_ref": external_id,
    }  # fmt: skip
    known = _known_bed(session, home.id, external_id, told.label.strip())
    with kept_rules(session, field="label", external_id=external_id):
        if known is None:
            new = insert(_bed).values(facility_id=home.id, area_code=home.area_code, **_plain(), **values)
            bed_id: int = session.connection().execute(new.returning(_bed.c.id)).scalar_one()
            outcome: Outcome = "created"
        else:
            bed_id, outcome = known.id, "unchanged"
            if any(getattr(known, name) != value for name, value in values.items()):
                _check_empty(session, known.id, told.closed_on)
                session.connection().execute(update(_bed).where(_bed.c.id == bed_id).values(**values))
                outcome = "updated"
    if outcome != "unchanged":
        record_act(
            session, now, actor, "put_bed", by_right=f"provider:{home.provider_id}", area_code=home.area_code,
            subject=("bed", bed_id), facts={"external_id": external_id, "outcome": outcome},
        )  # fmt: skip
    return Put(bed_id, outcome)


def _plain() -> dict[str, Any]:
    return {"dementia": False, "basic_guarantee": False}


def _own_home(session: Session, actor: Actor, home_code: str) -> Row[Any]:
    found = session.connection().execute(select(_facility).where(_facility.c.code == home_code)).one_or_none()
    mine = actor.provider_id is not None and actor.has_role("dispatcher") and not actor.read_only
    if found is None or not mine or found.provider_id != actor.provider_id:
        raise HomeNotFound(home_code=home_code)
    return found


def _one_at_a_time(session: Session, provider_id: int, external_id: str) -> None:
    """Let two tellings of one thing wait for each other, so that the second finds what the first wrote."""
    session.connection().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('bed:' || :name, :provider))"),
        {"name": external_id, "provider": provider_id},
    )


def _known_bed(session: Session, facility_id: int, external_id: str, label: str) -> Row[Any] | None:
    mine = select(_bed).where(_bed.c.facility_id == facility_id)
    for query in (
        mine.where(_bed.c.external_ref == external_id),
        mine.where(_bed.c.external_ref.is_(None), _bed.c.label == label),
    ):
        found = session.connection().execute(query.with_for_update()).one_or_none()
        if found is not None:
            return found
    return None


def _check_empty(session: Session, bed_id: int, closed_on: date | None) -> None:
    if closed_on is None:
        return
    later = func.coalesce(func.upper(_stay.c.during), text("'infinity'::date")) > closed_on
    if session.connection().execute(select(_stay.c.id).where(_stay.c.bed_id == bed_id, later)).first() is not None:
        raise BedTaken("还有老人住在这张床位，请先办理退住或换床位。", field="closed_on")


def put_stay(session: Session, now: datetime, actor: Actor, home_code: str, external_id: str, told: ToldStay) -> Put:
    """Write down a stay, or that it ended, by the provider's own name of it; the elder by her ID number.

    Bed, elder and first day stay what they were told to be first. Raises HomeNotFound, BedNotFound, StayBeginsOnce,
    Invalid, NotFound and whatever moving in and out raises.
    """
    home = _own_home(session, actor, home_code)
    _one_at_a_time(session, home.provider_id, external_id)
    bed = session.connection().execute(
        select(_bed.c.id).where(_bed.c.facility_id == home.id, _bed.c.external_ref == told.bed)
    ).scalar()  # fmt: skip
    if bed is None:
        raise BedNotFound(bed=told.bed)
    if told.ended_by not in ("discharge", "death"):
        raise BadBedFacts(field="ended_by")
    known = session.connection().execute(
        select(_stay).where(_stay.c.provider_id == home.provider_id, _stay.c.external_ref == external_id)
    ).one_or_none()  # fmt: skip
    if known is None:
        elder_id = elder_by_card(session, now, actor, told.id_number)
        stay_id = admit(
            session, now, actor, bed, elder_id, first_day=told.first_day, emergency=told.emergency, by_card=True,
            external_ref=external_id,
        )  # fmt: skip
        _end(session, now, actor, stay_id, told)
        return Put(stay_id, "created")
    if (known.bed_id, known.during.lower) != (bed, told.first_day) or not card_is_of(
        session, known.elder_id, told.id_number
    ):
        raise StayBeginsOnce(external_id=external_id)
    if told.last_day is None or known.during.upper == told.last_day:
        return Put(known.id, "unchanged")
    _end(session, now, actor, known.id, told)
    return Put(known.id, "updated")


def _end(session: Session, now: datetime, actor: Actor, stay_id: int, told: ToldStay) -> None:
    if told.last_day is None:
        return
    if told.ended_by == "death":
        record_death(session, now, actor, stay_id, told.last_day)
    else:
        discharge(session, now, actor, stay_id, told.last_day, told.reason or "机构系统报来")
