"""The sample call-back: of the hours that silence confirmed, the community calls some elders and asks.

Which ones is decided by the session's number alone, so that nobody can choose; each answer is kept for good.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, func, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.people.consents import consented
from services.people.rights import right_to
from services.people.tables import Person
from services.unit_of_work import Actor
from services.volunteering.errors import NotToCallBack, NotYoursToConfirm, OfficeOnly, SessionNotFound
from services.volunteering.rules import is_sampled
from services.volunteering.tables import Need, VolunteerSession

_session, _person, _need = table_of(VolunteerSession), table_of(Person), table_of(Need)
Found = Row[*tuple[Any, ...]]
Answer = Literal["right", "wrong", "unreached"]


def draw_for_call_back(session: Session, now: datetime, found: Found) -> bool:
    """Put a session that silence confirmed on the list of call-backs if the draw falls on it. As the house.

    An elder who does not want to be called is left out, and so is what she already waits for in `callbacks_due`.
    """
    policy = rules_in_force(session, found.area_code, civil_date(found.during.lower)).timebank
    if not is_sampled(found.id, policy.callback_percent) or not consented(session, found.elder_id, "call_backs"):
        return False
    session.connection().execute(update(_session).where(_session.c.id == found.id).values(callback_state="due"))
    return True


def callbacks_due(session: Session, actor: Actor) -> list[Found]:
    """Give an office the sessions to ask about, oldest first: whom to call, who says she came, for how long."""
    if not actor.has_role("officer", "advisor", "operator", "auditor"):
        raise OfficeOnly()
    volunteer = _person.alias("who_came")
    return list(
        session.connection().execute(
            select(
                _session.c.id, _session.c.elder_id, _person.c.full_name.label("elder_name"), _session.c.volunteer_id,
                volunteer.c.full_name.label("volunteer_name"), func.lower(_session.c.during).label("started_at"),
                func.upper(_session.c.during).label("ended_at"), _session.c.credit_minutes, _session.c.proof,
                _need.c.title,
            )
            .join(_person, _person.c.id == _session.c.elder_id)
            .join(_need, _need.c.id == _session.c.need_id)
            .outerjoin(volunteer, volunteer.c.id == _session.c.volunteer_id)
            .where(_session.c.callback_state == "due", func.has_consent(_session.c.elder_id, "call_backs"))
            .where(_session.c.area_code.between(actor.area_lo, actor.area_hi))
            .order_by(_session.c.id)
            .limit(200)
        )
    )  # fmt: skip


def answer_call_back(
    session: Session, now: datetime, actor: Actor, session_id: int, answer: Answer, note: str | None = None
) -> None:
    """Record what the elder said. "wrong" leaves the minutes as they are: correcting them is an act of its own.

    Raises SessionNotFound, NotYoursToConfirm (it was she who served), OfficeOnly, NotToCallBack.
    """
    found = (
        session.connection()
        .execute(select(_session).where(_session.c.id == session_id).with_for_update())
        .one_or_none()
    )
    if found is None:
        raise SessionNotFound(session_id=session_id)
    if actor.person_id == found.volunteer_id:
        raise NotYoursToConfirm(session_id=session_id)
    right = right_to(session, actor, found.elder_id, "order", now)
    if not right.ground.startswith("office:"):
        raise OfficeOnly(session_id=session_id)
    if found.callback_state not in ("due", "unreached"):
        raise NotToCallBack(session_id=session_id, state=found.callback_state)
    session.connection().execute(
        update(_session)
        .where(_session.c.id == session_id)
        .values(callback_state=answer, callback_by=actor.person_id, callback_at=now, callback_note=note)
    )
    record_act(
        session, now, actor, "answer_call_back",
        for_person_id=found.elder_id, by_right=right.ground, area_code=found.area_code,
        subject=("volunteer_session", session_id), facts={"answer": answer},
    )  # fmt: skip
