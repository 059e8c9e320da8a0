"""What the builders of the demonstration share: the ground, the rules, the people so far, and the dice."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from services.cities.pack import CityRules
from services.clock import SHANGHAI
from workers.district.bulk import Bulk
from workers.district.drawing import Home
from workers.district.drawn_files import District
from workers.district.sample_files import Names

CITY_CODE = 320100_000_000_000
HISTORY_MONTHS = 14


@dataclass
class InventedElder:
    """One elder as the builders know her; `flat` is the room number, phone in clear (invented)."""

    id: int
    name: str
    gender: str
    born_on: date
    home: Home
    flat: int
    phone: str
    living: str
    groups: list[str]
    care_level: int
    registered_on: date
    visit_class: str | None = None

    @property
    def quarter_code(self) -> int:
        """The 15-digit area every row of hers carries."""
        return self.home.quarter_code


@dataclass(frozen=True)
class InventedCarer:
    """One carer with her employer and skills."""

    id: int
    provider_id: int
    name: str
    skills: frozenset[str]


@dataclass(frozen=True)
class InventedProvider:
    """One provider with the service codes it offers and its dispatcher."""

    id: int
    code: str
    name: str
    street_code: int
    services: tuple[str, ...]
    dispatcher_id: int


@dataclass(frozen=True)
class InventedRight:
    """Government's share of some services for one elder, up to a cap a month; money in fen."""

    id: int
    service_codes: frozenset[str]
    percent: int
    monthly_cap_fen: int


@dataclass(frozen=True)
class InventedBed:
    """One bed: of an institution or of a community centre, certified for nursing by today or not."""

    id: int
    area_code: int
    institution: bool
    nursing: bool


@dataclass
class World:
    """One build in progress. `dice` of a topic gives the same throws for the same seed, whatever else changed."""

    session: Session
    bulk: Bulk
    now: datetime
    today: date
    seed: int
    rules: CityRules
    district: District
    names: Names
    area_names: dict[int, str]
    elder_count: int
    months: int = HISTORY_MONTHS
    providers: dict[str, InventedProvider] = field(default_factory=dict)
    facilities: dict[str, int] = field(default_factory=dict)
    prices: dict[tuple[int, str], int] = field(default_factory=dict)
    menu: dict[str, dict[str, object]] = field(default_factory=dict)
    beds: list[InventedBed] = field(default_factory=list)
    entitlements: dict[int, list[InventedRight]] = field(default_factory=dict)
    former_residents: list[InventedElder] = field(default_factory=list)
    relatives: dict[int, tuple[int, int]] = field(default_factory=dict)
    died_on: dict[int, date] = field(default_factory=dict)
    elders: list[InventedElder] = field(default_factory=list)
    carers: dict[int, list[InventedCarer]] = field(default_factory=dict)
    visitors: dict[int, int] = field(default_factory=dict)
    officers: dict[int, int] = field(default_factory=dict)
    volunteers: list[tuple[int, str]] = field(default_factory=list)
    cast: dict[str, int] = field(default_factory=dict)
    phones_given: int = 1000
    people_given: int = 0

    def dice(self, topic: str) -> random.Random:
        """Give the random numbers of one topic."""
        return random.Random(f"{self.seed}:{topic}")

    @property
    def first_day(self) -> date:
        """The first day of the seeded history: the first of the month, `months` months ago."""
        months = self.today.year * 12 + self.today.month - 1 - self.months
        return date(months // 12, months % 12 + 1, 1)

    @property
    def share(self) -> float:
        """How much of the full district of 6,000 elders is built."""
        return self.elder_count / 6000

    def next_phone(self) -> int:
        """Give the next number of the invented phone range."""
        self.phones_given += 1
        return self.phones_given

    def next_person(self) -> int:
        """Count the people, for ID numbers that differ."""
        self.people_given += 1
        return self.people_given


def at(day: date, hour: float) -> datetime:
    """Give the UTC moment of a Shanghai wall-clock hour (8.5 is half past eight) on a civil day."""
    return (datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(hours=hour)).astimezone(UTC)


def by_day(dice: random.Random, day: date) -> datetime:
    """Give a moment of a civil day at which people order, post and answer: between 8 and 20:30 in Shanghai."""
    return at(day, 8.0) + timedelta(minutes=dice.randint(0, 750))


def after_a_while(dice: random.Random, moment: datetime) -> datetime:
    """Give when somebody gets round to confirming: mostly within four hours, else the next day."""
    if dice.random() < 0.7:
        return moment + timedelta(minutes=dice.randint(4, 240))
    return by_day(dice, moment.astimezone(SHANGHAI).date() + timedelta(days=1))


def month_starts(first: date, until: date) -> list[date]:
    """Give the first days of the months from one day to another, both months included."""
    months = range(first.year * 12 + first.month - 1, until.year * 12 + until.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]
