"""Rounds through an institution by a checklist: planned, done with a result for every item, published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Facility
from services.language import name_for_reader
from services.supervision.check_tables import Checklist, DrawnTarget, Inspection, InspectionItem
from services.supervision.checklists import checklist_by_id, checklist_on
from services.supervision.errors import InspectionDone, OtherInspectors, ResultsMissing, UnknownInspection, WordsMissing
from services.supervision.rights import (
    LONG,
    check_not_to_come,
    check_officer,
    supervised_site,
    tell_provider,
    words_of,
)
from services.unit_of_work import Actor

_inspection, _item, _target = table_of(Inspection), table_of(InspectionItem), table_of(DrawnTarget)
_facility, _checklist = table_of(Facility), table_of(Checklist)
Kind = Literal["routine", "complaint", "follow_up"]
KINDS: tuple[Kind, ...] = ("routine", "complaint", "follow_up")
RESULTS = ("pass", "fail", "na")


def plan_inspection(
    session: Session, now: datetime, actor: Actor, facility_id: int, checklist: str, kind: Kind, on: date
) -> int:
    """Plan a round through an institution, not drawn by lot; gives its id.

    Raises UnknownFacility, NotForSupervision, UnknownChecklist, WordsMissing(field).
    """
    site = supervised_site(session, actor, facility_id)
    if kind not in KINDS:
        raise WordsMissing(field="kind")
    paper = checklist_on(session, checklist, civil_date(now))
    row = insert(_inspection).values(
        facility_id=facility_id, provider_id=site.provider_id, area_code=site.area_code, checklist_id=paper.id,
        kind=kind, state="planned", planned_on=on, planned_by=actor.person_id, inspectors=[], passed=0, failed=0,
    )  # fmt: skip
    inspection_id = int(session.connection().execute(row.returning(_inspection.c.id)).scalar_one())
    about = ("inspection", inspection_id)
    facts = {"kind": kind, "checklist": checklist, "planned_on": on.isoformat()}
    record_act(session, now, actor, "plan_inspection", area_code=site.area_code, subject=about, facts=facts)
    return inspection_id


def record_inspection(
    session: Session, now: datetime, actor: Actor, inspection_id: int, *, visited_on: date, inspectors: Sequence[str],
    results: Mapping[str, str], conclusion: str,
) -> None:  # fmt: skip
    """Write down what was found on every item of the list, and by whom; published at once, the provider is told.

    A drawn inspection is done by the inspectors who were drawn. Raises UnknownInspection, NotForSupervision,
    InspectionDone, OtherInspectors, ResultsMissing(field, missing), WordsMissing, DaysMakeNoSense.
    """
    found = session.connection().execute(
        select(_inspection).where(_inspection.c.id == inspection_id).with_for_update()
    ).first()  # fmt: skip
    if found is None:
        raise UnknownInspection(inspection_id=inspection_id)
    check_officer(actor, found.area_code)
    if found.state == "done":
        raise InspectionDone(inspection_id=inspection_id)
    check_not_to_come(now, visited_on, "visited_on")
    by = _by_whom(found, inspectors)
    rows = _judged(session, found, results)
    failed = sum(1 for row in rows if row["result"] == "fail")
    session.connection().execute(insert(_item), rows)
    session.connection().execute(
        update(_inspection)
        .where(_inspection.c.id == inspection_id)
        .values(
            state="done", visited_on=visited_on, inspectors=by, conclusion=words_of(conclusion, "conclusion", LONG),
            passed=sum(1 for row in rows if row["result"] == "pass"), failed=failed, recorded_by=actor.person_id,
            recorded_at=now,
        )
    )  # fmt: skip
    about = ("inspection", inspection_id)
    facts = {"failed": failed, "visited_on": visited_on.isoformat(), "inspectors": list(by)}
    record_act(session, now, actor, "record_inspection", area_code=found.area_code, subject=about, facts=facts)
    told = {"facility_id": found.facility_id, "failed": str(failed)}
    tell_provider(session, now, "supervision.inspected", found.provider_id, found.area_code, about, told)


def inspections(
    session: Session, *, facility_id: int | None = None, state: str | None = None, provider_id: int | None = None,
    limit: int = 200,
) -> list[Row[Any]]:  # fmt: skip
    """Give inspections with facility_name, checklist names and draw_id: planned ones first, then the newest.

    Anybody finds those that are done; planned ones only the office and the provider concerned (row-level security).
    """
    query = _named()
    if facility_id is not None:
        query = query.where(_inspection.c.facility_id == facility_id)
    if state is not None:
        query = query.where(_inspection.c.state == state)
    if provider_id is not None:
        query = query.where(_inspection.c.provider_id == provider_id)
    query = query.order_by(_inspection.c.state.desc(), _inspection.c.visited_on.desc(), _inspection.c.id.desc())
    return list(session.connection().execute(query.limit(max(1, min(limit, 500)))))


def find_inspection(session: Session, inspection_id: int) -> Row[Any]:
    """Give one inspection as `inspections` does. Raises UnknownInspection."""
    found = session.connection().execute(_named().where(_inspection.c.id == inspection_id)).first()
    if found is None:
        raise UnknownInspection(inspection_id=inspection_id)
    return found


def results_of(session: Session, inspection_id: int) -> dict[str, str]:
    """Give what was found, item by item: pass, fail or na."""
    query = select(_item.c.item_code, _item.c.result).where(_item.c.inspection_id == inspection_id)
    return {row.item_code: row.result for row in session.connection().execute(query)}


def _named() -> Select[Any]:
    return (
        select(
            _inspection, _facility.c.name.label("facility_name"), _checklist.c.code.label("checklist_code"),
            name_for_reader(_checklist).label("checklist_name"), _checklist.c.version.label("checklist_version"),
            _target.c.draw_id,
        )
        .join(_facility, _facility.c.id == _inspection.c.facility_id)
        .join(_checklist, _checklist.c.id == _inspection.c.checklist_id)
        .join(_target, _target.c.id == _inspection.c.target_id, isouter=True)
    )  # fmt: skip


def _by_whom(found: Row[Any], inspectors: Sequence[str]) -> list[str]:
    by = [code.strip() for code in inspectors if code.strip()]
    if found.kind == "drawn":
        if by and set(by) != set(found.inspectors):
            raise OtherInspectors(field="inspectors", drawn=list(found.inspectors))
        return list(found.inspectors)
    if not by or len(by) > 10 or any(len(code) > 40 for code in by):
        raise WordsMissing(field="inspectors")
    return by


def _judged(session: Session, found: Row[Any], results: Mapping[str, str]) -> list[dict[str, Any]]:
    wanted = [item.code for item in checklist_by_id(session, found.checklist_id).paper.items]
    missing = [code for code in wanted if results.get(code) not in RESULTS]
    if missing or set(results) - set(wanted):
        raise ResultsMissing(field=f"item-{missing[0]}" if missing else "results", missing=missing)
    return [
        {"inspection_id": found.id, "area_code": found.area_code, "item_code": code, "result": results[code]}
        for code in wanted
    ]
