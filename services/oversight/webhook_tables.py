"""Platforms that asked to be told of changes of the public register, and every try to tell them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, link, moment, number, own_id, words

STATES = ("active", "paused", "ended")
OUTCOMES = ("delivered", "failed", "refused")


class Webhook(SQLModel, table=True):
    """One platform's subscription: where, of which kinds and which area, and how far it has been told (`cursor`).

    `turn` rises with every try and every word of the administrator: an answer of an older turn moves nothing.
    `batch_end` is the end of the batch under way, so that a batch that is sent again holds what it held before.
    `round` rises with a replay, so that messages sent anew are new messages; the ids of the changes stay.
    Secrets are sealed; the one before stays valid until `secret_before_until`.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("state IN ('" + "', '".join(STATES) + "')", name="webhook_state_check"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="webhook_ended_at_check"),
        CheckConstraint("url LIKE 'https://%'", name="webhook_https_check"),
        CheckConstraint("failures >= 0 AND turn >= 0 AND round >= 1", name="webhook_counts_check"),
        CheckConstraint(
            "(secret_before_sealed IS NULL) = (secret_before_until IS NULL)", name="webhook_secret_before_check"
        ),
        Index(
            "webhook_one_subscription_idx", "area_code", "url", unique=True, postgresql_where=text("state <> 'ended'")
        ),
    )
    id: int | None = own_id()
    platform: str = words()
    url: str = words()
    kinds: list[str] = Field(sa_type=ARRAY(Text), nullable=False)
    area_code: int = area_code()
    state: str = words(default="active")
    cursor: str = words()
    batch_end: str | None = words(optional=True)
    round: int = number(default=1)
    turn: int = number(default=0)
    failures: int = number(default=0)
    next_try_at: datetime = moment()
    delivered_at: datetime | None = moment(optional=True)
    paused_because: str | None = words(optional=True)
    secret_sealed: str = words()
    secret_before_sealed: str | None = words(optional=True)
    secret_before_until: datetime | None = moment(optional=True)
    made_at: datetime = moment()
    made_by: int = number()
    ended_at: datetime | None = moment(optional=True)


class WebhookTry(SQLModel, table=True):
    """One try to tell a platform: what was sent and what came back. Written once by the house."""

    __tablename__ = "webhook_try"
    __table_args__ = (
        CheckConstraint("kind IN ('changes', 'test')", name="webhook_try_kind_check"),
        CheckConstraint("outcome IN ('" + "', '".join(OUTCOMES) + "')", name="webhook_try_outcome_check"),
        Index("webhook_try_newest_idx", "webhook_id", text("id DESC")),
    )
    id: int | None = own_id()
    webhook_id: int = link("webhook.id")
    area_code: int = area_code()
    kind: str = words()
    message_id: str = words()
    from_cursor: str | None = words(optional=True)
    to_cursor: str | None = words(optional=True)
    changes: int = number()
    tried_at: datetime = moment()
    outcome: str = words()
    answer: int | None = number(optional=True)
    why: str | None = words(optional=True)
