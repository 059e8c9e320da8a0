"""Gaps and answers in the walk over every endpoint and page: who is served, and a proper body for each call."""

from __future__ import annotations

from typing import Any

DESKS = frozenset({"officer", "operator", "advisor", "auditor", "other_officer"})
DISPATCHERS = frozenset({"dispatcher", "other_dispatcher"})
OFFICER = frozenset({"officer"})
WITHOUT_A_SITE = 320102003977000
MAY_OF_GAPS: dict[str, frozenset[str]] = {
    "GET /api/v1/response-times": DESKS | DISPATCHERS,
    "GET /api/v1/area-gaps": DESKS,
    "POST /api/v1/gap-remedies": OFFICER,
    "POST /api/v1/gap-remedies/{remedy_id}/withdrawal": OFFICER,
}


def bodies_of_gaps(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about gaps."""
    gap, day = world.ids["gap"], world.ids["now"].date().replace(month=12, day=31).isoformat()
    return {
        "POST /api/v1/gap-remedies": {"area_code": gap[0], "tier_code": gap[1], "remedy": "lease", "due_on": day},
        "POST /api/v1/gap-remedies/{remedy_id}/withdrawal": {"reason": "房东不租了"},
    }


def gaps(world: Any) -> None:
    """A gap of the officer's area with a remedy chosen for it."""
    from sqlalchemy import text

    from services.circles import remedies
    from services.clock import civil_date

    with world.cast.work("house") as work:
        add = text(
            "INSERT INTO area (code, level, name) VALUES (:c, 'community', '演示新村社区') ON CONFLICT DO NOTHING"
        )
        work.session.connection().execute(add, {"c": WITHOUT_A_SITE})
    world.ids["gap"] = WITHOUT_A_SITE, "community_10"
    with world.cast.work("officer") as work:
        world.ids["remedy"] = remedies.choose_remedy(
            work.session, work.now, work.actor, area_code=WITHOUT_A_SITE, tier_code="community_10", remedy="rebuild",
            due_on=civil_date(work.now).replace(month=12, day=31), note="旧办公房",
        )  # fmt: skip
