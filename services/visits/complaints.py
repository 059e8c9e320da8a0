"""Complaints (投诉): filed by anybody, owned by a named officer at once, answered before a clock runs out.

By the elder's side about an order, by anybody about a provider, by an office for who calls or comes to the counter.
While one is open its order is not settled (PostgreSQL refuses the line).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, func, insert, select, text
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.directory.queries import find_provider
from services.errors import NotAllowed, NotFound
from services.orders.rules import order_number
from services.orders.steps import find_row
from services.people.privacy import seal, unseal
from services.people.rights import right_to
from services.people.tables import RoleGrant
from services.unit_of_work import SYSTEM, Actor
from services.visits.complaint_errors import (
    ComplaintAnswered,
    ComplaintIncomplete,
    ComplaintNotAnswered,
    NobodyToComplainOf,
    NotAboutYou,
    NotAnOfficerThere,
    NotForComplaints,
    OwnProvider,
    ReopenedBefore,
    TooLateToReopen,
)
from services.visits.complaint_steps import (
    change,
    find_complaint,
    lock_complaint,
    officers_for,
    policy_for,
    tell_about,
    tell_complainant,
    watch_clock,
    write_event,
)
from services.visits.complaint_tables import OUTCOMES, SUBJECTS, Complaint

__all__ = ["NewComplaint", "find_complaint", "officers_for"]
_complaint, _grant = table_of(Complaint), table_of(RoleGrant)
_NEXT_ID = text("SELECT nextval(pg_get_serial_sequence('complaint', 'id'))")
CONTACT = "complaint-contact"
WORDS_LENGTH = 2000
BY_OFFICE = ("phone", "counter", "letter")
Outcome = Literal["upheld", "partly", "unfounded", "withdrawn"]


@dataclass(frozen=True)
class NewComplaint:
    """What somebody complains of: an order, or else a provider. Contact is for who has no account here."""

    subject: str
    told: str
    order_id: int | None = None
    provider_id: int | None = None
    channel: str = "web"
    contact_name: str = ""
    contact_phone: str = ""


@dataclass(frozen=True)
class _About:
    """Whom a complaint concerns: the order's elder if any, the provider, the area, by which right it is filed."""

    elder_id: int | None
    provider_id: int
    area_code: int
    by_right: str


def file_complaint(session: Session, now: datetime, actor: Actor, new: NewComplaint) -> int:
    """Take a complaint down; gives its id. Its owner, the provider and the complainant are told.

    Raises NotFound, NotAllowed, ComplaintIncomplete(field), NobodyToComplainOf, OwnProvider, NoOfficerForComplaint.
    """
    told = _checked(actor, new)
    about = _about(session, now, actor, new)
    connection = session.connection()
    if connection.execute(select(func.works_for(actor.person_id, about.provider_id))).scalar():
        raise OwnProvider(provider_id=about.provider_id)
    by_office = about.by_right.startswith("office:")
    policy = policy_for(session, about.area_code, now)
    complaint_id = int(connection.execute(_NEXT_ID).scalar_one())
    contact = {"name": new.contact_name.strip(), "phone": new.contact_phone.strip()}
    row = insert(_complaint).values(
        id=complaint_id, complaint_number=f"TS{order_number(civil_date(now), complaint_id)}", area_code=about.area_code,
        elder_id=about.elder_id, order_id=new.order_id, provider_id=about.provider_id,
        complainant_id=about.elder_id if by_office else actor.person_id,
        contact_sealed=seal(CONTACT, json.dumps(contact, ensure_ascii=False)) if any(contact.values()) else None,
        by_right=about.by_right, channel=new.channel, subject=new.subject, told=told, state="open",
        filed_by=actor.person_id, filed_at=now, acknowledge_by=now + timedelta(hours=policy.acknowledge_hours),
        answer_by=now + timedelta(days=policy.answer_days), escalations=0, times_reopened=0,
    )  # fmt: skip
    found = connection.execute(row.returning(_complaint)).one()
    _step(session, now, actor, found, "filed", "file_complaint", {"subject": new.subject, "channel": new.channel})
    tell_about(session, now, found, "visits.complaint_owner", {"recipient_ids": [found.owner_id]})
    tell_about(session, now, found, "visits.complaint_for_provider", {"audience": {"provider_id": found.provider_id}})
    tell_complainant(session, now, found, "visits.complaint_received")
    watch_clock(session, now, found, "acknowledge", found.acknowledge_by)
    watch_clock(session, now, found, "answer", found.answer_by)
    return complaint_id


def acknowledge_complaint(session: Session, now: datetime, actor: Actor, complaint_id: int) -> None:
    """Say that somebody has read it; doing it twice changes nothing. Raises UnknownComplaint, NotForComplaints."""
    found = lock_complaint(session, complaint_id)
    _check_officer(actor, found)
    if found.state != "open":
        return
    change(session, found.id, state="acknowledged", acknowledged_at=now)
    _step(session, now, actor, found, "acknowledged", "acknowledge_complaint", {})
    tell_complainant(session, now, found, "visits.complaint_acknowledged")


def hand_complaint_over(session: Session, now: datetime, actor: Actor, complaint_id: int, owner_id: int) -> None:
    """Give a complaint to another officer of its area. Raises UnknownComplaint, NotForComplaints, ComplaintAnswered, NotAnOfficerThere."""
    found = lock_complaint(session, complaint_id)
    _check_officer(actor, found)
    _check_unanswered(found)
    if owner_id not in officers_for(session, found.area_code):
        raise NotAnOfficerThere(field="owner_id")
    if owner_id == found.owner_id:
        return
    change(session, found.id, owner_id=owner_id)
    facts = {"before": found.owner_id, "owner_id": owner_id}
    _step(session, now, actor, found, "handed_over", "hand_complaint_over", facts)
    tell_about(session, now, found, "visits.complaint_owner", {"recipient_ids": [owner_id]}, once=now.isoformat())


def state_case(session: Session, now: datetime, actor: Actor, complaint_id: int, statement: str) -> None:
    """The provider says how it was; a later statement stands in its place, the log keeps both.

    Raises UnknownComplaint, NotAboutYou, ComplaintAnswered, ComplaintIncomplete(field).
    """
    found = lock_complaint(session, complaint_id)
    if not _dispatches(session, actor, found.provider_id):
        raise NotAboutYou(provider_id=found.provider_id)
    _check_unanswered(found)
    said = _words(statement, "statement")
    change(session, found.id, statement=said, statement_by=actor.person_id, statement_at=now)
    _step(session, now, actor, found, "statement", "state_case", {"statement": said})
    facts = {"recipient_ids": [found.owner_id]}
    tell_about(session, now, found, "visits.complaint_statement", facts, once=now.isoformat())


def answer_complaint(
    session: Session, now: datetime, actor: Actor, complaint_id: int, outcome: Outcome, reply: str
) -> None:
    """Close a complaint with an outcome and a reply to the complainant; what was held back is settled again.

    Raises UnknownComplaint, NotForComplaints, ComplaintAnswered, ComplaintIncomplete(field).
    """
    found = lock_complaint(session, complaint_id)
    _check_officer(actor, found)
    _check_unanswered(found)
    if outcome not in OUTCOMES:
        raise ComplaintIncomplete(field="outcome", known=list(OUTCOMES))
    said = _words(reply, "reply")
    change(
        session, found.id, state="answered", acknowledged_at=found.acknowledged_at or now, outcome=outcome, reply=said,
        closed_at=now, closed_by=actor.person_id,
    )  # fmt: skip
    _step(session, now, actor, found, "closed", "answer_complaint", {"outcome": outcome, "reply": said})
    tell_complainant(session, now, found, "visits.complaint_answered")
    audience = {"audience": {"provider_id": found.provider_id}}
    tell_about(session, now, found, "visits.complaint_answered_for_provider", audience, once=str(found.times_reopened))


def reopen_complaint(session: Session, now: datetime, actor: Actor, complaint_id: int, reason: str) -> None:
    """The complainant's side is not content: once, and within the city's days, it is taken up again.

    Raises UnknownComplaint, NotAllowed, ComplaintNotAnswered, ReopenedBefore, TooLateToReopen, ComplaintIncomplete.
    """
    found = lock_complaint(session, complaint_id)
    _check_complainant(session, now, actor, found)
    if found.state != "answered":
        raise ComplaintNotAnswered(complaint_id=complaint_id)
    if found.times_reopened:
        raise ReopenedBefore(complaint_id=complaint_id)
    policy = policy_for(session, found.area_code, now)
    until = found.closed_at + timedelta(days=policy.reopen_days)
    if now > until:
        raise TooLateToReopen(until=until.isoformat())
    said = _words(reason, "reason")
    answer_by = now + timedelta(days=policy.answer_days)
    change(
        session, found.id, state="acknowledged", outcome=None, reply=None, closed_at=None, closed_by=None,
        times_reopened=1, reopen_reason=said, answer_by=answer_by,
    )  # fmt: skip
    _step(session, now, actor, found, "reopened", "reopen_complaint", {"reason": said})
    tell_about(session, now, found, "visits.complaint_owner", {"recipient_ids": [found.owner_id]}, once="again")
    watch_clock(session, now, found, "answer", answer_by, again=True)


def escalate_complaint(session: Session, now: datetime, complaint_id: int, what: str) -> bool:
    """A clock ran out (`what`: acknowledge, answer): the next wider office takes it, both are told. Work of the house.

    Without a wider office it stays with its owner, who is told again. False when nothing is overdue.
    """
    found = session.connection().execute(
        select(_complaint).where(_complaint.c.id == complaint_id).with_for_update()
    ).first()  # fmt: skip
    if found is None or found.state == "answered" or (what == "acknowledge" and found.state != "open"):
        return False
    if now < (found.acknowledge_by if what == "acknowledge" else found.answer_by):
        return False
    policy = policy_for(session, found.area_code, now)
    if found.escalations >= policy.most_escalations:
        return False
    above = session.connection().execute(select(func.officer_in_charge(found.area_code, found.owner_id))).scalar()
    owner = above or found.owner_id
    level = found.escalations + 1
    change(session, found.id, owner_id=owner, escalations=level)
    facts = {"what": what, "before": found.owner_id, "owner_id": owner, "level": level}
    _step(session, now, SYSTEM, found, "escalated", "escalate_complaint", facts)
    told = {"recipient_ids": sorted({owner, found.owner_id})}
    tell_about(session, now, found, "visits.complaint_overdue", told, once=str(level))
    watch_clock(session, now, found, what, now + timedelta(hours=policy.escalate_hours), level=level)
    return True


def contact_of(session: Session, now: datetime, actor: Actor, complaint_id: int) -> dict[str, str]:
    """Give name and phone of a complainant without account in clear to an office; the look is noted.

    Raises UnknownComplaint, NotForComplaints.
    """
    found = find_complaint(session, complaint_id)
    inside = actor.area_lo is not None and actor.area_hi is not None
    if not inside or not actor.area_lo <= found.area_code <= actor.area_hi or actor.read_only:
        raise NotForComplaints(role=actor.role)
    record_act(
        session, now, actor, "read_complaint_contact", for_person_id=found.complainant_id, area_code=found.area_code,
        subject=("complaint", found.id),
    )  # fmt: skip
    if found.contact_sealed is None:
        return {"name": "", "phone": ""}
    contact: dict[str, str] = json.loads(unseal(CONTACT, found.contact_sealed))
    return contact


def _checked(actor: Actor, new: NewComplaint) -> str:
    if (new.order_id is None) == (new.provider_id is None):
        raise ComplaintIncomplete(field="provider_id")
    if new.subject not in SUBJECTS:
        raise ComplaintIncomplete(field="subject", known=list(SUBJECTS))
    if max(len(new.contact_name), len(new.contact_phone)) > 60:
        raise ComplaintIncomplete(field="contact_phone")
    by_office = actor.area_lo is not None
    if new.channel in BY_OFFICE and not by_office:
        raise ComplaintIncomplete(field="channel")
    if by_office and new.order_id is None and not new.contact_phone.strip():
        raise ComplaintIncomplete(field="contact_phone")
    return _words(new.told, "told")


def _about(session: Session, now: datetime, actor: Actor, new: NewComplaint) -> _About:
    if new.order_id is not None:
        order = find_row(session, new.order_id)
        right = right_to(session, actor, order.elder_id, "view", now)
        provider_id = order.provider_id or order.chosen_provider_id
        if provider_id is None:
            raise NobodyToComplainOf(order_id=new.order_id)
        return _About(order.elder_id, provider_id, order.area_code, right.ground)
    assert new.provider_id is not None
    area = find_provider(session, new.provider_id).area_code
    if actor.area_lo is None or actor.area_hi is None:
        return _About(None, new.provider_id, area, "self")
    if not actor.area_lo <= area <= actor.area_hi:
        raise NotAllowed(area_code=area)
    return _About(None, new.provider_id, area, f"office:{actor.role}")


def _check_officer(actor: Actor, found: Row[Any]) -> None:
    inside = actor.area_lo is not None and actor.area_hi is not None
    covered = inside and actor.area_lo <= found.area_code <= actor.area_hi
    if actor.read_only or not actor.has_role("officer") or not (covered or found.owner_id == actor.person_id):
        raise NotForComplaints(role=actor.role)


def _check_unanswered(found: Row[Any]) -> None:
    if found.state == "answered":
        raise ComplaintAnswered(complaint_id=found.id)


def _check_complainant(session: Session, now: datetime, actor: Actor, found: Row[Any]) -> None:
    """The complainant herself, the elder's side, or an office for who called."""
    inside = actor.area_lo is not None and actor.area_hi is not None
    if actor.person_id == found.complainant_id:
        return
    if inside and actor.area_lo <= found.area_code <= actor.area_hi and not actor.read_only:
        return
    if found.elder_id is None:
        raise NotAllowed(complaint_id=found.id)
    try:
        right_to(session, actor, found.elder_id, "view", now)
    except NotFound:
        raise NotAllowed(complaint_id=found.id) from None


def _dispatches(session: Session, actor: Actor, provider_id: int) -> bool:
    granted = session.connection().execute(
        select(_grant.c.id).where(
            _grant.c.person_id == actor.person_id, _grant.c.role == "dispatcher",
            _grant.c.provider_id == provider_id, _grant.c.revoked_at.is_(None),
        )
    ).first()  # fmt: skip
    return granted is not None


def _words(said: str, field: str) -> str:
    words = said.strip()
    if not 0 < len(words) <= WORDS_LENGTH:
        raise ComplaintIncomplete(field=field)
    return words


def _step(
    session: Session, now: datetime, actor: Actor, found: Row[Any], kind: str, verb: str, facts: dict[str, Any]
) -> None:
    """Write a step into the log, with what was said, and the act into the trail, without it."""
    write_event(session, now, actor.person_id, found, kind, facts)
    kept = {name: fact for name, fact in facts.items() if name not in ("statement", "reply", "reason")}
    record_act(
        session, now, actor, verb, for_person_id=found.elder_id, area_code=found.area_code,
        subject=("complaint", found.id), facts=kept,
    )  # fmt: skip
