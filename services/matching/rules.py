"""How providers are ranked for an elder, and how long each may think. Published, whole numbers, no surprises.

A provider gets at most 1000 points: 250 for nearness (none at the edge of how far it goes), 150 for its
grade, 150 for elders' ratings (half of it while nobody has rated), 100 for price (all for the cheapest), 50
for free capacity in the window, 100 for having served her before (25 a time), 100 for a light load of the last
30 days (fairness among those who can come), 100 when somebody as she wishes is free (all when she wishes
nothing). Where the city's rules give the credit level a weight (rules.trust.credit.match_weight), its share of that
weight comes on top: all for the best level, half of it while a provider has none. Ties go to the shorter walk, then the lower price, then the older provider.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEAR, GRADE, RATING, PRICE, CAPACITY = 250, 150, 150, 100, 50
CONTINUITY, FAIRNESS, WISH = 100, 100, 100
KNOWN_WELL = 4
"""So many visits of the last year make a provider known as well as can be."""
SHORTEST_OFFER_SECONDS = 600


@dataclass(frozen=True)
class Facts:
    """What the score knows of a provider for one window. Seconds on foot, fen, faces in hundredths (100-300).

    `credit_percent` of `credit_weight` points go to the provider's credit level; None: it has none yet.
    """

    provider_id: int
    walk_seconds: int
    max_travel_seconds: int
    grade: int
    mean_face_hundredths: int | None
    price_fen: int
    capacity_left: int
    slot_capacity: int
    served_before: int = 0
    load: int = 0
    as_wished: bool = True
    credit_weight: int = 0
    credit_percent: int | None = None


def score(facts: Facts, cheapest_fen: int, loads: tuple[int, int] = (0, 0)) -> dict[str, int]:
    """Give a provider's points by part; their sum is its score (0-1000, and the credit's weight on top).

    `loads`: the lightest and the heaviest. Without a weight there is no part `credit`.
    """
    lightest, heaviest = loads
    spare = max(0, facts.max_travel_seconds - facts.walk_seconds)
    near = NEAR * spare // facts.max_travel_seconds if facts.max_travel_seconds > 0 else 0
    face = facts.mean_face_hundredths
    credit = {"credit": _credit(facts)} if facts.credit_weight else {}
    return {
        "near": near,
        "grade": GRADE * (facts.grade - 1) // 4,
        "rating": RATING // 2 if face is None else RATING * (face - 100) // 200,
        "price": PRICE if facts.price_fen <= 0 else PRICE * cheapest_fen // facts.price_fen,
        "capacity": CAPACITY * min(facts.capacity_left, facts.slot_capacity) // facts.slot_capacity,
        "continuity": CONTINUITY * min(facts.served_before, KNOWN_WELL) // KNOWN_WELL,
        "fairness": FAIRNESS if heaviest <= lightest else FAIRNESS * (heaviest - facts.load) // (heaviest - lightest),
        "wish": WISH if facts.as_wished else 0,
        **credit,
    }


def _credit(facts: Facts) -> int:
    percent = 50 if facts.credit_percent is None else facts.credit_percent
    return facts.credit_weight * percent // 100


def rank(all_facts: Sequence[Facts]) -> list[tuple[Facts, dict[str, int]]]:
    """Order providers best first, each with the parts of its score; the same facts give the same order."""
    cheapest = min((facts.price_fen for facts in all_facts), default=0)
    loads = [facts.load for facts in all_facts] or [0]
    scored = [(facts, score(facts, cheapest, (min(loads), max(loads)))) for facts in all_facts]
    return sorted(
        scored,
        key=lambda pair: (
            -sum(pair[1].values()),
            pair[0].walk_seconds,
            pair[0].price_fen,
            pair[0].provider_id,
        ),
    )


def estimated_walk_seconds(
    straight_m: float, metres_per_second: float, detour_factor: float, at_least_seconds: int = 0
) -> int:
    """Give an estimated walk in seconds from the straight line in metres, when no street route is known."""
    return max(at_least_seconds, round(straight_m * detour_factor / metres_per_second))


def minutes_up(seconds: int) -> int:
    """Give whole minutes as elders are told them, rounded up: 301 seconds are 6 minutes."""
    return -(-seconds // 60)


Opening = tuple[Collection[str], int, int]
"""Weekdays ("1".."7", none: every day) and the hours of the Shanghai wall clock between which a provider works."""
MOST_DAYS_AT_REST = 14


def offer_expires_at(
    now: datetime,
    starts_at: datetime,
    timer_minutes: int,
    override_seconds: int | None = None,
    opening: Opening | None = None,
) -> datetime:
    """Give the moment at which an offer passes on: the city's timer, but never so late that nobody else can come.

    One provider may think for at most a quarter of the time left until the service, at least ten minutes,
    and never past its start. With `opening` the clock rests while the provider is closed, yet half of the time
    left stays for others. `override_seconds` shortens it for demonstrations and tests.
    """
    left = max(0.0, (starts_at - now).total_seconds())
    seconds = min(timer_minutes * 60.0, max(float(SHORTEST_OFFER_SECONDS), left / 4))
    if override_seconds is not None:
        seconds = min(seconds, float(override_seconds))
    until = now + timedelta(seconds=max(1.0, seconds))
    if opening is not None and override_seconds is None:
        until = max(until, min(after_open_seconds(now, seconds, opening), now + timedelta(seconds=left / 2)))
    return min(until, max(starts_at, now + timedelta(seconds=1)))


def after_open_seconds(now: datetime, seconds: float, opening: Opening) -> datetime:
    """Give the moment by which a provider was open for so many seconds since now, at most a fortnight later."""
    weekdays, from_hour, to_hour = opening
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(MOST_DAYS_AT_REST):
        midnight = today + timedelta(days=ahead)
        if weekdays and str(midnight.isoweekday()) not in weekdays:
            continue
        opens, closes = max(now, midnight + timedelta(hours=from_hour)), midnight + timedelta(hours=to_hour)
        spell = (closes - opens).total_seconds()
        if spell >= seconds:
            return (opens + timedelta(seconds=seconds)).astimezone(now.tzinfo)
        seconds -= max(0.0, spell)
    return (today + timedelta(days=MOST_DAYS_AT_REST)).astimezone(now.tzinfo)
