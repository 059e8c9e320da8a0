"""Trust by the calendar: certificates that end, entries of the blacklist whose last day has come."""

from __future__ import annotations

from collections.abc import Callable

from services.directory import blacklist, personnel
from services.unit_of_work import UnitOfWork


def warn_certificates(work: UnitOfWork) -> None:
    """Tell providers of certificates that end soon."""
    personnel.warn_certificates(work.session, work.now)


def end_blacklisting(work: UnitOfWork, entry_id: int) -> None:
    """An entry's last day has come."""
    blacklist.end_blacklisting(work.session, work.now, entry_id)


HANDLERS: dict[str, Callable[..., None]] = {
    "directory.end_blacklisting": end_blacklisting,
    "directory.warn_certificates": warn_certificates,
}
