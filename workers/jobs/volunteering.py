"""Jobs of the volunteering room: served time into the ledger, and the time-out of a confirmation."""

from __future__ import annotations

from collections.abc import Callable

from services.unit_of_work import UnitOfWork
from services.volunteering import correcting, redeeming, sessions


def record_session(work: UnitOfWork, visit_id: int) -> None:
    """Hold a volunteer's minutes after her check-out."""
    sessions.record_session(work.session, work.now, visit_id)


def auto_confirm(work: UnitOfWork, session_id: int) -> None:
    """Post the minutes nobody objected to in the city's time."""
    sessions.auto_confirm(work.session, work.now, session_id)


def reverse_minutes(work: UnitOfWork, session_id: int) -> None:
    """Write the counter-entries a community ordered."""
    correcting.reverse_minutes(work.session, work.now, session_id)


def find_professional(work: UnitOfWork, redemption_id: int) -> None:
    """Look for a professional when no volunteer took a booked need in time."""
    redeeming.find_professional(work.session, work.now, redemption_id)


def return_unused_hours(work: UnitOfWork, redemption_id: int) -> None:
    """Give the hours of a booking back that nobody took."""
    redeeming.return_unused_hours(work.session, work.now, redemption_id)


HANDLERS: dict[str, Callable[..., None]] = {
    "volunteering.record_session": record_session,
    "volunteering.auto_confirm": auto_confirm,
    "volunteering.reverse_minutes": reverse_minutes,
    "volunteering.find_professional": find_professional,
    "volunteering.return_unused_hours": return_unused_hours,
}
