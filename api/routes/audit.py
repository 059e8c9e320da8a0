"""The audit for programs: chain, seeds, rules, draws, cases; and opening an elder's record in an emergency."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.audit_notes import Note, Notes
from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.audit import (
    CaseOut,
    ChainOut,
    DrawOut,
    EmergencyIn,
    EmergencyRecordOut,
    FieldIn,
    GlassOut,
    HeadOut,
    JudgementIn,
    OpenedOut,
    RuleOut,
    SeedOut,
)
from api.schemas.people import RevealOut
from services.clock import civil_date
from services.language import for_reader
from services.oversight import audit_draws, chain, glass
from services.oversight.audit_errors import NotAnAuditor
from services.oversight.audit_rules import run_rules
from services.oversight.case_file import follow_case
from services.oversight.case_papers import as_document
from services.oversight.draw_seeds import seeds_around
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["audit"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Day = Annotated[date | None, Query()]
DONE = 204


def _area(work: UnitOfWork) -> tuple[int, int]:
    actor = work.actor
    if actor.role not in ("auditor", "officer") or actor.area_lo is None or actor.area_hi is None:
        raise NotAnAuditor(role=actor.role)
    return actor.area_lo, actor.area_hi


@router.get("/audit/chain", response_model=ChainOut, responses=problems(401, 403), summary="The chains of an area")
def show_chain(work: Work) -> ChainOut:
    """Show every chain of the area with its newest seal, and whether the last recomputation held."""
    lo, hi = _area(work)
    check = chain.last_check(work.session)
    heads = [HeadOut(**asdict(one)) for one in chain.chain_heads(work.session, lo // 10**9 * 10**9, hi)]
    if check is None:
        return ChainOut(ok=None, checked_at=None, first_bad=None, chains=heads)
    return ChainOut(ok=check.ok, checked_at=check.checked_at, first_bad=check.first_bad, chains=heads)


@router.get("/audit/seeds", response_model=list[SeedOut], responses=problems(), summary="Seeds and commitments")
def show_seeds(work: OpenWork) -> list[SeedOut]:
    """List the commitments of the coming week and the seeds shown; for everybody."""
    return [SeedOut.model_validate(row, from_attributes=True) for row in seeds_around(work.session, work.now)]


@router.get("/audit/rules", response_model=list[RuleOut], responses=problems(401, 403), summary="What the rules found")
def show_rules(work: Work, first_day: Day = None, last_day: Day = None) -> list[RuleOut]:
    """Look for every rule over a period, without days the last quarter."""
    lo, hi = _area(work)
    first, last = audit_draws.last_quarter(civil_date(work.now))
    found = run_rules(work.session, lo, hi, first_day or first, last_day or last)
    return [
        RuleOut(code=one.rule.code, text=for_reader(one.rule.zh, one.rule.en), rows=[f"{row[1]} {row[2]}" for row in one.rows])
        for one in found
    ]  # fmt: skip


@router.get("/audit/draw", response_model=DrawOut, responses=problems(401, 403, 404), summary="Draw a sample")
def draw(
    work: Work,
    notes: Notes,
    population: Annotated[str, Query(max_length=30)] = "visits",
    first_day: Day = None,
    last_day: Day = None,
    percent: Annotated[float, Query(gt=0, le=100)] = 5,
    divided_by: Annotated[str, Query(max_length=30)] = "",
    seed_day: Day = None,
) -> DrawOut:
    """Draw with a published seed; the same wish gives the same cases to everybody. The draw is written into the trail."""
    lo, hi = _area(work)
    first, last = audit_draws.last_quarter(civil_date(work.now))
    seed = seed_day or civil_date(work.now)
    plan = audit_draws.Plan(population, first_day or first, last_day or last, percent, divided_by, seed)
    sample = audit_draws.draw_sample(work.session, plan, lo, hi)
    facts = dict(sample.paper["about"]) | {
        "drawn": len(sample.cases), "lists_fingerprint": sample.paper["lists_fingerprint"],
    }  # fmt: skip
    notes.append(Note("audit_draw", area_code=lo, facts=facts))
    cases = [f"{kind} {case_id}" if case_id is not None else "" for _, _, kind, case_id in sample.cases]
    return DrawOut(paper=sample.paper, cases=cases)


@router.get(
    "/audit/cases/{order_id}", response_model=CaseOut, responses=problems(401, 403, 404), summary="Follow one case"
)
def show_case(work: Work, notes: Notes, order_id: Id) -> CaseOut:
    """Follow one order from who was entitled to who paid, masked; the reading is written into the trail."""
    _area(work)
    case = follow_case(work.session, order_id)
    notes.append(Note("audit_case", area_code=case.area_code, subject=("audit_case", order_id)))
    return CaseOut.model_validate(as_document(case))


@router.post(
    "/break-glass", response_model=OpenedOut, responses=problems(401, 403, 429), summary="Open a record in an emergency"
)
def break_glass(work: Work, told: EmergencyIn) -> OpenedOut:
    """Open one elder's record for thirty minutes; her side is told and somebody else judges it within a day."""
    asked = glass.Emergency(told.full_name, told.kind, told.reason, told.id_number, told.phone, told.born_on)
    opened = glass.break_glass(work.session, work.now, work.actor, asked)
    if opened is None:
        return OpenedOut(found=False)
    return OpenedOut(
        found=True, glass_id=opened.glass_id, expires_at=opened.expires_at, review_due_at=opened.review_due_at
    )


@router.get("/break-glass", response_model=list[GlassOut], responses=problems(401), summary="Openings I may know of")
def list_glasses(work: Work) -> list[GlassOut]:
    """List one's own openings, those of one's own side, and those of one's office's area."""
    return [GlassOut.model_validate(row, from_attributes=True) for row in glass.glasses(work.session, work.now)]


@router.get(
    "/break-glass/{glass_id}/record", response_model=EmergencyRecordOut, responses=problems(401, 404), summary="Look"
)
def look(work: Work, glass_id: Id) -> EmergencyRecordOut:
    """Look at the record an opening names; the look is a row of its own."""
    record = glass.emergency_record(work.session, work.now, work.actor, glass_id)
    return EmergencyRecordOut.model_validate(record, from_attributes=True)


@router.post(
    "/break-glass/{glass_id}/fields",
    response_model=RevealOut,
    responses=problems(401, 404),
    summary="One field in clear",
)
def open_field(work: Work, glass_id: Id, wish: FieldIn) -> RevealOut:
    """Give one field in clear; look and disclosure are written first."""
    value = glass.read_in_emergency(work.session, work.now, work.actor, glass_id, wish.field)
    return RevealOut(field=wish.field, value=value)


@router.post("/break-glass/{glass_id}/closing", status_code=DONE, responses=problems(401, 404), summary="Close it")
def close_glass(work: Work, glass_id: Id) -> Response:
    """End one's own opening before its time."""
    glass.close_glass(work.session, work.now, work.actor, glass_id)
    return Response(status_code=DONE)


@router.post(
    "/break-glass/{glass_id}/review", status_code=DONE, responses=problems(401, 403, 404, 409), summary="Judge it"
)
def judge_glass(work: Work, glass_id: Id, told: JudgementIn) -> Response:
    """Judge somebody else's opening; an unjustified one bars its asker for 90 days."""
    glass.judge_glass(
        work.session, work.now, work.actor, glass_id, justified=told.justified, note=told.note, consequence=told.consequence
    )  # fmt: skip
    return Response(status_code=DONE)
