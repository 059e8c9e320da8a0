"""What cancelling late costs the elder's side. The city says how many hours before the visit it is still free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlmodel import Session

from services.benefits.rounding import floor_share_fen
from services.cities.queries import rules_in_force
from services.clock import civil_date

ACCEPTED_IN = ("accepted", "assigned", "in_service")


class Cancellable(Protocol):
    """What a fee depends on: a row of an order, or what a page shows of it. Money in fen."""

    @property
    def area_code(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def self_fen(self) -> int: ...


@dataclass(frozen=True)
class CancellationFee:
    """The fee (fen) of cancelling now, until when it is free, and whether that moment is past."""

    fee_fen: int
    free_until: datetime
    late: bool


def fee_of_cancelling(
    session: Session, now: datetime, order: Cancellable, *, by_house: bool = False, reason: str | None = None
) -> CancellationFee:
    """Tell what cancelling an order costs now. This is the one place that says so.

    Free until the city's hours before the visit, and while nobody has accepted. Afterwards the city's fee
    (rules.money.cancel_fees): a share of her own part by the floor rule, at most its cap. What the
    house ends (nobody came, the elder died) costs nothing, nor does a `reason` that the city lets go free.
    """
    rules = rules_in_force(session, order.area_code, civil_date(now))
    free_until = order.starts_at - timedelta(hours=rules.offering.free_cancel_hours)
    late = order.state in ACCEPTED_IN and now > free_until and not by_house
    fee = rules.money.cancel_fee((order.starts_at - now).total_seconds() / 3600, reason) if late else None
    fee_fen = 0 if fee is None else min(floor_share_fen(order.self_fen, int(fee.percent * 100)), fee.cap_fen)
    return CancellationFee(fee_fen=fee_fen, free_until=free_until, late=late)
