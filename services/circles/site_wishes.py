"""What an officer asks when she asks where the next facilities should stand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from services.circles.scenario_errors import CannotSite

Model = Literal["mclp", "lscp", "pmedian"]
MOST_CANDIDATES = 3000
MOST_SITES = 50
LONGEST_SECONDS = 600
MODEL_ZH = {
    "mclp": "让最多的老人走得到（最大覆盖）",
    "lscp": "用最少的设施让大家走得到（集合覆盖）",
    "pmedian": "让大家一共走的路最短（p-中位）",
}


@dataclass(frozen=True)
class CandidateSite:
    """A place where a facility could stand: (lon, lat) degrees WGS-84, what it costs (fen), how many it has room for."""

    lon: float
    lat: float
    name: str = ""
    cost_fen: int | None = None
    places: int | None = None


@dataclass(frozen=True)
class SiteWish:
    """One question. `tier_code` and `profile` say which circle; `count` at most how many
    (lscp opens as many as it needs).

    `share` (lscp) is the part of the elders to be reached, 0 to 1. `places` is the room of each new site where
    the candidate does not say; `budget_fen` the money for all. Without `candidates` they are taken from the
    network, one per square of `spacing_m`. `source` is the register (`elders`) or the city's compounds or grid.
    """

    tier_code: str
    profile: str
    model: Model = "mclp"
    count: int = 3
    exact: bool = False
    time_limit_seconds: int = 60
    source: str = "elders"
    share: float = 1.0
    spacing_m: int = 150
    places: int | None = None
    budget_fen: int | None = None
    candidates: tuple[CandidateSite, ...] = ()

    def check(self) -> None:
        """Refuse what cannot be asked. Raises CannotSite naming the field."""
        wrong = {
            "model": self.model not in get_args(Model),
            "count": not 1 <= self.count <= MOST_SITES,
            "share": not 0 < self.share <= 1,
            "spacing_m": not 50 <= self.spacing_m <= 2000,
            "time_limit_seconds": not 1 <= self.time_limit_seconds <= LONGEST_SECONDS,
            "places": self.places is not None and self.places < 1,
            "budget_fen": self.budget_fen is not None and self.budget_fen < 1,
            "candidates": len(self.candidates) > MOST_CANDIDATES,
        }
        for field, is_wrong in wrong.items():
            if is_wrong:
                raise CannotSite(field=field)
        if self.budget_fen is not None and (
            not self.candidates or any(one.cost_fen is None for one in self.candidates)
        ):
            raise CannotSite("要按预算选址，每个候选点都要写明费用。", field="budget_fen")
        limited = self.places is not None or any(one.places is not None for one in self.candidates)
        if self.model != "mclp" and (limited or self.budget_fen is not None):
            raise CannotSite("容量和预算只能和最大覆盖一起用。", field="model")

    def as_json(self) -> dict[str, Any]:
        """Give the wish as it is kept."""
        return {**asdict(self), "candidates": [asdict(one) for one in self.candidates]}

    @staticmethod
    def from_json(kept: dict[str, Any]) -> SiteWish:
        """Read a kept wish."""
        candidates = tuple(CandidateSite(**one) for one in kept.get("candidates", ()))
        return SiteWish(**{**kept, "candidates": candidates})
