"""Why somebody could not be told."""

from __future__ import annotations

from services.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable


class UnknownTemplate(Invalid):
    """No room has a message of this name."""

    message_zh = "没有这种消息模板。"


class NoSuchMessage(NotFound):
    """The message does not exist or is somebody else's."""

    message_zh = "没有这条消息。"


class CarrierRefused(Conflict):
    """The carrier answered and will not carry this: a dead number, a consent that was withdrawn."""

    message_zh = "通道拒绝发送。"


class CarrierUnknown(Unavailable):
    """The carrier did not answer in time: perhaps it was sent. Ask again with the same key."""

    message_zh = "通道没有答复，稍后重试。"


class BadReportSignature(NotAllowed):
    """A report on a text that does not come from the gateway."""

    message_zh = "短信回执的签名无效。"


class BadReport(Invalid):
    """A signed report that cannot be read."""

    message_zh = "短信回执无法读取。"
