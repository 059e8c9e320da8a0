"""The invented parts of the demonstration as files: providers, menu, names, facilities."""

from __future__ import annotations

import csv
import random
import tomllib
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CITIES_FOLDER = ROOT / "sample_data" / "cities"
ASSESSMENTS_FOLDER = ROOT / "sample_data" / "assessments"
CATALOGUE_FOLDER = ROOT / "sample_data" / "catalogue"
ENTITLEMENT_FOLDER = ROOT / "sample_data" / "entitlement"
DISTRICT_FOLDER = ROOT / "sample_data" / "district"
STREET_CODES_FILE = ROOT / "sample_data" / "codes" / "streets.csv.gz"
OSM_FILE = ROOT / "sample_data" / "osm" / "nanjing_xuanwu_2021-06.osm.xml.gz"
FACILITIES_FILE = "facilities_gcj02.csv"


def read_table(name: str) -> list[dict[str, str]]:
    """Read one CSV file of the demonstration as dictionaries."""
    with (DISTRICT_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_menu() -> list[dict[str, Any]]:
    """Read the services an elder can order."""
    document = tomllib.loads((DISTRICT_FOLDER / "services.toml").read_text(encoding="utf-8"))
    services: list[dict[str, Any]] = document["services"]
    return services


@dataclass(frozen=True)
class Names:
    """Surnames with their weights, and given names by generation and gender."""

    surnames: list[str]
    weights: list[int]
    given: dict[str, list[str]]

    def draw(self, dice: random.Random, gender: str, born_year: int, surname: str | None = None) -> str:
        """Give a full name that a person of that gender and year of birth might bear."""
        generation = "1930" if born_year < 1946 else "1950" if born_year < 1970 else "1980"
        family = surname or dice.choices(self.surnames, cum_weights=self.weights)[0]
        return family + dice.choice(self.given[f"{gender}_{generation}"])


def read_names() -> Names:
    """Read the lists of names."""
    document = tomllib.loads((DISTRICT_FOLDER / "names.toml").read_text(encoding="utf-8"))
    pairs = [entry.split() for entry in document.pop("surnames")]
    return Names([name for name, _ in pairs], list(accumulate(int(weight) for _, weight in pairs)), document)


def invented_phone(number: int) -> str:
    """Give an 11-digit phone from 154, a range that no Chinese operator has issued."""
    return f"154{number:08d}"


def invented_id_number(born: Any, sequence: int, gender: str) -> str:
    """Give an 18-digit ID number with a right check digit, in areas 329900 to 329999, which do not exist (GB 11643)."""
    order = sequence % 500 * 2 + (1 if gender == "male" else 0)
    body = f"{329900 + sequence // 500 % 100:06d}{born:%Y%m%d}{order:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
    return body + "10X98765432"[check]
