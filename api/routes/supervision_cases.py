"""Incidents in institutions, and cases with their answers, decisions, referrals and ends."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import Work
from api.errors import problems
from api.schemas.supervision_cases import (
    AnswerIn,
    CaseDetailOut,
    CaseEventOut,
    CaseIn,
    CaseOut,
    DecisionIn,
    DecisionOut,
    DoneIn,
    IncidentClosingIn,
    IncidentDetailOut,
    IncidentIn,
    IncidentOut,
    IncidentStepOut,
    ReferralAnswerIn,
    ReferralIn,
    ReferralOut,
    ToldIn,
)
from services.supervision import cases, incidents
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["supervision"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/incidents", response_model=list[IncidentOut], responses=problems(401, 403), summary="Incidents")
def list_incidents(work: Work) -> list[IncidentOut]:
    """Show the incidents of one's own institutions, elders or area, open ones first; without their words."""
    return [IncidentOut.model_validate(row, from_attributes=True) for row in incidents.incidents(work.session)]


@router.post(
    "/incidents",
    status_code=201,
    response_model=IncidentOut,
    responses=problems(401, 403, 404),
    summary="Report an incident",
)
def report_incident(work: Work, told: IncidentIn) -> IncidentOut:
    """Take an incident down from the institution or its office; the clock runs from when it happened."""
    made = incidents.report_incident(work.session, work.now, work.actor, incidents.NewIncident(**told.model_dump()))
    return IncidentOut.model_validate(incidents.find_incident(work.session, made), from_attributes=True)


@router.get(
    "/incidents/{incident_id}",
    response_model=IncidentDetailOut,
    responses=problems(401, 403, 404),
    summary="One incident",
)
def show_incident(work: Work, incident_id: Id) -> IncidentDetailOut:
    """Show an incident with its words in clear; the look is noted."""
    told, steps = incidents.read_incident(work.session, work.now, work.actor, incident_id)
    row = incidents.find_incident(work.session, incident_id)
    return IncidentDetailOut(
        **IncidentOut.model_validate(row, from_attributes=True).model_dump(),
        told=told,
        steps=[
            IncidentStepOut(kind=step["kind"], happened_at=step["happened_at"], told=step["told"]) for step in steps
        ],
    )


@router.post(
    "/incidents/{incident_id}/measures",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="What was done",
)
def note_measures(work: Work, incident_id: Id, told: ToldIn) -> None:
    """Write down what was done about an incident."""
    incidents.note_measures(work.session, work.now, work.actor, incident_id, told.told)


@router.post(
    "/incidents/{incident_id}/closing", status_code=204, responses=problems(401, 403, 404, 409), summary="Close it"
)
def close_incident(work: Work, incident_id: Id, told: IncidentClosingIn) -> None:
    """Close an incident, saying whether the institution answers for it."""
    incidents.close_incident(work.session, work.now, work.actor, incident_id, told.responsible, told.told)


@router.get("/supervision-cases", response_model=list[CaseOut], responses=problems(401, 403), summary="Cases")
def list_cases(work: Work) -> list[CaseOut]:
    """Show the cases of one's own provider or area, open ones first."""
    return [CaseOut.model_validate(row, from_attributes=True) for row in cases.list_cases(work.session)]


@router.post(
    "/supervision-cases",
    status_code=201,
    response_model=CaseDetailOut,
    responses=problems(401, 403, 404),
    summary="Open a case",
)
def open_case(work: Work, told: CaseIn) -> CaseDetailOut:
    """Write a finding down and ask the provider for its answer."""
    return _out(work, cases.open_case(work.session, work.now, work.actor, cases.NewCase(**told.model_dump())))


@router.get(
    "/supervision-cases/{case_id}",
    response_model=CaseDetailOut,
    responses=problems(401, 403, 404),
    summary="One case",
)
def show_case(work: Work, case_id: Id) -> CaseDetailOut:
    """Show a case with its decisions and log."""
    return _out(work, case_id)


@router.post(
    "/supervision-cases/{case_id}/answer",
    response_model=CaseDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="The provider's answer",
)
def answer_case(work: Work, case_id: Id, told: AnswerIn) -> CaseDetailOut:
    """Answer a finding, for the provider."""
    cases.answer_case(work.session, work.now, work.actor, case_id, told.answer)
    return _out(work, case_id)


@router.post(
    "/supervision-cases/{case_id}/decisions",
    status_code=201,
    response_model=CaseDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="Decide",
)
def decide(work: Work, case_id: Id, told: DecisionIn) -> CaseDetailOut:
    """Decide one thing; the blacklist and money back are carried out at once."""
    cases.decide(work.session, work.now, work.actor, case_id, cases.NewDecision(**told.model_dump()))
    return _out(work, case_id)


@router.post(
    "/case-decisions/{decision_id}/done", status_code=204, responses=problems(401, 403, 404, 409), summary="Carried out"
)
def mark_done(work: Work, decision_id: Id, told: DoneIn) -> None:
    """Write down that something decided was carried out."""
    cases.mark_done(work.session, work.now, work.actor, decision_id, told.note)


@router.post(
    "/supervision-cases/{case_id}/referrals",
    status_code=201,
    response_model=CaseDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="Refer a case",
)
def refer_case(work: Work, case_id: Id, told: ReferralIn) -> CaseDetailOut:
    """Hand a case to another department."""
    cases.refer_case(work.session, work.now, work.actor, case_id, told.department, told.told)
    return _out(work, case_id)


@router.post(
    "/case-referrals/{referral_id}/answer",
    status_code=204,
    responses=problems(401, 403, 404),
    summary="The department's answer",
)
def answer_referral(work: Work, referral_id: Id, told: ReferralAnswerIn) -> None:
    """Write down what the other department answered."""
    cases.answer_referral(work.session, work.now, work.actor, referral_id, told.answer, told.reference)


@router.post(
    "/supervision-cases/{case_id}/closing",
    response_model=CaseDetailOut,
    responses=problems(401, 403, 404, 409),
    summary="Close a case",
)
def close_case(work: Work, case_id: Id) -> CaseDetailOut:
    """Close a case in which everything decided was done."""
    cases.close_case(work.session, work.now, work.actor, case_id)
    return _out(work, case_id)


def _out(work: UnitOfWork, case_id: int) -> CaseDetailOut:
    row = cases.find_case(work.session, case_id)
    return CaseDetailOut(
        **CaseOut.model_validate(row, from_attributes=True).model_dump(),
        decisions=[
            DecisionOut.model_validate(one, from_attributes=True) for one in cases.decisions_of(work.session, case_id)
        ],
        referrals=[
            ReferralOut.model_validate(one, from_attributes=True) for one in cases.referrals_of(work.session, case_id)
        ],
        events=[
            CaseEventOut.model_validate(one, from_attributes=True) for one in cases.events_of(work.session, case_id)
        ],
    )
