"""Places that can be used up: a day-care place, a bath, a meal. How many there are, who holds which, what she must not eat."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, word_list, words

PLACE_KINDS = ("day_care", "bath", "meal_dine_in", "meal_delivery")


class PlacePlan(SQLModel, table=True):
    """What a site offers week by week: on these days, from then to then, for so many, to be ordered by then.

    Minutes are of the Shanghai wall clock (0-1440). Orders close at `cut_off_minute` of the day
    `cut_off_days_before` days earlier.
    """

    __tablename__ = "place_plan"
    __table_args__ = (
        CheckConstraint("kind IN ('" + "', '".join(PLACE_KINDS) + "')", name="place_plan_kind_check"),
        CheckConstraint(
            "from_minute >= 0 AND from_minute < to_minute AND to_minute <= 1440", name="place_plan_hours_check"
        ),
        CheckConstraint("capacity > 0", name="place_plan_capacity_check"),
        CheckConstraint(
            "cut_off_days_before >= 0 AND cut_off_minute BETWEEN 0 AND 1440"
            " AND (cut_off_days_before > 0 OR cut_off_minute <= from_minute)",
            name="place_plan_closes_before_it_begins_check",
        ),
        CheckConstraint("valid_to >= valid_from", name="place_plan_ends_after_it_begins_check"),
        Index("place_plan_line_idx", "service_code", "provider_id"),
    )
    id: int | None = own_id()
    provider_id: int = link("provider.id")
    facility_id: int = link("facility.id", index=True)
    service_code: str = words()
    kind: str = words()
    weekdays: list[str] = word_list()
    from_minute: int = Field(nullable=False)
    to_minute: int = Field(nullable=False)
    capacity: int = Field(nullable=False)
    cut_off_days_before: int = Field(default=0, nullable=False)
    cut_off_minute: int = Field(nullable=False)
    valid_from: date = Field(nullable=False)
    valid_to: date | None = Field(default=None)
    set_by: int | None = link("person.id", optional=True)
    set_at: datetime = moment()


class PlaceSlot(SQLModel, table=True):
    """One meal, bath or day of a site with its counter: the database refuses the twenty-first of twenty."""

    __tablename__ = "place_slot"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND capacity", name="place_slot_never_oversold_check"),
        CheckConstraint("closes_at <= starts_at AND starts_at < ends_at", name="place_slot_moments_check"),
        UniqueConstraint("plan_id", "starts_at", name="place_slot_once_per_plan_key"),
    )
    id: int | None = own_id()
    plan_id: int = link("place_plan.id")
    provider_id: int = link("provider.id")
    facility_id: int = link("facility.id")
    service_code: str = words()
    kind: str = words()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    closes_at: datetime = moment()
    capacity: int = Field(nullable=False)
    taken: int = Field(default=0, nullable=False)


class PlaceBooking(SQLModel, table=True):
    """One elder's place in a slot. `wish_sealed` is what the kitchen must know (allergies), sealed."""

    __tablename__ = "place_booking"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'used', 'released')", name="place_booking_state_check"),
        Index("place_booking_one_per_order_idx", "order_id", unique=True, postgresql_where=text("state <> 'released'")),
        Index("place_booking_slot_idx", "slot_id", "state"),
        Index("place_booking_provider_idx", "provider_id", "booked_at"),
    )
    id: int | None = own_id()
    slot_id: int = link("place_slot.id")
    order_id: int = link("care_order.id")
    elder_id: int = number(index=True)
    area_code: int = area_code()
    provider_id: int = number()
    state: str = words(default="held")
    wish_sealed: str | None = words(optional=True)
    code_sealed: str | None = words(optional=True)
    code_tries: int = Field(default=0, sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": "0"})
    booked_at: datetime = moment()


class PlaceEvidence(SQLModel, table=True):
    """That an elder was really there, or really got her meal: by what, said by whom; one per booking and day, written once.

    Elder, area, provider and day are copied from the booking by the database (sql/425_place_evidence.sql), which also
    refuses the word of whoever is paid for it.
    """

    __tablename__ = "place_evidence"
    __table_args__ = (
        CheckConstraint(
            "proof IN ('elder_code', 'site_plate', 'hand_over_code', 'attest')", name="place_evidence_proof_check"
        ),
        CheckConstraint("happened_at <= recorded_at", name="place_evidence_not_in_the_future_check"),
        UniqueConstraint("booking_id", "on_day", name="place_evidence_one_a_day_key"),
    )
    id: int | None = own_id()
    booking_id: int = link("place_booking.id")
    order_id: int = number(index=True)
    elder_id: int = number(index=True)
    area_code: int = area_code()
    provider_id: int = number()
    on_day: date = Field(nullable=False)
    proof: str = words()
    note: str | None = words(optional=True)
    happened_at: datetime = moment()
    recorded_at: datetime = moment()
    recorded_by: int = link("person.id")


class SitePlate(SQLModel, table=True):
    """The QR plate at a site's entrance; an elder's side scans it to say that she is there. Only its keyed hash is kept."""

    __tablename__ = "site_plate"
    __table_args__ = (
        Index("site_plate_one_active_idx", "facility_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    provider_id: int = link("provider.id")
    token_hash: bytes = Field(sa_type=LargeBinary, nullable=False, unique=True)
    issued_by: int = link("person.id")
    issued_at: datetime = moment()
    revoked_at: datetime | None = moment(optional=True)


class ElderDiet(SQLModel, table=True):
    """What an elder must not eat, sealed because it is health; copied to each meal she orders."""

    __tablename__ = "elder_diet"
    elder_id: int = link("person.id", primary=True)
    area_code: int = area_code()
    avoids_sealed: str = words()
    said_by: int | None = number(optional=True)
    said_at: datetime = moment()


class MealDish(SQLModel, table=True):
    """A dish on a site's published menu of a day, with the allergens it contains."""

    __tablename__ = "meal_dish"
    __table_args__ = (UniqueConstraint("facility_id", "on_day", "name_zh", name="meal_dish_once_a_day_key"),)
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    provider_id: int = link("provider.id", index=True)
    on_day: date = Field(nullable=False)
    name_zh: str = words()
    name_en: str = words(default="")
    contains: list[str] = word_list()
    facts: dict[str, Any] = document()
