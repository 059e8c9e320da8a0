"""Why a subscription of a platform could not be made or changed, and what to do instead."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class NotYourWebhook(NotAllowed):
    """Subscriptions are kept by the administrator of the area; facts: area_code."""

    message_zh = "数据推送由本地区的系统管理员设置。"


class WebhookNotFound(NotFound):
    """No such subscription in one's own area; facts: webhook_id."""

    message_zh = "没有这个推送订阅，或者它不在您管理的地区。"


class WebhookEnded(Conflict):
    """An ended subscription never starts again; a new one is made instead."""

    message_zh = "这个推送订阅已经结束。需要的话请另建一个。"


class BadWebhook(Invalid):
    """An address, a name or a kind that cannot be; `field` says which, the message what to mend."""

    message_zh = "请核对平台名称、地址和要推送的种类。"


class WebhookStandsAlready(Conflict):
    """The same address follows the same area already."""

    message_zh = "这个地址已经订阅了这个地区。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {"webhook_one_subscription_idx": WebhookStandsAlready}
