"""Which carer goes to which door."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.dispatch import AssignedOut, AssignIn, CarerOut, JobOut, ReassignIn, UnassignedOut
from services.clock import civil_date, civil_midnight
from services.dispatch import actions
from services.dispatch.queries import carer_day, carers_free, provider_jobs, skills_for, unassigned_orders
from services.matching.queries import check_dispatcher
from services.orders.errors import BadTime
from services.orders.queries import find_order

router = APIRouter(prefix="/api/v1", tags=["dispatch"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Day = Annotated[date | None, Query(description="Shanghai calendar day; today unless told")]


@router.post(
    "/orders/{order_id}/assignment",
    status_code=201,
    response_model=AssignedOut,
    responses=problems(401, 403, 404, 409),
    summary="Assign a carer",
)
def assign_carer(work: Work, order_id: Id, asked: AssignIn) -> AssignedOut:
    """Promise a carer's time to an accepted order; an overlap is refused by the database, with who is free."""
    promised = actions.assign_carer(work.session, work.now, work.actor, order_id, asked.carer_id)
    return AssignedOut(assignment_id=promised, order_id=order_id, carer_id=asked.carer_id)


@router.put(
    "/orders/{order_id}/assignment",
    response_model=AssignedOut,
    responses=problems(401, 403, 404, 409),
    summary="Send another carer",
)
def reassign_carer(work: Work, order_id: Id, asked: ReassignIn) -> AssignedOut:
    """Send another carer instead, before the visit begins; everybody concerned is told."""
    promised = actions.reassign_carer(work.session, work.now, work.actor, order_id, asked.carer_id, asked.reason)
    return AssignedOut(assignment_id=promised, order_id=order_id, carer_id=asked.carer_id)


@router.get(
    "/orders/{order_id}/free-carers",
    response_model=list[CarerOut],
    responses=problems(401, 403, 404),
    summary="Who could go",
)
def show_free_carers(work: Work, order_id: Id) -> list[CarerOut]:
    """Show a dispatcher her carers who hold the skills and are free in the order's window."""
    order = find_order(work.session, order_id)
    if order.provider_id is None:
        return []
    check_dispatcher(work.session, work.actor, order.provider_id)
    skills = skills_for(work.session, order.service_code, order.area_code, civil_date(order.starts_at))
    window = (order.starts_at, order.ends_at)
    free = carers_free(work.session, order.provider_id, window, skills, besides_order_id=order_id)
    return [CarerOut.model_validate(asdict(carer)) for carer in free]


@router.get(
    "/providers/{provider_id}/unassigned-orders",
    response_model=list[UnassignedOut],
    responses=problems(401, 403),
    summary="Accepted orders without a carer",
)
def show_unassigned(work: Work, provider_id: Id) -> list[UnassignedOut]:
    """Show what a provider accepted and nobody is promised to, the soonest first."""
    waiting = unassigned_orders(work.session, work.actor, provider_id)
    return [UnassignedOut.model_validate(asdict(order)) for order in waiting]


@router.get(
    "/providers/{provider_id}/jobs",
    response_model=list[JobOut],
    responses=problems(401, 403),
    summary="A provider's jobs of a day",
)
def show_provider_jobs(work: Work, provider_id: Id, day: Day = None) -> list[JobOut]:
    """Show a provider's promised times of a day, by carer."""
    midnight = civil_midnight(_believable(day or civil_date(work.now)))
    jobs = provider_jobs(work.session, work.actor, provider_id, midnight, midnight + timedelta(days=1))
    return [JobOut.model_validate(asdict(job)) for job in jobs]


@router.get("/me/jobs", response_model=list[JobOut], responses=problems(401), summary="My jobs of a day")
def show_my_jobs(work: Work, day: Day = None) -> list[JobOut]:
    """Show the signed-in carer her day in order of time."""
    if work.actor.person_id is None:
        return []
    jobs = carer_day(work.session, work.actor.person_id, _believable(day or civil_date(work.now)))
    return [JobOut.model_validate(asdict(job)) for job in jobs]


def _believable(day: date) -> date:
    if not 2000 <= day.year <= 2200:
        raise BadTime("没有这个日期，请检查年份。", field="day")
    return day
