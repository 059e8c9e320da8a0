"""What people are told about who may act for whom."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "people.proxy_requested": Template(
        "有人申请做您的家人代办",
        "【银龄圈】{person}申请代您查看和办理服务。请您本人或社区工作人员确认；不认识请不要同意。",
    ),
    "people.proxy_confirmed": Template(
        "代办已确认", "【银龄圈】您已可以为{elder}查看和办理服务。老人或社区可以随时收回。", waits_for_morning=True
    ),
    "people.proxy_revoked": Template(
        "代办已收回", "【银龄圈】您为{elder}办理服务的权限已收回。", waits_for_morning=True
    ),
    "people.phone_bound": Template(
        "老人手机已绑定", "【银龄圈】{elder}的手机已绑定银龄圈，可以直接使用。不是家人操作的，请拨打服务热线。"
    ),
}
