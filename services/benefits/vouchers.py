"""A voucher's money promised to an order, used when the work is confirmed, given back when it is not done.

Nothing here writes an amount: every step is one row of voucher_move, and the database moves the voucher under
its lock (sql/340_vouchers.sql). The civil day of the service decides, never the moment a job runs.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.benefits.rules import Split
from services.benefits.voucher_rules import VoucherRight, place_of_use, take_voucher
from services.benefits.voucher_tables import Voucher, VoucherMove, VoucherUse
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Provider
from services.people.tables import Person

_voucher, _use, _move = table_of(Voucher), table_of(VoucherUse), table_of(VoucherMove)
_provider, person = table_of(Provider), table_of(Person)
_GOOD_FOR = text(
    "SELECT v.id, v.kind_name_zh, v.deduct_basis_points, v.available_fen, v.per_order_cap_fen, v.provider_codes, v.places,"
    " own.fen AS own_fen, i.category, i.at_home, i.volunteer"
    " FROM voucher AS v JOIN service_item AS i ON i.code = :service"
    " CROSS JOIN LATERAL (SELECT COALESCE(sum(u.open_fen), 0) AS fen FROM voucher_use AS u"
    "   WHERE u.voucher_id = v.id AND u.order_id = CAST(:besides AS bigint)) AS own"
    " WHERE v.elder_id = :elder AND v.during @> CAST(:on AS date) AND v.lapsed_at IS NULL"
    " AND i.category = ANY (v.service_groups) AND (NOT v.single_use OR v.available_fen + own.fen = v.issued_fen)"
    " ORDER BY v.id"
)


def vouchers_for(
    session: Session,
    elder_id: int,
    service_code: str,
    on: date,
    *,
    besides_order_id: int | None = None,
) -> list[VoucherRight]:
    """Give an elder's vouchers that are good for a service on a civil day, with the fen left of each.

    `besides_order_id` counts what that order has reserved as left, to price it anew.
    """
    rows = session.connection().execute(
        _GOOD_FOR, {"elder": elder_id, "service": service_code, "on": on, "besides": besides_order_id}
    )
    return [_right(row) for row in rows if place_of_use(row.category, row.at_home, row.volunteer) in row.places]


def with_voucher(
    session: Session,
    shared: Split,
    elder_id: int,
    service_code: str,
    on: date,
    *,
    provider_id: int | None = None,
    besides_order_id: int | None = None,
) -> Split:
    """Let an elder's best voucher pay of what government left of a price (券后价)."""
    if shared.self_fen == 0:
        return shared
    found = vouchers_for(session, elder_id, service_code, on, besides_order_id=besides_order_id)
    code = None
    if provider_id is not None and any(right.provider_codes for right in found):
        code = session.connection().execute(select(_provider.c.code).where(_provider.c.id == provider_id)).scalar()
    return take_voucher(shared, found, code)


def reserve(session: Session, now: datetime, order_id: int, shared: Split, on: date) -> None:
    """Keep a voucher's part of a split aside for one order whose service is on a civil day.

    What the order had reserved before (an order priced anew) goes back first. The database refuses what
    another order took meanwhile (`voucher_available_check`) and a day outside the voucher's period.
    """
    release(session, now, order_id)
    if shared.voucher_id is None or shared.voucher_fen == 0:
        return
    connection = session.connection()
    voucher = connection.execute(
        select(_voucher.c.elder_id, _voucher.c.area_code).where(_voucher.c.id == shared.voucher_id)
    ).one()
    use = upsert(_use).values(
        voucher_id=shared.voucher_id,
        elder_id=voucher.elder_id,
        area_code=voucher.area_code,
        order_id=order_id,
        service_day=on,
        recorded_at=now,
    )
    connection.execute(use.on_conflict_do_nothing(constraint="voucher_use_one_per_order_key"))
    row = connection.execute(
        select(_use).where(_use.c.voucher_id == shared.voucher_id, _use.c.order_id == order_id)
    ).one()
    _write(session, now, row, "reserve", shared.voucher_fen)


def capture(session: Session, now: datetime, order_id: int) -> int:
    """Use what an order has reserved, once its work is confirmed; gives the fen used. Twice uses nothing more."""
    return _move_open(session, now, order_id, "capture")


def release(session: Session, now: datetime, order_id: int) -> int:
    """Give back what an order has reserved; after the voucher's period it lapses at once. Gives the fen."""
    return _move_open(session, now, order_id, "release")


def refund(session: Session, now: datetime, order_id: int, amount_fen: int | None = None) -> int:
    """Take back what was used for an order (work of the house, after a correction); gives the fen.

    Of a voucher that has lapsed meanwhile it lapses too: a voucher never becomes cash.
    """
    returned = 0
    for row in _uses(session, order_id):
        fen = row.captured_fen if amount_fen is None else min(row.captured_fen, amount_fen - returned)
        if fen > 0:
            _write(session, now, row, "refund", fen)
            returned += fen
    return returned


def lapse_vouchers(session: Session, now: datetime) -> int:
    """Let lapse what is left of every voucher whose period has ended in Shanghai; gives how many (work of the house).

    Also of elders who have died or moved away. What is reserved stays so: it belongs to services of the
    period, and is used or lapses when those end. How much lapses the database says under its lock.
    """
    today = civil_date(now)
    gone = or_(person.c.died_on <= today, person.c.moved_out_on <= today)
    ended = func.upper(_voucher.c.during) <= today
    rows = session.connection().execute(
        select(_voucher)
        .join(person, person.c.id == _voucher.c.elder_id)
        .where(_voucher.c.lapsed_at.is_(None), or_(ended, gone))
        .order_by(_voucher.c.id)
    )
    moves = [_values(row, now, "lapse", 0, on=min(today, row.during.upper), voucher_id=row.id) for row in rows.all()]
    if moves:
        session.connection().execute(insert(_move), moves)
    return len(moves)


def _move_open(session: Session, now: datetime, order_id: int, kind: str) -> int:
    moved = 0
    for row in _uses(session, order_id):
        if row.open_fen > 0:
            _write(session, now, row, kind, row.open_fen)
            moved += row.open_fen
    return moved


def _uses(session: Session, order_id: int) -> list[Row[Any]]:
    return list(session.connection().execute(select(_use).where(_use.c.order_id == order_id).order_by(_use.c.id)))


def _write(session: Session, now: datetime, use: Row[Any], kind: str, amount_fen: int) -> None:
    values = _values(use, now, kind, amount_fen, on=use.service_day, voucher_id=use.voucher_id) | {"use_id": use.id}
    session.connection().execute(insert(_move).values(values))


def _values(row: Row[Any], now: datetime, kind: str, amount_fen: int, *, on: date, voucher_id: int) -> dict[str, Any]:
    return {
        "voucher_id": voucher_id,
        "elder_id": row.elder_id,
        "area_code": row.area_code,
        "kind": kind,
        "amount_fen": amount_fen,
        "service_day": on,
        "recorded_at": now,
    }


def _right(row: Row[Any]) -> VoucherRight:
    return VoucherRight(
        voucher_id=row.id,
        name=row.kind_name_zh,
        basis_points=row.deduct_basis_points,
        left_fen=row.available_fen + int(row.own_fen),
        per_order_cap_fen=row.per_order_cap_fen,
        provider_codes=tuple(row.provider_codes),
    )
