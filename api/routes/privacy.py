"""Consent, who read what, copies and erasure, positions in the visit, WeChat accounts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.deps import Work
from api.errors import problems
from api.schemas.people import CreatedOut, RevealOut
from api.schemas.privacy import (
    ConsentIn,
    ConsentOut,
    CopyOut,
    ErasureDecisionIn,
    ErasureOut,
    KeptOut,
    PositionOut,
    PositionsIn,
    ReadingOut,
    RetentionRunOut,
    VisitRevealIn,
    WechatOut,
)
from services.errors import NotAllowed
from services.oversight import copying, erasing
from services.oversight.retention import last_runs
from services.people import consents, disclosing, wechat_sign_in
from services.people.rights import right_to
from services.unit_of_work import UnitOfWork
from services.visits.errors import VisitNotFound
from services.visits.positions import Fix, note_positions, positions_of
from services.visits.queries import find_visit

router = APIRouter(prefix="/api/v1", tags=["privacy"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Purpose = Annotated[str, Path(min_length=1, max_length=40)]
DONE = 204


def _me(work: UnitOfWork) -> int:
    assert work.actor.person_id is not None
    return work.actor.person_id


def _asked(work: UnitOfWork, person_id: int) -> list[ConsentOut]:
    return [ConsentOut(**asdict(one)) for one in consents.consents_of(work.session, work.now, person_id)]


def _give(work: UnitOfWork, person_id: int, asked: ConsentIn) -> Response:
    act = (work.session, work.now, work.actor)
    consents.give_consent(*act, person_id, asked.purpose, asked.version, attachment_id=asked.attachment_id)
    return Response(status_code=DONE)


@router.get("/me/consents", response_model=list[ConsentOut], responses=problems(401), summary="What I agreed to")
def my_consents(work: Work) -> list[ConsentOut]:
    """List what the signed-in person is asked about herself, with her newest word on each."""
    return _asked(work, _me(work))


@router.post("/me/consents", status_code=DONE, responses=problems(401, 403), summary="Agree")
def agree(work: Work, asked: ConsentIn) -> Response:
    """Say yes to the version that was shown."""
    return _give(work, _me(work), asked)


@router.delete("/me/consents/{purpose}", status_code=DONE, responses=problems(401, 403), summary="Withdraw")
def take_back(work: Work, purpose: Purpose) -> Response:
    """Say no; new use stops at once."""
    consents.withdraw_consent(work.session, work.now, work.actor, _me(work), purpose)
    return Response(status_code=DONE)


@router.get(
    "/elders/{elder_id}/consents",
    response_model=list[ConsentOut],
    responses=problems(401, 403, 404),
    summary="What an elder agreed to",
)
def elders_consents(work: Work, elder_id: Id) -> list[ConsentOut]:
    """List the purposes an elder is asked about, with her newest word on each."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return _asked(work, elder_id)


@router.post(
    "/elders/{elder_id}/consents", status_code=DONE, responses=problems(401, 403, 404), summary="Agree for an elder"
)
def agree_for(work: Work, elder_id: Id, asked: ConsentIn) -> Response:
    """Say yes: herself, a relative who may order, or the office at the counter with the signed paper."""
    return _give(work, elder_id, asked)


@router.delete(
    "/elders/{elder_id}/consents/{purpose}",
    status_code=DONE,
    responses=problems(401, 403, 404),
    summary="Withdraw for an elder",
)
def take_back_for(work: Work, elder_id: Id, purpose: Purpose) -> Response:
    """Say no; no paper is needed to stop something."""
    consents.withdraw_consent(work.session, work.now, work.actor, elder_id, purpose)
    return Response(status_code=DONE)


@router.get("/me/readings", response_model=list[ReadingOut], responses=problems(401), summary="Who looked at my data")
def my_readings(work: Work) -> list[ReadingOut]:
    """List who read the signed-in person's sealed fields in clear, newest first."""
    return [ReadingOut.model_validate(asdict(one)) for one in disclosing.readings_of(work.session, _me(work))]


@router.get(
    "/elders/{elder_id}/readings",
    response_model=list[ReadingOut],
    responses=problems(401, 403, 404),
    summary="Who looked at an elder's data",
)
def elders_readings(work: Work, elder_id: Id) -> list[ReadingOut]:
    """List who read an elder's sealed fields in clear, newest first."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [ReadingOut.model_validate(asdict(one)) for one in disclosing.readings_of(work.session, elder_id)]


@router.get("/readings", response_model=list[ReadingOut], responses=problems(401, 403), summary="Readings of an area")
def area_readings(
    work: Work,
    days: Annotated[int, Query(ge=1, le=3650)] = 31,
    reader_id: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> list[ReadingOut]:
    """List the readings of the office's area, for the auditor."""
    since = work.now - timedelta(days=days)
    found = disclosing.readings_in_area(work.session, work.actor, since=since, reader_id=reader_id)
    return [ReadingOut.model_validate(asdict(one)) for one in found]


@router.post(
    "/visits/{visit_id}/reveal",
    response_model=RevealOut,
    responses=problems(401, 403, 404),
    summary="Read before going in",
)
def reveal_to_visitor(work: Work, visit_id: Id, asked: VisitRevealIn) -> RevealOut:
    """Show the visitor of the day an elder's health (with her consent) or emergency phone; the look is written down."""
    visit = find_visit(work.session, visit_id)
    if visit.visitor_id != work.actor.person_id:
        raise VisitNotFound(visit_id=visit_id)
    act = (work.session, work.now, work.actor)
    value = disclosing.disclose(*act, visit.elder_id, asked.field, "visit", by_right=f"visitor:{visit_id}")
    return RevealOut(field=asked.field, value=value)


@router.post(
    "/visits/{visit_id}/positions",
    response_model=KeptOut,
    responses=problems(401, 403, 404, 409),
    summary="Positions during a visit",
)
def keep_positions(work: Work, visit_id: Id, asked: PositionsIn) -> KeptOut:
    """Keep a visitor's positions, taken between check-in and check-out, with her consent."""
    fixes = [Fix(**one.model_dump()) for one in asked.positions]
    return KeptOut(kept=note_positions(work.session, work.now, work.actor, visit_id, fixes))


@router.get(
    "/visits/{visit_id}/positions",
    response_model=list[PositionOut],
    responses=problems(401, 403, 404),
    summary="Where the visitor was",
)
def read_positions(work: Work, visit_id: Id) -> list[PositionOut]:
    """Show a visit's positions to the visitor herself or to the office, whose look is written down."""
    rows = positions_of(work.session, work.now, work.actor, visit_id)
    return [PositionOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/me/copy", status_code=202, response_model=None, responses=problems(401, 403), summary="Ask for my copy")
def ask_my_copy(work: Work) -> Response:
    """Ask for a copy of everything about oneself; a message says when it can be fetched."""
    copying.ask_copy(work.session, work.now, work.actor, _me(work))
    return Response(status_code=202)


@router.post(
    "/elders/{elder_id}/copy",
    status_code=202,
    response_model=None,
    responses=problems(401, 403, 404),
    summary="Ask for an elder's copy",
)
def ask_copy_for(work: Work, elder_id: Id) -> Response:
    """Ask for the copy at the counter, with the elder there."""
    copying.ask_copy(work.session, work.now, work.actor, elder_id)
    return Response(status_code=202)


@router.get(
    "/elders/{elder_id}/copies",
    response_model=list[CopyOut],
    responses=problems(401, 403, 404),
    summary="Copies to fetch",
)
def copies(work: Work, elder_id: Id) -> list[CopyOut]:
    """List the copies the caller may fetch, as attachments."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    rows = copying.copies_of(work.session, work.actor, elder_id)
    return [CopyOut.model_validate(row, from_attributes=True) for row in rows]


def _erasure(row: Any) -> ErasureOut:
    return ErasureOut.model_validate(row, from_attributes=True)


@router.post(
    "/me/erasure", status_code=201, response_model=CreatedOut, responses=problems(401, 403, 409), summary="Forget me"
)
def ask_my_erasure(work: Work) -> CreatedOut:
    """Ask to be forgotten within the law's limits; the office answers by `due_at`."""
    return CreatedOut(id=erasing.ask_erasure(work.session, work.now, work.actor, _me(work)))


@router.post(
    "/elders/{elder_id}/erasure",
    status_code=201,
    response_model=CreatedOut,
    responses=problems(401, 403, 404, 409),
    summary="Ask for an elder's erasure",
)
def ask_erasure_for(work: Work, elder_id: Id) -> CreatedOut:
    """Ask at the counter, with the elder there; another officer decides."""
    return CreatedOut(id=erasing.ask_erasure(work.session, work.now, work.actor, elder_id))


@router.get("/erasures", response_model=list[ErasureOut], responses=problems(401, 403), summary="Requests of an area")
def erasures(work: Work) -> list[ErasureOut]:
    """List the requests of the office's area, those that wait first."""
    return [_erasure(row) for row in erasing.requests_in_area(work.session, work.actor)]


@router.get("/erasures/{erasure_id}", response_model=ErasureOut, responses=problems(401, 403, 404), summary="A request")
def erasure(work: Work, erasure_id: Id) -> ErasureOut:
    """Show a request and, once done, the proof: what was erased, what is kept and why."""
    found = erasing.find_request(work.session, erasure_id)
    consents.right_over(work.session, work.now, work.actor, found.person_id, "view")
    return _erasure(found)


@router.delete(
    "/erasures/{erasure_id}", status_code=DONE, responses=problems(401, 403, 404, 409), summary="Take a request back"
)
def withdraw_erasure(work: Work, erasure_id: Id) -> Response:
    """Take a request back before it is decided."""
    erasing.withdraw_erasure(work.session, work.now, work.actor, erasure_id)
    return Response(status_code=DONE)


@router.post(
    "/erasures/{erasure_id}/decision", status_code=DONE, responses=problems(401, 403, 404, 409), summary="Decide"
)
def decide(work: Work, erasure_id: Id, asked: ErasureDecisionIn) -> Response:
    """Decide as an officer who did not ask herself; an approval erases by a job."""
    erasing.decide_erasure(work.session, work.now, work.actor, erasure_id, approve=asked.approve, reason=asked.reason)
    return Response(status_code=DONE)


@router.get(
    "/retention-runs", response_model=list[RetentionRunOut], responses=problems(401, 403), summary="Clearings so far"
)
def retention_runs(work: Work) -> list[RetentionRunOut]:
    """List what the month's clearings found and removed; to offices with an area."""
    if work.actor.area_lo is None:
        raise NotAllowed()
    return [RetentionRunOut.model_validate(row, from_attributes=True) for row in last_runs(work.session)]


@router.get("/me/wechat", response_model=list[WechatOut], responses=problems(401), summary="My WeChat accounts")
def my_wechat(work: Work) -> list[WechatOut]:
    """List the WeChat accounts that sign the caller in."""
    rows = wechat_sign_in.accounts_of(work.session, _me(work))
    return [WechatOut.model_validate(row, from_attributes=True) for row in rows]


@router.delete("/me/wechat/{account_id}", status_code=DONE, responses=problems(401, 403, 404), summary="Unbind")
def unbind(work: Work, account_id: Id) -> Response:
    """Unbind one of the caller's own WeChat accounts; what it signed in is signed out."""
    wechat_sign_in.unbind_account(work.session, work.now, work.actor, _me(work), account_id)
    return Response(status_code=DONE)
