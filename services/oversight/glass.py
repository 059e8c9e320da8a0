"""Breaking the glass: reading one elder's record in an emergency without a right to it, and answering for it afterwards.

What holds is in sql/610_break_glass.sql: half an hour, one elder, reading only, every look a row before anything is seen,
judged by somebody else within a day. Here are the words, the messages and the trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlmodel import Session

from services.acts import record_act
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid, NotAllowed, NotFound
from services.messages.actions import tell
from services.oversight.audit_errors import GlassAlreadyJudged, GlassNotOpen
from services.oversight.audit_tables import BreakGlass, BreakGlassReading
from services.people.disclosing import disclose, kept_of_elder
from services.people.masked import masked
from services.people.privacy import lookup_hash
from services.people.tables import Elder, Person, Proxy
from services.unit_of_work import SYSTEM, Actor
from services.visits.tables import Visit, VisitAttempt

_glass, _reading = table_of(BreakGlass), table_of(BreakGlassReading)
_person, _elder, _proxy = table_of(Person), table_of(Elder), table_of(Proxy)
_visit, _attempt = table_of(Visit), table_of(VisitAttempt)
MAY_BREAK = ("officer", "operator", "administrator")
MAY_JUDGE = ("officer", "administrator")
KINDS = ("life", "missing", "disaster", "other")
OPEN_FIELDS = ("phone", "address", "health", "emergency_phone")
"""What may be read in clear through broken glass; an ID number helps nobody in an emergency."""
BARRED_DAYS = 90
"""How long somebody opens none after an opening that was not justified."""


@dataclass(frozen=True)
class Emergency:
    """What is told when the glass is broken: her name, one more fact that names her alone, the kind and the reason."""

    full_name: str
    kind: str
    reason: str
    id_number: str = ""
    phone: str = ""
    born_on: date | None = None


@dataclass(frozen=True)
class Opened:
    """An opening that stands: its id, whose record, until when, and until when it will be judged."""

    glass_id: int
    elder_id: int
    area_code: int
    expires_at: datetime
    review_due_at: datetime


@dataclass(frozen=True)
class EmergencyRecord:
    """What is seen through broken glass: the elder, masked until a field is opened, her people, the last visits."""

    glass_id: int
    elder_id: int
    full_name: str
    born_on: date | None
    area_code: int
    phone: str | None
    address: str | None
    living: str
    care_level: int | None
    emergency_name: str | None
    has_health: bool
    has_emergency_phone: bool
    relatives: list[str]
    visits: list[Row[Any]]
    attempts: list[Row[Any]]
    expires_at: datetime


def break_glass(session: Session, now: datetime, actor: Actor, told: Emergency) -> Opened | None:
    """Open one elder's record to the acting officer, operator or administrator for thirty minutes.

    None when name and fact fit nobody, or more than one: that try is in the trail too. The elder's side is told at once,
    her office is asked to judge within 24 hours. Raises NotAllowed, Invalid, GlassBarred, GlassTooOften.
    """
    if actor.role not in MAY_BREAK:
        raise NotAllowed("紧急查看只给民政干部、接线员和系统管理员使用。")
    if told.kind not in KINDS:
        raise Invalid("请选一种紧急情况。", field="kind")
    if len(told.reason.strip()) < 6:
        raise Invalid("请写清发生了什么（至少 6 个字）。", field="reason")
    if not (told.id_number or told.phone or told.born_on):
        raise Invalid("除了姓名，还要填身份证号、手机号或出生日期中的一项。", field="fact")
    asked = {
        "name": told.full_name, "ident": lookup_hash("id_number", told.id_number) if told.id_number else None,
        "phone": lookup_hash("phone", told.phone) if told.phone else None, "born": told.born_on, "kind": told.kind,
        "reason": told.reason.strip()[:500], "role": actor.role, "channel": actor.channel, "now": now,
    }  # fmt: skip
    row = session.connection().execute(_BREAK, asked).one_or_none()
    if row is None:
        record_act(session, now, actor, "break_glass_in_vain", facts={"kind": told.kind})
        return None
    opened = Opened(**row._mapping)
    record_act(
        session, now, actor, "break_glass", for_person_id=opened.elder_id, by_right=f"glass:{opened.glass_id}",
        area_code=opened.area_code, subject=("break_glass", opened.glass_id), facts={"kind": told.kind},
    )  # fmt: skip
    _tell_both_sides(session, now, opened)
    return opened


_BREAK = text(
    "SELECT * FROM break_the_glass(:name, CAST(:ident AS bytea), CAST(:phone AS bytea), CAST(:born AS date), :kind, :reason,"
    " :role, :channel, :now)"
)


def _tell_both_sides(session: Session, now: datetime, opened: Opened) -> None:
    common: dict[str, Any] = {
        "elder_id": opened.elder_id, "area_code": opened.area_code, "subject": ("break_glass", opened.glass_id),
    }  # fmt: skip
    tell(
        session, now, audience={"elder_side": opened.elder_id}, template="glass.opened", facts={},
        key=f"glass.opened:{opened.glass_id}", **common,
    )  # fmt: skip
    tell(
        session, now, audience={"office": {"role": "officer", "area_code": opened.area_code // 10**6 * 10**6}},
        template="glass.to_judge", facts={"due_at": opened.review_due_at.isoformat()},
        key=f"glass.to_judge:{opened.glass_id}", **common,
    )  # fmt: skip


def look(session: Session, now: datetime, actor: Actor, glass_id: int, what: str) -> int:
    """Write a look down and open the elder to the rest of this transaction; gives her id. Raises GlassNotOpen.

    `what` says what is looked at: "record", or the field that is opened.
    """
    request_id = actor.request_id or session.info.get("request_id")
    looked = select(func.look_through_glass(glass_id, what, actor.channel, request_id, now))
    elder_id: int | None = session.connection().execute(looked).scalar()
    if elder_id is None:
        raise GlassNotOpen(glass_id=glass_id)
    ground = f"glass:{glass_id}"
    record_act(
        session, now, actor, "look_through_glass", for_person_id=elder_id, by_right=ground, area_code=_area(session, glass_id),
        subject=("break_glass", glass_id), facts={"what": what},
    )  # fmt: skip
    return elder_id


def emergency_record(session: Session, now: datetime, actor: Actor, glass_id: int) -> EmergencyRecord:
    """Give what helps in an emergency of the elder an opening names; the look is a row first. Raises GlassNotOpen."""
    elder_id = look(session, now, actor, glass_id, "record")
    one = session.connection().execute
    row = one(
        select(
            _person.c.full_name, _person.c.born_on, _person.c.area_code, _person.c.phone_sealed, _person.c.address_sealed,
            _elder.c.living, _elder.c.care_level, _elder.c.emergency_name,
        )
        .join(_elder, _elder.c.person_id == _person.c.id)
        .where(_person.c.id == elder_id)
    ).one()  # fmt: skip
    health, emergency = kept_of_elder(session, elder_id)
    since = now - timedelta(days=30)
    visits = select(_visit.c.planned_start, _visit.c.state, _visit.c.checked_in_at, _visit.c.kind).where(
        _visit.c.elder_id == elder_id, _visit.c.planned_start > since
    )
    attempts = select(_attempt.c.happened_at, _attempt.c.channel, _attempt.c.outcome).where(
        _attempt.c.elder_id == elder_id, _attempt.c.happened_at > since
    )
    relatives = select(_proxy.c.relation).where(_proxy.c.elder_id == elder_id, _proxy.c.state == "confirmed")
    return EmergencyRecord(
        glass_id=glass_id, elder_id=elder_id, full_name=row.full_name, born_on=row.born_on, area_code=row.area_code,
        phone=masked("phone", row.phone_sealed), address=masked("address", row.address_sealed), living=row.living,
        care_level=row.care_level, emergency_name=row.emergency_name, has_health=health, has_emergency_phone=emergency,
        relatives=list(one(relatives.order_by(_proxy.c.id)).scalars()),
        visits=list(one(visits.order_by(_visit.c.planned_start.desc()).limit(5))),
        attempts=list(one(attempts.order_by(_attempt.c.happened_at.desc()).limit(5))),
        expires_at=one(select(_glass.c.expires_at).where(_glass.c.id == glass_id)).scalar_one(),
    )  # fmt: skip


def read_in_emergency(session: Session, now: datetime, actor: Actor, glass_id: int, field: str) -> str:
    """Give one field in clear through broken glass; look and disclosure are written first. Raises GlassNotOpen, NotFound."""
    if field not in OPEN_FIELDS:
        raise Invalid("请从列表里选一项。", field="field")
    elder_id = look(session, now, actor, glass_id, field)
    return disclose(session, now, actor, elder_id, field, "emergency", by_right=f"glass:{glass_id}")


def close_glass(session: Session, now: datetime, actor: Actor, glass_id: int) -> None:
    """End one's own opening before its time. Raises GlassNotOpen."""
    if not session.connection().execute(select(func.close_the_glass(glass_id, now))).scalar():
        raise GlassNotOpen(glass_id=glass_id)
    record_act(
        session, now, actor, "close_glass", area_code=_area(session, glass_id), subject=("break_glass", glass_id)
    )


def judge_glass(
    session: Session, now: datetime, actor: Actor, glass_id: int, *, justified: bool, note: str, consequence: str = ""
) -> None:
    """Judge an opening as somebody else: justified, or not, with what follows; the asker then opens none for 90 days.

    Raises NotFound, NotAllowed (her own), GlassAlreadyJudged, Invalid without words.
    """
    found = find_glass(session, glass_id)
    if actor.role not in MAY_JUDGE or found.asker_id == actor.person_id:
        raise NotAllowed("由没有查看过的民政干部或系统管理员复核。", glass_id=glass_id)
    if len(note.strip()) < 2:
        raise Invalid("请写明核实了什么。", field="note")
    if not justified and len(consequence.strip()) < 2:
        raise Invalid("不合理的要写明怎样处理。", field="consequence")
    verdict = "justified" if justified else "not_justified"
    barred = None if justified else now + timedelta(days=BARRED_DAYS)
    judged = func.judge_the_glass(glass_id, verdict, note.strip()[:500], consequence.strip()[:500] or None, barred, now)
    done = session.connection().execute(select(judged)).scalar()
    if done is None:
        raise NotAllowed("这次查看由老人所在地的工作人员复核。", glass_id=glass_id)
    if not done:
        raise GlassAlreadyJudged(glass_id=glass_id)
    record_act(
        session, now, actor, "judge_glass", for_person_id=found.elder_id, area_code=found.area_code,
        subject=("break_glass", glass_id), facts={"verdict": verdict},
    )  # fmt: skip
    common: dict[str, Any] = {
        "facts": {}, "elder_id": found.elder_id, "area_code": found.area_code, "subject": ("break_glass", glass_id),
    }  # fmt: skip
    template = "glass.justified" if justified else "glass.not_justified"
    tell(
        session, now, audience={"elder_side": found.elder_id}, template=template, key=f"{template}:{glass_id}", **common
    )
    if not justified:
        key = f"glass.barred:{glass_id}"
        barred_facts = common | {"facts": {"until_on": civil_date(now + timedelta(days=BARRED_DAYS)).isoformat()}}
        tell(session, now, recipient_ids=[found.asker_id], template="glass.barred", key=key, **barred_facts)


def find_glass(session: Session, glass_id: int) -> Row[Any]:
    """Give one opening the acting person may know of. Raises NotFound."""
    found = session.connection().execute(select(_glass).where(_glass.c.id == glass_id)).one_or_none()
    if found is None:
        raise NotFound(glass_id=glass_id)
    return found


def glasses(session: Session, now: datetime, *, waiting: bool | None = None, limit: int = 100) -> list[Row[Any]]:
    """Give the openings the acting person may know of, newest first, with both names (masked by the caller) and looks.

    `waiting`: only those nobody has judged yet, or only those somebody has.
    """
    asker, whose = _person.alias("asker"), _person.alias("whose")
    looks = select(func.count()).where(_reading.c.glass_id == _glass.c.id).scalar_subquery()
    query = (
        select(_glass, asker.c.full_name.label("asker_name"), whose.c.full_name.label("elder_name"), looks.label("looks"))
        .outerjoin(asker, asker.c.id == _glass.c.asker_id)
        .outerjoin(whose, whose.c.id == _glass.c.elder_id)
    )  # fmt: skip
    if waiting is not None:
        query = query.where(_glass.c.reviewed_at.is_(None) if waiting else _glass.c.reviewed_at.is_not(None))
    return list(session.connection().execute(query.order_by(_glass.c.id.desc()).limit(limit)))


def looks_of(session: Session, glass_id: int) -> list[Row[Any]]:
    """Give every look through one opening, in order."""
    query = select(_reading).where(_reading.c.glass_id == glass_id).order_by(_reading.c.id)
    return list(session.connection().execute(query))


def chase_reviews(session: Session, now: datetime) -> int:
    """Tell auditors and administrators of openings nobody judged within a day, once each; gives how many. As the house."""
    overdue = session.connection().execute(text("SELECT * FROM overdue_glass(:now)"), {"now": now}).all()
    for one in overdue:
        lo, _ = area_range(one.area_code // 10**11 * 10**11)
        for role in ("auditor", "administrator"):
            tell(
                session, now, audience={"office": {"role": role, "area_code": lo}}, template="glass.overdue", facts={},
                elder_id=one.elder_id, area_code=one.area_code, subject=("break_glass", one.glass_id),
                key=f"glass.overdue:{one.glass_id}:{role}",
            )  # fmt: skip
        record_act(
            session, now, SYSTEM, "escalate_glass", for_person_id=one.elder_id, area_code=one.area_code,
            subject=("break_glass", one.glass_id),
        )  # fmt: skip
    return len(overdue)


def _area(session: Session, glass_id: int) -> int | None:
    area: int | None = session.connection().execute(select(_glass.c.area_code).where(_glass.c.id == glass_id)).scalar()
    return area
