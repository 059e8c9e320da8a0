"""Vouchers by the calendar: issued for a period, lapsed when it has ended, mirrored from the issuer's statement."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Any

from services.benefits import issuing, vouchers
from services.benefits.issuing import Stated
from services.cities.errors import NoRulesInForce
from services.cities.queries import list_cities
from services.unit_of_work import UnitOfWork


def issue_vouchers(work: UnitOfWork) -> None:
    """Issue the current period's vouchers in every city; done daily, so that a new elder waits a day at most."""
    for city in list_cities(work.session):
        with contextlib.suppress(NoRulesInForce):
            issuing.issue_vouchers(work.session, work.now, city.code)


def lapse_vouchers(work: UnitOfWork) -> None:
    """Let lapse what is left of vouchers whose period has ended in Shanghai."""
    vouchers.lapse_vouchers(work.session, work.now)


def mirror_vouchers(work: UnitOfWork, *, rows: list[dict[str, Any]], stated_on: str) -> None:
    """Write an issuer's statement into our books."""
    stated = [Stated(**row | {"first_day": date.fromisoformat(row["first_day"])}) for row in rows]
    issuing.mirror_vouchers(work.session, work.now, stated, date.fromisoformat(stated_on))


HANDLERS = {
    "benefits.issue_vouchers": issue_vouchers,
    "benefits.lapse_vouchers": lapse_vouchers,
    issuing.MIRROR: mirror_vouchers,
}
