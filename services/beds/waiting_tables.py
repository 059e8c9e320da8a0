"""Who waits for a bed in which home, in which order and why; what was offered to whom; who was put before her turn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words

WAITING = ("waiting", "offered", "accepted")
"""States of an entry that still waits for its bed."""
_STANDS = "state IN ('waiting', 'offered', 'accepted')"


class BedWait(SQLModel, table=True):
    """An elder on a home's waiting list. `area_code` is the home's, `elder_area_code` her own office's.

    The order: who was put first by two people (`jumped_at`), then `class_rank` (1 first), then `queued_at`.
    `class_facts` say why the class is hers; `wants` is the flag a bed must carry for her.
    """

    __tablename__ = "bed_wait"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'offered', 'accepted', 'admitted', 'withdrawn', 'removed')", name="bed_wait_state_check"
        ),
        CheckConstraint("wants IN ('nursing', 'dementia', 'basic_guarantee')", name="bed_wait_wants_check"),
        CheckConstraint(f"({_STANDS}) = (ended_at IS NULL)", name="bed_wait_ends_once_check"),
        Index(
            "bed_wait_one_a_home_idx", "facility_id", "elder_id", unique=True, postgresql_where=text(_STANDS)
        ),
        Index("bed_wait_order_idx", "facility_id", "class_rank", "queued_at", postgresql_where=text(_STANDS)),
    )  # fmt: skip
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    provider_id: int = link("provider.id", index=True)
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    elder_area_code: int = number()
    class_code: str = words()
    class_rank: int = Field(nullable=False)
    class_facts: dict[str, Any] = document()
    wants: str | None = words(optional=True)
    state: str = words(default="waiting")
    applied_at: datetime = moment()
    queued_at: datetime = moment()
    jumped_at: datetime | None = moment(optional=True)
    declines: int = Field(default=0, nullable=False)
    applied_by: int | None = link("person.id", optional=True)
    by_right: str = words()
    ended_at: datetime | None = moment(optional=True)
    end_reason: str | None = words(optional=True)


class BedJump(SQLModel, table=True):
    """A wish to put somebody before her turn, with the reason; a second person of the office says yes or no."""

    __tablename__ = "bed_jump"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'approved', 'refused')", name="bed_jump_state_check"),
        CheckConstraint("reason <> ''", name="bed_jump_says_why_check"),
        CheckConstraint("decided_by <> asked_by", name="bed_jump_two_people_check"),
        CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="bed_jump_decided_by_somebody_check",
        ),
        Index("bed_jump_one_open_idx", "wait_id", unique=True, postgresql_where=text("state = 'asked'")),
    )
    id: int | None = own_id()
    wait_id: int = link("bed_wait.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    provider_id: int = link("provider.id")
    reason: str = words()
    place_then: int = Field(nullable=False)
    state: str = words(default="asked")
    asked_by: int = link("person.id")
    asked_at: datetime = moment()
    decided_by: int | None = link("person.id", optional=True)
    decided_at: datetime | None = moment(optional=True)
    decision_reason: str | None = words(optional=True)


class BedOffer(SQLModel, table=True):
    """A bed offered to who is first on the list, open until `expires_at`; open and accepted offers hold the bed."""

    __tablename__ = "bed_offer"
    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn', 'fulfilled')",
            name="bed_offer_state_check",
        ),
        CheckConstraint("expires_at > offered_at", name="bed_offer_has_time_check"),
        CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="bed_offer_answered_once_check"),
        Index("bed_offer_one_a_bed_idx", "bed_id", unique=True, postgresql_where=text("state IN ('open', 'accepted')")),
        Index(
            "bed_offer_one_a_wait_idx", "wait_id", unique=True, postgresql_where=text("state IN ('open', 'accepted')")
        ),
    )
    id: int | None = own_id()
    wait_id: int = link("bed_wait.id", index=True)
    bed_id: int = link("bed.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    elder_area_code: int = number()
    provider_id: int = link("provider.id", index=True)
    first_day: date = Field(nullable=False)
    state: str = words(default="open")
    offered_by: int | None = link("person.id", optional=True)
    offered_at: datetime = moment()
    expires_at: datetime = moment()
    answered_at: datetime | None = moment(optional=True)
    answered_by: int | None = link("person.id", optional=True)
    by_right: str | None = words(optional=True)
    reason: str | None = words(optional=True)
