"""What the API shows of vouchers. Money in fen; the parts add up to what was issued."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class VoucherOut(BaseModel):
    """One voucher of an elder."""

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
    places: list[str]
    service_groups: list[str]
    issued_fen: int
    available_fen: int
    reserved_fen: int
    captured_fen: int
    lapsed_fen: int


class VoucherSumOut(BaseModel):
    """All vouchers of one kind and period in sight."""

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


class StatedIn(BaseModel):
    """What the issuer says of one voucher."""

    model_config = ConfigDict(extra="forbid")
    elder_id: int = Field(ge=1, le=2**62)
    number: str = Field(min_length=1, max_length=60)
    kind_code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    first_day: date
    issued_fen: int = Field(gt=0, le=10**8)
    used_fen: int = Field(ge=0, le=10**8)


class StatementIn(BaseModel):
    """An issuer's statement of a day."""

    model_config = ConfigDict(extra="forbid")
    stated_on: date
    rows: list[StatedIn] = Field(min_length=1, max_length=5000)


class TakenOut(BaseModel):
    """How many rows were taken for taking over."""

    rows: int


class VoucherDifferenceOut(BaseModel):
    """Where the issuer's statement and our books differ."""

    id: int
    elder_id: int
    external_number: str
    kind: str
    stated_on: date
    ours_fen: int
    theirs_fen: int
    recorded_at: datetime
