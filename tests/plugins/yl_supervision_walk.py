"""Supervision's part of the walk over every endpoint and page: what there is to see, who is served, a proper body."""

from __future__ import annotations

from typing import Any

MEMBERS = frozenset({
    "wang", "sun", "daughter", "officer", "other_officer", "operator", "advisor", "auditor", "administrator",
    "dispatcher", "other_dispatcher", "carer", "other_carer", "volunteer", "outsider",
})  # fmt: skip
EVERYBODY = MEMBERS | {"anonymous"}
OFFICER, DISPATCHER = frozenset({"officer"}), frozenset({"dispatcher"})
DESKS = frozenset({"officer", "operator", "advisor", "auditor"})
MAY_OF_SUPERVISION: dict[str, frozenset[str]] = {
    "GET /api/v1/institutions": EVERYBODY,
    "GET /api/v1/institutions/{facility_id}": EVERYBODY,
    "POST /api/v1/institutions/{facility_id}/filing": OFFICER,
    "POST /api/v1/institutions/{facility_id}/grades": OFFICER,
    "POST /api/v1/institution-grades/{grade_id}/revocation": OFFICER,
    "POST /api/v1/institutions/{facility_id}/grade-requests": DISPATCHER,
    "GET /api/v1/grade-requests": MEMBERS,
    "POST /api/v1/grade-requests/{grade_request_id}/refusal": OFFICER,
    # inspectors are the office's, draws and rounds that are done are everybody's
    "GET /api/v1/checklists": EVERYBODY,
    "GET /api/v1/inspectors": MEMBERS,
    "POST /api/v1/inspectors": OFFICER,
    "POST /api/v1/inspectors/{inspector_id}/conflicts": OFFICER,
    "POST /api/v1/inspectors/{inspector_id}/ending": OFFICER,
    "GET /api/v1/key-targets": EVERYBODY,
    "POST /api/v1/key-targets": OFFICER,
    "POST /api/v1/key-targets/{key_target_id}/ending": OFFICER,
    "GET /api/v1/inspection-draws": EVERYBODY,
    "GET /api/v1/inspection-draws/{draw_id}": EVERYBODY,
    "POST /api/v1/inspection-draws": OFFICER | {"other_officer"},  # of her own area
    "POST /api/v1/inspection-draws/{draw_id}/reveal": OFFICER,
    "GET /api/v1/inspections": EVERYBODY,
    "POST /api/v1/inspections": OFFICER,
    "GET /api/v1/inspections/{inspection_id}": DESKS | DISPATCHER,
    "POST /api/v1/inspections/{inspection_id}/results": OFFICER,
    "GET /api/v1/institutions/{facility_id}/certificates": EVERYBODY,
    "POST /api/v1/institutions/{facility_id}/certificates": OFFICER,
    "POST /api/v1/site-certificates/{site_certificate_id}/withdrawal": OFFICER,
    # incidents and cases: the office and the institution concerned
    "GET /api/v1/incidents": MEMBERS,
    "POST /api/v1/incidents": OFFICER | DISPATCHER,
    "GET /api/v1/incidents/{incident_id}": DESKS | DISPATCHER,
    "POST /api/v1/incidents/{incident_id}/measures": OFFICER | DISPATCHER,
    "POST /api/v1/incidents/{incident_id}/closing": OFFICER,
    "GET /api/v1/supervision-cases": MEMBERS,
    "POST /api/v1/supervision-cases": OFFICER,
    "GET /api/v1/supervision-cases/{case_id}": DESKS | DISPATCHER,
    "POST /api/v1/supervision-cases/{case_id}/answer": DISPATCHER,
    "POST /api/v1/supervision-cases/{case_id}/decisions": OFFICER,
    "POST /api/v1/case-decisions/{decision_id}/done": OFFICER,
    "POST /api/v1/supervision-cases/{case_id}/referrals": OFFICER,
    "POST /api/v1/case-referrals/{referral_id}/answer": OFFICER,
    "POST /api/v1/supervision-cases/{case_id}/closing": OFFICER,
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
        "POST /api/v1/inspectors": {"person_id": world.cast["wang"], "code": "W-9", "department": "民政局"},
        "POST /api/v1/inspectors/{inspector_id}/conflicts": {
            "provider_id": world.cast.providers["ankang"], "reason": "亲属任职",
        },
        "POST /api/v1/key-targets": {"facility_id": world.ids["institution"], "reason": "投诉多"},
        "POST /api/v1/key-targets/{key_target_id}/ending": {"reason": "整改完成"},
        "POST /api/v1/inspection-draws": {
            "title": "抽查", "checklist": "fire", "key_wanted": 0, "others_wanted": 1, "inspectors_each": 1,
        },
        "POST /api/v1/inspection-draws/{draw_id}/reveal": {},
        "POST /api/v1/inspections": {
            "facility_id": world.ids["institution"], "checklist": "fire", "planned_on": day,
        },
        "POST /api/v1/inspections/{inspection_id}/results": {
            "visited_on": day, "inspectors": ["W-1"], "results": world.ids["passed"], "conclusion": "都合格",
        },
        "POST /api/v1/institutions/{facility_id}/certificates": {
            "kind": "fire", "certificate_number": "W-7", "issuer": "消防大队", "issued_on": "2026-01-02",
        },
        "POST /api/v1/site-certificates/{site_certificate_id}/withdrawal": {"reason": "换证"},
        "POST /api/v1/incidents": {
            "facility_id": world.ids["institution"], "kind": "fall", "severity": "minor",
            "happened_at": world.ids["now"].isoformat(), "told": "滑了一下",
        },
        "POST /api/v1/incidents/{incident_id}/measures": {"told": "加了扶手"},
        "POST /api/v1/incidents/{incident_id}/closing": {"responsible": False, "told": "没有受伤"},
        "POST /api/v1/supervision-cases": {
            "provider_id": world.cast.providers["kangle"], "source": "audit", "title": "重复报单", "finding": "同一单两次",
        },
        "POST /api/v1/supervision-cases/{case_id}/answer": {"answer": "录入错误"},
        "POST /api/v1/supervision-cases/{case_id}/decisions": {"kind": "warning", "told": "下不为例"},
        "POST /api/v1/case-decisions/{decision_id}/done": {"note": "复查合格"},
        "POST /api/v1/supervision-cases/{case_id}/referrals": {"department": "消防救援大队", "told": "通道上锁"},
        "POST /api/v1/case-referrals/{referral_id}/answer": {"answer": "已责令拆除"},
    }  # fmt: skip


def supervision(world: Any) -> None:
    """An institution of the dispatcher's provider that is filed and graded, and wishes to be graded again."""
    from datetime import date

    from sqlalchemy import text

    from services.supervision import filings, grades

    cast, ids = world.cast, world.ids
    with cast.work("house") as work:
        found = text("SELECT id FROM facility WHERE provider_id = :p ORDER BY id LIMIT 1")
        ids["institution"] = work.session.connection().execute(found, {"p": cast.providers["kangle"]}).scalar_one()
    with cast.work("officer") as work:
        step = filings.NewStep("filed", date(2025, 5, 6), "320102-W-1", "玄武区民政局", ("消防验收",))
        filings.record_step(work.session, work.now, work.actor, ids["institution"], step)
        paper = grades.NewGrade(3, "W-1", "市评定委员会", date(2025, 6, 1), date(2088, 6, 1))
        ids["grade"] = grades.record_grade(work.session, work.now, work.actor, ids["institution"], paper)
    with cast.work("dispatcher") as work:
        ids["grade_request"] = grades.ask_grade(work.session, work.now, work.actor, ids["institution"], 4, "")
    _checks(world)
    _cases(world)


def _cases(world: Any) -> None:
    """An incident, and a case that was answered and decided, with a referral that waits."""
    from datetime import timedelta

    from services.supervision import cases, incidents

    cast, ids = world.cast, world.ids
    with cast.work("dispatcher") as work:
        new = incidents.NewIncident(ids["institution"], "scald", "minor", work.now - timedelta(hours=1), "热水袋漏水")
        ids["incident"] = incidents.report_incident(work.session, work.now, work.actor, new)
    with cast.work("officer") as work:
        found = cases.NewCase(cast.providers["kangle"], "incident", "烫伤", "热水袋没有套", ids["incident"])
        ids["case"] = cases.open_case(work.session, work.now, work.actor, found)
    with cast.work("dispatcher") as work:
        cases.answer_case(work.session, work.now, work.actor, ids["case"], "已经换了")
    with cast.work("officer") as work:
        act = work.session, work.now, work.actor
        wish = cases.NewDecision("rectify", "全部换掉", due_on=(work.now + timedelta(days=9)).date())
        ids["decision"] = cases.decide(*act, ids["case"], wish)
        ids["referral"] = cases.refer_case(*act, ids["case"], "市场监管局", "热水袋不合格")


def _checks(world: Any) -> None:
    """An inspector, a key target, a draw that waits, a planned round with its list, a fire certificate."""
    from datetime import date
    from pathlib import Path

    from sqlalchemy import text

    from services.supervision import checklists, drawing, inspections, inspectors, site_certificates
    from services.unit_of_work import SYSTEM

    cast, ids = world.cast, world.ids
    with cast.work("house") as work:
        for file in sorted((Path(__file__).resolve().parents[2] / "sample_data/checklists").glob("*.toml")):
            checklists.load_checklist(work.session, work.now, SYSTEM, file)
        paper = checklists.checklist_on(work.session, "fire", work.now.date()).paper
        ids["passed"] = {item.code: "pass" for item in paper.items}
    with cast.work("officer") as work:
        act = work.session, work.now, work.actor
        ids["inspector"] = inspectors.appoint(*act, cast["officer"], "W-1", "玄武区民政局")
        wish = drawing.NewDraw("第四季度抽查", "fire", key_wanted=0, others_wanted=1, inspectors_each=1)
        ids["draw"] = drawing.commit_draw(*act, wish)
        ids["inspection"] = inspections.plan_inspection(*act, ids["institution"], "fire", "routine", date(2026, 12, 1))
        ids["site_certificate"] = site_certificates.record_certificate(
            *act, ids["institution"], kind="fire", certificate_number="W-5", issuer="消防大队",
            issued_on=date(2026, 1, 5), expires_on=date(2027, 1, 4),
        )  # fmt: skip
        found = text("SELECT id FROM facility WHERE area_code BETWEEN :lo AND :hi ORDER BY id DESC LIMIT 1")
        lo, hi = work.actor.area_lo, work.actor.area_hi
        other = work.session.connection().execute(found, {"lo": lo, "hi": hi}).scalar_one()
        ids["key_target"] = inspectors.watch_closely(*act, other, "去年有一起跌倒")


def names_of_supervision(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of supervision's calls and pages."""
    ids = world.ids
    return {
        "grade_id": ids["grade"], "grade_request_id": ids["grade_request"], "inspector_id": ids["inspector"],
        "draw_id": ids["draw"], "inspection_id": ids["inspection"], "site_certificate_id": ids["site_certificate"],
        "key_target_id": ids["key_target"], "incident_id": ids["incident"], "case_id": ids["case"],
        "decision_id": ids["decision"], "referral_id": ids["referral"],
    }  # fmt: skip
