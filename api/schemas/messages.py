"""What somebody was told, as the API shows it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class MessageOut(BaseModel):
    """One message in somebody's inbox."""

    id: int
    template: str
    title: str
    body: str
    elder_id: int | None
    subject_type: str | None
    subject_id: int | None
    created_at: datetime
    read_at: datetime | None


class InboxOut(BaseModel):
    """A page of an inbox, newest first; ask for older ones with `before_id`, until it is null."""

    messages: list[MessageOut]
    unread: int
    before_id: int | None


class ReadOut(BaseModel):
    """When a message was first opened."""

    read_at: datetime


class DeliveryOut(BaseModel):
    """One try to reach the recipient."""

    channel: str
    state: str
    receipt: str | None
    sent_at: datetime
    delivered_at: datetime | None


class WaitingOut(BaseModel):
    """A message no channel could carry: somebody must call or knock."""

    id: int
    recipient_id: int
    elder_id: int | None
    body: str
    created_at: datetime
