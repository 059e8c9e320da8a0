"""Asking to be forgotten: a request with a clock, an officer's decision, and proof of what was erased and what was kept.

What settlement, the ledger and the audit need stays under the person's number, without her name; each kept table says
why (personal_data.py). While something is under way, the request waits: an open order cannot lose its elder.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.errors import Conflict, NotAllowed, NotFound
from services.messages.actions import tell
from services.outbox import enqueue
from services.oversight.errors import ErasureNotOpen, StillUnderWay
from services.oversight.personal_data import ABOUT, KEPT, About
from services.oversight.privacy_tables import ErasureRequest
from services.oversight.retention import days_kept
from services.people.consents import right_over
from services.people.moving import circles_follow
from services.people.privacy import seal
from services.people.storage import storage
from services.people.tables import Attachment, Person
from services.unit_of_work import SYSTEM, Actor

_request, _person, _attachment = table_of(ErasureRequest), table_of(Person), table_of(Attachment)
DECIDERS = ("officer",)
UNDER_WAY = {
    "还有没办完的订单": "SELECT count(*) FROM care_order WHERE elder_id = :p AND state NOT IN ('confirmed', 'cancelled')",
    "还有没结清的款项": "SELECT count(*) FROM payable WHERE elder_id = :p AND state IN"
    " ('due', 'authorising', 'authorised', 'capturing', 'releasing')",
    "还住着养老床位": "SELECT count(*) FROM bed_stay WHERE elder_id = :p AND (upper(during) IS NULL OR upper(during) > :today)",
    "家庭床位合同还没到期": "SELECT count(*) FROM home_bed WHERE elder_id = :p AND ended_on IS NULL"
    " AND (upper(during) IS NULL OR upper(during) > :today)",
    "预收款里还有余额": "SELECT count(*) FROM prepaid_account WHERE elder_id = :p AND balance_fen > 0",
    "消费券还有占用的金额": "SELECT count(*) FROM voucher WHERE elder_id = :p AND reserved_fen > 0",
    "还有约好的上门": "SELECT count(*) FROM visit WHERE (elder_id = :p OR visitor_id = :p) AND state IN ('planned', 'started')",
    "还有约好的志愿服务": "SELECT count(*) FROM need WHERE (elder_id = :p OR taken_by = :p) AND state IN ('open', 'taken', 'served')",
    "还有岗位角色没有收回": "SELECT count(*) FROM role_grant WHERE person_id = :p AND revoked_at IS NULL"
    " AND role NOT IN ('elder', 'family', 'volunteer')",
    "没人应门的事还没有结": "SELECT count(*) FROM escalation WHERE elder_id = :p AND closed_at IS NULL",
}
"""What must be finished first, in the words the officer reads; each counts the rows that stand in the way."""


def ask_erasure(session: Session, now: datetime, actor: Actor, person_id: int) -> int:
    """Ask to be forgotten: the person herself, or her community at the counter with her there; gives the request's id.

    The office is told at once and must answer within the days of the rule "erasure_answer". Raises NotFound,
    NotAllowed (a relative cannot ask this for her), ErasureNotOpen by constraint when one is open already.
    """
    area_code, ground = right_over(session, now, actor, person_id, "view")
    if actor.read_only or (ground != "self" and ground not in ("office:officer", "office:advisor", "office:operator")):
        raise NotAllowed("注销只能由本人申请，或本人到社区柜台办理。", person_id=person_id)
    due = now + timedelta(days=days_kept(session, now, "erasure_answer"))
    row: dict[str, Any] = {
        "person_id": person_id, "area_code": area_code, "asked_by": actor.person_id, "by_right": ground,
        "channel": actor.channel, "asked_at": now, "due_at": due, "state": "asked", "decision": "", "proof": {},
    }  # fmt: skip
    made: int = session.connection().execute(insert(_request).values(row).returning(_request.c.id)).scalar_one()
    record_act(
        session, now, actor, "ask_erasure", for_person_id=person_id, by_right=ground, area_code=area_code,
        subject=("erasure_request", made),
    )  # fmt: skip
    tell(
        session, now, audience={"office": {"role": "officer", "area_code": area_code // 10**6 * 10**6}},
        template="oversight.erasure_asked", facts={"due_on": civil_date(due).isoformat()}, elder_id=person_id,
        area_code=area_code, subject=("erasure_request", made), key=f"oversight.erasure_asked:{made}",
    )  # fmt: skip
    return made


def withdraw_erasure(session: Session, now: datetime, actor: Actor, request_id: int) -> None:
    """Take a request back before anybody decided. Raises NotFound, NotAllowed, ErasureNotOpen."""
    found = _find(session, request_id)
    _, ground = right_over(session, now, actor, found.person_id, "view")
    if actor.read_only or (ground != "self" and found.asked_by != actor.person_id):
        raise NotAllowed(request_id=request_id)
    _move(session, found, "asked", {"state": "withdrawn"})
    record_act(
        session, now, actor, "withdraw_erasure", for_person_id=found.person_id, by_right=ground,
        area_code=found.area_code, subject=("erasure_request", request_id),
    )  # fmt: skip


def decide_erasure(
    session: Session, now: datetime, actor: Actor, request_id: int, *, approve: bool, reason: str = ""
) -> None:
    """Decide on a request as an officer of her area who did not ask herself; a refusal says why.

    An approval promises the job that erases. Raises NotFound, NotAllowed, ErasureNotOpen, StillUnderWay (naming what has
    to be finished first), Conflict for a refusal without a reason.
    """
    found = _find(session, request_id)
    if actor.role not in DECIDERS or actor.person_id == found.asked_by or actor.person_id == found.person_id:
        raise NotAllowed("由没有经手申请的民政干部决定。", request_id=request_id)
    if approve:
        standing = under_way(session, now, found.person_id)
        if standing:
            raise StillUnderWay("先办完才能注销：" + "；".join(standing) + "。", waiting=standing)
    elif not reason.strip():
        raise Conflict("不同意要写明理由。", field="reason")
    state = "approved" if approve else "refused"
    change = {"state": state, "decision": reason.strip(), "decided_by": actor.person_id, "decided_at": now}
    _move(session, found, "asked", change)
    record_act(
        session, now, actor, "decide_erasure", for_person_id=found.person_id, area_code=found.area_code,
        subject=("erasure_request", request_id), facts={"decision": state},
    )  # fmt: skip
    if approve:
        enqueue(session, now, "oversight.erase_person", {"request_id": request_id}, key=f"oversight.erase:{request_id}")
    else:
        tell(
            session, now, recipient_ids=[found.person_id], template="oversight.erasure_refused",
            facts={"reason": reason.strip()}, elder_id=found.person_id, area_code=found.area_code,
            subject=("erasure_request", request_id), key=f"oversight.erasure_refused:{request_id}",
        )  # fmt: skip


def under_way(session: Session, now: datetime, person_id: int) -> list[str]:
    """Give in words what stands in the way of erasing somebody now; an empty list when nothing does."""
    asked = {"p": person_id, "today": civil_date(now)}
    return [words for words, count in UNDER_WAY.items() if session.connection().execute(text(count), asked).scalar()]


def erase_person(session: Session, now: datetime, request_id: int) -> dict[str, Any]:
    """Erase what an approved request asks for, and give the proof; a second time gives the proof that stands.

    Runs as the house in one transaction. When something has begun since the decision, the request goes back to the
    officer as refused, with what it was.
    """
    found = _find(session, request_id)
    if found.state != "approved":
        return dict(found.proof)
    standing = under_way(session, now, found.person_id)
    if standing:
        words = "批准以后又有了：" + "；".join(standing)
        _move(session, found, "approved", {"state": "refused", "decision": words})
        return {}
    _remove_files(session, found.person_id)
    erased = [_clear(session, now, one, found.person_id) for one in ABOUT if one.clears or one.deletes]
    proof = {
        "person_id": found.person_id, "erased_at": now.isoformat(), "erased": [one for one in erased if one["rows"]],
        "left": sum(one["left"] for one in erased), "kept": _kept(session, found.person_id),
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(proof, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    done = {"state": "done", "done_at": now, "proof": proof, "proof_hash": digest}
    _move(session, found, "approved", done)
    circles_follow(session, now, [found.person_id])
    record_act(
        session, now, SYSTEM, "erase_person", for_person_id=found.person_id, area_code=found.area_code,
        subject=("erasure_request", request_id), facts={"proof_hash": digest},
    )  # fmt: skip
    return proof


def _clear(session: Session, now: datetime, one: About, person_id: int) -> dict[str, Any]:
    """Clear one table's rows of a person and count what is still there; the names are this house's own, not anybody's."""
    of_her = " OR ".join(f"{column} = :person" for column in one.cleared_by or one.whose)
    values = {"person": person_id, "now": now, "today": civil_date(now), "nothing": seal("assessment", "")}
    if one.deletes:
        statement, what = f"DELETE FROM {one.table} WHERE {of_her}", ["*"]
    else:
        sets = ", ".join(f"{column} = {value}" for column, value in one.clears.items())
        statement, what = f"UPDATE {one.table} SET {sets} WHERE ({of_her})", sorted(one.clears)
    named = {name: value for name, value in values.items() if f":{name}" in statement}
    rows = session.connection().execute(text(statement), named).rowcount
    still = "true" if one.deletes else one.still or "false"
    count = text(f"SELECT count(*) FROM {one.table} WHERE ({of_her}) AND ({still})")
    left = session.connection().execute(count, {"person": person_id}).scalar_one()
    return {"table": one.table, "title": one.title_zh, "columns": what, "rows": rows, "left": left}


def _kept(session: Session, person_id: int) -> list[dict[str, Any]]:
    """Name each table that still has rows under her number, how many, and why."""
    found = []
    for one in ABOUT:
        of_her = " OR ".join(f"{column} = :person" for column in one.whose)
        counted = text(f"SELECT count(*) FROM {one.table} WHERE {of_her}")
        rows = session.connection().execute(counted, {"person": person_id}).scalar_one()
        if rows and one.kept:
            found.append(
                {"table": one.table, "title": one.title_zh, "rows": rows, "why": one.kept, "zh": KEPT[one.kept][0]}
            )
    return found


def _remove_files(session: Session, person_id: int) -> None:
    keys = session.connection().execute(
        select(_attachment.c.storage_key).where(_attachment.c.elder_id == person_id, _attachment.c.erased_at.is_(None))
    )
    for key in keys.scalars():
        storage().remove(key)


def requests_in_area(session: Session, actor: Actor) -> list[Row[Any]]:
    """Give an office the requests of its area, those that wait first, each with the person's name. Raises NotAllowed."""
    if actor.area_lo is None or actor.area_hi is None:
        raise NotAllowed()
    waiting = _request.c.state != "asked"
    return list(
        session.connection().execute(
            select(_request, _person.c.full_name)
            .outerjoin(_person, _person.c.id == _request.c.person_id)
            .where(_request.c.area_code.between(actor.area_lo, actor.area_hi))
            .order_by(waiting, _request.c.due_at)
            .limit(200)
        )
    )


def request_of(session: Session, person_id: int) -> Row[Any] | None:
    """Give a person's newest request, as far as the actor may see it."""
    rows = select(_request).where(_request.c.person_id == person_id).order_by(_request.c.id.desc()).limit(1)
    return session.connection().execute(rows).first()


def find_request(session: Session, request_id: int) -> Row[Any]:
    """Give one request the actor may see, with its proof. Raises NotFound."""
    return _find(session, request_id, lock=False)


def _find(session: Session, request_id: int, *, lock: bool = True) -> Row[Any]:
    query = select(_request).where(_request.c.id == request_id)
    found = session.connection().execute(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotFound(request_id=request_id)
    return found


def _move(session: Session, found: Row[Any], from_state: str, change: dict[str, Any]) -> None:
    moved = session.connection().execute(
        update(_request).where(_request.c.id == found.id, _request.c.state == from_state).values(**change)
    )
    if moved.rowcount != 1:
        raise ErasureNotOpen(request_id=found.id, state=found.state)
