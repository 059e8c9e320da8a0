"""The list of the untrustworthy (失信名单): who stands on it, since when and why, and how one comes off it.

An entry holds from the moment it is written: PostgreSQL opens no offer to the provider and promises none of its
carers' time from then on. What runs already is listed by a job for an officer to decide (dispatch/barred.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.directory.errors import UnknownProvider
from services.directory.tables import Carer, Provider
from services.directory.trust_errors import (
    AlreadyBlacklisted,
    EntryLifted,
    NotForTrust,
    ReasonAndEvidenceNeeded,
    UnknownCarer,
    UnknownEntry,
)
from services.directory.trust_tables import BlacklistEntry
from services.errors import Invalid
from services.messages.actions import tell
from services.outbox import enqueue
from services.unit_of_work import SYSTEM, Actor

_entry, _provider, _carer = table_of(BlacklistEntry), table_of(Provider), table_of(Carer)
WORDS_LENGTH = 1000
_PUBLIC = text(
    "SELECT b.entry_id, b.provider_id, p.name AS provider_name, b.reason, b.legal_basis, b.from_at, b.until_on"
    " FROM public_blacklist() AS b JOIN provider AS p ON p.id = b.provider_id ORDER BY b.from_at DESC, b.entry_id"
)


@dataclass(frozen=True)
class NewEntry:
    """Whom an officer puts on the list (a provider or one carer), why, on what evidence, until which day if any."""

    reason: str
    evidence: str
    provider_id: int | None = None
    carer_id: int | None = None
    legal_basis: str = ""
    until_on: date | None = None


def enter_blacklist(session: Session, now: datetime, actor: Actor, new: NewEntry) -> int:
    """Put a provider or a carer on the list, at once; gives the entry's id. Running visits are listed by a job.

    Raises NotForTrust, UnknownProvider, UnknownCarer, Invalid(field), ReasonAndEvidenceNeeded, AlreadyBlacklisted.
    """
    said = {name: getattr(new, name).strip() for name in ("reason", "evidence", "legal_basis")}
    wrong = next((name for name in ("reason", "evidence") if not said[name]), None)
    wrong = wrong or next((name for name, value in said.items() if len(value) > WORDS_LENGTH), None)
    if wrong is not None:
        raise ReasonAndEvidenceNeeded(field=wrong)
    provider_id, area_code = _subject(session, new)
    check_officer(actor, area_code)
    if new.until_on is not None and new.until_on <= civil_date(now):
        raise Invalid("截止日期要在今天以后。", field="until_on")
    standing = _entry.c.provider_id == new.provider_id if new.carer_id is None else _entry.c.carer_id == new.carer_id
    connection = session.connection()
    if connection.execute(select(_entry.c.id).where(standing, _entry.c.lifted_at.is_(None))).first() is not None:
        raise AlreadyBlacklisted(provider_id=new.provider_id, carer_id=new.carer_id)
    row = insert(_entry).values(
        provider_id=new.provider_id, carer_id=new.carer_id, area_code=area_code, reason=said["reason"],
        evidence=said["evidence"], legal_basis=said["legal_basis"] or None, from_at=now, until_on=new.until_on,
        entered_by=actor.person_id, entered_at=now,
    )  # fmt: skip
    entry_id: int = connection.execute(row.returning(_entry.c.id)).scalar_one()
    facts = {"provider_id": new.provider_id, "carer_id": new.carer_id, "until_on": str(new.until_on or "")}
    _record(session, now, actor, "enter_blacklist", entry_id, new.carer_id, area_code, facts)
    enqueue(session, now, "dispatch.blacklisted", {"entry_id": entry_id}, key=f"dispatch.blacklisted/{entry_id}")
    if new.until_on is not None:
        job = "directory.end_blacklisting"
        enqueue(
            session, now, job, {"entry_id": entry_id}, not_before=civil_midnight(new.until_on), key=f"{job}/{entry_id}"
        )
    _tell(session, now, "directory.blacklisted", entry_id, provider_id, new.carer_id, area_code)
    return entry_id


def lift_blacklisting(session: Session, now: datetime, actor: Actor, entry_id: int, reason: str) -> None:
    """Take somebody off the list, with the reason. Raises UnknownEntry, NotForTrust, EntryLifted, ReasonAndEvidenceNeeded."""
    said = reason.strip()
    if not 0 < len(said) <= WORDS_LENGTH:
        raise ReasonAndEvidenceNeeded(field="reason")
    entry = find_entry(session, entry_id)
    check_officer(actor, entry.area_code)
    if entry.lifted_at is not None:
        raise EntryLifted(entry_id=entry_id)
    _lift(session, now, actor, entry, said)


def end_blacklisting(session: Session, now: datetime, entry_id: int) -> bool:
    """An entry's last day has come: it is lifted. False when it was lifted before. Work of the house."""
    query = select(_entry).where(_entry.c.id == entry_id).with_for_update()
    entry = session.connection().execute(query).first()
    if entry is None or entry.lifted_at is not None or entry.until_on is None or civil_date(now) < entry.until_on:
        return False
    _lift(session, now, SYSTEM, entry, "期满")
    return True


def find_entry(session: Session, entry_id: int) -> Row[Any]:
    """Give one entry with the names concerned. Raises UnknownEntry where it may not be seen."""
    found = session.connection().execute(_entries().where(_entry.c.id == entry_id)).first()
    if found is None:
        raise UnknownEntry(entry_id=entry_id)
    return found


def entries(session: Session, *, standing_only: bool = False, limit: int = 100) -> list[Row[Any]]:
    """Give the entries the asking person may see, newest first, each with provider_name and carer_name."""
    query = _entries().order_by(_entry.c.id.desc()).limit(max(1, min(limit, 500)))
    if standing_only:
        query = query.where(_entry.c.lifted_at.is_(None))
    return list(session.connection().execute(query))


def public_blacklist(session: Session) -> list[Row[Any]]:
    """Give the organisations on the list, for everybody: name, reason, legal basis, since, until."""
    return list(session.connection().execute(_PUBLIC))


def check_officer(actor: Actor, area_code: int) -> None:
    """Refuse whoever is no officer of an area. Raises NotForTrust(role)."""
    inside = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= area_code <= actor.area_hi
    if not actor.has_role("officer") or not inside or actor.read_only:
        raise NotForTrust(role=actor.role)


def _entries() -> Select[Any]:
    through = _carer.alias()
    provider_id = func.coalesce(_entry.c.provider_id, through.c.provider_id)
    return (
        select(
            _entry, provider_id.label("of_provider_id"), _provider.c.name.label("provider_name"),
            through.c.display_name.label("carer_name"),
        )
        .join(through, through.c.person_id == _entry.c.carer_id, isouter=True)
        .join(_provider, _provider.c.id == provider_id, isouter=True)
    )  # fmt: skip


def _subject(session: Session, new: NewEntry) -> tuple[int, int]:
    """The provider concerned and the area whose officers decide."""
    if (new.provider_id is None) == (new.carer_id is None):
        raise Invalid("请选一家机构或一位护理员。", field="provider_id")
    connection = session.connection()
    if new.provider_id is not None:
        area = connection.execute(select(_provider.c.area_code).where(_provider.c.id == new.provider_id)).scalar()
        if area is None:
            raise UnknownProvider(provider_id=new.provider_id)
        return new.provider_id, int(area)
    found = connection.execute(
        select(_carer.c.provider_id, _carer.c.area_code).where(_carer.c.person_id == new.carer_id)
    ).first()
    if found is None:
        raise UnknownCarer(carer_id=new.carer_id)
    return int(found.provider_id), int(found.area_code)


def _lift(session: Session, now: datetime, actor: Actor, entry: Row[Any], reason: str) -> None:
    session.connection().execute(
        update(_entry)
        .where(_entry.c.id == entry.id)
        .values(lifted_at=now, lifted_by=actor.person_id, lift_reason=reason)
    )
    facts = {"reason": reason}
    _record(session, now, actor, "lift_blacklisting", entry.id, entry.carer_id, entry.area_code, facts)
    provider_id = entry.provider_id
    if provider_id is None:
        provider_id = (
            session.connection()
            .execute(select(_carer.c.provider_id).where(_carer.c.person_id == entry.carer_id))
            .scalar_one()
        )
    _tell(session, now, "directory.blacklisting_lifted", entry.id, provider_id, entry.carer_id, entry.area_code)


def _tell(
    session: Session, now: datetime, template: str, entry_id: int, provider_id: int, carer_id: int | None, area: int
) -> None:
    one, facts = template, {"provider_id": provider_id}
    if carer_id is not None:
        one, facts = template.replace("directory.", "directory.carer_"), facts | {"carer_id": carer_id}
    tell(
        session, now, audience={"provider_id": provider_id}, recipient_ids=None if carer_id is None else [carer_id],
        template=one, facts=facts, area_code=area, subject=("blacklist_entry", entry_id), key=f"{one}/{entry_id}",
    )  # fmt: skip


def _record(
    session: Session, now: datetime, actor: Actor, verb: str, entry_id: int, carer_id: int | None, area: int,
    facts: dict[str, Any],
) -> None:  # fmt: skip
    record_act(
        session, now, actor, verb, for_person_id=carer_id, area_code=area, subject=("blacklist_entry", entry_id),
        facts=facts,
    )  # fmt: skip
