"""Place an order for an elder: one wish, one order, however often she presses the button."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, insert, or_, select, text
from sqlmodel import Session

from services.acts import record_act
from services.benefits.actions import hold
from services.benefits.queries import split_price
from services.benefits.rules import Split
from services.catalogue.queries import Service, check_in_time, service_by_code
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid, NotAllowed
from services.orders.errors import AlreadyOrdered, ElderHasMoved, ForVolunteers, KeyReused
from services.orders.meals import check_meal
from services.orders.opening import opening_and_price
from services.orders.places import has_places, hold_place, place_for
from services.orders.quoting import quote_for, use_quote
from services.orders.rebuilding import placed_facts
from services.orders.rules import (
    LIVE_STATES,
    check_aware,
    check_key,
    check_long_enough,
    check_window,
    hash_wish,
    order_number,
)
from services.orders.steps import OrderRow, lock_order, write_event
from services.orders.tables import CareOrder
from services.orders.telling import tell_elder_side, tell_provider
from services.outbox import enqueue
from services.people.relations import relation_word
from services.people.rights import Right, right_to
from services.unit_of_work import Actor

_order = table_of(CareOrder)
_LOCKS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(:key, 0)), pg_advisory_xact_lock(hashtextextended(:elder, 0))"
)
"""Always in this order: two presses of one button wait at the key, two relatives at the elder."""
_OTHERS = (
    select(_order)
    .where(
        or_(
            and_(_order.c.placed_by == bindparam("me"), _order.c.idempotency_key == bindparam("key")),
            and_(
                _order.c.elder_id == bindparam("elder"),
                _order.c.service_code == bindparam("service"),
                _order.c.starts_at < bindparam("ends_at"),
                _order.c.ends_at > bindparam("starts_at"),
                _order.c.state.in_(LIVE_STATES),
            ),
        )
    )
    .order_by(_order.c.id)
)
_NEXT_ID = text("SELECT nextval(pg_get_serial_sequence('care_order', 'id'))")
_WRITE = insert(_order).returning(_order)
_RELATION = text("SELECT relation_of_orderer(:order)")
_CHANNEL = re.compile(r"[a-z_]{2,30}")
NOTE_LENGTH = 500


@dataclass(frozen=True)
class PlacedOrder:
    """An order as it stands after placing; `replayed` when the same request had placed it before. Fen."""

    order_id: int
    order_number: str
    elder_id: int
    service_code: str
    starts_at: datetime
    ends_at: datetime
    state: str
    price_fen: int
    government_fen: int
    voucher_fen: int
    self_fen: int
    chosen_provider_id: int | None
    replayed: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Wish:
    elder_id: int
    service_code: str
    starts_at: datetime
    ends_at: datetime
    chosen_provider_id: int | None
    note: str | None

    def hashed(self) -> bytes:
        """Give 32 bytes that are equal for equal wishes, whatever zone their times are written in."""
        moments = {name: getattr(self, name).astimezone(UTC).isoformat() for name in ("starts_at", "ends_at")}
        return hash_wish({**self.__dict__, **moments})


def place_order(
    session: Session,
    now: datetime,
    actor: Actor,
    *,
    elder_id: int,
    service_code: str,
    starts_at: datetime,
    ends_at: datetime,
    chosen_provider_id: int | None = None,
    idempotency_key: str,
    channel: str,
    note: str | None = None,
    even_if_ordered: bool = False,
    knows_allergens: bool = False,
    quote_id: int | None = None,
) -> PlacedOrder:
    """Order one service for an elder in one window, at a price that is never raised afterwards.

    The same key with the same wish gives the order it placed before. The price is the chosen provider's, or
    the guide price when none is chosen; government's part is held, offers begin by a job. Moments are
    aware. Raises BadTime, KeyMissing, KeyReused, NotFound, NotAllowed, UnknownService, ElderHasMoved,
    AlreadyOrdered (unless `even_if_ordered`), TooLateToOrder, OutsideOpening, NotOffered, ForVolunteers. Where the chosen
    provider gives the service by the place (day care, bath, meal), a place is held at once: NoSuchPlace,
    PlaceClosed, PlaceFull, ContainsAllergen (unless `knows_allergens`). With a quote she never pays more than
    it showed: QuoteExpired, QuoteUsed, QuoteForAnother, QuoteChanged.
    """
    wish = _checked_wish(elder_id, service_code, starts_at, ends_at, chosen_provider_id, note, idempotency_key, channel)
    right = right_to(session, actor, elder_id, "order", now)
    if actor.person_id is None:
        raise NotAllowed("下单须由具体的人办理。", elder_id=elder_id)
    earlier, ordered = _find_others(session, actor.person_id, idempotency_key, wish)
    if earlier is not None:
        return _replay(earlier, wish)
    by_the_place = has_places(session, wish.service_code, wish.chosen_provider_id)
    service = _service_to_order(session, now, wish, right, by_the_place)
    if ordered is not None and not even_if_ordered:
        raise _already_ordered(session, actor, ordered)
    quote = None if quote_id is None else quote_for(session, now, quote_id, wish)
    slot = place_for(session, now, wish.service_code, chosen_provider_id, starts_at) if by_the_place else None
    kitchen = None if slot is None else check_meal(session, elder_id, slot, knows_allergens)
    ends_at = ends_at if slot is None else slot.ends_at
    most_fen = None if quote is None else int(quote.price_fen)
    shared = _share_price(session, now, right, wish, service, ends_at, slot is not None, most_fen)
    order = _write_order(session, now, actor.person_id, right, wish, shared, idempotency_key, channel, ends_at)
    if quote is not None:
        use_quote(session, now, quote, order.id, shared)
    hold(session, now, order.id, shared, civil_date(starts_at), fresh=True)
    return _carry_on(session, now, actor, right, order, service, slot, kitchen, shared)


def _checked_wish(
    elder_id: int, service_code: str, starts_at: datetime, ends_at: datetime, chosen_provider_id: int | None,
    note: str | None, key: str, channel: str,
) -> _Wish:  # fmt: skip
    check_key(key)
    check_aware(starts_at=starts_at, ends_at=ends_at)
    if not _CHANNEL.fullmatch(channel):
        raise Invalid("办理渠道有误。", field="channel")
    return _Wish(elder_id, service_code, starts_at, ends_at, chosen_provider_id, _tidy(note))


def _share_price(
    session: Session, now: datetime, right: Right, wish: _Wish, service: Service, ends_at: datetime, by_the_place: bool,
    most_fen: int | None,
) -> Split:  # fmt: skip
    """Share today's price, or the quoted one where that is lower, among those who pay."""
    price_fen = opening_and_price(
        session, service, right.area_code, wish.starts_at, ends_at, wish.chosen_provider_id, by_the_place=by_the_place
    )
    return split_price(
        session, now, wish.elder_id, wish.service_code, price_fen if most_fen is None else min(price_fen, most_fen),
        civil_date(wish.starts_at), provider_id=wish.chosen_provider_id,
    )  # fmt: skip


def _carry_on(
    session: Session, now: datetime, actor: Actor, right: Right, order: OrderRow, service: Service,
    slot: Row[*tuple[Any, ...]] | None, kitchen: str | None, shared: Split,
) -> PlacedOrder:  # fmt: skip
    _announce(session, now, actor, right, order, service)
    if slot is None:
        _ask_providers(session, now, order)
    else:
        order = _hold_its_place(session, now, order, slot, kitchen)
    return _placed(order, replayed=False, reasons=shared.reasons)


def _service_to_order(session: Session, now: datetime, wish: _Wish, right: Right, by_the_place: bool) -> Service:
    check_window(now, wish.starts_at, wish.ends_at)
    service = service_by_code(session, wish.service_code, civil_date(wish.starts_at), right.area_code)
    if service.volunteer:
        raise ForVolunteers(service_code=wish.service_code)
    if not by_the_place:
        check_long_enough(wish.starts_at, wish.ends_at, service.minutes)
        check_in_time(service, now, wish.starts_at)
    if right.moved_out_on is not None and right.moved_out_on <= civil_date(now):
        raise ElderHasMoved(elder_id=wish.elder_id, moved_out_on=right.moved_out_on.isoformat())
    return service


def _find_others(session: Session, placed_by: int, key: str, wish: _Wish) -> tuple[OrderRow | None, OrderRow | None]:
    """Lock the key and the elder; give the order this key placed before, and one like it that is still to come.

    Two threads with one key: the second waits here and then sees the first one's order.
    """
    connection = session.connection()
    connection.execute(_LOCKS, {"key": f"order/{placed_by}/{key}", "elder": f"elder/{wish.elder_id}"})
    found = connection.execute(
        _OTHERS,
        {"me": placed_by, "key": key, "elder": wish.elder_id, "service": wish.service_code,
         "starts_at": wish.starts_at, "ends_at": wish.ends_at},
    ).all()  # fmt: skip
    earlier = [order for order in found if order.placed_by == placed_by and order.idempotency_key == key]
    others = [order for order in found if order not in earlier]
    return next(iter(earlier), None), next(iter(others), None)


def _replay(earlier: OrderRow, wish: _Wish) -> PlacedOrder:
    if bytes(earlier.request_hash) != wish.hashed():
        raise KeyReused(order_id=earlier.id, order_number=earlier.order_number)
    return _placed(earlier, replayed=True, reasons=())


def _already_ordered(session: Session, actor: Actor, found: OrderRow) -> AlreadyOrdered:
    return AlreadyOrdered(
        f"{_who(session, found, actor)}已经订过这项服务了（单号{found.order_number}）。确实还要再订一次吗？",
        order_id=found.id,
        order_number=found.order_number,
        state=found.state,
        starts_at=found.starts_at.isoformat(),
        ends_at=found.ends_at.isoformat(),
        placed_by=found.placed_by,
        placed_at=found.placed_at.isoformat(),
    )


def _who(session: Session, order: OrderRow, actor: Actor) -> str:
    relation = session.connection().execute(_RELATION, {"order": order.id}).scalar()
    if order.placed_by == actor.person_id:
        return "您"
    if order.by_right == "self":
        return "老人自己"
    if (word := relation_word(relation)) is not None:
        return f"老人的{word}"
    return "老人的另一位家人" if order.by_right.startswith("proxy:") else "社区工作人员"


def _write_order(
    session: Session,
    now: datetime,
    placed_by: int,
    right: Right,
    wish: _Wish,
    shared: Split,
    key: str,
    channel: str,
    ends_at: datetime,
) -> OrderRow:
    connection = session.connection()
    order_id = connection.execute(_NEXT_ID).scalar_one()
    values: dict[str, Any] = {
        "id": order_id,
        "order_number": order_number(civil_date(now), order_id),
        "area_code": right.area_code,
        **wish.__dict__,
        "ends_at": ends_at,
        "state": "placed",
        "price_fen": shared.government_fen + shared.voucher_fen + shared.self_fen,
        "government_fen": shared.government_fen,
        "voucher_fen": shared.voucher_fen,
        "self_fen": shared.self_fen,
        "placed_by": placed_by,
        "by_right": right.ground,
        "channel": channel,
        "idempotency_key": key,
        "request_hash": wish.hashed(),
        "placed_at": now,
    }
    return connection.execute(_WRITE, values).one()


def _announce(session: Session, now: datetime, actor: Actor, right: Right, order: OrderRow, service: Service) -> None:
    write_event(session, now, order, "placed", actor.person_id, **placed_facts(order))
    record_act(
        session,
        now,
        replace(actor, channel=order.channel),
        "place_order",
        for_person_id=order.elder_id,
        by_right=right.ground,
        area_code=order.area_code,
        subject=("care_order", order.id),
        facts={"service_code": service.code, "price_fen": order.price_fen},
    )


def _ask_providers(session: Session, now: datetime, order: OrderRow) -> None:
    job = "matching.offer_next"
    enqueue(session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/placed")
    tell_elder_side(session, now, order, "orders.placed")


def _hold_its_place(
    session: Session, now: datetime, order: OrderRow, slot: Row[*tuple[Any, ...]], kitchen: str | None
) -> OrderRow:
    """A site that publishes its places has accepted beforehand: nobody is asked, she knows at once."""
    hold_place(session, now, order, slot, kitchen)
    job = "orders.prepare_payment"
    enqueue(session, now, job, {"order_id": order.id}, key=f"{job}/{order.id}/placed")
    tell_elder_side(session, now, order, "orders.place_held", provider_id=slot.provider_id)
    tell_provider(session, now, order, slot.provider_id, "orders.place_taken")
    return lock_order(session, order.id)


def _placed(order: OrderRow, *, replayed: bool, reasons: tuple[str, ...]) -> PlacedOrder:
    return PlacedOrder(
        order_id=order.id,
        order_number=order.order_number,
        elder_id=order.elder_id,
        service_code=order.service_code,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        state=order.state,
        price_fen=order.price_fen,
        government_fen=order.government_fen,
        voucher_fen=order.voucher_fen,
        self_fen=order.self_fen,
        chosen_provider_id=order.chosen_provider_id,
        replayed=replayed,
        reasons=reasons,
    )


def _tidy(note: str | None) -> str | None:
    tidy = (note or "").strip()
    if len(tidy) > NOTE_LENGTH or "\x00" in tidy:
        raise Invalid(f"备注不能超过{NOTE_LENGTH}个字。", field="note", longest=NOTE_LENGTH)
    return tidy or None
