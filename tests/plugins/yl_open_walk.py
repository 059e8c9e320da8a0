"""Reports' and open data's part of the walk: who is served, a proper body for each call, what stands in addresses."""

from __future__ import annotations

from typing import Any

MEMBERS = frozenset({
    "wang", "sun", "daughter", "officer", "other_officer", "operator", "advisor", "auditor", "administrator",
    "dispatcher", "other_dispatcher", "carer", "other_carer", "volunteer", "outsider",
})  # fmt: skip
EVERYBODY = MEMBERS | {"anonymous"}
OFFICER = frozenset({"officer"})
STREET = 320102003000000
MAY_OF_OPEN: dict[str, frozenset[str]] = {
    "GET /api/v1/area-statistics": EVERYBODY,
    "POST /api/v1/area-statistics": OFFICER,
    "POST /api/v1/area-statistics/{statistic_id}/withdrawal": OFFICER,
}


def bodies_of_open(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about counts of people and reports."""
    return {
        "POST /api/v1/area-statistics": {
            "area_code": STREET, "what": "elders_80", "counted_on": "2025-12-31", "value": 5, "source": "公报",
        },
        "POST /api/v1/area-statistics/{statistic_id}/withdrawal": {"reason": "抄错了"},
    }  # fmt: skip


def open_data(world: Any) -> None:
    """A count of people of the street."""
    from datetime import date

    from services.oversight.statistics import NewStatistic, record_statistic

    with world.cast.work("officer") as work:
        new = NewStatistic(STREET, "residents", date(2025, 12, 31), 40_000, "区统计局公报")
        world.ids["statistic"] = record_statistic(work.session, work.now, work.actor, new)


def names_of_open(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of these calls and pages."""
    return {"statistic_id": world.ids["statistic"]}
