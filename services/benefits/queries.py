"""What an elder is entitled to on a day, and what of it is left this month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlmodel import Session

from services.benefits.rules import Right, Split, first_of_month, split
from services.benefits.tables import Entitlement, EntitlementUse
from services.benefits.vouchers import with_voucher
from services.columns import table_of

_entitlement = table_of(Entitlement)
_use = table_of(EntitlementUse)
_RIGHTS = text(
    "SELECT e.id, e.kind, e.government_percent, e.monthly_cap_fen, e.monthly_cap_minutes, i.minutes AS service_minutes,"
    " COALESCE(held.fen, 0) AS used, COALESCE(held.minutes, 0) AS used_minutes"
    " FROM entitlement AS e LEFT JOIN service_item AS i ON i.code = CAST(:service AS text)"
    " LEFT JOIN LATERAL (SELECT sum(u.amount_fen) AS fen, sum(u.minutes) AS minutes FROM entitlement_use AS u"
    "   WHERE u.entitlement_id = e.id AND u.month = :month AND u.state IN ('held', 'spent')"
    "   AND u.order_id IS DISTINCT FROM CAST(:besides AS bigint)) AS held ON true"
    " WHERE e.elder_id = :elder AND e.during @> CAST(:on AS date) AND CAST(:service AS text) = ANY (e.service_codes)"
    " ORDER BY e.id"
)
"""Written out: asked with every price, and putting it together in Python cost more than asking it."""


@dataclass(frozen=True)
class MonthOfEntitlement:
    """One right of an elder with its month: fen a month, held for orders, spent, left; minutes where it has hours."""

    entitlement_id: int
    kind: str
    ground: str
    service_codes: tuple[str, ...]
    government_percent: int
    monthly_cap_fen: int
    held_fen: int
    spent_fen: int
    left_fen: int
    payer: str = "government"
    monthly_cap_minutes: int | None = None
    left_minutes: int | None = None


def split_price(
    session: Session,
    now: datetime,
    elder_id: int,
    service_code: str,
    price_fen: int,
    on: date,
    *,
    besides_order_id: int | None = None,
    provider_id: int | None = None,
) -> Split:
    """Tell which part of a service's price (fen) government and a voucher pay for an elder on a civil day, and why.

    The entitlement in force on the day of the service decides, with the cap left in that month; of several
    the one that helps most. `besides_order_id` leaves that order's own hold out, to price it anew;
    `provider_id` is who was chosen, for vouchers that only some take. `now` is taken so that every quote says
    when it was made; it decides nothing. Rounding: services/benefits/rounding.py.
    """
    del now
    shared = split(price_fen, rights_on(session, elder_id, service_code, on, besides_order_id))
    return with_voucher(
        session, shared, elder_id, service_code, on, provider_id=provider_id, besides_order_id=besides_order_id
    )


def entitlements_in_month(session: Session, elder_id: int, on: date) -> list[MonthOfEntitlement]:
    """Give an elder's entitlements in force on a day with what its month has held, spent and left (fen)."""
    held = _used(on, ("held",)).label("held")
    spent = _used(on, ("spent",)).label("spent")
    minutes = _minutes_used(on).label("used_minutes")
    rows = session.connection().execute(
        select(_entitlement, held, spent, minutes)
        .where(_entitlement.c.elder_id == elder_id, _entitlement.c.during.op("@>")(on))
        .order_by(_entitlement.c.id)
    )
    return [
        MonthOfEntitlement(
            entitlement_id=row.id,
            kind=row.kind,
            ground=row.ground,
            service_codes=tuple(row.service_codes),
            government_percent=row.government_percent,
            monthly_cap_fen=row.monthly_cap_fen,
            held_fen=int(row.held),
            spent_fen=int(row.spent),
            left_fen=row.monthly_cap_fen - int(row.held) - int(row.spent),
            payer=row.payer,
            monthly_cap_minutes=row.monthly_cap_minutes,
            left_minutes=_left_minutes(row),
        )
        for row in rows
    ]


def rights_on(
    session: Session, elder_id: int, service_code: str, on: date, besides_order_id: int | None = None
) -> list[Right]:
    """Give an elder's rights to government money for a service on a civil day, with the fen left in its month.

    For pricing many offers at once with rules.split; older rights first. A right with hours helps only while enough
    minutes of its month are left for the whole service.
    """
    rows = session.connection().execute(
        _RIGHTS,
        {
            "elder": elder_id,
            "service": service_code,
            "on": on,
            "month": first_of_month(on),
            "besides": besides_order_id,
        },
    )
    return [
        Right(
            entitlement_id=row.id,
            kind=row.kind,
            government_percent=row.government_percent,
            month_left_fen=row.monthly_cap_fen - int(row.used) if _enough_minutes(row) else 0,
        )
        for row in rows
    ]


def _enough_minutes(row: Any) -> bool:
    left = _left_minutes(row)
    return left is None or left >= (row.service_minutes or 0)


def _left_minutes(row: Any) -> int | None:
    return None if row.monthly_cap_minutes is None else int(row.monthly_cap_minutes) - int(row.used_minutes)


def _minutes_used(on: date) -> Any:
    return _summed(_use.c.minutes, on, ("held", "spent"))


def _used(on: date, states: tuple[str, ...]) -> Any:
    return _summed(_use.c.amount_fen, on, states)


def _summed(what: Any, on: date, states: tuple[str, ...]) -> Any:
    counted = (
        select(func.coalesce(func.sum(what), 0))
        .where(_use.c.entitlement_id == _entitlement.c.id, _use.c.month == first_of_month(on))
        .where(_use.c.state.in_(states))
    )
    return counted.correlate(_entitlement).scalar_subquery()
