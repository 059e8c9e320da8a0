"""What the payments API shows of an elder's self-paid part."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class PayableOut(BaseModel):
    """An amount owed, in fen, and how far its collection has come."""

    id: int
    subject_type: str
    subject_id: int
    elder_id: int
    amount_fen: int
    state: str
    created_at: datetime
    updated_at: datetime


class PayableEventOut(BaseModel):
    """One step of the collection."""

    kind: str
    happened_at: datetime


class PayableDetailOut(PayableOut):
    """A payable with its history, oldest first."""

    events: list[PayableEventOut]


class NoticeOut(BaseModel):
    """Whether a gateway's notice was taken in."""

    received: bool
