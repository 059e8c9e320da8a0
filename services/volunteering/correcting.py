"""When posted minutes turn out to be wrong: a counter-entry, never an edit.

The community decides, the house writes: only the house may see the purse that holds what was already spent.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.rights import right_to
from services.unit_of_work import Actor
from services.visits.tables import Visit
from services.volunteering.bank import clawback_of
from services.volunteering.errors import AlreadySettled, NotYoursToConfirm, SessionNotFound
from services.volunteering.following import open_again
from services.volunteering.holds import return_hours
from services.volunteering.tables import VolunteerSession
from timebank.tables import TransferRow
from timebank.writer import reverse_transfer

_session, _visit, _transfer = table_of(VolunteerSession), table_of(Visit), table_of(TransferRow)


def correct_session(session: Session, now: datetime, actor: Actor, session_id: int, reason: str) -> None:
    """Order the reversal of minutes that were posted by mistake; by an officer of the elder's area, with a reason.

    Raises SessionNotFound, NotYoursToConfirm, AlreadySettled (not posted, or voided before).
    """
    found = session.connection().execute(select(_session).where(_session.c.id == session_id)).one_or_none()
    if found is None:
        raise SessionNotFound(session_id=session_id)
    if actor.person_id == found.volunteer_id:
        raise NotYoursToConfirm(session_id=session_id)
    right = right_to(session, actor, found.elder_id, "order", now)
    if right.ground != "office:officer":
        raise NotYoursToConfirm("更正已入账的时间由街道民政工作人员办理。", session_id=session_id)
    changed = session.connection().execute(
        update(_session).where(_session.c.id == session_id, _session.c.state == "posted").values(dispute_reason=reason)
    )
    if not changed.rowcount:
        raise AlreadySettled(session_id=session_id, state=found.state)
    enqueue(
        session, now, "volunteering.reverse_minutes", {"session_id": session_id},
        key=f"volunteering.reverse_minutes:{session_id}",
    )  # fmt: skip
    record_act(
        session, now, actor, "correct_session",
        for_person_id=found.elder_id, by_right=right.ground, area_code=found.area_code,
        subject=("volunteer_session", session_id), facts={"minutes": found.credit_minutes},
    )  # fmt: skip


def reverse_minutes(session: Session, now: datetime, session_id: int) -> bool:
    """Write the counter-entries of a session's minutes and void it; False when that was done. As the house.

    What went over the cap to the pool comes back too; what the volunteer already spent becomes the debt of
    her bank's clawback account, never a balance below zero.
    """
    found = (
        session.connection()
        .execute(select(_session).where(_session.c.id == session_id).with_for_update())
        .one_or_none()
    )
    if found is None or found.state != "posted":
        return False
    asked = [one for one in (found.transfer_id, found.over_transfer_id) if one is not None]
    parts = session.connection().execute(
        select(_transfer.c.id, _transfer.c.ledger, _transfer.c.credit_account_id, _transfer.c.coin_minutes).where(
            _transfer.c.id.in_(asked) | (_transfer.c.part_of_id == found.transfer_id)
        ).order_by(_transfer.c.id)
    )  # fmt: skip
    for transfer_id, ledger, account_id, minutes in parts.all():
        open_again(session, now, account_id, minutes)
        clawback = clawback_of(session, now, ledger)
        reverse_transfer(session, now, transfer_id, f"session-{session_id}-reverse-{transfer_id}", clawback)
    session.connection().execute(update(_session).where(_session.c.id == session_id).values(state="voided"))
    session.connection().execute(
        update(_visit).where(_visit.c.id == found.visit_id).values(state="missed", voided_at=now)
    )
    return_hours(session, now, found.need_id)
    tell(
        session, now,
        recipient_ids=[found.volunteer_id], template="volunteering.minutes_reversed",
        facts={"minutes": found.credit_minutes},
        elder_id=found.elder_id, area_code=found.area_code, subject=("volunteer_session", session_id),
        key=f"volunteering.minutes_reversed:{session_id}",
    )  # fmt: skip
    return True
