"""Does a list's declared coordinate system fit the areas its rows name? One public list says GCJ-02 and is BD-09."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from geo.coordinates import to_wgs84
from services.intake.outlines import Floats, Longs, Outlines

CANDIDATES = ("wgs84", "gcj02", "bd09")
FEWEST_ROWS = 30
FARTHEST_M = 1000.0
"""A row farther off than this is in the wrong place in every system; it counts as this far."""


@dataclass(frozen=True)
class Fit:
    """How well a system fits: rows outside the area they name, and their mean distance to it in metres."""

    crs: str
    rows: int
    outside: int
    error_m: float


@dataclass(frozen=True)
class Verdict:
    """The declared system against the best one. `checked` is False when too few rows name a drawn area."""

    declared: str
    best: str
    checked: bool
    contradicted: bool
    fits: dict[str, Fit]

    def document(self) -> dict[str, Any]:
        """Give the verdict as it is kept in the report."""
        return {
            "declared": self.declared,
            "best": self.best,
            "checked": self.checked,
            "contradicted": self.contradicted,
            "fits": {
                name: {"rows": fit.rows, "outside": fit.outside, "error_m": round(fit.error_m, 1)}
                for name, fit in self.fits.items()
            },
        }


def judge_declared(outlines: Outlines, lons: Floats, lats: Floats, named: Longs, declared: str) -> Verdict:
    """Measure every system by the distance of each point to the area it names (`named`, 15-digit codes).

    (lon, lat) as given. A neighbour system is held to contradict the declared one when its rows lie outside
    their areas so much less often that chance does not explain it (three standard deviations of the
    difference of two counts) and its mean error is less than two thirds.
    """
    fits = {crs: _fit(outlines, crs, lons, lats, named) for crs in CANDIDATES}
    same = "wgs84" if declared == "cgcs2000" else declared
    best = min(CANDIDATES, key=lambda crs: (fits[crs].error_m, crs != same))
    mine, other = fits[same], fits[best]
    checked = mine.rows >= FEWEST_ROWS
    chance = 3 * sqrt(mine.outside + other.outside + 1)
    contradicted = checked and mine.outside - other.outside > chance and mine.error_m > 1.5 * other.error_m
    return Verdict(declared, best if contradicted else declared, checked, contradicted, fits)


def _fit(outlines: Outlines, crs: str, lons: Floats, lats: Floats, named: Longs) -> Fit:
    if not len(lons):
        return Fit(crs, 0, 0, 0.0)
    x, y = to_wgs84(lons, lats, crs)
    far = np.zeros(len(lons))
    for code in np.unique(named):
        rows = named == code
        far[rows] = outlines.metres_from(int(code), x[rows], y[rows])
    return Fit(crs, len(lons), int((far > 0).sum()), float(np.minimum(far, FARTHEST_M).mean()))
