"""Credit levels with their formula and evidence, the blacklist, appeals, and visits that wait for a decision."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.trust import (
    AppealIn,
    AppealOut,
    BarredVisitOut,
    CreditEvidenceOut,
    CreditOut,
    DecisionIn,
    EntryIn,
    MonthIn,
    NewIdOut,
    PublicEntryOut,
    VisitDecisionIn,
    WhyIn,
)
from services.directory import appeals, blacklist, credit
from services.directory.queries import find_provider
from services.directory.trust_errors import NotForTrust
from services.dispatch import barred
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["trust"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/providers/{provider_id}/credit",
    response_model=list[CreditOut],
    responses=problems(404),
    summary="Credit levels of a provider",
)
def show_credit(
    work: OpenWork, provider_id: Id, month: Annotated[date | None, Query(description="any day of one month")] = None
) -> list[CreditOut]:
    """Show a provider's levels, newest first, each with formula and points; for everybody."""
    find_provider(work.session, provider_id)
    if month is None:
        rows = credit.credit_history(work.session, provider_id)
    else:
        rows = [credit.credit_of(work.session, provider_id, month.replace(day=1))]
    return [CreditOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/providers/{provider_id}/credit",
    status_code=202,
    response_class=Response,
    response_model=None,
    responses=problems(401, 403, 404),
    summary="Compute a month anew",
)
def compute_credit(work: Work, provider_id: Id, asked: MonthIn) -> Response:
    """Have a past month computed again; a job does it and keeps a new version where anything differs."""
    credit.ask_credit(work.session, work.now, work.actor, provider_id, asked.month)
    return Response(status_code=202)


@router.get(
    "/credits/{credit_id}/evidence",
    response_model=list[CreditEvidenceOut],
    responses=problems(401, 403, 404),
    summary="The facts behind a level",
)
def show_evidence(work: Work, credit_id: Id) -> list[CreditEvidenceOut]:
    """Show the facts a level was counted from, to its provider and its officers."""
    found = credit.find_credit(work.session, credit_id)
    dispatches = work.actor.has_role("dispatcher") and work.actor.provider_id == found.provider_id
    if not dispatches and work.actor.area_lo is None:
        raise NotForTrust(role=work.actor.role)
    rows = credit.evidence_of(work.session, credit_id)
    return [CreditEvidenceOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/credits/{credit_id}/appeal",
    status_code=201,
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Appeal against a level",
)
def appeal_credit(work: Work, credit_id: Id, appeal: AppealIn) -> NewIdOut:
    """Appeal against a level, naming the facts that are wrong."""
    filed = appeals.appeal_credit(work.session, work.now, work.actor, credit_id, appeal.grounds, appeal.evidence_ids)
    return NewIdOut(id=filed)


@router.get("/trust-appeals", response_model=list[AppealOut], responses=problems(401, 403), summary="Appeals")
def show_appeals(work: Work) -> list[AppealOut]:
    """Show one's own appeals, or those of the office's area."""
    return [AppealOut.model_validate(row, from_attributes=True) for row in appeals.appeals(work.session)]


@router.post(
    "/trust-appeals/{trust_appeal_id}/decision",
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Decide an appeal",
)
def decide_appeal(work: Work, trust_appeal_id: Id, decided: DecisionIn) -> NewIdOut:
    """Grant or refuse an appeal, with a reply; not by who filed it."""
    appeals.decide_appeal(work.session, work.now, work.actor, trust_appeal_id, decided.decision, decided.reply)
    return NewIdOut(id=trust_appeal_id)


@router.get("/blacklist", response_model=list[PublicEntryOut], responses=problems(), summary="The blacklist")
def show_blacklist(work: OpenWork) -> list[PublicEntryOut]:
    """Show the organisations on the blacklist, for everybody."""
    rows = blacklist.public_blacklist(work.session)
    return [PublicEntryOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/blacklist",
    status_code=201,
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Put on the blacklist",
)
def enter_blacklist(work: Work, wish: EntryIn) -> NewIdOut:
    """Put a provider or a carer on the list: from now on no offer and no promise."""
    new = blacklist.NewEntry(**wish.model_dump())
    return NewIdOut(id=blacklist.enter_blacklist(work.session, work.now, work.actor, new))


@router.post(
    "/blacklist/{entry_id}/lifting",
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Take off the blacklist",
)
def lift(work: Work, entry_id: Id, why: WhyIn) -> NewIdOut:
    """Take somebody off the list, with the reason."""
    blacklist.lift_blacklisting(work.session, work.now, work.actor, entry_id, why.reason)
    return NewIdOut(id=entry_id)


@router.post(
    "/blacklist/{entry_id}/appeal",
    status_code=201,
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Appeal against an entry",
)
def appeal_entry(work: Work, entry_id: Id, why: WhyIn) -> NewIdOut:
    """Appeal against an entry, for the provider or the carer concerned."""
    return NewIdOut(id=appeals.appeal_entry(work.session, work.now, work.actor, entry_id, why.reason))


@router.get(
    "/blacklist/{entry_id}/visits",
    response_model=list[BarredVisitOut],
    responses=problems(401, 403, 404),
    summary="Visits to decide",
)
def show_visits(work: Work, entry_id: Id) -> list[BarredVisitOut]:
    """Show an office the running and future visits of whoever was blacklisted."""
    _check_office(work)
    blacklist.find_entry(work.session, entry_id)
    rows = barred.visits_to_decide(work.session, entry_id=entry_id)
    return [BarredVisitOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/blacklist-visits/{barred_visit_id}/decision",
    response_model=NewIdOut,
    responses=problems(401, 403, 404, 409),
    summary="Decide a visit",
)
def decide_visit(work: Work, barred_visit_id: Id, decided: VisitDecisionIn) -> NewIdOut:
    """Let a visit stay, move it or end it; a job does it at once."""
    barred.decide_visit(work.session, work.now, work.actor, barred_visit_id, decided.decision, decided.note)
    return NewIdOut(id=barred_visit_id)


def _check_office(work: UnitOfWork) -> None:
    if work.actor.area_lo is None:
        raise NotForTrust(role=work.actor.role)
