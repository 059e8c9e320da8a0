"""One step in an order's life: lock the row, move it, write the event. All rooms above move orders here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.columns import table_of
from services.errors import NotFound
from services.orders.errors import WrongStep
from services.orders.rules import STEPS
from services.orders.tables import CareOrder, OrderEvent

OrderRow = Row[*tuple[Any, ...]]
_order = table_of(CareOrder)
_event = table_of(OrderEvent)
_WRITE = insert(_event)


def lock_order(session: Session, order_id: int) -> OrderRow:
    """Give an order and keep everybody else from changing it until the act ends. Raises NotFound(order_id)."""
    found = session.connection().execute(select(_order).where(_order.c.id == order_id).with_for_update()).first()
    if found is None:
        raise NotFound(order_id=order_id)
    return found


def find_row(session: Session, order_id: int) -> OrderRow:
    """Give an order as it stands, without locking it. Raises NotFound(order_id)."""
    found = session.connection().execute(select(_order).where(_order.c.id == order_id)).first()
    if found is None:
        raise NotFound(order_id=order_id)
    return found


def move_order(session: Session, order: OrderRow, to_state: str, **values: Any) -> None:
    """Move a locked order one step and set other columns with it. Raises WrongStep(order_id, state, wanted).

    `to_state` may be the state it has, when only other columns change.
    """
    if to_state != order.state and to_state not in STEPS[order.state]:
        raise WrongStep(order_id=order.id, state=order.state, wanted=to_state)
    session.connection().execute(update(_order).where(_order.c.id == order.id).values(state=to_state, **values))


def write_event(
    session: Session, now: datetime, order: OrderRow, kind: str, actor_id: int | None, **facts: Any
) -> None:
    """Write one line of the order's timeline, once and for all; `facts` are ids and plain values, no names."""
    session.connection().execute(
        _WRITE,
        {
            "order_id": order.id,
            "elder_id": order.elder_id,
            "area_code": order.area_code,
            "kind": kind,
            "happened_at": now,
            "actor_id": actor_id,
            "facts": {name: fact for name, fact in facts.items() if fact is not None},
        },
    )
