"""The elder's own first page and her messages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.pages.kit import render
from api.pages.ordering_side import ElderSide, Side
from api.pages.ordering_volunteers import waiting_times
from services.clock import SHANGHAI
from services.messages.actions import mark_read
from services.messages.queries import inbox, unread_count
from services.orders.queries import OrderView, list_orders

router = APIRouter(include_in_schema=False)
OPEN_FIRST = ("served", "in_service", "assigned", "accepted", "offering", "placed", "unfilled")
SHOWN = 5


@router.get("/elder")
def home(request: Request, side: Side) -> Response:
    """Ask what she wants, and show what she ordered."""
    work = side.work
    hour = work.now.astimezone(SHANGHAI).hour
    orders = list_orders(work.session, elder_id=side.elder_id, limit=30)
    still_open = [order for order in orders if order.state in OPEN_FIRST]
    still_open.sort(key=lambda order: (order.state != "served", order.starts_at))
    closed = [order for order in orders if order.state == "confirmed"]
    names = side.names(
        part_of_day="morning" if hour < 12 else "afternoon" if hour < 18 else "evening",
        now=work.now,
        orders=[order_line(order) for order in (still_open + closed[: max(0, 2 - len(still_open))])[:SHOWN]],
        unread=unread_count(work.session, side.elder_id),
        waiting=waiting_times(side),
        call_phone=getattr(request.state, "helpline", "12349"),
    )
    return render(request, "elder/home.html", names)


@router.get("/elder/messages")
def messages(request: Request, side: Side) -> Response:
    """Show her messages; those shown count as read."""
    return render(request, "elder/messages.html", side.names(messages=read_messages(side)))


def order_line(order: OrderView) -> dict[str, Any]:
    """Give an order as a line of a first page."""
    return {
        "id": order.id,
        "order_id": order.id,
        "service_name": order.service_name,
        "slot_start": order.starts_at,
        "slot_end": order.ends_at,
        "status": order.state,
    }


def read_messages(side: ElderSide) -> list[dict[str, Any]]:
    """Give the signed-in person's messages about this elder, newest first, and note that they were read."""
    work = side.work
    person_id = work.actor.person_id
    assert person_id is not None
    rows = [row for row in inbox(work.session, person_id) if row.elder_id in (side.elder_id, None)]
    for row in rows:
        if row.read_at is None:
            mark_read(work.session, work.now, work.actor, row.id)
    return [
        {
            "sent_at": row.created_at,
            "text": row.body,
            "unread": row.read_at is None,
            "href": _subject_href(side, row.subject_type, row.subject_id),
        }
        for row in rows
    ]


def _subject_href(side: ElderSide, subject_type: str | None, subject_id: int | None) -> str | None:
    if subject_type == "care_order":
        return f"{side.base}/orders/{subject_id}"
    if subject_type == "payable":
        return f"{side.base}/payments/{subject_id}"
    if subject_type == "need":
        return f"{side.base}/volunteers/{subject_id}"
    if subject_type == "volunteer_session":
        return f"{side.base}/volunteers"
    return None
