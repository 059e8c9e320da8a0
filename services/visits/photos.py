"""Photos of a visit: only where the elder's side said yes, without what they tell beside the picture, sealed.

`may_keep_photos` is the one door to that question; the rows behind it may change, the callers do not.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, text
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.people.attachments import sniffed_type
from services.people.consents import consents_of, give_consent, withdraw_consent
from services.people.errors import ElderNotFound
from services.people.storage import new_key, seal_bytes, storage
from services.people.tables import Attachment
from services.unit_of_work import Actor
from services.visits.errors import NoPhotosHere, PhotoRefused, TooManyPhotos, VisitNotFound, VisitNotOpen
from services.visits.evidence_tables import VisitPhoto
from services.visits.scrubbing import NotAPicture, scrubbed
from services.visits.tables import Visit

_visit, _photo, _attachment = table_of(Visit), table_of(VisitPhoto), table_of(Attachment)
_MAY = text("SELECT may_keep_photos(:elder, :now)")
_NEXT = text("SELECT nextval(pg_get_serial_sequence('attachment', 'id'))")
Found = Row[*tuple[Any, ...]]
PURPOSE = "photos"
LARGEST = 5 * 1024 * 1024
MOST = 6
AFTERWARDS = timedelta(hours=2)
"""How long after leaving a photo may still be handed in."""


def may_keep_photos(session: Session, elder_id: int, now: datetime) -> bool:
    """Tell whether photos of visits to an elder may be kept now; nobody said anything means no."""
    return bool(session.connection().execute(_MAY, {"elder": elder_id, "now": now}).scalar())


def say_photos(session: Session, now: datetime, actor: Actor, elder_id: int, allowed: bool) -> None:
    """Say for an elder whether photos may be kept, as her consent "photos" in the words in force (services/people/consents.py).

    A no stops new photos at once. Raises NotFound, NotAllowed, PaperMissing at the counter.
    """
    if not allowed:
        withdraw_consent(session, now, actor, elder_id, PURPOSE)
        return
    asked = next((one for one in consents_of(session, now, elder_id) if one.code == PURPOSE), None)
    if asked is None:  # she may not know that this elder exists
        raise ElderNotFound(elder_id=elder_id)
    give_consent(session, now, actor, elder_id, PURPOSE, asked.version)


def add_photo(session: Session, now: datetime, actor: Actor, visit_id: int, content: bytes, shows: str) -> int:
    """Keep a photo the visitor took at her visit, scrubbed and sealed; gives the attachment's id.

    The visitor herself cannot look at it again; the elder's side and her office can. Raises VisitNotFound,
    VisitNotOpen, NoPhotosHere, TooManyPhotos, PhotoRefused.
    """
    visit = _own_visit(session, now, actor, visit_id)
    if not may_keep_photos(session, visit.elder_id, now):
        raise NoPhotosHere(visit_id=visit_id)
    kept = select(func.count()).where(_photo.c.visit_id == visit_id)
    if session.connection().execute(kept).scalar_one() >= MOST:
        raise TooManyPhotos(visit_id=visit_id, most=MOST)
    clean = _clean(content)
    key = new_key()
    storage().put(key, seal_bytes(key, clean))
    attachment_id: int = session.connection().execute(_NEXT).scalar_one()
    # no RETURNING: she may write the row and not read it
    session.connection().execute(
        insert(_attachment).inline().values(
            id=attachment_id, elder_id=visit.elder_id, area_code=visit.area_code, purpose="photo", storage_key=key,
            content_type=sniffed_type(clean), size_bytes=len(clean), sha256=hashlib.sha256(clean).hexdigest(),
            uploaded_by=actor.person_id, uploaded_at=now,
        )
    )  # fmt: skip
    session.connection().execute(
        insert(_photo).inline().values(
            visit_id=visit_id, attachment_id=attachment_id, shows=shows.strip()[:100], taken_by=actor.person_id,
            recorded_at=now,
        )
    )  # fmt: skip
    record_act(
        session, now, actor, "keep_visit_photo",
        for_person_id=visit.elder_id, by_right=f"visitor:{visit_id}", area_code=visit.area_code,
        subject=("visit", visit_id), facts={"attachment_id": attachment_id},
    )  # fmt: skip
    return attachment_id


def photos_of(session: Session, visit_id: int) -> list[Found]:
    """Give a visit's photos the actor may know of, oldest first, without their bytes."""
    return list(session.connection().execute(select(_photo).where(_photo.c.visit_id == visit_id).order_by(_photo.c.id)))


def _own_visit(session: Session, now: datetime, actor: Actor, visit_id: int) -> Found:
    visit = (
        session.connection()
        .execute(
            select(_visit).where(_visit.c.id == visit_id, _visit.c.visitor_id == actor.person_id).with_for_update()
        )
        .one_or_none()
    )
    if visit is None:
        raise VisitNotFound(visit_id=visit_id)
    just_left = visit.state == "finished" and now <= visit.check_out_recorded_at + AFTERWARDS
    if visit.state != "started" and not just_left:
        raise VisitNotOpen(visit_id=visit_id, state=visit.state)
    return visit


def _clean(content: bytes) -> bytes:
    if not 0 < len(content) <= LARGEST:
        raise PhotoRefused(size_bytes=len(content), largest_bytes=LARGEST)
    try:
        return scrubbed(content)
    except NotAPicture as refused:
        raise PhotoRefused(why=str(refused)) from refused
