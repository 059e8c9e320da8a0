"""The needs board, a volunteer's promises, and her minutes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.routes.directory import NearHome
from api.schemas.visits import Day, Moment
from api.schemas.volunteering import (
    Code,
    CorrectionOut,
    DisputeIn,
    ElderNeedOut,
    MyNeedOut,
    NeedCreatedOut,
    NeedIn,
    NeedOnBoardOut,
    SessionOut,
    StatementOut,
    TakenOut,
    TrainingIn,
    VolunteerIn,
    VolunteerOut,
)
from services.clock import civil_date, civil_midnight
from services.people.rights import right_to
from services.volunteering import actions, correcting, queries, registering, sessions
from services.volunteering.board import Wishes, board_near

router = APIRouter(prefix="/api/v1", tags=["volunteering"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.post(
    "/volunteers",
    status_code=201,
    response_model=VolunteerOut,
    responses=problems(401, 403, 404, 409),
    summary="Become a volunteer",
)
def become(work: Work, asked: VolunteerIn) -> VolunteerOut:
    """Put a person on the volunteers' register, with an account in her city's time bank."""
    assert work.actor.person_id is not None
    person_id = asked.person_id or work.actor.person_id
    passport = registering.register_volunteer(
        work.session, work.now, work.actor, person_id, display_name=asked.display_name, interests=asked.interests
    )
    return VolunteerOut(person_id=person_id, passport_number=passport)


@router.post(
    "/volunteers/{person_id}/training",
    status_code=204,
    responses=problems(401, 403),
    summary="Tick a volunteer's training",
)
def train(work: Work, person_id: Id, asked: TrainingIn) -> None:
    """Record training and insurance; by the community's office only."""
    registering.record_training(
        work.session, work.now, work.actor, person_id, trained_on=asked.trained_on, insured_until=asked.insured_until
    )


@router.get("/needs", response_model=list[NeedOnBoardOut], responses=problems(401), summary="The needs board")
def board(
    work: Work,
    near: NearHome,
    kind: Annotated[list[Code] | None, Query(max_length=40)] = None,
    starts_from: Annotated[Moment | None, Query()] = None,
    starts_before: Annotated[Moment | None, Query()] = None,
) -> list[NeedOnBoardOut]:
    """Give open needs without names and doors, the shortest walk first; only active volunteers and offices see any.

    The walk is from lon, lat in crs, or from the reader's home, to the elder's community. `estimated` (估算): by the
    straight line, where no street is known.
    """
    wishes = Wishes(
        kinds=tuple(kind) if kind is not None else None, from_at=starts_from, until_at=starts_before,
        place=(near.lon, near.lat) if near is not None else None,
    )  # fmt: skip
    found = board_near(work.session, work.now, work.actor, wishes)
    return [NeedOnBoardOut(**asdict(need)) for need in found]


@router.get("/needs/mine", response_model=list[MyNeedOut], responses=problems(401), summary="Needs I took")
def mine(work: Work) -> list[MyNeedOut]:
    """Give the needs the volunteer took, newest first."""
    return [MyNeedOut.model_validate(row) for row in queries.my_needs(work.session, work.actor)]


@router.post(
    "/elders/{elder_id}/needs",
    status_code=201,
    response_model=NeedCreatedOut,
    responses=problems(401, 403, 404),
    summary="Ask for a volunteer",
)
def ask(work: Work, elder_id: Id, asked: NeedIn) -> NeedCreatedOut:
    """Put an elder's need on the board."""
    need_id = actions.post_need(
        work.session,
        work.now,
        work.actor,
        elder_id,
        kind=asked.kind,
        title=asked.title,
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
    )
    return NeedCreatedOut(need_id=need_id)


@router.get(
    "/elders/{elder_id}/needs",
    response_model=list[ElderNeedOut],
    responses=problems(401, 403, 404),
    summary="An elder's needs",
)
def needs_of_elder(work: Work, elder_id: Id) -> list[ElderNeedOut]:
    """Give an elder's needs to her side, with who took them."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [ElderNeedOut.model_validate(row) for row in queries.needs_of_elder(work.session, elder_id)]


@router.post(
    "/needs/{need_id}/taking", response_model=TakenOut, responses=problems(401, 403, 404, 409), summary="Take a need"
)
def take(work: Work, need_id: Id) -> TakenOut:
    """Take a need; the first volunteer wins."""
    return TakenOut(need_id=need_id, visit_id=actions.take_need(work.session, work.now, work.actor, need_id))


@router.post("/needs/{need_id}/release", status_code=204, responses=problems(401, 404, 409), summary="Give a need back")
def release(work: Work, need_id: Id) -> None:
    """Give a taken need back to the board."""
    actions.release_need(work.session, work.now, work.actor, need_id)


@router.post(
    "/needs/{need_id}/cancellation", status_code=204, responses=problems(401, 403, 404, 409), summary="Withdraw a need"
)
def withdraw(work: Work, need_id: Id) -> None:
    """Withdraw a need on the elder's side; whoever took it is told."""
    actions.cancel_need(work.session, work.now, work.actor, need_id)


@router.get(
    "/elders/{elder_id}/volunteer-sessions",
    response_model=list[SessionOut],
    responses=problems(401, 403, 404),
    summary="Served time to confirm",
)
def to_confirm(work: Work, elder_id: Id) -> list[SessionOut]:
    """Give the served time that waits for the elder's side."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [SessionOut.model_validate(row) for row in queries.sessions_to_confirm(work.session, elder_id)]


@router.post(
    "/volunteer-sessions/{session_id}/confirmation",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Confirm served time",
)
def confirm(work: Work, session_id: Id) -> None:
    """Confirm a volunteer's time: her minutes are posted."""
    sessions.confirm_session(work.session, work.now, work.actor, session_id)


@router.post(
    "/volunteer-sessions/{session_id}/dispute",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Object to served time",
)
def dispute(work: Work, session_id: Id, asked: DisputeIn) -> None:
    """Object to a volunteer's time: the held minutes are void and her community is told."""
    sessions.dispute_session(work.session, work.now, work.actor, session_id, asked.reason)


@router.post(
    "/volunteer-sessions/{session_id}/correction",
    status_code=202,
    response_model=CorrectionOut,
    responses=problems(401, 403, 404, 409),
    summary="Correct posted time",
)
def correct(work: Work, session_id: Id, asked: DisputeIn) -> CorrectionOut:
    """Order the counter-entry of minutes posted by mistake; the entry itself is never edited."""
    correcting.correct_session(work.session, work.now, work.actor, session_id, asked.reason)
    return CorrectionOut(session_id=session_id, ordered=True)


@router.get(
    "/volunteers/{person_id}/statement",
    response_model=StatementOut,
    responses=problems(401, 404, 409),
    summary="A volunteer's statement",
)
def statement(
    work: Work,
    person_id: Id,
    from_day: Annotated[Day | None, Query()] = None,
    to_day: Annotated[Day | None, Query()] = None,
    after_id: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> StatementOut:
    """Give a page of a volunteer's account, both Shanghai days included, with what each entry was for."""
    last = to_day or civil_date(work.now)
    first = from_day or last.replace(month=1, day=1)
    found = queries.volunteer_statement(
        work.session,
        work.actor,
        person_id,
        start=civil_midnight(first),
        end=civil_midnight(last + timedelta(days=1)),
        after_id=after_id,
    )
    return StatementOut(from_day=first, to_day=last, **asdict(found))
