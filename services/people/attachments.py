"""Files about an elder: a consent, a photo, a certificate. Seen by those who may see her, and each look is noted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import Invalid, NotFound
from services.people.consents import require_consent
from services.people.privacy import SealBroken
from services.people.rights import right_to
from services.people.storage import NoSuchFile, new_key, seal_bytes, storage, unseal_bytes
from services.people.tables import Attachment
from services.unit_of_work import Actor

_attachment = table_of(Attachment)

LARGEST = 10 * 1024 * 1024
PURPOSES = ("consent", "identity", "assessment", "photo", "certificate", "other")
COPY = "copy"
"""The copy of everything about somebody (services/oversight/copying.py); nobody uploads one."""
_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)


class FileTooLarge(Invalid):
    """More than 10 MiB, or nothing at all."""

    message_zh = "文件不能为空，也不能超过10 MB。"


class FileTypeRefused(Invalid):
    """The bytes are neither JPEG, PNG, WebP nor PDF, whatever the name says."""

    message_zh = "只能上传 JPEG、PNG、WebP 图片或 PDF 文件。"


@dataclass(frozen=True)
class StoredFile:
    """An attachment in clear, checked against the hash it was stored with."""

    id: int
    content_type: str
    content: bytes


def attach(session: Session, now: datetime, actor: Actor, elder_id: int, purpose: str, content: bytes) -> int:
    """Keep a file about an elder; gives its id. The type is read from the bytes, never from the name.

    Needs the right to order for her. The sealed bytes are written before the row: a row never lacks its file,
    while an act that fails leaves at most a sealed file nobody names. Raises NotFound, NotAllowed, FileTooLarge,
    FileTypeRefused, Invalid for an unknown purpose, ConsentMissing for a photograph she has not agreed to.
    """
    right = right_to(session, actor, elder_id, "order", now)
    if purpose not in PURPOSES:
        raise Invalid("附件用途不正确。", field="purpose", known=list(PURPOSES))
    if purpose == "photo":
        require_consent(session, elder_id, "photos")
    content_type = sniffed_type(content)
    key = new_key()
    storage().put(key, seal_bytes(key, content))
    row = insert(_attachment).values(
        elder_id=elder_id,
        area_code=right.area_code,
        purpose=purpose,
        storage_key=key,
        content_type=content_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=actor.person_id,
        uploaded_at=now,
    )
    attachment_id: int = session.connection().execute(row.returning(_attachment.c.id)).scalar_one()
    _note(session, now, actor, "attach_file", elder_id, right.ground, right.area_code, attachment_id)
    return attachment_id


def read_attachment(session: Session, now: datetime, actor: Actor, attachment_id: int) -> StoredFile:
    """Give a file in clear and note who looked. Raises NotFound, NotAllowed, NoSuchFile, SealBroken, ConsentMissing."""
    row = session.connection().execute(select(_attachment).where(_attachment.c.id == attachment_id)).one_or_none()
    if row is None or row.erased_at is not None:
        raise NotFound(attachment_id=attachment_id)
    ground, area_code = _ground_to_read(session, now, actor, row)
    content = unseal_bytes(row.storage_key, storage().get(row.storage_key))
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise SealBroken(attachment_id=attachment_id)
    _note(session, now, actor, "read_file", row.elder_id, ground, area_code, attachment_id)
    return StoredFile(attachment_id, row.content_type, content)


def _ground_to_read(session: Session, now: datetime, actor: Actor, row: Row[Any]) -> tuple[str, int]:
    """A copy of everything is for the person herself and for who asked for it at the counter; photographs need consent."""
    if row.purpose == COPY:
        if actor.person_id not in (row.elder_id, row.uploaded_by):
            raise NotFound(attachment_id=row.id)
        return ("self" if actor.person_id == row.elder_id else f"office:{actor.role}"), row.area_code
    right = right_to(session, actor, row.elder_id, "view", now)
    if row.purpose == "photo" and right.ground != "self":
        require_consent(session, row.elder_id, "photos")
    return right.ground, right.area_code


def attachments_of(session: Session, now: datetime, actor: Actor, elder_id: int) -> list[Row[Any]]:
    """Give the files about an elder, newest first, without their bytes. Raises NotFound, NotAllowed."""
    right_to(session, actor, elder_id, "view", now)
    standing = select(_attachment).where(_attachment.c.elder_id == elder_id, _attachment.c.erased_at.is_(None))
    query = standing.where(_attachment.c.purpose != COPY).order_by(_attachment.c.id.desc())
    return list(session.connection().execute(query))


def missing_files(session: Session) -> list[int]:
    """Give the attachments whose bytes are gone or altered, for the keeper of the backups."""
    wrong = []
    for row in session.connection().execute(select(_attachment).where(_attachment.c.erased_at.is_(None))):
        try:
            content = unseal_bytes(row.storage_key, storage().get(row.storage_key))
        except (NoSuchFile, SealBroken):
            wrong.append(row.id)
            continue
        if hashlib.sha256(content).hexdigest() != row.sha256:
            wrong.append(row.id)
    return wrong


def sniffed_type(content: bytes) -> str:
    """Tell the type from the first bytes. Raises FileTooLarge, FileTypeRefused."""
    if not 0 < len(content) <= LARGEST:
        raise FileTooLarge(size_bytes=len(content), largest_bytes=LARGEST)
    for start, content_type in _SIGNATURES:
        if content.startswith(start):
            return content_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise FileTypeRefused()


def _note(
    session: Session, now: datetime, actor: Actor, verb: str, elder_id: int, ground: str, area_code: int, file_id: int
) -> None:
    record_act(
        session,
        now,
        actor,
        verb,
        for_person_id=elder_id,
        by_right=ground,
        area_code=area_code,
        subject=("attachment", file_id),
    )
