"""Newcomers at the counter, and hours that follow somebody to another district of her city."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import Work
from api.errors import problems
from api.schemas.hour_moves import DistrictIn, FollowingOut, GuardianIn, HourMoveOut, NewcomerIn
from api.schemas.hours import ReasonIn
from api.schemas.volunteering import VolunteerOut
from services.volunteering import moving_on, newcomers

router = APIRouter(prefix="/api/v1", tags=["volunteering"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.post(
    "/volunteers/newcomers",
    status_code=201,
    response_model=VolunteerOut,
    responses=problems(401, 403, 409),
    summary="Register somebody new as a volunteer",
)
def newcomer(work: Work, asked: NewcomerIn) -> VolunteerOut:
    """Register a person unknown to the house and at once as a volunteer, a minor with her guardian; by her office."""
    who = newcomers.Newcomer(asked.full_name, asked.id_number, asked.area_code, asked.phone)
    person_id, passport = newcomers.register_newcomer(
        work.session, work.now, work.actor, who, display_name=asked.display_name, interests=asked.interests,
        reason=asked.reason, guardian=_guardian(asked.guardian, asked.area_code),
    )  # fmt: skip
    return VolunteerOut(person_id=person_id, passport_number=passport)


@router.post(
    "/volunteers/{person_id}/district",
    status_code=202,
    response_model=FollowingOut,
    responses=problems(401, 403, 404, 409),
    summary="Somebody moves within the city",
)
def move(work: Work, person_id: Id, asked: DistrictIn) -> FollowingOut:
    """Write down where a volunteer, or an elder with hours, lives now; her hours follow to the bank there by a job."""
    accounts = moving_on.ask_to_follow(work.session, work.now, work.actor, person_id, asked.area_code, asked.reason)
    return FollowingOut(accounts=accounts)


@router.get(
    "/hour-moves", response_model=list[HourMoveOut], responses=problems(401, 403), summary="Hours that followed"
)
def moves(work: Work) -> list[HourMoveOut]:
    """Give what went from or came to the office's area, newest first."""
    return [HourMoveOut(**one) for one in moving_on.moves_of_area(work.session, work.actor)]


@router.post(
    "/hour-moves/{move_id}/undoing",
    status_code=202,
    response_model=FollowingOut,
    responses=problems(401, 403, 404, 409),
    summary="Send hours back",
)
def undo(work: Work, move_id: Id, asked: ReasonIn) -> FollowingOut:
    """Send the hours of a move back by counter-entries, and the register with them."""
    accounts = moving_on.ask_to_undo(work.session, work.now, work.actor, move_id, asked.reason)
    return FollowingOut(accounts=accounts)


def _guardian(told: GuardianIn | None, area_code: int) -> newcomers.Guardian | None:
    if told is None:
        return None
    who = newcomers.Newcomer(told.full_name, told.id_number, area_code, told.phone)
    return newcomers.Guardian(who, told.relation, told.consent)
