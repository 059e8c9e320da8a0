"""Supervision by the calendar: grades and certificates that end soon."""

from __future__ import annotations

from collections.abc import Callable

from services.supervision import cases, grades, site_certificates
from services.unit_of_work import UnitOfWork


def warn_of_expiry(work: UnitOfWork) -> None:
    """Tell institutions and officers of grades and certificates that end soon."""
    grades.warn_of_expiry(work.session, work.now)
    site_certificates.warn_of_expiry(work.session, work.now)


def case_due(work: UnitOfWork, case_id: int) -> None:
    """A provider's days to answer a finding are over."""
    cases.note_overdue(work.session, work.now, case_id)


HANDLERS: dict[str, Callable[..., None]] = {
    "supervision.case_due": case_due,
    "supervision.warn_of_expiry": warn_of_expiry,
}
