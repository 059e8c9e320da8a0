"""What assessments say: the level that holds on a day by each scheme, who waits for a signature, whose runs out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session

from services.benefits.assessing import NATIONAL, SEAL
from services.benefits.assessment_errors import NoSuchAssessment
from services.benefits.levels import Level
from services.benefits.schemes import scheme_on
from services.benefits.tables import Assessment, AssessmentAppeal
from services.cities.rules import ancestor_code
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.people.privacy import unseal
from services.people.tables import Elder, Person

_assessment, _appeal = table_of(Assessment), table_of(AssessmentAppeal)
_person, _elder = table_of(Person), table_of(Elder)
Found = Row[*tuple[Any, ...]]
WARN_DAYS = 60
"""How long before the end an elder's side is warned, unless the scheme says otherwise."""


@dataclass(frozen=True)
class AssessmentCard:
    """An assessment as it is shown; answers and notes only where they were asked for and may be read."""

    id: int
    elder_id: int
    scheme: str
    scheme_name_zh: str
    scheme_name_en: str
    level: int
    level_zh: str
    level_en: str
    reason: str
    state: str
    assessed_on: date
    valid_until: date
    holds: bool
    assessors: tuple[dict[str, str], ...]
    certificate_number: str | None
    issued_by: str | None
    appeal_id: int | None
    appeal_state: str | None
    appeal_until: date | None
    answers: dict[str, int]
    raised_by: tuple[str, ...]
    sums: dict[str, int]
    points: int | None
    note: str


def levels_on(session: Session, elder_id: int, on: date) -> dict[str, Level]:
    """Give, by scheme, the level that holds for an elder on a civil day: the last signed one that has not run out."""
    return {row.scheme: Level(row.scheme, row.level) for row in _holding(session, elder_id, on)}


def _holding(session: Session, elder_id: int, on: date) -> Sequence[Found]:
    return session.connection().execute(
        select(_assessment.c.id, _assessment.c.scheme, _assessment.c.level)
        .ext(distinct_on(_assessment.c.scheme))
        .where(_assessment.c.elder_id == elder_id, _assessment.c.state == "signed")
        .where(_assessment.c.assessed_on <= on, _assessment.c.valid_until >= on)
        .order_by(_assessment.c.scheme, _assessment.c.assessed_on.desc(), _assessment.c.id.desc())
    ).all()  # fmt: skip


def assessment_days(session: Session, elder_id: int) -> list[date]:
    """Give every day on which an elder's signed assessments begin to count or count no more."""
    rows = session.connection().execute(
        select(_assessment.c.assessed_on, _assessment.c.valid_until).where(
            _assessment.c.elder_id == elder_id, _assessment.c.state == "signed"
        )
    )
    return sorted({day for row in rows for day in (row.assessed_on, row.valid_until + timedelta(days=1))})


def assessments_of(session: Session, elder_id: int, on: date, *, detail: bool = False) -> list[AssessmentCard]:
    """Give an elder's assessments, newest first; `detail` opens the sealed answers (record the reading)."""
    holding = {row.id for row in _holding(session, elder_id, on)}
    rows = session.connection().execute(
        _cards()
        .where(_assessment.c.elder_id == elder_id)
        .order_by(_assessment.c.assessed_on.desc(), _assessment.c.id.desc())
    )
    return [_card(session, row, row.id in holding, detail) for row in rows]


def assessment_card(session: Session, assessment_id: int, on: date, *, detail: bool = False) -> AssessmentCard:
    """Give one assessment that the actor may see. Raises NoSuchAssessment."""
    row = session.connection().execute(_cards().where(_assessment.c.id == assessment_id)).first()
    if row is None:
        raise NoSuchAssessment(assessment_id=assessment_id)
    holding = {one.id for one in _holding(session, row.elder_id, on)}
    return _card(session, row, row.id in holding, detail)


def _cards() -> Any:
    latest = (
        select(_appeal.c.assessment_id, _appeal.c.id, _appeal.c.state)
        .ext(distinct_on(_appeal.c.assessment_id))
        .order_by(_appeal.c.assessment_id, _appeal.c.id.desc())
        .subquery()
    )
    return select(_assessment, latest.c.id.label("appeal_id"), latest.c.state.label("appeal_state")).join(
        latest, latest.c.assessment_id == _assessment.c.id, isouter=True
    )


def _card(session: Session, row: Found, holds: bool, detail: bool) -> AssessmentCard:
    scheme = scheme_on(session, row.scheme, row.assessed_on)
    kept = json.loads(unseal(SEAL, row.detail_sealed)) if row.detail_sealed else {}
    shown = kept if detail else {}
    named = scheme.level_named(row.level)
    signed = civil_date(row.signed_at or row.recorded_at)
    return AssessmentCard(
        id=row.id, elder_id=row.elder_id, scheme=row.scheme, scheme_name_zh=scheme.name_zh, scheme_name_en=scheme.name_en,
        level=row.level, level_zh=named.name_zh, level_en=named.name_en, reason=row.reason, state=row.state,
        assessed_on=row.assessed_on, valid_until=row.valid_until, holds=holds,
        assessors=tuple(kept.get("assessors", [])), certificate_number=row.certificate_number, issued_by=row.issued_by,
        appeal_id=row.appeal_id, appeal_state=row.appeal_state,
        appeal_until=signed + timedelta(days=scheme.appeal_days) if row.state == "signed" else None,
        answers=shown.get("answers", {}), raised_by=tuple(shown.get("raised_by", [])), sums=shown.get("sums", {}),
        points=shown.get("points"), note=shown.get("note", ""),
    )  # fmt: skip


@dataclass(frozen=True)
class WaitingAssessment:
    """An assessment at the office's desk: waiting for the second signature, for a re-assessment, or running out."""

    assessment_id: int
    elder_id: int
    elder_name: str
    area_code: int
    scheme: str
    assessed_on: date
    valid_until: date
    appeal_id: int | None


def _desk(*more: Any) -> Any:
    return (
        select(
            _assessment.c.id.label("assessment_id"), _assessment.c.elder_id, _person.c.full_name.label("elder_name"),
            _assessment.c.area_code, _assessment.c.scheme, _assessment.c.assessed_on, _assessment.c.valid_until, *more,
        )
        .join(_person, _person.c.id == _assessment.c.elder_id)
        .where(_person.c.died_on.is_(None))
    )  # fmt: skip


def awaiting_second(session: Session) -> list[WaitingAssessment]:
    """Give the assessments the actor may see that wait for a second assessor, oldest first."""
    rows = session.connection().execute(
        _desk().where(_assessment.c.state == "awaiting_second").order_by(_assessment.c.recorded_at)
    )
    return [WaitingAssessment(**row._mapping, appeal_id=None) for row in rows]


def open_appeals(session: Session) -> list[WaitingAssessment]:
    """Give the open appeals the actor may see, oldest first."""
    rows = session.connection().execute(
        _desk(_appeal.c.id.label("appeal_id"))
        .join(_appeal, _appeal.c.assessment_id == _assessment.c.id)
        .where(_appeal.c.state == "open")
        .order_by(_appeal.c.asked_at)
    )
    return [WaitingAssessment(**row._mapping) for row in rows]


def running_out(session: Session, on: date, days: int = WARN_DAYS, limit: int = 200) -> list[WaitingAssessment]:
    """Give the assessments that hold, run out within some days and have no successor, soonest first."""
    later = _assessment.alias()
    successor = select(later.c.id).where(
        later.c.elder_id == _assessment.c.elder_id, later.c.scheme == _assessment.c.scheme,
        later.c.state == "signed", later.c.valid_until > _assessment.c.valid_until,
    )  # fmt: skip
    rows = session.connection().execute(
        _desk()
        .where(_assessment.c.state == "signed", ~successor.exists())
        .where(_assessment.c.valid_until.between(on, on + timedelta(days=days)))
        .order_by(_assessment.c.valid_until, _assessment.c.id)
        .limit(limit)
    )
    return [WaitingAssessment(**row._mapping, appeal_id=None) for row in rows]


_TOLD = text("SELECT key FROM outbox WHERE key = ANY (CAST(:keys AS text[]))")


def warn_of_expiry(session: Session, now: datetime) -> int:
    """Tell the elder's side, once an assessment, that it runs out within 60 days, and her street's office how many do.

    The office gets one message a day and street about those not told of before, never one for every elder. Runs as the
    house every day; what was told once is not told again, whenever it runs. Gives how many run out.
    """
    today = civil_date(now)
    due = running_out(session, today, limit=10_000)
    keys = {one.assessment_id: f"expiring/{one.assessment_id}" for one in due}
    told = set(session.connection().execute(_TOLD, {"keys": [f"tell/{key}" for key in keys.values()]}).scalars())
    streets: dict[int, list[date]] = {}
    for one in due:
        if f"tell/{keys[one.assessment_id]}" in told:
            continue
        streets.setdefault(ancestor_code(one.area_code, "street"), []).append(one.valid_until)
        tell(
            session, now, audience={"elder_side": one.elder_id}, template="benefits.expiring",
            facts={"elder_id": one.elder_id, "until_on": one.valid_until.isoformat()}, elder_id=one.elder_id,
            area_code=one.area_code, key=keys[one.assessment_id],
        )  # fmt: skip
    for street, ends in streets.items():
        tell(
            session, now, audience={"office": {"role": "officer", "area_code": street}},
            template="benefits.expiring_office", facts={"count": len(ends), "until_on": min(ends).isoformat()},
            area_code=street, key=f"expiring-office/{street}/{today}",
        )  # fmt: skip
    return len(due)


_TAKE = text("UPDATE elder SET care_level = :level WHERE person_id = :elder AND care_level <> :level")


def take_national_level(session: Session, now: datetime, elder_id: int) -> int | None:
    """Write the GB/T 42195 level that holds today onto the elder's own record; other schemes never reach it."""
    level = levels_on(session, elder_id, civil_date(now)).get(NATIONAL)
    if level is None:
        return None
    session.connection().execute(_TAKE, {"level": level.level, "elder": elder_id})
    return level.level
