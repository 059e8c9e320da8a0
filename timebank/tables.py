"""Tables of the time bank: an elder's and a volunteer's minutes as rows nobody can edit.

All minutes are BIGINT integer minutes; all times TIMESTAMPTZ (UTC). Only the functions of sql/timebank_*.sql
write here; triggers refuse UPDATE, DELETE and TRUNCATE to everybody, owners included.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

SCHEMA = "timebank"
MOST_MINUTES = 1_000_000_000_000

ACCOUNT_KINDS = (
    "volunteer",
    "elder_grant",
    "organisation",
    "issuance",
    "guarantee",
    "pool",
    "clearing",
    "clawback",
    "estate",
    "suspense",
)
PHASES = ("single", "pending", "post", "void")
UTC_TIME = DateTime(timezone=True)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


class Account(SQLModel, table=True):
    """Whose minutes: a volunteer, an elder with a grant, an organisation, or a purse of the district.

    `ledger` is the bank's code (an area code). `owner_label` is opaque: the ledger knows no persons.
    Floor and cap are in minutes; an account with neither (issuance, pool) keeps no locked balance row.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("id", "ledger", "kind", name="account_id_ledger_kind_key"),
        CheckConstraint(f"kind IN ({_listed(ACCOUNT_KINDS)})", name="account_kind_check"),
        CheckConstraint("floor_minutes <= cap_minutes", name="account_floor_below_cap_check"),
        CheckConstraint(
            "kind NOT IN ('volunteer', 'elder_grant', 'organisation', 'guarantee', 'estate')"
            " OR (floor_minutes IS NOT NULL AND floor_minutes >= 0)",
            name="account_saver_has_floor_check",
        ),
        CheckConstraint(
            "kind NOT IN ('issuance', 'pool') OR (floor_minutes IS NULL AND cap_minutes IS NULL)",
            name="account_hot_has_no_limit_check",
        ),
        CheckConstraint(
            "kind <> 'clearing' OR (floor_minutes IS NOT NULL AND cap_minutes IS NOT NULL)",
            name="account_clearing_capped_both_ways_check",
        ),
        CheckConstraint("ledger > 0", name="account_ledger_check"),
        {"schema": SCHEMA},
    )
    id: int | None = Field(default=None, sa_type=BigInteger, primary_key=True)
    ledger: int = Field(sa_type=BigInteger)
    kind: str = Field(sa_type=Text)
    floor_minutes: int | None = Field(default=None, sa_type=BigInteger)
    cap_minutes: int | None = Field(default=None, sa_type=BigInteger)
    owner_label: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=UTC_TIME)
    account_hash: bytes = Field(sa_type=LargeBinary)


class Balance(SQLModel, table=True):
    """What a floored or capped account holds now: the one row the writer locks before it moves minutes.

    `pending_out` and `pending_in` are minutes held by transfers not yet posted or voided. `last_seq` and
    `last_hash` are the head of the account's hash chain. `daily_cap_minutes`: the most that may be earned for
    services of one civil day.
    """

    __tablename__ = "balance"
    __table_args__ = (
        CheckConstraint("posted - pending_out >= floor_minutes", name="balance_floor_check"),
        CheckConstraint("posted + pending_in <= cap_minutes", name="balance_cap_check"),
        CheckConstraint("pending_out >= 0 AND pending_in >= 0", name="balance_pending_check"),
        CheckConstraint("daily_cap_minutes >= 0", name="balance_daily_cap_check"),
        {"schema": SCHEMA},
    )
    account_id: int = Field(
        sa_type=BigInteger,
        primary_key=True,
        sa_column_args=[ForeignKey(f"{SCHEMA}.account.id", name="balance_account_id_fkey")],
        sa_column_kwargs={"autoincrement": False},
    )
    floor_minutes: int | None = Field(default=None, sa_type=BigInteger)
    cap_minutes: int | None = Field(default=None, sa_type=BigInteger)
    posted: int = Field(sa_type=BigInteger)
    pending_out: int = Field(sa_type=BigInteger)
    pending_in: int = Field(sa_type=BigInteger)
    last_seq: int = Field(sa_type=BigInteger)
    last_hash: bytes = Field(sa_type=LargeBinary)
    last_recorded_at: datetime = Field(sa_type=UTC_TIME)
    daily_cap_minutes: int | None = Field(default=None, sa_type=BigInteger)


class EarnedDay(SQLModel, table=True):
    """What a volunteer with a daily cap earned for services of one civil day (Asia/Shanghai), held and posted.

    Counted by the day of `event_at`: an hour reported late counts for the day it was served.
    """

    __tablename__ = "earned_day"
    __table_args__ = (
        CheckConstraint("minutes >= 0", name="earned_day_minutes_check"),
        CheckConstraint("minutes <= cap_minutes", name="earned_day_cap_check"),
        {"schema": SCHEMA},
    )
    account_id: int = Field(
        sa_type=BigInteger,
        primary_key=True,
        sa_column_args=[ForeignKey(f"{SCHEMA}.account.id", name="earned_day_account_id_fkey")],
        sa_column_kwargs={"autoincrement": False},
    )
    day: date = Field(sa_type=Date, primary_key=True)
    minutes: int = Field(sa_type=BigInteger)
    cap_minutes: int = Field(sa_type=BigInteger)


class LimitChange(SQLModel, table=True):
    """One decision to change an open account's limits: who decided, why, and from which entry on it holds.

    `after_seq` is the account's last entry under the old limits. `hash` chains the account's decisions to each
    other and to the head its entries had then.
    """

    __tablename__ = "limit_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "ledger", "kind"],
            [f"{SCHEMA}.account.id", f"{SCHEMA}.account.ledger", f"{SCHEMA}.account.kind"],
            name="limit_change_account_fkey",
        ),
        CheckConstraint("floor_minutes <= cap_minutes", name="limit_change_floor_below_cap_check"),
        CheckConstraint(
            "floor_minutes IS NOT NULL OR cap_minutes IS NOT NULL", name="limit_change_keeps_a_limit_check"
        ),
        CheckConstraint(
            "kind NOT IN ('volunteer', 'elder_grant', 'organisation', 'guarantee', 'estate')"
            " OR (floor_minutes IS NOT NULL AND floor_minutes >= 0)",
            name="limit_change_saver_has_floor_check",
        ),
        CheckConstraint(
            "kind <> 'clearing' OR (floor_minutes IS NOT NULL AND cap_minutes IS NOT NULL)",
            name="limit_change_clearing_capped_both_ways_check",
        ),
        CheckConstraint(
            "length(decided_by) BETWEEN 1 AND 200 AND length(reason) BETWEEN 1 AND 1000",
            name="limit_change_says_who_and_why_check",
        ),
        Index("limit_change_account_id_idx", "account_id", "id"),
        {"schema": SCHEMA},
    )
    id: int | None = Field(default=None, sa_type=BigInteger, primary_key=True)
    account_id: int = Field(sa_type=BigInteger)
    ledger: int = Field(sa_type=BigInteger)
    kind: str = Field(sa_type=Text)
    floor_minutes: int | None = Field(default=None, sa_type=BigInteger)
    cap_minutes: int | None = Field(default=None, sa_type=BigInteger)
    daily_cap_minutes: int | None = Field(default=None, sa_type=BigInteger)
    after_seq: int = Field(sa_type=BigInteger)
    decided_by: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=UTC_TIME)
    hash: bytes = Field(sa_type=LargeBinary)


class EntryPair(SQLModel, table=True):
    """Which kind of account may give minutes to which, per entry type: an organisation cannot redeem."""

    __tablename__ = "entry_pair"
    __table_args__ = ({"schema": SCHEMA},)
    entry_type: str = Field(sa_type=Text, primary_key=True)
    debit_kind: str = Field(sa_type=Text, primary_key=True)
    credit_kind: str = Field(sa_type=Text, primary_key=True)


def _account_key(side: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        [f"{side}_account_id", "ledger", f"{side}_kind"],
        [f"{SCHEMA}.account.id", f"{SCHEMA}.account.ledger", f"{SCHEMA}.account.kind"],
        name=f"transfer_{side}_account_fkey",
    )


class TransferRow(SQLModel, table=True):
    """One movement of minutes: one account gives (debit), one receives (credit), in one row.

    Phase `single` moves at once; `pending` only holds; `post` or `void` resolves the row `pending_id` names.
    `event_at` is when the service happened, `recorded_at` when the ledger heard of it.
    `debit_seq`, `debit_hash` (and credit) place the row in its accounts' chains; NULL for unfloored accounts.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        UniqueConstraint("ledger", "key", name="transfer_ledger_key_key"),
        _account_key("debit"),
        _account_key("credit"),
        ForeignKeyConstraint(
            ["entry_type", "debit_kind", "credit_kind"],
            [f"{SCHEMA}.entry_pair.{name}" for name in ("entry_type", "debit_kind", "credit_kind")],
            name="transfer_pair_allowed_fkey",
        ),
        ForeignKeyConstraint(["pending_id"], [f"{SCHEMA}.transfer.id"], name="transfer_pending_id_fkey"),
        ForeignKeyConstraint(["reverses_id"], [f"{SCHEMA}.transfer.id"], name="transfer_reverses_id_fkey"),
        ForeignKeyConstraint(["part_of_id"], [f"{SCHEMA}.transfer.id"], name="transfer_part_of_id_fkey"),
        CheckConstraint(f"coin_minutes > 0 AND coin_minutes <= {MOST_MINUTES}", name="transfer_minutes_positive_check"),
        CheckConstraint(
            f"service_minutes >= 0 AND service_minutes <= {MOST_MINUTES}",
            name="transfer_service_minutes_check",
        ),
        CheckConstraint("debit_account_id <> credit_account_id", name="transfer_not_to_self_check"),
        CheckConstraint("event_at <= recorded_at", name="transfer_event_not_future_check"),
        CheckConstraint(f"phase IN ({_listed(PHASES)})", name="transfer_phase_check"),
        CheckConstraint(
            "(phase IN ('post', 'void')) = (pending_id IS NOT NULL)", name="transfer_resolves_pending_check"
        ),
        CheckConstraint(
            "entry_type = 'reversal' AND reverses_id IS NOT NULL OR entry_type <> 'reversal' AND reverses_id IS NULL",
            name="transfer_reversal_names_original_check",
        ),
        CheckConstraint("(subject_type IS NULL) = (subject_id IS NULL)", name="transfer_subject_complete_check"),
        CheckConstraint("length(key) BETWEEN 1 AND 200", name="transfer_key_length_check"),
        CheckConstraint(
            "(debit_seq IS NULL) = (debit_hash IS NULL) AND (credit_seq IS NULL) = (credit_hash IS NULL)",
            name="transfer_chain_complete_check",
        ),
        Index(
            "transfer_single_resolution_key",
            "pending_id",
            unique=True,
            postgresql_where=text("pending_id IS NOT NULL"),
        ),
        Index(
            "transfer_subject_type_key",
            "subject_type",
            "subject_id",
            "entry_type",
            unique=True,
            postgresql_where=text("subject_id IS NOT NULL AND pending_id IS NULL"),
        ),
        Index(
            "transfer_reversed_once_key",
            "reverses_id",
            unique=True,
            postgresql_where=text("reverses_id IS NOT NULL AND part_of_id IS NULL"),
        ),
        Index("transfer_part_of_id_idx", "part_of_id", postgresql_where=text("part_of_id IS NOT NULL")),
        Index("transfer_debit_account_id_idx", "debit_account_id", "id"),
        Index("transfer_credit_account_id_idx", "credit_account_id", "id"),
        {"schema": SCHEMA},
    )
    id: int | None = Field(default=None, sa_type=BigInteger, primary_key=True)
    ledger: int = Field(sa_type=BigInteger)
    phase: str = Field(sa_type=Text)
    pending_id: int | None = Field(default=None, sa_type=BigInteger)
    debit_account_id: int = Field(sa_type=BigInteger)
    debit_kind: str = Field(sa_type=Text)
    credit_account_id: int = Field(sa_type=BigInteger)
    credit_kind: str = Field(sa_type=Text)
    entry_type: str = Field(sa_type=Text)
    coin_minutes: int = Field(sa_type=BigInteger)
    service_minutes: int = Field(sa_type=BigInteger)
    rule_version: str | None = Field(default=None, sa_type=Text)
    key: str = Field(sa_type=Text)
    request_hash: bytes = Field(sa_type=LargeBinary)
    event_at: datetime = Field(sa_type=UTC_TIME)
    recorded_at: datetime = Field(sa_type=UTC_TIME)
    subject_type: str | None = Field(default=None, sa_type=Text)
    subject_id: str | None = Field(default=None, sa_type=Text)
    reverses_id: int | None = Field(default=None, sa_type=BigInteger)
    part_of_id: int | None = Field(default=None, sa_type=BigInteger)
    debit_seq: int | None = Field(default=None, sa_type=BigInteger)
    debit_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    credit_seq: int | None = Field(default=None, sa_type=BigInteger)
    credit_hash: bytes | None = Field(default=None, sa_type=LargeBinary)


class BalanceSnapshot(SQLModel, table=True):
    """A resting point of an unfloored account: its totals over every transfer up to and with `upto_id`.

    `covers_until` is the latest `recorded_at` inside it, so that a past moment picks a snapshot that is not
    ahead of it.
    """

    __tablename__ = "balance_snapshot"
    __table_args__ = ({"schema": SCHEMA},)
    account_id: int = Field(
        sa_type=BigInteger,
        primary_key=True,
        sa_column_args=[ForeignKey(f"{SCHEMA}.account.id", name="balance_snapshot_account_id_fkey")],
        sa_column_kwargs={"autoincrement": False},
    )
    upto_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    posted: int = Field(sa_type=BigInteger)
    pending_out: int = Field(sa_type=BigInteger)
    pending_in: int = Field(sa_type=BigInteger)
    covers_until: datetime | None = Field(default=None, sa_type=UTC_TIME)
    recorded_at: datetime = Field(sa_type=UTC_TIME)


class PeriodClose(SQLModel, table=True):
    """A month whose books are closed: nothing may be recorded in a bank before `closed_until` (exclusive)."""

    __tablename__ = "period_close"
    __table_args__ = ({"schema": SCHEMA},)
    ledger: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    closed_until: datetime = Field(sa_type=UTC_TIME, primary_key=True)
    recorded_at: datetime = Field(sa_type=UTC_TIME)


class Seal(SQLModel, table=True):
    """One day's fingerprint of a bank: a root over all chain heads and the unfloored accounts' totals.

    `content` is the exact text the root was taken of; the same text goes to a file outside the database.
    """

    __tablename__ = "seal"
    __table_args__ = ({"schema": SCHEMA},)
    ledger: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seal_number: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    upto_id: int = Field(sa_type=BigInteger)
    upto_account_id: int = Field(sa_type=BigInteger)
    content: str = Field(sa_type=Text)
    root: bytes = Field(sa_type=LargeBinary)
    recorded_at: datetime = Field(sa_type=UTC_TIME)
    upto_limit_change_id: int | None = Field(default=None, sa_type=BigInteger)
