"""Which sums of persons stay unpublished when many tables stand side by side over one tree of areas. Pure.

Every measure is a count per area; an area is the sum of its parts. Measures hang together: one is a part of another
(those met, of those to be met), and two may be halves of a third (at home and in homes, of all). A reader adds and
subtracts along all of it, so:

* counts from 1 to `smallest` - 1 are hidden, and so are those whose remainder in a larger measure would be that small;
* where the larger measure is hidden, its parts are; two halves are hidden together;
* of an area and the parts it is the sum of, never exactly one is hidden (services/circles/suppression.py, with the proof);
* what a sum has beside its parts (elders registered in no community) is a part of its own that is never shown.

`tests/services/oversight/test_suppressing.py` solves all published equations at once and must not come to a hidden count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.circles.suppression import Area, closed

Counts = Mapping[Area, int]
REST = "rest"
"""The level of what a sum has beside its registered parts."""


@dataclass(frozen=True)
class Ties:
    """How measures hang together: (part, whole) by code, and (half, other half, whole)."""

    inside: tuple[tuple[str, str], ...] = ()
    halves: tuple[tuple[str, str, str], ...] = ()


def hide_sums(
    parents: Mapping[Area, Area | None], sums: Mapping[str, Counts], ties: Ties, smallest: int
) -> dict[str, frozenset[Area]]:
    """Give for every measure the areas whose sum stays unpublished; all areas have a count in every measure."""
    hidden: dict[str, frozenset[Area]] = {}
    for group in _in_order(sums, ties):
        first: set[Area] = set()
        for code in group:
            first |= {area for area, count in sums[code].items() if 0 < count < smallest or area[0] == REST and count}
            for part, whole in ties.inside:
                if part == code and whole not in group:
                    first |= hidden[whole] | _small_rests(sums[code], sums[whole], smallest)
            for one, other, whole in ties.halves:
                if code in (one, other):
                    first |= hidden[whole]
        weights = {area: max(sums[code][area] for code in group) for area in parents}
        found = frozenset(closed(parents, weights, first))
        hidden |= dict.fromkeys(group, found)
    return hidden


def with_rests(parents: dict[Area, Area | None], sums: Mapping[str, dict[Area, int]]) -> None:
    """Add, under every area whose parts do not add up to it in some measure, the rest as a part of its own."""
    children: dict[Area, list[Area]] = {}
    for area, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(area)
    for parent, parts in children.items():
        rests = {code: counts[parent] - sum(counts[part] for part in parts) for code, counts in sums.items()}
        if any(rests.values()):
            rest = (REST, parent[1])
            parents[rest] = parent
            for code, count in rests.items():
                sums[code][rest] = count


def _small_rests(part: Counts, whole: Counts, smallest: int) -> set[Area]:
    return {area for area, count in part.items() if 0 < whole[area] - count < smallest}


def _in_order(sums: Mapping[str, Counts], ties: Ties) -> Iterable[tuple[str, ...]]:
    """Give the measures, larger ones before their parts, halves together."""
    group_of: dict[str, tuple[str, ...]] = {code: (code,) for code in sums}
    for one, other, _ in ties.halves:
        group_of[one] = group_of[other] = tuple(sorted((one, other)))
    wholes: dict[tuple[str, ...], set[tuple[str, ...]]] = {group: set() for group in group_of.values()}
    for part, whole in (*ties.inside, *((half, whole) for a, b, whole in ties.halves for half in (a, b))):
        if group_of[part] != group_of[whole]:
            wholes[group_of[part]].add(group_of[whole])
    done: list[tuple[str, ...]] = []
    while len(done) < len(wholes):
        ready = sorted(group for group, above in wholes.items() if group not in done and above <= set(done))
        if not ready:
            raise ValueError("two measures are parts of each other")
        done += ready
    return done
