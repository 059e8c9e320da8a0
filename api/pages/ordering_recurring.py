"""Orders that come again: set on a page with plain choices, a day left out, stopped; for the elder and her family."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.ordering_side import ElderSide, Side
from api.pages.ordering_slots import length_of
from services.catalogue.queries import menu, service_by_code
from services.clock import civil_date
from services.errors import DomainError, Invalid
from services.orders.recurring import NewSeries, order_again_and_again, series_of, skip_day, stop_series

router = APIRouter(include_in_schema=False)
SeriesId = Annotated[int, Path(ge=1, le=2**62)]
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
HOURS = tuple(range(8, 19))


@router.get("/elder/recurring")
@router.get("/family/{elder_id:int}/recurring")
def recurring(request: Request, side: Side) -> Response:
    """Show the recurring orders with their next days, and a form for a new one."""
    return _page(request, side)


@router.post("/elder/recurring")
@router.post("/family/{elder_id:int}/recurring")
def set_series(
    request: Request,
    side: Side,
    service: Annotated[str, Form(pattern=r"^[a-z0-9_]{0,60}$")] = "",
    days: Annotated[list[str], Form()] = [],  # noqa: B006
    hour: Annotated[int, Form(ge=0, le=23)] = 9,
    holidays: Annotated[str, Form(max_length=10)] = "serve",
) -> Response:
    """Let a service come again on some weekdays."""
    work = side.work
    try:
        chosen = [day for day in DAYS if day in days]
        if not chosen:
            raise Invalid("请选星期几。", field="days")
        with work.session.begin_nested():
            today = civil_date(work.now)
            minutes = int(
                length_of(service_by_code(work.session, service, today, side.area_code)).total_seconds() // 60
            )
            new = NewSeries(
                elder_id=side.elder_id, service_code=service, rule="FREQ=WEEKLY;BYDAY=" + ",".join(chosen),
                from_minute=hour * 60, minutes=minutes, first_day=today, on_holidays=holidays,
            )  # fmt: skip
            order_again_and_again(work.session, work.now, work.actor, new, "web")
    except DomainError as refused:
        return _page(request, side, refused)
    return RedirectResponse(f"{side.base}/recurring", status_code=303)


@router.post("/elder/recurring/{series_id:int}/stop")
@router.post("/family/{elder_id:int}/recurring/{series_id:int}/stop")
def stop(request: Request, side: Side, series_id: SeriesId) -> Response:
    """Stop a recurring order."""
    try:
        with side.work.session.begin_nested():
            stop_series(side.work.session, side.work.now, side.work.actor, series_id)
    except DomainError as refused:
        return _page(request, side, refused)
    return RedirectResponse(f"{side.base}/recurring", status_code=303)


@router.post("/elder/recurring/{series_id:int}/skip")
@router.post("/family/{elder_id:int}/recurring/{series_id:int}/skip")
def skip(request: Request, side: Side, series_id: SeriesId, day: Annotated[date, Form()]) -> Response:
    """Leave one day out."""
    try:
        with side.work.session.begin_nested():
            skip_day(side.work.session, side.work.now, side.work.actor, series_id, day)
    except DomainError as refused:
        return _page(request, side, refused)
    return RedirectResponse(f"{side.base}/recurring", status_code=303)


def _page(request: Request, side: ElderSide, refused: DomainError | None = None) -> Response:
    work = side.work
    services = [
        (line.service.code, line.service.title)
        for tile in menu(work.session, work.now, side.area_code)
        for line in tile.lines
        if line.service.urgency != "urgent"
    ]
    words = (
        translate("周一"), translate("周二"), translate("周三"), translate("周四"), translate("周五"),
        translate("周六"), translate("周日"),
    )  # fmt: skip
    names = side.names(
        series=series_of(work.session, work.now, side.elder_id),
        services=services,
        days=list(zip(DAYS, words, strict=True)),
        hours=HOURS,
        may_order=side.may("order"),
        errors={} if refused is None else {"series": refused.message_zh},
    )
    return render(request, "order/recurring.html", names, status_code=200 if refused is None else status_of(refused))
