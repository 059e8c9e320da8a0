"""Hours over HTTP: spending, giving, what an office enters, what an officer may ask about, papers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.visits import Day, In, Moment, Out
from api.schemas.volunteering import Code

Minutes = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Number = Annotated[int, Field(ge=1, le=2**62)]
Reason = Annotated[str, Field(min_length=2, max_length=500)]
Key = Annotated[str, Field(min_length=4, max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$")]
Passport = Annotated[str, Field(min_length=4, max_length=40)]


class BookingIn(In):
    """Help booked with hours. `payer_id` None: one's own hours; an office and grants say why."""

    kind: Code
    title: str | None = Field(default=None, min_length=2, max_length=60)
    starts_at: Moment
    ends_at: Moment
    payer_id: Number | None = None
    from_grant: bool = False
    reason: Reason | None = None


class BookingOut(Out):
    """A booking with hours: what is held, what was taken, and whether a professional was called."""

    id: int
    need_id: int
    state: str
    title: str
    starts_at: datetime
    ends_at: datetime
    held_minutes: int
    settled_minutes: int | None
    from_grant: bool
    relation: str
    professional: bool
    booked_at: datetime
    reason: str | None


class BookedOut(Out):
    """The id of the booking."""

    redemption_id: int


class ProfessionalIn(In):
    """What a professional did because no volunteer was free, and how it was checked."""

    provider_id: Number
    minutes: Minutes
    reason: Reason


class GiftIn(In):
    """Minutes for the holder of a passport; the same `key` is the same gift."""

    passport_number: Passport
    minutes: Minutes
    key: Key
    reason: Reason | None = None


class DonationIn(In):
    """Minutes for the city's pool; the same `key` is the same donation."""

    minutes: Minutes
    key: Key
    reason: Reason | None = None


class MovedOut(Out):
    """The id of the movement."""

    movement_id: int


class GroupIn(In):
    """A company, school or club; `contact_id` may donate its minutes."""

    name: str = Field(min_length=2, max_length=60)
    area_code: int = Field(ge=10**14, lt=10**15)
    contact_id: Number | None = None


class GroupOut(Out):
    """The id of the group."""

    group_id: int


class EstateIn(In):
    """To whom the hours of somebody who died go (None: the pool), and what the officer saw."""

    heir_passport: Passport | None = None
    reason: Reason


class ReasonIn(In):
    """Why."""

    reason: Reason


class ClosedOut(Out):
    """How many minutes moved."""

    minutes: int


class ServedTimeIn(In):
    """A visit without a phone, as the community's book has it."""

    volunteer_id: Number
    kind: Code
    started_at: Moment
    ended_at: Moment
    reason: Reason


class TakeForIn(In):
    """Who promises to go, and how she said so."""

    volunteer_id: Number
    reason: Reason


class VisitEnteredOut(Out):
    """The visit that was written."""

    visit_id: int


class CallBackOut(Out):
    """A session to ask the elder about."""

    id: int
    elder_id: int
    elder_name: str
    volunteer_id: int
    volunteer_name: str | None
    title: str
    started_at: datetime
    ended_at: datetime
    credit_minutes: int
    proof: str


class CallBackIn(In):
    """What the elder said."""

    answer: Literal["right", "wrong", "unreached"]
    note: str | None = Field(default=None, max_length=500)


class SignalOut(Out):
    """A pattern that deserves a question; never a verdict."""

    kind: str
    volunteer_id: int
    volunteer_name: str | None
    other_id: int | None
    other_name: str | None
    facts: dict[str, Any]
    session_ids: list[int]


class PaperIn(In):
    """Which paper over which days, both included."""

    kind: Literal["certificate", "statement"]
    from_day: Day
    to_day: Day


class PaperOut(Out):
    """The code of the paper, which is also its address for strangers."""

    code: str
    check_path: str


class PaperCheckOut(Out):
    """What a stranger learns from a code: whether it is ours, its fingerprint and its seal; nothing about anybody."""

    kind: str
    city_name_zh: str | None
    city_name_en: str | None
    from_day: date
    to_day: date
    issued_on: date
    fingerprint: str
    head_hash: str
    in_chain: bool
    seal_number: int | None
    seal_root: str | None
    sealed_at: datetime | None
    minutes_match: bool | None


class BankDebtOut(Out):
    """What one bank owes another, in minutes; totals only."""

    ledger: int
    ledger_name: str
    peer_ledger: int
    peer_name: str
    owed_minutes: int
    held_out_minutes: int
    held_in_minutes: int
    most_minutes: int
    net_minutes: int
