"""The services an elder can order, with the standard each must meet."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import link, moment, number, own_id, word_list, words

KINDS = (
    "meals", "bathing", "cleaning", "emergency", "medical", "mobility", "personal_care", "nursing",
    "rehabilitation", "day_care", "respite", "company", "advice", "devices", "adaptation", "assessment", "allowance",
    "residential",
)  # fmt: skip
"""六助 (助餐 助浴 助洁 助急 助医 助行), care, and what the basic list promises beside services."""
UNITS = ("visit", "meal", "hour", "day", "month", "stay", "device", "home", "time")


class ServiceItem(SQLModel, table=True):
    """One line of the menu (点菜式): what is done, for how long, by whom, to which standard.

    `at_home` items travel to the elder; others are taken at a site. `plain_name` is what elders read. The words
    in English may be missing; `checklist_en` says the tasks of `checklist` in the same order.
    """

    __tablename__ = "service_item"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="service_item_minutes_check"),
        CheckConstraint("guide_price_fen >= 0", name="service_item_price_not_negative_check"),
        CheckConstraint("urgency IN ('urgent', 'normal', 'planned')", name="service_item_urgency_check"),
    )
    id: int | None = own_id()
    code: str = words(unique=True)
    category: str = words(index=True)
    name_zh: str = words()
    name_en: str = words()
    plain_name: str = words()
    explanation: str = words()
    standard: str = words()
    checklist: list[str] = word_list()
    explanation_en: str = words(default="")
    standard_en: str = words(default="")
    checklist_en: list[str] = word_list()
    minutes: int = number()
    at_home: bool = Field(default=True, nullable=False)
    required_skills: list[str] = word_list()
    guide_price_fen: int = number()
    urgency: str = words(default="normal")
    volunteer: bool = Field(default=False, nullable=False)
    valid_from: date = Field(nullable=False)
    valid_to: date | None = Field(default=None)
    city_code: int | None = number(optional=True)
    """The city whose catalogue brought it; None: the house's own, on every menu."""


class ServiceStandard(SQLModel, table=True):
    """One version of a service item's standard in one city: what is promised, by whom, at most for how much.

    Never edited: a change is a new version from a day on, and `during` of the old one ends there, so what was in
    force on any day stays answerable. The five public fields of the basic-service list are `name_zh` (项目),
    `recipients` (对象), `provision` (方式), `standard` (标准) and `payer` (支出责任主体). `area_codes` empty: the
    whole city. `notice_minutes` before the start, and no later than `cut_off_minute` of the civil day
    `cut_off_days` before it. Prices in fen per `unit`.
    """

    __tablename__ = "service_standard"
    __table_args__ = (
        CheckConstraint("kind IN ('" + "', '".join(KINDS) + "')", name="service_standard_kind_check"),
        CheckConstraint("unit IN ('" + "', '".join(UNITS) + "')", name="service_standard_unit_check"),
        CheckConstraint("price_fen <= price_ceiling_fen", name="service_standard_price_within_ceiling_check"),
        CheckConstraint("price_fen >= 0 AND price_ceiling_fen >= 0", name="service_standard_price_not_negative_check"),
        CheckConstraint("orderable <= (minutes > 0 AND price_fen IS NOT NULL)", name="service_standard_orderable_check"),
        CheckConstraint(
            "notice_minutes >= 0 AND cut_off_days >= 0 AND cut_off_minute BETWEEN 0 AND 1439",
            name="service_standard_notice_check",
        ),
        CheckConstraint(
            "recipients <> '' AND provision <> '' AND standard <> '' AND payer <> ''",
            name="service_standard_five_fields_check",
        ),
        CheckConstraint("NOT isempty(during)", name="service_standard_days_check"),
        ExcludeConstraint(
            (text("city_code"), "="), (text("code"), "="), (text("during"), "&&"),
            name="service_standard_one_version_a_day_excl", using="gist",
        ),
        UniqueConstraint("city_code", "code", "version", name="service_standard_version_key"),
    )  # fmt: skip
    id: int | None = own_id()
    city_code: int = link("city.code")
    code: str = words()
    version: int = Field(nullable=False)
    kind: str = words()
    name_zh: str = words()
    name_en: str = words()
    content: str = words()
    content_en: str = words(default="")
    minutes: int | None = number(optional=True)
    unit: str = words(default="visit")
    required_skills: list[str] = word_list()
    acceptance: str = words()
    acceptance_en: str = words(default="")
    price_fen: int | None = number(optional=True)
    price_ceiling_fen: int | None = number(optional=True)
    notice_minutes: int = number(default=0)
    cut_off_days: int = Field(default=0, nullable=False)
    cut_off_minute: int | None = Field(default=None)
    area_codes: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger), nullable=False)
    orderable: bool = Field(default=True, nullable=False)
    basic: bool = Field(default=True, nullable=False)
    recipients: str = words()
    recipients_en: str = words(default="")
    provision: str = words()
    provision_en: str = words(default="")
    standard: str = words()
    standard_en: str = words(default="")
    payer: str = words()
    payer_en: str = words(default="")
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    source: str = words()
    assumed: bool = Field(default=False, nullable=False)
    reason: str = words()
    published_at: datetime = moment()
    published_by: int | None = link("person.id", optional=True)
