"""At the door and around it: check-in, check-out, plates, attempts, unanswered doors, the month's rate."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import Work
from api.errors import problem_response, problems, status_of
from api.schemas.visits import (
    ArrivalForIn,
    AttemptCreatedOut,
    AttemptIn,
    AttemptOut,
    CheckInIn,
    CheckInOut,
    CheckOutIn,
    CheckOutOut,
    ClosingIn,
    CodeOut,
    ComplianceOut,
    Day,
    DeviceIn,
    DutyEndIn,
    EscalationOut,
    LeavingForIn,
    NotYetVisitedOut,
    PlateIn,
    PlateOut,
    VisitOfDayOut,
    VisitOfElderOut,
    VisitOut,
)
from services.clock import civil_date, civil_midnight
from services.people.rights import right_to
from services.visits import actions, plates, queries, supervising
from services.visits.attempts import record_attempt
from services.visits.compliance import month_compliance, not_yet_visited
from services.visits.duties import end_duty
from services.visits.errors import NotAVisitor
from services.visits.escalations import close_escalation
from services.visits.records import DeviceFacts
from services.visits.vitals import Vitals

router = APIRouter(prefix="/api/v1", tags=["visits"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Month = Annotated[Day | None, Query(description="any day of the month; default today")]
Level = Annotated[Literal["district", "street", "community"], Query()]


@router.get("/visits/today", response_model=list[VisitOfDayOut], responses=problems(401), summary="My doors of a day")
def doors_of_day(work: Work, day: Annotated[Day | None, Query()] = None) -> list[VisitOfDayOut]:
    """Give the visitor's own doors of a Shanghai day, in order."""
    rows = queries.visits_of_day(work.session, work.actor, day or civil_date(work.now))
    return [VisitOfDayOut.model_validate(row) for row in rows]


@router.get("/visits/{visit_id}", response_model=VisitOut, responses=problems(401, 404), summary="One visit")
def one_visit(work: Work, visit_id: Id) -> VisitOut:
    """Show a visit the actor may see, without code and position."""
    return VisitOut.model_validate(queries.find_visit(work.session, visit_id))


@router.get(
    "/visits/{visit_id}/code",
    response_model=CodeOut,
    responses=problems(401, 403, 404, 409),
    summary="The elder's code",
)
def code_of_visit(work: Work, visit_id: Id) -> CodeOut:
    """Show the four digits to the elder or her family; the reading is written down."""
    return CodeOut(visit_id=visit_id, code=queries.read_visit_code(work.session, work.now, work.actor, visit_id))


@router.post(
    "/visits/{visit_id}/check-in",
    response_model=CheckInOut,
    responses=problems(401, 404, 409, 429),
    summary="Arrive at the door",
)
def arrive(work: Work, visit_id: Id, asked: CheckInIn, request: Request) -> CheckInOut | Response:
    """Record arrival by plate or code. A wrong code counts, so it is answered, not raised."""
    answer = actions.check_in(
        work.session,
        work.now,
        work.actor,
        visit_id,
        proof=actions.DoorProof(asked.proof, asked.secret),
        happened_at=asked.happened_at,
        device=_device(asked.device),
    )
    if answer.refusal is not None:
        refusal = answer.refusal
        return problem_response(request, status_of(refusal), type(refusal).__name__, refusal.message_zh, refusal.facts)
    return CheckInOut.model_validate(answer)


@router.post(
    "/visits/{visit_id}/check-out",
    response_model=CheckOutOut,
    responses=problems(401, 404, 409),
    summary="Leave the door",
)
def leave(work: Work, visit_id: Id, asked: CheckOutIn) -> CheckOutOut:
    """Record leaving with what was done."""
    left = actions.check_out(
        work.session,
        work.now,
        work.actor,
        visit_id,
        tasks_done=asked.tasks_done,
        note=asked.note,
        happened_at=asked.happened_at,
        device=_device(asked.device),
        risks=asked.risks,
        vitals=Vitals(**asked.vitals.model_dump()) if asked.vitals else None,
    )
    return CheckOutOut.model_validate(left)


@router.post(
    "/visits/{visit_id}/check-in-for",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Record an arrival for somebody",
)
def arrive_for(work: Work, visit_id: Id, asked: ArrivalForIn) -> None:
    """Record arrival after calling the elder, or as the provider's supervisor; with a reason, never silently."""
    supervising.check_in_for(work.session, work.now, work.actor, visit_id, **asked.model_dump())


@router.post(
    "/visits/{visit_id}/check-out-for",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Record a leaving for somebody",
)
def leave_for(work: Work, visit_id: Id, asked: LeavingForIn) -> None:
    """Record leaving for a visitor whose phone died or who forgot."""
    supervising.check_out_for(work.session, work.now, work.actor, visit_id, **asked.model_dump())


def _device(given: DeviceIn) -> DeviceFacts:
    return DeviceFacts(**given.model_dump())


@router.get(
    "/elders/{elder_id}/visits",
    response_model=list[VisitOfElderOut],
    responses=problems(401, 403, 404),
    summary="An elder's visits",
)
def visits_of_elder(work: Work, elder_id: Id, since: Annotated[Day | None, Query()] = None) -> list[VisitOfElderOut]:
    """Give an elder's visits to her side and her community, newest first."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    start = civil_midnight(since or civil_date(work.now).replace(day=1))
    return [VisitOfElderOut.model_validate(row) for row in queries.visits_of_elder(work.session, elder_id, start)]


@router.post(
    "/elders/{elder_id}/door-plate",
    status_code=201,
    response_model=PlateOut,
    responses=problems(401, 403, 404),
    summary="Issue a door plate",
)
def new_plate(work: Work, elder_id: Id, asked: PlateIn) -> PlateOut:
    """Issue a QR plate for an elder's door; the one before it stops working."""
    token = plates.issue_door_plate(work.session, work.now, work.actor, elder_id)
    return PlateOut(
        elder_id=elder_id, token=token, address=plates.plate_address(token), svg=plates.plate_page(token, asked.caption)
    )


@router.delete(
    "/elders/{elder_id}/door-plate", status_code=204, responses=problems(401, 403, 404), summary="Revoke a door plate"
)
def no_plate(work: Work, elder_id: Id) -> None:
    """Make the plate at an elder's door useless."""
    plates.revoke_door_plate(work.session, work.now, work.actor, elder_id)


@router.post(
    "/elders/{elder_id}/visit-attempts",
    status_code=201,
    response_model=AttemptCreatedOut,
    responses=problems(401, 403, 404),
    summary="Record a try to see an elder",
)
def attempt(work: Work, elder_id: Id, asked: AttemptIn) -> AttemptCreatedOut:
    """Write down one try; silence opens an escalation, an answer closes it."""
    made = record_attempt(
        work.session,
        work.now,
        work.actor,
        elder_id,
        channel=asked.channel,
        outcome=asked.outcome,
        happened_at=asked.happened_at,
        note=asked.note,
        visit_id=asked.visit_id,
    )
    return AttemptCreatedOut(attempt_id=made)


@router.get(
    "/elders/{elder_id}/visit-attempts",
    response_model=list[AttemptOut],
    responses=problems(401, 403, 404),
    summary="The tries to see an elder",
)
def attempts(work: Work, elder_id: Id) -> list[AttemptOut]:
    """Give the tries, each with when it happened and when it was recorded."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [AttemptOut.model_validate(row) for row in queries.attempts_of_elder(work.session, elder_id)]


@router.post(
    "/elders/{elder_id}/visit-duty/ending",
    status_code=204,
    responses=problems(401, 403, 404),
    summary="Take an elder off the list",
)
def off_the_list(work: Work, elder_id: Id, asked: DutyEndIn) -> None:
    """End an elder's visit duty from a day on, with the reason; earlier months keep her."""
    end_duty(work.session, work.now, work.actor, elder_id, asked.on, asked.reason)


@router.get(
    "/escalations/mine", response_model=list[EscalationOut], responses=problems(401), summary="Doors in my hands"
)
def doors_in_my_hands(work: Work) -> list[EscalationOut]:
    """Give the unanswered doors the actor personally answers for."""
    return [EscalationOut.model_validate(row) for row in queries.escalations_in_my_hands(work.session, work.actor)]


@router.post(
    "/escalations/{escalation_id}/closing",
    status_code=204,
    responses=problems(401, 404, 409),
    summary="Close an unanswered door",
)
def close(work: Work, escalation_id: Id, asked: ClosingIn) -> None:
    """Close an unanswered door with what was found. This is no visit."""
    close_escalation(work.session, work.now, work.actor, escalation_id, asked.resolution, asked.note)


@router.get(
    "/visit-duties/compliance",
    response_model=ComplianceOut,
    responses=problems(401, 403, 404),
    summary="The month's rate",
)
def compliance(work: Work, month: Month = None, level: Level = "community") -> ComplianceOut:
    """Give the visit rate of a month over the actor's own area, with its definition."""
    lo, hi = _area(work)
    found = month_compliance(work.session, work.now, month or civil_date(work.now), lo=lo, hi=hi, level=level)
    return ComplianceOut.model_validate(found)


@router.get(
    "/visit-duties/not-yet-visited",
    response_model=list[NotYetVisitedOut],
    responses=problems(401, 403, 404),
    summary="Who was not seen",
)
def unvisited(work: Work, month: Month = None) -> list[NotYetVisitedOut]:
    """Give the elders of the actor's own area nobody has met, highest risk first."""
    lo, hi = _area(work)
    rows = not_yet_visited(work.session, work.now, month or civil_date(work.now), lo=lo, hi=hi)
    return [NotYetVisitedOut.model_validate(row) for row in rows]


def _area(work: Work) -> tuple[int, int]:
    if work.actor.area_lo is None or work.actor.area_hi is None:
        raise NotAVisitor("这个页面给有辖区的工作人员使用。")
    return work.actor.area_lo, work.actor.area_hi
