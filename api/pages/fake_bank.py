"""Demonstration mode only: the invented bank, on whose page one plays the payer of an invented payment."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Row

from api.deps import OpenWork
from api.pages.kit import render
from services.errors import NotFound
from services.payments.errors import PaymentDeclined
from services.payments.fake_gateway import FakeGateway
from services.payments.gateway import gateway
from services.payments.notices import keep_notice
from services.settings import settings
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Reference = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
LATE = timedelta(minutes=1)
DISPUTES = {"dispute": "open", "dispute_won": "won", "dispute_lost": "lost"}


@router.get("/dev/bank/{reference}")
def bank(request: Request, visitor: OpenWork, reference: Reference) -> Response:
    """Show what the payer may do at her bank; outside demonstration mode there is no such page."""
    del visitor  # opened so that the form carries her session's token
    charge = _charge(reference)
    return render(request, "development/bank.html", {"charge": charge})


@router.post("/dev/bank/{reference}")
def play(visitor: OpenWork, reference: Reference, deed: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Pay, be refused, pay with a notice that comes late or never, or dispute what was paid; then back to the house."""
    charge = _charge(reference)
    bank = FakeGateway()
    if deed in DISPUTES and charge.state == "captured":
        _send(visitor, bank.dispute_notice(reference, DISPUTES[deed]))
    elif deed in ("pay", "pay_late", "pay_lost", "decline"):
        told = bank.play(reference, pays=deed != "decline")
        if told is not None and deed != "pay_lost":  # a lost notice is found by the poller
            _send(visitor, told, late=deed == "pay_late")
    return RedirectResponse(f"/pay/{charge.payable_id}", status_code=303)


def _send(work: UnitOfWork, told: tuple[bytes, str], *, late: bool = False) -> None:
    event = gateway("fake").read_event(*told)
    assert event is not None
    keep_notice(work.session, work.now, "fake", event, told[0], not_before=work.now + LATE if late else None)


def _charge(reference: str) -> Row[Any]:
    if not settings().demonstration:
        raise NotFound(page="/dev/bank")
    try:
        return FakeGateway().charge_of(reference)
    except PaymentDeclined as unknown:
        raise NotFound(reference=reference) from unknown
