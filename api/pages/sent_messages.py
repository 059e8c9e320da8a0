"""Demonstration mode only: what the fake carriers carried, one-time codes included."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.kit import render
from services.errors import NotFound
from services.messages.fake_carrier import received
from services.settings import settings

router = APIRouter(include_in_schema=False)
SHOWN = 100


@router.get("/dev/messages")
def show_sent_messages(request: Request, query: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Show the newest texts and WeChat messages; outside demonstration mode there is no such page."""
    if not settings().demonstration or settings().message_carriers != "fake":
        raise NotFound(page="/dev/messages")
    wanted = query.strip()
    by_phone = wanted if wanted.isascii() and wanted.isdigit() else None
    parcels = received(SHOWN, address=by_phone, label=None if by_phone else wanted or None)
    rows = [
        {
            "sent_at": parcel.received_at,
            "channel": parcel.channel,
            "to_name": "" if "*" in parcel.to_label else parcel.to_label,
            "to_masked": parcel.to_label if "*" in parcel.to_label else "",
            "text": parcel.body,
            "receipt_words": "已送达",
        }
        for parcel in parcels
    ]
    return render(request, "development/messages.html", {"query": wanted, "messages": rows})
