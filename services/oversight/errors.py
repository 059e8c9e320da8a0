"""Why a figure cannot be shown."""

from __future__ import annotations

from services.errors import NotAllowed, NotFound


class NotADesk(NotAllowed):
    """The desk belongs to an office with an area."""

    message_zh = "这个页面给有辖区的工作人员使用。"


class NoSuchFigure(NotFound):
    """The desk has no such figure."""

    message_zh = "没有这项数据。"
