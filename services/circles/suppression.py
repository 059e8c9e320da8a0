"""Which counts must stay unpublished so that nothing about a handful of elders can be worked out.

A published table is a tree of areas (city, district, street, community). Each area has a total and, per circle
and way of walking, reached and unreached. Counts of 1 to 4 are hidden, and others with them:

* reached and unreached are hidden together (their sum is the total);
* where a total is hidden, everything of that area is hidden;
* of an area and the parts it is the sum of, never exactly one is hidden, for that one would be a subtraction.

In a tree the last rule is also enough: every hidden count then lies on a path of hidden counts between two open
ends, along which one can be raised and the other lowered without any published sum changing. The tests prove it
by linear algebra and by integer programming. Pure; standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SMALLEST_SHOWN = 5

Area = tuple[str, int]
"""Level and code: a street's elders who are registered in no community are a part of their own."""
Table = tuple[str, str]
"""Circle and way of walking."""


@dataclass(frozen=True)
class Hidden:
    """What stays unpublished: areas whose total is hidden, and per table those whose reached is (and unreached)."""

    totals: frozenset[Area]
    parts: dict[Table, frozenset[Area]]


def hide(
    parents: Mapping[Area, Area | None], totals: Mapping[Area, int], reached: Mapping[Table, Mapping[Area, int]]
) -> Hidden:
    """Decide what to hide; `parents` gives for every area the one it is a part of (None for the whole)."""
    hidden_totals = closed(parents, totals, {area for area, total in totals.items() if _small(total)})
    parts = {}
    for table, counts in reached.items():
        small = {area for area, total in totals.items() if _small(counts[area]) or _small(total - counts[area])}
        parts[table] = frozenset(closed(parents, totals, small | hidden_totals))
    return Hidden(frozenset(hidden_totals), parts)


def _small(count: int) -> bool:
    return 0 < count < SMALLEST_SHOWN


def closed(parents: Mapping[Area, Area | None], totals: Mapping[Area, int], first: Iterable[Area]) -> set[Area]:
    """Hide more until no area and its parts have exactly one hidden among them; for other tables of the same tree too."""
    children: dict[Area, list[Area]] = {}
    for area, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(area)
    hidden = set(first)
    waiting = sorted(children)
    while waiting:
        parent = waiting.pop()
        group = [parent, *children[parent]]
        inside = [area for area in group if area in hidden]
        if len(inside) != 1:
            continue
        chosen = _companion(parent, children[parent], inside[0], totals)
        hidden.add(chosen)
        touched = (parents[chosen], chosen, parent)
        waiting.extend(area for area in touched if area is not None and area in children)
    return hidden


def _companion(parent: Area, parts: list[Area], alone: Area, totals: Mapping[Area, int]) -> Area:
    """What is hidden beside a lonely one: the smallest other part that has anybody, else the whole they make up."""
    others = [part for part in parts if part != alone and totals[part] > 0]
    if others:
        return min(others, key=lambda part: (totals[part], part))
    return parent if alone != parent else min(parts)
