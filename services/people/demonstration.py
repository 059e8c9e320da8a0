"""The invented people of the story, in one list: the demonstration's district, the story and the tests read it.

A visitor of the demonstration may sign in as most of them; their phones are from a range nobody was issued.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One of the demonstration's people: key, name, gender, phone, and what she is in a few words."""

    key: str
    full_name: str
    gender: str
    phone: str
    who: str
    invited: bool = True
    """Whether a visitor is invited to sign in as her."""


CAST = (
    Sample("wang", "王秀兰", "female", "15400000001", "王奶奶，78岁，独居"),
    Sample("li_min", "李敏", "female", "15400000002", "王奶奶的女儿，在深圳"),
    Sample("kangle_dispatcher", "周慧", "female", "15400000005", "康乐居家养老服务中心的派单员"),
    Sample("ankang_dispatcher", "吴涛", "male", "15400000006", "安康居家养老服务站的派单员"),
    Sample("chen_fang", "陈芳", "female", "15400000004", "康乐的护理员小陈"),
    Sample("li_wenhua", "李文华", "male", "15400000003", "志愿者李老师"),
    Sample("zhao", "赵建国", "male", "15400000007", "新街口街道的民政干部"),
    Sample("zhou", "周倩", "female", "15400000009", "热线接线员"),
    Sample("feng", "冯静", "female", "15400000011", "审计员，只看不改"),
    Sample("administrator", "系统管理员", "male", "15400000012", "管账号，看不到老人"),
    Sample("wu", "吴国强", "male", "15400000013", "什么也看不到的人"),
    Sample("sun", "孙德福", "male", "15400000008", "孙大爷，独居，不应门", invited=False),
    Sample("qian", "钱桂芳", "female", "15400000010", "养老顾问", invited=False),
)
SAMPLES = tuple(one for one in CAST if one.invited)


def sample(key: str) -> Sample:
    """Give one of the story's people. Raises KeyError."""
    return {one.key: one for one in CAST}[key]


def sample_phone(key: str) -> str:
    """Give the phone of one of the story's people. Raises KeyError."""
    return sample(key).phone
