"""Reads of a volunteer's life: the board, her visits, her statement; and what the elder's side must confirm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlmodel import Session

from services.catalogue.tables import ServiceItem
from services.columns import table_of
from services.language import reads_english
from services.people.tables import Person
from services.unit_of_work import Actor
from services.visits.tables import Visit
from services.volunteering.errors import NoAccount, StatementNotYours
from services.volunteering.tables import Need, Redemption, Volunteer, VolunteerSession
from timebank.reader import Entry, read_balance, read_statement

_need, _session, _visit = table_of(Need), table_of(VolunteerSession), table_of(Visit)
_person, _volunteer, _item = table_of(Person), table_of(Volunteer), table_of(ServiceItem)
_redemption = table_of(Redemption)
Found = Row[*tuple[Any, ...]]
OFFICES = ("officer", "advisor", "auditor")


def on_the_board() -> tuple[Any, ...]:
    """All that strangers read: no elder, no door, no area code."""
    return _need.c.id, _need.c.kind, _title(), _need.c.rough_place, _need.c.starts_at, _need.c.ends_at


def _title() -> Any:
    """The need's title; where it is just the kind's own name, in the reader's language."""
    if not reads_english():
        return _need.c.title
    kind = select(_item.c.name_en).where(_item.c.code == _need.c.kind, _item.c.name_zh == _need.c.title)
    return func.coalesce(kind.scalar_subquery(), _need.c.title).label("title")


@dataclass(frozen=True)
class StatementLine:
    """One entry of a volunteer's account with what it was for; minutes came in when positive."""

    transfer_id: int
    entry_type: str
    phase: str
    posted_minutes: int
    held_minutes: int
    service_minutes: int
    event_at: datetime
    recorded_at: datetime
    rule_version: str | None
    title: str | None
    need_id: int | None
    visit_id: int | None
    resolves_id: int | None = None


@dataclass(frozen=True)
class VolunteerStatement:
    """A page of a volunteer's account: what she held before, each entry, what she holds after."""

    person_id: int
    display_name: str
    passport_number: str
    opening_minutes: int
    closing_minutes: int
    pending_minutes: int
    cap_minutes: int | None
    lines: list[StatementLine]
    next_after_id: int | None


def needs_board(
    session: Session, now: datetime, *, kinds: list[str] | None = None, area_lo: int = 0, area_hi: int = 10**15
) -> list[Found]:
    """Give the open needs that still lie ahead, soonest first, without names and doors."""
    asked = select(*on_the_board()).where(_need.c.state == "open", _need.c.ends_at > now)
    asked = asked.where(_need.c.area_code.between(area_lo, area_hi))
    if kinds:
        asked = asked.where(_need.c.kind.in_(kinds))
    return list(session.connection().execute(asked.order_by(_need.c.starts_at, _need.c.id).limit(200)))


def needs_of_elder(session: Session, elder_id: int) -> list[Found]:
    """Give an elder's needs to her side, newest first, each with who took it and the session to confirm."""
    return list(
        session.connection().execute(
            select(
                *on_the_board(), _need.c.state, _need.c.taken_by, _person.c.full_name.label("taken_by_name"),
                _visit.c.id.label("visit_id"), _visit.c.state.label("visit_state"),
                _session.c.id.label("session_id"), _session.c.state.label("session_state"), _session.c.credit_minutes,
            )
            .outerjoin(_visit, and_(_visit.c.need_id == _need.c.id, _visit.c.state != "cancelled"))
            .outerjoin(_session, _session.c.visit_id == _visit.c.id)
            .outerjoin(_person, _person.c.id == _need.c.taken_by)
            .where(_need.c.elder_id == elder_id)
            .order_by(_need.c.starts_at.desc(), _need.c.id.desc())
            .limit(100)
        )
    )  # fmt: skip


def my_needs(session: Session, actor: Actor) -> list[Found]:
    """Give the needs a volunteer took, newest first, with the elder's name and how far the minutes have come."""
    return list(
        session.connection().execute(
            select(
                *on_the_board(), _need.c.state, _need.c.elder_id, _person.c.full_name.label("elder_name"),
                _visit.c.id.label("visit_id"), _visit.c.state.label("visit_state"),
                _session.c.id.label("session_id"), _session.c.state.label("session_state"),
                _session.c.credit_minutes, _session.c.auto_confirm_at,
            )
            .outerjoin(_visit, and_(_visit.c.need_id == _need.c.id, _visit.c.state != "cancelled"))
            .outerjoin(_session, _session.c.visit_id == _visit.c.id)
            .outerjoin(_person, _person.c.id == _need.c.elder_id)
            .where(_need.c.taken_by == actor.person_id)
            .order_by(_need.c.starts_at.desc(), _need.c.id.desc())
            .limit(100)
        )
    )  # fmt: skip


def sessions_to_confirm(session: Session, elder_id: int) -> list[Found]:
    """Give an elder's pending sessions, oldest first: who served, for how long, until when to object."""
    return list(
        session.connection().execute(
            select(
                _session.c.id, _session.c.need_id, _session.c.visit_id, _session.c.volunteer_id,
                _session.c.service_minutes, _session.c.credit_minutes, _session.c.auto_confirm_at,
                func.lower(_session.c.during).label("started_at"), func.upper(_session.c.during).label("ended_at"),
                _title(), _person.c.full_name.label("volunteer_name"),
            )
            .join(_need, _need.c.id == _session.c.need_id)
            .outerjoin(_person, _person.c.id == _session.c.volunteer_id)
            .where(_session.c.elder_id == elder_id, _session.c.state == "pending")
            .order_by(_session.c.id)
        )
    )  # fmt: skip


def volunteer_statement(
    session: Session,
    actor: Actor,
    person_id: int,
    *,
    start: datetime,
    end: datetime,
    after_id: int = 0,
    limit: int = 100,
    account_id: int | None = None,
) -> VolunteerStatement:
    """Give a volunteer's account in [start, end) with what each entry was for.

    `account_id`: one she had before she moved to another district; the caller knows that it was hers. To herself and her community's office. Raises StatementNotYours, NoAccount.
    """
    owner = session.connection().execute(
        select(
            _volunteer.c.display_name, _volunteer.c.passport_number, _volunteer.c.area_code,
            _person.c.timebank_account_id,
        )
        .join(_person, _person.c.id == _volunteer.c.person_id)
        .where(_volunteer.c.person_id == person_id)
    ).one_or_none()  # fmt: skip
    if owner is None or not _may_read(actor, person_id, owner.area_code):
        raise StatementNotYours(person_id=person_id)
    if owner.timebank_account_id is None:
        raise NoAccount(person_id=person_id)
    shown = owner.timebank_account_id if account_id is None else account_id
    page = read_statement(session, shown, start, end, after_id, limit)
    held = read_balance(session, shown)
    return VolunteerStatement(
        person_id=person_id,
        display_name=owner.display_name,
        passport_number=owner.passport_number,
        opening_minutes=page.opening_minutes,
        closing_minutes=page.closing_minutes,
        pending_minutes=held.pending_in,
        cap_minutes=held.cap_minutes,
        lines=_lines(session, page.entries),
        next_after_id=page.next_after_id,
    )


def _may_read(actor: Actor, person_id: int, area_code: int) -> bool:
    covered = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area_code <= actor.area_hi
    return actor.person_id == person_id or (covered and actor.has_role(*OFFICES))


def _lines(session: Session, entries: list[Entry]) -> list[StatementLine]:
    visits = {int(e.subject_id) for e in entries if e.subject_type == "visit" and e.subject_id is not None}
    rows = session.connection().execute(
        select(_visit.c.id, _visit.c.need_id, _title())
        .outerjoin(_need, _need.c.id == _visit.c.need_id)
        .where(_visit.c.id.in_(visits))
    )
    known = {row.id: row for row in rows}
    return [_line(entry, known, _booked_needs(session, entries)) for entry in entries]


def _booked_needs(session: Session, entries: list[Entry]) -> dict[tuple[str, str], Any]:
    """The needs that hours were held for or taken for, by what the ledger's entry names."""
    held = {int(e.subject_id) for e in entries if (e.subject_type or "").startswith("redemption-need") and e.subject_id}
    taken = {int(e.subject_id) for e in entries if e.subject_type == "redemption-settled" and e.subject_id}
    if not held and not taken:
        return {}
    rows = session.connection().execute(
        select(_need.c.id.label("need_id"), _redemption.c.id, _title())
        .join(_redemption, _redemption.c.need_id == _need.c.id)
        .where(_need.c.id.in_(held) | _redemption.c.id.in_(taken))
    )
    found: dict[tuple[str, str], Any] = {}
    for row in rows:
        found["redemption-need", str(row.need_id)] = found["redemption-settled", str(row.id)] = row
    return found


def _line(entry: Entry, known: dict[int, Any], booked: dict[tuple[str, str], Any]) -> StatementLine:
    visit_id = int(entry.subject_id) if entry.subject_type == "visit" and entry.subject_id else None
    named = "redemption-need" if (entry.subject_type or "").startswith("redemption-need") else entry.subject_type or ""
    need = known.get(visit_id) if visit_id is not None else booked.get((named, entry.subject_id or ""))
    return StatementLine(
        transfer_id=entry.transfer_id,
        entry_type=entry.entry_type,
        phase=entry.phase,
        posted_minutes=entry.posted_minutes,
        held_minutes=entry.held_minutes,
        service_minutes=entry.service_minutes,
        event_at=entry.event_at,
        recorded_at=entry.recorded_at,
        rule_version=entry.rule_version,
        title=need.title if need is not None else None,
        need_id=need.need_id if need is not None else None,
        visit_id=visit_id,
        resolves_id=entry.pending_id,
    )
