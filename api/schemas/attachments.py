"""What the API shows of a file about an elder; never where it lies."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class AttachmentOut(BaseModel):
    """A file's facts, without its bytes."""

    id: int
    elder_id: int
    purpose: str
    content_type: str
    size_bytes: int
    sha256: str
    uploaded_at: datetime


class AttachedOut(BaseModel):
    """The number of the file just kept."""

    id: int
