"""From a door to the street in front of it: the nearest edge of a usable part of the network.

Not the nearest crossing, which may lie a block away, and not a lane that the map forgot to join to the city
(on one Shanghai extract of 75 parts that mistake halved the coverage). Distances are measured in a local
transverse Mercator plane around the network, whose scale is within 1e-4 up to 90 km from its middle.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from shapely import STRtree

from geo.network import Network, geodesic_m, large_components, number_components

SNAP_LIMIT_M = 300.0

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Snaps:
    """Where p points meet the network.

    `edge` int64 (p,) is the edge's position in the network, -1 where nothing usable is within the limit;
    `fraction` float64 (p,) the place along it from u (0) to v (1); `distance_m` float64 (p,) the walk from
    the door to that place (inf when unsnapped); `lons`, `lats` that place in degrees (nan when unsnapped).
    """

    edge: Longs
    fraction: Floats
    distance_m: Floats
    lons: Floats
    lats: Floats

    def __len__(self) -> int:
        return len(self.edge)

    @property
    def found(self) -> Flags:
        return np.asarray(self.edge >= 0)

    def pick(self, which: npt.ArrayLike) -> "Snaps":
        """The snaps at the given positions or under the given mask."""
        at = np.asarray(which)
        return Snaps(self.edge[at], self.fraction[at], self.distance_m[at], self.lons[at], self.lats[at])


class Snapper:
    """Snaps points of one network; build once, ask often. `step_free` leaves out stairs and their islands."""

    def __init__(self, network: Network, *, step_free: bool = False) -> None:
        self.network = network
        self.step_free = step_free

    @cached_property
    def usable_edges(self) -> Longs:
        """The positions of the edges a home may be snapped to."""
        network = self.network
        if not self.step_free:
            return np.flatnonzero(network.usable_component[network.edge_component])
        flat = ~network.edge_is_steps
        component = number_components(network.node_count, network.edge_u[flat], network.edge_v[flat])
        return np.flatnonzero(flat & large_components(component)[component[network.edge_u]])

    @cached_property
    def _planes(self) -> tuple[Transformer, Transformer]:
        lon, lat = float(np.median(self.network.node_lons)), float(np.median(self.network.node_lats))
        return local_plane(lon, lat)

    @cached_property
    def _lines(self) -> npt.NDArray[np.object_]:
        network = self.network
        x, y = self._planes[0].transform(network.shape_lons, network.shape_lats)
        lines = np.asarray(shapely.linestrings(np.column_stack([x, y]), indices=network.shape_edge), dtype=object)
        return np.asarray(lines[self.usable_edges], dtype=object)

    @cached_property
    def _tree(self) -> STRtree:
        return STRtree(self._lines)  # type: ignore[arg-type, unused-ignore]

    def snap(self, lons: npt.ArrayLike, lats: npt.ArrayLike, limit_m: float = SNAP_LIMIT_M) -> Snaps:
        """The street in front of each door, within `limit_m` metres.

        `lons`, `lats` are degrees WGS-84, arrays (p,) or scalars. Points without a usable street stay in the
        answer with edge -1, so that nobody is dropped in silence.
        """
        lon = np.atleast_1d(np.asarray(lons, dtype=np.float64))
        lat = np.atleast_1d(np.asarray(lats, dtype=np.float64))
        x, y = self._planes[0].transform(lon, lat)
        good = np.isfinite(x) & np.isfinite(y)
        points = np.asarray(shapely.points(np.where(good, x, 0.0), np.where(good, y, 0.0)), dtype=object)
        edge = np.full(len(lon), -1, dtype=np.int64)
        fraction, distance = np.zeros(len(lon)), np.full(len(lon), np.inf)
        foot_lon, foot_lat = np.full(len(lon), np.nan), np.full(len(lon), np.nan)
        asked, hit = self._tree.query_nearest(points, max_distance=limit_m, all_matches=False)
        keep = good[asked]
        asked, hit = asked[keep], hit[keep]
        lines = self._lines[hit]
        edge[asked] = self.usable_edges[hit]
        along = np.asarray(shapely.line_locate_point(lines, points[asked]))
        length = np.asarray(shapely.length(lines))
        fraction[asked] = np.clip(np.divide(along, length, out=np.zeros_like(along), where=length > 0), 0.0, 1.0)
        feet = shapely.get_coordinates(shapely.line_interpolate_point(lines, along))
        foot_lon[asked], foot_lat[asked] = self._planes[1].transform(feet[:, 0], feet[:, 1])
        distance[asked] = geodesic_m(lon[asked], lat[asked], foot_lon[asked], foot_lat[asked])
        return Snaps(edge, fraction, distance, foot_lon, foot_lat)


def local_plane(lon: float, lat: float) -> tuple[Transformer, Transformer]:
    """Degrees (lon, lat) to metres (x, y) around a place, and back: transverse Mercator centred there."""
    # pipelines, because looking the two systems up and choosing an operation takes 100 times as long as this
    plane = f"+proj=tmerc +lat_0={lat:.6f} +lon_0={lon:.6f} +k=1 +ellps=WGS84"
    to_plane = f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step {plane}"
    to_degrees = f"+proj=pipeline +step +inv {plane} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    return Transformer.from_pipeline(to_plane), Transformer.from_pipeline(to_degrees)
