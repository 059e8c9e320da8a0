"""Hold, spend and give back public money for an order: government's part and a voucher's part.

The month's cap and the voucher's amounts are held by the database.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlmodel import Session

from services.benefits import vouchers
from services.benefits.rules import Split, first_of_month
from services.benefits.tables import Entitlement, EntitlementUse
from services.columns import table_of

_entitlement = table_of(Entitlement)
_use = table_of(EntitlementUse)


def hold(session: Session, now: datetime, order_id: int, shared: Split, on: date, *, fresh: bool = False) -> None:
    """Keep government's and the voucher's part of a split aside for one order, in the month of the service.

    A hold of the same order is replaced (an order priced anew); nothing to pay releases it. The database
    refuses (`entitlement_use_month_cap_check`) what another order took meanwhile. `fresh`: an order just written,
    for which nothing can be held yet.
    """
    if not fresh or shared.voucher_fen:
        vouchers.reserve(session, now, order_id, shared, on)
    if shared.entitlement_id is None or shared.government_fen == 0:
        if not fresh:
            _move(session, now, order_id, "held", "released")
        return
    connection = session.connection()
    right = connection.execute(
        select(_entitlement.c.elder_id, _entitlement.c.area_code).where(_entitlement.c.id == shared.entitlement_id)
    ).one()
    kept = {
        "entitlement_id": shared.entitlement_id,
        "month": first_of_month(on),
        "amount_fen": shared.government_fen,
        "state": "held",
        "recorded_at": now,
    }
    replaced = (
        None
        if fresh
        else connection.execute(
            update(_use).where(_use.c.order_id == order_id, _use.c.state != "spent").values(kept).returning(_use.c.id)
        ).first()
    )
    if replaced is None:  # an upsert would let the cap's trigger count the order's own old hold
        connection.execute(
            insert(_use).values(elder_id=right.elder_id, area_code=right.area_code, order_id=order_id, **kept)
        )


def spend(session: Session, now: datetime, order_id: int) -> int:
    """Turn an order's hold into money spent, once the elder's side has confirmed; gives government's fen."""
    vouchers.capture(session, now, order_id)
    return _move(session, now, order_id, "held", "spent")


def release(session: Session, now: datetime, order_id: int) -> int:
    """Give an order's held money back to the month; spent money stays spent. Gives government's fen."""
    vouchers.release(session, now, order_id)
    return _move(session, now, order_id, "held", "released")


def _move(session: Session, now: datetime, order_id: int, before: str, after: str) -> int:
    moved: int | None = (
        session.connection()
        .execute(
            update(_use)
            .where(_use.c.order_id == order_id, _use.c.state == before)
            .values(state=after, recorded_at=now)
            .returning(_use.c.amount_fen)
        )
        .scalar()
    )
    return moved or 0
