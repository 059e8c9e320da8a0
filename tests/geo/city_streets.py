"""The two cities the geo tests walk in, and an oracle that shares no code with the engine."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo.network import Network, geodesic_m, read_network
from geo.osm_streets import walked_ways

OSM = Path(__file__).resolve().parents[2] / "sample_data" / "osm"
FILES = {"nanjing": OSM / "nanjing_xuanwu_2021-06.osm.xml.gz", "helsinki": OSM / "helsinki_center.osm.pbf"}
MIDDLES = {"nanjing": (118.766, 118.794, 32.035, 32.051), "helsinki": (24.938, 24.951, 60.1655, 60.1775)}


@lru_cache(maxsize=2)
def city_network(city: str) -> Network:
    return read_network(FILES[city])


def doors(city: str, count: int, seed: int = 7) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    west, east, south, north = MIDDLES[city]
    chance = np.random.default_rng(seed)
    return chance.uniform(west, east, count), chance.uniform(south, north, count)


@lru_cache(maxsize=2)
def every_point(city: str) -> tuple[npt.NDArray[np.int64], dict[tuple[int, int], float]]:
    """All points of walked ways (as barriers part them) and the metres between neighbours, straight from the file."""
    ids: set[int] = set()
    metres: dict[tuple[int, int], float] = {}
    for way, _ in walked_ways(FILES[city]):
        steps = geodesic_m(way.lons[:-1], way.lats[:-1], way.lons[1:], way.lats[1:])
        refs = way.node_ids.tolist()
        ids.update(refs)
        for a, b, step in zip(refs[:-1], refs[1:], steps.tolist(), strict=True):
            key = (min(a, b), max(a, b))
            metres[key] = min(step, metres.get(key, np.inf))
    return np.array(sorted(ids)), metres


def metres_from(city: str, starts: dict[int, float]) -> dict[int, float]:
    """Metres from a door to every OSM point, given the metres to the points beside it; scipy's Dijkstra."""
    ids, metres = every_point(city)
    place = {osm_id: k for k, osm_id in enumerate(ids.tolist())}
    door = len(ids)
    links = [(place[a], place[b], m) for (a, b), m in metres.items()]
    links += [(door, place[osm_id], m) for osm_id, m in starts.items()]
    # scipy reads a stored zero as "no link", so doors exactly on a point get the smallest metre there is
    tails, heads, weights = (np.array(column) for column in zip(*links, strict=True))
    table = coo_array((np.maximum(weights, 1e-12), (tails, heads)), shape=(door + 1, door + 1)).tocsr()
    found = dijkstra(table, directed=False, indices=door)
    return {osm_id: float(found[k]) for osm_id, k in place.items() if np.isfinite(found[k])}
