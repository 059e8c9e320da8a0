"""What a provider offers: places at its sites with their cut-off, the week's menu with what is in it, and its prices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_payments import fen_of
from services.catalogue.queries import services_by_code
from services.catalogue.standards import standards_on
from services.clock import civil_date
from services.directory.queries import find_provider
from services.errors import DomainError, Invalid
from services.matching.errors import NotADispatcher
from services.matching.prices import ask_price, lines_of_provider
from services.orders.allergens import ALLERGENS
from services.orders.menus import dishes_between, plans_of, sites_of_provider, withdraw_dish
from services.orders.place_giving import NewPlan, end_plan, plan_places, publish_dish
from services.orders.place_tables import PLACE_KINDS
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Typed = Annotated[str, Form(max_length=80)]
Codes = Annotated[list[str], Form(max_length=20)]
WEEK = 7


@router.get("/provider/offers")
def offers(request: Request, work: Work, said: str = "") -> Response:
    """Show places, the week's menu and prices, each with its form."""
    return _page(request, work, said=said)


@router.post("/provider/offers/places")
def give_places(
    request: Request, work: Work, site: Typed = "", service: Typed = "", kind: Typed = "", days: Codes = [],  # noqa: B006
    since: Typed = "", until: Typed = "", places: Typed = "", ordered_by: Typed = "", days_before: Typed = "0",
) -> Response:  # fmt: skip
    """Publish places of a site on some weekdays, with how many and until when they are ordered."""

    def act() -> None:
        plan = NewPlan(
            facility_id=_number(site), service_code=service, kind=kind, weekdays=tuple(days), from_minute=_minute(since),
            to_minute=_minute(until), capacity=_number(places), cut_off_minute=_minute(ordered_by),
            cut_off_days_before=_number(days_before), valid_from=civil_date(work.now),
        )  # fmt: skip
        if plan.to_minute <= plan.from_minute or not 0 < plan.capacity <= 5000 or plan.cut_off_days_before > 30:
            raise Invalid("请写几点到几点、多少个位子，和几点以前订。", field="since")
        if plan.cut_off_days_before == 0 and plan.cut_off_minute > plan.from_minute:
            raise Invalid("请写几点到几点、多少个位子，和几点以前订。", field="ordered_by")
        plan_places(work.session, work.now, work.actor, _provider_of(work), plan)

    return _do(request, work, act, "site", "places")


@router.post("/provider/offers/places/{plan_id:int}/end")
def stop_places(request: Request, work: Work, plan_id: Id) -> Response:
    """Give no more of a plan's places after today; what is ordered stands."""
    last_day = civil_date(work.now)
    return _do(request, work, lambda: end_plan(work.session, work.now, work.actor, plan_id, last_day), "site", "ended")


@router.post("/provider/offers/dishes")
def write_dish(
    request: Request, work: Work, dish_site: Typed = "", day: Typed = "", dish: Typed = "", dish_en: Typed = "",
    contains: Codes = [],  # noqa: B006
) -> Response:  # fmt: skip
    """Put a dish on a day's menu, with what it contains."""

    def act() -> None:
        try:
            on = date.fromisoformat(day)
        except ValueError:
            raise Invalid("请选哪一天几点。", field="day") from None
        publish_dish(work.session, work.now, work.actor, _number(dish_site), on, dish, contains, dish_en)

    return _do(request, work, act, "dish", "dish")


@router.post("/provider/offers/dishes/{dish_id:int}/withdraw")
def take_off(request: Request, work: Work, dish_id: Id) -> Response:
    """Take a dish off the menu again."""
    return _do(request, work, lambda: withdraw_dish(work.session, work.now, work.actor, dish_id), "dish", "dish")


@router.post("/provider/offers/prices/{line_id:int}")
def price(request: Request, work: Work, line_id: Id, yuan: Typed = "", active: Typed = "") -> Response:
    """Say what a service costs from now on, and whether it is offered."""

    def act() -> None:
        try:
            fen = fen_of(yuan)
        except Invalid:
            raise Invalid("价格请写成不小于零的元数，例如 15 或 15.50。", field="price") from None
        ask_price(work.session, work.now, work.actor, line_id, fen, active == "yes")

    return _do(request, work, act, f"price-{line_id}", "price")


def _provider_of(work: UnitOfWork) -> int:
    if work.actor.provider_id is None:
        raise NotADispatcher(provider_id=None)
    return work.actor.provider_id


def _number(written: str) -> int:
    if not written.strip().isdecimal() or len(written.strip()) > 18:
        raise Invalid("请写几点到几点、多少个位子，和几点以前订。", field="places")
    return int(written)


def _minute(written: str) -> int:
    hour, _, minute = written.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise Invalid("请写几点到几点、多少个位子，和几点以前订。", field="since")
    return int(hour) * 60 + int(minute)


def _do(request: Request, work: UnitOfWork, act: Callable[[], None], place: str, said: str) -> Response:
    _provider_of(work)
    try:
        with work.session.begin_nested():
            act()
    except DomainError as refused:
        return _page(request, work, errors={place: refused.message_zh}, status=status_of(refused))
    return RedirectResponse(f"/provider/offers?said={said}", status_code=303)


def _page(
    request: Request, work: UnitOfWork, *, said: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    provider_id, today = _provider_of(work), civil_date(work.now)
    lines = lines_of_provider(work.session, provider_id)
    plans = plans_of(work.session, provider_id, today)
    titles = services_by_code(work.session, {row.service_code for row in lines} | {row.service_code for row in plans})
    named = {code: service.title for code, service in titles.items()}
    ceilings: dict[str, int | None] = {}
    for area in {row.area_code for row in lines}:
        ceilings |= {one.code: one.price_ceiling_fen for one in standards_on(work.session, area, today)}
    names: dict[str, Any] = {
        "home": "/provider",
        "provider_name": find_provider(work.session, provider_id).name,
        "sites": sites_of_provider(work.session, provider_id),
        "services": sorted((row.service_code, named.get(row.service_code, row.service_code)) for row in lines),
        "kinds": PLACE_KINDS,
        "plans": [row._asdict() | {"service_name": named.get(row.service_code, row.service_code)} for row in plans],
        "days": [today + timedelta(days=n) for n in range(WEEK)],
        "dishes": dishes_between(work.session, provider_id, today, today + timedelta(days=WEEK - 1)),
        "allergens": ALLERGENS,
        "lines": [
            row._asdict()
            | {
                "service_name": named.get(row.service_code, row.service_code),
                "ceiling_fen": ceilings.get(row.service_code),
            }
            for row in lines
        ],
        "said": said if said in ("places", "ended", "dish", "price") else "",
        "errors": errors or {},
    }
    return render(request, "provider/offers.html", names, status_code=status)
