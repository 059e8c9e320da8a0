"""Supervision by the calendar: grades and certificates that end soon."""

from __future__ import annotations

from collections.abc import Callable

from services.supervision import grades, site_certificates
from services.unit_of_work import UnitOfWork


def warn_of_expiry(work: UnitOfWork) -> None:
    """Tell institutions and officers of grades and certificates that end soon."""
    grades.warn_of_expiry(work.session, work.now)
    site_certificates.warn_of_expiry(work.session, work.now)


HANDLERS: dict[str, Callable[..., None]] = {
    "supervision.warn_of_expiry": warn_of_expiry,
}
