"""Putting somebody before her turn: one person says why, another of the office says yes or no, and both stay on record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.beds.errors import JumpNotFound, SecondPersonNeeded, WaitClosed, WaitNotFound
from services.beds.grounds import Found, kept_rules, may_run, officer_of, said
from services.beds.waiting import find_wait
from services.beds.waiting_tables import BedJump, BedWait
from services.columns import table_of
from services.unit_of_work import Actor

_wait, _jump = table_of(BedWait), table_of(BedJump)


def ask_jump(session: Session, now: datetime, actor: Actor, wait_id: int, reason: str) -> int:
    """Ask that an elder be put first, with the reason; by the home or its office. Gives the wish's id.

    Raises WaitNotFound, WaitClosed, SayWhy, JumpAsked.
    """
    wait = find_wait(session, wait_id)
    ground = may_run(actor, wait.area_code, wait.provider_id)
    if ground is None:
        raise WaitNotFound(wait_id=wait_id)
    if wait.state != "waiting" or wait.jumped_at is not None:
        raise WaitClosed("这条轮候已经排在最前，或者正在等答复。", wait_id=wait_id)
    place = session.connection().execute(text("SELECT place FROM bed_wait_place(:id)"), {"id": wait_id}).scalar_one()
    with kept_rules(session, wait_id=wait_id):
        jump_id: int = session.connection().execute(
            insert(_jump)
            .values(
                wait_id=wait_id, elder_id=wait.elder_id, area_code=wait.area_code, provider_id=wait.provider_id,
                reason=said(reason), place_then=place, state="asked", asked_by=actor.person_id, asked_at=now,
            )
            .returning(_jump.c.id)
        ).scalar_one()  # fmt: skip
    record_act(
        session, now, actor, "ask_bed_jump", for_person_id=wait.elder_id, by_right=ground, area_code=wait.area_code,
        subject=("bed_jump", jump_id), facts={"reason": reason, "place": place},
    )  # fmt: skip
    return jump_id


def decide_jump(session: Session, now: datetime, actor: Actor, jump_id: int, approves: bool, reason: str = "") -> None:
    """Say yes or no to a jump, as an officer who did not ask for it. Raises JumpNotFound, SecondPersonNeeded, WaitClosed."""
    jump = _open_jump(session, actor, jump_id)
    if jump.asked_by == actor.person_id:
        raise SecondPersonNeeded(jump_id=jump_id)
    state = "approved" if approves else "refused"
    with kept_rules(session, jump_id=jump_id):
        session.connection().execute(
            update(_jump)
            .where(_jump.c.id == jump_id)
            .values(
                state=state, decided_by=actor.person_id, decided_at=now, decision_reason=reason.strip()[:500] or None
            )
        )
        if approves:
            changed = session.connection().execute(
                update(_wait).where(_wait.c.id == jump.wait_id, _wait.c.state == "waiting").values(jumped_at=now)
            )
            if not changed.rowcount:
                raise WaitClosed(wait_id=jump.wait_id)
    record_act(
        session, now, actor, "decide_bed_jump", for_person_id=jump.elder_id, by_right="office:officer",
        area_code=jump.area_code, subject=("bed_jump", jump_id), facts={"state": state, "asked_by": jump.asked_by},
    )  # fmt: skip


def _open_jump(session: Session, actor: Actor, jump_id: int) -> Found:
    jump = session.connection().execute(select(_jump).where(_jump.c.id == jump_id).with_for_update()).one_or_none()
    if jump is None:
        raise JumpNotFound(jump_id=jump_id)
    officer_of(actor, jump.area_code)
    if jump.state != "asked":
        raise WaitClosed("这条提前申请已经答复过了。", jump_id=jump_id)
    return jump
