"""What volunteers and elders are told about needs and minutes."""

from __future__ import annotations

from services.messages.template import Template

TEMPLATES = {
    "volunteering.need_released": Template(
        "志愿者来不了了", "【银龄圈】原定{starts_at}的志愿服务，志愿者临时来不了，需求已重新发布，请稍候。"
    ),
    "volunteering.need_cancelled": Template(
        "需求已取消", "【银龄圈】{elder}取消了{starts_at}的志愿服务，您不用上门了。"
    ),
    "volunteering.session_pending": Template(
        "请确认志愿服务",
        "【银龄圈】{person}为{elder}服务{minutes}分钟。请打开“志愿服务”确认；不确认也没有异议的，到期自动入账。",
        waits_for_morning=True,
    ),
    "volunteering.minutes_posted": Template(
        "时间已入账", "【银龄圈】您服务的{minutes}分钟已存入时间银行。", waits_for_morning=True
    ),
    "volunteering.minutes_voided": Template(
        "这次服务未入账",
        "【银龄圈】您有{minutes}分钟服务被提出异议，未入账。社区会与双方核实，您可以在记录里说明情况。",
    ),
    "volunteering.minutes_reversed": Template(
        "时间已更正",
        "【银龄圈】您有{minutes}分钟经社区核实后已冲正，原记录与更正记录都保留在存折里。有异议请联系社区。",
    ),
    "volunteering.nothing_credited": Template(
        "这次服务没有计时",
        "【银龄圈】您这次服务{minutes}分钟没有计入时间银行：{reason}。服务记录仍然保留。",
        waits_for_morning=True,
    ),
    "volunteering.dispute_opened": Template(
        "志愿服务有异议", "【银龄圈】{elder}一方对一次{minutes}分钟的志愿服务提出异议，请核实。"
    ),
    "volunteering.hours_spent": Template(
        "时间已使用", "【银龄圈】为{elder}预约的志愿服务已完成，用去{minutes}分钟。", waits_for_morning=True
    ),
    "volunteering.hours_returned": Template(
        "时间已退回", "【银龄圈】为{elder}预约的志愿服务没有进行，{minutes}分钟已退回您的账户。"
    ),
    "volunteering.professional_wanted": Template(
        "请安排专业人员",
        "【银龄圈】{elder}用时间预约了{starts_at}的服务，还没有志愿者接单，请安排专业人员，由保障储备支付。",
    ),
    "volunteering.hours_given": Template(
        "收到时间", "【银龄圈】有人转赠给您{minutes}分钟时间，已存入您的账户。", waits_for_morning=True
    ),
    "volunteering.hours_followed": Template(
        "时间转好了",
        "【银龄圈】您搬到了别的区，存的时间有{minutes}分钟已随您转到新的区，照常使用。",
        waits_for_morning=True,
    ),
    "volunteering.hours_granted": Template(
        "发放了时间", "【银龄圈】政府为{elder}发放了{minutes}分钟时间，可用来请志愿者上门。", waits_for_morning=True
    ),
}
