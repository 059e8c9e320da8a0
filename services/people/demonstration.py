"""Whom a visitor of the demonstration may sign in as; all invented, phones from a range nobody was issued."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One of the demonstration's people: key, name, phone, and what she is in a few words."""

    key: str
    full_name: str
    phone: str
    who: str


SAMPLES = (
    Sample("wang", "王秀兰", "15400000001", "王奶奶，78岁，独居"),
    Sample("li_min", "李敏", "15400000002", "王奶奶的女儿，在深圳"),
    Sample("kangle_dispatcher", "周慧", "15400000005", "康乐居家养老服务中心的派单员"),
    Sample("ankang_dispatcher", "吴涛", "15400000006", "安康居家养老服务站的派单员"),
    Sample("chen_fang", "陈芳", "15400000004", "康乐的护理员小陈"),
    Sample("li_wenhua", "李文华", "15400000003", "志愿者李老师"),
    Sample("zhao", "赵建国", "15400000007", "新街口街道的民政干部"),
    Sample("zhou", "周倩", "15400000009", "热线接线员"),
    Sample("feng", "冯静", "15400000011", "审计员，只看不改"),
    Sample("administrator", "系统管理员", "15400000012", "管账号，看不到老人"),
    Sample("wu", "吴国强", "15400000013", "什么也看不到的人"),
)


def sample_phone(key: str) -> str:
    """Give the phone of one of the demonstration's people. Raises KeyError."""
    return {sample.key: sample.phone for sample in SAMPLES}[key]
