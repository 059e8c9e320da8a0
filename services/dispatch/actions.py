"""Promise a carer's time to an order, change it, give it back. The database refuses two promises at one time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NoReturn

from psycopg.errors import ExclusionViolation
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import TSTZRANGE
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import rules_in_force
from services.clock import SHANGHAI, civil_date
from services.columns import table_of
from services.directory.tables import Carer
from services.dispatch.errors import (
    AlreadyAssigned,
    CarerBarred,
    CarerBusy,
    CarerLacksSkill,
    CertificateExpired,
    NoSuchCarer,
    NotAssignable,
)
from services.dispatch.queries import carers_free, is_barred, is_qualified, skills_for
from services.dispatch.rules import certificate_holds, missing_skills
from services.dispatch.tables import Assignment
from services.matching.queries import check_dispatcher
from services.messages.actions import tell
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.telling import order_facts, tell_elder_side
from services.outbox import enqueue
from services.unit_of_work import SYSTEM, Actor

_assignment = table_of(Assignment)
_carer = table_of(Carer)


def assign_carer(session: Session, now: datetime, actor: Actor, order_id: int, carer_id: int) -> int:
    """Promise a carer's time to an accepted order; gives the assignment's id. Elder's side and carer are told.

    Raises NotFound, NotADispatcher, NotAssignable, AlreadyAssigned, NoSuchCarer, CarerLacksSkill,
    CertificateExpired, CarerBusy (with the free alternatives).
    """
    order = _lock_own_order(session, actor, order_id)
    if order.state == "assigned":
        raise AlreadyAssigned(order_id=order_id, carer_id=standing_promise(session, order_id).carer_id)
    if order.state != "accepted":
        raise NotAssignable(order_id=order_id, state=order.state)
    assignment_id = promise(session, now, actor.person_id, order, carer_id)
    move_order(session, order, "assigned")
    write_event(session, now, order, "assigned", actor.person_id, carer_id=carer_id)
    _record(session, now, actor, "assign_carer", order, {"carer_id": carer_id, "assignment_id": assignment_id})
    announce(session, now, order, assignment_id, carer_id, "dispatch.assigned")
    return assignment_id


def reassign_carer(session: Session, now: datetime, actor: Actor, order_id: int, carer_id: int, reason: str) -> int:
    """Send another carer instead of the promised one, before the visit begins; gives the new assignment's id.

    Everybody concerned is told. Raises as assign_carer; the old promise stands when the new one is refused.
    """
    order = _lock_own_order(session, actor, order_id)
    if order.state != "assigned":
        raise NotAssignable(order_id=order_id, state=order.state)
    before = standing_promise(session, order_id)
    if before.carer_id == carer_id:
        return int(before.id)
    with session.begin_nested():
        cancel_promise(session, before.id, reason)
        assignment_id = promise(session, now, actor.person_id, order, carer_id)
    write_event(session, now, order, "reassigned", actor.person_id, carer_id=carer_id, before=before.carer_id)
    facts = {"carer_id": carer_id, "before": before.carer_id, "reason": reason}
    _record(session, now, actor, "reassign_carer", order, facts)
    tell_carer(session, now, order, before.carer_id, before.id, "dispatch.taken_off")
    announce(session, now, order, assignment_id, carer_id, "dispatch.reassigned")
    return assignment_id


def free_carer(session: Session, now: datetime, order_id: int) -> bool:
    """Give a cancelled order's carer her time back and tell her; False when nobody was promised."""
    order = lock_order(session, order_id)
    standing = session.connection().execute(planned_promise(order_id)).first()
    if standing is None or order.state != "cancelled":
        return False
    cancel_promise(session, standing.id, order.cancelled_reason or "订单取消")
    _record(session, now, SYSTEM, "free_carer", order, {"carer_id": standing.carer_id})
    tell_carer(session, now, order, standing.carer_id, standing.id, "dispatch.taken_off")
    return True


def finish_assignment(session: Session, now: datetime, order_id: int) -> None:
    """Close a carer's promise once the work is done; repeating it changes nothing."""
    del now
    session.connection().execute(
        update(_assignment)
        .where(_assignment.c.order_id == order_id, _assignment.c.state == "planned")
        .values(state="done")
    )


def _lock_own_order(session: Session, actor: Actor, order_id: int) -> OrderRow:
    order = lock_order(session, order_id)
    if order.provider_id is None:
        raise NotAssignable(order_id=order_id, state=order.state)
    check_dispatcher(session, actor, order.provider_id)
    return order


def promise(session: Session, now: datetime, assigned_by: int | None, order: OrderRow, carer_id: int) -> int:
    """Write a carer's promise for a locked order's window; the verb that promises records the act.

    Raises NoSuchCarer, CarerLacksSkill, CertificateExpired, CarerBusy.
    """
    skills = skills_for(session, order.service_code, order.area_code, civil_date(order.starts_at))
    _check_able(session, now, order, skills, carer_id)
    try:
        with session.begin_nested():
            assignment_id: int = (
                session.connection()
                .execute(
                    insert(_assignment)
                    .values(
                        order_id=order.id,
                        elder_id=order.elder_id,
                        area_code=order.area_code,
                        carer_id=carer_id,
                        provider_id=order.provider_id,
                        during=func.tstzrange(order.starts_at, order.ends_at, type_=TSTZRANGE),
                        state="planned",
                        assigned_by=assigned_by,
                        assigned_at=now,
                    )
                    .returning(_assignment.c.id)
                )
                .scalar_one()
            )
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            _refuse_busy(session, order, skills, carer_id, error)
        raise
    return assignment_id


def _check_able(session: Session, now: datetime, order: OrderRow, skills: list[str], carer_id: int) -> None:
    on = civil_date(order.starts_at)
    carer = (
        session.connection()
        .execute(select(_carer).where(_carer.c.person_id == carer_id, _carer.c.provider_id == order.provider_id))
        .first()
    )
    if carer is None or (carer.left_on is not None and carer.left_on <= on):
        raise NoSuchCarer(carer_id=carer_id, provider_id=order.provider_id)
    missing = missing_skills(carer.skills, skills)
    if missing:
        raise CarerLacksSkill(
            f"{carer.display_name}没有这项服务要求的技能：{'、'.join(missing)}。",
            carer_id=carer_id,
            missing=missing,
        )
    if is_barred(session, carer_id, now):
        raise CarerBarred(carer_id=carer_id)
    until = carer.certificate_valid_until
    if certificate_holds(skills, until, on) and not is_qualified(session, carer_id, skills, on):
        raise CertificateExpired(
            f"{carer.display_name}的档案里没有这项服务要求、{on}有效的证书。", carer_id=carer_id, on=on.isoformat()
        )
    if not certificate_holds(skills, until, on):
        raise CertificateExpired(
            f"{carer.display_name}的证书{f'{until}到期' if until else '没有登记'}，服务日期是{on}。",
            carer_id=carer_id,
            valid_until=until.isoformat() if until else None,
            on=on.isoformat(),
        )


def _refuse_busy(
    session: Session, order: OrderRow, skills: list[str], carer_id: int, cause: IntegrityError
) -> NoReturn:
    window = func.tstzrange(order.starts_at, order.ends_at, type_=TSTZRANGE)
    other = session.connection().execute(
        select(_assignment.c.during)
        .where(_assignment.c.carer_id == carer_id, _assignment.c.state == "planned")
        .where(_assignment.c.during.op("&&")(window))
        .order_by(func.lower(_assignment.c.during))
        .limit(1)
    ).first()  # fmt: skip
    busy_from = other.during.lower if other else order.starts_at
    busy_until = other.during.upper if other else order.ends_at
    free = carers_free(session, order.provider_id, (order.starts_at, order.ends_at), skills)
    local = busy_from.astimezone(SHANGHAI), busy_until.astimezone(SHANGHAI)
    names = "、".join(one.display_name for one in free) or "没有"
    raise CarerBusy(
        f"这位护理员{local[0]:%H:%M}到{local[1]:%H:%M}已有安排。这个时间有空的：{names}。",
        order_id=order.id,
        carer_id=carer_id,
        busy_from=busy_from.isoformat(),
        busy_until=busy_until.isoformat(),
        free=[{"carer_id": one.carer_id, "display_name": one.display_name} for one in free],
    ) from cause


def planned_promise(order_id: int) -> Any:
    """Select an order's standing promise."""
    return select(_assignment).where(_assignment.c.order_id == order_id, _assignment.c.state == "planned")


def standing_promise(session: Session, order_id: int) -> Row[Any]:
    """Give an order's standing promise and lock it."""
    return session.connection().execute(planned_promise(order_id).with_for_update()).one()


def cancel_promise(session: Session, assignment_id: int, reason: str) -> None:
    """Take a carer's promise back, with the reason."""
    session.connection().execute(
        update(_assignment).where(_assignment.c.id == assignment_id).values(state="cancelled", cancelled_reason=reason)
    )


def announce(
    session: Session, now: datetime, order: OrderRow, assignment_id: int, carer_id: int, template: str
) -> None:
    """Plan the visit of a promise, watch that somebody comes, and tell elder's side and carer."""
    job = "visits.plan_care_visit"
    args = {"order_id": order.id, "assignment_id": assignment_id}
    enqueue(session, now, job, args, key=f"{job}/{assignment_id}")
    wait = rules_in_force(session, order.area_code, civil_date(now)).offering.late_replace_minutes
    late = order.starts_at + timedelta(minutes=wait)
    enqueue(session, now, "dispatch.no_show", args, not_before=late, key=f"dispatch.no_show/{assignment_id}")
    tell_elder_side(
        session,
        now,
        order,
        template,
        carer_id=carer_id,
        provider_id=order.provider_id,
        once=str(assignment_id),
    )
    tell_carer(session, now, order, carer_id, assignment_id, "dispatch.your_job")


def tell_carer(
    session: Session, now: datetime, order: OrderRow, carer_id: int, assignment_id: int, template: str
) -> None:
    """Tell a carer about one of her jobs."""
    tell(
        session,
        now,
        recipient_ids=[carer_id],
        template=template,
        facts={**order_facts(order), "carer_id": carer_id},
        elder_id=order.elder_id,
        area_code=order.area_code,
        subject=("care_order", order.id),
        key=f"{template}/{assignment_id}",
    )


def _record(session: Session, now: datetime, actor: Actor, verb: str, order: OrderRow, facts: dict[str, Any]) -> None:
    record_act(
        session,
        now,
        actor,
        verb,
        for_person_id=order.elder_id,
        by_right="house" if actor.role == "system" else "provider",
        area_code=order.area_code,
        subject=("care_order", order.id),
        facts=facts,
    )
