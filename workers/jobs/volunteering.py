"""Jobs of the volunteering room: served time into the ledger, and the time-out of a confirmation."""

from __future__ import annotations

from collections.abc import Callable

from services.clock import civil_date
from services.outbox import enqueue
from services.unit_of_work import UnitOfWork
from services.volunteering import correcting, following, redeeming, sessions, turning


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


def turn_every_month(work: UnitOfWork) -> None:
    """Promise the month's turn of each city that has elders: one city's trouble does not stop another's."""
    month = civil_date(work.now).strftime("%Y-%m")
    for city in turning.cities_with_elders(work.session):
        key = f"volunteering.turn_month:{city}:{month}"
        enqueue(work.session, work.now, "volunteering.turn_month", {"city_code": city}, key=key)


def turn_month(work: UnitOfWork, city_code: int) -> None:
    """Do a city's month: reserves, lapses, grants, limits."""
    turning.turn_month(work.session, work.now, city_code)


def keep_limits(work: UnitOfWork, city_code: int, person_id: int | None = None) -> None:
    """Link a city's banks and give its volunteers' accounts, or one new one's, the caps of today's policy."""
    turning.keep_limits(work.session, work.now, city_code, person_id)


def follow_home(work: UnitOfWork, person_id: int, area_code: int | None = None) -> None:
    """Let somebody's hours follow her to the bank of where she lives now."""
    following.follow_home(work.session, work.now, person_id, area_code)


HANDLERS: dict[str, Callable[..., None]] = {
    "volunteering.record_session": record_session,
    "volunteering.auto_confirm": auto_confirm,
    "volunteering.reverse_minutes": reverse_minutes,
    "volunteering.find_professional": find_professional,
    "volunteering.return_unused_hours": return_unused_hours,
    "volunteering.turn_every_month": turn_every_month,
    "volunteering.turn_month": turn_month,
    "volunteering.keep_limits": keep_limits,
    "volunteering.follow_home": follow_home,
}
