"""A family orders for several elders at once, or the same as last time: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from services.errors import Invalid
from services.orders.placing import PlacedOrder, place_order
from services.orders.queries import find_order
from services.unit_of_work import Actor

MOST_WISHES = 10


@dataclass(frozen=True)
class BasketWish:
    """One line of a basket: which service for whom, when and by whom."""

    elder_id: int
    service_code: str
    starts_at: datetime
    ends_at: datetime
    chosen_provider_id: int | None = None
    note: str | None = None


def place_basket(
    session: Session, now: datetime, actor: Actor, wishes: Sequence[BasketWish], *, idempotency_key: str, channel: str,
    even_if_ordered: bool = False, knows_allergens: bool = False,
) -> list[PlacedOrder]:  # fmt: skip
    """Place every wish of a basket in one act; one refusal places none of them. Answers in the order of the wishes.

    The same key gives the same orders. Elders are taken by number, so that two baskets never wait for each
    other. Raises as place_order, and Invalid(field).
    """
    if not 1 <= len(wishes) <= MOST_WISHES:
        raise Invalid(f"一次可以订1到{MOST_WISHES}项。", field="wishes", most=MOST_WISHES)
    placed: dict[int, PlacedOrder] = {}
    with session.begin_nested():
        for place, wish in sorted(enumerate(wishes), key=lambda pair: (pair[1].elder_id, pair[0])):
            placed[place] = place_order(
                session, now, actor, **wish.__dict__, idempotency_key=f"{idempotency_key}/{place}", channel=channel,
                even_if_ordered=even_if_ordered, knows_allergens=knows_allergens,
            )  # fmt: skip
    return [placed[place] for place in range(len(wishes))]


def wish_again(session: Session, now: datetime, order_id: int) -> BasketWish:
    """Give the same wish as an earlier order, a whole number of weeks later and at least two hours ahead.

    Raises NotFound. Who carries it out, at which price, is asked anew.
    """
    order = find_order(session, order_id)
    weeks = max(1, -(-(now + timedelta(hours=2) - order.starts_at) // timedelta(weeks=1)))
    later = timedelta(weeks=weeks)
    return BasketWish(
        elder_id=order.elder_id,
        service_code=order.service_code,
        starts_at=order.starts_at + later,
        ends_at=order.ends_at + later,
        chosen_provider_id=order.provider_id or order.chosen_provider_id,
        note=order.note,
    )


def repeat_order(
    session: Session, now: datetime, actor: Actor, order_id: int, *, idempotency_key: str, channel: str
) -> PlacedOrder:
    """Order the same again with one tap. Raises NotFound, and as place_order."""
    again = wish_again(session, now, order_id)
    return place_order(session, now, actor, **again.__dict__, idempotency_key=idempotency_key, channel=channel)
