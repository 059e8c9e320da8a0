"""What the services say in Chinese and a reader of English meets on a page: marked here, said by the filter `said`.

Names, addresses, a city's own rules and messages that were sent are data and stay as they were written.
"""

from __future__ import annotations

import re
from functools import cache

from api.pages.care_words import DECISIONS
from api.pages.evidence_words import SENTENCES_OF_EVIDENCE
from api.pages.languages import SOURCE_LANGUAGE, current_language, translate
from api.pages.order_words import REFUSALS_OF_ORDERS, SENTENCES_OF_ORDERS
from api.pages.refusal_words import REFUSALS
from api.pages.refusals_of_audit import SENTENCES_OF_AUDIT
from api.pages.refusals_of_registers import SENTENCES_OF_REGISTERS
from api.pages.refusals_of_trust import SENTENCES_OF_TRUST
from api.pages.refusals_of_visits import SENTENCES_OF_ALERTS


def _(sentence: str) -> str:
    """Mark a sentence for translation; a part like %(provider)s stands for any words."""
    return sentence


SENTENCES = (
    _("请写对方的志愿者证号"),
    _("请写团体的名称"),
    _("路网可信度低，数字是估算"),
    _("王奶奶，78岁，独居"),
    _("王奶奶的女儿，在深圳"),
    _("康乐居家养老服务中心的派单员"),
    _("安康居家养老服务站的派单员"),
    _("康乐的护理员小陈"),
    _("志愿者李老师"),
    _("新街口街道的民政干部"),
    _("审计员，只看不改"),
    _("管账号，看不到老人"),
    _("什么也看不到的人"),
    _("女儿"),
    _("儿子"),
    _("老伴"),
    _("孙辈"),
    _("孙子"),
    _("孙女"),
    _("外孙"),
    _("外孙女"),
    _("侄女"),
    _("侄子"),
    _("外甥"),
    _("外甥女"),
    _("兄弟姐妹"),
    _("儿媳"),
    _("女婿"),
    _("监护人"),
    _("邻居"),
    _("路网可信度高"),
    _("路网可信度低"),
    _("没有可统计的老人"),
    _("直线距离口径"),
    _("步行方式"),
    _("限度"),
    _("统计日期"),
    _("路网"),
    _("规则"),
    _("图边缘不计入"),
    _("附近无路（计为未覆盖）"),
    _("可信度低的原因"),
    _("道路数据 © OpenStreetMap 贡献者（ODbL，openstreetmap.org/copyright）"),
    _("演示数据：人物与机构均为虚构"),
    _("其他机构（不计入本圈）"),
    _("走得到的老人占比"),
    _("不足 5 人，不公布"),
    _("步行覆盖"),
    _("米"),
    _("公里"),
    _("北"),
    _("步行专用道路只占 %(share)s（可信须达 %(least)s）"),
    _("连通主网只占 %(share)s（可信须达 %(least)s）"),
    _("老人本人"),
    _("家属"),
    _("护理员"),
    _("志愿者"),
    _("机构调度员"),
    _("街道民政干部"),
    _("养老顾问"),
    _("审计员"),
    _("热线接线员"),
    _("系统管理员"),
    _("已登记"),
    _("请先登录"),
    _("这一页您不能看"),
    _("这一页找不到"),
    _("这件事刚才已经变了"),
    _("有一处没填对"),
    _("太频繁了，歇一会儿"),
    _("系统正忙"),
    _("系统出了问题"),
    _("下单成功"),
    _("正在请%(provider)s接单"),
    _("%(provider)s接不了，正在找下一家"),
    _("%(provider)s没有及时答复，正在找下一家"),
    _("%(provider)s已接单"),
    _("已安排好上门的人"),
    _("换了一位上门的人"),
    _("原来安排的人来不了，机构正在另派"),
    _("%(provider)s的价格更低，订单改为%(price)s"),
    _("已到门口，开始服务"),
    _("服务做完了，请您确认"),
    _("已确认"),
    _("已评价：%(face)s"),
    _("已取消：%(reason)s"),
    _("暂时没有人能接，社区会打电话给您"),
    _("好"),
    _("一般"),
    _("不好"),
    _("不需要了"),
    _("想换个时间"),
    _("到时候不在家"),
    _("住院了"),
    _("订错了"),
    _("其他原因"),
    _("这个时间没有人手"),
    _("路太远"),
    _("做不了这项服务"),
    _("价格不合适"),
    _("老人指定了您这一家"),
    _("从机构走到老人家%(time)s"),
    _("从家走过去%(time)s"),
    _("%(count)s分钟"),
    _("%(count)s分钟（估算）"),
    _("%(count)s米"),
    _("这个时间还能接%(count)s单"),
    _("机构等级%(grade)s级（5级最好）"),
    _("还没有人评价"),
    _("%(count)s次评价，平均%(mean)s（好3、一般2、不好1）"),
    _("价格%(price)s，政府付%(government)s，自付%(own)s"),
    _("%(amount)s元"),
    _("%(right)s：政府付%(share)s"),
    _("%(right)s：抵扣%(share)s"),
    _("有争议，民政已暂扣"),
    _("付款人的银行提出争议"),
    _("老人一方还没有确认"),
    _("自付部分还没有收到"),
    _("补贴还没有记账"),
    _("券还没有核销"),
    _("下次出账时计入"),
    _("%(right)s：这项服务政府不补贴"),
    _("%(right)s：本月补贴已经用完，全部自付"),
    _("%(right)s：补贴不足一分钱，全部自付"),
    _("没有适用于这项服务的政府补贴，全部自付"),
    _("本月补贴只剩%(left)s，超出部分自付"),
    _("这项服务不收费"),
    _("已被暂停接单"),
    _("现在不提供这项服务"),
    _("这个时间不营业（%(hours)s）"),
    _("太远：步行%(time)s，最远%(most)s"),
    _("没有具备这项技能、证书有效的护理员"),
    _("这个时间已约满"),
    _("已见到或通上话"),
    _("确认平安"),
    _("住院"),
    _("外出"),
    _("已搬走"),
    _("已离世"),
    _("已救助"),
    _("本人谢绝探访"),
    _("高风险"),
    _("重点"),
    _("家人或社区"),
    _("和真的时间一样"),
    _("比真的时间快 %(time)s"),
    _("已送达"),
)
KNOWN = frozenset(
    SENTENCES
    + SENTENCES_OF_ORDERS
    + SENTENCES_OF_TRUST
    + SENTENCES_OF_ALERTS
    + SENTENCES_OF_EVIDENCE
    + SENTENCES_OF_AUDIT
    + REFUSALS
    + REFUSALS_OF_ORDERS
    + SENTENCES_OF_REGISTERS
    + DECISIONS
)
_PART = re.compile(r"%\((\w+)\)s")


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Give each sentence with parts as a pattern, the one with most words of its own first."""
    with_parts = sorted((one for one in KNOWN if _PART.search(one)), key=lambda one: (-len(_PART.sub("", one)), one))
    return [(one, _pattern(one)) for one in with_parts]


def _pattern(sentence: str) -> re.Pattern[str]:
    words = _PART.split(sentence)  # its own words and the names of its parts, in turn
    return re.compile("".join(f"(?P<{one}>.+)" if place % 2 else re.escape(one) for place, one in enumerate(words)))


def said_in_english(sentence: str) -> str | None:
    """Say a sentence of the services in English whoever reads; None when it has no English."""
    token = current_language.set("en")
    try:
        words = said(sentence)
    finally:
        current_language.reset(token)
    return words if words != sentence else None


def said(sentence: str) -> str:
    """Say a sentence of the services in the reader's language; what is not known here stays as it is."""
    if current_language.get() == SOURCE_LANGUAGE or not sentence:
        return sentence
    if sentence in KNOWN:
        return translate(sentence)
    read = parts_of(sentence)
    return translate(read[0]) % {name: said(part) for name, part in read[1].items()} if read else sentence


def parts_of(sentence: str) -> tuple[str, dict[str, str]] | None:
    """Read a sentence with parts: the sentence as it is marked here, and the words its parts stand for."""
    for pattern, read in _patterns():
        if found := read.fullmatch(sentence):
            return pattern, found.groupdict()
    return None
