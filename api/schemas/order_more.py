"""Places, quotes, wishes, orders that come again or move, and the bureau's naming, over HTTP. Fen, zoned moments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.orders import In, PlacedOut

Code = Field(min_length=1, max_length=60, pattern=r"^[a-z0-9_]+$")
Person = Field(ge=1, le=2**62)


class WindowIn(In):
    """Another time for an order."""

    starts_at: datetime
    ends_at: datetime


class WishIn(In):
    """One line of a basket, or what a quote is asked for."""

    elder_id: int = Person
    service_code: str = Code
    starts_at: datetime
    ends_at: datetime
    chosen_provider_id: int | None = Field(default=None, ge=1, le=2**62)


class BasketIn(In):
    """Several wishes, placed all or not at all."""

    wishes: list[WishIn] = Field(min_length=1, max_length=10)
    channel: Literal["web", "family", "phone", "counter", "advisor", "program"] = "program"
    even_if_ordered: bool = False


class BasketOut(BaseModel):
    """The placed orders in the order of the wishes."""

    orders: list[PlacedOut]


class PricePartOut(BaseModel):
    """One payer's part and the rule it comes from."""

    payer: str
    amount_fen: int
    rule: str


class QuoteOut(BaseModel):
    """A price with its five parts, which add up, and until when it holds."""

    id: int
    elder_id: int
    service_code: str
    starts_at: datetime
    ends_at: datetime
    provider_id: int | None
    price_fen: int
    self_fen: int
    parts: list[PricePartOut]
    reasons: list[str]
    valid_until: datetime


class FreePlaceOut(BaseModel):
    """A meal, bath or day of a site with how many places are left and until when they are ordered."""

    provider_id: int
    provider_name: str
    facility_id: int
    facility_name: str
    service_code: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    capacity: int
    free: int
    price_fen: int


class SeriesIn(In):
    """A wish that comes again by a rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=TU,FR; minutes of the wall clock."""

    service_code: str = Code
    rule: str = Field(min_length=1, max_length=200)
    from_minute: int = Field(ge=0, lt=1440)
    minutes: int = Field(ge=1, le=720)
    first_day: date
    last_day: date | None = None
    on_holidays: Literal["serve", "skip"] = "serve"
    chosen_provider_id: int | None = Field(default=None, ge=1, le=2**62)


class SeriesOut(BaseModel):
    """A recurring order with its coming days."""

    id: int
    elder_id: int
    service_code: str
    service_name: str
    provider_name: str | None
    rule: str
    from_minute: int
    minutes: int
    first_day: date
    last_day: date | None
    on_holidays: str
    state: str
    stopped_reason: str | None
    next_days: list[date]
    skipped: list[date]


class SkipIn(In):
    """The day to leave out."""

    on_day: date


class CarerWishIn(In):
    """Whom an elder would like to come; `must` leaves others out."""

    gender: Literal["female", "male"] | None = None
    languages: list[str] = Field(default_factory=list, max_length=9)
    must: bool = False
    carer_id: int | None = Field(default=None, ge=1, le=2**62)


class CarerWishOut(BaseModel):
    """An elder's standing wish."""

    gender: str | None
    languages: list[str]
    must: bool
    carer_id: int | None


class DietIn(In):
    """What an elder must not eat, as codes."""

    avoids: list[str] = Field(max_length=20)


class DietOut(BaseModel):
    """What an elder must not eat, as codes."""

    avoids: list[str]


class NameIn(In):
    """The provider an officer names."""

    provider_id: int = Person


class NamedOut(BaseModel):
    """The offer the named provider now answers."""

    offer_id: int


class WaitingOut(BaseModel):
    """An order that waits for the bureau."""

    task_id: int
    order_id: int
    order_number: str
    elder_id: int
    elder_name: str | None
    area_code: int
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    opened_at: datetime
    due_at: datetime


class BackIn(In):
    """Why a provider gives an accepted order back."""

    reason: Literal["no_hands", "too_far", "not_our_service", "price", "other"]


class DoneOut(BaseModel):
    """It is done."""

    done: bool = True
