"""What an elder is entitled to, in her words: what she has, what is left this month, and why a rule gives nothing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering_side import ElderSide, Side
from services.beds.home_beds import home_beds_of
from services.benefits.assessing import appeal
from services.benefits.assessments import AssessmentCard, assessments_of
from services.benefits.deciding import GIVEN, NOT_IN_FORCE, Tried
from services.benefits.entitling import decision_on
from services.benefits.queries import entitlements_in_month
from services.catalogue.queries import services_by_code
from services.clock import civil_date
from services.errors import DomainError
from services.language import for_reader, listed
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/elder/entitlement")
@router.get("/family/{elder_id:int}/entitlement")
def entitlement(request: Request, side: Side) -> Response:
    """Show what she is entitled to today, her assessments, and every rule that gives nothing with its reason."""
    return _page(request, side)


@router.post("/elder/assessments/{assessment_id:int}/appeal")
@router.post("/family/{elder_id:int}/assessments/{assessment_id:int}/appeal")
def ask_again(
    request: Request, side: Side, assessment_id: Id, reason: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Ask for a re-assessment by two others."""
    work = side.work
    try:
        with work.session.begin_nested():
            appeal(work.session, work.now, work.actor, assessment_id, reason)
    except DomainError as refused:
        return _page(request, side, {f"reason-{assessment_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse(f"{side.base}/entitlement", status_code=303)


def _page(request: Request, side: ElderSide, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    names = side.names(
        **decided(side.work, side.elder_id),
        assessments=[
            assessment_line(one) for one in assessments_of(side.work.session, side.elder_id, civil_date(side.work.now))
        ],
        home_beds=home_bed_lines(side.work, side.elder_id),
        may_appeal=side.may("order"),
        errors=errors or {},
    )
    return render(request, "family/entitlement.html", names, status_code=status)


def decided(work: UnitOfWork, elder_id: int) -> dict[str, Any]:
    """Give what an elder has today and what she has not, each with its reasons, and what of this month is left."""
    today = civil_date(work.now)
    decision = decision_on(work.session, elder_id, today)
    codes = {code for one in decision.tried for code in one.rule.service_codes}
    titles = {code: service.title for code, service in services_by_code(work.session, codes).items()}
    lines = [_rule_line(one, titles) for one in decision.tried]
    rights = entitlements_in_month(work.session, elder_id, today)
    return {
        "on": today,
        "given": [one for one in lines if one["outcome"] == GIVEN],
        "others": [one for one in lines if one["outcome"] not in (GIVEN, NOT_IN_FORCE)],
        "month_left": [
            {"left_fen": one.left_fen, "left_minutes": one.left_minutes, "payer": one.payer} for one in rights
        ],
    }


def _rule_line(one: Tried, titles: dict[str, str]) -> dict[str, Any]:
    rule = one.rule
    return {
        "outcome": one.outcome, "reasons": list(one.reasons), "name": for_reader(rule.name_zh, rule.name_en),
        "gives": rule.gives, "percent": rule.percent, "co_payment_percent": rule.co_payment_percent,
        "monthly_cap_fen": rule.monthly_cap_fen, "monthly_minutes": rule.monthly_minutes, "monthly_fen": rule.monthly_fen,
        "payer": rule.payer, "services": listed([titles[code] for code in rule.service_codes if code in titles]),
        "assumed": rule.assumed, "version": rule.version, "first_day": rule.first_day,
    }  # fmt: skip


def assessment_line(one: AssessmentCard) -> dict[str, Any]:
    """Give an assessment as pages show it, its scheme and level in the reader's language."""
    return {
        "id": one.id, "scheme": for_reader(one.scheme_name_zh, one.scheme_name_en), "level": one.level,
        "level_name": for_reader(one.level_zh, one.level_en), "state": one.state, "holds": one.holds,
        "assessed_on": one.assessed_on, "valid_until": one.valid_until, "reason": one.reason,
        "appeal_state": one.appeal_state, "appeal_until": one.appeal_until, "issued_by": one.issued_by,
        "assessors": [dict(person) for person in one.assessors], "certificate_number": one.certificate_number,
    }  # fmt: skip


def home_bed_lines(work: UnitOfWork, elder_id: int) -> list[dict[str, Any]]:
    """Give an elder's home care beds in force with their service lists."""
    found = [one for one in home_beds_of(work.session, elder_id, civil_date(work.now)) if one.active]
    titles = services_by_code(work.session, {owed.service_code for one in found for owed in one.services})
    return [
        {
            "id": one.id, "contract_number": one.contract_number, "first_day": one.first_day, "last_day": one.last_day,
            "monthly_price_fen": one.monthly_price_fen, "government_fen": one.government_fen, "family_fen": one.family_fen,
            "services": [
                {"name": titles[owed.service_code].title if owed.service_code in titles else owed.service_code,
                 "times": owed.times, "every": owed.every, "minutes": owed.minutes}
                for owed in one.services
            ],
        }
        for one in found
    ]  # fmt: skip
