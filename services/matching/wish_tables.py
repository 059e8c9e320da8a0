"""Whom an elder would like to be cared for by, and which tongues carers speak."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, word_list, words


class CarerWish(SQLModel, table=True):
    """An elder's standing wish: a woman or a man, who speaks one of these tongues, or one whom she knows.

    `must`: nobody else comes.
    """

    __tablename__ = "carer_wish"
    __table_args__ = (CheckConstraint("gender IN ('female', 'male')", name="carer_wish_gender_check"),)
    elder_id: int = link("person.id", primary=True)
    area_code: int = area_code()
    gender: str | None = words(optional=True)
    languages: list[str] = word_list()
    must: bool = Field(default=False, nullable=False)
    carer_id: int | None = link("carer.person_id", optional=True)
    said_by: int | None = number(optional=True)
    said_at: datetime = moment()


class CarerLanguage(SQLModel, table=True):
    """A tongue a carer speaks with elders, as her provider says."""

    __tablename__ = "carer_language"
    __table_args__ = (UniqueConstraint("carer_id", "language", name="carer_language_once_key"),)
    id: int | None = own_id()
    carer_id: int = link("carer.person_id")
    provider_id: int = link("provider.id", index=True)
    language: str = words()
    said_at: datetime = moment()
