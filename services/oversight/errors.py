"""Why a figure cannot be shown."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from services.oversight.alert_errors import BY_CONSTRAINT as OF_ALERTS
from services.oversight.webhook_errors import BY_CONSTRAINT as OF_WEBHOOKS


class NotADesk(NotAllowed):
    """The desk belongs to an office with an area."""

    message_zh = "这个页面给有辖区的工作人员使用。"


class NoSuchFigure(NotFound):
    """The desk has no such figure."""

    message_zh = "没有这项数据。"


class NothingToDraw(NotFound):
    """Neither outlines of areas nor streets lie in this area, so there is no map to print; facts: area_code."""

    message_zh = "这个辖区还没有区划边界，也没有路网，画不出地图。请先导入区划或路网。"


class UnknownIndicator(NotFound):
    """The city's rules have no such indicator that is counted; facts: code, area_code."""

    message_zh = "本市的规则里没有这个指标。"


class NotCounted(NotFound):
    """Indicators are counted for communities, streets, districts and cities only; facts: area_code."""

    message_zh = "指标按社区、街道、区县和全市统计，没有更小范围的数字。"


class StillUnderWay(Conflict):
    """Something must be finished before somebody can be forgotten; `waiting` names it."""

    message_zh = "还有没办完的事，先办完才能注销。"


class ErasureNotOpen(Conflict):
    """The request was decided, withdrawn or done already, or another one is still open."""

    message_zh = "这个注销申请已经处理过，或者还有一个申请没有处理。"


class BadStatistic(Invalid):
    """A count of people without a day, a number or a source; the message says what to mend."""

    message_zh = "请核对人口种类、日期、人数和出处。"


class StatisticNotFound(NotFound):
    """No such count stands here, or it was withdrawn already; facts: statistic_id."""

    message_zh = "没有这个人口数，或者已经撤下了。"


class StatisticStandsAlready(Conflict):
    """The same number of the same day and source stands already; facts: area_code, what."""

    message_zh = "同一天、同一出处的这个数已经登记过了。"


class MonthNotOver(Invalid):
    """A report is made about a month that is over; facts: month."""

    message_zh = "月报只能生成已经过完的月份（2015年以后）。"


class ReportNotFound(NotFound):
    """No such report, or not of one's own area; facts: report_id."""

    message_zh = "没有这份月报，或者您无权查看。"


class ReportNotMade(Conflict):
    """The report is still being made, or could not be; facts: report_id, state."""

    message_zh = "这份月报还没有做好，请稍后刷新。"


class ReportUnderWay(Conflict):
    """The same report is being made already; facts: area_code, month."""

    message_zh = "这个月的月报正在生成，请稍后刷新。"


class NothingOpen(NotFound):
    """The city has published no such table; facts: city_code."""

    message_zh = "这个城市还没有公布这张表。"


class BadForm(Invalid):
    """A form that is no workbook, too large, or names fields that a report does not have; facts: unknown."""

    message_zh = "表格打不开，或者里面没有填写项。请核对填写项的名称。"


class FormNotFound(NotFound):
    """No such form of one's own area, or it was put away; facts: form_id."""

    message_zh = "没有这份表格，或者已经撤下了。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    **OF_ALERTS,
    **OF_WEBHOOKS,
    "erasure_request_one_open_idx": ErasureNotOpen,
    "erasure_request_decided_by_another_check": NotAllowed,
}
