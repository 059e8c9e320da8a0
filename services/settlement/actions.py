"""What an officer does with a provider's accounts: hold an order back, correct a line, close the month."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Provider
from services.orders.tables import CareOrder
from services.settlement.drawing import holds, lines, open_settlement, settlements, total
from services.settlement.errors import (
    AlreadyHeld,
    MonthNotOver,
    NotForAccounts,
    NotHeld,
    NothingToCorrect,
    ReasonMissing,
    SettlementNotFound,
)
from services.settlement.rules import AMOUNTS, hash_lines, month_of, next_month
from services.unit_of_work import Actor

_order, _provider = table_of(CareOrder), table_of(Provider)
REASON_LENGTH = 200


def hold_back(session: Session, now: datetime, actor: Actor, order_id: int, reason: str) -> int:
    """Keep an order out of the accounts while it is in dispute; gives the hold's id.

    Raises NotForAccounts, SettlementNotFound, ReasonMissing, AlreadyHeld, NotHeld when it is settled already.
    """
    _check_office(actor)
    words = _reason(reason)
    connection = session.connection()
    order = connection.execute(
        select(_order.c.provider_id, _provider.c.area_code)
        .join(_provider, _provider.c.id == _order.c.provider_id)
        .where(_order.c.id == order_id)
    ).first()
    if order is None:
        raise SettlementNotFound(order_id=order_id)
    if connection.execute(select(lines.c.id).where(lines.c.order_id == order_id)).first() is not None:
        raise NotHeld("这一单已经结算，请用更正。", order_id=order_id)
    row = upsert(holds).values(
        order_id=order_id, provider_id=order.provider_id, area_code=order.area_code, reason=words, held_at=now,
        held_by=actor.person_id,
    )  # fmt: skip
    held = connection.execute(row.on_conflict_do_nothing().returning(holds.c.id)).scalar()
    if held is None:
        raise AlreadyHeld(order_id=order_id)
    _record(session, now, actor, "hold_back", ("care_order", order_id), order.area_code, {"reason": words})
    return int(held)


def let_go(session: Session, now: datetime, actor: Actor, order_id: int) -> None:
    """End a hold: the order is settled with the next drawing. Raises NotForAccounts, NotHeld."""
    _check_office(actor)
    row = (
        session.connection()
        .execute(
            update(holds)
            .where(holds.c.order_id == order_id, holds.c.released_at.is_(None))
            .values(released_at=now, released_by=actor.person_id)
            .returning(holds.c.area_code)
        )
        .first()
    )
    if row is None:
        raise NotHeld(order_id=order_id)
    _record(session, now, actor, "let_go", ("care_order", order_id), row.area_code, {})


def correct_line(session: Session, now: datetime, actor: Actor, line_id: int, reason: str) -> int:
    """Take a settled line back by a counter-line in the month that is open now; gives its id. Lines are never edited.

    Raises NotForAccounts, SettlementNotFound, ReasonMissing, NothingToCorrect.
    """
    _check_office(actor)
    words = _reason(reason)
    line = session.connection().execute(select(lines).where(lines.c.id == line_id)).first()
    if line is None:
        raise SettlementNotFound(line_id=line_id)
    settlement = open_settlement(session, now, line.provider_id, month_of(civil_date(now)))
    left = _left_of(session, line)
    if line.kind == "correction" or not any(left.values()):
        raise NothingToCorrect(line_id=line_id)
    values = {
        "settlement_id": settlement.id, "provider_id": line.provider_id, "area_code": line.area_code,
        "kind": "correction", "order_id": line.order_id, "visit_id": line.visit_id, "service_code": line.service_code,
        "service_day": line.service_day, "government_budget": line.government_budget,
        "voucher_budget": line.voucher_budget, "payable_id": line.payable_id, "counters_id": line.id, "reason": words,
        "entered_by": actor.person_id, "recorded_at": now, **{name: -left[name] for name in AMOUNTS},
    }  # fmt: skip
    new: int = session.connection().execute(insert(lines).values(values).returning(lines.c.id)).scalar_one()
    total(session, now, settlement.id)
    facts = {"counter_line": new, "reason": words, "fen": sum(left.values())}
    _record(session, now, actor, "correct_settlement", ("settlement_line", line_id), line.area_code, facts)
    return new


def close_month(session: Session, now: datetime, actor: Actor, settlement_id: int) -> str:
    """Close a month that is over, for good; gives the fingerprint of its lines. Closing twice changes nothing.

    Raises NotForAccounts, SettlementNotFound, MonthNotOver(month).
    """
    _check_office(actor)
    connection = session.connection()
    found = connection.execute(
        select(settlements).where(settlements.c.id == settlement_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise SettlementNotFound(settlement_id=settlement_id)
    if found.state == "closed":
        return str(found.lines_hash)
    if civil_date(now) < next_month(found.month):
        raise MonthNotOver(month=found.month.isoformat())
    total(session, now, settlement_id)
    rows = connection.execute(select(lines).where(lines.c.settlement_id == settlement_id).order_by(lines.c.id))
    fingerprint = hash_lines(row._asdict() for row in rows)
    connection.execute(
        update(settlements)
        .where(settlements.c.id == settlement_id)
        .values(state="closed", closed_at=now, closed_by=actor.person_id, lines_hash=fingerprint)
    )
    facts = {"lines_hash": fingerprint, "month": found.month.isoformat()}
    _record(session, now, actor, "close_settlement", ("settlement", settlement_id), found.area_code, facts)
    return fingerprint


def _left_of(session: Session, line: Row[Any]) -> dict[str, int]:
    """What of a line its corrections have not taken back yet."""
    countered = (
        session.connection()
        .execute(
            select(*[func.coalesce(func.sum(lines.c[name]), 0).label(name) for name in AMOUNTS]).where(
                lines.c.counters_id == line.id
            )
        )
        .one()
    )
    return {name: int(getattr(line, name)) + int(getattr(countered, name)) for name in AMOUNTS}


def _check_office(actor: Actor) -> None:
    if not actor.has_role("officer") or actor.area_lo is None:
        raise NotForAccounts(role=actor.role)


def _reason(reason: str) -> str:
    words = reason.strip()
    if not 0 < len(words) <= REASON_LENGTH:
        raise ReasonMissing(field="reason")
    return words


def _record(
    session: Session, now: datetime, actor: Actor, verb: str, subject: tuple[str, int], area: int, facts: dict[str, Any]
) -> None:
    record_act(session, now, actor, verb, area_code=area, subject=subject, facts=facts)
