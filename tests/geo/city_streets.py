"""The cities the geo tests walk in, and an oracle that shares no code with the engine."""

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo.network import Network, geodesic_m, read_network
from geo.osm_streets import walked_ways

ROOT = Path(__file__).resolve().parents[2]
OSM = ROOT / "sample_data" / "osm"
FILES = {
    "nanjing": OSM / "nanjing_xuanwu_2021-06.osm.xml.gz",
    "helsinki": OSM / "helsinki_center.osm.pbf",
    "shanghai": OSM / "shanghai_huangpu_jingan_drive_2026-07.osm.gz",
    "university": OSM / "shanghai_baoshan_shu_full.osm.gz",
    "heidelberg": OSM / "heidelberg.osm.pbf",
}
MIDDLES = {
    "nanjing": (118.766, 118.794, 32.035, 32.051),
    "helsinki": (24.938, 24.951, 60.1655, 60.1775),
    "shanghai": (121.463, 121.484, 31.2215, 31.2395),
    "university": (121.382, 121.394, 31.313, 31.323),
    "heidelberg": (8.66, 8.71, 49.395, 49.42),
}
CITIES = tuple(FILES)


@cache
def city_network(city: str) -> Network:
    return read_network(FILES[city])


def doors(city: str, count: int, seed: int = 7) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    west, east, south, north = MIDDLES[city]
    chance = np.random.default_rng(seed)
    return chance.uniform(west, east, count), chance.uniform(south, north, count)


@lru_cache(maxsize=2)
def every_point(city: str) -> tuple[dict[int, int], dict[tuple[int, int], float]]:
    """All points of walked ways (as barriers part them) and the metres between neighbours, straight from the file.

    The first gives the map's own number of every point: the two sides of a barrier are two points of one number.
    """
    points: dict[int, int] = {}
    metres: dict[tuple[int, int], float] = {}
    for way, _ in walked_ways(FILES[city]):
        steps = geodesic_m(way.lons[:-1], way.lats[:-1], way.lons[1:], way.lats[1:])
        refs = way.node_ids.tolist()
        points.update(zip(refs, way.point_ids.tolist(), strict=True))
        for a, b, step in zip(refs[:-1], refs[1:], steps.tolist(), strict=True):
            key = (min(a, b), max(a, b))
            metres[key] = min(step, metres.get(key, np.inf))
    return points, metres


def metres_from(city: str, starts: dict[int, float]) -> dict[int, float]:
    """Metres from a door to every OSM point, given the metres to the points beside it; scipy's Dijkstra."""
    points, metres = every_point(city)
    place = {key: k for k, key in enumerate(points)}
    door = len(points)
    links = [(place[a], place[b], m) for (a, b), m in metres.items()]
    links += [(door, place[osm_id], m) for osm_id, m in starts.items()]
    # scipy reads a stored zero as "no link", so doors exactly on a point get the smallest metre there is
    tails, heads, weights = (np.array(column) for column in zip(*links, strict=True))
    table = coo_array((np.maximum(weights, 1e-12), (tails, heads)), shape=(door + 1, door + 1)).tocsr()
    found = dijkstra(table, directed=False, indices=door)
    least: dict[int, float] = {}
    for key, k in place.items():
        if np.isfinite(found[k]):
            least[points[key]] = min(float(found[k]), least.get(points[key], np.inf))
    return least
