"""Jobs about people's own data: a copy, an erasure, and the month's clearing."""

from __future__ import annotations

from collections.abc import Callable

from services.oversight.copying import make_copy
from services.oversight.erasing import erase_person
from services.oversight.retention import clear_past_periods
from services.unit_of_work import SYSTEM, UnitOfWork


def copy(work: UnitOfWork, *, person_id: int, asked_by: int) -> None:
    """Make the copy somebody asked for."""
    make_copy(work.session, work.now, person_id, asked_by)


def erase(work: UnitOfWork, *, request_id: int) -> None:
    """Erase what an officer approved."""
    erase_person(work.session, work.now, request_id)


def clear(work: UnitOfWork) -> None:
    """Clear what is past its period."""
    clear_past_periods(work.session, work.now, SYSTEM, dry=False)


HANDLERS: dict[str, Callable[..., None]] = {
    "oversight.make_copy": copy,
    "oversight.erase_person": erase,
    "oversight.clear_past_periods": clear,
}
SECONDS = {"oversight.clear_past_periods": 3600, "oversight.make_copy": 600}
