"""Why a site or provider could not be found or taken over."""

from __future__ import annotations

from services.errors import Conflict, Invalid, NotFound


class UnknownFacility(NotFound):
    """No such site."""

    message_zh = "没有这个设施。"


class UnknownProvider(NotFound):
    """No such organisation."""

    message_zh = "没有这个服务机构。"


class UnknownCoordinates(Invalid):
    """The coordinate system was not named, or is none the house knows: half a kilometre is at stake."""

    message_zh = "必须写明坐标系：wgs84、gcj02、bd09 或 cgcs2000。"


class CityWithoutOutlines(Conflict):
    """No area of the city has an outline, so no point can be placed in a street."""

    message_zh = "这个城市还没有载入任何区划边界，无法判断设施在哪个街道。"
