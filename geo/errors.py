"""What can be wrong with a map before an elder's circle is drawn on it; plain exceptions that carry facts."""

from collections.abc import Sequence


class GeoError(Exception):
    """A fact about coordinates or a network that stops a circle from being drawn."""


class UnknownCrs(GeoError):
    """A point came in an unknown coordinate system: it could land some 500 m from the elder's door."""

    def __init__(self, crs: str, known: Sequence[str]) -> None:
        self.crs = crs
        self.known = tuple(known)
        super().__init__(f"未知坐标系 {crs!r}，可用：{'、'.join(known)}")


class UnreadableMap(GeoError):
    """A map file is torn, empty or of another kind; the network in use stays as it was."""

    def __init__(self, file_name: str, reason: str) -> None:
        self.file_name = file_name
        self.reason = reason
        super().__init__(f"地图文件 {file_name} 无法读取：{reason}")


class NoNetwork(GeoError):
    """A city has no walking network yet, so no circle can be exact there."""

    def __init__(self, city_code: int) -> None:
        self.city_code = city_code
        super().__init__(f"城市 {city_code} 尚未导入步行路网")


class UnknownProfile(GeoError):
    """Somebody asked for a way of walking that is not among the profiles."""

    def __init__(self, profile: str, known: Sequence[str]) -> None:
        self.profile = profile
        self.known = tuple(known)
        super().__init__(f"未知步行方式 {profile!r}，可用：{'、'.join(known)}")


class NotSnapped(GeoError):
    """A point has no walkable street of the usable network near it."""

    def __init__(self, lon: float, lat: float, limit_m: float) -> None:
        self.lon = lon
        self.lat = lat
        self.limit_m = limit_m
        super().__init__(f"({lon:.6f}, {lat:.6f}) 周围 {limit_m:.0f} 米内没有可用的步行道路")


class NoSuchMinutes(GeoError):
    """A circle of so many minutes is not drawn: too long, or not among the distances of the standard."""

    def __init__(self, minutes: int, known: str) -> None:
        self.minutes = minutes
        self.known = known
        super().__init__(f"没有 {minutes} 分钟圈，可用：{known}")


class NoChineseFont(GeoError):
    """No installed font can print Chinese on a map."""

    def __init__(self, looked_for: Sequence[str]) -> None:
        self.looked_for = tuple(looked_for)
        super().__init__(
            "没有可用的中文字体，请安装 fonts-noto-cjk 或 fonts-wqy-microhei（" + "、".join(looked_for[:4]) + "）"
        )


class UnreadableRaster(GeoError):
    """A population grid cannot be used; nothing was written."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}：{reason}")
