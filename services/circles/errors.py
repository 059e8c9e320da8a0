"""Why a circle or a coverage cannot be told."""

from services.errors import Invalid, NotFound


class NoWalkingNetwork(NotFound):
    """The city has no streets yet; facts: `city_code`."""

    message_zh = "本市尚未导入步行路网，无法计算服务圈。"


class NotYetComputed(NotFound):
    """Streets and register are there, but nobody has computed the reach; facts: `city_code`."""

    message_zh = "本市的服务圈尚未计算，请稍后再看。"


class NoStreetNear(NotFound):
    """No usable street within the snapping limit of the point; facts: `lon`, `lat`, `limit_m`."""

    message_zh = "附近没有可用的步行道路，无法计算服务圈。"


class UnknownWay(Invalid):
    """A profile, a coordinate system or a number of minutes that we do not have; facts: `field`, `known`."""

    message_zh = "步行方式、坐标系或分钟数不在可选范围内。"
