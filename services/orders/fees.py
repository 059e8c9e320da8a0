"""What cancelling late costs the elder's side. The city says how many hours before the visit it is still free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.orders.steps import OrderRow

ACCEPTED_IN = ("accepted", "assigned", "in_service")


@dataclass(frozen=True)
class CancellationFee:
    """The fee (fen) of cancelling now, until when it is free, and whether that moment is past."""

    fee_fen: int
    free_until: datetime
    late: bool


def fee_of_cancelling(session: Session, now: datetime, order: OrderRow) -> CancellationFee:
    """Tell what cancelling an order costs now. This is the one place that says so.

    Free until the city's hours before the visit, and while nobody has accepted. Late cancelling is stamped as
    such; no city pack names an amount yet, so the fee is 0 fen.
    """
    hours = rules_in_force(session, order.area_code, civil_date(now)).offering.free_cancel_hours
    free_until = order.starts_at - timedelta(hours=hours)
    return CancellationFee(fee_fen=0, free_until=free_until, late=order.state in ACCEPTED_IN and now > free_until)
