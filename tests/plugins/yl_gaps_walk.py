"""Gaps and answers in the walk over every endpoint and page: who is served, and a proper body for each call."""

from __future__ import annotations

from typing import Any

DESKS = frozenset({"officer", "operator", "advisor", "auditor", "other_officer"})
DISPATCHERS = frozenset({"dispatcher", "other_dispatcher"})
MAY_OF_GAPS: dict[str, frozenset[str]] = {"GET /api/v1/response-times": DESKS | DISPATCHERS}


def bodies_of_gaps(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about gaps."""
    return {}
