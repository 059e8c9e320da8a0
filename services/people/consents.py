"""What somebody agreed to: asked per purpose and version, given and withdrawn, and asked for before each use.

The database answers (`has_consent`, sql/360_privacy.sql), so that a guard, a job and a request mean the same. A word is
never changed; the newest one counts, from the moment it is written. Who asks: docs/privacy.md lists every place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, case, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid, NotAllowed, NotFound
from services.language import for_reader
from services.people.errors import ConsentMissing, PaperMissing, UnknownPurpose
from services.people.privacy_tables import Consent, ConsentPurpose
from services.people.rights import right_to
from services.people.tables import Attachment, Elder, Person
from services.unit_of_work import Actor

_consent, _purpose = table_of(Consent), table_of(ConsentPurpose)
_attachment, _person, _elder = table_of(Attachment), table_of(Person), table_of(Elder)
NON_ESSENTIAL = frozenset(
    {
        "visits.started", "matching.passed_on", "volunteering.minutes_posted", "volunteering.hours_given",
        "volunteering.hours_granted",
    }
)  # fmt: skip
"""Messages on progress: not sent to an elder's side once she withdraws `progress_messages`."""


@dataclass(frozen=True)
class Asked:
    """One purpose as it is asked today, in the reader's language, and how the person's word stands."""

    code: str
    version: int
    basis: str
    title: str
    text: str
    allowed: bool
    said: bool | None
    """Her newest word; None when she was never asked."""
    said_version: int | None
    said_at: datetime | None
    by_right: str


def consented(session: Session, person_id: int, purpose: str) -> bool:
    """Tell whether a use is allowed at this moment; an unknown purpose is not."""
    return bool(session.connection().execute(select(func.has_consent(person_id, purpose))).scalar())


def require_consent(session: Session, person_id: int, purpose: str) -> None:
    """Let a use go on, or raise ConsentMissing naming what she has not agreed to."""
    if not consented(session, person_id, purpose):
        raise ConsentMissing(purpose=purpose, person_id=person_id)


def consents_of(session: Session, now: datetime, person_id: int) -> list[Asked]:
    """Give every purpose this person is asked about today, in the words in force, with her newest word on it."""
    elder = session.connection().execute(select(_elder.c.person_id).where(_elder.c.person_id == person_id)).first()
    said = _newest_words(session, person_id)
    return [
        _shown(session, person_id, row, said.get(row.code))
        for row in _in_force(session, civil_date(now))
        if row.for_whom == ("elder" if elder is not None else "visitor")
    ]


def _in_force(session: Session, on: date) -> list[Row[Any]]:
    newest = (
        select(_purpose.c.code, func.max(_purpose.c.version).label("version"))
        .where(_purpose.c.valid_from <= on)
        .group_by(_purpose.c.code)
        .subquery()
    )
    rows = select(_purpose).join(newest, and_(newest.c.code == _purpose.c.code, newest.c.version == _purpose.c.version))
    first = case((_purpose.c.basis == "separate", 0), else_=1)
    return list(session.connection().execute(rows.order_by(first, _purpose.c.code)))


def _newest_words(session: Session, person_id: int) -> dict[str, Row[Any]]:
    rows = session.connection().execute(
        select(_consent)
        .ext(distinct_on(_consent.c.purpose))
        .where(_consent.c.person_id == person_id)
        .order_by(_consent.c.purpose, _consent.c.id.desc())
    )
    return {row.purpose: row for row in rows}


def _shown(session: Session, person_id: int, row: Row[Any], said: Row[Any] | None) -> Asked:
    return Asked(
        code=row.code,
        version=row.version,
        basis=row.basis,
        title=for_reader(row.title_zh, row.title_en),
        text=for_reader(row.text_zh, row.text_en),
        allowed=consented(session, person_id, row.code),
        said=said.given if said else None,
        said_version=said.version if said else None,
        said_at=said.happened_at if said else None,
        by_right=said.by_right if said else "",
    )


def give_consent(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    purpose: str,
    version: int,
    *,
    attachment_id: int | None = None,
) -> None:
    """Write down a yes to the version that was shown: hers, a relative's with the order scope, or at the counter.

    At the counter the signed paper is an attachment about her with the purpose "consent". Raises NotFound, NotAllowed,
    UnknownPurpose (also for a version that is not in force any more), PaperMissing.
    """
    _write(session, now, actor, person_id, purpose, version, given=True, attachment_id=attachment_id)


def withdraw_consent(session: Session, now: datetime, actor: Actor, person_id: int, purpose: str) -> None:
    """Write down a no; new use stops with this transaction. Raises NotFound, NotAllowed, UnknownPurpose."""
    _write(session, now, actor, person_id, purpose, None, given=False, attachment_id=None)


def _write(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    purpose: str,
    version: int | None,
    *,
    given: bool,
    attachment_id: int | None,
) -> None:
    area_code, ground = right_over(session, now, actor, person_id, "order")
    if actor.person_id is None or actor.read_only:
        raise NotAllowed(person_id=person_id)
    asked = next((row for row in _in_force(session, civil_date(now)) if row.code == purpose), None)
    if asked is None or (version is not None and version != asked.version):
        raise UnknownPurpose(field="purpose", purpose=purpose, version=version)
    if given and ground.startswith("office:"):
        _check_paper(session, person_id, attachment_id)
    word = {
        "person_id": person_id, "area_code": area_code, "purpose": purpose, "version": asked.version, "given": given,
        "by_person_id": actor.person_id, "by_right": ground, "channel": actor.channel, "attachment_id": attachment_id,
        "happened_at": now,
    }  # fmt: skip
    session.connection().execute(insert(_consent).values(word))
    verb = "give_consent" if given else "withdraw_consent"
    facts = {"purpose": purpose, "version": asked.version}
    record_act(session, now, actor, verb, for_person_id=person_id, by_right=ground, area_code=area_code, facts=facts)


def _check_paper(session: Session, person_id: int, attachment_id: int | None) -> None:
    found = session.connection().execute(
        select(_attachment.c.id).where(
            _attachment.c.id == attachment_id,
            _attachment.c.elder_id == person_id,
            _attachment.c.purpose == "consent",
            _attachment.c.erased_at.is_(None),
        )
    )
    if found.first() is None:
        raise PaperMissing(field="attachment_id", attachment_id=attachment_id)


def right_over(session: Session, now: datetime, actor: Actor, person_id: int, scope: str) -> tuple[int, str]:
    """Give (area code, ground) by which the actor speaks for a person about her data: her own, or over an elder.

    Raises NotFound when she may not know of her, NotAllowed when the scope is missing.
    """
    if actor.person_id == person_id:
        area = session.connection().execute(select(_person.c.area_code).where(_person.c.id == person_id)).scalar()
        if area is None:
            raise NotFound(person_id=person_id)
        return int(area), "self"
    right = right_to(session, actor, person_id, scope, now)  # type: ignore[arg-type]
    return right.area_code, right.ground


def publish_purpose(session: Session, now: datetime, actor: Actor, new: dict[str, Any]) -> int:
    """Publish the next version of a purpose and give its number; runs as the house, on the command line's word.

    `new`: code, basis, for_whom, title_zh, title_en, text_zh, text_en, valid_from, asks_again. The same words again
    change nothing. Raises Invalid for a missing or unknown name.
    """
    names = {"code", "basis", "for_whom", "title_zh", "title_en", "text_zh", "text_en", "valid_from", "asks_again"}
    if set(new) != names:
        raise Invalid(
            "用途缺少内容或有多余的内容。", missing=sorted(names - set(new)), unknown=sorted(set(new) - names)
        )
    connection = session.connection()
    last = connection.execute(
        select(_purpose).where(_purpose.c.code == new["code"]).order_by(_purpose.c.version.desc()).limit(1)
    ).first()
    if last is not None and all(getattr(last, name) == value for name, value in new.items()):
        return int(last.version)
    version = 1 if last is None else int(last.version) + 1
    connection.execute(insert(_purpose).values(version=version, published_by=actor.person_id, published_at=now, **new))
    record_act(session, now, actor, "publish_purpose", facts={"purpose": new["code"], "version": version})
    return version
