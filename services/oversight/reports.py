"""Monthly reports: asked for by an office, made by a job, kept with their fingerprint, worked out again on request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import find_area
from services.cities.rules import area_level
from services.clock import civil_date
from services.columns import table_of
from services.outbox import enqueue
from services.oversight.errors import MonthNotOver, NotADesk, ReportNotFound, ReportNotMade, ReportUnderWay
from services.oversight.indicator_queries import COUNTED_LEVELS
from services.oversight.report_gathering import Asked, Tell, differences, fingerprint, gather
from services.oversight.report_tables import AreaReport
from services.unit_of_work import Actor

JOB = "oversight.make_report"
EARLIEST = date(2015, 1, 1)
_report = table_of(AreaReport)
_CARD = [column for column in _report.c if column.name != "content"]


@dataclass(frozen=True)
class Checked:
    """A report worked out again: the same fingerprint or not, and where the contents differ (paths)."""

    equal: bool
    content_hash: str
    found_hash: str
    where: tuple[str, ...]


def ask_report(session: Session, now: datetime, actor: Actor, area_code: int, month: date) -> int:
    """Ask for the report of an area about a month that is over; gives its id, a job makes it.

    Raises NotADesk (not an office of that area), MonthNotOver, UnknownArea, ReportUnderWay.
    """
    lo, hi = actor.area_lo, actor.area_hi
    if actor.read_only or actor.role != "officer" or lo is None or hi is None or not lo <= area_code <= hi:
        raise NotADesk("月报由本辖区的民政干部生成。", area_code=area_code)
    return promise_report(session, now, actor, area_code, month)


def promise_report(session: Session, now: datetime, actor: Actor, area_code: int, month: date) -> int:
    """Promise a report without asking who wants it: for `ask_report`, the command line and the calendar."""
    first = month.replace(day=1)
    if not EARLIEST <= first < civil_date(now).replace(day=1):
        raise MonthNotOver(month=f"{first:%Y-%m}")
    find_area(session, area_code)
    if area_level(area_code) not in COUNTED_LEVELS:
        raise ReportNotFound("月报按社区、街道、区县和全市生成。", area_code=area_code)
    row = {"area_code": area_code, "month": first, "asked_at": now, "asked_by": actor.person_id, "known_by": now}
    try:
        with session.begin_nested():
            statement = insert(_report).values(**row, state="promised", steps_done=0, steps=0).returning(_report.c.id)
            report_id = int(session.connection().execute(statement).scalar_one())
    except IntegrityError as standing:
        raise ReportUnderWay(area_code=area_code, month=f"{first:%Y-%m}") from standing
    enqueue(session, now, JOB, {"report_id": report_id}, key=f"area-report-{report_id}")
    record_act(
        session, now, actor, "ask_report", area_code=area_code, subject=("area_report", report_id),
        facts={"month": f"{first:%Y-%m}"},
    )  # fmt: skip
    return report_id


def find_report(session: Session, report_id: int) -> Row[Any]:
    """Give one report with its content. Raises ReportNotFound (or not one's own)."""
    found = session.connection().execute(select(_report).where(_report.c.id == report_id)).one_or_none()
    if found is None:
        raise ReportNotFound(report_id=report_id)
    return found


def made_report(session: Session, report_id: int) -> Row[Any]:
    """Give a report that is made. Raises ReportNotFound, ReportNotMade."""
    found = find_report(session, report_id)
    if found.state != "made":
        raise ReportNotMade(report_id=report_id, state=found.state)
    return found


def reports_of(session: Session, lo: int, hi: int, *, most: int = 60, before: int | None = None) -> list[Row[Any]]:
    """Give the reports of a range of areas without their content, newest first."""
    query = select(*_CARD).where(_report.c.area_code.between(lo, hi)).order_by(_report.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(_report.c.id < before)
    return list(session.connection().execute(query))


def gather_report(session: Session, report: Row[Any], tell: Tell | None = None) -> dict[str, Any]:
    """Gather the content of a promised report with the knowledge of the moment it was asked for."""
    return gather(session, Asked(report.area_code, report.month, report.known_by), tell)


def note_steps(session: Session, report_id: int, done: int, steps: int) -> None:
    """Note how far the making has come."""
    session.connection().execute(
        update(_report)
        .where(_report.c.id == report_id, _report.c.state == "promised")
        .values(steps_done=done, steps=steps)
    )


def keep_report(session: Session, now: datetime, actor: Actor, report: Row[Any], content: dict[str, Any]) -> str:
    """Keep a gathered report with its fingerprint; gives the fingerprint. One that is made already stays."""
    content_hash = fingerprint(content)
    session.connection().execute(
        update(_report)
        .where(_report.c.id == report.id, _report.c.state == "promised")
        .values(
            state="made", made_at=now, content=content, content_hash=content_hash, steps_done=_report.c.steps,
            rules_version=content["rules"]["version"],
        )
    )  # fmt: skip
    record_act(
        session, now, actor, "make_report", area_code=report.area_code, subject=("area_report", report.id),
        facts={"hash": content_hash},
    )  # fmt: skip
    return content_hash


def fail_report(session: Session, now: datetime, actor: Actor, report: Row[Any], reason: str) -> None:
    """Note that a report could not be made, with the reason; it can be asked for again."""
    session.connection().execute(
        update(_report).where(_report.c.id == report.id, _report.c.state == "promised").values(state="failed", failure=reason)
    )  # fmt: skip
    record_act(
        session, now, actor, "fail_report", area_code=report.area_code, subject=("area_report", report.id),
        facts={"reason": reason},
    )  # fmt: skip


def check_report(session: Session, report_id: int) -> Checked:
    """Work a report out again with the knowledge it was made with, and compare. Raises ReportNotFound, ReportNotMade.

    What its reader may not see she cannot work out: a report of a wider area than her own differs there.
    """
    report = made_report(session, report_id)
    again = gather_report(session, report)
    where = tuple(differences(report.content, again))
    found = fingerprint(again)
    return Checked(found == report.content_hash, report.content_hash, found, where)
