"""What a siting question is answered with: the sites, what they achieve, and how much better it could be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Tell = Callable[[str, float, float], None]
"""Progress of a long solve: `tell(stage, objective, bound)`; both in the unit of the question."""


class SitingError(ValueError):
    """A siting question that has no answer: the reason is the text."""


def silent(stage: str, objective: float, bound: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class SiteAnswer:
    """Where to open, in whole units (elders, elder-seconds, sites), recomputed from the sites themselves.

    `sites` are candidate positions from 0, ascending. `bound` is what no choice can beat: above the objective
    where more is better, below it where less is. `proven_optimal` says that nothing between the two is left.
    """

    objective: int
    bound: float
    sites: tuple[int, ...]
    proven_optimal: bool

    @property
    def gap(self) -> float:
        """How far from the bound the answer may be at most, as a share of the objective; 0 when proven."""
        if self.proven_optimal or self.bound == self.objective:
            return 0.0
        return abs(self.bound - self.objective) / max(abs(self.objective), 1)

    def as_json(self) -> dict[str, Any]:
        """Give the answer as the command line prints it: sites numbered from 1."""
        return {
            "objective": self.objective,
            "proven_optimal": self.proven_optimal,
            "gap": round(self.gap, 9),
            "sites": [site + 1 for site in self.sites],
        }


def best_of(answer: SiteAnswer, other: SiteAnswer, *, more_is_better: bool) -> SiteAnswer:
    """Give the better of two answers to one question, with the tighter of the two bounds."""
    first = (answer.objective >= other.objective) if more_is_better else (answer.objective <= other.objective)
    chosen = answer if first else other
    bound = min(answer.bound, other.bound) if more_is_better else max(answer.bound, other.bound)
    return judged(chosen.objective, bound, chosen.sites, more_is_better=more_is_better)


def judged(objective: int, bound: float, sites: tuple[int, ...], *, more_is_better: bool) -> SiteAnswer:
    """Give an answer, proven where no whole number is left between objective and bound."""
    room = bound - objective if more_is_better else objective - bound
    proven = room < 1.0 - 1e-6
    return SiteAnswer(objective, float(objective) if proven else float(bound), tuple(sorted(sites)), proven)
