"""An elder's vouchers with their money, what became of each fen, and a city's vouchers in sum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from services.benefits.voucher_tables import Voucher, VoucherDifference, VoucherMove, VoucherUse
from services.columns import table_of
from services.language import for_reader

_voucher, _move, _use = table_of(Voucher), table_of(VoucherMove), table_of(VoucherUse)
_difference = table_of(VoucherDifference)


@dataclass(frozen=True)
class VoucherView:
    """One voucher as shown; amounts in fen add up to `issued_fen`. `last_day` is the last it is good on."""

    id: int
    elder_id: int
    kind_code: str
    name: str
    issuer: str
    mirrored: bool
    first_day: date
    last_day: date
    deduct_basis_points: int
    per_order_cap_fen: int | None
    single_use: bool
    places: tuple[str, ...]
    service_groups: tuple[str, ...]
    issued_fen: int
    available_fen: int
    reserved_fen: int
    captured_fen: int
    lapsed_fen: int
    lapsed_at: datetime | None


@dataclass(frozen=True)
class VoucherSum:
    """All vouchers of one kind and period that the asking person may see, in fen."""

    kind_code: str
    name: str
    mirrored: bool
    first_day: date
    vouchers: int
    issued_fen: int
    available_fen: int
    reserved_fen: int
    captured_fen: int
    lapsed_fen: int


def vouchers_of_elder(session: Session, elder_id: int, *, limit: int = 60) -> list[VoucherView]:
    """Give an elder's vouchers, the newest period first."""
    query = select(_voucher).where(_voucher.c.elder_id == elder_id)
    rows = session.connection().execute(
        query.order_by(func.lower(_voucher.c.during).desc(), _voucher.c.id.desc()).limit(limit)
    )
    return [_view(row) for row in rows]


def moves_of_voucher(session: Session, voucher_id: int) -> list[Any]:
    """Give every movement of a voucher's money with its order, oldest first."""
    return list(
        session.connection().execute(
            select(_move, _use.c.order_id)
            .join(_use, _use.c.id == _move.c.use_id, isouter=True)
            .where(_move.c.voucher_id == voucher_id)
            .order_by(_move.c.id)
        )
    )


def uses_of_order(session: Session, order_id: int) -> list[Any]:
    """Give the parts vouchers have in one order, with each voucher's kind."""
    return list(
        session.connection().execute(
            select(_use, _voucher.c.kind_code, _voucher.c.kind_name_zh, _voucher.c.kind_name_en, _voucher.c.issuer)
            .join(_voucher, _voucher.c.id == _use.c.voucher_id)
            .where(_use.c.order_id == order_id)
            .order_by(_use.c.id)
        )
    )


def voucher_sums(session: Session, *, months: int = 6, today: date) -> list[VoucherSum]:
    """Give the vouchers of the last months by kind and period, as far as the asking person may see them."""
    amounts = ("issued_fen", "available_fen", "reserved_fen", "captured_fen", "lapsed_fen")
    first = func.lower(_voucher.c.during)
    names = (_voucher.c.kind_code, _voucher.c.kind_name_zh, _voucher.c.kind_name_en, _voucher.c.mirrored)
    rows = session.connection().execute(
        select(*names, first.label("first_day"), func.count().label("vouchers"),
               *[func.sum(_voucher.c[name]).label(name) for name in amounts])
        .where(first >= today - timedelta(days=31 * months))
        .group_by(*names, first)
        .order_by(first.desc(), _voucher.c.kind_code)
    )  # fmt: skip
    return [
        VoucherSum(
            kind_code=row.kind_code,
            name=for_reader(row.kind_name_zh, row.kind_name_en),
            mirrored=row.mirrored,
            first_day=row.first_day,
            vouchers=row.vouchers,
            **{name: int(getattr(row, name)) for name in amounts},
        )
        for row in rows
    ]


def voucher_differences(session: Session, *, limit: int = 200) -> list[Any]:
    """Give where an issuer's statement and our books differ, newest first."""
    return list(session.connection().execute(select(_difference).order_by(_difference.c.id.desc()).limit(limit)))


def _view(row: Any) -> VoucherView:
    plain = {name: getattr(row, name) for name in VoucherView.__dataclass_fields__ if hasattr(row, name)}
    plain["name"] = for_reader(row.kind_name_zh, row.kind_name_en)
    plain["first_day"], plain["last_day"] = row.during.lower, row.during.upper - timedelta(days=1)
    plain["places"], plain["service_groups"] = tuple(row.places), tuple(row.service_groups)
    return VoucherView(**plain)
