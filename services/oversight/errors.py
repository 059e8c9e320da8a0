"""Why a figure cannot be shown."""

from __future__ import annotations

from services.errors import Conflict, DomainError, NotAllowed, NotFound


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


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "erasure_request_one_open_idx": ErasureNotOpen,
    "erasure_request_decided_by_another_check": NotAllowed,
}
