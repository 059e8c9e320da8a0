"""Waiting lists for beds: applying, one's place, being offered a bed, and being put first by two people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.bed_register import (
    BedAnswerIn,
    BedOfferCreatedOut,
    BedOfferIn,
    JumpCreatedOut,
    JumpDecisionIn,
    ReasonIn,
    WaitCreatedOut,
    WaitIn,
    WaitingTimeOut,
    WaitOut,
)
from api.schemas.visits import Moment
from services.beds import jumps, waiting, waiting_queries
from services.beds.grounds import home_to_see
from services.oversight.queries import desk_area
from services.people.rights import right_to

router = APIRouter(prefix="/api/v1", tags=["bed waiting lists"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/homes/{facility_id}/waiting-list",
    response_model=list[WaitOut],
    responses=problems(401, 403, 404),
    summary="A home's waiting list",
)
def show_list(work: Work, facility_id: Id) -> list[WaitOut]:
    """Give who waits for a home, in the order in which beds are offered, to the home and its office."""
    home_to_see(work.session, work.actor, facility_id)
    rows = waiting_queries.waiting_list(work.session, facility_id)
    return [WaitOut.model_validate(row) for row in rows]


@router.get(
    "/beds/waiting-times", response_model=list[WaitingTimeOut], responses=problems(401, 403), summary="Waiting times"
)
def show_times(
    work: Work, until: Annotated[Moment | None, Query(description="with time zone; default now")] = None
) -> list[WaitingTimeOut]:
    """Give by class how long elders waited for the homes of the office's area."""
    lo = desk_area(work.actor)
    assert work.actor.area_hi is not None
    rows = waiting_queries.waiting_times(work.session, lo, work.actor.area_hi, until or work.now)
    return [WaitingTimeOut.model_validate(row) for row in rows]


@router.get(
    "/elders/{elder_id}/bed-waits",
    response_model=list[WaitOut],
    responses=problems(401, 403, 404),
    summary="Where an elder waits",
)
def show_waits(work: Work, elder_id: Id) -> list[WaitOut]:
    """Give where an elder waits for a bed, at which place and why, and what was offered to her."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [WaitOut.model_validate(row) for row in waiting_queries.waits_of(work.session, elder_id)]


@router.post(
    "/elders/{elder_id}/bed-waits",
    status_code=201,
    response_model=WaitCreatedOut,
    responses=problems(401, 403, 404, 409),
    summary="Wait for a bed",
)
def apply(work: Work, elder_id: Id, asked: WaitIn) -> WaitCreatedOut:
    """Put an elder on a home's waiting list."""
    given = (asked.facility_id, elder_id, asked.wants)
    return WaitCreatedOut(wait_id=waiting.apply_for_bed(work.session, work.now, work.actor, *given))


@router.post("/bed-waits/{wait_id}/ending", status_code=204, responses=problems(401, 403, 404, 409), summary="Give up")
def give_up(work: Work, wait_id: Id, asked: ReasonIn) -> None:
    """Take an entry off the list; open offers go with it."""
    waiting.give_up_waiting(work.session, work.now, work.actor, wait_id, asked.reason)


@router.post(
    "/beds/{bed_id}/offers",
    status_code=201,
    response_model=BedOfferCreatedOut,
    responses=problems(401, 403, 404, 409),
    summary="Offer a bed",
)
def offer(work: Work, bed_id: Id, asked: BedOfferIn) -> BedOfferCreatedOut:
    """Offer a free bed to the first on the list whom it suits."""
    given = (bed_id, asked.first_day, asked.wait_id)
    return BedOfferCreatedOut(bed_offer_id=waiting.offer_bed(work.session, work.now, work.actor, *given))


@router.post(
    "/bed-offers/{bed_offer_id}/answer", status_code=204, responses=problems(401, 403, 404, 409), summary="Yes or no"
)
def answer(work: Work, bed_offer_id: Id, asked: BedAnswerIn) -> None:
    """Take a bed or let it go, for the elder's side or her office."""
    waiting.answer_offer(work.session, work.now, work.actor, bed_offer_id, asked.accepts, asked.reason)


@router.post(
    "/bed-offers/{bed_offer_id}/withdrawal",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Take back",
)
def withdraw(work: Work, bed_offer_id: Id, asked: ReasonIn) -> None:
    """Take an offer back; the elder keeps her turn."""
    waiting.withdraw_offer(work.session, work.now, work.actor, bed_offer_id, asked.reason)


@router.post(
    "/bed-waits/{wait_id}/jumps",
    status_code=201,
    response_model=JumpCreatedOut,
    responses=problems(401, 403, 404, 409),
    summary="Ask for a jump",
)
def ask_jump(work: Work, wait_id: Id, asked: ReasonIn) -> JumpCreatedOut:
    """Ask that somebody be put first, with the reason."""
    return JumpCreatedOut(jump_id=jumps.ask_jump(work.session, work.now, work.actor, wait_id, asked.reason))


@router.post("/bed-jumps/{jump_id}/decision", status_code=204, responses=problems(401, 403, 404, 409), summary="Decide")
def decide_jump(work: Work, jump_id: Id, asked: JumpDecisionIn) -> None:
    """Say yes or no to a jump; never who asked for it."""
    jumps.decide_jump(work.session, work.now, work.actor, jump_id, asked.approves, asked.reason)
