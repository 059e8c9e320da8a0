"""Ordering in three taps, for the elder and her family alike: what, who comes and when, read it once more."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering_side import ElderSide, Side
from api.pages.ordering_slots import Window, length_of, windows
from api.pages.rights_in_words import rights_in_words
from services.catalogue.errors import UnknownService
from services.catalogue.queries import Service, menu, service_by_code
from services.cities.queries import city_of_area, rules_in_force
from services.clock import civil_date
from services.directory.queries import MOST, find_facility, providers, service_lines
from services.errors import DomainError
from services.matching.finding import Candidate
from services.matching.queries import Matched, match
from services.orders.actions import place_order
from services.orders.errors import AlreadyOrdered
from services.orders.places import free_places
from services.orders.queries import find_order
from services.orders.quoting import QuoteView, make_quote
from services.orders.rules import is_open
from services.people.queries import reveal
from services.supervision.grades import grades_on

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,60}$")]
OrderId = Annotated[int, Path(ge=1, le=2**62)]
Start = Annotated[datetime | None, Query()]
HELP = "help"
CATEGORIES: dict[str, tuple[str, ...]] = {
    "meals": ("meals",),
    "bathing": ("bathing",),
    "cleaning": ("cleaning",),
    HELP: ("medical", "mobility", "nursing", "emergency", "company"),
}
"""The four tiles of the first page, each with the categories of the catalogue behind it."""
STEPS = 3
TRIED_WINDOWS = 6
SHOWN_FIRST = 3


@dataclass(frozen=True)
class Wish:
    """What the elder's side has chosen so far."""

    service: Service
    window: Window

    def href(self, side: ElderSide, page: str = "", **more: Any) -> str:
        """Give the address of a step with what was chosen."""
        asked = urlencode({"start": self.window[0].isoformat(), **more})
        return f"{side.base}/order/service/{self.service.code}{page}?{asked}"


@router.get("/family/{elder_id:int}/order")
def ask_category(request: Request, side: Side) -> Response:
    """Ask a relative what to order for her."""
    return render(request, "family/categories.html", side.names())


@router.get("/elder/order/{category}")
@router.get("/family/{elder_id:int}/order/{category}")
def ask_service(request: Request, side: Side, category: Code) -> Response:
    """Ask which service of a tile; one with a single service that somebody in the city gives leads to who can come."""
    behind = CATEGORIES.get(category)
    if behind is None:
        raise UnknownService(category=category)
    work = side.work
    lines = [
        line for tile in menu(work.session, work.now, side.area_code) if tile.code in behind for line in tile.lines
    ]
    given = [line for line in lines if line.providers] or lines
    if len(given) == 1 and category != HELP:
        return RedirectResponse(f"{side.base}/order/service/{given[0].service.code}", status_code=303)
    lines.sort(key=lambda line: behind.index(line.service.category))
    services = [
        {
            "code": line.service.code,
            "name": line.service.short_title,
            "plain": line.service.about,
            "from_fen": line.from_fen,
        }
        for line in lines
    ]
    names = side.names(category=category, services=services, by_volunteers=category == HELP, step=1, steps=STEPS)
    return render(request, "order/service.html", names)


@router.get("/elder/order/service/{code}")
@router.get("/family/{elder_id:int}/order/service/{code}")
def ask_provider(request: Request, side: Side, code: Code, start: Start = None) -> Response:
    """Show who can come and when: the first time at which somebody can, or the time that was chosen."""
    if start is None and free_places(side.work.session, side.work.now, side.area_code, code):
        return RedirectResponse(f"{side.base}/order/places/{code}", status_code=303)
    wish, found = _soonest(side, _service(side, code)) if start is None else _at(side, code, start)
    sites = {one.facility_id for one in found.candidates}
    graded = grades_on(side.work.session, sites, civil_date(side.work.now))
    options = [{**_option(side, wish, one), "grade": graded.get(one.facility_id)} for one in found.candidates]
    left_out = [{"provider_name": one.provider_name, "why": one.why} for one in found.left_out]
    names = side.names(
        service_name=wish.service.title,
        step=2,
        steps=STEPS,
        slot_start=wish.window[0],
        slot_end=wish.window[1],
        when_href=f"{side.base}/order/service/{code}/when",
        back_href=side.base if side.shell == "elder" else f"{side.base}/order",
        options=options[:SHOWN_FIRST],
        more_options=options[SHOWN_FIRST:],
        left_out=left_out,
    )
    return render(request, "order/provider.html", names)


@router.get("/elder/order/service/{code}/when")
@router.get("/family/{elder_id:int}/order/service/{code}/when")
def ask_when(request: Request, side: Side, code: Code) -> Response:
    """List the times of the coming week at which somebody works; who is free then, the next page says."""
    service = _service(side, code)
    opening = _opening_hours(side, service)
    days: dict[Any, list[dict[str, Any]]] = {}
    for window in windows(service, side.work.now):
        if not any(is_open(*hours, *window) for hours in opening):
            continue
        slot = {"start": window[0], "end": window[1], "href": Wish(service, window).href(side)}
        days.setdefault(civil_date(window[0]), []).append(slot)
    names = side.names(
        service_name=service.title,
        days=[{"day": day, "slots": slots} for day, slots in days.items()],
        back_href=f"{side.base}/order/service/{code}",
    )
    return render(request, "order/when.html", names)


@router.get("/elder/order/service/{code}/confirm")
@router.get("/family/{elder_id:int}/order/service/{code}/confirm")
def ask_confirmation(
    request: Request, side: Side, code: Code, start: datetime, provider: Annotated[int, Query(ge=1, le=2**62)]
) -> Response:
    """Show the order once more before it is placed; who cannot come any more is asked for again."""
    wish, found = _at(side, code, start)
    chosen = _chosen(found, provider)
    if chosen is None:
        return RedirectResponse(wish.href(side), status_code=303)
    return _confirm_page(request, side, wish, chosen, key=uuid.uuid4().hex)


@router.post("/elder/orders")
@router.post("/family/{elder_id:int}/orders")
def place(
    request: Request,
    side: Side,
    service: Annotated[str, Form(pattern=r"^[a-z0-9_]{1,60}$")],
    provider: Annotated[int, Form(ge=1, le=2**62)],
    start: Annotated[datetime, Form()],
    idempotency_key: Annotated[str, Form(max_length=200)],
    again: Annotated[bool, Form()] = False,
    quote: Annotated[int | None, Form(ge=1, le=2**62)] = None,
) -> Response:
    """Place the order at the price that was shown; the same form sent twice gives the same order."""
    work = side.work
    chosen = _service(side, service)
    wish = Wish(chosen, (start, start + length_of(chosen)))
    try:
        with work.session.begin_nested():
            placed = place_order(
                work.session,
                work.now,
                work.actor,
                elder_id=side.elder_id,
                service_code=service,
                starts_at=wish.window[0],
                ends_at=wish.window[1],
                chosen_provider_id=provider,
                idempotency_key=idempotency_key,
                channel="web",
                even_if_ordered=again,
                quote_id=quote,
            )
    except DomainError as refused:
        return _refused(request, side, wish, provider, idempotency_key, refused)
    return RedirectResponse(f"{side.base}/orders/{placed.order_id}/placed", status_code=303)


@router.get("/elder/orders/{order_id:int}/placed")
@router.get("/family/{elder_id:int}/orders/{order_id:int}/placed")
def placed_page(request: Request, side: Side, order_id: OrderId) -> Response:
    """Say what happens next."""
    order = find_order(side.work.session, order_id)
    service = service_by_code(side.work.session, order.service_code, civil_date(order.starts_at))
    rules = rules_in_force(side.work.session, side.area_code, civil_date(side.work.now))
    names = side.names(
        order={
            "id": order.id,
            "number": order.order_number,
            "service_name": order.service_name,
            "slot_start": order.starts_at,
            "slot_end": order.ends_at,
        },
        answer_minutes=rules.offer_minutes(service.urgency),
        phone=getattr(request.state, "helpline", "12349"),
    )
    return render(request, "order/placed.html", names)


def _service(side: ElderSide, code: str) -> Service:
    return service_by_code(side.work.session, code, civil_date(side.work.now))


def _match(side: ElderSide, service: Service, window: Window) -> Matched:
    work = side.work
    return match(work.session, work.now, work.actor, side.elder_id, service.code, *window)


def _opening_hours(side: ElderSide, service: Service) -> set[tuple[tuple[str, ...], int, int]]:
    """Weekdays and hours in which providers of her city give a service."""
    session = side.work.session
    city = city_of_area(session, side.area_code)
    return {
        (tuple(line.weekdays), line.from_hour, line.to_hour)
        for provider in providers(session, area_code=city, service_code=service.code, limit=MOST)
        for line in service_lines(session, provider.id)
        if line.service_code == service.code
    }


def _soonest(side: ElderSide, service: Service) -> tuple[Wish, Matched]:
    tried = windows(service, side.work.now)[:TRIED_WINDOWS]
    seen = [(Wish(service, tried[0]), _match(side, service, tried[0]))]
    for window in tried[1:]:
        if seen[-1][1].candidates:
            return seen[-1]
        seen.append((Wish(service, window), _match(side, service, window)))
    return seen[-1] if seen[-1][1].candidates else seen[0]


def _at(side: ElderSide, code: str, start: datetime) -> tuple[Wish, Matched]:
    service = _service(side, code)
    wish = Wish(service, (start, start + length_of(service)))
    return wish, _match(side, service, wish.window)


def _chosen(found: Matched, provider_id: int) -> Candidate | None:
    return next((one for one in found.candidates if one.provider_id == provider_id), None)


def _option(side: ElderSide, wish: Wish, one: Candidate) -> dict[str, Any]:
    return {
        "provider_name": one.provider_name,
        "at_home": wish.service.at_home,
        "walk_seconds": one.walk_seconds,
        "walk_estimated": one.walk_estimated,
        "price_fen": one.price_fen,
        "pay_fen": one.shared.self_fen,
        "grade_words": "",
        "reasons": _reasons(side, one),
        "href": wish.href(side, "/confirm", provider=one.provider_id),
    }


def _reasons(side: ElderSide, one: Candidate) -> list[str]:
    """The reasons beside walk and price, which stand on the card already; an elder reads the shortest."""
    first = 2 if side.shell == "elder" else 1
    last = 3 if side.shell == "elder" else 4
    return rights_in_words(side.work.session, [*one.reasons[first:last], *one.reasons[5:]])


def _confirm_page(
    request: Request,
    side: ElderSide,
    wish: Wish,
    one: Candidate,
    *,
    key: str,
    refused: DomainError | None = None,
) -> Response:
    doubled = isinstance(refused, AlreadyOrdered)
    hidden = {"service": wish.service.code, "provider": one.provider_id, "start": wish.window[0].isoformat()}
    quote = _quote(side, wish, one) if side.may("order") else None
    if quote is not None:
        hidden["quote"] = quote.id
    names = side.names(
        summary={
            "service_name": wish.service.title,
            "slot_start": wish.window[0],
            "slot_end": wish.window[1],
            "provider_name": one.provider_name,
            "address": _address(side, wish, one),
            "at_home": wish.service.at_home,
            "price_fen": one.price_fen,
            "government_fen": one.shared.government_fen,
            "voucher_fen": one.shared.voucher_fen,
            "pay_fen": one.shared.self_fen,
            **_told(side, quote),
        },
        step=3,
        steps=STEPS,
        back_href=wish.href(side),
        hidden={**hidden, "again": "true"} if doubled else hidden,
        idempotency_key=key,
        errors={"order": refused.message_zh} if refused is not None and not doubled else {},
        warning=refused.message_zh if refused is not None and doubled else "",
    )
    return render(request, "order/confirm.html", names, status_code=200 if refused is None else status_of(refused))


def _quote(side: ElderSide, wish: Wish, one: Candidate) -> QuoteView | None:
    """Hold the price she sees for half an hour; what cannot be had then is refused when she confirms."""
    work = side.work
    try:
        with work.session.begin_nested():
            return make_quote(
                work.session, work.now, work.actor, elder_id=side.elder_id, service_code=wish.service.code,
                starts_at=wish.window[0], ends_at=wish.window[1], chosen_provider_id=one.provider_id,
            )  # fmt: skip
    except DomainError:
        return None


def _told(side: ElderSide, quote: QuoteView | None) -> dict[str, Any]:
    """The parts others pay, each with its rule, and until when the price holds."""
    if quote is None:
        return {}
    parts = [part for part in quote.parts if part.payer != "self" and part.amount_fen]
    rules = rights_in_words(side.work.session, [part.rule for part in parts])
    named = [
        {"payer": part.payer, "amount_fen": part.amount_fen, "words": rule}
        for part, rule in zip(parts, rules, strict=True)
    ]
    return {"parts": named, "valid_until": quote.valid_until}


def _address(side: ElderSide, wish: Wish, one: Candidate) -> str:
    """Where it happens: her own door in clear, so that she can see whether it is right, or the site to go to."""
    work = side.work
    if not wish.service.at_home:
        site = find_facility(work.session, one.facility_id)
        return f"{site.name}，{site.address}"
    if side.card.address is None:
        return ""
    return reveal(
        work.session,
        work.now,
        work.actor,
        side.elder_id,
        "address",
        "下单前核对地址",
        by_right=side.ground,
        purpose="order_check",
    )


def _refused(
    request: Request, side: ElderSide, wish: Wish, provider_id: int, key: str, refused: DomainError
) -> Response:
    """Show the confirm page again with why; when the choice itself is gone, the error is a page of its own."""
    try:
        found = _match(side, wish.service, wish.window)
    except DomainError:
        raise refused from None
    chosen = _chosen(found, provider_id)
    if chosen is None:
        raise refused
    return _confirm_page(request, side, wish, chosen, key=key, refused=refused)
