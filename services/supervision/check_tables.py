"""Checks of institutions: lists of what is looked at, certificates of the house itself, visits of inspectors."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, word_list, words


class Checklist(SQLModel, table=True):
    """One version of a list of what inspectors look at, as published; never edited. Public."""

    __tablename__ = "checklist"
    __table_args__ = (UniqueConstraint("code", "version", name="checklist_version_key"),)
    id: int | None = own_id()
    code: str = words()
    version: str = words()
    name_zh: str = words()
    name_en: str = words()
    valid_from: date = Field(nullable=False)
    document: dict[str, Any] = document()
    sha256: str = words()
    loaded_at: datetime = moment()


class SiteCertificate(SQLModel, table=True):
    """A certificate a house needs to be open: fire safety, food safety. Valid on both its days; public."""

    __tablename__ = "site_certificate"
    __table_args__ = (
        CheckConstraint("kind IN ('fire', 'food', 'building', 'medical')", name="site_certificate_kind_check"),
        CheckConstraint("certificate_number <> '' AND issuer <> ''", name="site_certificate_named_check"),
        CheckConstraint("expires_on IS NULL OR expires_on > issued_on", name="site_certificate_days_check"),
        CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL)", name="site_certificate_withdrawn_with_reason_check"
        ),
        UniqueConstraint("facility_id", "kind", "certificate_number", name="site_certificate_once_key"),
        Index("site_certificate_expiry_idx", "expires_on"),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    area_code: int = area_code()
    kind: str = words()
    certificate_number: str = words()
    issuer: str = words()
    issued_on: date = Field(nullable=False)
    expires_on: date | None = Field(default=None)
    recorded_by: int | None = number(optional=True)
    recorded_at: datetime = moment()
    withdrawn_on: date | None = Field(default=None)
    withdrawn_reason: str | None = words(optional=True)


class Inspector(SQLModel, table=True):
    """Somebody who inspects institutions, drawn by the code on her papers; nobody's name is published."""

    __tablename__ = "inspector"
    __table_args__ = (
        CheckConstraint("code ~ '^[0-9A-Za-z-]{2,40}$'", name="inspector_code_check"),
        Index("inspector_person_idx", "person_id", unique=True, postgresql_where=text("left_on IS NULL")),
    )
    id: int | None = own_id()
    person_id: int = link("person.id")
    area_code: int = area_code()
    code: str = words(unique=True)
    department: str = words()
    since: date = Field(nullable=False)
    left_on: date | None = Field(default=None)
    appointed_by: int | None = link("person.id", optional=True)


class InspectorConflict(SQLModel, table=True):
    """A provider an inspector is not sent to, as she or her office declared it; who worked there is known anyway."""

    __tablename__ = "inspector_conflict"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="inspector_conflict_says_why_check"),
        UniqueConstraint("inspector_id", "provider_id", name="inspector_conflict_once_key"),
    )
    id: int | None = own_id()
    inspector_id: int = link("inspector.id")
    provider_id: int = link("provider.id")
    area_code: int = area_code()
    reason: str = words()
    declared_by: int = link("person.id")
    declared_at: datetime = moment()


class KeyTarget(SQLModel, table=True):
    """An institution that is drawn from a list of its own (重点监管名单), with the reason; public."""

    __tablename__ = "key_target"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="key_target_says_why_check"),
        CheckConstraint("ended_on IS NULL OR ended_on >= from_on", name="key_target_days_check"),
        Index("key_target_one_idx", "facility_id", unique=True, postgresql_where=text("ended_on IS NULL")),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    area_code: int = area_code()
    reason: str = words()
    from_on: date = Field(nullable=False)
    entered_by: int = link("person.id")
    ended_on: date | None = Field(default=None)
    end_reason: str | None = words(optional=True)


class InspectionDraw(SQLModel, table=True):
    """A draw of inspectors and institutions (双随机): lists and commitment first, the seed once, after.

    `pool` is the canonical text of the lists (services/supervision/lots.py); its hash and the seed's are published at
    once, the text and the seed when it is drawn. PostgreSQL checks both hashes and draws again by itself.
    """

    __tablename__ = "inspection_draw"
    __table_args__ = (
        CheckConstraint("title <> ''", name="inspection_draw_titled_check"),
        CheckConstraint(
            "pool_hash = encode(sha256(convert_to(pool, 'UTF8')), 'hex')", name="inspection_draw_pool_hash_check"
        ),
        CheckConstraint(
            "seed IS NULL OR seed_hash = encode(sha256(convert_to(seed, 'UTF8')), 'hex')",
            name="inspection_draw_keeps_its_word_check",
        ),
        CheckConstraint(
            "(seed IS NULL) = (revealed_at IS NULL) AND (seed IS NULL) = (public_word IS NULL)"
            " AND (seed IS NULL) = (results IS NULL)",
            name="inspection_draw_revealed_whole_check",
        ),
        CheckConstraint(
            "public_word IS NULL OR (public_source = '') = (public_word = '')", name="inspection_draw_public_word_check"
        ),
    )
    id: int | None = own_id()
    area_code: int = area_code()
    title: str = words()
    checklist_id: int = link("checklist.id")
    method: str = words()
    pool: str = words()
    pool_hash: str = words()
    seed_hash: str = words()
    seed_sealed: str | None = words(optional=True)
    public_source: str = words(default="")
    committed_at: datetime = moment()
    committed_by: int = link("person.id")
    seed: str | None = words(optional=True)
    public_word: str | None = words(optional=True)
    results: list[Any] | None = document(optional=True)
    revealed_at: datetime | None = moment(optional=True)
    revealed_by: int | None = link("person.id", optional=True)


class DrawnTarget(SQLModel, table=True):
    """An institution that was drawn, with its inspectors by code; only what the draw gives (sql/600_supervision.sql)."""

    __tablename__ = "drawn_target"
    __table_args__ = (
        UniqueConstraint("draw_id", "facility_id", name="drawn_target_once_key"),
        UniqueConstraint("draw_id", "place", name="drawn_target_place_key"),
    )
    id: int | None = own_id()
    draw_id: int = link("inspection_draw.id")
    facility_id: int = link("facility.id", index=True)
    area_code: int = area_code()
    list_name: str = words()
    place: int = Field(nullable=False)
    ticket: str = words()
    inspectors: list[str] = word_list()


class Inspection(SQLModel, table=True):
    """A round through an institution by a checklist: routine, drawn, after a complaint, or to look again. Public when done."""

    __tablename__ = "inspection"
    __table_args__ = (
        CheckConstraint("kind IN ('routine', 'drawn', 'complaint', 'follow_up')", name="inspection_kind_check"),
        CheckConstraint("(kind = 'drawn') = (target_id IS NOT NULL)", name="inspection_drawn_check"),
        CheckConstraint("state IN ('planned', 'done')", name="inspection_state_check"),
        CheckConstraint(
            "(state = 'done') = (visited_on IS NOT NULL AND recorded_at IS NOT NULL AND conclusion IS NOT NULL)",
            name="inspection_done_check",
        ),
        CheckConstraint("state = 'planned' OR cardinality(inspectors) > 0", name="inspection_by_somebody_check"),
        UniqueConstraint("target_id", name="inspection_one_a_target_key"),
        Index("inspection_site_idx", "facility_id", "visited_on"),
    )
    id: int | None = own_id()
    facility_id: int = link("facility.id")
    provider_id: int = link("provider.id", index=True)
    area_code: int = area_code()
    checklist_id: int = link("checklist.id")
    kind: str = words()
    target_id: int | None = link("drawn_target.id", optional=True)
    state: str = words(default="planned")
    planned_on: date = Field(nullable=False)
    planned_by: int | None = number(optional=True)
    inspectors: list[str] = word_list()
    visited_on: date | None = Field(default=None)
    conclusion: str | None = words(optional=True)
    passed: int = Field(default=0, nullable=False)
    failed: int = Field(default=0, nullable=False)
    recorded_by: int | None = number(optional=True)
    recorded_at: datetime | None = moment(optional=True)


class InspectionItem(SQLModel, table=True):
    """What was found on one item of the list, written once with the inspection; public with it."""

    __tablename__ = "inspection_item"
    __table_args__ = (
        CheckConstraint("result IN ('pass', 'fail', 'na')", name="inspection_item_result_check"),
        UniqueConstraint("inspection_id", "item_code", name="inspection_item_once_key"),
    )
    id: int | None = own_id()
    inspection_id: int = link("inspection.id")
    area_code: int = area_code()
    item_code: str = words()
    result: str = words()
