"""How a city brings orders to providers (四单): which way for which service, alliances, and what waits for the bureau."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words

MODES = ("push", "ranked", "bureau", "claim", "alliance")


class Alliance(SQLModel, table=True):
    """Providers who serve together (养老服务联盟): an order goes round inside it first."""

    __tablename__ = "alliance"
    id: int | None = own_id()
    city_code: int = number()
    name: str = words(unique=True)
    created_at: datetime = moment()


class AllianceMember(SQLModel, table=True):
    """A provider in an alliance, until it leaves."""

    __tablename__ = "alliance_member"
    __table_args__ = (UniqueConstraint("alliance_id", "provider_id", name="alliance_member_once_key"),)
    id: int | None = own_id()
    alliance_id: int = link("alliance.id")
    provider_id: int = link("provider.id", index=True)
    joined_at: datetime = moment()
    left_at: datetime | None = moment(optional=True)


class DispatchMode(SQLModel, table=True):
    """From which day a city's orders of a service (without one: of all services) go which way.

    `clocks_rest`: the timers of what is not urgent run only in a provider's opening hours.
    """

    __tablename__ = "dispatch_mode"
    __table_args__ = (
        CheckConstraint("mode IN ('" + "', '".join(MODES) + "')", name="dispatch_mode_mode_check"),
        CheckConstraint("(mode = 'alliance') = (alliance_id IS NOT NULL)", name="dispatch_mode_alliance_check"),
        Index(
            "dispatch_mode_one_a_day_idx", "city_code", text("coalesce(service_code, '')"), "valid_from", unique=True
        ),
    )
    id: int | None = own_id()
    city_code: int = number()
    service_code: str | None = words(optional=True)
    mode: str = words()
    alliance_id: int | None = link("alliance.id", optional=True)
    clocks_rest: bool = Field(default=True, nullable=False)
    valid_from: date = Field(nullable=False)
    set_at: datetime = moment()


class BureauTask(SQLModel, table=True):
    """An order that waits for the civil-affairs bureau to name a provider, until `due_at`."""

    __tablename__ = "bureau_task"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'assigned', 'passed_on', 'closed')", name="bureau_task_state_check"),
        CheckConstraint("(state = 'assigned') = (provider_id IS NOT NULL)", name="bureau_task_assigned_to_check"),
        Index("bureau_task_one_open_per_order_idx", "order_id", unique=True, postgresql_where=text("state = 'open'")),
    )
    id: int | None = own_id()
    order_id: int = link("care_order.id", index=True)
    elder_id: int = number()
    area_code: int = area_code()
    opened_at: datetime = moment()
    due_at: datetime = moment()
    state: str = words(default="open")
    provider_id: int | None = link("provider.id", optional=True)
    decided_by: int | None = number(optional=True)
    decided_at: datetime | None = moment(optional=True)
