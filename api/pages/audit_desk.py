"""The auditor's pages: rules, a sample with a published seed, one case followed to its payment, the chain and its seals."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from api.audit_notes import Note, Notes
from api.errors import status_of
from api.pages.audit_words import check_words, part_words, population_words, rule_words, stage_words
from api.pages.kit import render
from api.pages.officer_office import Desk, Office, speaking
from services.cities.queries import area_names
from services.clock import civil_date
from services.errors import DomainError
from services.oversight import audit_draws, case_papers, chain
from services.oversight.audit_draws import POPULATIONS, Plan, Sample
from services.oversight.audit_errors import NotAnAuditor
from services.oversight.audit_rules import run_rules
from services.oversight.case_file import CaseFile, follow_case
from services.oversight.draw_seeds import seeds_around
from services.oversight.fair_draw import PROCEDURE_EN, PROCEDURE_ZH
from services.oversight.queries import ledger_state

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Day = Annotated[date | None, Query()]
Word = Annotated[str, Query(max_length=30)]
HREFS = {"order": "/officer/audit/cases/{}", "visit": "/visits/{}", "glass": "/officer/glass#glass-{}"}
MEDIA = {
    "csv": "text/csv; charset=utf-8", "json": "application/json", "pdf": "application/pdf", "zip": "application/zip",
}  # fmt: skip


def auditors_desk(office: Desk) -> Office:
    """Open the audit pages to auditors and officers of an area. Raises NotAnAuditor."""
    if office.work.actor.role not in ("auditor", "officer"):
        raise NotAnAuditor(role=office.work.actor.role)
    return office


AuditDesk = Annotated[Office, Depends(auditors_desk)]


def _period(office: Office, first: date | None, last: date | None) -> tuple[date, date]:
    quarter = audit_draws.last_quarter(civil_date(office.work.now))
    return first or quarter[0], last or quarter[1]


@router.get("/officer/audit")
def overview(request: Request, office: AuditDesk, first_day: Day = None, last_day: Day = None) -> Response:
    """Show the house's own checks and what the rules found in a period."""
    first, last = _period(office, first_day, last_day)
    session = office.work.session
    with speaking(request):
        found = [
            {"words": rule_words(one.rule), "code": one.rule.code,
             "rows": [{"order_id": row[0], "source": f"{row[1]} {row[2]}", "words": row[3]} for row in one.rows]}
            for one in run_rules(session, office.lo, office.hi, first, last)
        ]  # fmt: skip
    names = office.names(
        found=found, broken=sum(1 for one in found if one["rows"]), first_day=first, last_day=last,
        check=chain.last_check(session), ledger=ledger_state(session), errors={},
    )  # fmt: skip
    return render(request, "audit/overview.html", names)


@router.get("/officer/audit/draw")
def draw_page(
    request: Request,
    office: AuditDesk,
    notes: Notes,
    population: Word = "",
    first_day: Day = None,
    last_day: Day = None,
    percent: Annotated[float, Query(ge=0, le=100)] = 5,
    divided_by: Word = "",
    seed_day: Day = None,
) -> Response:
    """Show the form of a draw and, once asked, the sample with its seed, commitment and cases."""
    first, last = _period(office, first_day, last_day)
    plan = Plan(population or "visits", first, last, percent, divided_by, seed_day or civil_date(office.work.now))
    sample: Sample | None = None
    errors: dict[str, str] = {}
    status = 200
    if population:
        try:
            sample = _draw(office, plan, notes)
        except DomainError as refused:
            errors, status = {str(refused.facts.get("field", "seed_day")): refused.message_zh}, status_of(refused)
    with speaking(request):
        names = office.names(**_draw_names(request, office, plan, sample), errors=errors)
    return render(request, "audit/draw.html", names, status_code=status)


def _draw(office: Office, plan: Plan, notes: list[Note]) -> Sample:
    sample = audit_draws.draw_sample(office.work.session, plan, office.lo, office.hi)
    facts = dict(sample.paper["about"]) | {
        "drawn": len(sample.cases), "lists_fingerprint": sample.paper["lists_fingerprint"],
    }  # fmt: skip
    notes.append(Note("audit_draw", area_code=office.lo, facts=facts))
    return sample


def _draw_names(request: Request, office: Office, plan: Plan, sample: Sample | None) -> dict[str, Any]:
    session, english = office.work.session, request.cookies.get("yl_language") == "en"
    return {
        "plan": plan,
        "populations": population_words(),
        "parts": part_words(plan.population if plan.population in POPULATIONS else "visits"),
        "seeds": seeds_around(session, office.work.now),
        "procedure": PROCEDURE_EN if english else PROCEDURE_ZH,
        "sample": sample,
        "rows": [] if sample is None else _case_rows(session, sample),
        "draws": audit_draws.draws_made(session, plan.seed_day),
        "query": request.url.query,
    }


def _case_rows(session: Any, sample: Sample) -> list[dict[str, Any]]:
    streets = {int(one) for one, _, _, _ in sample.cases if one.isdigit() and len(one) == 15}
    known = area_names(session, streets) if streets else {}
    return [
        {
            "stratum": known.get(int(stratum), stratum) if stratum.isdigit() and len(stratum) == 15 else stratum,
            "number": number, "ticket": drawn["ticket"], "place": drawn["place"],
            "href": HREFS[kind].format(case_id) if case_id is not None else "",
        }
        for (stratum, number, kind, case_id), drawn in zip(sample.cases, sample.paper["drawn"], strict=True)
    ]  # fmt: skip


@router.get("/officer/audit/draw.{form}")
def draw_file(
    office: AuditDesk,
    notes: Notes,
    form: Literal["json", "csv"],
    population: Word = "visits",
    first_day: Day = None,
    last_day: Day = None,
    percent: Annotated[float, Query(ge=0, le=100)] = 5,
    divided_by: Word = "",
    seed_day: Day = None,
) -> Response:
    """Give the public paper of a draw, which `bin/yinling audit check-draw` draws again, or the sample as a table."""
    first, last = _period(office, first_day, last_day)
    plan = Plan(population, first, last, percent, divided_by, seed_day or civil_date(office.work.now))
    sample = _draw(office, plan, notes)
    paper = json.dumps(sample.paper, ensure_ascii=False, indent=1).encode()
    content = paper if form == "json" else case_papers.sample_csv(sample.cases)
    return _file(content, f"draw-{plan.population}-{plan.seed_day}", form)


@router.get("/officer/audit/cases/{order_id:int}")
def case_page(request: Request, office: AuditDesk, notes: Notes, order_id: Id) -> Response:
    """Follow one order from who was entitled to who paid."""
    case = _case(office, order_id, notes, "audit_case")
    with speaking(request):
        names = office.names(
            case=case, stages=stage_words(), checks=[(one, check_words(one)) for one in case.checks], errors={}
        )
    return render(request, "audit/case.html", names)


@router.get("/officer/audit/cases/{order_id:int}/file.{form}")
def case_file(office: AuditDesk, notes: Notes, order_id: Id, form: Literal["csv", "json", "pdf", "zip"]) -> Response:
    """Give a case masked: as CSV, JSON or PDF, or all three with the manifest of their SHA-256."""
    case = _case(office, order_id, notes, "audit_export")
    made = {
        "csv": lambda: case_papers.as_csv(case), "pdf": lambda: case_papers.as_pdf(case), "zip": lambda: case_papers.as_zip(case),
        "json": lambda: json.dumps(case_papers.as_document(case), ensure_ascii=False, indent=1).encode(),
    }  # fmt: skip
    return _file(made[form](), f"case-{case.order_number}", form)


def _case(office: Office, order_id: int, notes: list[Note], verb: str) -> CaseFile:
    case = follow_case(office.work.session, order_id)
    notes.append(Note(verb, area_code=case.area_code, subject=("audit_case", order_id)))
    return case


def _file(content: bytes, name: str, form: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA[form], headers=headers)


@router.get("/officer/audit/chain")
def chain_page(
    request: Request, office: AuditDesk, district: Annotated[int | None, Query(ge=0, le=999_999)] = None
) -> Response:
    """Show every chain's head, its newest seals with their roots, and the last recomputation."""
    session = office.work.session
    heads = chain.chain_heads(session, office.lo // 10**9 * 10**9, office.hi)
    chosen = district if district is not None else heads[-1].chain_code if heads else 0
    names = office.names(
        heads=heads, check=chain.last_check(session), rules=chain.RULES_ZH,
        districts=area_names(session, {one.chain_code * 10**9 for one in heads}),
        seals=[(one, chain.seal_text(one)) for one in chain.seals_of(session, chosen)], district=chosen,
        seeds=seeds_around(session, office.work.now), errors={},
    )  # fmt: skip
    return render(request, "audit/chain.html", names)
