"""Spending and giving hours, the office's entries for who never goes online, signals, call-backs and papers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api.deps import OpenWork, Work
from api.errors import problems
from api.schemas.hours import (
    BankDebtOut,
    BookedOut,
    BookingIn,
    BookingOut,
    CallBackIn,
    CallBackOut,
    ClosedOut,
    DonationIn,
    EstateIn,
    GiftIn,
    GroupIn,
    GroupOut,
    MovedOut,
    PaperCheckOut,
    PaperIn,
    PaperOut,
    ProfessionalIn,
    ReasonIn,
    ServedTimeIn,
    SignalOut,
    TakeForIn,
    VisitEnteredOut,
)
from services.people.rights import right_to
from services.volunteering import banks, callbacks, giving, lapsing, office, papers, papers_sheet, redeeming, signals

router = APIRouter(prefix="/api/v1", tags=["volunteering"])
Id = Annotated[int, Path(ge=1, le=2**62)]
PaperCode = Annotated[str, Path(min_length=8, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]


@router.post(
    "/elders/{elder_id}/redemptions",
    status_code=201,
    response_model=BookedOut,
    responses=problems(401, 403, 404, 409),
    summary="Book help with hours",
)
def book(work: Work, elder_id: Id, asked: BookingIn) -> BookedOut:
    """Hold the hours and put the need on the board; they leave only when she was helped."""
    wish = redeeming.Wish(asked.kind, asked.starts_at, asked.ends_at, asked.title)
    redemption_id = redeeming.book_with_hours(
        work.session, work.now, work.actor, elder_id, wish,
        payer_id=asked.payer_id, from_grant=asked.from_grant, reason=asked.reason,
    )  # fmt: skip
    return BookedOut(redemption_id=redemption_id)


@router.get(
    "/elders/{elder_id}/redemptions",
    response_model=list[BookingOut],
    responses=problems(401, 403, 404),
    summary="An elder's bookings with hours",
)
def bookings(work: Work, elder_id: Id) -> list[BookingOut]:
    """Give what was booked for an elder with hours, newest first."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [BookingOut.model_validate(row) for row in redeeming.bookings_of(work.session, elder_id)]


@router.post(
    "/redemptions/{redemption_id}/release",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Withdraw a booking with hours",
)
def release(work: Work, redemption_id: Id) -> None:
    """Withdraw a booking; the hours are free at once."""
    redeeming.release_booking(work.session, work.now, work.actor, redemption_id)


@router.post(
    "/redemptions/{redemption_id}/professional",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Settle a professional's help",
)
def professional(work: Work, redemption_id: Id, asked: ProfessionalIn) -> None:
    """Settle help by a professional because no volunteer was free; the city's reserve pays."""
    redeeming.record_professional(
        work.session, work.now, work.actor, redemption_id, asked.provider_id, asked.minutes, asked.reason
    )


@router.post(
    "/volunteers/{person_id}/gifts",
    status_code=201,
    response_model=MovedOut,
    responses=problems(401, 403, 404, 409),
    summary="Give hours away",
)
def give(work: Work, person_id: Id, asked: GiftIn) -> MovedOut:
    """Give minutes to the holder of a passport, where the city allows it."""
    movement_id = giving.give_hours(
        work.session, work.now, work.actor, person_id, asked.passport_number, asked.minutes,
        key=asked.key, reason=asked.reason,
    )  # fmt: skip
    return MovedOut(movement_id=movement_id)


@router.post(
    "/volunteers/{person_id}/donations",
    status_code=201,
    response_model=MovedOut,
    responses=problems(401, 403, 404, 409),
    summary="Donate hours",
)
def donate(work: Work, person_id: Id, asked: DonationIn) -> MovedOut:
    """Give minutes to the city's pool for key elders."""
    movement_id = giving.donate_hours(
        work.session, work.now, work.actor, person_id, asked.minutes, key=asked.key, reason=asked.reason
    )
    return MovedOut(movement_id=movement_id)


@router.post(
    "/volunteers/{person_id}/estate",
    response_model=ClosedOut,
    responses=problems(401, 403, 404, 409),
    summary="Hand on the hours of who died",
)
def estate(work: Work, person_id: Id, asked: EstateIn) -> ClosedOut:
    """Hand on hours to an heir or to the pool, as the city says; by an officer."""
    minutes = lapsing.settle_estate(
        work.session, work.now, work.actor, person_id, heir_passport=asked.heir_passport, reason=asked.reason
    )
    return ClosedOut(minutes=minutes)


@router.post(
    "/volunteers/{person_id}/moving",
    response_model=ClosedOut,
    responses=problems(401, 403, 404, 409),
    summary="Close the register for who moves away",
)
def moving(work: Work, person_id: Id, asked: ReasonIn) -> ClosedOut:
    """Close a volunteer's place on the register; her hours stay hers or go to the pool, as the city says."""
    return ClosedOut(minutes=lapsing.settle_moving(work.session, work.now, work.actor, person_id, asked.reason))


@router.post(
    "/volunteer-groups",
    status_code=201,
    response_model=GroupOut,
    responses=problems(401, 403, 409),
    summary="Register a volunteer group",
)
def group(work: Work, asked: GroupIn) -> GroupOut:
    """Put a company, school or club on the register; its minutes can only be donated."""
    group_id = giving.register_group(work.session, work.now, work.actor, asked.name, asked.contact_id, asked.area_code)
    return GroupOut(group_id=group_id)


@router.post(
    "/volunteer-groups/{group_id}/donations",
    status_code=201,
    response_model=MovedOut,
    responses=problems(401, 403, 404, 409),
    summary="Donate a group's hours",
)
def donate_for_group(work: Work, group_id: Id, asked: DonationIn) -> MovedOut:
    """Give a group's minutes to the pool."""
    movement_id = giving.donate_group_hours(
        work.session, work.now, work.actor, group_id, asked.minutes, key=asked.key, reason=asked.reason
    )
    return MovedOut(movement_id=movement_id)


@router.post(
    "/elders/{elder_id}/served-time",
    status_code=201,
    response_model=VisitEnteredOut,
    responses=problems(401, 403, 404, 409),
    summary="Enter a visit for who has no phone",
)
def served_time(work: Work, elder_id: Id, asked: ServedTimeIn) -> VisitEnteredOut:
    """Enter a volunteer's visit from the community's book; it stays attested and waits for the elder's side."""
    visit_id = office.enter_served_time(
        work.session, work.now, work.actor, elder_id, asked.volunteer_id,
        kind=asked.kind, started_at=asked.started_at, ended_at=asked.ended_at, reason=asked.reason,
    )  # fmt: skip
    return VisitEnteredOut(visit_id=visit_id)


@router.post(
    "/needs/{need_id}/taking-for",
    status_code=201,
    response_model=VisitEnteredOut,
    responses=problems(401, 403, 404, 409),
    summary="Take a need in a volunteer's name",
)
def take_for(work: Work, need_id: Id, asked: TakeForIn) -> VisitEnteredOut:
    """Promise a need for a volunteer who said so at the counter or by phone."""
    visit_id = office.take_need_for(work.session, work.now, work.actor, need_id, asked.volunteer_id, asked.reason)
    return VisitEnteredOut(visit_id=visit_id)


@router.get(
    "/volunteer-call-backs", response_model=list[CallBackOut], responses=problems(401, 403), summary="Whom to call back"
)
def call_backs(work: Work) -> list[CallBackOut]:
    """Give the sample of sessions that silence confirmed and somebody should ask about."""
    return [CallBackOut.model_validate(row) for row in callbacks.callbacks_due(work.session, work.actor)]


@router.post(
    "/volunteer-sessions/{session_id}/call-back",
    status_code=204,
    responses=problems(401, 403, 404, 409),
    summary="Record a call-back",
)
def call_back(work: Work, session_id: Id, asked: CallBackIn) -> None:
    """Record what the elder said about a session."""
    callbacks.answer_call_back(work.session, work.now, work.actor, session_id, asked.answer, asked.note)


@router.get(
    "/volunteer-signals",
    response_model=list[SignalOut],
    responses=problems(401, 403),
    summary="Patterns worth a question",
)
def hour_signals(work: Work, days: Annotated[int, Query(ge=1, le=366)] = 92) -> list[SignalOut]:
    """Give patterns in volunteers' hours with their reasons and sessions; never a verdict."""
    found = signals.find_signals(work.session, work.now, work.actor, days=days)
    return [SignalOut(**asdict(one)) for one in found]


@router.get(
    "/timebank-clearing",
    response_model=list[BankDebtOut],
    responses=problems(401, 403),
    summary="Who owes whom between districts",
)
def clearing(work: Work) -> list[BankDebtOut]:
    """Give what the banks of the office's city owe each other; totals, no person."""
    return [BankDebtOut(**asdict(one)) for one in banks.who_owes_whom(work.session, work.actor)]


@router.post(
    "/volunteers/{person_id}/papers",
    status_code=201,
    response_model=PaperOut,
    responses=problems(401, 404, 409),
    summary="Take a certificate or statement",
)
def take_paper(work: Work, person_id: Id, asked: PaperIn) -> PaperOut:
    """Hand out a paper over both days; its code leads strangers to the seal."""
    code = papers.issue_paper(work.session, work.now, work.actor, person_id, asked.kind, asked.from_day, asked.to_day)
    return PaperOut(code=code, check_path=f"/verify/{code}")


@router.get("/hour-papers/{paper_code}", response_model=PaperCheckOut, responses=problems(404), summary="Check a paper")
def check(
    work: OpenWork, paper_code: PaperCode, minutes: Annotated[int | None, Query(ge=0, le=2**40)] = None
) -> PaperCheckOut:
    """Tell anybody whether a paper is ours and what seals it; with its printed balance, whether that is true."""
    return PaperCheckOut(**asdict(papers.check_paper(work.session, paper_code, minutes)))


@router.get(
    "/hour-papers/{paper_code}/file",
    response_class=Response,
    responses=problems(401, 404)
    | {200: {"content": {"application/pdf": {}, "text/csv": {}, "text/plain": {}}, "description": "The paper"}},
    summary="A paper as PDF, CSV or beancount",
)
def file(
    request: Request, work: Work, paper_code: PaperCode, form: Literal["pdf", "csv", "beancount"] = "pdf"
) -> Response:
    """Give a paper to its owner or her office: to print, for a spreadsheet, or as books bean-check accepts."""
    return paper_file(papers.read_paper(work.session, work.actor, paper_code), form, str(request.base_url))


def paper_file(paper: papers.Paper, form: str, base_url: str) -> Response:
    """Write a paper in one of its forms, named by its days."""
    name = f"hours-{paper.from_day}-{paper.to_day}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if form == "csv":
        return Response(papers.as_csv(paper), media_type="text/csv; charset=utf-8", headers=headers)
    if form == "beancount":
        return Response(papers.as_beancount(paper), media_type="text/plain; charset=utf-8", headers=headers)
    drawn = papers_sheet.draw_paper(paper, f"{base_url.rstrip('/')}/verify/{paper.code}")
    return Response(drawn, media_type="application/pdf", headers=headers)
