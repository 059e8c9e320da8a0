"""Compiled search for the street in front of a door: pieces of streets in a grid of squares.

Streets are given as points in a plane, metres: piece `p` runs from point `p` to point `p + 1`. The squares hold
the pieces whose boxes touch them, in CSR form. A city of a million crossings takes some 30 MB and 100,000 doors
a tenth of a second; a tree of geometry objects took fifteen times both.
"""

import numpy as np
import numpy.typing as npt
from numba import njit  # type: ignore[import-untyped, unused-ignore]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

Squares = tuple[float, float, float, int, int]
"""Where the grid begins (x, y), metres to a square's side, and how many columns and rows it has."""


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def span_of(a: float, b: float, begin: float, side: float, count: int) -> tuple[int, int]:
    """The first and last square that the stretch between two coordinates touches."""
    low, high = min(a, b), max(a, b)
    return max(0, int((low - begin) / side)), min(count - 1, int((high - begin) / side))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def lay_pieces(x: Floats, y: Floats, pieces: Ints, grid: Squares) -> tuple[Longs, Ints]:
    """Which pieces touch each square, as CSR: (starts int64 (squares + 1,), pieces int32)."""
    begin_x, begin_y, side, columns, rows = grid
    starts = np.zeros(columns * rows + 1, dtype=np.int64)
    for piece in pieces:
        west, east = span_of(x[piece], x[piece + 1], begin_x, side, columns)
        south, north = span_of(y[piece], y[piece + 1], begin_y, side, rows)
        for row in range(south, north + 1):
            for column in range(west, east + 1):
                starts[row * columns + column + 1] += 1
    for square in range(columns * rows):
        starts[square + 1] += starts[square]
    held = np.empty(starts[-1], dtype=np.int32)
    filled = starts[:-1].copy()
    for piece in pieces:
        west, east = span_of(x[piece], x[piece + 1], begin_x, side, columns)
        south, north = span_of(y[piece], y[piece + 1], begin_y, side, rows)
        for row in range(south, north + 1):
            for column in range(west, east + 1):
                square = row * columns + column
                held[filled[square]] = piece
                filled[square] += 1
    return starts, held


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def place_on(x: Floats, y: Floats, piece: int, at_x: float, at_y: float) -> tuple[float, float]:
    """The nearest place of a piece to a point: its share of the piece, and the square of the metres to it."""
    step_x, step_y = x[piece + 1] - x[piece], y[piece + 1] - y[piece]
    length = step_x * step_x + step_y * step_y
    share = 0.0
    if length > 0.0:
        share = min(1.0, max(0.0, ((at_x - x[piece]) * step_x + (at_y - y[piece]) * step_y) / length))
    off_x, off_y = at_x - x[piece] - share * step_x, at_y - y[piece] - share * step_y
    return share, off_x * off_x + off_y * off_y


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def nearest_pieces(
    x: Floats, y: Floats, grid: Squares, starts: Longs, held: Ints, at_x: Floats, at_y: Floats, limit_m: float
) -> tuple[Longs, Floats]:
    """For every door the nearest piece within the limit (int64, -1 for none) and the share of it (float64).

    Squares are looked at ring by ring, until no farther ring can hold anything nearer. Of pieces equally near
    the one with the lowest number is taken. Doors without a place (nan, inf) find nothing.
    """
    begin_x, begin_y, side, columns, rows = grid
    found, shares = np.full(len(at_x), -1, dtype=np.int64), np.zeros(len(at_x))
    for door in range(len(at_x)):
        door_x, door_y = at_x[door], at_y[door]
        far = abs(door_x - begin_x) + abs(door_y - begin_y)
        if not far < 1e8:
            continue
        column, row = int(np.floor((door_x - begin_x) / side)), int(np.floor((door_y - begin_y) / side))
        in_x, in_y = door_x - begin_x - column * side, door_y - begin_y - row * side
        inner = min(min(in_x, side - in_x), min(in_y, side - in_y))
        nearest = limit_m * limit_m
        ring = 0
        while True:
            for near_row in range(max(0, row - ring), min(rows - 1, row + ring) + 1):
                whole = near_row == row - ring or near_row == row + ring
                step = 1 if whole or ring == 0 else 2 * ring
                for near_column in range(column - ring, column + ring + 1, step):
                    if near_column < 0 or near_column >= columns:
                        continue
                    square = near_row * columns + near_column
                    for k in range(starts[square], starts[square + 1]):
                        share, metres = place_on(x, y, held[k], door_x, door_y)
                        if metres < nearest or (metres == nearest and (found[door] < 0 or held[k] < found[door])):
                            nearest, found[door], shares[door] = metres, held[k], share
            seen = ring * side + inner
            if seen >= limit_m or nearest <= seen * seen:
                break
            ring += 1
    return found, shares


def warm_up() -> None:
    """Compiles (or loads from the cache) the search."""
    x, y, grid = np.array([0.0, 10.0]), np.array([0.0, 10.0]), (0.0, 0.0, 100.0, 1, 1)
    starts, held = lay_pieces(x, y, np.zeros(1, dtype=np.int32), grid)
    nearest_pieces(x, y, grid, starts, held, x, y, 300.0)
