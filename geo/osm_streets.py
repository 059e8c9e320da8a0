"""From a map file to the ways an elder walks: streets, what bars them, and squares she walks straight across."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geo.errors import UnreadableMap
from geo.osm_reader import Way, count_ways, read_barriers, read_surfaces, read_ways
from geo.squares import Squares
from geo.walkability import Walkable, is_walked_across, judge_barrier, judge_inner_way, judge_way

Kept = tuple[Way, Walkable]
Progress = Callable[[int, int], None]
Longs = npt.NDArray[np.int64]
SQUARE_CLASS, BARRIER_CLASS, GATE_CLASS = "square", "barrier", "gate"
NOT_DRAWN = (SQUARE_CLASS, BARRIER_CLASS, GATE_CLASS)
"""Classes of edges that are no street of the map: straight across a square, through a stile, through a gate."""
_EVERY = 1000
_FIRST_OWN_KEY = -(2**62)


def walked_ways(
    path: str | Path, inner: list[Kept] | None = None, *, across: bool = False, progress: Progress | None = None
) -> Iterator[Kept]:
    """The ways of an OpenStreetMap file that an elder may walk, ready to be joined where their node_ids meet.

    Streets come first, in file order, then those cut at barriers, then outlines of and straight lines across
    squares (only with `across`; without it a square is walked by its outline). Lanes for residents only are added to
    `inner`. `progress(done, total)` hears of the ways. Raises UnreadableMap when the file is torn, empty, not
    OpenStreetMap, or not in degrees.
    """
    surfaces = read_surfaces(path, lambda tags, closed: is_walked_across(tags, closed_way=closed)) if across else []
    squares, seen = Squares(surfaces), 0
    judged = {point: judge_barrier(tags) for point, tags in read_barriers(path).items()}
    total = count_ways(path) if progress is not None else 0
    cuts = _Cuts({point: verdict for point, verdict in judged.items() if verdict != "pass"})
    for way in read_ways(path):
        seen += 1
        if progress is not None and seen % _EVERY == 0:
            progress(min(seen, total), total)
        closed = bool(way.node_ids[0] == way.node_ids[-1])
        verdict = judge_way(way.tags, closed=closed)
        if verdict is None:
            lane = judge_inner_way(way.tags, closed=closed) if inner is not None else None
            if lane is not None and inner is not None:
                inner.append((way, lane))
            continue
        squares.notice(way)
        if cuts.touch(way):
            cuts.hold((way, verdict))
        else:
            yield way, verdict
    if seen == 0:
        raise UnreadableMap(Path(path).name, "文件中没有道路（没有一条带 highway 等标签的线，或道路的点都不在文件中）")
    if progress is not None:
        progress(total, total)
    yield from cuts.cut()
    yield from squares.ways(SQUARE_CLASS)


class _Cuts:
    """Cuts ways at the points where a barrier stands.

    A closed barrier leaves two ends that do not meet. One that wheels do not pass leaves two ends joined by
    steps of no length. Where a street runs on past the barrier and a lane ends at it, only the lane is cut: the
    barrier is then drawn at the lane's mouth.
    """

    def __init__(self, verdicts: dict[int, str]) -> None:
        self._verdicts = verdicts
        self._held: list[Kept] = []
        self._through: Counter[int] = Counter()
        self._ending: Counter[int] = Counter()
        self._next = _FIRST_OWN_KEY

    def touch(self, way: Way) -> bool:
        """Whether a barrier stands on this way."""
        return not self._verdicts.keys().isdisjoint(way.node_ids.tolist())

    def hold(self, kept: Kept) -> None:
        """Keep a way until all that meet at its barriers are known."""
        self._held.append(kept)
        ids = kept[0].node_ids.tolist()
        for at, point in enumerate(ids):
            if point in self._verdicts:
                (self._ending if at in (0, len(ids) - 1) else self._through)[point] += 1

    def cut(self) -> Iterator[Kept]:
        """The held ways, cut, and the steps that join them where only wheels are barred."""
        for way, verdict in self._held:
            yield from self._pieces(way, verdict)

    def _pieces(self, way: Way, verdict: Walkable) -> Iterator[Kept]:
        ids, last = way.node_ids, len(way.node_ids) - 1
        barred = [at for at, point in enumerate(ids.tolist()) if self._bars(point, at in (0, last))]
        bounds = sorted({0, *barred, last})
        for first, end in zip(bounds[:-1], bounds[1:], strict=True):
            keys = ids[first : end + 1].copy()
            piece = slice(first, end + 1)
            links = [self._port(keys, side, way, at) for side, at in ((0, first), (-1, end)) if at in barred]
            points = way.point_ids[piece]
            yield replace(way, node_ids=keys, lons=way.lons[piece], lats=way.lats[piece], osm_ids=points), verdict
            yield from (link for link in links if link is not None)

    def _bars(self, point: int, is_end: bool) -> bool:
        if point not in self._verdicts:
            return False
        return is_end or (self._through[point] == 1 and self._ending[point] == 0)

    def _port(self, keys: Longs, side: int, way: Way, at: int) -> Kept | None:
        """Give one side of a barrier a key of its own; steps of no length to the point itself if walkers pass."""
        point = int(keys[side])
        keys[side] = self._next
        self._next += 1
        if self._verdicts[point] == "closed":
            return None
        twice = np.repeat(at, 2)
        link = Way(
            way.way_id, np.array([keys[side], point]), way.lons[twice], way.lats[twice], {}, way.point_ids[twice]
        )
        return link, Walkable(BARRIER_CLASS, is_steps=True, is_footway=False)


def told_ways(ways: Sequence[Kept], progress: Progress) -> Iterator[Kept]:
    """The same ways; tells (how many, of how many) every 1,000 of them and at the end."""
    for done, kept in enumerate(ways, start=1):
        if done % _EVERY == 0 or done == len(ways):
            progress(done, len(ways))
        yield kept
