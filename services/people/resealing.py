"""Turning the key ring: every sealed value and file is sealed anew under the newest key, a batch at a time.

A batch is one transaction: a row is under the old key or under the new one, never half written. What is done is known
by the key id in the text itself, so that a run that was stopped goes on where it stood, and a second run finds nothing.
Values stay readable all the while. The keyed hashes of phone, ID number and openid do not turn with the ring; they have a
key of their own, and `rehash` makes them anew under a new one in one transaction. docs/privacy.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, table, text, update
from sqlalchemy import column as named
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.people.privacy import lookup_hash, newest_key, seal, unseal
from services.people.privacy_tables import WechatAccount
from services.people.storage import new_key, seal_bytes, sealed_under, storage, unseal_bytes
from services.people.tables import Attachment, Person
from services.people.wechat_sign_in import openid_hash
from services.unit_of_work import Actor

BATCH = 500
_attachment, _person, _wechat = table_of(Attachment), table_of(Person), table_of(WechatAccount)


@dataclass(frozen=True)
class SealedColumn:
    """One column of sealed text, the key of its table, and what it is sealed for."""

    table: str
    column: str
    purpose: str
    key: str = "id"

    @property
    def name(self) -> str:
        """Give `table.column`."""
        return f"{self.table}.{self.column}"


SEALED_COLUMNS = (
    SealedColumn("person", "phone_sealed", "phone"),
    SealedColumn("person", "id_number_sealed", "id_number"),
    SealedColumn("person", "address_sealed", "address"),
    SealedColumn("elder", "health_sealed", "health", "person_id"),
    SealedColumn("elder", "emergency_phone_sealed", "phone", "person_id"),
    SealedColumn("elder_diet", "avoids_sealed", "health", "elder_id"),
    SealedColumn("place_booking", "wish_sealed", "health"),
    SealedColumn("assessment", "detail_sealed", "assessment"),
    SealedColumn("assessment_appeal", "reason_sealed", "assessment"),
    SealedColumn("home_bed", "care_plan_sealed", "health"),
    SealedColumn("visit", "code_sealed", "visit-code"),
    SealedColumn("visit", "vitals_sealed", "visit-vitals"),
    SealedColumn("place_booking", "code_sealed", "place-code"),
    SealedColumn("device_event", "body_sealed", "device-event"),
    SealedColumn("wechat_subscriber", "openid_sealed", "openid", "person_id"),
    SealedColumn("wechat_account", "openid_sealed", "openid"),
    SealedColumn("import_run", "file_sealed", "import_file"),
    SealedColumn("import_row", "raw_sealed", "import_row"),
    SealedColumn("complaint", "contact_sealed", "complaint-contact"),
    SealedColumn("inspection_draw", "seed_sealed", "draw-seed"),
    SealedColumn("webhook", "secret_sealed", "webhook-secret"),
    SealedColumn("webhook", "secret_before_sealed", "webhook-secret"),
    SealedColumn("incident", "told_sealed", "incident"),
    SealedColumn("incident_step", "told_sealed", "incident"),
)
"""Every sealed column of the house; a test compares it with the tables."""


def _rows(one: SealedColumn) -> Any:
    return table(one.table, named(one.key), named(one.column))


def count_by_key(session: Session, one: SealedColumn) -> dict[str, int]:
    """Give how many values of a column are sealed under each key."""
    rows = _rows(one)
    key_id = func.split_part(rows.c[one.column], ".", 1)
    counted = select(key_id, func.count()).where(rows.c[one.column].is_not(None)).group_by(key_id)
    return {str(name): int(number) for name, number in session.connection().execute(counted)}


def reseal_batch(session: Session, one: SealedColumn, limit: int = BATCH) -> int:
    """Seal up to `limit` values of a column under the newest key, in the caller's transaction; gives how many.

    Rows are locked, so nobody's new value is overwritten; a row somebody else holds is left for the next batch.
    Raises SealBroken, naming nothing of the value, when one was sealed with a key that is not on the ring.
    """
    rows, newest = _rows(one), newest_key()
    key, sealed = rows.c[one.key], rows.c[one.column]
    found = session.connection().execute(
        select(key, sealed)
        .where(sealed.is_not(None), func.split_part(sealed, ".", 1) != newest)
        .order_by(key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    anew = [{"of": row[0], "to": seal(one.purpose, unseal(one.purpose, row[1]))} for row in found]
    if anew:
        change = update(rows).where(key == bindparam("of")).values({one.column: bindparam("to")})
        session.connection().execute(change, anew)
    return len(anew)


def files_to_reseal(session: Session) -> list[int]:
    """Give the attachments whose file is sealed under an older key, read from the first bytes of each."""
    rows = session.connection().execute(
        select(_attachment.c.id, _attachment.c.storage_key).where(_attachment.c.erased_at.is_(None))
    )
    return [row.id for row in rows if sealed_under(storage().get(row.storage_key)) != newest_key()]


def reseal_file(session: Session, attachment_id: int) -> str | None:
    """Seal one file anew under another storage key; gives the old key, to be removed once this has committed.

    The new file lies there before the row names it: whatever stops the run, the row has a file it can open.
    """
    query = select(_attachment.c.storage_key).where(
        _attachment.c.id == attachment_id, _attachment.c.erased_at.is_(None)
    )
    old = session.connection().execute(query.with_for_update()).scalar()
    if old is None:
        return None
    fresh = new_key()
    storage().put(fresh, seal_bytes(fresh, unseal_bytes(old, storage().get(old))))
    change = update(_attachment).where(_attachment.c.id == attachment_id).values(storage_key=fresh)
    session.connection().execute(change)
    return str(old)


def note_rotation(session: Session, now: datetime, actor: Actor, counts: dict[str, int]) -> None:
    """Write down that the ring was turned, to which key and how many values of each column."""
    record_act(session, now, actor, "rotate_keys", facts={"key_id": newest_key(), "resealed": counts})


def rehash(
    session: Session, now: datetime, actor: Actor, done: Callable[[int], None] = lambda _: None
) -> dict[str, int]:
    """Make the look-up hashes of phones, ID numbers and openids anew under the look-up key in force.

    One transaction over all rows: in between nobody could be found by either key. Sign-in codes that wait for their
    answer are void afterwards. Gives how many of each.
    """
    counts = {}
    for purpose, rows, sealed, hashed in (
        ("phone", _person, "phone_sealed", "phone_hash"),
        ("id_number", _person, "id_number_sealed", "id_number_hash"),
        ("openid", _wechat, "openid_sealed", "openid_hash"),
    ):
        counts[purpose] = sum(map(done_with(done), _hash_anew(session, purpose, rows, sealed, hashed)))
    session.connection().execute(text("UPDATE sign_in_code SET used_at = :now WHERE used_at IS NULL"), {"now": now})
    record_act(session, now, actor, "rehash_look_ups", facts={"hashed": counts})
    return counts


def done_with(done: Callable[[int], None]) -> Callable[[int], int]:
    """Report each batch and hand its size on."""

    def report(size: int) -> int:
        done(size)
        return size

    return report


def _hash_anew(session: Session, purpose: str, rows: Any, sealed: str, hashed: str) -> Iterator[int]:
    """Hash batch after batch. A phone that is another's too is kept without a hash, and stays without one."""
    after = 0
    while True:
        found = session.connection().execute(
            select(rows.c.id, rows.c[sealed])
            .where(rows.c.id > after, rows.c[sealed].is_not(None), rows.c[hashed].is_not(None))
            .order_by(rows.c.id)
            .limit(BATCH)
        ).all()  # fmt: skip
        if not found:
            return
        anew = [{"of": row[0], "to": _hash_of(purpose, unseal(purpose, row[1]))} for row in found]
        change = update(rows).where(rows.c.id == bindparam("of")).values({hashed: bindparam("to")})
        session.connection().execute(change, anew)
        after = found[-1][0]
        yield len(found)


def _hash_of(purpose: str, clear: str) -> bytes:
    return openid_hash(clear) if purpose == "openid" else lookup_hash(purpose, clear)
