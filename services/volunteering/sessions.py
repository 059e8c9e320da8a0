"""Served time on its way into the time bank: pending at check-out, posted when confirmed, void when disputed.

The ledger's pending transfer is written in the same transaction as the session; each can be settled once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.cities.rules import ancestor_code
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.rights import right_to
from services.unit_of_work import Actor
from services.visits.tables import Visit
from services.volunteering import rules as arithmetic
from services.volunteering.callbacks import draw_for_call_back
from services.volunteering.crediting import earned_on_the_day, hold_minutes, proof_of, transfers_of
from services.volunteering.errors import (
    AlreadySettled,
    NotYoursToConfirm,
    SessionNotFound,
)
from services.volunteering.holds import release_hold, settle_hold
from services.volunteering.tables import Need, Volunteer, VolunteerSession
from timebank.errors import AlreadyResolved, CapExceeded
from timebank.writer import post_transfer, void_transfer

_session, _visit, _need = table_of(VolunteerSession), table_of(Visit), table_of(Need)
_volunteer = table_of(Volunteer)
Found = Row[*tuple[Any, ...]]
NOTHING_ZH = {
    "too_short": "没有达到最短计时要求",
    "daily_cap": "已达到当天计时上限",
    "overlap": "与另一次服务的时间重叠",
    "cap": "账户已达到累计上限",
}


def record_session(session: Session, now: datetime, visit_id: int) -> int | None:
    """Write a volunteer's served time with its pending minutes; give the session, or None when none is earned.

    Idempotent. Minutes follow the city's policy of the day of service. Runs as the house. Raises NoAccount.
    """
    already = session.connection().execute(select(_session.c.id).where(_session.c.visit_id == visit_id)).scalar()
    if already is not None:
        return int(already)
    visit = (
        session.connection()
        .execute(
            select(_visit).where(_visit.c.id == visit_id, _visit.c.kind == "friendly", _visit.c.state == "finished")
        )
        .one_or_none()
    )
    if visit is None:
        return None
    session.connection().execute(
        select(_volunteer.c.person_id).where(_volunteer.c.person_id == visit.visitor_id).with_for_update()
    )
    session.connection().execute(
        update(_need).where(_need.c.id == visit.need_id, _need.c.state == "taken").values(state="served")
    )
    rules = rules_in_force(session, visit.area_code, civil_date(visit.checked_in_at))
    service = arithmetic.served_minutes(visit.checked_in_at, visit.checked_out_at)
    kind = session.connection().execute(select(_need.c.kind).where(_need.c.id == visit.need_id)).scalar_one()
    price = rules.timebank.price_of(kind)
    credit = arithmetic.credit_of(rules.timebank, service, earned_on_the_day(session, now, visit, rules), price)
    kept_apart = rules.timebank.daily_overflow != "refuse" and credit.over_minutes > 0
    if credit.credit_minutes == 0 and not kept_apart:
        _tell_nothing(session, now, visit, service, credit.reason or "too_short")
        return None
    return _book(session, now, visit, rules, credit)


def _book(session: Session, now: datetime, visit: Found, rules: CityRules, credit: arithmetic.Credit) -> int | None:
    """Write session and pending transfers together, or neither when the time overlaps or the cap is full."""
    due = now + timedelta(hours=rules.timebank.auto_confirm_hours)
    try:
        with session.begin_nested():
            held = hold_minutes(session, now, visit, rules, credit)
            session_id: int = session.connection().execute(
                insert(_session)
                .values(
                    need_id=visit.need_id, visit_id=visit.id, elder_id=visit.elder_id, area_code=visit.area_code,
                    volunteer_id=visit.visitor_id, during=Range(visit.checked_in_at, visit.checked_out_at),
                    service_minutes=credit.service_minutes, credit_minutes=held.credit_minutes,
                    honour_minutes=held.honour_minutes, transfer_id=held.transfer_id,
                    over_transfer_id=held.over_transfer_id, proof=proof_of(visit),
                    rule_version=rules.hours_version, state="pending", auto_confirm_at=due,
                )
                .returning(_session.c.id)
            ).scalar_one()  # fmt: skip
    except CapExceeded:
        _tell_nothing(session, now, visit, credit.service_minutes, "cap")
        return None
    except IntegrityError as broken:
        name = getattr(getattr(broken.orig, "diag", None), "constraint_name", None)
        if name != "volunteer_session_no_overlap_excl":
            raise
        _tell_nothing(session, now, visit, credit.service_minutes, "overlap")
        return None
    enqueue(
        session, now, "volunteering.auto_confirm", {"session_id": session_id},
        not_before=due, key=f"volunteering.auto_confirm:{session_id}",
    )  # fmt: skip
    _tell(
        session, now, visit, session_id, "volunteering.session_pending",
        {"person_id": visit.visitor_id, "minutes": held.credit_minutes}, audience={"elder_side": visit.elder_id},
    )  # fmt: skip
    return session_id


def confirm_session(session: Session, now: datetime, actor: Actor, session_id: int, reason: str | None = None) -> None:
    """Confirm a volunteer's time on the elder's side: her minutes are posted. Confirming twice is once.

    The elder, her relatives or her community confirm (its `reason` stays in the trail), the volunteer never. Raises SessionNotFound,
    NotYoursToConfirm, AlreadySettled.
    """
    found = _lock(session, session_id)
    ground = _ground(session, actor, found, now)
    if found.state == "posted":
        return
    if found.state != "pending":
        raise AlreadySettled(session_id=session_id, state=found.state)
    _post(session, now, found, actor.person_id)
    record_act(
        session, now, actor, "confirm_session",
        for_person_id=found.elder_id, by_right=ground, area_code=found.area_code,
        subject=("volunteer_session", session_id),
        facts={"minutes": found.credit_minutes} | ({"reason": reason} if reason else {}),
    )  # fmt: skip


def auto_confirm(session: Session, now: datetime, session_id: int) -> bool:
    """Post a session nobody confirmed or disputed in the city's time; False when it was settled. As the house."""
    found = _lock(session, session_id)
    if found.state != "pending" or found.auto_confirm_at > now:
        return False
    _post(session, now, found, None)
    draw_for_call_back(session, now, found)
    return True


def dispute_session(session: Session, now: datetime, actor: Actor, session_id: int, reason: str) -> None:
    """Object to a volunteer's time on the elder's side: the pending minutes are void, the visit does not count.

    Minutes already posted are corrected by the community with a counter-entry. Raises SessionNotFound,
    NotYoursToConfirm, AlreadySettled.
    """
    found = _lock(session, session_id)
    ground = _ground(session, actor, found, now)
    if found.state != "pending":
        raise AlreadySettled(session_id=session_id, state=found.state)
    with _settled_once(found):
        for transfer_id in transfers_of(found):
            void_transfer(session, now, transfer_id, f"session-{session_id}-void{_mark(found, transfer_id)}")
    release_hold(session, now, found.need_id)
    session.connection().execute(
        update(_session)
        .where(_session.c.id == session_id)
        .values(state="voided", dispute_reason=reason, confirmed_by=actor.person_id, confirmed_at=now)
    )
    session.connection().execute(
        update(_visit).where(_visit.c.id == found.visit_id).values(state="missed", voided_at=now)
    )
    minutes = {"minutes": found.credit_minutes}
    _tell(session, now, found, session_id, "volunteering.minutes_voided", minutes, recipient_ids=[found.volunteer_id])
    _tell(
        session, now, found, session_id, "volunteering.dispute_opened", minutes,
        audience={"office": {"role": "officer", "area_code": ancestor_code(found.area_code, "street")}},
    )  # fmt: skip
    record_act(
        session, now, actor, "dispute_session",
        for_person_id=found.elder_id, by_right=ground, area_code=found.area_code,
        subject=("volunteer_session", session_id), facts=minutes,
    )  # fmt: skip


def _post(session: Session, now: datetime, found: Found, confirmed_by: int | None) -> None:
    with _settled_once(found):
        for transfer_id in transfers_of(found):
            post_transfer(session, now, transfer_id, f"session-{found.id}-post{_mark(found, transfer_id)}")
    settle_hold(session, now, found.need_id, found.credit_minutes + found.honour_minutes)
    session.connection().execute(
        update(_session)
        .where(_session.c.id == found.id)
        .values(state="posted", confirmed_by=confirmed_by, confirmed_at=now)
    )
    session.connection().execute(update(_need).where(_need.c.id == found.need_id).values(state="confirmed"))
    session.connection().execute(
        update(_visit).where(_visit.c.id == found.visit_id).values(confirmed_at=now, confirmed_by=confirmed_by)
    )
    _tell(
        session, now, found, found.id, "volunteering.minutes_posted",
        {"minutes": found.credit_minutes}, recipient_ids=[found.volunteer_id],
    )  # fmt: skip


def _mark(found: Found, transfer_id: int) -> str:
    return "" if transfer_id == found.transfer_id else "-over"


class _settled_once:
    """Say in the house's words that the ledger had settled these minutes before."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, AlreadyResolved):
            raise AlreadySettled(session_id=self.found.id, state=self.found.state) from error


def _lock(session: Session, session_id: int) -> Found:
    found = (
        session.connection()
        .execute(select(_session).where(_session.c.id == session_id).with_for_update())
        .one_or_none()
    )
    if found is None:
        raise SessionNotFound(session_id=session_id)
    return found


def _ground(session: Session, actor: Actor, found: Found, now: datetime) -> str:
    if actor.person_id == found.volunteer_id:
        raise NotYoursToConfirm(session_id=found.id)
    return right_to(session, actor, found.elder_id, "order", now).ground


def _tell_nothing(session: Session, now: datetime, visit: Found, minutes: int, reason: str) -> None:
    _tell(
        session, now, visit, visit.id, "volunteering.nothing_credited",
        {"minutes": minutes, "reason": NOTHING_ZH[reason]}, recipient_ids=[visit.visitor_id],
    )  # fmt: skip


def _tell(
    session: Session, now: datetime, about: Found, number: int, template: str, facts: dict[str, Any], **whom: Any
) -> None:
    tell(
        session, now, template=template, facts=facts, elder_id=about.elder_id, area_code=about.area_code,
        subject=("volunteer_session", number), key=f"{template}:{number}", **whom,
    )  # fmt: skip
