"""The services an elder can order, with the standard each must meet."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from services.columns import number, own_id, word_list, words


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
