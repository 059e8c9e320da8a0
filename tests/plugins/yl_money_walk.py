"""Who may ask what about money, and a proper body for each call: for the walk over every endpoint."""

from __future__ import annotations

from typing import Any

from yl_walk import World

HER_SIDE = frozenset({"wang", "daughter"})
READERS = frozenset({"officer", "operator", "advisor", "auditor"})
BOOKS = frozenset({"officer", "other_officer", "auditor"})
OF_KANGLE = frozenset({"officer", "auditor", "dispatcher"})
MAY_OF_MONEY: dict[str, frozenset[str]] = {
    # money: officers and the auditor of an area; a provider reads its own months
    "GET /api/v1/elders/{elder_id}/vouchers": HER_SIDE | READERS,
    "GET /api/v1/elders/{elder_id}/prepaid": HER_SIDE | READERS,
    "GET /api/v1/voucher-sums": BOOKS,
    "GET /api/v1/voucher-differences": BOOKS,
    "POST /api/v1/voucher-statements": frozenset(
        {"officer", "other_officer"}
    ),  # the other one names no elder of hers: 422
    "POST /api/v1/payables/{payable_id}/refunds": frozenset({"officer"}),
    "GET /api/v1/payment-differences": BOOKS,
    "POST /api/v1/payment-differences/{difference_id}/explanation": frozenset({"officer"}),
    "GET /api/v1/settlements": BOOKS | {"dispatcher", "other_dispatcher"},
    "GET /api/v1/settlements/{settlement_id}": OF_KANGLE,
    "GET /api/v1/settlements/{settlement_id}/file.{form}": OF_KANGLE,
    "POST /api/v1/settlements/{settlement_id}/closing": frozenset({"officer"}),
    "GET /api/v1/settlement-lines/{line_id}/chain": OF_KANGLE,
    "POST /api/v1/settlement-lines/{line_id}/correction": frozenset({"officer"}),
    "POST /api/v1/orders/{order_id}/settlement-hold": frozenset({"officer"}),
    "DELETE /api/v1/orders/{order_id}/settlement-hold": frozenset({"officer", "other_officer"}),
    "GET /api/v1/prepaid-accounts": BOOKS | {"dispatcher", "other_dispatcher"},
    "POST /api/v1/prepaid-accounts": frozenset({"officer", "dispatcher"}),
    "POST /api/v1/prepaid-accounts/{account_id}/entries": frozenset({"officer", "dispatcher"}),
    "POST /api/v1/prepaid-accounts/{account_id}/leaving": frozenset({"officer", "dispatcher"}),
}


def bodies_of_money(world: World) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about vouchers, refunds, accounts and prepaid fees."""
    cast, day = world.cast, world.ids["now"].date().isoformat()
    stated = {
        "elder_id": cast["wang"],
        "number": "N-1",
        "kind_code": "national_home",
        "first_day": day,
        "issued_fen": 80_000,
        "used_fen": 0,
    }
    return {
        "POST /api/v1/voucher-statements": {"stated_on": day, "rows": [stated]},
        "POST /api/v1/payables/{payable_id}/refunds": {"amount_fen": 1, "reason": "complaint"},
        "POST /api/v1/payment-differences/{difference_id}/explanation": {"explanation": "对方晚了一天入账"},
        "POST /api/v1/settlement-lines/{line_id}/correction": {"reason": "核实有误"},
        "POST /api/v1/orders/{order_id}/settlement-hold": {"reason": "投诉中"},
        "POST /api/v1/prepaid-accounts": {
            "elder_id": cast["sun"], "provider_id": cast.providers["kangle"], "kind_code": "fee", "monthly_fee_fen": 100_000,
        },
        "POST /api/v1/prepaid-accounts/{account_id}/entries": {
            "kind": "deposit", "amount_fen": 100, "happened_on": day, "key": "walk-1",
        },
        "POST /api/v1/prepaid-accounts/{account_id}/leaving": {"left_on": day},
    }  # fmt: skip
