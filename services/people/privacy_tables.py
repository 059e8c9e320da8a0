"""What people agreed to, who read what in clear, and which WeChat account belongs to whom."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words

DISCLOSED_FIELDS = ("phone", "id_number", "address", "health", "emergency_phone")
READING_PURPOSES = (
    "visit", "contact", "call_back", "order_check", "emergency", "identity", "correction", "complaint", "own", "copy",
    "other",
)  # fmt: skip


def _one_of(column: str, choices: tuple[str, ...]) -> str:
    return f"{column} IN ('" + "', '".join(choices) + "')"


class ConsentPurpose(SQLModel, table=True):
    """One version of what somebody is asked to agree to, in the words she is shown.

    `basis`: `separate` is not done before she agrees; `service` belongs to the service she ordered and is done until
    she withdraws. `asks_again`: consent given to an earlier version does not hold for this one.
    """

    __tablename__ = "consent_purpose"
    __table_args__ = (
        CheckConstraint("basis IN ('separate', 'service')", name="consent_purpose_basis_check"),
        CheckConstraint("for_whom IN ('elder', 'visitor')", name="consent_purpose_for_whom_check"),
        CheckConstraint("version > 0", name="consent_purpose_version_check"),
    )
    code: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(primary_key=True)
    for_whom: str = words(default="elder")
    basis: str = words()
    title_zh: str = words()
    title_en: str = words()
    text_zh: str = words()
    text_en: str = words()
    asks_again: bool = Field(default=True, nullable=False)
    valid_from: date = Field(nullable=False)
    published_by: int | None = number(optional=True)
    published_at: datetime = moment()


class Consent(SQLModel, table=True):
    """One word somebody gave: yes or no to one version of a purpose; append-only, the newest word counts.

    `by_right` is self, proxy:ID or office:ROLE; at the counter the signed paper is `attachment_id`.
    """

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint(
            "NOT (given AND left(by_right, 7) = 'office:' AND attachment_id IS NULL)",
            name="consent_at_the_counter_has_paper_check",
        ),
        Index("consent_newest_idx", "person_id", "purpose", "id"),
    )
    id: int | None = own_id()
    person_id: int = link("person.id")
    area_code: int = area_code()
    purpose: str = words()
    version: int = Field(nullable=False)
    given: bool = Field(nullable=False)
    by_person_id: int = link("person.id")
    by_right: str = words()
    channel: str = words()
    attachment_id: int | None = link("attachment.id", optional=True)
    happened_at: datetime = moment()


class Disclosure(SQLModel, table=True):
    """One reading of one sealed field in clear: who, whose, which field, what for. Append-only.

    Written by the function `disclose` alone, in the same statement that gives the sealed text.
    """

    __tablename__ = "disclosure"
    __table_args__ = (
        CheckConstraint(_one_of("field", DISCLOSED_FIELDS), name="disclosure_field_check"),
        CheckConstraint(_one_of("purpose", READING_PURPOSES), name="disclosure_purpose_check"),
        CheckConstraint("purpose <> 'other' OR length(btrim(reason)) >= 2", name="disclosure_other_has_reason_check"),
        Index("disclosure_person_idx", "person_id", "happened_at"),
        Index("disclosure_reader_idx", "reader_id", "happened_at"),
    )
    id: int | None = own_id()
    happened_at: datetime = moment(index=True)
    reader_id: int | None = number(optional=True)
    reader_role: str = words()
    person_id: int = number()
    area_code: int = area_code()
    field: str = words()
    purpose: str = words()
    reason: str = words(default="")
    by_right: str = words()
    channel: str = words()
    request_id: str | None = words(optional=True)


class WechatAccount(SQLModel, table=True):
    """A WeChat account that signs one person in; its openid is kept as a keyed hash and sealed."""

    __tablename__ = "wechat_account"
    __table_args__ = (
        CheckConstraint("bound_how IN ('phone_code', 'binding_card', 'signed_in')", name="wechat_account_how_check"),
        Index("wechat_account_one_person_idx", "openid_hash", unique=True, postgresql_where=text("unbound_at IS NULL")),
    )
    id: int | None = own_id()
    person_id: int = link("person.id", index=True)
    area_code: int = area_code()
    app_id: str = words()
    openid_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    openid_sealed: str | None = words(optional=True)
    bound_how: str = words()
    bound_by: int = number()
    bound_at: datetime = moment()
    unbound_by: int | None = number(optional=True)
    unbound_at: datetime | None = moment(optional=True)


class FakeWechatCode(SQLModel, table=True):
    """A code the fake WeChat gave to a browser: for one application, once, five minutes."""

    __tablename__ = "fake_wechat_code"
    code: str = Field(sa_type=Text, primary_key=True)
    app_id: str = words()
    openid: str = words()
    issued_at: datetime = moment()
    used_at: datetime | None = moment(optional=True)
