"""A volunteer's life above the ledger: needs taken, sessions served, minutes confirmed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, during, link, moment, number, own_id, word_list, words


class Volunteer(SQLModel, table=True):
    """A person who gives time: trained, insured, known by real name; a minor has a guardian who agreed.

    Who was under 18 when she was registered has a guardian for good: a trigger refuses the row without one.
    `guardian_consent`: how the guardian said so at the counter.
    With a `group_id` she serves for her group: the minutes are the group's, which may only donate them.
    """

    __tablename__ = "volunteer"
    __table_args__ = (
        CheckConstraint(
            "(guardian_id IS NULL) = (guardian_consented_on IS NULL)", name="volunteer_guardian_agreed_check"
        ),
        CheckConstraint("guardian_id <> person_id", name="volunteer_guardian_is_another_check"),
        CheckConstraint(
            "guardian_consent IN ('signed', 'in_person', 'by_phone')", name="volunteer_guardian_consent_check"
        ),
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
    guardian_relation: str | None = words(optional=True)
    guardian_consent: str | None = words(optional=True)
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


class MemberHours(SQLModel, table=True):
    """What one member earned for her group: an organisation's account of its own, which can only donate.

    So the ledger itself counts a member's day and holds it to the cap; the group donates from all its members'.
    """

    __tablename__ = "member_hours"
    person_id: int = link("person.id", primary=True)
    group_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("volunteer_group.id"), primary_key=True, autoincrement=False, index=True
        )
    )
    area_code: int = area_code()
    account_id: int = number()
    opened_on: date = Field(nullable=False)


class ElderHours(SQLModel, table=True):
    """Where the hours lie that a city gives to a key elder: an account of her own that she did not earn."""

    __tablename__ = "elder_hours"
    elder_id: int = link("person.id", primary=True)
    area_code: int = area_code()
    account_id: int = number()
    opened_on: date = Field(nullable=False)


class ProfessionalHours(SQLModel, table=True):
    """The account of a provider in a bank whose reserve pays it when no volunteer was free; settled in money outside.

    In the ledger it is an organisation's: nothing can be given, booked or redeemed from it. Those of kind `volunteer`
    were opened before the ledger let a reserve pay organisations; they keep what they were paid and receive no more.
    """

    __tablename__ = "professional_hours"
    __table_args__ = (CheckConstraint("kind IN ('volunteer', 'organisation')", name="professional_hours_kind_check"),)
    provider_id: int = link("provider.id", primary=True)
    ledger: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str = Field(default="organisation", sa_type=Text, primary_key=True)
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


class HourMove(SQLModel, table=True):
    """Saved hours that follow somebody to another district's bank: from her account there to one in the new bank.

    `asked`: nothing moved yet; `waiting`: the banks refused (`refusal`); `moved`: what was free went over and she has
    the new account, the rest follows when it is confirmed; `closed`: the old account stands at zero and takes nothing
    more; `undone`: everything went back by counter-entries (`undoes_id` of the row that did it); `withdrawn`: she moved back
    before anything went over. `granted`: hours the
    city gave an elder. `carried`: both legs of every act, so that they are not taken for fresh hours.
    """

    __tablename__ = "hour_move"
    __table_args__ = (
        CheckConstraint(
            "state IN ('asked', 'waiting', 'moved', 'closed', 'undone', 'withdrawn')", name="hour_move_state_check"
        ),
        CheckConstraint("from_ledger <> to_ledger", name="hour_move_to_another_bank_check"),
        CheckConstraint("minutes >= 0", name="hour_move_minutes_check"),
        CheckConstraint(
            "(state IN ('moved', 'closed', 'undone')) = (moved_at IS NOT NULL)", name="hour_move_moved_at_check"
        ),
        CheckConstraint("(moved_at IS NULL) OR (to_account_id IS NOT NULL)", name="hour_move_has_an_account_check"),
        CheckConstraint("(asked_by IS NULL) OR (reason IS NOT NULL)", name="hour_move_asked_with_reason_check"),
        Index(
            "hour_move_one_from_an_account_key",
            "from_account_id",
            unique=True,
            postgresql_where=text("state NOT IN ('undone', 'withdrawn')"),
        ),
    )
    id: int | None = own_id()
    person_id: int = link("person.id", index=True)
    granted: bool = Field(default=False, nullable=False)
    area_code: int = area_code()
    to_area_code: int = number(index=True)
    from_ledger: int = number()
    from_account_id: int = number()
    to_ledger: int = number()
    to_account_id: int | None = number(optional=True, index=True)
    minutes: int = number(default=0)
    sends: int = number(default=0)
    carried: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger), nullable=False)
    state: str = words(default="asked")
    refusal: str | None = words(optional=True)
    rule_version: str = words()
    asked_by: int | None = link("person.id", optional=True)
    by_right: str = words()
    reason: str | None = words(optional=True)
    asked_at: datetime = moment()
    moved_at: datetime | None = moment(optional=True)
    closed_at: datetime | None = moment(optional=True)
    undoes_id: int | None = link("hour_move.id", optional=True)


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
