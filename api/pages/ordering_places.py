"""A meal, a bath or a day at a site: what is free and until when it is ordered; and the same again, at another time."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering_side import ElderSide, Side
from api.pages.ordering_slots import windows
from services.benefits.queries import split_price
from services.catalogue.queries import service_by_code
from services.clock import civil_date
from services.dispatch.rescheduling import RESCHEDULED_IN, reschedule_order
from services.errors import DomainError, NotFound
from services.orders.actions import place_order
from services.orders.basket import wish_again
from services.orders.errors import AlreadyOrdered, ContainsAllergen
from services.orders.places import free_places, has_places, place_of
from services.orders.queries import OrderView, find_order

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,60}$")]
OrderId = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/elder/order/places/{code}")
@router.get("/family/{elder_id:int}/order/places/{code}")
def ask_place(request: Request, side: Side, code: Code) -> Response:
    """Show the free places of the coming days with the price and until when they are ordered."""
    return _places_page(request, side, code)


@router.post("/elder/order/places/{code}")
@router.post("/family/{elder_id:int}/order/places/{code}")
def take_place(
    request: Request,
    side: Side,
    code: Code,
    provider: Annotated[int, Form(ge=1, le=2**62)],
    start: Annotated[datetime, Form()],
    end: Annotated[datetime, Form()],
    idempotency_key: Annotated[str, Form(max_length=200)],
    again: Annotated[bool, Form()] = False,
) -> Response:
    """Hold a place; the same form sent twice gives the same order."""
    work = side.work
    try:
        with work.session.begin_nested():
            placed = place_order(
                work.session, work.now, work.actor, elder_id=side.elder_id, service_code=code, starts_at=start,
                ends_at=end, chosen_provider_id=provider, idempotency_key=idempotency_key, channel="web",
                even_if_ordered=again, knows_allergens=again,
            )  # fmt: skip
    except DomainError as refused:
        asked = {"provider": provider, "start": start.isoformat(), "end": end.isoformat()}
        return _places_page(request, side, code, refused, asked, idempotency_key)
    return RedirectResponse(f"{side.base}/orders/{placed.order_id}", status_code=303)


@router.get("/elder/orders/{order_id:int}/again")
@router.get("/family/{elder_id:int}/orders/{order_id:int}/again")
def order_again(side: Side, order_id: OrderId) -> Response:
    """Lead to the same wish a week later: read once more, confirmed with one tap."""
    order = _find(side, order_id)
    wish = wish_again(side.work.session, side.work.now, order_id)
    if has_places(side.work.session, order.service_code, wish.chosen_provider_id):
        return RedirectResponse(f"{side.base}/order/places/{order.service_code}", status_code=303)
    start = wish.starts_at.isoformat().replace("+", "%2B")
    page = f"{side.base}/order/service/{order.service_code}"
    if wish.chosen_provider_id is not None:
        page = f"{page}/confirm?start={start}&provider={wish.chosen_provider_id}"
    return RedirectResponse(page, status_code=303)


@router.get("/elder/orders/{order_id:int}/when")
@router.get("/family/{elder_id:int}/orders/{order_id:int}/when")
def ask_other_time(request: Request, side: Side, order_id: OrderId) -> Response:
    """Offer other times for an order that has not begun."""
    return _when_page(request, side, _find(side, order_id))


@router.post("/elder/orders/{order_id:int}/when")
@router.post("/family/{elder_id:int}/orders/{order_id:int}/when")
def change_time(request: Request, side: Side, order_id: OrderId, start: Annotated[datetime, Form()]) -> Response:
    """Put an order to another time; its length stays."""
    work, order = side.work, _find(side, order_id)
    try:
        with work.session.begin_nested():
            reschedule_order(
                work.session, work.now, work.actor, order_id, start, start + (order.ends_at - order.starts_at)
            )
    except DomainError as refused:
        return _when_page(request, side, order, refused)
    return RedirectResponse(f"{side.base}/orders/{order_id}", status_code=303)


def _find(side: ElderSide, order_id: int) -> OrderView:
    order = find_order(side.work.session, order_id)
    if order.elder_id != side.elder_id:
        raise NotFound(order_id=order_id)
    return order


def _places_page(
    request: Request, side: ElderSide, code: str, refused: DomainError | None = None,
    asked: dict[str, Any] | None = None, key: str = "",
) -> Response:  # fmt: skip
    work = side.work
    service = service_by_code(work.session, code, civil_date(work.now), side.area_code)
    days: dict[Any, list[dict[str, Any]]] = {}
    for place in free_places(work.session, work.now, side.area_code, code):
        shared = split_price(
            work.session, work.now, side.elder_id, code, place.price_fen, civil_date(place.starts_at),
            provider_id=place.provider_id,
        )  # fmt: skip
        shown = {"place": place, "pay_fen": shared.self_fen, "open": place.is_open(work.now), "key": uuid.uuid4().hex}
        days.setdefault(civil_date(place.starts_at), []).append(shown)
    doubted = isinstance(refused, (AlreadyOrdered, ContainsAllergen))
    names = side.names(
        service_name=service.title,
        code=code,
        days=[{"day": day, "places": places} for day, places in days.items()],
        refused="" if refused is None else refused.message_zh,
        asked={**(asked or {}), "again": "true", "idempotency_key": key} if doubted else {},
        back_href=side.base if side.shell == "elder" else f"{side.base}/order",
    )
    return render(request, "order/places.html", names, status_code=200 if refused is None else status_of(refused))


def _when_page(request: Request, side: ElderSide, order: OrderView, refused: DomainError | None = None) -> Response:
    work = side.work
    service = service_by_code(work.session, order.service_code, civil_date(work.now), side.area_code)
    length = order.ends_at - order.starts_at
    if order.provider_id is not None and place_of(work.session, order.id) is not None:
        found = free_places(work.session, work.now, side.area_code, order.service_code, provider_id=order.provider_id)
        starts = [place.starts_at for place in found if place.is_open(work.now)]
    else:
        starts = [window[0] for window in windows(service, work.now)]
    days: dict[Any, list[dict[str, Any]]] = {}
    for start in starts if order.state in RESCHEDULED_IN else []:
        if start != order.starts_at:
            days.setdefault(civil_date(start), []).append({"start": start, "end": start + length})
    names = side.names(
        order={"id": order.id, "service_name": order.service_name, "slot_start": order.starts_at, "slot_end": order.ends_at},
        days=[{"day": day, "slots": slots} for day, slots in days.items()],
        errors={} if refused is None else {"start": refused.message_zh},
        back_href=f"{side.base}/orders/{order.id}",
    )  # fmt: skip
    return render(request, "order/other_time.html", names, status_code=200 if refused is None else status_of(refused))
