"""What the house watches for an area, as dated rules, and the alerts that came of it, each in a named person's hands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words

SEVERITIES = ("info", "warning", "urgent")
LEVELS = ("city", "district", "street", "community")
STATES = ("open", "acknowledged", "resolved")


def _one_of(column: str, allowed: tuple[str, ...]) -> str:
    return f"{column} IN ('" + "', '".join(allowed) + "')"


class AlertRule(SQLModel, table=True):
    """One thing the house watches over an area: on which condition whom it tells, how loud, and how often.

    `condition` is read by the rule's `kind`; `ladder` is [{"role", "minutes"}], minutes counting from being told;
    `repeat_days`: what was resolved is not told again for so long. A change is a new version; the old one ends.
    """

    __tablename__ = "alert_rule"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,59}$'", name="alert_rule_code_check"),
        CheckConstraint(_one_of("severity", SEVERITIES), name="alert_rule_severity_check"),
        CheckConstraint(_one_of("level", LEVELS), name="alert_rule_level_check"),
        CheckConstraint("repeat_days BETWEEN 0 AND 400", name="alert_rule_repeat_check"),
        CheckConstraint("jsonb_array_length(ladder) BETWEEN 1 AND 6", name="alert_rule_ladder_check"),
        CheckConstraint("ended_on IS NULL OR ended_on >= valid_from", name="alert_rule_dates_check"),
        UniqueConstraint("area_code", "code", "version", name="alert_rule_version_key"),
        Index(
            "alert_rule_one_in_force_idx", "area_code", "code", unique=True, postgresql_where=text("ended_on IS NULL")
        ),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    code: str = words()
    version: int = number(default=1)
    name_zh: str = words()
    name_en: str = words()
    kind: str = words()
    condition: dict[str, Any] = document()
    severity: str = words(default="warning")
    level: str = words(default="street")
    ladder: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    quiet: bool = Field(default=True, nullable=False)
    repeat_days: int = Field(default=7, nullable=False)
    valid_from: date = Field(nullable=False)
    ended_on: date | None = Field(default=None)
    entered_by: int | None = link("person.id", optional=True)
    entered_at: datetime = moment()


class Alert(SQLModel, table=True):
    """One condition that holds in an area, until somebody says what was done or it is gone.

    `key` names the condition: while one alert of it stands there is no second. `facts` are numbers and ids, no names.
    """

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(_one_of("state", STATES), name="alert_state_check"),
        CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="alert_resolved_has_moment_check"),
        CheckConstraint("(state = 'resolved') = (resolution IS NOT NULL)", name="alert_resolved_says_why_check"),
        CheckConstraint(
            "(state <> 'acknowledged') OR (acknowledged_at IS NOT NULL AND acknowledged_by IS NOT NULL)",
            name="alert_acknowledged_by_somebody_check",
        ),
        CheckConstraint("step >= 1", name="alert_step_check"),
        Index("alert_one_standing_idx", "key", unique=True, postgresql_where=text("state <> 'resolved'")),
        Index("alert_by_rule_idx", "rule_id", "opened_at"),
    )
    id: int | None = own_id()
    rule_id: int = link("alert_rule.id")
    area_code: int = area_code()
    key: str = words()
    subject_type: str | None = words(optional=True)
    subject_id: int | None = number(optional=True)
    facts: dict[str, Any] = document()
    severity: str = words()
    state: str = words(default="open")
    step: int = Field(default=1, nullable=False)
    in_charge_id: int = link("person.id", index=True)
    opened_at: datetime = moment()
    last_held_at: datetime = moment()
    last_told_on: date = Field(nullable=False)
    due_at: datetime = moment()
    acknowledged_at: datetime | None = moment(optional=True)
    acknowledged_by: int | None = link("person.id", optional=True)
    resolved_at: datetime | None = moment(optional=True)
    resolved_by: int | None = link("person.id", optional=True)
    resolution: str | None = words(optional=True)
    history: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)
