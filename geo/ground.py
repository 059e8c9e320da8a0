"""Streets that can be cut and joined at a point: what geo.gates works on. A few changes over a large network."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.network import Network, build_network, geodesic_m, number_components
from geo.osm_streets import GATE_CLASS, Kept

_AT_END_M = 0.05
_METRES_PER_DEGREE = 111_320.0
_WALK_BOX_M = 400.0
_AROUND = 1.02
"""No walk of so many metres leaves the square around its start; a degree of latitude is 110.6 to 111.7 km long."""

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Foot:
    """The place on an edge nearest to a point: after shape point `after`, at (`lon`, `lat`)."""

    edge: int
    way_id: int
    inner: bool
    distance_m: float
    after: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Row:
    """One edge with its shape; `u`, `v` are numbers of crossings on the ground."""

    u: int
    v: int
    way_id: int
    kind: str
    is_steps: bool
    is_footway: bool
    no_wheels: bool
    inner: bool
    ids: tuple[int, ...]
    lons: tuple[float, ...]
    lats: tuple[float, ...]

    def cut_at(
        self, after: int, place: tuple[float, float], ids: tuple[int, int], nodes: tuple[int, int]
    ) -> list["Row"]:
        """The two parts on both sides of a place: ends of number `nodes` and map number `ids`; empty ones left out."""
        lon, lat = place
        first = replace(
            self, v=nodes[0], ids=(*self.ids[: after + 1], ids[0]),
            lons=(*self.lons[: after + 1], lon), lats=(*self.lats[: after + 1], lat),
        )  # fmt: skip
        second = replace(
            self, u=nodes[1], ids=(ids[1], *self.ids[after + 1 :]),
            lons=(lon, *self.lons[after + 1 :]), lats=(lat, *self.lats[after + 1 :]),
        )  # fmt: skip
        return [first, second]

    def length_m(self) -> float:
        """Geodesic metres along the shape."""
        return float(geodesic_m(self.lons[:-1], self.lats[:-1], self.lons[1:], self.lats[1:]).sum())


class Ground:
    """A network, the inner lanes beside it, and the changes made so far.

    Numbers: base crossings and edges first, then the inner ones, then what was added.
    """

    def __init__(self, network: Network, inner: Sequence[Kept]) -> None:
        self._base, self._inner = network, build_network(inner)
        self._parts = (network, self._inner)
        self._nodes = network.node_count + self._inner.node_count
        self._edges = network.edge_count + self._inner.edge_count
        self._rows: dict[int, Row] = {}
        self._measured: dict[int, tuple[int, int, float]] = {}
        self._added_nodes: list[tuple[int, float, float, bool]] = []
        self._boxes = np.concatenate([part.edge_boxes for part in self._parts], axis=1)

    def row(self, edge: int) -> Row:
        """An edge as it stands now."""
        if edge in self._rows:
            return self._rows[edge]
        inner = edge >= self._base.edge_count
        part = self._inner if inner else self._base
        at = edge - self._base.edge_count if inner else edge
        shift = self._base.node_count if inner else 0
        points = slice(part.shape_offsets[at], part.shape_offsets[at + 1])
        return Row(
            int(part.edge_u[at]) + shift, int(part.edge_v[at]) + shift, int(part.edge_way_ids[at]),
            part.class_names[part.edge_class[at]], bool(part.edge_is_steps[at]), bool(part.edge_is_footway[at]),
            bool(part.edge_no_wheels[at]), inner,
            tuple(part.shape_osm_ids[points].tolist()), tuple(part.shape_lons[points].tolist()),
            tuple(part.shape_lats[points].tolist()),
        )  # fmt: skip

    def _near(self, lon: float, lat: float, reach_m: float) -> list[int]:
        """Numbers of the edges that may be within reach."""
        high = reach_m / _METRES_PER_DEGREE
        wide = high / max(np.cos(np.radians(lat)), 0.01)
        west, south, east, north = self._boxes
        boxed = (west <= lon + wide) & (east >= lon - wide) & (south <= lat + high) & (north >= lat - high)
        return sorted({*np.flatnonzero(boxed).tolist(), *self._rows})

    def feet(self, lon: float, lat: float, reach_m: float) -> list[Foot]:
        """The nearest place on every edge within reach, nearest first, lower numbers first where equally near."""
        found = [self._foot(edge, lon, lat) for edge in self._near(lon, lat, reach_m)]
        return sorted(
            (foot for foot in found if foot.distance_m <= reach_m), key=lambda foot: (foot.distance_m, foot.edge)
        )

    def _foot(self, edge: int, lon: float, lat: float) -> Foot:
        row = self.row(edge)
        wide = np.cos(np.radians(lat))
        x = (np.array(row.lons) - lon) * wide * _METRES_PER_DEGREE
        y = (np.array(row.lats) - lat) * _METRES_PER_DEGREE
        dx, dy = np.diff(x), np.diff(y)
        square = dx**2 + dy**2
        share = np.clip(-(x[:-1] * dx + y[:-1] * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
        away = np.hypot(x[:-1] + share * dx, y[:-1] + share * dy)
        at = int(np.argmin(away))
        foot_lon = row.lons[at] + float(share[at]) * (row.lons[at + 1] - row.lons[at])
        foot_lat = row.lats[at] + float(share[at]) * (row.lats[at + 1] - row.lats[at])
        return Foot(edge, row.way_id, row.inner, float(away[at]), at, foot_lon, foot_lat)

    def walk_m(self, start: Foot, end: Foot, limit_m: float) -> float:
        """Metres along what is walked now from one foot to another, inf beyond the limit."""
        ways: dict[int, list[tuple[int, float]]] = {}
        for edge in self._near(start.lon, start.lat, min(_WALK_BOX_M, _AROUND * limit_m)):
            u, v, length = self._way(edge)
            if edge in (start.edge, end.edge) or u == v:
                continue
            ways.setdefault(u, []).append((v, length))
            ways.setdefault(v, []).append((u, length))
        before, after = self._to_ends(start), self._to_ends(end)
        if start.edge == end.edge:
            return abs(before[0][1] - after[0][1])
        for (u, to_u), (v, to_v) in (before, after):
            ways.setdefault(u, []).append((v, to_u + to_v))
            ways.setdefault(v, []).append((u, to_u + to_v))
        return _shortest(ways, before, dict(_cheapest(after)), limit_m)

    def _way(self, edge: int) -> tuple[int, int, float]:
        """The ends of an edge and its metres as it stands now; measured once where it is as the map has it."""
        if edge in self._rows:
            row = self._rows[edge]
            return row.u, row.v, row.length_m()
        if edge not in self._measured:
            row = self.row(edge)
            self._measured[edge] = row.u, row.v, row.length_m()
        return self._measured[edge]

    def _to_ends(self, foot: Foot) -> list[tuple[int, float]]:
        row = self.row(foot.edge)
        first, second = row.cut_at(foot.after, (foot.lon, foot.lat), (0, 0), (row.v, row.u))
        return [(row.u, first.length_m()), (row.v, second.length_m())]

    def cut(self, foot: Foot, gate_id: int) -> None:
        """Part a street at a place: two new ends that do not meet. At a crossing only this street's end is parted."""
        (u, to_u), (v, to_v) = self._to_ends(foot)
        row = self.row(foot.edge)
        place, ids = (foot.lon, foot.lat), (_map_number(gate_id, 0), _map_number(gate_id, 1))
        if to_u <= _AT_END_M:
            node = self._add_node(ids[1], place, row.inner)
            self._rows[foot.edge] = replace(row, u=node, ids=(ids[1], *row.ids[1:]))
        elif to_v <= _AT_END_M:
            node = self._add_node(ids[0], place, row.inner)
            self._rows[foot.edge] = replace(row, v=node, ids=(*row.ids[:-1], ids[0]))
        else:
            nodes = self._add_node(ids[0], place, row.inner), self._add_node(ids[1], place, row.inner)
            self._rows[foot.edge], second = row.cut_at(foot.after, place, ids, nodes)
            self._add_row(second)

    def join(self, first: Foot, second: Foot, place: tuple[float, float], gate_id: int) -> float:
        """Lead a straight passage from one foot over a place to another; metres of it."""
        row = self.row(first.edge)
        start, start_id = self._stop(first, _map_number(gate_id, 0))
        parts = [self._foot(edge, second.lon, second.lat) for edge in (first.edge, max(self._rows, default=first.edge))]
        again = min(parts, key=lambda foot: foot.distance_m) if second.edge == first.edge else second
        end, end_id = self._stop(again, _map_number(gate_id, 1))
        points = [(start_id, first.lon, first.lat), (_map_number(gate_id, 2), *place), (end_id, again.lon, again.lat)]
        if first.distance_m <= _AT_END_M:
            points.pop(1)
        ids, lons, lats = zip(*points, strict=True)
        inner = row.inner and self.row(again.edge).inner
        passage = Row(start, end, 0, GATE_CLASS, False, True, False, inner, ids, lons, lats)
        self._add_row(passage)
        return passage.length_m()

    def _stop(self, foot: Foot, map_number: int) -> tuple[int, int]:
        """A crossing at a foot: an end of its edge where it is one, else a new one that splits the edge."""
        row = self.row(foot.edge)
        (u, to_u), (v, to_v) = self._to_ends(foot)
        if to_u <= _AT_END_M:
            return u, row.ids[0]
        if to_v <= _AT_END_M:
            return v, row.ids[-1]
        node = self._add_node(map_number, (foot.lon, foot.lat), row.inner)
        place = (foot.lon, foot.lat)
        self._rows[foot.edge], second = row.cut_at(foot.after, place, (map_number, map_number), (node, node))
        self._add_row(second)
        return node, map_number

    def _add_node(self, map_number: int, place: tuple[float, float], inner: bool) -> int:
        self._added_nodes.append((map_number, *place, inner))
        return self._nodes + len(self._added_nodes) - 1

    def _add_row(self, row: Row) -> None:
        self._rows[self._edges + sum(1 for edge in self._rows if edge >= self._edges)] = row

    def changed_base(self) -> Longs:
        """Numbers of the base edges that are not as the map has them; int64, ascending."""
        return np.array(sorted(edge for edge in self._rows if edge < self._base.edge_count), dtype=np.int64)

    def assemble(self) -> Network:
        """The network as it stands: all base streets, inner lanes a gate leads to, and what was added."""
        rows = [self.row(edge) for edge in range(self._base.edge_count, self._edges)]
        rows += [self._rows[edge] for edge in sorted(self._rows) if edge >= self._edges]
        added = [*zip(*self._inner_nodes(), strict=True), *self._added_nodes]
        base = self._base.node_count
        u, v = (np.array([getattr(row, end) for row in rows], dtype=np.int32) for end in ("u", "v"))
        base_u, base_v = self._base.edge_u.copy(), self._base.edge_v.copy()
        for edge in self.changed_base().tolist():
            base_u[edge], base_v[edge] = self._rows[edge].u, self._rows[edge].v
        label = number_components(base + len(added), np.concatenate([base_u, u]), np.concatenate([base_v, v]))
        is_open = np.array([not node[3] for node in added], dtype=bool)
        public = np.zeros(int(label.max(initial=-1)) + 1, dtype=bool)
        public[label[:base]] = True
        public[label[base:][is_open]] = True
        kept_node = np.concatenate([np.ones(base, dtype=bool), public[label[base:]]])
        number = np.cumsum(kept_node) - 1
        kept_rows = [row for row in rows if kept_node[row.u]]
        kept_added = [node for node, kept in zip(added, kept_node[base:], strict=True) if kept]
        return self._network(kept_rows, kept_added, number)

    def _inner_nodes(self) -> tuple[list[int], list[float], list[float], list[bool]]:
        inner = self._inner
        places = inner.node_osm_ids.tolist(), inner.node_lons.tolist(), inner.node_lats.tolist()
        return (*places, [True] * inner.node_count)

    def _network(self, rows: list[Row], nodes: list[tuple[int, float, float, bool]], number: Longs) -> Network:
        base = self._base
        names = list(base.class_names) + sorted({row.kind for row in rows} - set(base.class_names))
        changed = {edge: self._rows[edge] for edge in self.changed_base().tolist()}
        u, v, length = base.edge_u.copy(), base.edge_v.copy(), base.edge_length_m.copy()
        for edge, row in changed.items():
            u[edge], v[edge], length[edge] = number[row.u], number[row.v], row.length_m()
        osm_ids, lons, lats = (np.array([node[k] for node in nodes]) for k in range(3))
        edge_u = np.concatenate([u, np.array([number[row.u] for row in rows], dtype=np.int32)]).astype(np.int32)
        edge_v = np.concatenate([v, np.array([number[row.v] for row in rows], dtype=np.int32)]).astype(np.int32)
        count = base.node_count + len(nodes)
        offsets, shape = _shapes(base, changed, rows)
        return Network(
            node_osm_ids=np.concatenate([base.node_osm_ids, osm_ids.astype(np.int64)]),
            node_lons=np.concatenate([base.node_lons, lons.astype(np.float64)]),
            node_lats=np.concatenate([base.node_lats, lats.astype(np.float64)]),
            node_component=number_components(count, edge_u, edge_v),
            edge_u=edge_u,
            edge_v=edge_v,
            edge_way_ids=np.concatenate([base.edge_way_ids, np.array([row.way_id for row in rows], dtype=np.int64)]),
            edge_length_m=np.concatenate([length, np.array([row.length_m() for row in rows])]),
            edge_class=np.concatenate(
                [base.edge_class, np.array([names.index(row.kind) for row in rows], dtype=np.int32)]
            ),
            class_names=tuple(names),
            edge_is_steps=np.concatenate([base.edge_is_steps, np.array([row.is_steps for row in rows], dtype=bool)]),
            edge_is_footway=np.concatenate(
                [base.edge_is_footway, np.array([row.is_footway for row in rows], dtype=bool)]
            ),
            edge_no_wheels=np.concatenate([base.edge_no_wheels, np.array([row.no_wheels for row in rows], dtype=bool)]),
            shape_offsets=offsets,
            shape_osm_ids=shape[0].astype(np.int64),
            shape_lons=shape[1],
            shape_lats=shape[2],
        )


def _map_number(gate_id: int, which: int) -> int:
    """The number a gate's own points bear where the map's points have theirs: negative, four to a gate."""
    return -(4 * gate_id + which)


def _shapes(base: Network, changed: dict[int, Row], rows: list[Row]) -> tuple[Longs, list[npt.NDArray[Any]]]:
    """Offsets and the three columns (map numbers, lons, lats) of all shapes, changed ones in their places."""
    counts = np.concatenate([np.diff(base.shape_offsets), [len(row.ids) for row in rows]]).astype(np.int64)
    for edge, row in changed.items():
        counts[edge] = len(row.ids)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    columns: list[npt.NDArray[Any]] = []
    for values, own in ((base.shape_osm_ids, "ids"), (base.shape_lons, "lons"), (base.shape_lats, "lats")):
        pieces: list[npt.NDArray[Any]] = []
        done = 0
        for edge in sorted(changed):
            pieces += [
                values[done : base.shape_offsets[edge]],
                np.array(getattr(changed[edge], own), dtype=values.dtype),
            ]
            done = int(base.shape_offsets[edge + 1])
        pieces.append(values[done:])
        pieces += [np.array(getattr(row, own), dtype=values.dtype) for row in rows]
        columns.append(np.concatenate(pieces))
    return offsets, columns


def _cheapest(ends: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return sorted(ends, key=lambda end: -end[1])


def _shortest(
    ways: dict[int, list[tuple[int, float]]], starts: list[tuple[int, float]], ends: dict[int, float], limit: float
) -> float:
    best: dict[int, float] = {}
    queue = [(cost, node) for node, cost in starts]
    heapq.heapify(queue)
    answer = np.inf
    while queue:
        cost, node = heapq.heappop(queue)
        if cost > min(limit, answer) or node in best:
            continue
        best[node] = cost
        answer = min(answer, cost + ends.get(node, np.inf))
        for to, length in ways.get(node, ()):
            if to not in best:
                heapq.heappush(queue, (cost + length, to))
    return float(answer)
