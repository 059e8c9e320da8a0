"""The beds' part of the walk over every endpoint and page: what there is to see, who is served, a proper body for each call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

HER_SIDE = frozenset({"wang", "daughter"})
OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
DESKS = READERS | {"other_officer"}
OFFICER = frozenset({"officer"})
DISPATCHER = frozenset({"dispatcher"})
HOME = OFFICER | DISPATCHER
MEMBERS = frozenset({
    "wang", "sun", "daughter", "officer", "other_officer", "operator", "advisor", "auditor", "administrator",
    "dispatcher", "other_dispatcher", "carer", "other_carer", "volunteer", "outsider",
})  # fmt: skip
MAY_OF_BEDS: dict[str, frozenset[str]] = {
    "POST /api/v1/bed-stays/{stay_id}/ending": HOME,
    "POST /api/v1/bed-stays/{stay_id}/transfer": HOME,
    "POST /api/v1/bed-stays/{stay_id}/death": HOME,
    "POST /api/v1/bed-stays/{stay_id}/leaves": HOME,
    "POST /api/v1/bed-leaves/{leave_id}/return": HOME,
    # the register: offices read, the office of the home's area writes, the home says for whom a bed is
    "GET /api/v1/beds/register": DESKS,
    "GET /api/v1/beds/differences": DESKS,
    "GET /api/v1/beds/nursing-ratio/what-if": DESKS,
    "GET /api/v1/beds/nursing-ratio/readings": DESKS,
    "GET /api/v1/beds/{bed_id}/certificates": MEMBERS,
    "POST /api/v1/bed-certificates": OFFICER,
    "PUT /api/v1/beds/{bed_id}/care-level": HOME,
    "POST /api/v1/homes/{facility_id}/standing": OFFICER,
    "POST /api/v1/homes/{facility_id}/bed-counts": HOME,
    "GET /api/v1/homes/{facility_id}/bed-counts": READERS | {"dispatcher"},
    "POST /api/v1/homes/{facility_id}/official-bed-counts": OFFICER,
    # a provider's own system, of its own homes only
    "PUT /api/v1/homes/{home_code}/beds/{external_id}": DISPATCHER,
    "PUT /api/v1/homes/{home_code}/stays/{external_id}": DISPATCHER,
    # waiting lists: her side applies and answers, the home and its office offer
    "GET /api/v1/homes/{facility_id}/waiting-list": READERS | {"dispatcher"},
    "GET /api/v1/beds/waiting-times": DESKS,
    "GET /api/v1/elders/{elder_id}/bed-waits": HER_SIDE | READERS,
    "POST /api/v1/elders/{elder_id}/bed-waits": HER_SIDE | OFFICE,
    "POST /api/v1/bed-waits/{wait_id}/ending": HER_SIDE | OFFICE,
    "POST /api/v1/beds/{bed_id}/offers": HOME,
    "POST /api/v1/bed-offers/{bed_offer_id}/answer": HER_SIDE | OFFICE,
    "POST /api/v1/bed-offers/{bed_offer_id}/withdrawal": HOME,
    "POST /api/v1/bed-waits/{wait_id}/jumps": HOME,
    "POST /api/v1/bed-jumps/{jump_id}/decision": OFFICER,
}


def bodies_of_beds(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about beds."""
    ids, day = world.ids, world.ids["now"].date().isoformat()
    return {
        "POST /api/v1/bed-stays/{stay_id}/transfer": {"bed_id": ids["free_bed"], "day": day, "reason": "离女儿近"},
        "POST /api/v1/bed-stays/{stay_id}/death": {"died_on": "2001-01-01"},
        "POST /api/v1/bed-stays/{stay_id}/leaves": {"kind": "holiday", "first_day": "2001-01-01"},
        "POST /api/v1/bed-leaves/{leave_id}/return": {"back_on": "2001-01-01"},
        "POST /api/v1/bed-certificates": {
            "bed_ids": [ids["bed"]], "flag": "nursing", "holds_from": day, "paper": "宁民认〔2026〕8号", "issued_by": "区民政局",
        },
        "PUT /api/v1/beds/{bed_id}/care-level": {"level": "full", "since": day},
        "POST /api/v1/homes/{facility_id}/standing": {"ownership": "public", "since": day},
        "POST /api/v1/homes/{facility_id}/bed-counts": {"day": day, "total": 2, "occupied": 1},
        "POST /api/v1/homes/{facility_id}/official-bed-counts": {
            "day": day, "fact": "total", "source": "register", "reason": "以登记为准",
        },
        "PUT /api/v1/homes/{home_code}/beds/{external_id}": {"label": "101-1", "opened_on": "2020-01-01"},
        "PUT /api/v1/homes/{home_code}/stays/{external_id}": {
            "bed": "walk-1", "id_number": "320102194804120028", "first_day": day,
        },
        "POST /api/v1/elders/{elder_id}/bed-waits": {"facility_id": ids["facility"]},
        "POST /api/v1/bed-waits/{wait_id}/ending": {"reason": "不去了"},
        "POST /api/v1/beds/{bed_id}/offers": {"first_day": day},
        "POST /api/v1/bed-offers/{bed_offer_id}/answer": {"accepts": False},
        "POST /api/v1/bed-offers/{bed_offer_id}/withdrawal": {"reason": "床位要修"},
        "POST /api/v1/bed-waits/{wait_id}/jumps": {"reason": "家中无人"},
        "POST /api/v1/bed-jumps/{jump_id}/decision": {"approves": True},
    }  # fmt: skip


def beds(world: Any) -> None:
    """A free bed offered to 王奶奶, 孙大爷 waiting behind her with a wish to be put first, and away from his own bed."""
    from sqlalchemy import text

    from services.beds import actions, jumps, reports, waiting
    from services.clock import civil_date

    cast, ids = world.cast, world.ids
    with cast.work("house") as work:
        ids["free_bed"] = work.session.connection().execute(text(
            "INSERT INTO bed (facility_id, area_code, label, kind, opened_on, dementia, basic_guarantee)"
            " VALUES (:f, 320102003902000, '102-1', 'institution', '2020-01-01', false, false) RETURNING id"
        ), {"f": ids["facility"]}).scalar_one()  # fmt: skip
        work.session.connection().execute(
            text("UPDATE bed SET external_ref = 'walk-1' WHERE id = :b"), {"b": ids["bed"]}
        )
        code = text("SELECT code FROM facility WHERE id = :f")
        ids["home_code"] = work.session.connection().execute(code, {"f": ids["facility"]}).scalar_one()
    with cast.work("daughter") as work:
        ids["wait"] = waiting.apply_for_bed(work.session, work.now, work.actor, ids["facility"], cast["wang"])
    with cast.work("officer") as work:
        act, today = (work.session, work.now, work.actor), civil_date(work.now)
        behind = waiting.apply_for_bed(*act, ids["facility"], cast["sun"])
        ids["leave"] = actions.go_on_leave(*act, ids["stay"], "hospital", today - timedelta(days=2), None)
        reports.report_beds(*act, ids["facility"], today, {"total": 2, "occupied": 2}, "现场清点")
    with cast.work("dispatcher") as work:
        act = (work.session, work.now, work.actor)
        reports.report_beds(*act, ids["facility"], today, {"total": 2, "occupied": 1})
        ids["jump"] = jumps.ask_jump(*act, behind, "女儿住院，家中无人")
        ids["bed_offer"] = waiting.offer_bed(*act, ids["free_bed"], today)


def names_of_beds(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of the beds' calls and pages."""
    ids = world.ids
    return {
        "wait_id": ids["wait"], "leave_id": ids["leave"], "jump_id": ids["jump"], "bed_offer_id": ids["bed_offer"],
        "stay_id": ids["stay"], "bed_id": ids["bed"], "home_code": ids["home_code"], "external_id": "walk-1",
    }  # fmt: skip
