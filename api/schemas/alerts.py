"""Alerts and the rules behind them over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.visits import In, Out

Severity = Literal["info", "warning", "urgent"]
Role = Literal["advisor", "officer", "operator"]


class AlertOut(Out):
    """One alert with its numbers and in whose hands it is."""

    id: int
    rule_code: str
    kind: str
    version: int
    area_code: int
    facts: dict[str, Any]
    severity: str
    state: str
    step: int
    in_charge_id: int
    opened_at: datetime
    last_held_at: datetime
    due_at: datetime
    resolved_at: datetime | None
    resolution: str | None


class ResolutionIn(In):
    """What was done."""

    done: Annotated[str, Field(min_length=2, max_length=500)]


class RungIn(In):
    """Whom to tell, and how many minutes she has before the next one is told."""

    role: Role
    minutes: Annotated[int, Field(ge=5, le=100_000)]


class AlertRuleIn(In):
    """A rule over an area of one's own; the same `code` there gets a new version from today on."""

    area_code: Annotated[int, Field(ge=10**14, lt=10**15)]
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
    name_zh: Annotated[str, Field(min_length=1, max_length=60)]
    name_en: Annotated[str, Field(max_length=120)] = ""
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    condition: Annotated[dict[str, str | int | float | list[str]], Field(max_length=8)]
    severity: Severity = "warning"
    level: Literal["city", "district", "street", "community"] = "street"
    ladder: Annotated[list[RungIn], Field(min_length=1, max_length=6)]
    quiet: bool = True
    repeat_days: Annotated[int, Field(ge=0, le=400)] = 7


class AlertRuleOut(Out):
    """A rule in force."""

    id: int
    area_code: int
    code: str
    version: int
    name_zh: str
    kind: str
    condition: dict[str, Any]
    severity: str
    level: str
    ladder: list[Any]
    quiet: bool
    repeat_days: int
    valid_from: date


class RuleWrittenOut(Out):
    """The rule's number."""

    rule_id: int


class FiredOut(Out):
    """One alert a rule would have told: on which day, where, with which numbers."""

    on: date
    area_code: int
    facts: dict[str, Any]


class TrialOut(Out):
    """What a rule would have told over the last month; nothing was written."""

    times: int
    fired: list[FiredOut]
