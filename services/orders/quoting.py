"""What a service will cost an elder, who pays which part by which rule, and until when that holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.benefits.queries import split_price
from services.benefits.rules import Split
from services.benefits.tables import Entitlement
from services.benefits.voucher_tables import Voucher
from services.catalogue.queries import service_by_code
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.orders.errors import ForVolunteers, QuoteChanged, QuoteExpired, QuoteForAnother, QuoteUsed
from services.orders.opening import opening_and_price
from services.orders.places import place_for
from services.orders.quote_tables import Quote
from services.orders.rules import check_aware, check_long_enough, check_window
from services.people.rights import right_to
from services.unit_of_work import Actor

_quote, _entitlement, _voucher = table_of(Quote), table_of(Entitlement), table_of(Voucher)
HOLDS_FOR = timedelta(minutes=30)
PAYERS = ("government", "insurance", "voucher", "timebank", "self")


@dataclass(frozen=True)
class PricePart:
    """One payer's part of a price (fen) and the rule it comes from, in words; nothing to pay is 0 fen and no rule."""

    payer: str
    amount_fen: int
    rule: str


@dataclass(frozen=True)
class QuoteView:
    """A price with its five parts, which add up, and until when it holds."""

    id: int
    elder_id: int
    service_code: str
    starts_at: datetime
    ends_at: datetime
    provider_id: int | None
    price_fen: int
    self_fen: int
    parts: tuple[PricePart, ...]
    reasons: tuple[str, ...]
    valid_until: datetime


def make_quote(
    session: Session, now: datetime, actor: Actor, *, elder_id: int, service_code: str, starts_at: datetime,
    ends_at: datetime, chosen_provider_id: int | None = None,
) -> QuoteView:  # fmt: skip
    """Tell the price of one service in one window with every part named, and hold it for half an hour.

    Raises BadTime, NotFound, NotAllowed, UnknownService, ForVolunteers, NotOffered, OutsideOpening, NoSuchPlace,
    PlaceClosed.
    """
    check_aware(starts_at=starts_at, ends_at=ends_at)
    right = right_to(session, actor, elder_id, "order", now)
    if actor.person_id is None:
        raise NotAllowed("询价须由具体的人办理。", elder_id=elder_id)
    check_window(now, starts_at, ends_at)
    service = service_by_code(session, service_code, civil_date(starts_at))
    if service.volunteer:
        raise ForVolunteers(service_code=service_code)
    slot = place_for(session, now, service_code, chosen_provider_id, starts_at)
    if slot is None:
        check_long_enough(starts_at, ends_at, service.minutes)
    price_fen = opening_and_price(
        session, service, right.area_code, starts_at, ends_at, chosen_provider_id, by_the_place=slot is not None
    )
    shared = split_price(
        session, now, elder_id, service_code, price_fen, civil_date(starts_at), provider_id=chosen_provider_id
    )
    parts = price_parts(session, shared)
    kept = {"parts": [asdict(part) for part in parts], "reasons": list(shared.reasons)}
    row = insert(_quote).values(
        elder_id=elder_id, area_code=right.area_code, service_code=service_code, starts_at=starts_at, ends_at=ends_at,
        provider_id=chosen_provider_id, price_fen=price_fen, self_fen=shared.self_fen, parts=kept,
        made_by=actor.person_id, by_right=right.ground, made_at=now, valid_until=now + HOLDS_FOR,
    )  # fmt: skip
    made = session.connection().execute(row.returning(_quote)).one()
    record_act(
        session, now, actor, "make_quote", for_person_id=elder_id, by_right=right.ground, area_code=right.area_code,
        subject=("quote", made.id), facts={"price_fen": price_fen, "self_fen": shared.self_fen},
    )  # fmt: skip
    return _view(made)


def price_parts(session: Session, shared: Split) -> tuple[PricePart, ...]:
    """Name who pays which part of a split price by which rule: the five payers in order, 0 fen where none."""
    connection = session.connection()
    amounts: dict[str, tuple[int, str]] = dict.fromkeys(PAYERS, (0, ""))
    if shared.entitlement_id is not None and shared.government_fen:
        right = connection.execute(
            select(_entitlement.c.kind, _entitlement.c.payer).where(_entitlement.c.id == shared.entitlement_id)
        ).one()
        amounts["insurance" if right.payer == "insurance" else "government"] = shared.government_fen, right.kind
    if shared.voucher_id is not None and shared.voucher_fen:
        name = connection.execute(
            select(_voucher.c.kind_name_zh).where(_voucher.c.id == shared.voucher_id)
        ).scalar_one()
        amounts["voucher"] = shared.voucher_fen, name
    amounts["self"] = shared.self_fen, ""
    return tuple(PricePart(payer, fen, rule) for payer, (fen, rule) in amounts.items())


def quote_for(session: Session, now: datetime, quote_id: int, wish: Any) -> Row[Any]:
    """Give the quote an order is placed at, locked. Raises NotFound, QuoteForAnother, QuoteUsed, QuoteExpired."""
    found = session.connection().execute(select(_quote).where(_quote.c.id == quote_id).with_for_update()).first()
    if found is None:
        raise NotFound(quote_id=quote_id)
    asked = (wish.elder_id, wish.service_code, wish.starts_at, wish.chosen_provider_id)
    if (found.elder_id, found.service_code, found.starts_at, found.provider_id) != asked:
        raise QuoteForAnother(quote_id=quote_id)
    if found.used_order_id is not None:
        raise QuoteUsed(quote_id=quote_id, order_id=found.used_order_id)
    if now > found.valid_until:
        raise QuoteExpired(quote_id=quote_id, valid_until=found.valid_until.isoformat())
    return found


def use_quote(session: Session, now: datetime, quote: Row[Any], order_id: int, shared: Split) -> None:
    """Note which order a quote was used for. Raises QuoteChanged when she would pay more than she was shown."""
    if shared.self_fen > quote.self_fen:
        raise QuoteChanged(quote_id=quote.id, shown_fen=quote.self_fen, self_fen=shared.self_fen)
    session.connection().execute(
        update(_quote).where(_quote.c.id == quote.id).values(used_order_id=order_id, used_at=now)
    )


def _view(row: Row[Any]) -> QuoteView:
    names = [name for name in QuoteView.__dataclass_fields__ if name not in ("parts", "reasons")]
    return QuoteView(
        **{name: getattr(row, name) for name in names},
        parts=tuple(PricePart(**part) for part in row.parts["parts"]),
        reasons=tuple(row.parts["reasons"]),
    )
