"""Who looks after whom: grids (网格) with their workers, tasks with roles, visits the government buys, and leave."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, word_list, words
from services.visits.evidence_tables import link_words

OPEN_ENDED = text("ended_on IS NULL")
STANDING = text("until IS NULL")


class VisitActorKind(SQLModel, table=True):
    """A kind of people who may take a visit: grid worker, social worker, volunteer, charity, provider; kept as rows."""

    __tablename__ = "visit_actor_kind"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,39}$'", name="visit_actor_kind_code_check"),
        CheckConstraint("leads OR accompanies", name="visit_actor_kind_does_something_check"),
    )
    code: str = Field(primary_key=True, sa_type=Text)
    name_zh: str = words()
    name_en: str = words()
    leads: bool = Field(default=True, nullable=False)
    accompanies: bool = Field(default=True, nullable=False)
    rank: int = number(default=100)
    ended_on: date | None = Field(default=None)


class VisitGrid(SQLModel, table=True):
    """A grid (网格), the smallest area of visits, inside one community; `far`: the way is long and a call may count.

    `outline` in WGS-84 (lon, lat); without one the grid is its whole community or quarter. A change is a new row.
    """

    __tablename__ = "visit_grid"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 60", name="visit_grid_name_check"),
        CheckConstraint("ended_on IS NULL OR ended_on >= since", name="visit_grid_dates_check"),
        CheckConstraint("outline IS NULL OR ST_IsValid(outline)", name="visit_grid_outline_check"),
        Index("visit_grid_one_name_idx", "area_code", "name", unique=True, postgresql_where=OPEN_ENDED),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    name: str = words()
    outline: Any = Field(None, sa_type=Geometry("POLYGON", srid=4326, spatial_index=False), nullable=True)
    far: bool = Field(default=False, nullable=False)
    since: date = Field(nullable=False)
    ended_on: date | None = Field(default=None)
    drawn_by: int = link("person.id")


class GridWorker(SQLModel, table=True):
    """Who walks a grid: one leads (a grid worker), others come along (a volunteer with the social worker)."""

    __tablename__ = "grid_worker"
    __table_args__ = (
        CheckConstraint("part IN ('lead', 'companion')", name="grid_worker_part_check"),
        CheckConstraint("ended_on IS NULL OR ended_on >= since", name="grid_worker_dates_check"),
        Index(
            "grid_worker_one_lead_idx", "grid_id", unique=True,
            postgresql_where=text("ended_on IS NULL AND part = 'lead'"),
        ),
        Index("grid_worker_once_idx", "grid_id", "person_id", unique=True, postgresql_where=OPEN_ENDED),
    )  # fmt: skip
    id: int | None = own_id()
    grid_id: int = link("visit_grid.id")
    area_code: int = area_code()
    person_id: int = link("person.id", index=True)
    part: str = words(default="lead")
    actor_kind: str = link_words("visit_actor_kind.code")
    since: date = Field(nullable=False)
    ended_on: date | None = Field(default=None)
    set_by: int = link("person.id")


class VisitPurchase(SQLModel, table=True):
    """Visits with a care package that the government buys from a provider for the elders of an area.

    `price_fen` for each kept visit; no visit is given once `budget_fen` is used up.
    """

    __tablename__ = "visit_purchase"
    __table_args__ = (
        CheckConstraint("until_on >= from_on", name="visit_purchase_dates_check"),
        CheckConstraint("price_fen > 0 AND budget_fen >= price_fen", name="visit_purchase_money_check"),
        UniqueConstraint("area_code", "contract_number", name="visit_purchase_contract_key"),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    provider_id: int = link("provider.id", index=True)
    contract_number: str = words()
    visit_classes: list[str] = word_list()
    care_package: list[str] = word_list()
    price_fen: int = number()
    budget_fen: int = number()
    from_on: date = Field(nullable=False)
    until_on: date = Field(nullable=False)
    entered_by: int = link("person.id")
    entered_at: datetime = moment()


class VisitTask(SQLModel, table=True):
    """One visit an elder is owed between two days, made from her class's frequency; `seen` only by a counting contact."""

    __tablename__ = "visit_task"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'seen', 'missed', 'dropped')", name="visit_task_state_check"),
        CheckConstraint("due_on >= from_on", name="visit_task_dates_check"),
        CheckConstraint("(state = 'seen') = (attempt_id IS NOT NULL)", name="visit_task_seen_by_an_attempt_check"),
        UniqueConstraint("elder_id", "from_on", name="visit_task_once_key"),
        Index("visit_task_open_idx", "area_code", "due_on", postgresql_where=text("state = 'open'")),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    duty_id: int = link("visit_duty.id", index=True)
    visit_class: str = words()
    grid_id: int | None = link("visit_grid.id", optional=True)
    purchase_id: int | None = link("visit_purchase.id", optional=True, index=True)
    from_on: date = Field(nullable=False)
    due_on: date = Field(nullable=False)
    state: str = words(default="open")
    attempt_id: int | None = link("visit_attempt.id", optional=True)
    created_at: datetime = moment()
    settled_at: datetime | None = moment(optional=True)


class VisitTaskActor(SQLModel, table=True):
    """Who goes on a task and in which part; handing it to somebody else ends the row and writes another."""

    __tablename__ = "visit_task_actor"
    __table_args__ = (
        CheckConstraint("part IN ('lead', 'companion')", name="visit_task_actor_part_check"),
        CheckConstraint("until IS NULL OR until >= since", name="visit_task_actor_dates_check"),
        Index(
            "visit_task_actor_one_lead_idx", "task_id", unique=True,
            postgresql_where=text("until IS NULL AND part = 'lead'"),
        ),
        Index("visit_task_actor_once_idx", "task_id", "person_id", unique=True, postgresql_where=STANDING),
        Index("visit_task_actor_hers_idx", "person_id", postgresql_where=STANDING),
    )  # fmt: skip
    id: int | None = own_id()
    task_id: int = link("visit_task.id", index=True)
    elder_id: int = link("person.id")
    area_code: int = area_code()
    person_id: int = link("person.id")
    part: str = words(default="lead")
    actor_kind: str = link_words("visit_actor_kind.code")
    since: datetime = moment()
    until: datetime | None = moment(optional=True)
    set_by: int | None = link("person.id", optional=True)
    reason: str | None = words(optional=True)


class Absence(SQLModel, table=True):
    """Days on which somebody in charge is away, and who stands in: an unanswered door never waits for a holiday."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("last_on >= first_on", name="absence_dates_check"),
        CheckConstraint("stand_in_id <> person_id", name="absence_another_stands_in_check"),
        Index("absence_of_person_idx", "person_id", "last_on"),
    )
    id: int | None = own_id()
    person_id: int = link("person.id")
    area_code: int = area_code()
    first_on: date = Field(nullable=False)
    last_on: date = Field(nullable=False)
    stand_in_id: int | None = link("person.id", optional=True)
    entered_by: int = link("person.id")
    entered_at: datetime = moment()
    cancelled_at: datetime | None = moment(optional=True)
