"""Jobs of the beds room: the month's count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from services.beds.actions import take_snapshot
from services.beds.ratio import month_ends
from services.clock import civil_date
from services.unit_of_work import UnitOfWork


def count_beds(work: UnitOfWork, day: str | None = None) -> None:
    """Count all homes' beds on a day (ISO), by default on the last day of last month."""
    chosen = date.fromisoformat(day) if day else month_ends(civil_date(work.now), 1)[0]
    take_snapshot(work.session, work.now, chosen)


HANDLERS: dict[str, Callable[..., None]] = {"beds.snapshot": count_beds}
