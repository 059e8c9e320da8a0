"""What an elder is entitled to, and so who pays which part of an order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, word_list, words


class AssessmentScheme(SQLModel, table=True):
    """One version of a way to assess elders: items, points, levels and raising rules as a table; never edited."""

    __tablename__ = "assessment_scheme"
    __table_args__ = (UniqueConstraint("code", "version", name="assessment_scheme_version_key"),)
    id: int | None = own_id()
    code: str = words()
    version: str = words()
    name_zh: str = words()
    name_en: str = words()
    valid_from: date = Field(nullable=False)
    document: dict[str, Any] = document()
    sha256: str = words()
    loaded_at: datetime = moment()


class Assessor(SQLModel, table=True):
    """Who may sign assessments: a person with a certificate, valid until a day, within an area.

    `schemes`: by which ways of assessing; none named: by every one.
    """

    __tablename__ = "assessor"
    person_id: int = link("person.id", primary=True)
    area_code: int = area_code()
    organisation: str = words()
    certificate_number: str = words()
    valid_until: date = Field(nullable=False)
    registered_by: int | None = link("person.id", optional=True)
    registered_at: datetime = moment()
    left_on: date | None = Field(default=None)
    schemes: list[str] = word_list()


class Assessment(SQLModel, table=True):
    """An ability assessment by a named scheme and version; levels of two schemes are never converted.

    Answers, sums and reasons for raising are health facts: sealed together in `detail_sealed` (purpose
    "assessment"). It counts from `assessed_on` through `valid_until` once `state` is signed: by two assessors, or
    by the certificate of the body that assessed. Rows without an assessor were taken over from another register.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("level BETWEEN 0 AND 6", name="assessment_level_check"),
        CheckConstraint("valid_until > assessed_on", name="assessment_validity_check"),
        CheckConstraint("state IN ('awaiting_second', 'returned', 'signed')", name="assessment_state_check"),
        CheckConstraint("reason IN ('initial', 'periodic', 'immediate', 'appeal')", name="assessment_reason_check"),
        CheckConstraint("second_assessor_id <> assessor_id", name="assessment_two_people_check"),
        CheckConstraint(
            "(state = 'signed' AND assessor_id IS NOT NULL AND certificate_number IS NULL)"
            " <= (second_assessor_id IS NOT NULL AND signed_at IS NOT NULL)",
            name="assessment_signed_by_two_check",
        ),
        CheckConstraint("(reason = 'appeal') <= (replaces_id IS NOT NULL)", name="assessment_appeal_names_first_check"),
        Index("assessment_elder_idx", "elder_id", "assessed_on"),
        Index("assessment_expiry_idx", "valid_until"),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    scheme: str = words(default="gbt42195-2022")
    scheme_version: str | None = words(optional=True)
    level: int = Field(nullable=False)
    reason: str = words(default="initial")
    state: str = words(default="signed")
    detail_sealed: str | None = words(optional=True)
    certificate_number: str | None = words(optional=True)
    issued_by: str | None = words(optional=True)
    assessor_id: int | None = link("person.id", optional=True)
    second_assessor_id: int | None = link("person.id", optional=True)
    signed_at: datetime | None = moment(optional=True)
    replaces_id: int | None = link("assessment.id", optional=True)
    assessed_on: date = Field(nullable=False)
    valid_until: date = Field(nullable=False)
    recorded_at: datetime = moment()


class AssessmentAppeal(SQLModel, table=True):
    """An elder's or relative's appeal: two other assessors assess again, and the result stands."""

    __tablename__ = "assessment_appeal"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'upheld', 'changed', 'withdrawn')", name="assessment_appeal_state_check"),
        CheckConstraint(
            "(state IN ('upheld', 'changed')) = (decided_by_id IS NOT NULL)", name="assessment_appeal_decided_check"
        ),
        Index(
            "assessment_appeal_one_open_idx", "assessment_id", unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )  # fmt: skip
    id: int | None = own_id()
    assessment_id: int = link("assessment.id")
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    asked_by: int = link("person.id")
    by_right: str = words()
    reason_sealed: str = words()
    asked_at: datetime = moment()
    state: str = words(default="open")
    decided_by_id: int | None = link("assessment.id", optional=True)
    decided_at: datetime | None = moment(optional=True)


class EntitlementRule(SQLModel, table=True):
    """Who is entitled to what in a city from a day until a day: class x level of a named scheme x age x area.

    `gives` share: a percentage of a service's price up to fen a month; hours: the same up to minutes a month;
    money: fen a month in hand. `groups`, `living`, `area_codes` empty: anybody, anywhere in the city. Of several
    that fit, `stack` decides within `stack_group`: exclusive keeps the lowest `rank`, highest the most helpful,
    additive all. Terms are never edited; a change is a new version.
    """

    __tablename__ = "entitlement_rule"
    __table_args__ = (
        CheckConstraint("gives IN ('share', 'hours', 'money')", name="entitlement_rule_gives_check"),
        CheckConstraint("stack IN ('exclusive', 'highest', 'additive')", name="entitlement_rule_stack_check"),
        CheckConstraint("payer IN ('government', 'insurance', 'fund')", name="entitlement_rule_payer_check"),
        CheckConstraint(
            "(scheme IS NULL) = (min_level IS NULL) AND (scheme IS NULL) = (max_level IS NULL)",
            name="entitlement_rule_level_names_scheme_check",
        ),
        CheckConstraint("min_level <= max_level AND min_age <= max_age", name="entitlement_rule_bounds_check"),
        CheckConstraint("percent + co_payment_percent = 100", name="entitlement_rule_co_payment_check"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="entitlement_rule_percent_check"),
        CheckConstraint(
            "(gives = 'money') = (monthly_fen IS NOT NULL) AND (gives = 'hours') = (monthly_minutes IS NOT NULL)"
            " AND (gives <> 'money') = (monthly_cap_fen IS NOT NULL)",
            name="entitlement_rule_amount_check",
        ),
        CheckConstraint(
            "monthly_fen > 0 AND monthly_minutes > 0 AND monthly_cap_fen > 0", name="entitlement_rule_positive_check"
        ),
        CheckConstraint(
            "gives = 'money' OR cardinality(service_codes) + cardinality(kinds) > 0",
            name="entitlement_rule_names_services_check",
        ),
        CheckConstraint("NOT isempty(during)", name="entitlement_rule_days_check"),
        ExcludeConstraint(
            (text("city_code"), "="), (text("code"), "="), (text("during"), "&&"),
            name="entitlement_rule_one_version_a_day_excl", using="gist",
        ),
        UniqueConstraint("city_code", "code", "version", name="entitlement_rule_version_key"),
    )  # fmt: skip
    id: int | None = own_id()
    city_code: int = link("city.code")
    code: str = words()
    version: int = Field(nullable=False)
    name_zh: str = words()
    name_en: str = words()
    area_codes: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger), nullable=False)
    groups: list[str] = word_list()
    living: list[str] = word_list()
    min_age: int = Field(default=60, nullable=False)
    max_age: int | None = Field(default=None)
    scheme: str | None = words(optional=True)
    min_level: int | None = Field(default=None)
    max_level: int | None = Field(default=None)
    gives: str = words()
    service_codes: list[str] = word_list()
    kinds: list[str] = word_list()
    percent: int = Field(default=100, nullable=False)
    co_payment_percent: int = Field(default=0, nullable=False)
    monthly_cap_fen: int | None = number(optional=True)
    monthly_minutes: int | None = number(optional=True)
    monthly_fen: int | None = number(optional=True)
    payer: str = words(default="government")
    stack: str = words(default="highest")
    stack_group: str = words()
    rank: int = Field(default=1, nullable=False)
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    source: str = words()
    assumed: bool = Field(default=False, nullable=False)
    loaded_at: datetime = moment()


class Entitlement(SQLModel, table=True):
    """A right to have government (or another payer) pay part of some services, up to fen or minutes a month.

    `rule_id` names the rule that gave it; rights without one were granted by hand and are left alone when an
    elder's entitlement is decided anew.
    """

    __tablename__ = "entitlement"
    __table_args__ = (
        CheckConstraint("government_percent BETWEEN 0 AND 100", name="entitlement_percent_check"),
        CheckConstraint("monthly_cap_fen >= 0", name="entitlement_cap_check"),
        CheckConstraint("monthly_cap_minutes > 0", name="entitlement_minutes_check"),
        CheckConstraint("payer IN ('government', 'insurance', 'fund')", name="entitlement_payer_check"),
        Index("entitlement_elder_idx", "elder_id"),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    kind: str = words()
    service_codes: list[str] = word_list()
    government_percent: int = Field(nullable=False)
    monthly_cap_fen: int = number()
    during: Any = Field(sa_type=DATERANGE, nullable=False)
    ground: str = words()
    recorded_at: datetime = moment()
    rule_id: int | None = link("entitlement_rule.id", optional=True)
    payer: str = words(default="government")
    monthly_cap_minutes: int | None = number(optional=True)


class EntitlementUse(SQLModel, table=True):
    """Government money held or spent for one order in one month; the month's sum is held by a trigger."""

    __tablename__ = "entitlement_use"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="entitlement_use_amount_check"),
        CheckConstraint("minutes >= 0", name="entitlement_use_minutes_check"),
        CheckConstraint("state IN ('held', 'spent', 'released')", name="entitlement_use_state_check"),
        Index("entitlement_use_month_idx", "entitlement_id", "month"),
        Index("entitlement_use_one_per_order_idx", "order_id", unique=True),
    )
    id: int | None = own_id()
    entitlement_id: int = link("entitlement.id")
    elder_id: int = number(index=True)
    area_code: int = area_code()
    order_id: int = number()
    month: date = Field(nullable=False)
    amount_fen: int = number()
    minutes: int = number(default=0)
    state: str = words(default="held")
    recorded_at: datetime = moment()
