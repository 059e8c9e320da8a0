"""Nobody came: half an hour after the start somebody else is sent, or the order ends with everything given back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.dispatch.actions import announce, cancel_promise, planned_promise, promise, tell_carer
from services.dispatch.queries import carers_free, provider_barred, skills_for
from services.orders.actions import cancel_by
from services.orders.steps import OrderRow, lock_order, move_order, write_event
from services.orders.telling import tell_elder_side, tell_operators, tell_provider
from services.unit_of_work import SYSTEM


def replace_or_release(session: Session, now: datetime, order_id: int, assignment_id: int) -> str:
    """Half an hour late and nobody checked in: send a free colleague at once, or end the order and apologise.

    Gives "came", "replaced" or "released". The provider's failure is written in the log for its credit. City-wide
    work of the house; how long to wait is the city's rule (late_replace_minutes).
    """
    order = lock_order(session, order_id)
    standing = session.connection().execute(planned_promise(order_id).with_for_update()).first()
    if order.state != "assigned" or standing is None or standing.id != assignment_id:
        return "came"
    tell_provider(session, now, order, order.provider_id, "dispatch.no_show_for_provider", once=str(assignment_id))
    skills = skills_for(session, order.service_code, order.area_code, civil_date(now))
    window = (now, now + (order.ends_at - order.starts_at))
    free = [
        one for one in carers_free(session, order.provider_id, window, skills)
        if one.carer_id != standing.carer_id
    ]  # fmt: skip
    if free and not provider_barred(session, order.provider_id, now):
        _replace(session, now, order, standing, window, free[0].carer_id)
        return "replaced"
    _release(session, now, order, standing)
    return "released"


def _replace(
    session: Session,
    now: datetime,
    order: OrderRow,
    standing: Row[Any],
    window: tuple[datetime, datetime],
    carer_id: int,
) -> None:
    cancel_promise(session, standing.id, "没有按时到")
    tell_carer(session, now, order, standing.carer_id, standing.id, "dispatch.taken_off")
    move_order(session, order, order.state, starts_at=window[0], ends_at=window[1])
    order = lock_order(session, order.id)
    assignment_id = promise(session, now, None, order, carer_id)
    facts = {"starts_at": window[0].isoformat(), "ends_at": window[1].isoformat()}
    write_event(session, now, order, "rescheduled", None, **facts)
    write_event(session, now, order, "carer_late", None, carer_id=carer_id, before=standing.carer_id)
    _record(session, now, "replace_late_carer", order, {"carer_id": carer_id, "before": standing.carer_id})
    announce(session, now, order, assignment_id, carer_id, "dispatch.replaced")


def _release(session: Session, now: datetime, order: OrderRow, standing: Row[Any]) -> None:
    provider_id = order.provider_id
    cancel_by(session, now, SYSTEM, order, "house", "carer_did_not_come")
    _record(session, now, "release_no_show", order, {"carer_id": standing.carer_id})
    tell_elder_side(session, now, order, "dispatch.apology", provider_id=provider_id)
    tell_operators(session, now, order, "dispatch.no_show_for_operator", provider_id=provider_id)


def _record(session: Session, now: datetime, verb: str, order: OrderRow, facts: dict[str, Any]) -> None:
    record_act(
        session, now, SYSTEM, verb, for_person_id=order.elder_id, by_right="house", area_code=order.area_code,
        subject=("care_order", order.id), facts=facts,
    )  # fmt: skip
