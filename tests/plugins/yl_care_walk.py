"""The visits of care's part of the walks: a grid, a task in the advisor's hands, a purchase, a leave; who is served what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
EVERY_OFFICE = READERS | {"other_officer"}
MAY_OF_VISITS: dict[str, frozenset[str]] = {
    "POST /api/v1/visit-tasks/{task_id}/attempts": frozenset({"advisor"}),
    "PUT /api/v1/visit-tasks/{task_id}/people": frozenset({"officer", "advisor"}),
    "POST /api/v1/visit-grids": frozenset({"officer", "advisor"}),
    **dict.fromkeys(("GET /api/v1/alerts", "GET /api/v1/alert-rules"), EVERY_OFFICE),
    "POST /api/v1/alerts/{notice_id}/acknowledgement": OFFICE,
    "POST /api/v1/alerts/{notice_id}/resolution": OFFICE,
    "POST /api/v1/alert-rules": frozenset({"officer"}),
    "POST /api/v1/alert-rules/trial": READERS,
    **dict.fromkeys(
        ("GET /api/v1/visit-tasks", "GET /api/v1/visit-grids", "GET /api/v1/visit-duties/corrections"), EVERY_OFFICE
    ),
}


def bodies_of_visits(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about visit tasks and grids."""
    told = {"event": "complaint", "days": 7, "at_least": 2}
    rule = {
        "area_code": 320102003000000, "code": "walked", "name_zh": "投诉多", "kind": "events_many", "condition": told,
        "ladder": [{"role": "officer", "minutes": 60}],
    }  # fmt: skip
    return {
        "POST /api/v1/alerts/{notice_id}/resolution": {"done": "去看过了"},
        "POST /api/v1/alert-rules": rule,
        "POST /api/v1/alert-rules/trial": rule,
        "POST /api/v1/visit-tasks/{task_id}/attempts": {
            "channel": "home", "outcome": "no_answer", "happened_at": world.ids["now"].isoformat(),
        },
        "PUT /api/v1/visit-tasks/{task_id}/people": {
            "person_id": world.cast["volunteer"], "actor_kind": "volunteer", "part": "companion",
        },
        "POST /api/v1/visit-grids": {"area_code": 320102003902000, "name": "走查网格", "crs": "wgs84"},
    }  # fmt: skip


def visits_of_care(world: Any) -> None:
    """A grid with its worker, the tasks of the day, a purchase elsewhere, and somebody's leave."""
    from sqlalchemy import text

    from services.clock import civil_date
    from services.oversight.alert_actions import NewRule, write_rule
    from services.oversight.alerting import watch_city
    from services.visits.absences import enter_absence
    from services.visits.duties import refresh_duties
    from services.visits.grids import draw_grid, set_worker
    from services.visits.purchases import NewPurchase, buy_visits
    from services.visits.tasks import make_tasks

    cast, ids = world.cast, world.ids
    with cast.work("house") as work:
        one = work.session.connection().execute
        area = one(text("SELECT area_code FROM elder WHERE person_id = :p"), {"p": cast["wang"]}).scalar_one()
    with cast.work("officer") as work:
        act, today = (work.session, work.now, work.actor), civil_date(work.now)
        ids["grid"] = draw_grid(*act, area // 1000 * 1000, "杨将军巷网格")
        set_worker(*act, ids["grid"], cast["advisor"], "grid_worker")
        ids["absence"] = enter_absence(*act, cast["operator"], today, today, cast["officer"])
        new = NewPurchase(
            cast.providers["kangle"], 320102003000000, "探访001", today + timedelta(days=400), today + timedelta(days=500),
            3000, 90_000, care_package=("理发",),
        )  # fmt: skip
        buy_visits(*act, new)
    told = {"event": "no_answer", "days": 7, "at_least": 1}
    with cast.work("officer") as work:
        ids["rule"] = write_rule(
            work.session, work.now, work.actor, NewRule(320102003000000, "silence", "没人应", "events_many", told)
        )
    with cast.work("house") as work:
        watch_city(work.session, work.now, 320100000000000, ["events_many"])
        refresh_duties(work.session, work.now, 320100000000000)
        make_tasks(work.session, work.now, 320100000000000)
        one = work.session.connection().execute
        ids["notice"] = one(text("SELECT id FROM alert WHERE rule_id = :r"), {"r": ids["rule"]}).scalar_one()
        ids["task"] = one(text("SELECT id FROM visit_task WHERE elder_id = :p"), {"p": cast["wang"]}).scalar_one()


def names_of_visits(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of the calls and pages."""
    return {
        "task_id": world.ids["task"],
        "grid_id": world.ids["grid"],
        "absence_id": world.ids["absence"],
        "notice_id": world.ids["notice"],
        "rule_id": world.ids["rule"],
    }
