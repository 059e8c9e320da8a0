"""Why a remedy for a gap could not be written down."""

from __future__ import annotations

from services.errors import Conflict, Invalid, NotFound


class RemedyIncomplete(Invalid):
    """Something needed is missing or cannot be; facts: field."""

    message_zh = "请把标出的一项写对。"


class NoGapThere(Conflict):
    """The area owns a qualified site of this circle, or the circle does not ask it to; facts: area_code, tier_code."""

    message_zh = "这个地方没有这样的缺口，不用定办法。"


class RemedyNotFound(NotFound):
    """No such remedy; facts: remedy_id."""

    message_zh = "没有这个办法。"


class RemedyWithdrawn(Conflict):
    """The remedy was withdrawn before; facts: remedy_id."""

    message_zh = "这个办法已经撤回了。"
