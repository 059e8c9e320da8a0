"""Orders that come again: the rule, the days left out, what became of each day, and China's holidays."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words


class RecurringOrder(SQLModel, table=True):
    """A wish that comes again by a rule of RFC 5545; minutes are of the Shanghai wall clock, `minutes` the length."""

    __tablename__ = "recurring_order"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'stopped')", name="recurring_order_state_check"),
        CheckConstraint("(state = 'stopped') = (stopped_at IS NOT NULL)", name="recurring_order_stopped_check"),
        CheckConstraint(
            "from_minute BETWEEN 0 AND 1439 AND minutes BETWEEN 1 AND 720", name="recurring_order_time_check"
        ),
        CheckConstraint("on_holidays IN ('serve', 'skip')", name="recurring_order_holidays_check"),
        CheckConstraint("last_day >= first_day", name="recurring_order_days_check"),
        Index("recurring_order_elder_idx", "elder_id", "state"),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    service_code: str = words()
    rule: str = words()
    from_minute: int = Field(nullable=False)
    minutes: int = Field(nullable=False)
    first_day: date = Field(nullable=False)
    last_day: date | None = Field(default=None)
    on_holidays: str = words(default="serve")
    chosen_provider_id: int | None = link("provider.id", optional=True)
    note: str | None = words(optional=True)
    placed_by: int = link("person.id")
    by_right: str = words()
    channel: str = words()
    state: str = words(default="active")
    set_at: datetime = moment()
    stopped_at: datetime | None = moment(optional=True)
    stopped_reason: str | None = words(optional=True)


class RecurringDay(SQLModel, table=True):
    """What became of one day of a recurring order: left out, ordered, or why not."""

    __tablename__ = "recurring_day"
    __table_args__ = (
        CheckConstraint("fate IN ('skipped', 'placed', 'missed')", name="recurring_day_fate_check"),
        CheckConstraint("(fate = 'placed') = (order_id IS NOT NULL)", name="recurring_day_placed_has_order_check"),
        UniqueConstraint("recurring_id", "on_day", name="recurring_day_once_key"),
    )
    id: int | None = own_id()
    recurring_id: int = link("recurring_order.id")
    elder_id: int = number()
    area_code: int = area_code()
    on_day: date = Field(nullable=False)
    fate: str = words()
    order_id: int | None = link("care_order.id", optional=True)
    why: str | None = words(optional=True)
    said_by: int | None = number(optional=True)
    said_at: datetime = moment()


class Holiday(SQLModel, table=True):
    """A day off, or a weekend day worked instead, as the State Council announced it; rows: sql/422_recurring.sql.

    `assumed`: not announced yet, worked out from the law on public holidays; no weekend days worked instead.
    """

    __tablename__ = "holiday"
    __table_args__ = (CheckConstraint("kind IN ('off', 'work')", name="holiday_kind_check"),)
    day: date = Field(primary_key=True)
    kind: str = words()
    name_zh: str = words()
    name_en: str = words()
    source: str = words()
    assumed: bool = Field(default=False, nullable=False)
