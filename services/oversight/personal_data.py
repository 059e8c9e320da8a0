"""Every table in which somebody occurs: what her copy holds, what erasure clears, and what the law keeps and why.

One list for both, so that nothing is copied that cannot be erased, and nothing is kept without a reason. A test compares
it with the tables of the house: a new table with a person in it has to say here what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KEPT: Mapping[str, tuple[str, str]] = {
    "accounts": (
        "结算、支付和补贴的凭证，依会计档案规定保存；只留编号，不留姓名",
        "vouchers of settlement, payment and subsidy, kept by the rules on accounts; by number, without the name",
    ),
    "ledger": (
        "时间银行账本只追加、带链，改动会断链；账本里没有姓名",
        "the time bank's chained ledger is append-only and knows no names",
    ),
    "audit": (
        "审计和数据查看记录依网络安全规定留存，只追加；只有编号",
        "audit trail and log of readings, kept by the rules on network security; ids only",
    ),
    "proof": (
        "证明经过同意、授权或申请的记录",
        "proof that consent, a mandate or a request was given",
    ),
    "service": (
        "服务经过的事实（时间、状态），用于纠纷和统计，不留文字和姓名",
        "that a service took place (times, states), for disputes and figures, without words or names",
    ),
    "statistics": (
        "统计用的去名数据",
        "figures without names",
    ),
    "words": (
        "评价和探访记录只追加，作为机构信用和履职的证据，姓名已去掉",
        "ratings and tries to visit are append-only evidence of a provider's or an office's work; the name is gone",
    ),
    "office": (
        "本人作为工作人员经办的记录",
        "what she did as somebody's worker",
    ),
}
"""Why a row outlives its person's name, in Chinese and English."""


@dataclass(frozen=True)
class About:
    """One table: the columns that name the person, what is cleared in her rows, and the reason for what stays.

    `clears` are SQL assignments; `still` finds what was not cleared, for the proof. `deletes`: whole rows go.
    `hidden` columns are not part of a copy (hashes, storage keys; sealed ones are opened by name or left out).
    """

    table: str
    whose: tuple[str, ...]
    title_zh: str
    clears: Mapping[str, str] = field(default_factory=dict)
    still: str = ""
    deletes: bool = False
    kept: str = ""
    cleared_by: tuple[str, ...] = ()
    """The person columns by which rows are cleared, where not by all of `whose`."""
    hidden: tuple[str, ...] = ()


ABOUT: tuple[About, ...] = (
    # herself
    About(
        "person", ("id",), "本人",
        clears={
            "full_name": "'已注销' || id", "phone_sealed": "NULL", "phone_hash": "NULL", "id_number_sealed": "NULL",
            "id_number_hash": "NULL", "address_sealed": "NULL", "home": "NULL", "home_original": "NULL",
            "born_on": "date_trunc('year', born_on)::date", "moved_out_on": "COALESCE(moved_out_on, died_on, :today)",
        },
        still="phone_sealed IS NOT NULL OR id_number_sealed IS NOT NULL OR address_sealed IS NOT NULL OR home IS NOT NULL"
        " OR phone_hash IS NOT NULL OR id_number_hash IS NOT NULL OR home_original IS NOT NULL OR full_name NOT LIKE '已注销%'",
        kept="accounts",
    ),
    About(
        "elder", ("person_id",), "老人情况",
        clears={"health_sealed": "NULL", "emergency_name": "NULL", "emergency_phone_sealed": "NULL", "groups": "'{}'"},
        still="health_sealed IS NOT NULL OR emergency_name IS NOT NULL OR emergency_phone_sealed IS NOT NULL",
        kept="statistics",
    ),
    About("carer", ("person_id",), "护理员", clears={"display_name": "'已注销'", "certificate_number": "NULL"},
          still="display_name <> '已注销'", kept="office"),
    About("carer_language", ("carer_id",), "会说的方言", kept="office"),
    About("assessor", ("person_id", "registered_by"), "评估员", kept="office"),
    About("volunteer", ("person_id", "guardian_id"), "志愿者", clears={"display_name": "'已注销'", "interests": "'{}'"},
          still="display_name <> '已注销'", cleared_by=("person_id",), kept="ledger"),
    About("role_grant", ("person_id",), "角色", clears={"revoked_at": "COALESCE(revoked_at, :now)"},
          still="revoked_at IS NULL", kept="audit"),
    About("sign_in_session", ("person_id", "bound_by"), "登录过的设备", deletes=True, cleared_by=("person_id",)),
    About("binding_card", ("elder_id", "issued_by"), "绑定卡", clears={"used_at": "COALESCE(used_at, :now)"},
          still="used_at IS NULL", cleared_by=("elder_id",), kept="audit"),
    About("wechat_account", ("person_id",), "绑定的微信",
          clears={
              "openid_sealed": "NULL", "openid_hash": "sha256(gen_random_bytes(32))",
              "unbound_at": "COALESCE(unbound_at, :now)",
          },
          still="openid_sealed IS NOT NULL", kept="audit"),
    About("wechat_subscriber", ("person_id",), "微信消息", deletes=True),
    About("attachment", ("elder_id", "uploaded_by"), "文件", clears={"erased_at": "COALESCE(erased_at, :now)"},
          still="erased_at IS NULL", cleared_by=("elder_id",), kept="proof"),
    # what she said
    About("consent", ("person_id", "by_person_id"), "同意书", kept="proof"),
    About("proxy", ("elder_id", "proxy_person_id", "confirmed_by", "revoked_by"), "谁可以代办",
          clears={"state": "'revoked'", "revoked_at": "COALESCE(revoked_at, :now)"}, still="state <> 'revoked'",
          cleared_by=("elder_id", "proxy_person_id"), kept="proof"),
    About("carer_wish", ("elder_id", "carer_id"), "对上门人的愿望", deletes=True, cleared_by=("elder_id",)),
    About("elder_diet", ("elder_id",), "忌口", deletes=True),
    About("erasure_request", ("person_id",), "注销申请", kept="proof", hidden=("proof",)),
    # services
    About("care_order", ("elder_id", "placed_by"), "订单", clears={"note": "NULL", "cancelled_reason": "NULL"},
          still="note IS NOT NULL", cleared_by=("elder_id",), kept="accounts"),
    About("order_event", ("elder_id", "actor_id"), "订单经过", kept="audit"),
    About("quote", ("elder_id", "made_by"), "报价", kept="accounts"),
    About("recurring_order", ("elder_id", "placed_by"), "定期订单",
          clears={
              "note": "NULL", "state": "'stopped'", "stopped_at": "COALESCE(stopped_at, :now)",
              "stopped_reason": "COALESCE(stopped_reason, '注销')",
          },
          still="note IS NOT NULL OR state <> 'stopped'", cleared_by=("elder_id",), kept="service"),
    About("recurring_day", ("elder_id",), "定期订单的日子", kept="service"),
    About("place_booking", ("elder_id",), "订的位子", clears={"wish_sealed": "NULL"}, still="wish_sealed IS NOT NULL",
          kept="accounts"),
    About("offer", ("elder_id", "answered_by"), "问过的机构", kept="service"),
    About("bureau_task", ("elder_id",), "街道派单", kept="service"),
    About("unmet_need", ("elder_id",), "没人能做的需求", kept="statistics"),
    About("assignment", ("elder_id", "carer_id"), "派的人", kept="service"),
    About("visit", ("elder_id", "visitor_id", "confirmed_by"), "上门",
          clears={
              "note": "NULL", "vitals_sealed": "NULL", "code_sealed": "NULL", "check_in_facts": "check_in_facts - 'lon' - 'lat'",
              "check_out_facts": "check_out_facts - 'lon' - 'lat'",
          },
          still="note IS NOT NULL OR code_sealed IS NOT NULL OR check_in_facts ->> 'lon' IS NOT NULL",
          cleared_by=("elder_id",), kept="accounts"),
    About("visit_exception", ("elder_id", "visitor_id", "raised_by", "decided_by"), "上门的例外", kept="accounts"),
    About("visit_alert", ("elder_id", "in_charge_id", "closed_by"), "上门发现的情况", kept="service"),
    About("visit_photo", ("elder_id", "taken_by"), "上门照片", kept="proof"),
    About("visit_call", ("elder_id", "recorded_by"), "电话签到", kept="accounts"),
    About("carer_device", ("person_id", "revoked_by"), "登记的手机", kept="proof"),
    About("device_event", ("person_id",), "手机上的记录", kept="accounts"),
    About("visit_doubt", ("elder_id", "visitor_id", "looked_by"), "上门的疑点", kept="statistics"),
    About("place_evidence", ("elder_id", "recorded_by"), "到场凭据", kept="accounts"),
    About("visit_position", ("visitor_id", "elder_id"), "上门期间的位置", deletes=True),
    About("door_plate", ("elder_id",), "门牌", clears={"revoked_at": "COALESCE(revoked_at, :now)"},
          still="revoked_at IS NULL", kept="service"),
    About("rating", ("elder_id", "rated_by"), "评价", kept="words"),
    About("need", ("elder_id", "taken_by"), "请志愿者", clears={"title": "'已删除'", "rough_place": "''"},
          still="title <> '已删除'", cleared_by=("elder_id",), kept="service"),
    About("volunteer_session", ("elder_id", "volunteer_id", "callback_by"), "志愿服务",
          clears={"callback_note": "NULL"}, still="callback_note IS NOT NULL", cleared_by=("elder_id",), kept="ledger"),
    About("visit_duty", ("elder_id",), "探访名单",
          clears={"ended_on": "COALESCE(ended_on, :today)", "end_reason": "COALESCE(end_reason, 'moved')"},
          still="ended_on IS NULL", kept="statistics"),
    About("visit_attempt", ("elder_id", "by_person_id"), "探访", kept="words"),
    About("visit_task", ("elder_id",), "探访任务", kept="service"),
    About("visit_task_actor", ("elder_id", "person_id", "set_by"), "谁去探访", clears={"reason": "NULL"},
          still="reason IS NOT NULL", cleared_by=("elder_id",), kept="service"),
    About("alert", ("in_charge_id", "acknowledged_by", "resolved_by"), "提醒", kept="office"),
    About("absence", ("person_id", "stand_in_id", "entered_by"), "请假和代办", kept="office"),
    About("grid_worker", ("person_id", "set_by"), "网格的人手", kept="office"),
    About("escalation", ("elder_id", "in_charge_id", "closed_by"), "没人应门", clears={"history": "'[]'"},
          still="history <> '[]'", cleared_by=("elder_id",), kept="service"),
    # care and rights
    About("assessment", ("elder_id", "assessor_id", "second_assessor_id"), "能力评估", clears={"detail_sealed": "NULL"},
          still="detail_sealed IS NOT NULL", cleared_by=("elder_id",), kept="accounts"),
    About("assessment_appeal", ("elder_id", "asked_by"), "评估申诉", clears={"reason_sealed": ":nothing"},
          cleared_by=("elder_id",), kept="proof"),
    About("entitlement", ("elder_id",), "可以享受的", kept="accounts"),
    About("entitlement_use", ("elder_id",), "用掉的补贴", kept="accounts"),
    About("home_bed", ("elder_id", "signed_by", "registered_by"), "家庭床位", clears={"care_plan_sealed": "NULL"},
          still="care_plan_sealed IS NOT NULL", cleared_by=("elder_id",), kept="accounts"),
    About("home_bed_service", ("elder_id",), "家庭床位服务", kept="accounts"),
    About("home_bed_check", ("elder_id", "noted_by"), "家庭床位核查", clears={"note": "NULL"}, still="note IS NOT NULL",
          cleared_by=("elder_id",), kept="accounts"),
    About("bed_stay", ("elder_id",), "住过的床位",
          clears={"emergency_reason": "CASE WHEN emergency_reason IS NOT NULL THEN '已删除' END", "end_reason": "NULL"},
          still="end_reason IS NOT NULL OR emergency_reason <> '已删除'", kept="accounts"),
    About("bed_leave", ("elder_id", "recorded_by"), "离院外出", cleared_by=("elder_id",), kept="accounts"),
    About("bed_wait", ("elder_id", "applied_by"), "床位轮候", clears={"class_facts": "'{}'", "end_reason": "NULL"},
          still="class_facts <> '{}' OR end_reason IS NOT NULL", cleared_by=("elder_id",), kept="service"),
    About("bed_jump", ("elder_id", "asked_by", "decided_by"), "提前轮候",
          clears={"reason": "'已删除'", "decision_reason": "NULL"},
          still="reason <> '已删除' OR decision_reason IS NOT NULL", cleared_by=("elder_id",), kept="proof"),
    About("bed_offer", ("elder_id", "offered_by", "answered_by"), "床位通知", clears={"reason": "NULL"},
          still="reason IS NOT NULL", cleared_by=("elder_id",), kept="service"),
    # money and time
    About("payable", ("elder_id", "payer_id"), "应付", kept="accounts"),
    About("payable_refund", ("elder_id",), "退款", kept="accounts"),
    About("payment_dispute", ("elder_id",), "支付争议", kept="accounts"),
    About("prepaid_account", ("elder_id",), "预收款", kept="accounts"),
    About("prepaid_entry", ("elder_id", "entered_by"), "预收款流水", kept="accounts"),
    About("voucher", ("elder_id",), "消费券", kept="accounts"),
    About("voucher_use", ("elder_id",), "用掉的消费券", kept="accounts"),
    About("voucher_move", ("elder_id",), "消费券流水", kept="accounts"),
    About("voucher_difference", ("elder_id",), "消费券核对", kept="accounts"),
    About("member_hours", ("person_id",), "团体成员的时间", kept="ledger"),
    About("hour_move", ("person_id", "asked_by"), "时间账户迁移", kept="ledger"),
    About("elder_hours", ("elder_id",), "时间账户", kept="ledger"),
    About("redemption", ("payer_id", "elder_id", "booked_by"), "用时间换服务", kept="ledger"),
    About("hour_movement", ("from_person_id", "to_person_id", "entered_by"), "时间转赠", kept="ledger"),
    About("hour_paper", ("person_id", "issued_by"), "时间证明", kept="ledger"),
    # trust
    About("rating_reveal", ("elder_id",), "互评公开", kept="words"),
    About("cooperation_rating", ("elder_id", "rated_by"), "合作评价", kept="words"),
    About("complaint", ("elder_id", "complainant_id", "filed_by", "owner_id", "statement_by", "closed_by"), "投诉",
          clears={"contact_sealed": "NULL"}, still="contact_sealed IS NOT NULL", cleared_by=("complainant_id", "elder_id"),
          hidden=("contact_sealed",), kept="words"),
    About("blacklist_entry", ("carer_id", "entered_by", "lifted_by"), "失信记录", kept="words"),
    About("blacklist_visit", ("elder_id", "carer_id", "decided_by"), "失信涉及的上门", kept="service"),
    About("trust_appeal", ("filed_by", "decided_by"), "申诉", kept="proof"),
    About("carer_certificate", ("carer_id", "recorded_by", "withdrawn_by"), "证书",
          hidden=("document_key", "document_sha256"), kept="office"),
    About("incident", ("elder_id", "reported_by", "closed_by"), "机构事故",
          clears={"told_sealed": "NULL"}, still="told_sealed IS NOT NULL", cleared_by=("elder_id",), hidden=("told_sealed",),
          kept="service"),
    About("incident_step", ("elder_id",), "机构事故的处理", clears={"told_sealed": "NULL"}, still="told_sealed IS NOT NULL",
          hidden=("told_sealed",), kept="service"),
    About("inspector", ("person_id", "appointed_by"), "检查人员", kept="office"),
    About("carer_training", ("carer_id", "recorded_by"), "培训", kept="office"),
    # what the house told her and worked out
    About("message", ("recipient_id", "elder_id"), "消息", clears={"body": "''", "facts": "'{}'"}, still="body <> ''",
          kept="audit"),
    About("message_delivery", ("recipient_id",), "消息送达", kept="audit"),
    About("home_snap", ("person_id",), "家门口的路", deletes=True),
    About("elder_reach", ("person_id",), "能走到的地方", deletes=True),
    About("elder_reach_past", ("person_id",), "以前能走到的地方", kept="statistics"),
    About("act", ("actor_id", "for_person_id"), "办事记录", kept="audit"),
    About("disclosure", ("person_id", "reader_id"), "谁看过她的资料", kept="audit"),
    About("break_glass", ("elder_id", "asker_id", "reviewed_by"), "紧急查看", kept="audit"),
    About("break_glass_reading", ("elder_id", "reader_id"), "紧急查看时看了什么", kept="audit"),
)  # fmt: skip

OFFICE_WORK = {
    "bed_care_level", "bed_certificate", "bed_official", "bed_report", "home_standing",
    "area_flag", "area_obligation", "facility_check", "gap_remedy", "project_site", "register_change",
    "alert_rule", "visit_grid", "visit_purchase", "purchase_acceptance", "purchase_budget_change", "purchase_contract",
    "credit_strike", "grade_request", "institution_filing", "institution_grade", "place_plan", "reconciliation_difference", "scenario", "service_standard", "settlement", "settlement_hold",
    "inspection_draw", "inspector_conflict", "key_target", "case_decision", "case_referral", "supervision_case",
    "settlement_line", "site_plate", "siting_run", "volunteer_group", "webhook",
}  # fmt: skip
"""Tables that name only who did something as an office or a provider; not about her, and kept as the office's record."""
