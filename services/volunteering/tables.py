"""A volunteer's life above the ledger: needs taken, sessions served, minutes confirmed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, during, link, moment, number, own_id, word_list, words


class Volunteer(SQLModel, table=True):
    """A person who gives time: trained, insured, known by real name; a minor has a guardian who agreed.

    With a `group_id` she serves for her group: the minutes are the group's, which may only donate them.
    """

    __tablename__ = "volunteer"
    __table_args__ = (
        CheckConstraint(
            "(guardian_id IS NULL) = (guardian_consented_on IS NULL)", name="volunteer_guardian_agreed_check"
        ),
        CheckConstraint("guardian_id <> person_id", name="volunteer_guardian_is_another_check"),
    )
    person_id: int = link("person.id", primary=True)
    area_code: int = area_code()
    display_name: str = words()
    interests: list[str] = word_list()
    trained_on: date | None = Field(default=None)
    insured_until: date | None = Field(default=None)
    registered_on: date = Field(nullable=False)
    passport_number: str = words(unique=True)
    left_on: date | None = Field(default=None)
    guardian_id: int | None = link("person.id", optional=True)
    guardian_consented_on: date | None = Field(default=None)
    group_id: int | None = link("volunteer_group.id", optional=True, index=True)


class Need(SQLModel, table=True):
    """Something an elder asks of volunteers. The board shows `rough_place`, never a name or a door."""

    __tablename__ = "need"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="need_window_check"),
        CheckConstraint("state IN ('open', 'taken', 'served', 'confirmed', 'cancelled')", name="need_state_check"),
        CheckConstraint(
            "(state IN ('taken', 'served', 'confirmed')) <= (taken_by IS NOT NULL)",
            name="need_taken_by_somebody_check",
        ),
        CheckConstraint("elder_id <> taken_by", name="need_not_taken_by_the_elder_check"),
        Index("need_open_idx", "starts_at", postgresql_where=text("state = 'open'")),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    kind: str = words()
    title: str = words()
    rough_place: str = words()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    state: str = words(default="open")
    posted_by: int = number()
    posted_at: datetime = moment()
    taken_by: int | None = link("person.id", optional=True, index=True)
    taken_at: datetime | None = moment(optional=True)


class VolunteerSession(SQLModel, table=True):
    """Served time waiting for, or holding, its minutes in the ledger."""

    __tablename__ = "volunteer_session"
    __table_args__ = (
        CheckConstraint(
            "credit_minutes >= 0 AND credit_minutes + honour_minutes > 0", name="volunteer_session_minutes_check"
        ),
        CheckConstraint("honour_minutes >= 0", name="volunteer_session_honours_check"),
        CheckConstraint("proof IN ('clocked', 'attested')", name="volunteer_session_proof_check"),
        CheckConstraint(
            "callback_state IN ('due', 'right', 'wrong', 'unreached')", name="volunteer_session_callback_check"
        ),
        CheckConstraint(
            "(callback_state IN ('right', 'wrong', 'unreached')) <= (callback_by IS NOT NULL)",
            name="volunteer_session_called_by_somebody_check",
        ),
        Index(
            "volunteer_session_callback_due_idx",
            "area_code",
            postgresql_where=text("callback_state = 'due'"),
        ),
        CheckConstraint("state IN ('pending', 'posted', 'voided')", name="volunteer_session_state_check"),
        ExcludeConstraint(
            (text("volunteer_id"), "="),
            (text("during"), "&&"),
            where=text("state <> 'voided'"),
            name="volunteer_session_no_overlap_excl",
            using="gist",
        ),
        UniqueConstraint("visit_id", name="volunteer_session_one_per_visit_key"),
    )
    id: int | None = own_id()
    need_id: int = link("need.id", index=True)
    visit_id: int = link("visit.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    volunteer_id: int = link("person.id", index=True)
    during: Any = during()
    service_minutes: int = number()
    credit_minutes: int = number()
    rule_version: str = words()
    state: str = words(default="pending")
    transfer_id: int | None = number(optional=True)
    auto_confirm_at: datetime | None = moment(optional=True)
    confirmed_by: int | None = number(optional=True)
    confirmed_at: datetime | None = moment(optional=True)
    dispute_reason: str | None = words(optional=True)
    honour_minutes: int = number(default=0)
    over_transfer_id: int | None = number(optional=True)
    proof: str = words(default="clocked")
    callback_state: str | None = words(optional=True)
    callback_by: int | None = link("person.id", optional=True)
    callback_at: datetime | None = moment(optional=True)
    callback_note: str | None = words(optional=True)


class VolunteerGroup(SQLModel, table=True):
    """A company, school or club whose people give time together; its minutes can only be donated."""

    __tablename__ = "volunteer_group"
    id: int | None = own_id()
    area_code: int = area_code()
    name: str = words(unique=True)
    account_id: int = number()
    contact_id: int | None = link("person.id", optional=True)
    registered_by: int | None = link("person.id", optional=True)
    registered_on: date = Field(nullable=False)


class ElderHours(SQLModel, table=True):
    """Where the hours lie that a city gives to a key elder: an account of her own that she did not earn."""

    __tablename__ = "elder_hours"
    elder_id: int = link("person.id", primary=True)
    area_code: int = area_code()
    account_id: int = number()
    opened_on: date = Field(nullable=False)


class ProfessionalHours(SQLModel, table=True):
    """The account of a provider in a bank whose reserve pays it when no volunteer was free; settled in money outside.

    In the ledger it is a volunteer's account, the only kind a reserve may pay; nobody holds its passport, so nothing
    can be given or booked from it.
    """

    __tablename__ = "professional_hours"
    provider_id: int = link("provider.id", primary=True)
    ledger: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    account_id: int = number()


class Redemption(SQLModel, table=True):
    """Help an elder booked with hours: held at booking, settled when it was confirmed, released when it was not.

    `payer_id` spends, `elder_id` is helped; `from_grant`: out of her granted hours. `professional`: no volunteer
    was free, so the city's reserve pays somebody who does it for a living. `to_ledger`: the bank whose volunteers
    help; where it is not the payer's own, `act_key` names the act between the two. `aims`: how often it was held.
    """

    __tablename__ = "redemption"
    __table_args__ = (
        CheckConstraint("held_minutes > 0", name="redemption_minutes_check"),
        CheckConstraint("settled_minutes BETWEEN 0 AND held_minutes", name="redemption_settles_within_the_hold_check"),
        CheckConstraint("state IN ('held', 'settled', 'released')", name="redemption_state_check"),
        CheckConstraint("(state = 'held') = (ended_at IS NULL)", name="redemption_ended_check"),
        CheckConstraint(
            "(booked_by <> payer_id) <= (reason IS NOT NULL)", name="redemption_by_another_has_reason_check"
        ),
        UniqueConstraint("need_id", name="redemption_one_per_need_key"),
    )
    id: int | None = own_id()
    payer_id: int = link("person.id", index=True)
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    need_id: int = link("need.id")
    relation: str = words()
    from_grant: bool = Field(default=False, nullable=False)
    account_id: int = number()
    held_minutes: int = number()
    settled_minutes: int | None = number(optional=True)
    transfer_id: int = number()
    to_ledger: int = number()
    act_key: str | None = words(optional=True)
    aims: int = number(default=1)
    rule_version: str = words()
    state: str = words(default="held")
    booked_by: int = link("person.id")
    booked_at: datetime = moment()
    by_right: str = words()
    reason: str | None = words(optional=True)
    professional: bool = Field(default=False, nullable=False)
    provider_id: int | None = number(optional=True)
    ended_at: datetime | None = moment(optional=True)


class HourMovement(SQLModel, table=True):
    """Minutes that moved without a visit: gift, donation, grant, expiry, inheritance, moving away. Never edited.

    Who entered it, by which right and why stays with it: a community worker enters for people who never go online.
    """

    __tablename__ = "hour_movement"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="hour_movement_minutes_check"),
        CheckConstraint(
            "kind IN ('gift', 'donate', 'grant', 'start', 'expiry', 'inherit', 'leave')",
            name="hour_movement_kind_check",
        ),
        Index("hour_movement_key_key", "key", unique=True),
    )
    id: int | None = own_id()
    kind: str = words()
    from_person_id: int | None = link("person.id", optional=True, index=True)
    to_person_id: int | None = link("person.id", optional=True, index=True)
    group_id: int | None = link("volunteer_group.id", optional=True)
    area_code: int = area_code()
    minutes: int = number()
    transfer_id: int | None = number(optional=True)
    rule_version: str = words()
    entered_by: int | None = link("person.id", optional=True)
    by_right: str = words()
    reason: str | None = words(optional=True)
    happened_at: datetime = moment()
    key: str = words()


class HourPaper(SQLModel, table=True):
    """A certificate or statement somebody took away; its code leads a stranger to the seal and to nothing private.

    What was served is written down when it is handed out: a visit corrected later leaves the paper as it was printed.
    """

    __tablename__ = "hour_paper"
    __table_args__ = (
        CheckConstraint("kind IN ('certificate', 'statement')", name="hour_paper_kind_check"),
        CheckConstraint("from_day <= to_day", name="hour_paper_days_check"),
    )
    id: int | None = own_id()
    code: str = words(unique=True)
    kind: str = words()
    person_id: int = link("person.id", index=True)
    area_code: int = area_code()
    city_code: int = number()
    from_day: date = Field(nullable=False)
    to_day: date = Field(nullable=False)
    account_id: int = number()
    minutes: int = number()
    fingerprint: str = words()
    head_hash: str = words()
    upto_transfer_id: int | None = number(optional=True)
    visits: int | None = number(optional=True)
    served_minutes: int | None = number(optional=True)
    honour_minutes: int | None = number(optional=True)
    issued_by: int | None = link("person.id", optional=True)
    issued_at: datetime = moment()
