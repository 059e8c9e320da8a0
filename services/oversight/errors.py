"""Why a figure cannot be shown."""

from __future__ import annotations

from services.errors import NotAllowed, NotFound


class NotADesk(NotAllowed):
    """The desk belongs to an office with an area."""

    message_zh = "这个页面给有辖区的工作人员使用。"


class NoSuchFigure(NotFound):
    """The desk has no such figure."""

    message_zh = "没有这项数据。"


class NothingToDraw(NotFound):
    """Neither outlines of areas nor streets lie in this area, so there is no map to print; facts: area_code."""

    message_zh = "这个辖区还没有区划边界，也没有路网，画不出地图。请先导入区划或路网。"
