"""What the columns of a copy are called in plain words; one without a word keeps its own name."""

from __future__ import annotations

_WORDS = {
    "id": "编号", "full_name": "姓名", "gender": "性别", "born_on": "出生日期", "area_code": "地区代码", "home": "家的位置",
    "language": "语言", "created_at": "登记时间", "died_on": "离世日期", "moved_out_on": "迁出日期", "living": "居住情况",
    "groups": "人群", "care_level": "照护等级", "registered_on": "登记日期", "emergency_name": "紧急联系人",
    "person_id": "人员编号", "elder_id": "老人编号", "role": "角色", "granted_at": "授予时间", "revoked_at": "收回时间",
    "state": "状态", "note": "备注", "service_code": "服务", "starts_at": "开始", "ends_at": "结束", "price_fen": "价格（分）",
    "government_fen": "政府补贴（分）", "voucher_fen": "消费券（分）", "self_fen": "自付（分）", "placed_at": "下单时间",
    "channel": "渠道", "by_right": "凭什么", "provider_id": "机构编号", "order_id": "订单编号", "order_number": "订单号",
    "amount_fen": "金额（分）", "happened_at": "发生时间", "recorded_at": "记录时间", "body": "内容", "read_at": "阅读时间",
    "planned_start": "计划开始", "planned_end": "计划结束", "checked_in_at": "签到", "checked_out_at": "签退",
    "tasks_done": "做了什么", "visitor_id": "上门人编号", "relation": "关系", "scopes": "可以办的事", "confirmed_at": "确认时间",
    "purpose": "用途", "version": "版本", "given": "同意", "field": "哪一项", "reason": "原因", "reader_role": "查看人身份",
    "reader_id": "查看人编号", "level": "等级", "assessed_on": "评估日期", "valid_until": "有效期至", "during": "期间",
    "kind": "种类", "face": "评价（3好2一般1不好）", "comment": "评语", "rated_at": "评价时间", "title": "标题",
    "credit_minutes": "计入分钟", "service_minutes": "服务分钟", "verb": "办了什么", "actor_role": "办事人身份",
    "facts": "内容明细", "outcome": "结果", "uploaded_at": "上传时间", "content_type": "文件类型", "size_bytes": "字节数",
}  # fmt: skip


def said_of(column: str) -> str:
    """Give a column's word."""
    return _WORDS.get(column, column)
