"""Both sides judge a visit: the receiver the work (also by telephone), the provider's side the cooperation.

Neither reads the other's judgement before both are written or the city's days have passed. PostgreSQL holds it: the
row itself is not there for the other side (sql/425_trust.sql), and until then no mean counts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, exists, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.tables import ServiceItem
from services.cities.pack_trust import RatingPolicy
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Carer, Provider
from services.errors import Invalid, NotFound
from services.language import name_for_reader
from services.orders.errors import AlreadyRated, CannotRate, NotByCall, NotYourWork, ProviderMayNotRate
from services.orders.rating_tables import CooperationRating, RatingReveal
from services.orders.steps import OrderRow, find_row, lock_order, write_event
from services.orders.tables import CareOrder, OrderEvent, Rating
from services.orders.telling import tell_operators
from services.outbox import enqueue
from services.people.rights import right_to
from services.people.tables import Person, RoleGrant
from services.unit_of_work import SYSTEM, Actor

_rating, _answer, _reveal = table_of(Rating), table_of(CooperationRating), table_of(RatingReveal)
_grant, _carer, _order, _event = table_of(RoleGrant), table_of(Carer), table_of(CareOrder), table_of(OrderEvent)
_person, _provider, _item = table_of(Person), table_of(Provider), table_of(ServiceItem)
COMMENT_LENGTH = 500
RATED_IN = ("served", "confirmed")


@dataclass(frozen=True)
class Judgement:
    """One side's judgement: face 3 good, 2 fair, 1 poor; who wrote it and, by telephone, that she had called."""

    face: int
    comment: str | None
    rated_by: int
    rated_at: datetime
    by_call: bool = False


@dataclass(frozen=True)
class BothSides:
    """What the asking person may read of an order's two judgements; None: not written, or not open to her yet."""

    of_the_work: Judgement | None
    of_the_cooperation: Judgement | None
    opened_at: datetime | None


@dataclass(frozen=True)
class CallDue:
    """Somebody who was served and has not said how it was: the operator calls her."""

    order_id: int
    order_number: str
    elder_id: int
    elder_name: str | None
    provider_name: str
    service_name: str
    served_at: datetime


def rate_order(
    session: Session, now: datetime, actor: Actor, order_id: int, face: int, comment: str | None = None,
    *, by_call: bool = False,
) -> None:  # fmt: skip
    """Judge a served order once, by one of three faces: 3 good, 2 fair, 1 poor.

    `by_call`: an office called the receiver and asked; the row says so and who asked. Raises NotFound, NotAllowed,
    Invalid(field), ProviderMayNotRate, NotByCall, CannotRate(state), AlreadyRated(rated_at).
    """
    said = _checked(face, comment)
    order = lock_order(session, order_id)
    if order.provider_id is not None and _works_for(session, actor, order.provider_id):
        raise ProviderMayNotRate(order_id=order_id, provider_id=order.provider_id)
    right = right_to(session, actor, order.elder_id, "order", now)
    if by_call and not right.ground.startswith("office:"):
        raise NotByCall(order_id=order_id)
    opens_at = _check_open(session, now, order, _rating)
    values = _row(actor, order, now, face, said)
    session.connection().execute(
        insert(_rating).values(**values, by_right=right.ground, by_call=by_call, opens_at=opens_at)
    )
    # how she found it stands in the rating alone: the provider reads the log
    write_event(session, now, order, "rated", actor.person_id, by_call=by_call or None)
    _record(session, now, actor, "rate_order", order, right.ground, {"by_call": by_call})
    if face == 1:
        tell_operators(session, now, order, "orders.rated_poor", provider_id=order.provider_id)
    _promise_opening(session, now, order_id, opens_at)


def rate_cooperation(
    session: Session, now: datetime, actor: Actor, order_id: int, face: int, comment: str | None = None
) -> None:
    """Judge how the elder's side received the carer, once an order: by the carer who went or her dispatcher.

    Raises NotFound, NotYourWork, Invalid(field), CannotRate(state), AlreadyRated(rated_at).
    """
    said = _checked(face, comment)
    order = lock_order(session, order_id)
    if order.provider_id is None or not _works_for(session, actor, order.provider_id):
        raise NotYourWork(order_id=order_id)
    opens_at = _check_open(session, now, order, _answer)
    role = "dispatcher" if actor.has_role("dispatcher") else "carer"
    session.connection().execute(insert(_answer).values(**_row(actor, order, now, face, said), as_role=role))
    _record(session, now, actor, "rate_cooperation", order, f"provider:{order.provider_id}", {"as_role": role})
    _promise_opening(session, now, order_id, opens_at)


def open_ratings(session: Session, now: datetime, order_id: int) -> bool:
    """The days of silence are over: what one side wrote opens to the other. False when it was open. Work of the house."""
    order = lock_order(session, order_id)
    row = upsert(_reveal).values(
        order_id=order_id, elder_id=order.elder_id, area_code=order.area_code, revealed_at=now, because="time"
    )
    done = session.connection().execute(row.on_conflict_do_nothing().returning(_reveal.c.order_id)).first()
    if done is not None:
        _record(session, now, SYSTEM, "open_ratings", order, "house", {})
    return done is not None


def both_sides(session: Session, order_id: int) -> BothSides:
    """Give what the asking person may read of an order's judgements. Raises NotFound."""
    find_row(session, order_id)
    connection = session.connection()
    work = connection.execute(select(_rating).where(_rating.c.order_id == order_id)).first()
    answer = connection.execute(select(_answer).where(_answer.c.order_id == order_id)).first()
    opened = connection.execute(select(_reveal.c.revealed_at).where(_reveal.c.order_id == order_id)).scalar()
    return BothSides(
        of_the_work=_judgement(work, by_call=work.by_call) if work is not None else None,
        of_the_cooperation=_judgement(answer) if answer is not None else None,
        opened_at=opened,
    )


def calls_due(session: Session, now: datetime, actor: Actor, *, limit: int = 100) -> list[CallDue]:
    """Give who was served in the acting office's area and has not said how it was, the longest ago first.

    The first days belong to herself, later than the city's limit nobody remembers (rules.trust.ratings).
    """
    if actor.area_lo is None or actor.area_hi is None:
        raise NotFound(role=actor.role)
    policy = _policy(session, actor.area_lo, now)
    rows = session.connection().execute(
        select(
            _order.c.id, _order.c.order_number, _order.c.elder_id, _person.c.full_name, _order.c.service_code,
            name_for_reader(_item).label("service_name"), _provider.c.name.label("provider_name"),
            _event.c.happened_at,
        )
        .join(_event, (_event.c.order_id == _order.c.id) & (_event.c.kind == "served"))
        .join(_provider, _provider.c.id == _order.c.provider_id)
        .join(_person, _person.c.id == _order.c.elder_id, isouter=True)
        .join(_item, _item.c.code == _order.c.service_code, isouter=True)
        .where(
            _order.c.state.in_(RATED_IN), _order.c.area_code.between(actor.area_lo, actor.area_hi),
            _event.c.happened_at <= now - timedelta(days=policy.call_back_after_days),
            _event.c.happened_at > now - timedelta(days=policy.call_back_within_days),
            ~exists().where(_rating.c.order_id == _order.c.id),
        )
        .order_by(_event.c.happened_at, _order.c.id)
        .limit(max(1, min(limit, 500)))
    )  # fmt: skip
    return [
        CallDue(
            order_id=row.id, order_number=row.order_number, elder_id=row.elder_id, elder_name=row.full_name,
            provider_name=row.provider_name, service_name=row.service_name or row.service_code,
            served_at=row.happened_at,
        )
        for row in rows
    ]  # fmt: skip


def cooperation_due(session: Session, provider_id: int, since: datetime) -> list[Row[Any]]:
    """Give a provider's served orders since a moment whose cooperation nobody of it judged yet, newest first."""
    query = (
        select(
            _order.c.id, _order.c.order_number, _order.c.starts_at, _order.c.ends_at,
            name_for_reader(_item).label("service_name"),
        )
        .join(_item, _item.c.code == _order.c.service_code, isouter=True)
        .where(_order.c.provider_id == provider_id, _order.c.state.in_(RATED_IN), _order.c.starts_at >= since)
        .where(~exists().where(_answer.c.order_id == _order.c.id))
        .order_by(_order.c.id.desc())
        .limit(20)
    )  # fmt: skip
    return list(session.connection().execute(query))


def _checked(face: int, comment: str | None) -> str | None:
    if face not in (1, 2, 3) or len(comment or "") > COMMENT_LENGTH:
        raise Invalid("请选一个脸：好、一般、不好。", field="face")
    return (comment or "").strip() or None


def _check_open(session: Session, now: datetime, order: OrderRow, table: Any) -> datetime:
    """See that this side may still judge; gives when its judgement opens to the other side at the latest."""
    if order.state not in RATED_IN:
        raise CannotRate(order_id=order.id, state=order.state)
    rated_at = session.connection().execute(select(table.c.rated_at).where(table.c.order_id == order.id)).scalar()
    if rated_at is not None:
        raise AlreadyRated(order_id=order.id, rated_at=rated_at.isoformat())
    return now + timedelta(days=_policy(session, order.area_code, now).blind_days)


def _policy(session: Session, area_code: int, now: datetime) -> RatingPolicy:
    return rules_in_force(session, area_code, civil_date(now)).trust.ratings


def _row(actor: Actor, order: OrderRow, now: datetime, face: int, comment: str | None) -> dict[str, Any]:
    return {
        "order_id": order.id, "elder_id": order.elder_id, "area_code": order.area_code,
        "provider_id": order.provider_id, "face": face, "comment": comment, "rated_by": actor.person_id,
        "rated_at": now,
    }  # fmt: skip


def _promise_opening(session: Session, now: datetime, order_id: int, opens_at: datetime) -> None:
    job = "orders.open_ratings"
    enqueue(session, now, job, {"order_id": order_id}, not_before=opens_at, key=f"{job}/{order_id}")


def _judgement(row: Row[Any], *, by_call: bool = False) -> Judgement:
    return Judgement(row.face, row.comment, row.rated_by, row.rated_at, by_call)


def _works_for(session: Session, actor: Actor, provider_id: int) -> bool:
    if actor.provider_id == provider_id:
        return True
    connection = session.connection()
    granted = connection.execute(
        select(_grant.c.id).where(
            _grant.c.person_id == actor.person_id,
            _grant.c.provider_id == provider_id,
            _grant.c.revoked_at.is_(None),
        )
    ).first()
    employed = connection.execute(
        select(_carer.c.person_id).where(_carer.c.person_id == actor.person_id, _carer.c.provider_id == provider_id)
    ).first()
    return granted is not None or employed is not None


def _record(
    session: Session, now: datetime, actor: Actor, verb: str, order: OrderRow, ground: str, facts: dict[str, Any]
) -> None:
    record_act(
        session, now, actor, verb, for_person_id=order.elder_id, by_right=ground, area_code=order.area_code,
        subject=("care_order", order.id), facts=facts,
    )  # fmt: skip
