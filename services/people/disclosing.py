"""Reading a sealed field in clear: the one way, and it leaves a row behind before it gives anything.

`disclose()` in sql/360_privacy.sql writes who, whose, which field and what for, and gives the sealed text in the same
statement; an architecture test keeps `unseal` of these fields out of every other file. Pages show masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from services.acts import own_ground, record_act
from services.columns import table_of
from services.errors import Invalid, NotAllowed, NotFound
from services.people.consents import consented
from services.people.errors import ConsentMissing, NotOnTheDay
from services.people.privacy import unseal
from services.people.privacy_tables import DISCLOSED_FIELDS, READING_PURPOSES, Disclosure
from services.people.rights import OFFICES, right_to
from services.people.tables import Person
from services.unit_of_work import Actor

_disclosure, _person = table_of(Disclosure), table_of(Person)
SEALED_AS = {"emergency_phone": "phone"}
"""Under which purpose a field is sealed, where it is not its own name."""
FIELD_WORDS = {
    "phone": "手机号", "id_number": "身份证号", "address": "住址", "health": "健康情况", "emergency_phone": "紧急联系电话",
}  # fmt: skip
PURPOSE_WORDS = {
    "visit": "上门服务", "contact": "探访联系", "call_back": "电话回访", "order_check": "下单前核对", "emergency": "紧急情况",
    "identity": "核对身份", "correction": "更正资料", "complaint": "处理投诉", "own": "本人查看", "copy": "本人索取副本",
    "other": "其他（写明原因）",
}  # fmt: skip
CHOICES = tuple(code for code in READING_PURPOSES if code not in ("own", "copy"))
"""What somebody may choose from on a page; the two others are written by the house itself."""


@dataclass(frozen=True)
class Reading:
    """One line of "who looked": when, who (a name where she may be known), in which role, what, and what for."""

    id: int
    happened_at: datetime
    reader_id: int | None
    reader_name: str
    reader_role: str
    person_id: int
    person_name: str
    field: str
    purpose: str
    reason: str
    by_right: str
    channel: str


def disclose(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    field: str,
    purpose: str,
    reason: str = "",
    *,
    by_right: str | None = None,
) -> str:
    """Give one sealed field in clear; the row is written first, and the act beside it.

    Raises Invalid (unknown field or purpose, or "other" without a reason), NotAllowed (the auditor), NotFound (nothing
    there, or nobody she may see), ConsentMissing and NotOnTheDay (health, for who comes to the door).
    """
    if field not in DISCLOSED_FIELDS or purpose not in READING_PURPOSES:
        raise Invalid("请从列表里选一个用途。", field="purpose", known=list(CHOICES))
    if purpose == "other" and len(reason.strip()) < 2:
        raise Invalid("请写明原因。", field="reason")
    if actor.read_only:
        raise NotAllowed("审计账号只能看脱敏信息。", field=field)
    if field in ("health", "emergency_phone") and not (by_right or "").startswith("glass:"):
        _refuse_early(session, now, actor, person_id, field)
    ground = by_right or own_ground(actor, person_id)
    request_id = actor.request_id or session.info.get("request_id")
    asked = (person_id, field, purpose, reason.strip(), ground, actor.channel, request_id, actor.role, now)
    sealed = session.connection().execute(select(func.disclose(*asked))).scalar()
    if sealed is None:
        raise NotFound(person_id=person_id, field=field)
    area = session.connection().execute(select(_person.c.area_code).where(_person.c.id == person_id)).scalar()
    facts = {"reason": reason.strip() or PURPOSE_WORDS[purpose], "purpose": purpose}
    record_act(
        session, now, actor, f"read_{field}", for_person_id=person_id, by_right=by_right, area_code=area, facts=facts
    )
    return unseal(SEALED_AS.get(field, field), sealed)


def _refuse_early(session: Session, now: datetime, actor: Actor, person_id: int, field: str) -> None:
    """Say in words what the database would refuse: a visitor reads health on the day, and with consent."""
    if actor.role == "system" or actor.person_id == person_id or actor.role in OFFICES:
        return
    try:
        right_to(session, actor, person_id, "view", now)
    except NotFound:
        raise
    except NotAllowed:
        if not session.connection().execute(select(func.visits_today(person_id, now))).scalar():
            raise NotOnTheDay(person_id=person_id) from None
        if field == "health" and not consented(session, person_id, "health_to_carers"):
            raise ConsentMissing(purpose="health_to_carers", person_id=person_id) from None


def kept_of_elder(session: Session, elder_id: int) -> tuple[bool, bool]:
    """Tell whether an elder's record holds (health, an emergency phone) that could be asked for; neither is given."""
    wanted = func.kept_of_elder(elder_id).table_valued("health", "emergency_phone")
    row = session.connection().execute(select(wanted)).first()
    return (bool(row.health), bool(row.emergency_phone)) if row is not None else (False, False)


def readings_of(session: Session, person_id: int, limit: int = 100) -> list[Reading]:
    """Give who read this person's fields in clear, newest first, as far as the actor may see the log."""
    return _readings(session, _disclosure.c.person_id == person_id, limit)


def readings_in_area(
    session: Session,
    actor: Actor,
    *,
    since: datetime,
    field: str | None = None,
    purpose: str | None = None,
    reader_id: int | None = None,
    person_id: int | None = None,
    limit: int = 200,
) -> list[Reading]:
    """Give an auditor or an office the log of its area, newest first. Raises NotAllowed for anybody else."""
    if actor.area_lo is None or actor.area_hi is None:
        raise NotAllowed()
    wanted: Any = _disclosure.c.area_code.between(actor.area_lo, actor.area_hi) & (_disclosure.c.happened_at >= since)
    for column, value in (
        (_disclosure.c.field, field), (_disclosure.c.purpose, purpose), (_disclosure.c.reader_id, reader_id),
        (_disclosure.c.person_id, person_id),
    ):  # fmt: skip
        if value is not None:
            wanted = wanted & (column == value)
    return _readings(session, wanted, limit)


def counts_by_reader(session: Session, actor: Actor, since: datetime) -> list[Row[Any]]:
    """Give how often each reader of the area read, the most first: (reader_id, reader_name, reader_role, readings, people)."""
    if actor.area_lo is None:
        raise NotAllowed()
    log = _disclosure.c
    return list(
        session.connection().execute(
            select(
                log.reader_id, func.coalesce(_person.c.full_name, "").label("reader_name"), log.reader_role,
                func.count().label("readings"), func.count(log.person_id.distinct()).label("people"),
            )
            .outerjoin(_person, _person.c.id == log.reader_id)
            .where(log.area_code.between(actor.area_lo, actor.area_hi), log.happened_at >= since)
            .group_by(log.reader_id, _person.c.full_name, log.reader_role)
            .order_by(func.count().desc(), log.reader_id)
            .limit(20)
        )
    )  # fmt: skip


def _readings(session: Session, which: Any, limit: int) -> list[Reading]:
    reader, whose = _person.alias("reader"), _person.alias("whose")
    rows = session.connection().execute(
        select(_disclosure, reader.c.full_name.label("reader_name"), whose.c.full_name.label("person_name"))
        .outerjoin(reader, reader.c.id == _disclosure.c.reader_id)
        .outerjoin(whose, whose.c.id == _disclosure.c.person_id)
        .where(which)
        .order_by(_disclosure.c.happened_at.desc(), _disclosure.c.id.desc())
        .limit(limit)
    )
    return [
        Reading(
            id=row.id, happened_at=row.happened_at, reader_id=row.reader_id, reader_name=row.reader_name or "",
            reader_role=row.reader_role, person_id=row.person_id, person_name=row.person_name or "", field=row.field,
            purpose=row.purpose, reason=row.reason, by_right=row.by_right, channel=row.channel,
        )
        for row in rows
    ]  # fmt: skip


def reveal(
    session: Session,
    now: datetime,
    actor: Actor,
    person_id: int,
    field_name: str,
    reason: str,
    *,
    by_right: str | None = None,
    purpose: str = "other",
) -> str:
    """Show one sealed field in clear, as `disclose` does; the order of the arguments is that of its older callers."""
    return disclose(session, now, actor, person_id, field_name, purpose, reason, by_right=by_right)
