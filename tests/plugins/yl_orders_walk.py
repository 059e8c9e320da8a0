"""Ordering's part of the walk over every endpoint: who is served, and a proper body for every call that needs one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

HER_SIDE = frozenset({"wang", "daughter"})
OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
KEYED = ("/api/v1/baskets", "/api/v1/orders/{order_id}/repetition")
"""Calls that need an Idempotency-Key."""
MAY_OF_ORDERS: dict[str, frozenset[str]] = {
    "POST /api/v1/quotes": HER_SIDE | OFFICE,
    "POST /api/v1/baskets": HER_SIDE | OFFICE,
    "POST /api/v1/orders/{order_id}/repetition": HER_SIDE | OFFICE,
    "PUT /api/v1/orders/{order_id}/window": HER_SIDE | OFFICE,
    "POST /api/v1/orders/{order_id}/giving-back": frozenset({"dispatcher"}),
    "POST /api/v1/orders/{order_id}/naming": OFFICE,
    "GET /api/v1/bureau-tasks": READERS | {"other_officer"},
    "GET /api/v1/elders/{elder_id}/free-places": HER_SIDE | READERS,
    "GET /api/v1/elders/{elder_id}/recurring-orders": HER_SIDE | READERS,
    "POST /api/v1/elders/{elder_id}/recurring-orders": HER_SIDE | OFFICE,
    "POST /api/v1/recurring-orders/{series_id}/skips": frozenset(),
    "POST /api/v1/recurring-orders/{series_id}/ending": frozenset(),
    "GET /api/v1/elders/{elder_id}/carer-wish": HER_SIDE | READERS,
    "PUT /api/v1/elders/{elder_id}/carer-wish": HER_SIDE | OFFICE,
    "PUT /api/v1/elders/{elder_id}/diet": HER_SIDE | OFFICE,
}


def bodies_of_orders(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about quotes, baskets, times, wishes and orders that come again."""
    ids, cast = world.ids, world.cast
    at, until = ids["starts"].isoformat(), ids["ends"].isoformat()
    later = ids["starts"] + timedelta(days=3)
    wish = {"elder_id": cast["wang"], "service_code": "home_cleaning", "starts_at": at, "ends_at": until}
    return {
        "POST /api/v1/quotes": wish | {"starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=2)).isoformat()},
        "POST /api/v1/baskets": {"wishes": [wish]},
        "PUT /api/v1/orders/{order_id}/window": {"starts_at": at, "ends_at": until},
        "POST /api/v1/orders/{order_id}/giving-back": {"reason": "no_hands"},
        "POST /api/v1/orders/{order_id}/naming": {"provider_id": cast.providers["kangle"]},
        "POST /api/v1/elders/{elder_id}/recurring-orders": {
            "service_code": "home_cleaning", "rule": "FREQ=WEEKLY;BYDAY=TU", "from_minute": 540, "minutes": 120,
            "first_day": at[:10],
        },
        "POST /api/v1/recurring-orders/{series_id}/skips": {"on_day": at[:10]},
        "PUT /api/v1/elders/{elder_id}/carer-wish": {"gender": "female", "languages": ["nanjing"]},
        "PUT /api/v1/elders/{elder_id}/diet": {"avoids": ["peanut"]},
    }  # fmt: skip
