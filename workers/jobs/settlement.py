"""Accounts by the calendar: last month's and this month's are drawn daily, adding what has become settled."""

from __future__ import annotations

from datetime import date

from services.clock import civil_date
from services.outbox import enqueue
from services.settlement import drawing
from services.settlement.rules import month_before, month_of
from services.unit_of_work import UnitOfWork


def draw_every_provider(work: UnitOfWork) -> None:
    """Promise the drawing of last month and this month for every provider that had work."""
    today = civil_date(work.now)
    for provider_id in drawing.providers_with_work(work.session, month_before(today)):
        for month in (month_before(today), month_of(today)):
            key = f"settlement.draw_month:{provider_id}:{month}:{today}"
            args = {"provider_id": provider_id, "month": month.isoformat()}
            enqueue(work.session, work.now, "settlement.draw_month", args, key=key)


def draw_month(work: UnitOfWork, *, provider_id: int, month: str) -> None:
    """Draw one provider's month; again and again the same."""
    drawing.draw_month(work.session, work.now, provider_id, date.fromisoformat(month))


HANDLERS = {"settlement.draw_every_provider": draw_every_provider, "settlement.draw_month": draw_month}
