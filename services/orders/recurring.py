"""Orders that come again: set once, placed a week ahead day by day, left out for a day, stopped for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.queries import service_by_code
from services.catalogue.tables import ServiceItem
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.directory.tables import Provider
from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from services.language import name_for_reader
from services.messages.actions import tell
from services.orders.actions import cancel_by, cancel_order
from services.orders.errors import AlreadyOrdered, ElderHasMoved
from services.orders.placing import place_order
from services.orders.recurrence import check_rule, days_of
from services.orders.recurring_tables import Holiday, RecurringDay, RecurringOrder
from services.orders.rules import MAY_BE_CANCELLED_IN
from services.orders.steps import lock_order
from services.orders.tables import CareOrder
from services.outbox import enqueue
from services.people.queries import actor_with_grants
from services.people.rights import right_to
from services.people.tables import Person, RoleGrant
from services.unit_of_work import SYSTEM, Actor

_series, _day, _holiday = table_of(RecurringOrder), table_of(RecurringDay), table_of(Holiday)
_grant, _person, _order = table_of(RoleGrant), table_of(Person), table_of(CareOrder)
_item, _provider = table_of(ServiceItem), table_of(Provider)
DAYS_AHEAD = 7
MOST_SERIES = 20
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class NewSeries:
    """A wish that shall come again; minutes of the Shanghai wall clock."""

    elder_id: int
    service_code: str
    rule: str
    from_minute: int
    minutes: int
    first_day: date
    last_day: date | None = None
    on_holidays: str = "serve"
    chosen_provider_id: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class SeriesView:
    """A recurring order as shown, with its next days and those left out."""

    id: int
    elder_id: int
    service_code: str
    service_name: str
    provider_name: str | None
    rule: str
    from_minute: int
    minutes: int
    first_day: date
    last_day: date | None
    on_holidays: str
    state: str
    stopped_reason: str | None
    next_days: tuple[date, ...]
    skipped: tuple[date, ...]


def order_again_and_again(session: Session, now: datetime, actor: Actor, new: NewSeries, channel: str) -> int:
    """Let an order come again by a rule; the next days are ordered by a job. Gives its id.

    Raises NotFound, NotAllowed, Invalid(field), UnknownService, Conflict when she has too many.
    """
    rule = check_rule(new.rule)
    right = right_to(session, actor, new.elder_id, "order", now)
    if actor.person_id is None:
        raise NotAllowed("下单须由具体的人办理。", elder_id=new.elder_id)
    service = service_by_code(session, new.service_code, civil_date(now))
    if service.volunteer or new.on_holidays not in ("serve", "skip"):
        raise Invalid("这项服务不能定期预约。", field="service_code")
    if not 0 <= new.from_minute < 1440 or not service.minutes <= new.minutes <= 720:
        raise Invalid(f"这项服务要{service.minutes}分钟，请把时间选长一些。", field="minutes")
    if new.last_day is not None and new.last_day < new.first_day:
        raise Invalid("结束的日期不能早于开始的日期。", field="last_day")
    live = session.connection().execute(
        select(func.count()).where(_series.c.elder_id == new.elder_id, _series.c.state == "active")
    )
    if live.scalar_one() >= MOST_SERIES:
        raise Conflict("定期预约太多了，请先停掉一些。", elder_id=new.elder_id)
    values = {**new.__dict__, "rule": rule, "area_code": right.area_code, "state": "active", "set_at": now}
    row = insert(_series).values(placed_by=actor.person_id, by_right=right.ground, channel=channel, **values)
    series_id: int = session.connection().execute(row.returning(_series.c.id)).scalar_one()
    _record(session, now, actor, "order_again_and_again", series_id, new.elder_id, right.area_code, right.ground)
    enqueue(
        session,
        now,
        "orders.place_recurring",
        {"recurring_id": series_id},
        key=f"orders.place_recurring/{series_id}/set",
    )
    return series_id


def skip_day(session: Session, now: datetime, actor: Actor, recurring_id: int, on_day: date) -> None:
    """Leave one day out; what was ordered for it is cancelled. Raises NotFound, NotAllowed, CannotCancel."""
    series = _lock(session, recurring_id)
    right = right_to(session, actor, series.elder_id, "order", now)
    known = session.connection().execute(
        select(_day.c.order_id, _day.c.fate).where(_day.c.recurring_id == recurring_id, _day.c.on_day == on_day)
    ).first()  # fmt: skip
    if known is not None and known.order_id is not None:
        cancel_order(session, now, actor, known.order_id, "not_needed")
    if known is None:
        _write_day(session, now, series, on_day, "skipped", said_by=actor.person_id)
    _record(session, now, actor, "skip_day", recurring_id, series.elder_id, series.area_code, right.ground,
            on_day=on_day.isoformat())  # fmt: skip


def stop_series(session: Session, now: datetime, actor: Actor, recurring_id: int, reason: str = "不需要了") -> None:
    """Stop a recurring order; what is ordered already stands until it is cancelled itself. Twice changes nothing."""
    series = _lock(session, recurring_id)
    right = right_to(session, actor, series.elder_id, "order", now)
    if series.state == "active":
        _stop(session, now, series, reason)
        _record(session, now, actor, "stop_series", recurring_id, series.elder_id, series.area_code, right.ground)


def series_of(session: Session, now: datetime, elder_id: int) -> list[SeriesView]:
    """Give an elder's recurring orders, the running ones first, each with its coming days."""
    rows = session.connection().execute(
        select(_series, name_for_reader(_item).label("service_name"), _provider.c.name.label("provider_name"))
        .join(_item, _item.c.code == _series.c.service_code, isouter=True)
        .join(_provider, _provider.c.id == _series.c.chosen_provider_id, isouter=True)
        .where(_series.c.elder_id == elder_id)
        .order_by(_series.c.state, _series.c.id.desc())
    ).all()  # fmt: skip
    return [_view(session, now, row) for row in rows]


def promise_days(session: Session, now: datetime, recurring_id: int | None = None) -> int:
    """Promise to order every day of the coming week that a rule names and nobody decided yet; gives how many."""
    query = select(_series).where(_series.c.state == "active").order_by(_series.c.id)
    if recurring_id is not None:
        query = query.where(_series.c.id == recurring_id)
    promised = 0
    for series in session.connection().execute(query).all():
        for day in _coming(session, series, civil_date(now), civil_date(now) + timedelta(days=DAYS_AHEAD)):
            key = f"orders.place_recurring_day/{series.id}/{day}"
            args = {"recurring_id": series.id, "on_day": day.isoformat()}
            enqueue(session, now, "orders.place_recurring_day", args, key=key)
            promised += 1
    return promised


def place_day(session: Session, now: datetime, recurring_id: int, on_day: date) -> int | None:
    """Order one day of a series in the name and by the right of who set it; gives the order's id.

    A right that ended stops the series, a full or closed day is missed and told: never silence.
    """
    series = _lock(session, recurring_id)
    if series.state != "active" or on_day not in _coming(session, series, on_day, on_day):
        return None
    starts_at = civil_midnight(on_day) + timedelta(minutes=series.from_minute)
    if starts_at <= now:
        return None
    try:
        with session.begin_nested():
            placed = place_order(
                session, now, _who_set_it(session, series), elder_id=series.elder_id,
                service_code=series.service_code, starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=series.minutes), chosen_provider_id=series.chosen_provider_id,
                idempotency_key=f"recurring/{recurring_id}/{on_day}", channel="recurring", note=series.note,
            )  # fmt: skip
    except (NotAllowed, NotFound, ElderHasMoved) as ended:
        _stop(session, now, series, ended.message_zh)
        _tell(session, now, series, on_day, "orders.series_stopped")
        return None
    except DomainError as refused:
        _write_day(session, now, series, on_day, "missed", why=refused.message_zh)
        if not isinstance(refused, AlreadyOrdered):
            _tell(session, now, series, on_day, "orders.series_missed")
        return None
    _write_day(session, now, series, on_day, "placed", order_id=placed.order_id)
    return placed.order_id


def stop_for_departed(session: Session, now: datetime) -> int:
    """Stop the recurring orders of elders who died or moved away, and cancel what was ordered for later; gives how many."""
    today = civil_date(now)
    gone = _person.c.died_on.is_not(None) | (_person.c.moved_out_on <= today)
    series = (
        session.connection()
        .execute(
            select(_series).join(_person, _person.c.id == _series.c.elder_id).where(_series.c.state == "active", gone)
        )
        .all()
    )
    for one in series:
        _stop(session, now, one, "老人已离世或迁出")
    orders = session.connection().execute(
        select(_order.c.id)
        .join(_person, _person.c.id == _order.c.elder_id)
        .where(_order.c.state.in_(MAY_BE_CANCELLED_IN), _order.c.starts_at > now, gone)
    )
    ids = list(orders.scalars())
    for order_id in ids:
        enqueue(
            session,
            now,
            "orders.cancel_for_departed",
            {"order_id": order_id},
            key=f"orders.cancel_for_departed/{order_id}",
        )
    return len(series) + len(ids)


def holidays_between(session: Session, since: date, until: date) -> dict[date, str]:
    """Give the days off (both ends included) with their names in Chinese."""
    rows = session.connection().execute(
        select(_holiday.c.day, _holiday.c.name_zh).where(_holiday.c.day.between(since, until), _holiday.c.kind == "off")
    )
    return {row.day: row.name_zh for row in rows}


def _coming(session: Session, series: Found, since: date, until: date) -> list[date]:
    left_out = set(session.connection().execute(
        select(_day.c.on_day).where(_day.c.recurring_id == series.id, _day.c.on_day.between(since, until))
    ).scalars())  # fmt: skip
    if series.on_holidays == "skip":
        left_out |= holidays_between(session, since, until).keys()
    return days_of(series.rule, series.first_day, series.last_day, since, until, left_out)


def _who_set_it(session: Session, series: Found) -> Actor:
    rows = session.connection().execute(
        select(_grant.c.role, _grant.c.area_code, _grant.c.provider_id)
        .where(_grant.c.person_id == series.placed_by, _grant.c.revoked_at.is_(None))
        .order_by(_grant.c.id)
    )
    grants = [dict(row._mapping) for row in rows]
    ground, _, role = str(series.by_right).partition(":")
    return actor_with_grants(series.placed_by, grants, channel="recurring", role=role if ground == "office" else None)


def _lock(session: Session, recurring_id: int) -> Found:
    found = session.connection().execute(
        select(_series).where(_series.c.id == recurring_id).with_for_update()
    ).first()  # fmt: skip
    if found is None:
        raise NotFound(recurring_id=recurring_id)
    return found


def _stop(session: Session, now: datetime, series: Found, reason: str) -> None:
    session.connection().execute(
        update(_series).where(_series.c.id == series.id).values(state="stopped", stopped_at=now, stopped_reason=reason)
    )


def _write_day(session: Session, now: datetime, series: Found, on_day: date, fate: str, **more: Any) -> None:
    row = upsert(_day).values(
        recurring_id=series.id, elder_id=series.elder_id, area_code=series.area_code, on_day=on_day, fate=fate,
        said_at=now, **more,
    )  # fmt: skip
    session.connection().execute(row.on_conflict_do_nothing(constraint="recurring_day_once_key"))


def _view(session: Session, now: datetime, row: Found) -> SeriesView:
    today = civil_date(now)
    skipped = session.connection().execute(
        select(_day.c.on_day)
        .where(_day.c.recurring_id == row.id, _day.c.fate == "skipped", _day.c.on_day >= today)
        .order_by(_day.c.on_day)
    )
    left_out = tuple(skipped.scalars())
    off = set(left_out)
    if row.on_holidays == "skip":
        off |= holidays_between(session, today, today + timedelta(days=31)).keys()
    days = days_of(row.rule, row.first_day, row.last_day, today, today + timedelta(days=31), off)
    names = [name for name in SeriesView.__dataclass_fields__ if name not in ("service_name", "next_days", "skipped")]
    return SeriesView(
        **{name: getattr(row, name) for name in names},
        service_name=row.service_name or row.service_code,
        next_days=tuple(days[:5]) if row.state == "active" else (),
        skipped=left_out,
    )


def _tell(session: Session, now: datetime, series: Found, on_day: date, template: str) -> None:
    facts = {
        "elder_id": series.elder_id, "service_code": series.service_code,
        "starts_at": (civil_midnight(on_day) + timedelta(minutes=series.from_minute)).isoformat(),
    }  # fmt: skip
    tell(
        session, now, audience={"elder_side": series.elder_id}, template=template, facts=facts,
        elder_id=series.elder_id, area_code=series.area_code, subject=("recurring_order", series.id),
        key=f"{template}/{series.id}/{on_day}",
    )  # fmt: skip


def _record(
    session: Session, now: datetime, actor: Actor, verb: str, series_id: int, elder_id: int, area: int, ground: str,
    **facts: Any,
) -> None:  # fmt: skip
    record_act(
        session, now, actor, verb, for_person_id=elder_id, by_right=ground, area_code=area,
        subject=("recurring_order", series_id), facts=facts,
    )  # fmt: skip


def cancel_for_departed(session: Session, now: datetime, order_id: int) -> None:
    """Cancel, in the house's name, what was ordered for an elder who died or moved away."""
    order = lock_order(session, order_id)
    if order.state in MAY_BE_CANCELLED_IN:
        cancel_by(session, now, SYSTEM, order, "house", "departed")
