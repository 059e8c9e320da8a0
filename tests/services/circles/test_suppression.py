"""No withheld count of an open table can be worked out: by linear algebra, and by integer programming with bounds."""

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from services.circles.suppression import SMALLEST_SHOWN, Area, Table, hide

CITY: Area = ("city", 0)


def made_up_city(seed: int) -> tuple[dict[Area, Area | None], dict[Area, int], dict[Table, dict[Area, int]]]:
    """Two to three districts of streets of communities, some with very few elders; two circles."""
    chance = np.random.default_rng(seed)
    parents: dict[Area, Area | None] = {CITY: None}
    leaves: list[Area] = []
    for district in range(1, 1 + int(chance.integers(1, 4))):
        parents["district", district] = CITY
        for street in range(1, 1 + int(chance.integers(1, 4))):
            parents["street", district * 10 + street] = ("district", district)
            for community in range(1, 1 + int(chance.integers(1, 5))):
                leaf: Area = ("community", district * 100 + street * 10 + community)
                parents[leaf] = ("street", district * 10 + street)
                leaves.append(leaf)
    people = {leaf: int(chance.choice([0, 1, 3, 6, 20, 60])) for leaf in leaves}
    tables: list[Table] = [("five", "elder"), ("fifteen", "elder")]
    near = {table: {leaf: int(chance.binomial(people[leaf], chance.choice([0.0, 0.1, 0.5, 0.95, 1.0]))) for leaf in leaves}
            for table in tables}  # fmt: skip
    return parents, summed(parents, people), {table: summed(parents, near[table]) for table in tables}


def summed(parents: dict[Area, Area | None], counts: dict[Area, int]) -> dict[Area, int]:
    whole = dict.fromkeys(parents, 0)
    for leaf, count in counts.items():
        at: Area | None = leaf
        while at is not None:
            whole[at] += count
            at = parents[at]
    return whole


def system(parents, totals, reached, hidden):
    """All a reader knows: unknown counts as variables, every sum as an equation over them (matrix, right side)."""
    values = {("T", area): total for area, total in totals.items()}
    names = [("T", area) for area in totals if area in hidden.totals]
    for table, counts in reached.items():
        values |= {("R", table, area): counts[area] for area in totals}
        values |= {("U", table, area): totals[area] - counts[area] for area in totals}
        names += [(kind, table, area) for area in totals if area in hidden.parts[table] for kind in "RU"]
    at = {name: place for place, name in enumerate(names)}
    rows, right = [], []
    for terms in every_sum(parents, totals, reached):
        row = np.zeros(len(names))
        for name, sign in terms:
            if name in at:
                row[at[name]] += sign
        known = sum(sign * values[name] for name, sign in terms if name not in at)
        assert row.any() or known == 0
        if row.any():
            rows.append(row)
            right.append(-known)
    return names, np.array(rows).reshape(len(rows), len(names)), np.array(right, dtype=float), values


def every_sum(parents, totals, reached):
    """Every sum of the open table, as (count, sign) terms that add up to nothing."""
    sums = [[(("T", area), 1), (("R", t, area), -1), (("U", t, area), -1)] for area in totals for t in reached]
    for kind in [("T",), *((letter, table) for letter in "RU" for table in reached)]:
        for area in totals:
            parts = [part for part, parent in parents.items() if parent == area]
            if parts:
                sums.append([((*kind, area), 1), *(((*kind, part), -1) for part in parts)])
    return sums


@pytest.mark.parametrize("seed", range(60))
def test_no_withheld_count_follows_from_the_published_sums(seed: int) -> None:
    parents, totals, reached = made_up_city(seed)
    hidden = hide(parents, totals, reached)
    for area, total in totals.items():
        assert not 0 < total < SMALLEST_SHOWN or area in hidden.totals
        for table, counts in reached.items():
            small = any(0 < count < SMALLEST_SHOWN for count in (counts[area], total - counts[area], total))
            assert not small or area in hidden.parts[table]
    names, matrix, _, _ = system(parents, totals, reached, hidden)
    if not names:
        return
    _, sizes, turned = np.linalg.svd(matrix) if len(matrix) else (None, np.zeros(0), np.eye(len(names)))
    free = turned[int((sizes > 1e-9).sum()) :]
    moves = np.abs(free).max(axis=0) if len(free) else np.zeros(len(names))
    assert (moves > 1e-9).all(), [name for name, move in zip(names, moves, strict=True) if move <= 1e-9]


@pytest.mark.parametrize("seed", range(12))
def test_nor_does_any_follow_when_counts_are_whole_and_not_negative(seed: int) -> None:
    parents, totals, reached = made_up_city(seed)
    hidden = hide(parents, totals, reached)
    names, matrix, right, values = system(parents, totals, reached, hidden)
    if not names:
        return
    rules = [LinearConstraint(matrix, right, right)] if len(matrix) else []
    whole = np.ones(len(names))
    for place, name in enumerate(names):
        if values[name] == 0 or values[name] >= SMALLEST_SHOWN:
            continue  # withheld only to protect the small ones
        aim = np.zeros(len(names))
        aim[place] = 1.0
        least = milp(aim, constraints=rules, integrality=whole, bounds=Bounds(0, max(totals.values()) + 1))
        most = milp(-aim, constraints=rules, integrality=whole, bounds=Bounds(0, max(totals.values()) + 1))
        assert least.success and most.success
        assert -most.fun - least.fun >= 1, (name, values[name])


def test_a_lonely_small_count_takes_a_companion_with_it_or_the_whole() -> None:
    parents: dict[Area, Area | None] = {CITY: None, ("district", 1): CITY, ("district", 2): CITY}
    totals = {CITY: 103, ("district", 1): 3, ("district", 2): 100}
    hidden = hide(parents, totals, {("five", "elder"): dict(totals)})
    assert hidden.totals == {("district", 1), ("district", 2)}
    totals[("district", 1)] = 50
    assert hide(parents, totals, {("five", "elder"): dict(totals)}).totals == frozenset()
    only = {CITY: None, ("district", 1): CITY}
    assert hide(only, {CITY: 2, ("district", 1): 2}, {}).totals == {CITY, ("district", 1)}
