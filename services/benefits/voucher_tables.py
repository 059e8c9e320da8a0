"""Vouchers (消费券): what an issuer gave an elder for a month, how much of it is promised, used and lapsed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, word_list, words


class Voucher(SQLModel, table=True):
    """One elder's voucher of one kind for one period. Its five amounts (fen) change by `voucher_move` only.

    The rules it was issued under are kept beside it: `deduct_basis_points` (4000 = 40 %) of a bill, at most
    `per_order_cap_fen` of one order, for which services and places, at which providers (none named: any).
    `mirrored`: the national app runs it; here it stands as that app tells, under `external_number`.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        CheckConstraint(
            "issued_fen = available_fen + reserved_fen + captured_fen + lapsed_fen", name="voucher_adds_up_check"
        ),
        CheckConstraint("available_fen >= 0", name="voucher_available_check"),
        CheckConstraint(
            "issued_fen > 0 AND reserved_fen >= 0 AND captured_fen >= 0 AND lapsed_fen >= 0",
            name="voucher_not_negative_check",
        ),
        CheckConstraint("deduct_basis_points BETWEEN 1 AND 10000", name="voucher_deduct_check"),
        CheckConstraint("NOT isempty(during)", name="voucher_period_check"),
        CheckConstraint("mirrored = (external_number IS NOT NULL)", name="voucher_mirrored_has_number_check"),
        ExcludeConstraint(
            (text("elder_id"), "="),
            (text("exclusivity_group"), "="),
            (text("during"), "&&"),
            name="voucher_one_of_a_group_excl",
            using="gist",
        ),
        Index("voucher_lapsing_idx", text("upper(during)"), postgresql_where=text("lapsed_at IS NULL")),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    kind_code: str = words()
    kind_name_zh: str = words()
    kind_name_en: str = words()
    issuer: str = words()
    mirrored: bool = Field(default=False, nullable=False)
    external_number: str | None = words(optional=True, unique=True)
    exclusivity_group: str = words()
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    deduct_basis_points: int = number()
    per_order_cap_fen: int | None = number(optional=True)
    single_use: bool = Field(default=False, nullable=False)
    places: list[str] = word_list()
    service_groups: list[str] = word_list()
    provider_codes: list[str] = word_list()
    rule_version: str = words()
    issued_fen: int = number()
    available_fen: int = number(default=0)
    reserved_fen: int = number(default=0)
    captured_fen: int = number(default=0)
    lapsed_fen: int = number(default=0)
    issued_at: datetime = moment()
    lapsed_at: datetime | None = moment(optional=True)


class VoucherUse(SQLModel, table=True):
    """A voucher's part in one order: reserved for it, then used or given back. Moved by `voucher_move` only."""

    __tablename__ = "voucher_use"
    __table_args__ = (
        CheckConstraint("amount_fen = open_fen + captured_fen + released_fen", name="voucher_use_adds_up_check"),
        CheckConstraint("open_fen >= 0", name="voucher_use_open_check"),
        CheckConstraint(
            "amount_fen >= 0 AND captured_fen >= 0 AND released_fen >= 0", name="voucher_use_not_negative_check"
        ),
        UniqueConstraint("voucher_id", "order_id", name="voucher_use_one_per_order_key"),
        Index("voucher_use_order_idx", "order_id"),
    )
    id: int | None = own_id()
    voucher_id: int = link("voucher.id")
    elder_id: int = number(index=True)
    area_code: int = area_code()
    order_id: int = number()
    service_day: date = Field(nullable=False)
    amount_fen: int = number(default=0)
    open_fen: int = number(default=0)
    captured_fen: int = number(default=0)
    released_fen: int = number(default=0)
    recorded_at: datetime = moment()


class VoucherMove(SQLModel, table=True):
    """One movement of a voucher's money; append-only. Writing it is what moves the voucher (sql/340_vouchers.sql).

    `service_day` is the civil day of the service, which decides whether the voucher was still good, not the
    moment somebody or some job wrote it down.
    """

    __tablename__ = "voucher_move"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('reserve', 'capture', 'release', 'refund', 'lapse', 'elsewhere')", name="voucher_move_kind_check"
        ),
        CheckConstraint("amount_fen > 0 OR (kind = 'lapse' AND amount_fen = 0)", name="voucher_move_amount_check"),
        CheckConstraint(
            "(kind IN ('reserve', 'capture', 'release', 'refund')) = (use_id IS NOT NULL)",
            name="voucher_move_for_an_order_check",
        ),
        Index("voucher_move_voucher_idx", "voucher_id", "id"),
    )
    id: int | None = own_id()
    voucher_id: int = link("voucher.id")
    use_id: int | None = link("voucher_use.id", optional=True)
    elder_id: int = number()
    area_code: int = area_code()
    kind: str = words()
    amount_fen: int = number()
    service_day: date = Field(nullable=False)
    recorded_at: datetime = moment()


class VoucherDifference(SQLModel, table=True):
    """Where the issuer's statement of a mirrored voucher and our own books say different things."""

    __tablename__ = "voucher_difference"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('issued', 'used_less_there', 'used_more_there')", name="voucher_difference_kind_check"
        ),
        UniqueConstraint("external_number", "kind", "stated_on", name="voucher_difference_once_a_day_key"),
    )
    id: int | None = own_id()
    elder_id: int = number(index=True)
    area_code: int = area_code()
    external_number: str = words()
    kind: str = words()
    stated_on: date = Field(nullable=False)
    ours_fen: int = number()
    theirs_fen: int = number()
    recorded_at: datetime = moment()
