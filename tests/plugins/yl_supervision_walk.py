"""Supervision's part of the walk over every endpoint and page: what there is to see, who is served, a proper body."""

from __future__ import annotations

from typing import Any

MEMBERS = frozenset({
    "wang", "sun", "daughter", "officer", "other_officer", "operator", "advisor", "auditor", "administrator",
    "dispatcher", "other_dispatcher", "carer", "other_carer", "volunteer", "outsider",
})  # fmt: skip
EVERYBODY = MEMBERS | {"anonymous"}
OFFICER, DISPATCHER = frozenset({"officer"}), frozenset({"dispatcher"})
MAY_OF_SUPERVISION: dict[str, frozenset[str]] = {
    "GET /api/v1/institutions": EVERYBODY,
    "GET /api/v1/institutions/{facility_id}": EVERYBODY,
    "POST /api/v1/institutions/{facility_id}/filing": OFFICER,
    "POST /api/v1/institutions/{facility_id}/grades": OFFICER,
    "POST /api/v1/institution-grades/{grade_id}/revocation": OFFICER,
    "POST /api/v1/institutions/{facility_id}/grade-requests": DISPATCHER,
    "GET /api/v1/grade-requests": MEMBERS,
    "POST /api/v1/grade-requests/{grade_request_id}/refusal": OFFICER,
}


def bodies_of_supervision(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about institutions."""
    day = world.ids["now"].date().isoformat()
    return {
        "POST /api/v1/institutions/{facility_id}/filing": {
            "step": "changed", "on_day": day, "filing_number": "320102-W-2", "authority": "玄武区民政局",
        },
        "POST /api/v1/institutions/{facility_id}/grades": {
            "grade": 3, "certificate_number": "W-3", "issuer": "市评定委员会", "issued_on": "2026-01-02",
            "expires_on": "2090-01-02",
        },
        "POST /api/v1/institution-grades/{grade_id}/revocation": {"on": day, "reason": "不再达标"},
        "POST /api/v1/institutions/{facility_id}/grade-requests": {"wanted": 4},
        "POST /api/v1/grade-requests/{grade_request_id}/refusal": {"reply": "材料不全"},
    }  # fmt: skip


def supervision(world: Any) -> None:
    """An institution of the dispatcher's provider that is filed and graded, and wishes to be graded again."""
    from datetime import date

    from services.supervision import filings, grades

    cast, ids = world.cast, world.ids
    with cast.work("house") as work:
        from sqlalchemy import text

        found = text("SELECT id FROM facility WHERE provider_id = :p ORDER BY id LIMIT 1")
        ids["institution"] = work.session.connection().execute(found, {"p": cast.providers["kangle"]}).scalar_one()
    with cast.work("officer") as work:
        step = filings.NewStep("filed", date(2025, 5, 6), "320102-W-1", "玄武区民政局", ("消防验收",))
        filings.record_step(work.session, work.now, work.actor, ids["institution"], step)
        paper = grades.NewGrade(3, "W-1", "市评定委员会", date(2025, 6, 1), date(2088, 6, 1))
        ids["grade"] = grades.record_grade(work.session, work.now, work.actor, ids["institution"], paper)
    with cast.work("dispatcher") as work:
        ids["grade_request"] = grades.ask_grade(work.session, work.now, work.actor, ids["institution"], 4, "")


def names_of_supervision(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of supervision's calls and pages."""
    ids = world.ids
    return {"grade_id": ids["grade"], "grade_request_id": ids["grade_request"]}
