"""Reads the published test problems of facility location, so that anybody can check our optimum.

OR-Library pmed (J.E. Beasley): vertices, edges, p, then edges; of an edge named twice the last cost holds, and
distances are shortest ways. SJC (Lorena and Pereira, São José dos Campos): one line per point with coordinates
and demand, or demands in a file of their own beside it (`demand-SJC324.dat`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array  # type: ignore[import-untyped, unused-ignore]
from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped, unused-ignore]

from geo.siting.answer import SitingError

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MedianProblem:
    """`costs` int64 (clients, candidates) and how many to open."""

    costs: Longs
    count: int


@dataclass(frozen=True)
class CoverPoints:
    """Points (x, y) float64 (n, 2) that are both demand and candidate, with whole demands int64 (n,)."""

    points: Floats
    demand: Longs
    demand_known: bool


def read_pmed(path: str | Path) -> MedianProblem:
    """Read an OR-Library p-median file. Raises SitingError naming what is wrong with it."""
    numbers = _numbers(path)
    if len(numbers) < 3 or (numbers[:3] < 1).any():
        raise SitingError("文件开头须为：顶点数 边数 p")
    vertices, edges, count = (int(number) for number in numbers[:3])
    if len(numbers) != 3 + 3 * edges:
        raise SitingError(f"文件应有{edges}条边，每条三个数，实际有{len(numbers) - 3}个数")
    if count > vertices:
        raise SitingError(f"p = {count}，多于顶点数{vertices}")
    rows = numbers[3:].reshape(edges, 3)
    if rows[:, :2].min() < 1 or rows[:, :2].max() > vertices or rows[:, 2].min() < 0:
        raise SitingError("边的顶点编号须在1和顶点数之间，长度不得为负")
    last: dict[tuple[int, int], int] = {}
    for one, other, cost in rows.tolist():
        last[min(one, other) - 1, max(one, other) - 1] = cost
    ways = _shortest(vertices, last)
    if not np.isfinite(ways).all():
        raise SitingError("图不连通，有的顶点之间没有路")
    return MedianProblem(np.rint(ways).astype(np.int64), count)


def _shortest(vertices: int, edges: dict[tuple[int, int], int]) -> Floats:
    """All shortest ways; an edge of cost 0 is a very short one, for a sparse table knows no zero."""
    ends = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
    costs = np.array([float(cost) for cost in edges.values()])
    costs[costs == 0] = 1e-9
    table = csr_array((costs, (ends[:, 0], ends[:, 1])), shape=(vertices, vertices))
    return np.asarray(dijkstra(table, directed=False), dtype=np.float64)


def read_sjc(path: str | Path, demand_path: str | Path | None = None) -> CoverPoints:
    """Read points with demand: `x y demand`, `id x y demand`, `x y capacity demand`, or `x y` beside a demand file.

    A first line that names the number of points (with or without more) is skipped. Without any demand every
    point counts 1 and `demand_known` is false. Raises SitingError.
    """
    file = Path(path)
    rows = _table(file)
    columns = rows.shape[1]
    if columns == 3:
        points, demand = rows[:, :2], rows[:, 2]
    elif columns == 4:
        numbered = bool((np.diff(rows[:, 0]) == 1).all() and rows[0, 0] in (0, 1))
        points, demand = (rows[:, 1:3] if numbered else rows[:, :2]), rows[:, 3]
    elif columns == 2:
        points, demand = rows, None
    else:
        raise SitingError(f"每行应有2至4个数，实际{columns}个")
    beside = Path(demand_path) if demand_path else file.with_name(f"demand-{file.stem}.dat")
    if demand is None or demand_path is not None:
        demand = _numbers(beside).astype(np.float64) if beside.is_file() else None
    if demand is None:
        return CoverPoints(points, np.ones(len(points), dtype=np.int64), False)
    if len(demand) != len(points):
        raise SitingError(f"有{len(points)}个点，却有{len(demand)}个需求")
    if (demand < 0).any() or (demand != np.rint(demand)).any():
        raise SitingError("需求须为不小于0的整数")
    return CoverPoints(points, demand.astype(np.int64), True)


def covered_pairs(points: Floats, radius: float) -> tuple[Longs, Longs]:
    """Which candidate covers which point: pairs at a straight distance of at most `radius`, exact for whole numbers."""
    candidates, clients = [], []
    limit = radius * radius
    for position, point in enumerate(points):
        apart = ((points - point) ** 2).sum(axis=1)
        near = np.flatnonzero(apart <= limit)
        candidates.append(np.full(len(near), position, dtype=np.int64))
        clients.append(near.astype(np.int64))
    return np.concatenate(candidates), np.concatenate(clients)


def _numbers(path: str | Path) -> Longs:
    try:
        return np.array([int(word) for word in Path(path).read_text(encoding="utf-8").split()], dtype=np.int64)
    except (OSError, ValueError, OverflowError) as error:
        raise SitingError(f"{Path(path).name}：不是由整数写成的文件（{error}）") from error


def _table(file: Path) -> Floats:
    try:
        lines = [line.replace(",", " ").split() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SitingError(f"{file.name}：无法读取（{error}）") from error
    lines = [line for line in lines if line]
    if len(lines) > 1 and _is_heading(lines):
        lines = lines[1:]
    if not lines or len({len(line) for line in lines}) != 1:
        raise SitingError(f"{file.name}：每行的列数须相同")
    try:
        rows = np.array([[float(word) for word in line] for line in lines])
    except ValueError as error:
        raise SitingError(f"{file.name}：{error}") from error
    if not np.isfinite(rows).all():
        raise SitingError(f"{file.name}：含有不是数的内容")
    return rows


def _is_heading(lines: list[list[str]]) -> bool:
    """Tell whether the first line names the number of points rather than a point."""
    first, others = lines[0], {len(line) for line in lines[1:]}
    if {len(first)} != others:
        return True
    try:
        return float(first[0]) == len(lines) - 1
    except ValueError:
        return True
