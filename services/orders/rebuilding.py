"""An order rebuilt from its log alone, and whether the row says the same: nothing about an elder's order is only a column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from services.columns import table_of
from services.orders.tables import CareOrder, OrderEvent, OrderStep

_order = table_of(CareOrder)
_event = table_of(OrderEvent)
_step = table_of(OrderStep)
Found = Row[*tuple[Any, ...]]
Steps = dict[tuple[str, str], str]
BATCH = 2000
COMPARED = (
    "state", "service_code", "starts_at", "ends_at", "price_fen", "government_fen", "voucher_fen", "provider_id", "by_right", "channel",
)  # fmt: skip
_LEAVES_ITS_PROVIDER = ("offered", "put_up_for_claim", "awaiting_bureau", "given_back", "rescheduled_anew", "unfilled")


@dataclass
class Rebuilt:
    """An order as its log tells it. Moments in UTC, money in fen; None: the log of an old order does not say."""

    state: str = "new"
    service_code: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    price_fen: int | None = None
    government_fen: int | None = None
    voucher_fen: int | None = None
    provider_id: int | None = None
    by_right: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Disagreement:
    """Where an order's row and its log do not say the same."""

    order_id: int
    field: str
    row_says: str
    log_says: str


def placed_facts(order: Found) -> dict[str, Any]:
    """Give what the first event keeps of an order, so that the log needs nothing else to rebuild it."""
    return {
        "by_right": order.by_right,
        "channel": order.channel,
        "service_code": order.service_code,
        "starts_at": order.starts_at.isoformat(),
        "ends_at": order.ends_at.isoformat(),
        "price_fen": order.price_fen,
        "government_fen": order.government_fen,
        "voucher_fen": order.voucher_fen,
        "chosen_provider_id": order.chosen_provider_id,
    }


def rebuild(events: Iterable[Found], steps: Steps) -> Rebuilt:
    """Walk an order's events, oldest first, along the allowed steps. Raises ValueError where one does not follow."""
    order = Rebuilt()
    for event in events:
        after = steps.get((order.state, event.kind))
        if after is None and order.state == "new":
            raise ValueError(f"order {event.order_id} begins with {event.kind}")
        order.state = after or order.state
        _take_facts(order, event.kind, event.facts)
    return order


def steps_by_event(session: Session) -> Steps:
    """Give the allowed steps of the database: (state, event) leads to which state."""
    rows = session.connection().execute(select(_step))
    return {(row.from_state, row.event_kind): row.to_state for row in rows}


def orders_that_disagree(session: Session) -> tuple[int, list[Disagreement]]:
    """Rebuild every order the asking login may see; gives how many, and where a row disagrees with its log."""
    steps, connection = steps_by_event(session), session.connection()
    found: list[Disagreement] = []
    seen, last = 0, 0
    while True:
        rows = connection.execute(select(_order).where(_order.c.id > last).order_by(_order.c.id).limit(BATCH)).all()
        if not rows:
            return seen, found
        events = connection.execute(
            select(_event)
            .where(_event.c.order_id.between(rows[0].id, rows[-1].id))
            .order_by(_event.c.order_id, _event.c.id)
        )
        logs = {order_id: list(group) for order_id, group in groupby(events, key=lambda event: event.order_id)}
        for row in rows:
            found += _differences(row, rebuild(logs.get(row.id, []), steps))
        seen, last = seen + len(rows), rows[-1].id


def _take_facts(order: Rebuilt, kind: str, facts: dict[str, Any]) -> None:
    for name in ("service_code", "price_fen", "government_fen", "voucher_fen", "by_right", "channel"):
        if name in facts and kind in ("placed", "price_lowered", "rescheduled", "rescheduled_anew"):
            setattr(order, name, facts[name])
    for name in ("starts_at", "ends_at"):
        if name in facts and kind in ("placed", "rescheduled", "rescheduled_anew"):
            setattr(order, name, datetime.fromisoformat(facts[name]))
    if kind in ("accepted", "place_held"):
        order.provider_id = facts.get("provider_id")
    elif kind in _LEAVES_ITS_PROVIDER:
        order.provider_id = None


def _differences(row: Found, told: Rebuilt) -> list[Disagreement]:
    differing = []
    for name in COMPARED:
        says, logged = getattr(row, name), getattr(told, name)
        if says != logged and not (logged is None and name != "provider_id" and told.state != "new"):
            differing.append(Disagreement(row.id, name, str(says), str(logged)))
    return differing
