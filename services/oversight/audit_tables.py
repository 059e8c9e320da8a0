"""What an auditor stands on: the chain over acts and readings, its seals and checks, glass that was broken, seeds of draws."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words


class AuditLink(SQLModel, table=True):
    """One row of the trail in its district's chain: `hash` is SHA-256 of the hash before it and the row's own content.

    `chain_code` is the six-digit district of the row, 0 for what belongs to none. Written by `link_audit_rows` alone,
    after the row's own transaction is over, so that nobody who acts ever waits for a chain.
    """

    __tablename__ = "audit_link"
    __table_args__ = (
        CheckConstraint("seq > 0", name="audit_link_seq_check"),
        UniqueConstraint("source", "row_id", name="audit_link_once_key"),
    )
    chain_code: int = Field(sa_type=BigInteger, primary_key=True)
    seq: int = Field(sa_type=BigInteger, primary_key=True)
    source: str = words()
    row_id: int = number()
    hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    linked_at: datetime = moment()


class AuditFloor(SQLModel, table=True):
    """Up to which number every row of a source is surely linked; what is above is looked through at each linking."""

    __tablename__ = "audit_floor"
    source: str = Field(sa_type=Text, primary_key=True)
    settled_id: int = number(default=0)
    pending_id: int = number(default=0)
    pending_at: datetime = moment()


class AuditSeal(SQLModel, table=True):
    """A chain's head on one day, chained to the seal before it; the same text lies in a file outside the database."""

    __tablename__ = "audit_seal"
    chain_code: int = Field(sa_type=BigInteger, primary_key=True)
    seal_number: int = Field(sa_type=BigInteger, primary_key=True)
    upto_seq: int = number()
    content: str = words()
    root: bytes = Field(sa_type=LargeBinary, nullable=False)
    recorded_at: datetime = moment()


class AuditCheck(SQLModel, table=True):
    """One recomputation of all chains and seals: whether they hold, and the first bad row if not."""

    __tablename__ = "audit_check"
    __table_args__ = (
        CheckConstraint("ok = (first_bad IS NULL)", name="audit_check_names_the_first_bad_check"),
        Index("audit_check_checked_at_idx", "checked_at"),
    )
    id: int | None = own_id()
    checked_at: datetime = moment()
    ok: bool = Field(nullable=False)
    first_bad: str | None = words(optional=True)
    links: int = number()
    milliseconds: int = number()


class BreakGlass(SQLModel, table=True):
    """One elder's record opened in an emergency to somebody who has no right to it: why, how long, and what came of it.

    Written by definer functions alone (sql/610_break_glass.sql). `area_code` is the elder's, so her office reviews it.
    `barred_until`: after an unjustified opening its asker opens none until then.
    """

    __tablename__ = "break_glass"
    __table_args__ = (
        CheckConstraint("kind IN ('life', 'missing', 'disaster', 'other')", name="break_glass_kind_check"),
        CheckConstraint("length(btrim(reason)) >= 6", name="break_glass_reason_check"),
        CheckConstraint("expires_at > asked_at", name="break_glass_ends_check"),
        CheckConstraint("verdict IN ('justified', 'not_justified')", name="break_glass_verdict_check"),
        CheckConstraint(
            "(verdict IS NULL) = (reviewed_at IS NULL) AND (verdict IS NULL) = (reviewed_by IS NULL)"
            " AND (verdict IS NULL) = (verdict_note IS NULL)",
            name="break_glass_reviewed_by_somebody_check",
        ),
        CheckConstraint("reviewed_by <> asker_id", name="break_glass_reviewed_by_another_check"),
        CheckConstraint("verdict <> 'not_justified' OR consequence IS NOT NULL", name="break_glass_consequence_check"),
        Index("break_glass_asker_idx", "asker_id", "asked_at"),
        Index("break_glass_waiting_idx", "review_due_at", postgresql_where=text("reviewed_at IS NULL")),
    )
    id: int | None = own_id()
    asker_id: int = link("person.id")
    asker_role: str = words()
    elder_id: int = link("person.id", index=True)
    area_code: int = area_code()
    kind: str = words()
    reason: str = words()
    channel: str = words()
    asked_at: datetime = moment()
    expires_at: datetime = moment()
    closed_at: datetime | None = moment(optional=True)
    review_due_at: datetime = moment()
    escalated_at: datetime | None = moment(optional=True)
    reviewed_at: datetime | None = moment(optional=True)
    reviewed_by: int | None = link("person.id", optional=True)
    verdict: str | None = words(optional=True)
    verdict_note: str | None = words(optional=True)
    consequence: str | None = words(optional=True)
    barred_until: datetime | None = moment(optional=True)


class BreakGlassReading(SQLModel, table=True):
    """One look through broken glass; append-only. Row-level security opens the elder only to the transaction `tx` it names."""

    __tablename__ = "break_glass_reading"
    id: int | None = own_id()
    glass_id: int = link("break_glass.id", index=True)
    reader_id: int = number()
    elder_id: int = number(index=True)
    area_code: int = area_code()
    what: str = words()
    channel: str = words()
    request_id: str | None = words(optional=True)
    happened_at: datetime = moment()
    tx: int = number()


class DrawSeed(SQLModel, table=True):
    """The seed of one day's audit draws: its commitment is public a week ahead, the seed itself only from that day on.

    `seed` is written once, on its day, and the database holds it against the commitment.
    """

    __tablename__ = "draw_seed"
    __table_args__ = (
        CheckConstraint("commitment ~ '^[0-9a-f]{64}$'", name="draw_seed_commitment_check"),
        CheckConstraint(
            "seed IS NULL OR encode(sha256(convert_to(seed, 'UTF8')), 'hex') = commitment", name="draw_seed_kept_check"
        ),
        CheckConstraint("(seed IS NULL) = (shown_at IS NULL)", name="draw_seed_shown_check"),
    )
    day: date = Field(sa_type=Date, primary_key=True)
    commitment: str = words()
    made_at: datetime = moment()
    seed: str | None = words(optional=True)
    shown_at: datetime | None = moment(optional=True)
