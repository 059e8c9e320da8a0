"""What follows a move-in in an emergency, and a death the house learned elsewhere; as the house, by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.beds.tables import Bed, BedStay
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.people.tables import Person
from services.unit_of_work import SYSTEM

_stay, _bed, _person = table_of(BedStay), table_of(Bed), table_of(Person)


def check_emergency(session: Session, now: datetime, stay_id: int) -> bool:
    """Tie the assessment made since to a stay that began in an emergency; without one, tell the home's office.

    Gives whether the stay rests on an assessment now. A stay that ended or moved on is left alone.
    """
    stay = session.connection().execute(
        select(_stay, _bed.c.facility_id).join(_bed, _bed.c.id == _stay.c.bed_id).where(_stay.c.id == stay_id)
    ).one()  # fmt: skip
    today = civil_date(now)
    if stay.assessment_id is not None:
        return True
    if stay.during.upper is not None and stay.during.upper <= today:
        return False
    found = session.connection().execute(
        text("SELECT holding_assessment(:elder, :day)"), {"elder": stay.elder_id, "day": today}
    ).scalar()  # fmt: skip
    if found is not None:
        session.connection().execute(update(_stay).where(_stay.c.id == stay_id).values(assessment_id=found))
        record_act(
            session, now, SYSTEM, "confirm_assessment", for_person_id=stay.elder_id, area_code=stay.area_code,
            subject=("bed_stay", stay_id), facts={"assessment_id": found},
        )  # fmt: skip
        return True
    tell(
        session, now, audience={"office": {"role": "officer", "area_code": stay.area_code // 10**6 * 10**6}},
        template="beds.unassessed", elder_id=stay.elder_id, area_code=stay.area_code, subject=("bed_stay", stay_id),
        facts={"elder_id": stay.elder_id, "facility_id": stay.facility_id, "until_on": stay.assess_by.isoformat()},
        key=f"beds.unassessed:{stay_id}",
    )  # fmt: skip
    return False


def end_stays_of_the_dead(session: Session, now: datetime) -> int:
    """End every open stay of an elder who died, on the day she died; gives how many."""
    rows = (
        session.connection()
        .execute(
            select(_stay.c.id, _stay.c.elder_id, _stay.c.area_code, _stay.c.during, _person.c.died_on)
            .join(_person, _person.c.id == _stay.c.elder_id)
            .where(_person.c.died_on.is_not(None))
            .where(func.coalesce(func.upper(_stay.c.during), text("'infinity'::date")) > _person.c.died_on + 1)
            .order_by(_stay.c.id)
        )
        .all()
    )
    for stay in rows:
        last = max(stay.died_on, stay.during.lower + timedelta(days=1))
        session.connection().execute(
            update(_stay)
            .where(_stay.c.id == stay.id)
            .values(during=func.daterange(stay.during.lower, last), end_kind="death", end_reason="died")
        )
        record_act(
            session, now, SYSTEM, "end_stay_of_the_dead", for_person_id=stay.elder_id, area_code=stay.area_code,
            subject=("bed_stay", stay.id), facts={"died_on": stay.died_on.isoformat()},
        )  # fmt: skip
    return len(rows)
