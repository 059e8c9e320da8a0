"""What a number means, in words: what is counted above the line, what below, and when a row counts."""

from __future__ import annotations

from services.language import for_reader, listed
from services.oversight.indicators import Formula
from services.oversight.measures import Measure

_ZH = {
    "beds": "床位",
    "facilities": "在用机构",
    "areas": "全部区域",
    "areas_owning": "拥有合格机构（规定功能全部在用）的区域",
    "elders": "在册60岁及以上老人",
    "elders_in_homes": "住在养老机构的老人",
    "elders_at_home": "居家老人",
    "served_at_home": "本年度至少接受过一次已完成上门服务的居家老人",
    "bought_at_home": "本年度至少接受过一次政府出资的已完成上门服务的居家老人",
    "to_be_met": "在册应探访老人",
    "met": "当月按时探访成功的老人（无人应答、超时补录不算）",
    "judged_for_circles": "计入服务圈统计的老人",
    "reached": "在服务圈内走得到的老人",
    "areas_flagged": "持有称号的区域",
    "project_sites": "项目中已开业的点位",
    "obligations": "到期应配建养老设施的小区",
    "obligations_met": "到期已交付且面积达标的小区",
    "volunteers": "在册志愿者",
    "carers": "在岗护理人员",
    "certified_carers": "持有效证书的在岗护理人员",
}
_EN = {
    "beds": "beds",
    "facilities": "sites in use",
    "areas": "all areas",
    "areas_owning": "areas that own a qualified site (every required function in use)",
    "elders": "registered elders aged 60 and over",
    "elders_in_homes": "elders who live in a home",
    "elders_at_home": "elders who live at home",
    "served_at_home": "elders at home with at least one finished service at home this year",
    "bought_at_home": "elders at home with at least one finished service at home that the government paid for this year",
    "to_be_met": "elders on the list of visits",
    "met": "elders met in time this month (silence and late entries do not count)",
    "judged_for_circles": "elders counted for the circles",
    "reached": "elders within the circle on foot",
    "areas_flagged": "areas that hold the title",
    "project_sites": "sites of the project that have opened",
    "obligations": "residential areas whose duty to have room for elders is due",
    "obligations_met": "residential areas whose duty is due and met: handed over, with enough square metres",
    "volunteers": "registered volunteers",
    "carers": "carers at work",
    "certified_carers": "carers at work with a valid certificate",
}
_FLAGS_ZH = {"nursing": "护理型", "dementia": "认知障碍照护", "basic_guarantee": "保基本", "home_bed": "家庭照护"}
_FLAGS_EN = {
    "nursing": "nursing",
    "dementia": "dementia",
    "basic_guarantee": "basic-guarantee",
    "home_bed": "home care",
}
_BASIS_ZH = {"licensed": "按许可床位", "open": "按开放床位", "occupied": "按在住床位"}
_BASIS_EN = {"licensed": "licensed", "open": "open", "occupied": "occupied"}
_SETTING_ZH, _SETTING_EN = {"urban": "城镇", "rural": "农村"}, {"urban": "urban", "rural": "rural"}
_PEOPLE_ZH = {"residents": "常住人口", "elders_60": "60岁及以上人口"}
_PEOPLE_EN = {"residents": "residents", "elders_60": "people aged 60 and over"}


def definition_in_words(formula: Formula) -> str:
    """Say how an indicator is counted, in the reader's language."""
    above = measure_in_words(formula.numerator)
    if formula.people:
        below = for_reader(_PEOPLE_ZH[formula.people], _PEOPLE_EN[formula.people])
    elif formula.denominator is not None:
        below = measure_in_words(formula.denominator)
    else:
        return for_reader(f"{above}的数量。", f"Number of {above}.")
    times = "" if formula.factor in (1, 100) else f"×{formula.factor}"
    return for_reader(f"{above}{times}÷{below}。", f"{above} {times} ÷ {below}.".replace("  ", " "))


def measure_in_words(measure: Measure) -> str:
    """Say what is counted."""
    told = measure.told
    words = for_reader(_ZH[measure.what], _EN[measure.what])
    if measure.subject == "bed":
        flags = [for_reader(_FLAGS_ZH[flag], _FLAGS_EN[flag]) for flag in told.get("flags", ())]
        basis = for_reader(_BASIS_ZH[told["basis"]], _BASIS_EN[told["basis"]])
        words = for_reader(f"{'、'.join(flags)}{words}（{basis}）", f"{listed(flags)} {words} ({basis})".strip())
    if "standardised" in told:
        words = for_reader(f"{words}（标准化运行检查合格）", f"{words} (run to the standard by the last check)")
    if measure.subject == "facility" and "setting" in told:
        where = for_reader(_SETTING_ZH[told["setting"]], _SETTING_EN[told["setting"]])
        words = for_reader(f"{where}{words}", f"{where} {words}")
    if told.get("weight") == "floor_area_m2":
        words = for_reader(f"{words}的建筑面积（平方米）", f"floor area of {words} (m²)")
    if told.get("weight") == "functions":
        words = for_reader(f"{words}在用的标配功能数", f"standard functions in use at {words}")
    if told.get("weight") == "each":
        words = for_reader(f"{words}×{told['each']}项标配功能", f"{words} × {told['each']} standard functions")
    return words
