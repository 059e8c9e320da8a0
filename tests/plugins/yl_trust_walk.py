"""Trust's part of the walk over every endpoint and page: what there is to see, who is served, a proper body for each call."""

from __future__ import annotations

from datetime import date
from typing import Any

HER_SIDE = frozenset({"wang", "daughter"})
OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
DESKS = READERS | {"other_officer"}
ON_THE_JOB = frozenset({"dispatcher", "carer"})
MEMBERS = frozenset({
    "wang", "sun", "daughter", "officer", "other_officer", "operator", "advisor", "auditor", "administrator",
    "dispatcher", "other_dispatcher", "carer", "other_carer", "volunteer", "outsider",
})  # fmt: skip
EVERYBODY = MEMBERS | {"anonymous"}
OFFICER, DISPATCHER = frozenset({"officer"}), frozenset({"dispatcher"})
MAY_OF_TRUST: dict[str, frozenset[str]] = {
    "GET /api/v1/orders/{order_id}/ratings": HER_SIDE | READERS | ON_THE_JOB,
    # by now the order was handed to the colleague
    "POST /api/v1/orders/{order_id}/cooperation": DISPATCHER | {"other_carer"},
    "GET /api/v1/rating-calls": DESKS,
    # complaints: the elder's side, her office, the provider complained of
    "GET /api/v1/complaints": MEMBERS,
    "POST /api/v1/complaints": HER_SIDE | OFFICE,
    "GET /api/v1/complaints/{complaint_id}": HER_SIDE | READERS | DISPATCHER,
    "POST /api/v1/complaints/{complaint_id}/acknowledgement": OFFICER,
    "PUT /api/v1/complaints/{complaint_id}/owner": OFFICER,
    "PUT /api/v1/complaints/{complaint_id}/statement": DISPATCHER,
    "POST /api/v1/complaints/{complaint_id}/answer": OFFICER,
    "POST /api/v1/complaints/{complaint_id}/reopening": HER_SIDE | OFFICE,
    # levels are public, their evidence is the provider's and the office's
    "GET /api/v1/providers/{provider_id}/credit": EVERYBODY,
    "POST /api/v1/providers/{provider_id}/credit": OFFICER,
    "GET /api/v1/credits/{credit_id}/evidence": DESKS | DISPATCHER,
    "POST /api/v1/credits/{credit_id}/appeal": DISPATCHER,
    "GET /api/v1/trust-appeals": MEMBERS,
    "POST /api/v1/trust-appeals/{trust_appeal_id}/decision": OFFICER,
    "GET /api/v1/blacklist": EVERYBODY,
    "POST /api/v1/blacklist": OFFICER,
    "POST /api/v1/blacklist/{entry_id}/lifting": OFFICER,
    "POST /api/v1/blacklist/{entry_id}/appeal": DISPATCHER | {"other_carer"},
    "GET /api/v1/blacklist/{entry_id}/visits": READERS,
    "POST /api/v1/blacklist-visits/{barred_visit_id}/decision": OFFICE,
    # personnel files: her provider keeps, her office reads
    "GET /api/v1/providers/{provider_id}/personnel": DESKS | DISPATCHER,
    "GET /api/v1/carers/{carer_id}/file": READERS | ON_THE_JOB,
    "POST /api/v1/carers/{carer_id}/certificates": DISPATCHER,
    "POST /api/v1/certificates/{certificate_id}/withdrawal": DISPATCHER,
    "PUT /api/v1/certificates/{certificate_id}/scan": DISPATCHER,
    "GET /api/v1/certificates/{certificate_id}/scan": READERS | ON_THE_JOB,
    "POST /api/v1/carers/{carer_id}/trainings": DISPATCHER,
}


def bodies_of_trust(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about ratings, complaints, credit, the blacklist and files."""
    cast, day = world.cast, world.ids["now"].date().isoformat()
    return {
        "POST /api/v1/orders/{order_id}/cooperation": {"face": 3},
        "POST /api/v1/complaints": {"subject": "late", "told": "来晚了半小时", "order_id": world.ids["order"]},
        "PUT /api/v1/complaints/{complaint_id}/owner": {"owner_id": cast["officer"]},
        "PUT /api/v1/complaints/{complaint_id}/statement": {"statement": "路上堵车"},
        "POST /api/v1/complaints/{complaint_id}/answer": {"outcome": "upheld", "reply": "已批评"},
        "POST /api/v1/complaints/{complaint_id}/reopening": {"reason": "没有道歉"},
        "POST /api/v1/providers/{provider_id}/credit": {"month": "2026-01-01"},
        "POST /api/v1/credits/{credit_id}/appeal": {"grounds": "算错了"},
        "POST /api/v1/trust-appeals/{trust_appeal_id}/decision": {"decision": "refused", "reply": "没有算错"},
        "POST /api/v1/blacklist": {"reason": "虚报", "evidence": "检查", "carer_id": cast["carer"], "until_on": "2001-01-01"},
        "POST /api/v1/blacklist/{entry_id}/lifting": {"reason": "整改完成"},
        "POST /api/v1/blacklist/{entry_id}/appeal": {"reason": "不是我"},
        "POST /api/v1/blacklist-visits/{barred_visit_id}/decision": {"decision": "keep"},
        "POST /api/v1/carers/{carer_id}/certificates": {
            "name": "护理证", "certificate_number": "W-1", "issuer": "人社局", "valid_from": "2024-01-01", "valid_until": "2090-01-01",
        },
        "POST /api/v1/certificates/{certificate_id}/withdrawal": {"reason": "登错了"},
        "POST /api/v1/carers/{carer_id}/trainings": {"title": "失智照护", "organiser": "民政局", "held_on": day, "minutes": 60},
    }  # fmt: skip


def trust(world: Any) -> None:
    """A complaint, a credit level with a fact and an appeal, a blacklisted colleague with a visit to decide, a scan."""
    from sqlalchemy import text

    from services.directory import personnel
    from services.directory.blacklist import NewEntry, enter_blacklist
    from services.visits.complaints import NewComplaint, file_complaint

    cast, ids = world.cast, world.ids
    kangle = cast.providers["kangle"]
    with cast.work("daughter") as work:
        new = NewComplaint(subject="attitude", told="说话不耐烦", order_id=ids["order"])
        ids["complaint"] = file_complaint(work.session, work.now, work.actor, new)
    with cast.work("dispatcher") as work:
        paper = personnel.NewCertificate("养老护理员证", "NJ-1", "南京市人社局", date(2024, 1, 1), date(2090, 1, 1))
        ids["certificate"] = personnel.record_certificate(
            work.session, work.now, work.actor, cast["carer"], paper, b"%PDF-1.4 invented certificate"
        )
    with cast.work("officer") as work:
        entry = NewEntry("虚报服务记录", "检查记录第12号", carer_id=cast["other_carer"])
        ids["entry"] = enter_blacklist(work.session, work.now, work.actor, entry)
    with cast.work("house") as work:
        one = work.session.connection().execute
        formula = (
            '{"months": 12, "least_orders": 5, "at_least_orders": 20, "late_minutes": 15, "rating_points": 40, "unrated_points":'
            ' 30, "levels": [{"code": "b", "name_zh": "B级（良）", "name_en": "B (good)", "least_points": 75}], "deductions":'
            ' [{"code": "lateness", "name_zh": "迟到", "name_en": "late arrivals", "most_points": 10, "points_each": 1,'
            ' "per_hundred_orders": true}]}'
        )
        parts = (
            '[{"code": "ratings", "points": 40, "most": 40, "count": 1, "mean_face_hundredths": 300},'
            ' {"code": "lateness", "points": 9, "most": 10, "count": 1}]'
        )
        ids["credit"] = one(text(
            "INSERT INTO provider_credit (provider_id, month, version, level, points, match_percent, orders, parts, formula,"
            " rule_version, because, computed_at) VALUES (:p, '2026-02-01', 1, 'b', 80, 75, 20, CAST(:parts AS jsonb),"
            " CAST(:formula AS jsonb), 't', 'monthly', now()) RETURNING id"
        ), {"p": kangle, "formula": formula, "parts": parts}).scalar_one()  # fmt: skip
        one(text(
            "INSERT INTO credit_evidence (credit_id, provider_id, area_code, part, subject_type, subject_id, happened_on, value,"
            " struck) SELECT :c, id, area_code, 'lateness', 'visit', 1, '2026-02-03', 1, false FROM provider WHERE id = :p"
        ), {"c": ids["credit"], "p": kangle})  # fmt: skip
        ids["trust_appeal"] = one(text(
            "INSERT INTO trust_appeal (credit_id, provider_id, area_code, grounds, evidence_ids, filed_by, filed_at)"
            " SELECT :c, id, area_code, '那天老人改了时间', '[]', :d, now() FROM provider WHERE id = :p RETURNING id"
        ), {"c": ids["credit"], "p": kangle, "d": cast["dispatcher"]}).scalar_one()  # fmt: skip
        ids["barred_visit"] = one(text(
            "INSERT INTO blacklist_visit (entry_id, order_id, elder_id, area_code, provider_id, carer_id, order_state, starts_at)"
            " SELECT :e, id, elder_id, area_code, provider_id, :k, state, starts_at FROM care_order WHERE id = :o RETURNING id"
        ), {"e": ids["entry"], "o": ids["order"], "k": cast["carer"]}).scalar_one()  # fmt: skip


def names_of_trust(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of trust's calls and pages."""
    ids = world.ids
    return {
        "complaint_id": ids["complaint"], "credit_id": ids["credit"], "trust_appeal_id": ids["trust_appeal"],
        "entry_id": ids["entry"], "barred_visit_id": ids["barred_visit"], "certificate_id": ids["certificate"],
        "carer_id": world.cast["carer"], "provider_id": world.cast.providers["kangle"],
    }  # fmt: skip
