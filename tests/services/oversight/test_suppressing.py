"""Nobody adds or subtracts her way to a handful of persons: all published sums are solved at once, and must not tell."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from scipy.linalg import null_space

from services.oversight.suppressing import REST, Ties, hide_sums, with_rests

SMALLEST = 5
TIES = Ties(
    inside=(
        ("home", "all"), ("inst", "all"), ("served", "home"), ("served", "all"), ("bought", "served"), ("bought", "home"),
        ("old", "all"), ("met", "listed"), ("listed", "all"), ("bought", "all"),
    ),
    halves=(("home", "inst", "all"),),
)  # fmt: skip
MEASURES = ("all", "home", "inst", "served", "bought", "old", "listed", "met")
Area = tuple[str, int]


def a_city(seed: int) -> tuple[dict[Area, Area | None], dict[str, dict[Area, int]]]:
    """A tree of districts with streets and communities of few and of many, and sums of eight measures."""
    chance = random.Random(seed)
    parents: dict[Area, Area | None] = {("city", 1): None}
    sums: dict[str, dict[Area, int]] = {code: {("city", 1): 0} for code in MEASURES}

    def add(area: Area, parent: Area) -> None:
        parents[area] = parent
        for counts in sums.values():
            counts.setdefault(area, 0)

    for district in range(chance.randint(1, 2)):
        add(("district", 10 + district), ("city", 1))
        for street in range(chance.randint(1, 3)):
            code = 100 + district * 10 + street
            add(("street", code), ("district", 10 + district))
            for place in range(chance.randint(1, 4)):
                leaf = ("community", code * 10 + place)
                add(leaf, ("street", code))
                _count_up(parents, sums, leaf, _a_place(chance))
            if chance.random() < 0.3:  # some elders of the street are registered in no community
                _count_up(parents, sums, ("street", code), {"all": 2, "home": 2})
    return parents, sums


def _a_place(chance: random.Random) -> dict[str, int]:
    everybody = chance.choice([0, 1, 2, 3, 4, 6, 9, 20, 60])
    home = chance.randint(max(0, everybody - chance.choice([0, 2, 20])), everybody)
    served, listed = chance.randint(0, home), chance.randint(0, everybody)
    return {
        "all": everybody, "home": home, "inst": everybody - home, "served": served, "bought": chance.randint(0, served),
        "old": chance.randint(0, everybody), "listed": listed, "met": max(0, listed - chance.choice([0, 0, 1, 3, 9])),
    }  # fmt: skip


def _count_up(parents: Any, sums: Any, area: Area, told: dict[str, int]) -> None:
    above: Area | None = area
    while above is not None:
        for measure, count in told.items():
            sums[measure][above] += count
        above = parents[above]


def found_out(parents: Any, sums: Any, hidden: dict[str, frozenset[Area]]) -> list[Any]:
    """Solve every equation a reader can write down; give the small counts and small remainders that are determined."""
    unknown = {
        cell: n for n, cell in enumerate((code, area) for code in sorted(hidden) for area in sorted(hidden[code]))
    }
    rows = _equations(parents, sums)
    free = null_space(np.array([_functional(row, unknown) for row in rows])) if unknown else np.zeros((0, 0))

    def determined(cells: dict[Any, int]) -> bool:
        return not unknown or bool(np.all(np.abs(_functional(cells, unknown) @ free) < 1e-9))

    told: list[Any] = [cell for cell in unknown if determined({cell: 1})]
    for code, counts in sums.items():
        small = [(code, area) for area, count in counts.items() if 0 < count < SMALLEST]
        told += [cell for cell in small if determined({cell: 1})]
    for part, whole in TIES.inside:
        rests = [area for area in parents if 0 < sums[whole][area] - sums[part][area] < SMALLEST]
        told += [(whole, part, area) for area in rests if determined({(whole, area): 1, (part, area): -1})]
    return told


def _equations(parents: Any, sums: Any) -> list[dict[Any, int]]:
    rows = [
        {(code, parent): 1} | {(code, area): -1 for area, above in parents.items() if above == parent}
        for code in sums
        for parent in set(parents.values()) - {None}
    ]
    halves = [{(whole, area): 1, (a, area): -1, (b, area): -1} for a, b, whole in TIES.halves for area in parents]
    return rows + halves


def _functional(cells: dict[Any, int], unknown: dict[Any, int]) -> Any:
    """A sum of cells as far as it is unknown to a reader."""
    row = np.zeros(len(unknown))
    for cell, factor in cells.items():
        if cell in unknown:
            row[unknown[cell]] += factor
    return row


@pytest.mark.parametrize("seed", range(40))
def test_no_small_count_and_no_small_remainder_is_determined_by_all_published_sums(seed: int) -> None:
    parents, sums = a_city(seed)
    with_rests(parents, sums)
    hidden = hide_sums(parents, sums, TIES, SMALLEST)
    assert found_out(parents, sums, hidden) == []
    assert hidden["home"] == hidden["inst"]


def test_the_reader_who_subtracts_is_able_to_where_only_small_counts_are_hidden() -> None:
    caught = 0
    for seed in range(40):
        parents, sums = a_city(seed)
        with_rests(parents, sums)
        naive = {
            code: frozenset(a for a, n in counts.items() if 0 < n < SMALLEST or (a[0] == REST and n))
            for code, counts in sums.items()
        }
        caught += bool(found_out(parents, sums, naive))
    assert caught > 30


def test_hiding_does_not_hide_everything_and_zero_is_told() -> None:
    shown = whole = 0
    for seed in range(40):
        parents, sums = a_city(seed)
        with_rests(parents, sums)
        hidden = hide_sums(parents, sums, TIES, SMALLEST)
        shown += sum(1 for code in sums for area in parents if area not in hidden[code])
        whole += len(sums) * len(parents)
    assert shown > whole * 0.2
    parents = {("city", 1): None, ("district", 2): ("city", 1)}
    assert hide_sums(parents, {"x": {("city", 1): 0, ("district", 2): 0}}, Ties(), 5)["x"] == frozenset()
    with pytest.raises(ValueError, match="parts of each other"):
        hide_sums(parents, {"x": {}, "y": {}}, Ties(inside=(("x", "y"), ("y", "x"))), 5)
