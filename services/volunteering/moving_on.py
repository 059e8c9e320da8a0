"""An officer's part in a move within the city: to say where somebody lives now, to see what became of it, to undo it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import area_names, city_of_area, rules_in_force
from services.cities.rules import LEVELS, area_level
from services.clock import civil_date
from services.columns import table_of
from services.outbox import enqueue
from services.people.tables import Person
from services.unit_of_work import Actor
from services.volunteering.errors import (
    BadNewPlace,
    HourMoveEnded,
    HourMoveNotFound,
    NoAccount,
    OfficeOnly,
    ReasonNeeded,
    StatementNotYours,
)
from services.volunteering.following import JOB, UNFINISHED, accounts_of, goes_with_her, refuse_on_their_way, write_move
from services.volunteering.tables import HourMove

_person, _move = table_of(Person), table_of(HourMove)
READERS = ("officer", "advisor", "auditor")
MOST = 50


def ask_to_follow(session: Session, now: datetime, actor: Actor, person_id: int, to_area_code: int, reason: str) -> int:
    """Write down that somebody of the officer's area moves to another street of the city; the rest follows by a job.

    Gives how many accounts go to another bank with her: none where it is the same bank, or the city lets them stay.
    Raises OfficeOnly, StatementNotYours, ReasonNeeded, NoAccount, BadNewPlace, HoursOnTheirWay.
    """
    area = _hers(session, actor, person_id, reason)
    accounts = accounts_of(session, person_id)
    if not accounts:
        raise NoAccount(person_id=person_id)
    known = area_names(session, {to_area_code})
    if to_area_code not in known or to_area_code == area or not _a_street(to_area_code):
        raise BadNewPlace(field="area_code", area_code=to_area_code)
    if city_of_area(session, to_area_code) != city_of_area(session, area):
        raise BadNewPlace(field="area_code", area_code=to_area_code)
    rules = rules_in_force(session, to_area_code, civil_date(now))
    asked = [
        write_move(
            session,
            now,
            rules,
            (person_id, granted, account_id),
            (area, to_area_code),
            (actor.person_id, f"office:{actor.role}", reason.strip()),
        )  # fmt: skip
        for granted, account_id in accounts
        if goes_with_her(session, rules, account_id, to_area_code)
    ]
    enqueue(session, now, JOB, {"person_id": person_id, "area_code": to_area_code})
    record_act(
        session, now, actor, "ask_hours_to_follow", for_person_id=person_id, area_code=area,
        facts={"to_area_code": to_area_code, "accounts": len(asked), "reason": reason.strip()},
    )  # fmt: skip
    return len(asked)


def ask_to_undo(session: Session, now: datetime, actor: Actor, move_id: int, reason: str) -> int:
    """Send the hours of a move back by counter-entries, and the register with them; by either district's officer.

    Gives how many accounts go back. Raises HourMoveNotFound, OfficeOnly, ReasonNeeded, HourMoveEnded, HoursOnTheirWay.
    """
    move = session.connection().execute(select(_move).where(_move.c.id == move_id)).one_or_none()
    if move is None:
        raise HourMoveNotFound(move_id=move_id)
    here = any(_covers(actor, code) for code in (move.area_code, move.to_area_code))
    if not actor.has_role("officer") or not here or actor.person_id == move.person_id:
        raise OfficeOnly(move_id=move_id)
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    both = session.connection().execute(
        select(_move).where(
            _move.c.person_id == move.person_id, _move.c.area_code == move.area_code,
            _move.c.to_area_code == move.to_area_code, _move.c.state.in_(("moved", "closed")),
        )
    ).all()  # fmt: skip
    if move.id not in {one.id for one in both}:
        raise HourMoveEnded(move_id=move_id, state=move.state)
    for one in both:
        refuse_on_their_way(session, one.to_account_id)
        session.connection().execute(
            insert(_move).values(
                person_id=one.person_id, granted=one.granted, area_code=one.to_area_code, to_area_code=one.area_code,
                from_ledger=one.to_ledger, from_account_id=one.to_account_id, to_ledger=one.from_ledger,
                to_account_id=one.from_account_id, minutes=0, sends=0, carried=[], state="asked", undoes_id=one.id,
                rule_version=one.rule_version, asked_by=actor.person_id, by_right=f"office:{actor.role}",
                reason=reason.strip(), asked_at=now,
            )
        )  # fmt: skip
    enqueue(session, now, JOB, {"person_id": move.person_id, "area_code": move.area_code})
    record_act(
        session, now, actor, "ask_hours_back", for_person_id=move.person_id, area_code=move.area_code,
        subject=("hour_move", move_id), facts={"reason": reason.strip()},
    )  # fmt: skip
    return len(both)


def moves_of_area(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Give the hours that went from or came to the office's area, newest first; who left is named to nobody. OfficeOnly.

    Each: id, full_name or None, from_name, to_name, minutes, state, refusal, asked_at, reason, undoable.
    """
    if not actor.has_role(*READERS) or actor.area_lo is None:
        raise OfficeOnly()
    later = _move.alias()
    rows = session.connection().execute(
        select(
            _move, _person.c.full_name,
            select(later.c.id).where(later.c.from_account_id == _move.c.to_account_id).exists().label("moved_on"),
        )
        .outerjoin(_person, _person.c.id == _move.c.person_id)
        .order_by(_move.c.id.desc())
        .limit(MOST)
    ).all()  # fmt: skip
    names = area_names(session, {row.area_code for row in rows} | {row.to_area_code for row in rows})
    return [
        {
            "id": row.id, "full_name": row.full_name, "minutes": row.minutes, "granted": row.granted,
            "from_name": names.get(row.area_code, str(row.area_code)),
            "to_name": names.get(row.to_area_code, str(row.to_area_code)), "state": row.state,
            "refusal": row.refusal if row.state in UNFINISHED else None, "asked_at": row.asked_at,
            "reason": row.reason, "undoable": row.state in ("moved", "closed") and not row.moved_on,
        }
        for row in rows
    ]  # fmt: skip


def _hers(session: Session, actor: Actor, person_id: int, reason: str) -> int:
    """The area of a person whom the officer may move; her own affairs a colleague sees to."""
    if not actor.has_role("officer") or actor.person_id == person_id:
        raise OfficeOnly(person_id=person_id)
    area: int | None = (
        session.connection().execute(select(_person.c.area_code).where(_person.c.id == person_id)).scalar()
    )
    if area is None or not _covers(actor, area):
        raise StatementNotYours(person_id=person_id)
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    return area


def _covers(actor: Actor, area_code: int) -> bool:
    return actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area_code <= actor.area_hi


def _a_street(area_code: int) -> bool:
    return LEVELS.index(area_level(area_code)) >= LEVELS.index("street")
