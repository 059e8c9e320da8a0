"""Why a circle or a coverage cannot be told."""

from services.errors import Invalid, NotAllowed, NotFound


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


class NoCompounds(NotFound):
    """The city has no list of compounds to count elders by; facts: `city_code`."""

    message_zh = "本市尚未导入小区名单，无法按小区计算覆盖。"


class NoOutline(NotFound):
    """Neither the city nor its parts have an outline to lay a population grid in; facts: `city_code`."""

    message_zh = "本市没有行政区划边界，请同时提供边界文件。"


class UnknownDemand(Invalid):
    """The city does not count its elders that way; facts: `source`, `known`."""

    message_zh = "本市没有这种需求数据来源。"


class UnknownDoor(NotFound):
    """There is no such facility; facts: `facility_id`."""

    message_zh = "没有这个设施。"


class UnreadableStreets(Invalid):
    """A file of streets is torn, empty, of another kind or not in degrees; the old network stays; facts: `file_name`."""

    message_zh = "地图文件无法读取，现用路网未改动。"


class NoSuchVersion(NotFound):
    """There is no such version of a network; facts: `version_id`."""

    message_zh = "没有这个路网版本。"


class NoEarlierNetwork(NotFound):
    """The city has no network before the one in service; facts: `city_code`."""

    message_zh = "本市没有更早的路网版本可以恢复。"


class NoSuchGate(NotFound):
    """There is no such gate or barrier, or it was taken away; facts: `gate_id`."""

    message_zh = "没有这个出入口或阻隔点，或者已经撤销。"


class GateElsewhere(NotAllowed):
    """The point lies outside the officer's area; facts: `area_code`."""

    message_zh = "该点不在您管辖的区域内。"


class NothingPublished(NotFound):
    """The city has published no open coverage yet; facts: `city_code`."""

    message_zh = "本市尚未公布覆盖数据。"
