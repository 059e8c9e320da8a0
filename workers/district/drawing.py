"""Draws the demonstration's communities and quarters over real blocks, and lists the houses to live in.

Run once (`bin/yinling district draw`); its results are committed as sample_data/district/areas.geojson and
homes.csv. Streets (街道) carry real codes and names; communities and quarters are invented, with codes from
901 on, which no real community has. Coordinates are (lon, lat) in WGS-84. Map (c) OpenStreetMap
contributors, ODbL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, unary_union

from geo.osm_reader import Building, Way, read_buildings, read_ways

FRAME = (118.7665, 32.0345, 118.7975, 32.0530)
"""West, south, east, north: where the extract has both streets and houses."""

METRES_PER_DEGREE_LAT = 111_132.0
METRES_PER_DEGREE_LON = 111_320.0 * float(np.cos(np.radians(32.04)))
MAJOR = {"primary", "secondary", "tertiary", "trunk"}
BLOCK_EDGES = MAJOR | {"residential", "unclassified", "living_street", "pedestrian", "service"}
NOT_HOMES = {"school", "office", "commercial", "hotel", "university", "retail", "hospital", "civic"}
SMALLEST_HOME_M2, LARGEST_HOME_M2 = 80.0, 2500.0
SMALLEST_QUARTER_HOMES = 6

STREETS: dict[tuple[int, int], tuple[int, str, tuple[str, ...]]] = {
    (0, 0): (320106002, "华侨路街道", ("金银里", "梧桐里", "书香里", "汉西里")),
    (0, 1): (320102003, "新街口街道", ("成贤里", "青石里", "估衣里", "文津里", "长江里")),
    (0, 2): (320102002, "梅园新村街道", ("汉府里", "桃源里", "雍和里")),
    (1, 0): (320104012, "朝天宫街道", ("冶山里", "秣陵里", "石榴里", "安品里", "仓前里")),
    (1, 1): (320104007, "洪武路街道", ("户部里", "羊皮里", "洪福里", "游府里", "火瓦里", "淮海里")),
    (1, 2): (320104006, "五老村街道", ("三条里", "文昌里", "科巷里", "红庙里", "常府里", "利济里", "头条里")),
}
"""Row (0 north, 1 south) and column (west to east) of the crossing of Zhongshan and Taiping roads."""

_QUARTER_NAMES = (
    "新村",
    "小区",
    "苑",
    "东苑",
    "西苑",
    "南苑",
    "北苑",
    "花园",
    "公寓",
    "家园",
    "一村",
    "二村",
)
_HOME_NAME = re.compile("小区|新寓|公寓|苑|里$|村$")


@dataclass
class Block:
    """A piece of city between streets, with the homes that stand in it."""

    outline: Polygon
    homes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class DrawnArea:
    """A street, community or quarter with its outline."""

    code: int
    level: str
    name: str
    outline: MultiPolygon


@dataclass(frozen=True)
class Home:
    """A real building in which invented elders live; `building_no` counts within the quarter (幢)."""

    osm_id: int
    lon: float
    lat: float
    quarter_code: int
    lane: str
    number: int
    building_no: int
    floors: int


@dataclass(frozen=True)
class Drawing:
    """Everything drawn: areas from street to quarter, and the homes."""

    areas: list[DrawnArea]
    homes: list[Home]


def draw_district(osm_file: Path) -> Drawing:
    """Draw communities and quarters over the blocks of an OSM extract of central Nanjing."""
    ways = [way for way in read_ways(osm_file) if "highway" in way.tags]
    homes = _homes(read_buildings(osm_file), _places_without_homes(osm_file))
    centres = np.array([_metres(home.polygon.centroid) for home in homes])
    lanes = _Lanes(ways)
    areas: list[DrawnArea] = []
    listed: list[Home] = []
    for cell, outline in _street_outlines(ways).items():
        code, name, communities = STREETS[cell]
        street_code = code * 10**6
        areas.append(DrawnArea(street_code, "street", name, _multi(outline)))
        blocks = _blocks(outline, ways, homes)
        for index, members in enumerate(_communities(blocks, centres, len(communities))):
            community_code = street_code + (901 + index) * 1000
            drawn, housed = _draw_community(community_code, communities[index], members, homes, centres, lanes)
            areas += drawn
            listed += housed
    return Drawing(areas, listed)


def _draw_community(
    code: int,
    name: str,
    blocks: list[Block],
    homes: list[Building],
    centres: NDArray[np.float64],
    lanes: _Lanes,
) -> tuple[list[DrawnArea], list[Home]]:
    outline = _multi(unary_union([block.outline for block in blocks]))
    areas = [DrawnArea(code, "community", f"{name}社区", outline)]
    listed: list[Home] = []
    for index, quarter in enumerate(_quarters(blocks, centres)):
        quarter_code = code + 901 + index
        shape = _multi(unary_union([block.outline for block in quarter]))
        areas.append(DrawnArea(quarter_code, "quarter", name + _QUARTER_NAMES[index], shape))
        members = sorted(home for block in quarter for home in block.homes)
        for number, place in enumerate(_row_order(members, centres), start=1):
            listed.append(_home(homes[place], quarter_code, number, lanes))
    return areas, listed


def _home(building: Building, quarter_code: int, building_no: int, lanes: _Lanes) -> Home:
    inside = building.polygon.representative_point()
    lane, number = lanes.address(inside)
    levels = building.tags.get("building:levels", "")
    floors = int(levels) if levels.isdigit() and 0 < int(levels) < 40 else 6
    return Home(
        building.osm_id,
        round(inside.x, 7),
        round(inside.y, 7),
        quarter_code,
        lane,
        number,
        building_no,
        floors,
    )


class _Lanes:
    """The named streets, and which number a door has on the nearest one."""

    def __init__(self, ways: list[Way]) -> None:
        named = [way for way in ways if way.tags.get("name") and way.tags["highway"] != "trunk"]
        self._names = [way.tags["name"] for way in named]
        self._lines = [LineString(_in_metres(np.column_stack([way.lons, way.lats]))) for way in named]
        self._tree = shapely.STRtree(self._lines)

    def address(self, place: Point) -> tuple[str, int]:
        """Give the nearest named street, and a number that grows along it, odd on one side, even on the other."""
        point = Point(*_metres(place))
        nearest = int(self._tree.nearest(point))
        line = self._lines[nearest]
        along = line.project(point)
        ahead = line.interpolate(min(along + 1.0, line.length))
        behind = line.interpolate(max(along - 1.0, 0.0))
        side = (ahead.x - behind.x) * (point.y - behind.y) - (ahead.y - behind.y) * (point.x - behind.x)
        return self._names[nearest], 2 * int(along / 9.0) + (1 if side > 0 else 2)


def _homes(buildings: list[Building], elsewhere: BaseGeometry) -> list[Building]:
    frame = box(*FRAME)
    found = []
    for building in buildings:
        centre = building.polygon.representative_point()
        if _looks_like_home(building) and frame.covers(centre) and not elsewhere.intersects(centre):
            found.append(building)
    return found


def _looks_like_home(building: Building) -> bool:
    tags = building.tags
    if tags.get("building") in NOT_HOMES or any(
        key in tags for key in ("amenity", "shop", "office", "tourism", "leisure", "historic")
    ):
        return False
    if tags.get("name") and not _HOME_NAME.search(tags["name"]):
        return False
    area_m2 = building.polygon.area * METRES_PER_DEGREE_LAT * METRES_PER_DEGREE_LON
    return bool(SMALLEST_HOME_M2 <= area_m2 <= LARGEST_HOME_M2)


def _places_without_homes(osm_file: Path) -> BaseGeometry:
    """Give the union of schools, parks, palaces and stadiums, whose buildings are not homes."""
    factory = osmium.geom.WKBFactory()
    shapes = []
    for item in osmium.FileProcessor(str(osm_file)).with_areas():
        if not isinstance(item, osmium.osm.Area) or "building" in item.tags:
            continue
        tags = item.tags
        if tags.get("amenity") in {
            "school",
            "university",
            "hospital",
            "courthouse",
            "marketplace",
        } or tags.get("leisure") in {"park", "stadium", "sports_centre"}:
            shapes.append(shapely.make_valid(shapely.from_wkb(factory.create_multipolygon(item))))
    return unary_union(shapes)


def _street_outlines(ways: list[Way]) -> dict[tuple[int, int], BaseGeometry]:
    west_axis = _axis(ways, {"中山路", "中山南路"}, vertical=True)
    east_axis = _axis(ways, {"太平北路", "太平南路"}, vertical=True)
    middle = _axis(ways, {"汉中路", "中山东路"}, vertical=False)
    pieces: dict[tuple[int, int], list[Polygon]] = {}
    for piece in polygonize(unary_union([box(*FRAME).boundary, west_axis, east_axis, middle])):
        centre = piece.representative_point()
        column = int(_right_of(west_axis, centre)) + int(_right_of(east_axis, centre))
        pieces.setdefault((int(_below(middle, centre)), column), []).append(piece)
    return {cell: unary_union(shapes) for cell, shapes in sorted(pieces.items())}


def _axis(ways: list[Way], names: set[str], *, vertical: bool) -> LineString:
    along = 1 if vertical else 0
    low, high = (FRAME[1], FRAME[3]) if vertical else (FRAME[0], FRAME[2])
    runs = [way for way in ways if way.tags.get("name") in names and way.tags["highway"] in MAJOR]
    points = np.concatenate([np.column_stack([way.lons, way.lats]) for way in runs])
    bins = np.round(points[:, along] / 0.0006).astype(int)
    line = np.array([points[bins == each].mean(axis=0) for each in np.unique(bins)])
    first, last = line[0].copy(), line[-1].copy()
    first[along], last[along] = low - 0.001, high + 0.001
    inner = line[(line[:, along] > low - 0.001) & (line[:, along] < high + 0.001)]
    return LineString(np.vstack([first, inner, last]))


def _right_of(axis: LineString, place: Point) -> bool:
    return bool(place.x > axis.intersection(LineString([(118, place.y), (119, place.y)])).centroid.x)


def _below(axis: LineString, place: Point) -> bool:
    return bool(place.y < axis.intersection(LineString([(place.x, 31), (place.x, 33)])).centroid.y)


def _blocks(outline: BaseGeometry, ways: list[Way], homes: list[Building]) -> list[Block]:
    lines = [
        LineString(np.column_stack([way.lons, way.lats])).intersection(outline)
        for way in ways
        if way.tags["highway"] in BLOCK_EDGES and (way.tags.get("name") or way.tags["highway"] != "service")
    ]
    blocks = [Block(piece) for piece in polygonize(unary_union([outline.boundary, *lines]))]
    tree = shapely.STRtree([block.outline for block in blocks])
    for index, home in enumerate(homes):
        for place in tree.query(home.polygon.representative_point(), predicate="within")[:1]:
            blocks[int(place)].homes.append(index)
    return blocks


def _communities(blocks: list[Block], centres: NDArray[np.float64], wanted: int) -> list[list[Block]]:
    """Group whole blocks around `wanted` gatherings of homes, west to east."""
    members = np.array([home for block in blocks for home in block.homes])
    seeds = _gatherings(centres[members], wanted)
    groups: list[list[Block]] = [[] for _ in range(wanted)]
    for block in blocks:
        middle = centres[block.homes].mean(axis=0) if block.homes else np.array(_metres(block.outline.centroid))
        groups[int(((seeds - middle) ** 2).sum(axis=1).argmin())].append(block)
    return groups


def _gatherings(points: NDArray[np.float64], wanted: int) -> NDArray[np.float64]:
    """Find `wanted` centres by Lloyd's rounds from evenly spaced starts, the same on every machine."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    seeds = points[order[np.linspace(0, len(points) - 1, wanted * 2 + 1).astype(int)[1::2]]].copy()
    for _ in range(60):
        nearest = ((points[:, None, :] - seeds[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
        for index in range(wanted):
            if (nearest == index).any():
                seeds[index] = points[nearest == index].mean(axis=0)
    return np.asarray(seeds[np.lexsort((seeds[:, 1], seeds[:, 0]))])


def _quarters(blocks: list[Block], centres: NDArray[np.float64]) -> list[list[Block]]:
    """Make each block with enough homes a quarter; smaller ones join the nearest."""
    lived_in = sorted((block for block in blocks if block.homes), key=lambda block: -len(block.homes))
    large = [block for block in lived_in if len(block.homes) >= SMALLEST_QUARTER_HOMES][: len(_QUARTER_NAMES)]
    quarters = [[block] for block in large or lived_in[:1]]
    middles = [centres[quarter[0].homes].mean(axis=0) for quarter in quarters]
    for block in lived_in:
        if all(block is not quarter[0] for quarter in quarters):
            here = centres[block.homes].mean(axis=0)
            nearest = min(range(len(quarters)), key=lambda q: float(((middles[q] - here) ** 2).sum()))
            quarters[nearest].append(block)
    return quarters


def _row_order(members: list[int], centres: NDArray[np.float64]) -> list[int]:
    return sorted(members, key=lambda home: (-round(centres[home][1] / 25.0), centres[home][0]))


def _multi(shape: BaseGeometry) -> MultiPolygon:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    whole = MultiPolygon([Polygon(part.exterior) for part in parts])
    rounded = shapely.set_precision(whole, 1e-7)
    return rounded if isinstance(rounded, MultiPolygon) else MultiPolygon([rounded])


def _metres(place: Point) -> tuple[float, float]:
    return place.x * METRES_PER_DEGREE_LON, place.y * METRES_PER_DEGREE_LAT


def _in_metres(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(points * np.array([METRES_PER_DEGREE_LON, METRES_PER_DEGREE_LAT]))
