"""The streets that are measured on: extracts of real cities and a city of a million crossings that nobody built."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geo.locality import hilbert_order
from geo.network import read_network
from geo.profiles import PROFILES
from geo.snap import local_plane
from geo.walking import build_graph

ROOT = Path(__file__).resolve().parents[2]
EXTRACT = ROOT / "sample_data" / "osm" / "heidelberg.osm.pbf"


@dataclass(frozen=True)
class Graph:
    """A street graph for all sides: CSR arrays in seconds, places in metres and in degrees (n, 2).

    `file` is the extract it was read from, None for a generated one.
    """

    name: str
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    weights: NDArray[np.float64]
    places: NDArray[np.float64]
    degrees: NDArray[np.float64]
    file: Path | None = None

    @property
    def count(self) -> int:
        return len(self.indptr) - 1

    @property
    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
        """As the kernels take them."""
        return self.indptr, self.indices, self.weights

    def table(self) -> csr_array:
        """As scipy takes it: of parallel streets the least, or it would add them up."""
        rows = np.repeat(np.arange(self.count), np.diff(self.indptr))
        order = np.lexsort((self.weights, self.indices, rows))
        rows, columns, weights = rows[order], self.indices[order], self.weights[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        return csr_array((weights[first], (rows[first], columns[first])), shape=(self.count, self.count))

    def doors(self, count: int, seed: int = 5) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Snapped origins: the two ends of a seeded street, three tenths along it, and the seconds to them."""
        tails = np.random.default_rng(seed).choice(np.flatnonzero(np.diff(self.indptr) > 0), count)
        arcs = self.indptr[tails]
        ends = np.column_stack([tails, self.indices[arcs]]).astype(np.int64)
        costs = np.outer(self.weights[arcs], [0.3, 0.7])
        return list(zip(ends, costs, strict=True))


def extract() -> Graph:
    """A real city as the planning profile walks it: Heidelberg."""
    file = EXTRACT
    network = read_network(file)
    graph = build_graph(network, PROFILES["planning"])
    plane, _ = local_plane(float(np.median(network.node_lons)), float(np.median(network.node_lats)))
    places = np.column_stack(plane.transform(network.node_lons, network.node_lats))
    degrees = np.column_stack([network.node_lons, network.node_lats])
    return Graph(file.name.split(".")[0].split("_")[0], *graph.arrays, places, degrees, file)


def generated(node_count: int, seed: int = 1) -> Graph:
    """A jittered grid with streets left out until the mean degree is 2.7; mean street about 60 m, 1.0 m/s.

    Crossings are numbered row by row; see along_curve.
    """
    chance = np.random.default_rng(seed)
    side = int(np.sqrt(node_count))
    count = side * side
    rows, columns = np.divmod(np.arange(count), side)
    places = 58.0 * np.column_stack([columns, rows]) + chance.uniform(-12, 12, (count, 2))
    east = np.flatnonzero(columns < side - 1)
    north = np.flatnonzero(rows < side - 1)
    tails, heads = np.concatenate([east, north]), np.concatenate([east + 1, north + side])
    kept = chance.permutation(len(tails))[: int(1.35 * count)]
    tails, heads = tails[kept], heads[kept]
    weights = np.hypot(*(places[tails] - places[heads]).T)
    both = (np.concatenate([weights, weights]), (np.concatenate([tails, heads]), np.concatenate([heads, tails])))
    table = csr_array(both, shape=(count, count))
    degrees = np.array([118.0, 32.0]) + places / np.array([94_000.0, 111_000.0])
    name = f"{node_count:,} crossings"
    return Graph(name, table.indptr.astype(np.int64), table.indices.astype(np.int32), table.data, places, degrees)


def along_curve(graph: Graph) -> tuple[Graph, NDArray[np.int64]]:
    """The same graph numbered as an import numbers it (geo.locality), and the old number of every crossing."""
    order = hilbert_order(graph.places[:, 0], graph.places[:, 1])
    shape = (graph.count, graph.count)
    table = csr_array((graph.weights, graph.indices, graph.indptr), shape=shape)[order][:, order].tocsr()
    table.sort_indices()
    arrays = {"indptr": table.indptr.astype(np.int64), "indices": table.indices.astype(np.int32)}
    moved = {"places": graph.places[order], "degrees": graph.degrees[order]}
    return replace(graph, weights=table.data, **arrays, **moved), order


def million() -> int:
    """How many crossings the generated city has: YINLING_BENCH_NODES, else 1,000,000."""
    return int(os.environ.get("YINLING_BENCH_NODES", "1000000"))
