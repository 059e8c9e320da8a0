"""From a door to the street in front of it: the nearest edge of a usable part of the network.

Not the nearest crossing, which may lie a block away, and not a lane that the map forgot to join to the city
(on one Shanghai extract of 75 parts that mistake halved the coverage). Distances are measured in a local
transverse Mercator plane around the network, whose scale is within 1e-4 up to 90 km from its middle.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from geo.network import Network, geodesic_m, large_components, number_components
from geo.snap_kernels import Squares, lay_pieces, nearest_pieces

SNAP_LIMIT_M = 300.0
SQUARE_M = 100.0
MOST_SQUARES = 4_000_000

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]
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
    """Snaps points of one network; build once, ask often. `step_free` leaves out what bars wheels, and its islands."""

    def __init__(self, network: Network, *, step_free: bool = False) -> None:
        self.network = network
        self.step_free = step_free

    @cached_property
    def usable_edges(self) -> Longs:
        """The positions of the edges a home may be snapped to."""
        network = self.network
        if not self.step_free:
            return np.flatnonzero(network.usable_component[network.edge_component])
        flat = ~network.edge_bars_wheels
        component = number_components(network.node_count, network.edge_u[flat], network.edge_v[flat])
        return np.flatnonzero(flat & large_components(component)[component[network.edge_u]])

    @cached_property
    def _planes(self) -> tuple[Transformer, Transformer]:
        lon, lat = float(np.median(self.network.node_lons)), float(np.median(self.network.node_lats))
        return local_plane(lon, lat)

    @cached_property
    def _streets(self) -> "_Streets":
        network = self.network
        x, y = self._planes[0].transform(network.shape_lons, network.shape_lats)
        usable = np.zeros(network.edge_count, dtype=bool)
        usable[self.usable_edges] = True
        held = np.repeat(usable, np.diff(network.shape_offsets))
        held[network.shape_offsets[1:] - 1] = False  # no piece leads from one street's end to the next one's start
        pieces = np.flatnonzero(held).astype(np.int32)
        west, south = (float(axis.min()) if len(axis) else 0.0 for axis in (x, y))
        width, height = (float(np.ptp(axis)) if len(axis) else 0.0 for axis in (x, y))
        side = max(SQUARE_M, (width * height / MOST_SQUARES) ** 0.5)
        grid = (west, south, side, int(width / side) + 1, int(height / side) + 1)
        return _Streets(x, y, grid, *lay_pieces(x, y, pieces, grid))

    def snap(self, lons: npt.ArrayLike, lats: npt.ArrayLike, limit_m: float = SNAP_LIMIT_M) -> Snaps:
        """The street in front of each door, within `limit_m` metres.

        `lons`, `lats` are degrees WGS-84, arrays (p,) or scalars. Points without a usable street stay in the
        answer with edge -1, so that nobody is dropped in silence.
        """
        lon = np.atleast_1d(np.asarray(lons, dtype=np.float64))
        lat = np.atleast_1d(np.asarray(lats, dtype=np.float64))
        x, y = self._planes[0].transform(lon, lat)
        streets = self._streets
        piece, share = nearest_pieces(
            streets.x, streets.y, streets.grid, streets.starts, streets.pieces, x, y, float(limit_m)
        )
        edge = np.full(len(lon), -1, dtype=np.int64)
        fraction, distance = np.zeros(len(lon)), np.full(len(lon), np.inf)
        foot_lon, foot_lat = np.full(len(lon), np.nan), np.full(len(lon), np.nan)
        found = np.flatnonzero(piece >= 0)
        at, part = piece[found], share[found]
        edge[found] = np.searchsorted(self.network.shape_offsets, at, side="right") - 1
        fraction[found] = self._fraction(edge[found], at, part)
        foot_x = streets.x[at] + part * (streets.x[at + 1] - streets.x[at])
        foot_y = streets.y[at] + part * (streets.y[at + 1] - streets.y[at])
        foot_lon[found], foot_lat[found] = self._planes[1].transform(foot_x, foot_y)
        distance[found] = geodesic_m(lon[found], lat[found], foot_lon[found], foot_lat[found])
        return Snaps(edge, fraction, distance, foot_lon, foot_lat)

    def _fraction(self, edge: Longs, piece: Longs, share: Floats) -> Floats:
        """The place along each edge, 0 to 1, of a share of one of its pieces; by geodesic metres."""
        network = self.network
        before, after = network.shape_along_m[piece], network.shape_along_m[piece + 1]
        length = network.edge_length_m[edge]
        along = before + share * (after - before)
        return np.clip(np.divide(along, length, out=np.zeros(len(along)), where=length > 0), 0.0, 1.0)


@dataclass(frozen=True)
class _Streets:
    """The usable streets as pieces in a plane, and the squares they touch (geo.snap_kernels)."""

    x: Floats
    y: Floats
    grid: Squares
    starts: Longs
    pieces: Ints


def local_plane(lon: float, lat: float) -> tuple[Transformer, Transformer]:
    """Degrees (lon, lat) to metres (x, y) around a place, and back: transverse Mercator centred there."""
    # pipelines, because looking the two systems up and choosing an operation takes 100 times as long as this
    plane = f"+proj=tmerc +lat_0={lat:.6f} +lon_0={lon:.6f} +k=1 +ellps=WGS84"
    to_plane = f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step {plane}"
    to_degrees = f"+proj=pipeline +step +inv {plane} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    return Transformer.from_pipeline(to_plane), Transformer.from_pipeline(to_degrees)
