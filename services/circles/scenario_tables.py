"""What an officer tries out: scenarios of added, moved and closed facilities, and where siting would put new ones.

Nothing here is ever read by orders, matching or coverage: a scenario is a drawing beside the register.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Double, UniqueConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, place, word_list, words


class Scenario(SQLModel, table=True):
    """A named what-if of one office: its own until it is shared with the other offices of the area.

    `network_version_id` and `rules_version_id` are what its numbers were last judged by; `figures` what they were.
    """

    __tablename__ = "scenario"
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 80", name="scenario_name_check"),)
    id: int | None = own_id()
    area_code: int = area_code()
    city_code: int = number()
    name: str = words()
    note: str = words(default="")
    created_by: int = link("person.id", index=True)
    created_at: datetime = moment()
    changed_at: datetime = moment()
    shared_at: datetime | None = moment(optional=True)
    archived_at: datetime | None = moment(optional=True)
    copied_from: int | None = number(optional=True)
    network_version_id: int | None = number(optional=True)
    rules_version_id: int | None = number(optional=True)
    judged_on: date | None = Field(default=None)
    figures: dict[str, Any] = document()


class ScenarioChange(SQLModel, table=True):
    """One step of a scenario: a facility added, moved or closed; a step taken back keeps its row.

    An added facility is named by its step: a later step that moves or closes it says `added_by`.
    """

    __tablename__ = "scenario_change"
    __table_args__ = (
        CheckConstraint("kind IN ('add', 'move', 'close')", name="scenario_change_kind_check"),
        CheckConstraint(
            "(kind = 'add') = (facility_id IS NULL AND added_by IS NULL)", name="scenario_change_subject_check"
        ),
        CheckConstraint("facility_id IS NULL OR added_by IS NULL", name="scenario_change_one_subject_check"),
        CheckConstraint("(kind = 'close') = (geom IS NULL)", name="scenario_change_place_check"),
        CheckConstraint("(kind = 'add') = (type_code IS NOT NULL)", name="scenario_change_type_check"),
        CheckConstraint(
            "original_crs IN ('wgs84', 'gcj02', 'bd09', 'cgcs2000')", name="scenario_change_original_crs_check"
        ),
        UniqueConstraint("scenario_id", "step", name="scenario_change_scenario_id_step_key"),
    )
    id: int | None = own_id()
    scenario_id: int = link("scenario.id", index=True)
    step: int = number()
    kind: str = words()
    facility_id: int | None = link("facility.id", optional=True)
    added_by: int | None = number(optional=True)
    name: str | None = words(optional=True)
    type_code: str | None = words(optional=True)
    functions: list[str] = word_list()
    geom: Any = place(optional=True)
    original_lon: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    original_lat: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    original_crs: str | None = words(optional=True)
    created_at: datetime = moment()
    undone_at: datetime | None = moment(optional=True)


class SitingRun(SQLModel, table=True):
    """One question "where should the next ones go", how far its answer is, and the answer with its proven gap.

    `question`, `progress` and `answer` are documents as services.circles.sites writes them.
    """

    __tablename__ = "siting_run"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="siting_run_state_check"),
        CheckConstraint("(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="siting_run_finished_check"),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    city_code: int = number()
    asked_by: int = link("person.id", index=True)
    asked_at: datetime = moment()
    question: dict[str, Any] = document()
    state: str = words(default="waiting")
    progress: dict[str, Any] = document()
    answer: dict[str, Any] = document()
    network_version_id: int | None = number(optional=True)
    rules_version_id: int | None = number(optional=True)
    finished_at: datetime | None = moment(optional=True)
