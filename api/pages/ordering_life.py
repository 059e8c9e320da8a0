"""An order after it was placed: how far it is, the four digits for the door, cancelling, confirming and rating."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.ordering import CATEGORIES, HELP
from api.pages.ordering_side import ElderSide, Side
from api.pages.paying import payment_line
from services.catalogue.queries import services_by_code
from services.dispatch.queries import assignment_of
from services.dispatch.rescheduling import RESCHEDULED_IN
from services.errors import DomainError, NotFound
from services.orders import actions
from services.orders.fees import fee_of_cancelling
from services.orders.judging import both_sides
from services.orders.place_evidence import AROUND, SAID_WITHIN, proof_of_order, read_place_code
from services.orders.places import place_of
from services.orders.queries import OrderView, find_order, order_timeline, possible_acts
from services.orders.rules import CANCEL_REASONS
from services.visits.queries import read_visit_code, visits_of_elder

router = APIRouter(include_in_schema=False)
OrderId = Annotated[int, Path(ge=1, le=2**62)]
CLOSED = ("confirmed", "cancelled", "unfilled")
FIRST_LOOK = timedelta(hours=2)
TELLS_CODE = timedelta(hours=12)
"""How long before her meal, bath or day an elder reads the digits of her booking."""
Face = Annotated[int, Form(ge=1, le=3)]
Words = Annotated[str, Form(max_length=500)]


@router.get("/elder/orders/{order_id:int}")
@router.get("/family/{elder_id:int}/orders/{order_id:int}")
def order_page(request: Request, side: Side, order_id: OrderId) -> Response:
    """Show how far an order is; until the visit begins, with the four digits for the door."""
    return show_order(request, side, order_id)


def show_order(request: Request, side: ElderSide, order_id: int, refused: DomainError | None = None) -> Response:
    """Show an order, with what could not be done about it. Raises NotFound."""
    order = _find(side, order_id)
    names = side.names(
        order=_shown(side, order) | _behind(side, order),
        events=order_timeline(side.work.session, order_id),
        is_open=refused is None and _is_moving(side, order),
        errors={} if refused is None else {"note": refused.message_zh},
    )
    return render(request, "order/order.html", names, status_code=status_of(refused) if refused else 200)


@router.get("/elder/orders/{order_id:int}/cancel")
@router.get("/family/{elder_id:int}/orders/{order_id:int}/cancel")
def ask_cancel(request: Request, side: Side, order_id: OrderId) -> Response:
    """Ask why an order is cancelled."""
    return _cancel_page(request, side, _find(side, order_id))


@router.post("/elder/orders/{order_id:int}/cancel")
@router.post("/family/{elder_id:int}/orders/{order_id:int}/cancel")
def cancel(
    request: Request, side: Side, order_id: OrderId, reason: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Cancel an order; doing it twice changes nothing."""
    work = side.work
    order = _find(side, order_id)
    try:
        with work.session.begin_nested():
            actions.cancel_order(work.session, work.now, work.actor, order_id, reason)
    except DomainError as refused:
        return _cancel_page(request, side, order, refused)
    return RedirectResponse(f"{side.base}/orders/{order_id}/cancelled", status_code=303)


@router.get("/elder/orders/{order_id:int}/cancelled")
@router.get("/family/{elder_id:int}/orders/{order_id:int}/cancelled")
def cancelled_page(request: Request, side: Side, order_id: OrderId) -> Response:
    """Say that nobody will come, and offer to order again."""
    order = _find(side, order_id)
    if order.state != "cancelled":
        return RedirectResponse(f"{side.base}/orders/{order_id}", status_code=303)
    names = side.names(
        order=_shown(side, order),
        again_href=f"{side.base}/order/{_tile_of(side, order)}",
        phone=getattr(request.state, "helpline", "12349"),
    )
    return render(request, "order/cancelled.html", names)


@router.get("/elder/orders/{order_id:int}/confirm")
@router.get("/family/{elder_id:int}/orders/{order_id:int}/confirm")
def ask_face(request: Request, side: Side, order_id: OrderId) -> Response:
    """Ask how it was; confirming and judging are one tap."""
    order = _find(side, order_id)
    acts = possible_acts(side.work.session, side.work.now, side.work.actor, order)
    if not (acts.can_confirm or acts.can_rate):
        return RedirectResponse(f"{side.base}/orders/{order_id}", status_code=303)
    return _face_page(request, side, order)


@router.post("/elder/orders/{order_id:int}/confirm")
@router.post("/family/{elder_id:int}/orders/{order_id:int}/confirm")
def confirm(request: Request, side: Side, order_id: OrderId, face: Face, words: Words = "") -> Response:
    """Confirm the work and judge it; the self part is only taken now."""
    work = side.work
    order = _find(side, order_id)
    if order.state == "confirmed" and order.face is not None:  # the same form, sent twice
        return RedirectResponse(f"{side.base}/orders/{order_id}/confirmed", status_code=303)
    try:
        with work.session.begin_nested():
            actions.confirm_order(work.session, work.now, work.actor, order_id)
            if order.face is None:
                actions.rate_order(work.session, work.now, work.actor, order_id, face, words.strip() or None)
    except DomainError as refused:
        return _face_page(request, side, order, refused)
    return RedirectResponse(f"{side.base}/orders/{order_id}/confirmed", status_code=303)


@router.get("/elder/orders/{order_id:int}/confirmed")
@router.get("/family/{elder_id:int}/orders/{order_id:int}/confirmed")
def confirmed_page(request: Request, side: Side, order_id: OrderId) -> Response:
    """Say thank you."""
    order = _find(side, order_id)
    if order.state != "confirmed":
        return RedirectResponse(f"{side.base}/orders/{order_id}", status_code=303)
    return render(request, "order/confirmed.html", side.names(order=_shown(side, order)))


def _find(side: ElderSide, order_id: int) -> OrderView:
    order = find_order(side.work.session, order_id)
    if order.elder_id != side.elder_id:
        raise NotFound(order_id=order_id)
    return order


def _shown(side: ElderSide, order: OrderView) -> dict[str, Any]:
    work = side.work
    acts = possible_acts(work.session, work.now, work.actor, order)
    job = assignment_of(work.session, order.id)
    return {
        "id": order.id,
        "number": order.order_number,
        "status": order.state,
        "service_name": order.service_name,
        "slot_start": order.starts_at,
        "slot_end": order.ends_at,
        "provider_name": order.provider_name,
        "provider_phone": order.provider_phone,
        "carer_name": job.carer_name if job else None,
        "address": side.card.address if order.at_home else "",
        "price_fen": order.price_fen,
        "government_fen": order.government_fen,
        "voucher_fen": order.voucher_fen,
        "pay_fen": order.self_fen,
        "door_code": _door_code(side, order),
        "can_reschedule": acts.can_cancel and order.state in RESCHEDULED_IN,
        "can_repeat": order.state in ("served", "confirmed") and side.may("order"),
        "can_cancel": acts.can_cancel,
        "can_confirm": acts.can_confirm,
        "can_rate": acts.can_rate and not acts.can_confirm,
        "rating": order.face,
        "payment": payment_line(side, order.id),
        "answer": both_sides(work.session, order.id).of_the_cooperation if order.face is not None else None,
        "can_complain": order.provider_id is not None and order.state not in ("placed", "offering", "unfilled"),
    }


def _door_code(side: ElderSide, order: OrderView) -> str | None:
    """The four digits of the visit that has not begun yet. Each reading is written into the trail."""
    if order.state != "assigned":
        return None
    work = side.work
    for visit in visits_of_elder(work.session, side.elder_id, order.starts_at - timedelta(days=1)):
        if visit.order_id == order.id and visit.state == "planned":
            return read_visit_code(work.session, work.now, work.actor, visit.id)
    return None


def _behind(side: ElderSide, order: OrderView) -> dict[str, Any]:
    """What proves an order: the visit, or at a place its digits, its proof, and whether her side may still say it."""
    work = side.work
    place = place_of(work.session, order.id)
    if place is None:
        visits = visits_of_elder(work.session, side.elder_id, order.starts_at - timedelta(days=1))
        mine = (visit.id for visit in visits if visit.order_id == order.id and visit.checked_in_at is not None)
        return {"visit_id": next(mine, None), "place_code": None, "place_proof": None, "can_attest": False}
    proof = proof_of_order(work.session, order.id)
    asked = proof is None and order.state in ("accepted", "in_service", "served", "confirmed")
    soon = place.starts_at - TELLS_CODE <= work.now <= place.ends_at + AROUND
    return {
        "visit_id": None,
        "place_code": read_place_code(work.session, work.now, work.actor, order.id) if asked and soon else None,
        "place_proof": proof.proof if proof else None,
        "can_attest": asked and place.starts_at <= work.now <= place.ends_at + SAID_WITHIN and side.may("order"),
    }


def _served_minutes(side: ElderSide, order: OrderView) -> int:
    for visit in visits_of_elder(side.work.session, side.elder_id, order.starts_at - timedelta(days=1)):
        if visit.order_id == order.id and visit.checked_out_at is not None:
            return int((visit.checked_out_at - visit.checked_in_at).total_seconds() // 60)
    return 0


def _is_moving(side: ElderSide, order: OrderView) -> bool:
    """Tell whether the page should look again by itself: not while nothing happens until the day itself."""
    if order.state in CLOSED:
        return False
    return order.state != "assigned" or order.starts_at - side.work.now < FIRST_LOOK


def _tile_of(side: ElderSide, order: OrderView) -> str:
    service = services_by_code(side.work.session, {order.service_code}).get(order.service_code)
    category = service.category if service else ""
    return next((tile for tile, behind in CATEGORIES.items() if category in behind), HELP)


def _cancel_page(request: Request, side: ElderSide, order: OrderView, refused: DomainError | None = None) -> Response:
    names = side.names(
        order=_shown(side, order),
        fee_fen=fee_of_cancelling(side.work.session, side.work.now, order).fee_fen,
        reasons=list(CANCEL_REASONS.items()),
        errors={"reason": refused.message_zh} if refused else {},
    )
    return render(request, "order/cancel.html", names, status_code=status_of(refused) if refused else 200)


def _face_page(request: Request, side: ElderSide, order: OrderView, refused: DomainError | None = None) -> Response:
    names = side.names(
        order=_shown(side, order),
        service_minutes=_served_minutes(side, order),
        errors={"face": refused.message_zh} if refused else {},
    )
    return render(request, "order/confirm_done.html", names, status_code=status_of(refused) if refused else 200)
