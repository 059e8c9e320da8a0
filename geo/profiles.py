"""Ways of walking, as data: how fast, and what stairs cost.

Speeds: 0.8 m/s is the slow-gait cut-off of EWGSOP2 and our default elder; 0.6 m/s an elder with a walker;
1.0 m/s the planners' 60 m a minute. `gb50180` measures metres along the streets, because GB 50180-2018 gives
its circles as distances (1000, 500, 300 m). The price of stairs for the elder and the frail (their length
counted 1.5 and 2 times) is our own assumption, not a measurement; `planning` and `gb50180` have none.
"""

from dataclasses import dataclass
from typing import Literal

from geo.errors import UnknownProfile


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of walking. `steps_factor` multiplies the length of stairs; None refuses them."""

    code: str
    name_zh: str
    measure: Literal["seconds", "metres"]
    speed_mps: float
    steps_factor: float | None

    @property
    def cost_per_m(self) -> float:
        """Seconds (or metres, for a distance profile) that one level metre costs."""
        return 1.0 if self.measure == "metres" else 1.0 / self.speed_mps

    @property
    def step_free(self) -> bool:
        """Whether stairs are refused."""
        return self.steps_factor is None


PROFILES: dict[str, Profile] = {
    profile.code: profile
    for profile in (
        Profile("elder", "老人步行（0.8 米/秒）", "seconds", 0.8, 1.5),
        Profile("planning", "规划步行（1.0 米/秒）", "seconds", 1.0, 1.0),
        Profile("frail", "体弱老人（0.6 米/秒）", "seconds", 0.6, 2.0),
        Profile("wheelchair", "轮椅（0.8 米/秒，不走台阶）", "seconds", 0.8, None),
        Profile("gb50180", "GB 50180 步行距离（米）", "metres", 1.0, 1.0),
    )
}


def profile_named(code: str) -> Profile:
    """The profile of that code. Raises UnknownProfile naming those there are."""
    if code not in PROFILES:
        raise UnknownProfile(code, tuple(PROFILES))
    return PROFILES[code]
