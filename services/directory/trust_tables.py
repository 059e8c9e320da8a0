"""Whom one may trust with an elder: credit levels with their evidence, blacklists, appeals, carers' certificates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, word_list, words


class ProviderCredit(SQLModel, table=True):
    """A provider's credit level of a month (信用等级) as the formula of that day gave it; written once, public.

    Computed anew it is a further `version`; the last one of a month holds. `level` is a code of `formula`, 'none'
    while too few orders were served. `parts` are the points with what they were counted from.
    """

    __tablename__ = "provider_credit"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="provider_credit_month_check"),
        CheckConstraint("points BETWEEN 0 AND 100", name="provider_credit_points_check"),
        CheckConstraint("because IN ('monthly', 'on_demand', 'appeal')", name="provider_credit_because_check"),
        UniqueConstraint("provider_id", "month", "version", name="provider_credit_version_key"),
    )
    id: int | None = own_id()
    provider_id: int = link("provider.id")
    month: date = Field(nullable=False)
    version: int = Field(nullable=False)
    level: str = words()
    points: int = Field(nullable=False)
    match_percent: int = Field(nullable=False)
    orders: int = number()
    parts: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    formula: dict[str, Any] = document()
    rule_version: str = words()
    because: str = words()
    computed_at: datetime = moment()


class CreditEvidence(SQLModel, table=True):
    """One fact a credit level was counted from: which rating, complaint, visit, order or certificate, on which day.

    `struck`: an appeal took it out, it counted for nothing. `value` is the face of a rating, else 1.
    """

    __tablename__ = "credit_evidence"
    __table_args__ = (Index("credit_evidence_credit_idx", "credit_id", "part"),)
    id: int | None = own_id()
    credit_id: int = link("provider_credit.id")
    provider_id: int = number()
    area_code: int = area_code()
    part: str = words()
    subject_type: str = words()
    subject_id: int = number()
    happened_on: date = Field(nullable=False)
    value: int = Field(nullable=False)
    struck: bool = Field(default=False, nullable=False)


class BlacklistEntry(SQLModel, table=True):
    """A provider or one member of its staff on the list of the untrustworthy (失信名单), until lifted.

    From `from_at` on no offer is opened and no carer promised (sql/425_trust.sql). On `until_on` itself it no longer
    holds.
    """

    __tablename__ = "blacklist_entry"
    __table_args__ = (
        CheckConstraint("(provider_id IS NULL) <> (carer_id IS NULL)", name="blacklist_entry_one_subject_check"),
        CheckConstraint("reason <> '' AND evidence <> ''", name="blacklist_entry_says_why_check"),
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL)", name="blacklist_entry_lifted_with_reason_check"),
        Index("blacklist_entry_provider_idx", "provider_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
        Index("blacklist_entry_carer_idx", "carer_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )
    id: int | None = own_id()
    provider_id: int | None = link("provider.id", optional=True)
    carer_id: int | None = link("carer.person_id", optional=True)
    area_code: int = area_code()
    reason: str = words()
    evidence: str = words()
    legal_basis: str | None = words(optional=True)
    from_at: datetime = moment()
    until_on: date | None = Field(default=None)
    entered_by: int = link("person.id")
    entered_at: datetime = moment()
    lifted_at: datetime | None = moment(optional=True)
    lifted_by: int | None = link("person.id", optional=True)
    lift_reason: str | None = words(optional=True)


class BlacklistVisit(SQLModel, table=True):
    """A running or future visit of whoever was blacklisted: a person decides whether it stays, moves or ends."""

    __tablename__ = "blacklist_visit"
    __table_args__ = (
        CheckConstraint("decision IN ('keep', 'reassign', 'cancel')", name="blacklist_visit_decision_check"),
        CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)",
            name="blacklist_visit_decided_by_somebody_check",
        ),
        UniqueConstraint("entry_id", "order_id", name="blacklist_visit_once_key"),
    )
    id: int | None = own_id()
    entry_id: int = link("blacklist_entry.id")
    order_id: int = link("care_order.id", index=True)
    elder_id: int = number(index=True)
    area_code: int = area_code()
    provider_id: int = number()
    carer_id: int | None = number(optional=True)
    order_state: str = words()
    starts_at: datetime = moment()
    decision: str | None = words(optional=True)
    note: str | None = words(optional=True)
    decided_by: int | None = link("person.id", optional=True)
    decided_at: datetime | None = moment(optional=True)
    done_at: datetime | None = moment(optional=True)
    outcome: str | None = words(optional=True)


class TrustAppeal(SQLModel, table=True):
    """What a provider (or a carer) says against a credit level or a blacklist entry, and what an officer decided."""

    __tablename__ = "trust_appeal"
    __table_args__ = (
        CheckConstraint("(credit_id IS NULL) <> (entry_id IS NULL)", name="trust_appeal_one_subject_check"),
        CheckConstraint("decision IN ('granted', 'refused')", name="trust_appeal_decision_check"),
        CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)"
            " AND (decision IS NULL) = (reply IS NULL)",
            name="trust_appeal_decided_with_reply_check",
        ),
        CheckConstraint("decided_by <> filed_by", name="trust_appeal_judged_by_another_check"),
        Index("trust_appeal_credit_idx", "credit_id", unique=True, postgresql_where=text("decision IS NULL")),
        Index("trust_appeal_entry_idx", "entry_id", unique=True, postgresql_where=text("decision IS NULL")),
    )
    id: int | None = own_id()
    credit_id: int | None = link("provider_credit.id", optional=True)
    entry_id: int | None = link("blacklist_entry.id", optional=True)
    provider_id: int = link("provider.id", index=True)
    area_code: int = area_code()
    grounds: str = words()
    evidence_ids: list[Any] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    filed_by: int = link("person.id")
    filed_at: datetime = moment()
    decision: str | None = words(optional=True)
    reply: str | None = words(optional=True)
    decided_by: int | None = link("person.id", optional=True)
    decided_at: datetime | None = moment(optional=True)


class CreditStrike(SQLModel, table=True):
    """A fact that a granted appeal took out of a provider's credit, for every month it would count in."""

    __tablename__ = "credit_strike"
    __table_args__ = (
        UniqueConstraint("provider_id", "part", "subject_type", "subject_id", name="credit_strike_once_key"),
    )
    id: int | None = own_id()
    provider_id: int = link("provider.id")
    area_code: int = area_code()
    part: str = words()
    subject_type: str = words()
    subject_id: int = number()
    appeal_id: int = link("trust_appeal.id")
    struck_by: int = link("person.id")
    struck_at: datetime = moment()


class CarerCertificate(SQLModel, table=True):
    """A certificate in a carer's personnel file (人员档案), with the skills it proves (`covers` empty: all of hers).

    Valid on both its days. Changed only by taking it back with a reason; its sealed scan lies in the storage.
    """

    __tablename__ = "carer_certificate"
    __table_args__ = (
        CheckConstraint("name <> '' AND certificate_number <> '' AND issuer <> ''", name="carer_certificate_named_check"),
        CheckConstraint("valid_until >= valid_from", name="carer_certificate_days_check"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="carer_certificate_withdrawn_with_reason_check"
        ),
        CheckConstraint(
            "(document_key IS NULL) = (document_type IS NULL) AND (document_key IS NULL) = (document_sha256 IS NULL)",
            name="carer_certificate_document_check",
        ),
        Index(
            "carer_certificate_once_idx", "carer_id", "issuer", "certificate_number", "valid_from", unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )  # fmt: skip
    id: int | None = own_id()
    carer_id: int = link("carer.person_id")
    provider_id: int = link("provider.id", index=True)
    area_code: int = area_code()
    name: str = words()
    certificate_number: str = words()
    issuer: str = words()
    valid_from: date = Field(nullable=False)
    valid_until: date = Field(nullable=False, index=True)
    covers: list[str] = word_list()
    document_key: str | None = words(optional=True)
    document_type: str | None = words(optional=True)
    document_sha256: str | None = words(optional=True)
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()
    withdrawn_at: datetime | None = moment(optional=True)
    withdrawn_by: int | None = link("person.id", optional=True)
    withdrawn_reason: str | None = words(optional=True)


class CarerTraining(SQLModel, table=True):
    """A training a carer took part in."""

    __tablename__ = "carer_training"
    __table_args__ = (
        CheckConstraint("title <> '' AND organiser <> ''", name="carer_training_named_check"),
        CheckConstraint("minutes > 0", name="carer_training_minutes_check"),
    )
    id: int | None = own_id()
    carer_id: int = link("carer.person_id", index=True)
    provider_id: int = link("provider.id")
    area_code: int = area_code()
    title: str = words()
    organiser: str = words()
    held_on: date = Field(nullable=False)
    minutes: int = number()
    recorded_by: int | None = link("person.id", optional=True)
    recorded_at: datetime = moment()
    withdrawn_at: datetime | None = moment(optional=True)
