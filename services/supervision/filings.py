"""Filing (备案): an institution tells the bureau that it is there; step by step, by an officer of its area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Row, insert, select
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.supervision.errors import DaysMakeNoSense, FilingStepRefused, WordsMissing
from services.supervision.institution_tables import InstitutionFiling
from services.supervision.rights import LONG, check_not_to_come, supervised_site, words_of
from services.unit_of_work import Actor

_filing = table_of(InstitutionFiling)
Step = Literal["applied", "filed", "changed", "withdrawn"]
MAY_FOLLOW: dict[str | None, tuple[Step, ...]] = {
    None: ("applied", "filed"),
    "applied": ("filed", "withdrawn"),
    "filed": ("changed", "withdrawn"),
    "changed": ("changed", "withdrawn"),
    "withdrawn": ("applied",),
}
"""Which steps may follow which; the database holds the same (sql/600_supervision.sql)."""
MOST_DOCUMENTS = 20


@dataclass(frozen=True)
class NewStep:
    """One step of a filing: its day, the number and authority it was filed under, the papers handed in, a word."""

    step: Step
    on_day: date
    filing_number: str = ""
    authority: str = ""
    documents: Sequence[str] = ()
    note: str = ""


def record_step(session: Session, now: datetime, actor: Actor, facility_id: int, new: NewStep) -> int:
    """Write down the next step of an institution's filing; gives its id. Number and authority stand until changed.

    Raises UnknownFacility, NotForSupervision, FilingStepRefused, WordsMissing(field), DaysMakeNoSense,
    FilingNumberTaken.
    """
    site = supervised_site(session, actor, facility_id)
    last = last_step(session, facility_id)
    if new.step not in MAY_FOLLOW[last.step if last else None]:
        raise FilingStepRefused(step=new.step, at=last.step if last else None)
    check_not_to_come(now, new.on_day, "on_day")
    if last is not None and new.on_day < last.on_day:
        raise DaysMakeNoSense(field="on_day")
    number, authority = _standing(new, last)
    papers = [paper.strip() for paper in new.documents if paper.strip()]
    if len(papers) > MOST_DOCUMENTS or any(len(paper) > 100 for paper in papers):
        raise WordsMissing(field="documents")
    note = words_of(new.note, "note", LONG) if new.step == "withdrawn" else new.note.strip()[:LONG]
    row = insert(_filing).values(
        facility_id=facility_id, area_code=site.area_code, step=new.step, filing_number=number, authority=authority,
        on_day=new.on_day, documents=papers, note=note, recorded_by=actor.person_id, recorded_at=now,
    )  # fmt: skip
    step_id = int(session.connection().execute(row.returning(_filing.c.id)).scalar_one())
    facts = {"step": new.step, "filing_number": number, "on_day": new.on_day.isoformat()}
    record_act(
        session, now, actor, "record_filing", area_code=site.area_code, subject=("facility", facility_id), facts=facts
    )
    return step_id


def last_step(session: Session, facility_id: int) -> Row[Any] | None:
    """Give what an institution's filing stands at; None when it was never filed."""
    query = select(_filing).where(_filing.c.facility_id == facility_id).order_by(_filing.c.id.desc()).limit(1)
    return session.connection().execute(query).first()


def steps_of(session: Session, facility_id: int) -> list[Row[Any]]:
    """Give every step of an institution's filing, oldest first."""
    query = select(_filing).where(_filing.c.facility_id == facility_id).order_by(_filing.c.id)
    return list(session.connection().execute(query))


def _standing(new: NewStep, last: Row[Any] | None) -> tuple[str | None, str]:
    """The number and authority of a step: what was said now, else what stands."""
    number = new.filing_number.strip() or (last.filing_number if last else None)
    authority = new.authority.strip() or (last.authority if last else "")
    if new.step in ("filed", "changed"):
        return words_of(number or "", "filing_number", 60), words_of(authority, "authority")
    return number, authority
