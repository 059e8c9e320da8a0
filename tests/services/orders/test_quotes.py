"""What she is shown before she confirms is what she pays, for as long as it says."""

from __future__ import annotations

from typing import Any

import pytest
from yl_quarter import Quarter

from services.errors import NotFound
from services.orders.errors import QuoteChanged, QuoteExpired, QuoteForAnother, QuoteUsed
from services.orders.quoting import QuoteView, make_quote

ASKED = ("elder_id", "service_code", "starts_at", "ends_at", "chosen_provider_id")


def quote(quarter: Quarter, who: str = "daughter", **changes: Any) -> tuple[QuoteView, dict[str, Any]]:
    wish = quarter.wish(chosen_provider_id=quarter.providers["kangle"], **changes)
    with quarter.work(who) as work:
        made = make_quote(work.session, work.now, work.actor, **{name: wish[name] for name in ASKED})
    return made, wish | {"quote_id": made.id}


def test_a_quote_names_every_part_and_its_rule(quarter: Quarter) -> None:
    made, wish = quote(quarter)
    assert [(part.payer, part.amount_fen) for part in made.parts] == [
        ("government", 5000), ("insurance", 0), ("voucher", 0), ("timebank", 0), ("self", 5000),
    ]  # fmt: skip
    assert made.parts[0].rule == "高龄独居老人居家服务"
    assert sum(part.amount_fen for part in made.parts) == made.price_fen == 10000
    placed = quarter.place(**wish)
    assert placed.self_fen == made.self_fen
    assert quarter.one("SELECT used_order_id FROM quote") == placed.order_id
    quarter.change("UPDATE entitlement SET payer = 'insurance'")
    insured, _ = quote(quarter, starts_at=quarter.thursday(13), ends_at=quarter.thursday(15))
    assert [part.amount_fen for part in insured.parts] == [0, 5000, 0, 0, 5000]


def test_a_price_that_rose_meanwhile_stays_as_quoted_until_it_expires(quarter: Quarter) -> None:
    _, wish = quote(quarter)
    quarter.change("UPDATE service_line SET price_fen = 20000")
    assert quarter.place(**wish).price_fen == 10000
    _, late = quote(quarter, starts_at=quarter.thursday(13), ends_at=quarter.thursday(15))
    quarter.advance(minutes=31)
    with quarter.refused(QuoteExpired):
        quarter.place(**late)


def test_a_quote_is_for_one_wish_and_one_order(quarter: Quarter) -> None:
    _, wish = quote(quarter)
    with quarter.refused(QuoteForAnother):
        quarter.place(**(wish | {"starts_at": quarter.thursday(13), "ends_at": quarter.thursday(15)}))
    quarter.place(**wish)
    with quarter.refused(QuoteUsed):
        quarter.place(**(wish | {"idempotency_key": "another-key-1", "even_if_ordered": True}))
    with pytest.raises(NotFound):
        quote(quarter, "wu")


def test_she_never_pays_more_than_she_was_shown(quarter: Quarter) -> None:
    _, wish = quote(quarter)
    quarter.change("UPDATE entitlement SET monthly_cap_fen = 1000")
    with quarter.refused(QuoteChanged) as caught:
        quarter.place(**wish)
    assert caught.value.facts["shown_fen"] == 5000 and caught.value.facts["self_fen"] == 9000
