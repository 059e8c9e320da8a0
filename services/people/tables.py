"""Elders and everybody who acts for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, place, word_list, words

ROLES = (
    "elder",
    "family",
    "carer",
    "volunteer",
    "dispatcher",
    "officer",
    "advisor",
    "auditor",
    "operator",
    "administrator",
)


class Person(SQLModel, table=True):
    """Anybody the house knows. Phone, ID number, address and health are sealed per field."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("gender IN ('female', 'male')", name="person_gender_check"),
        Index("person_area_code_home_idx", "area_code", "home", postgresql_using="gist"),
        Index("person_phone_hash_key", "phone_hash", unique=True),
        Index("person_id_number_hash_key", "id_number_hash", unique=True),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    full_name: str = words()
    gender: str = words()
    born_on: date | None = Field(default=None)
    phone_sealed: str | None = words(optional=True)
    phone_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    id_number_sealed: str | None = words(optional=True)
    id_number_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    address_sealed: str | None = words(optional=True)
    home: Any = place()
    home_original: dict[str, Any] | None = document(optional=True)
    language: str = words(default="zh_CN")
    timebank_account_id: int | None = number(optional=True)
    invented: bool = Field(default=False, nullable=False)
    created_at: datetime = moment()
    died_on: date | None = Field(default=None)
    moved_out_on: date | None = Field(default=None)


class Elder(SQLModel, table=True):
    """What service needs to know of an elder beyond being a person.

    `living` and `groups` decide visit duties; `care_level` is the GB/T 42195 level 0-4.
    """

    __tablename__ = "elder"
    __table_args__ = (
        CheckConstraint(
            "living IN ('alone', 'couple', 'with_family', 'with_carer', 'institution')",
            name="elder_living_check",
        ),
        CheckConstraint("care_level BETWEEN 0 AND 4", name="elder_care_level_check"),
    )
    person_id: int = link("person.id", primary=True)
    area_code: int = area_code()
    living: str = words()
    groups: list[str] = word_list()
    care_level: int = Field(default=0, nullable=False)
    health_sealed: str | None = words(optional=True)
    registered_on: date = Field(nullable=False)
    emergency_name: str | None = words(optional=True)
    emergency_phone_sealed: str | None = words(optional=True)


class RoleGrant(SQLModel, table=True):
    """A role somebody holds, over an area or within a provider, from a day until revoked."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("role IN ('" + "', '".join(ROLES) + "')", name="role_grant_role_check"),
        CheckConstraint(
            "(role IN ('officer', 'advisor', 'auditor', 'operator', 'administrator')) = (area_code IS NOT NULL)",
            name="role_grant_office_has_area_check",
        ),
        CheckConstraint(
            "(role IN ('dispatcher', 'carer')) = (provider_id IS NOT NULL)",
            name="role_grant_provider_role_has_provider_check",
        ),
        Index(
            "role_grant_active_idx",
            "person_id",
            "role",
            text("coalesce(area_code, 0)"),
            text("coalesce(provider_id, 0)"),
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )
    id: int | None = own_id()
    person_id: int = link("person.id", index=True)
    role: str = words()
    area_code: int | None = area_code(optional=True)
    provider_id: int | None = number(optional=True, index=True)
    granted_by: int | None = number(optional=True)
    granted_at: datetime = moment()
    revoked_at: datetime | None = moment(optional=True)


class Proxy(SQLModel, table=True):
    """A relative or guardian who may see, order or pay for an elder, once she or her community confirms."""

    __tablename__ = "proxy"
    __table_args__ = (
        CheckConstraint("elder_id <> proxy_person_id", name="proxy_is_another_person_check"),
        CheckConstraint("scopes <@ ARRAY['view', 'order', 'pay']", name="proxy_scopes_check"),
        CheckConstraint("state IN ('requested', 'confirmed', 'revoked')", name="proxy_state_check"),
        CheckConstraint(
            "state <> 'confirmed' OR (confirmed_at IS NOT NULL AND confirmed_by IS NOT NULL)",
            name="proxy_confirmed_by_somebody_check",
        ),
        CheckConstraint("confirmed_by <> proxy_person_id", name="proxy_not_confirmed_by_itself_check"),
        Index(
            "proxy_one_active_idx",
            "elder_id",
            "proxy_person_id",
            unique=True,
            postgresql_where=text("state <> 'revoked'"),
        ),
        Index("proxy_by_person_idx", "proxy_person_id", "state"),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id")
    area_code: int = area_code()
    proxy_person_id: int = link("person.id")
    relation: str = words()
    ground: str = words(default="family")
    scopes: list[str] = word_list()
    state: str = words(default="requested")
    requested_at: datetime = moment()
    confirmed_by: int | None = link("person.id", optional=True)
    confirmed_channel: str | None = words(optional=True)
    confirmed_at: datetime | None = moment(optional=True)
    revoked_by: int | None = link("person.id", optional=True)
    revoked_at: datetime | None = moment(optional=True)
    expires_on: date | None = Field(default=None)


class SignInCode(SQLModel, table=True):
    """A one-time code on its way to a phone; only its keyed hash is kept."""

    __tablename__ = "sign_in_code"
    __table_args__ = (Index("sign_in_code_sender_idx", "sender_hash", "created_at"),)
    id: int | None = own_id()
    phone_hash: bytes = Field(sa_type=LargeBinary, index=True, nullable=False)
    code_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    tries: int = number(default=0)
    used_at: datetime | None = moment(optional=True)
    sender_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    refused_at: datetime | None = moment(optional=True)
    """When the carrier refused the number for good: no text will come, whatever is tried."""


class SignInSession(SQLModel, table=True):
    """A signed-in browser, program or bound elder's phone; only the token's hash is kept."""

    __tablename__ = "sign_in_session"
    __table_args__ = (
        CheckConstraint("kind IN ('browser', 'bearer', 'bound_phone')", name="sign_in_session_kind_check"),
        UniqueConstraint("token_hash", name="sign_in_session_token_hash_key"),
    )
    id: int | None = own_id()
    person_id: int = link("person.id", index=True)
    kind: str = words()
    label: str | None = words(optional=True)
    token_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    bound_by: int | None = link("person.id", optional=True)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    revoked_at: datetime | None = moment(optional=True)


class BindingCard(SQLModel, table=True):
    """A QR card that signs an elder's own phone in, once."""

    __tablename__ = "binding_card"
    id: int | None = own_id()
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    token_hash: bytes = Field(sa_type=LargeBinary, nullable=False, unique=True)
    issued_by: int = link("person.id")
    issued_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(optional=True)


class Attachment(SQLModel, table=True):
    """A file about an elder (a consent, a photo); the bytes lie behind the storage protocol."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint(
            "size_bytes BETWEEN 1 AND CASE purpose WHEN 'copy' THEN 1073741824 ELSE 10485760 END",
            name="attachment_size_check",
        ),
    )
    id: int | None = own_id()
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    purpose: str = words()
    storage_key: str = words(unique=True)
    content_type: str = words()
    size_bytes: int = number()
    sha256: str = words()
    uploaded_by: int = link("person.id")
    uploaded_at: datetime = moment()
    erased_at: datetime | None = moment(optional=True)
    """When the file was deleted; the row stays as proof that there was one."""
