"""The outlines of a city's areas in memory: in which street a point lies, and how far it is from the one it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geo.snap import local_plane
from services.intake.rules import plain

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
LEVELS = ("province", "city", "district", "street", "community", "quarter")
_SUFFIX = re.compile(r"(新区|自治县|地区|街道办事处|街道|居委会|居民委员会|村委会|社区|区|县|市|镇|乡|村)$")
_NOT_AFTER = "路街道江山寺桥弄巷"
"""A short name with one of these behind it is a street's or a temple's, not the district's (宝山路 is not in 宝山)."""


@dataclass(frozen=True)
class Area:
    """One area: 15-digit code, level, name; `shape` in WGS-84 (lon, lat) where its outline is known."""

    code: int
    level: str
    name: str
    shape: Any = None


@dataclass(frozen=True)
class Outlines:
    """All areas of a city."""

    city_code: int
    city_name: str
    areas: list[Area]
    _by_code: dict[int, Area] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_code.update({area.code: area for area in self.areas})

    @cached_property
    def drawn(self) -> list[Area]:
        """The areas with an outline below the city, deepest first: the first that covers a point is the smallest."""
        drawn = [area for area in self.areas if area.shape is not None]
        below = [area for area in drawn if area.level not in ("province", "city")] or drawn
        return sorted(below, key=lambda area: (-LEVELS.index(area.level), area.code))

    @cached_property
    def _plane(self) -> Any:
        west, south, east, north = shapely.total_bounds([area.shape for area in self.drawn])
        return local_plane((west + east) / 2, (south + north) / 2)[0]

    def _flat(self, shapes: Any) -> Any:
        return shapely.transform(shapes, lambda at: np.column_stack(self._plane.transform(at[:, 0], at[:, 1])))

    @cached_property
    def _shapes(self) -> list[Any]:
        shapes = list(self._flat([area.shape for area in self.drawn]))
        shapely.prepare(shapes)
        return shapes

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._shapes)

    def name_of(self, code: int) -> str:
        """Give an area's name, or its code."""
        area = self._by_code.get(code)
        return area.name if area else str(code)

    def knows(self, code: int) -> bool:
        """Tell whether an area is registered."""
        return code in self._by_code

    def has_outline(self, code: int) -> bool:
        """Tell whether an area's outline is known."""
        area = self._by_code.get(code)
        return area is not None and area.shape is not None

    def areas_at(self, lons: Floats, lats: Floats) -> Longs:
        """Give the code of the smallest area that covers each WGS-84 point, 0 where none does; (n,)."""
        found = np.full(len(lons), len(self.drawn), dtype=np.int64)
        if len(lons) and self.drawn:
            points, places = self._tree.query(self._points(lons, lats), predicate="intersects")
            np.minimum.at(found, points, places)
        codes = np.array([*(area.code for area in self.drawn), 0], dtype=np.int64)
        return codes[found]

    def metres_from(self, code: int, lons: Floats, lats: Floats) -> Floats:
        """Give each WGS-84 point's distance to an area in metres, 0 inside it; (n,). The area has an outline."""
        place = next(place for place, area in enumerate(self.drawn) if area.code == code)
        return np.asarray(shapely.distance(self._points(lons, lats), self._shapes[place]), dtype=np.float64)

    def metres_from_city(self, lons: Floats, lats: Floats) -> Floats:
        """Give each WGS-84 point's distance to the nearest drawn area of the city in metres, 0 inside; (n,)."""
        if not self.drawn:
            return np.zeros(len(lons))
        (points, _), distance = self._tree.query_nearest(
            self._points(lons, lats), return_distance=True, all_matches=False
        )
        nearest = np.zeros(len(lons))
        nearest[points] = distance
        return nearest

    def _points(self, lons: Floats, lats: Floats) -> Any:
        return np.asarray(shapely.points(*self._plane.transform(np.asarray(lons), np.asarray(lats))))

    @cached_property
    def _names(self) -> dict[str, dict[str, list[Area]]]:
        """Areas by level and by full and short name."""
        names: dict[str, dict[str, list[Area]]] = {level: {} for level in LEVELS}
        for area in self.areas:
            for name in {area.name, short_name(area.name)}:
                names[area.level].setdefault(name, []).append(area)
        return names

    def named(self, level: str, text: str, within: int | None = None) -> int | None:
        """Give the code of the area somebody names (full or short), inside another one if that is known.

        None when there is none or when the name is not unique.
        """
        told = plain(text).replace(" ", "")
        found = self._names[level].get(told) or self._names[level].get(short_name(told)) or []
        inside = [area for area in found if within is None or _inside(within, area.code)]
        full = [area for area in inside if area.name == told] or inside
        return full[0].code if len(full) == 1 else None

    @cached_property
    def _districts_in_names(self) -> tuple[re.Pattern[str] | None, dict[str, int]]:
        codes = {area.name: area.code for area in self.areas if area.level == "district" and len(area.name) > 1}
        codes.pop("市辖区", None)
        if not codes:
            return None, {}
        shorts = {short_name(name): code for name, code in codes.items() if len(short_name(name)) > 1}
        full = "|".join(map(re.escape, sorted(codes, key=len, reverse=True)))
        short = "|".join(map(re.escape, sorted(shorts, key=len, reverse=True)))
        city = re.escape(short_name(self.city_name))
        return re.compile(f"({full})|^{city}市?({short})(?![{_NOT_AFTER}])"), codes | shorts

    def district_in(self, text: str) -> int | None:
        """Give the district a site's own name begins with or holds in full (上海崇明庙镇敬老院: 崇明), or None."""
        pattern, codes = self._districts_in_names
        found = pattern.search(plain(text)) if pattern else None
        return codes[found.group(1) or found.group(2)] if found else None

    def without_names(self, text: str) -> str:
        """Give an address without the city, district, street and community it begins with."""
        rest = plain(text).replace(" ", "")
        for level in ("province", "city", "district", "street", "community"):
            names = [self.city_name] if level == "city" else list(self._names[level])
            fitting = [name for name in names if len(name) > 1 and rest.startswith(name)]
            fitting = [name for name in fitting if _ends_name(name, rest[len(name) :])]
            if fitting:
                rest = rest[len(max(fitting, key=len)) :]
        return rest


def _ends_name(name: str, rest: str) -> bool:
    """A short name before 路 or a number is the road's (梅园路, 文津里3号), not the area's."""
    return _SUFFIX.search(name) is not None or not (rest[:1] in _NOT_AFTER or rest[:1].isdigit() or not rest)


def _inside(outer: int, inner: int) -> bool:
    size = 1
    while outer % (size * 10) == 0:
        size *= 10
    return outer <= inner < outer + size


def short_name(name: str) -> str:
    """Give an area's name as people say it: 浦东新区 is 浦东, 崇明区 is 崇明; two letters at least remain."""
    short = _SUFFIX.sub("", name)
    return short if len(short) > 1 else name
