"""Numbers crossings so that neighbours in the street are neighbours in memory.

A city of a million crossings does not fit a core's cache; along a Hilbert curve the few thousand crossings an
elder can reach lie close together, and a block of them is a patch of the city.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

CURVE_BITS = 16
FAR_SHARE = 0.25


def hilbert_order(x: Floats, y: Floats) -> Longs:
    """The positions of points in the order in which a Hilbert curve passes them; int64 (n,).

    `x`, `y` (n,) are in any one unit (degrees do); 2^16 steps a side, ties in the given order.
    """
    if len(x) == 0:
        return np.zeros(0, dtype=np.int64)
    span = max(float(np.ptp(x)), float(np.ptp(y)), 1e-300)
    steps = (1 << CURVE_BITS) - 1
    column = ((x - x.min()) / span * steps).astype(np.int64)
    row = ((y - y.min()) / span * steps).astype(np.int64)
    return np.argsort(_along_curve(column, row), kind="stable")


def _along_curve(column: Longs, row: Longs) -> Longs:
    """The place along the curve of each cell: quadrant by quadrant, turned and mirrored as it goes."""
    place = np.zeros(len(column), dtype=np.int64)
    for bit in reversed(range(CURVE_BITS)):
        half = np.int64(1) << bit
        east, north = (column & half) > 0, (row & half) > 0
        place += half * half * ((3 * east) ^ north)
        column, row = column & (half - 1), row & (half - 1)
        mirrored = east & ~north
        column = np.where(mirrored, half - 1 - column, column)
        row = np.where(mirrored, half - 1 - row, row)
        column, row = np.where(north, column, row), np.where(north, row, column)
    return place


def is_local(tails: npt.NDArray[np.integer], heads: npt.NDArray[np.integer], tile: int) -> bool:
    """Whether most streets stay within their block of `tile` consecutive crossings."""
    return len(tails) == 0 or float(np.mean(tails // tile != heads // tile)) <= FAR_SHARE
