"""Places, quotes, baskets, wishes, orders that come again or move, and the bureau's naming of a provider."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.order_more import (
    BackIn,
    BasketIn,
    BasketOut,
    CarerWishIn,
    CarerWishOut,
    DietIn,
    DietOut,
    DoneOut,
    FreePlaceOut,
    NamedOut,
    NameIn,
    QuoteOut,
    SeriesIn,
    SeriesOut,
    SkipIn,
    WaitingOut,
    WindowIn,
    WishIn,
)
from api.schemas.orders import PlacedOut
from services.dispatch import rescheduling
from services.errors import NotAllowed
from services.matching import bureau, wishes
from services.orders import basket, meals, places, quoting, recurring
from services.people.rights import right_to

router = APIRouter(prefix="/api/v1", tags=["orders"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=200)]
Service = Annotated[str, Query(min_length=1, max_length=60, pattern=r"^[a-z0-9_]+$")]
REFUSED = problems(401, 403, 404, 409)


@router.post("/quotes", status_code=201, response_model=QuoteOut, responses=REFUSED, summary="What it will cost")
def make_quote(work: Work, asked: WishIn) -> QuoteOut:
    """Tell the price of one service with every payer and rule named; it holds for half an hour."""
    made = quoting.make_quote(work.session, work.now, work.actor, **asked.model_dump())
    return QuoteOut.model_validate(asdict(made))


@router.post("/baskets", status_code=201, response_model=BasketOut, responses=REFUSED, summary="Order for several")
def place_basket(work: Work, asked: BasketIn, key: Key) -> BasketOut:
    """Place several wishes, for several elders of a family: all of them, or none."""
    lines = [basket.BasketWish(**wish.model_dump()) for wish in asked.wishes]
    placed = basket.place_basket(
        work.session, work.now, work.actor, lines, idempotency_key=key, channel=asked.channel,
        even_if_ordered=asked.even_if_ordered,
    )  # fmt: skip
    return BasketOut(orders=[PlacedOut.model_validate(asdict(one)) for one in placed])


@router.post(
    "/orders/{order_id}/repetition",
    status_code=201,
    response_model=PlacedOut,
    responses=REFUSED,
    summary="The same again",
)
def repeat_order(work: Work, order_id: Id, key: Key) -> PlacedOut:
    """Order the same service by the same provider a whole number of weeks later."""
    again = basket.repeat_order(work.session, work.now, work.actor, order_id, idempotency_key=key, channel="program")
    return PlacedOut.model_validate(asdict(again))


@router.put("/orders/{order_id}/window", response_model=DoneOut, responses=REFUSED, summary="Another time")
def reschedule_order(work: Work, order_id: Id, asked: WindowIn) -> DoneOut:
    """Put an order that has not begun to another time."""
    rescheduling.reschedule_order(work.session, work.now, work.actor, order_id, asked.starts_at, asked.ends_at)
    return DoneOut()


@router.post("/orders/{order_id}/giving-back", response_model=DoneOut, responses=REFUSED, summary="Give it back")
def give_back(work: Work, order_id: Id, asked: BackIn) -> DoneOut:
    """A provider gives an accepted order back; the next one is asked."""
    rescheduling.give_back(work.session, work.now, work.actor, order_id, asked.reason)
    return DoneOut()


@router.get(
    "/elders/{elder_id}/free-places",
    response_model=list[FreePlaceOut],
    responses=problems(401, 403, 404),
    summary="Free places",
)
def show_places(work: Work, elder_id: Id, service_code: Service) -> list[FreePlaceOut]:
    """Show the day-care places, baths or meals of the coming days, with the cut-off of each."""
    right = right_to(work.session, work.actor, elder_id, "view", work.now)
    found = places.free_places(work.session, work.now, right.area_code, service_code)
    return [FreePlaceOut.model_validate(asdict(one)) for one in found]


@router.get(
    "/elders/{elder_id}/recurring-orders",
    response_model=list[SeriesOut],
    responses=problems(401, 403, 404),
    summary="Regular orders",
)
def show_series(work: Work, elder_id: Id) -> list[SeriesOut]:
    """Show an elder's recurring orders with their coming days."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [SeriesOut.model_validate(asdict(one)) for one in recurring.series_of(work.session, work.now, elder_id)]


@router.post(
    "/elders/{elder_id}/recurring-orders",
    status_code=201,
    response_model=list[SeriesOut],
    responses=REFUSED,
    summary="Order regularly",
)
def set_series(work: Work, elder_id: Id, asked: SeriesIn) -> list[SeriesOut]:
    """Let an order come again by a rule of RFC 5545."""
    new = recurring.NewSeries(elder_id=elder_id, **asked.model_dump())
    recurring.order_again_and_again(work.session, work.now, work.actor, new, "program")
    return [SeriesOut.model_validate(asdict(one)) for one in recurring.series_of(work.session, work.now, elder_id)]


@router.post("/recurring-orders/{series_id}/skips", response_model=DoneOut, responses=REFUSED, summary="Leave one out")
def skip_day(work: Work, series_id: Id, asked: SkipIn) -> DoneOut:
    """Leave one day out; what was ordered for it is cancelled."""
    recurring.skip_day(work.session, work.now, work.actor, series_id, asked.on_day)
    return DoneOut()


@router.post("/recurring-orders/{series_id}/ending", response_model=DoneOut, responses=REFUSED, summary="Stop it")
def stop_series(work: Work, series_id: Id) -> DoneOut:
    """Stop a recurring order."""
    recurring.stop_series(work.session, work.now, work.actor, series_id)
    return DoneOut()


@router.get(
    "/elders/{elder_id}/carer-wish",
    response_model=CarerWishOut,
    responses=problems(401, 403, 404),
    summary="Whom she would like",
)
def show_wish(work: Work, elder_id: Id) -> CarerWishOut:
    """Show whom an elder would like to come."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return CarerWishOut.model_validate(asdict(wishes.wish_of(work.session, elder_id)))


@router.put(
    "/elders/{elder_id}/carer-wish", response_model=CarerWishOut, responses=REFUSED, summary="Say whom she would like"
)
def say_wish(work: Work, elder_id: Id, asked: CarerWishIn) -> CarerWishOut:
    """Say whom an elder would like to come: a woman or a man, in which tongue, or somebody she knows."""
    wish = wishes.Wish(asked.gender, tuple(asked.languages), asked.must, asked.carer_id)
    wishes.say_wish(work.session, work.now, work.actor, elder_id, wish)
    return CarerWishOut.model_validate(asdict(wishes.wish_of(work.session, elder_id)))


@router.put("/elders/{elder_id}/diet", response_model=DietOut, responses=REFUSED, summary="What she must not eat")
def say_diet(work: Work, elder_id: Id, asked: DietIn) -> DietOut:
    """Say what an elder must not eat, for every meal from now on."""
    meals.say_diet(work.session, work.now, work.actor, elder_id, asked.avoids)
    return DietOut(avoids=list(meals.diet_of(work.session, elder_id)))


@router.get(
    "/bureau-tasks", response_model=list[WaitingOut], responses=problems(401, 403), summary="Waits for the bureau"
)
def show_waiting(work: Work) -> list[WaitingOut]:
    """Show the orders of the office's area that wait for an officer to name a provider."""
    if work.actor.area_lo is None:
        raise NotAllowed()
    return [WaitingOut.model_validate(asdict(one)) for one in bureau.waiting_for_bureau(work.session, work.actor)]


@router.post(
    "/orders/{order_id}/naming", status_code=201, response_model=NamedOut, responses=REFUSED, summary="Name who serves"
)
def name_provider(work: Work, order_id: Id, asked: NameIn) -> NamedOut:
    """Name the provider an order goes to; it is asked at once and alone."""
    named = bureau.name_provider(work.session, work.now, work.actor, order_id, asked.provider_id)
    return NamedOut(offer_id=named)
