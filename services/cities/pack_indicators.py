"""What a city is measured by, as data: indicators with their filters, promises, published figures and projects.

Shares in percent, floor area in square metres, days in Asia/Shanghai. What is counted is told here and nowhere in
code; how it is counted from rows is services/oversight. Kinds and the filters that belong to each: docs/city-packs.md.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from services.cities.pack_part import AreaLevel, Code, Named, Part

Setting = Literal["all", "urban", "rural"]
Basis = Literal["licensed", "open", "occupied"]
StatisticWhat = Literal["residents", "elders_60", "elders_65", "elders_80"]
ElderFact = Literal[
    "served_at_home_in_year", "government_paid_in_year", "visited_in_month", "lives_in_institution", "lives_at_home"
]
RegisteredWhat = Literal[
    "volunteers", "volunteer_organisations", "volunteer_teams", "volunteer_passports", "trained", "staff",
    "home_adaptations", "project_sites",
]  # fmt: skip
Kind = Literal[
    "bed_ratio", "bed_count", "beds_per_1000_elders", "bed_capacity_share", "administrative_coverage",
    "walking_coverage", "areas_with_facility", "areas_flagged", "obligations_met", "facility_count", "facility_share",
    "hub_completeness", "floor_area_per_1000", "elder_share", "elder_count", "registered_count", "stated",
]  # fmt: skip
Grade = Annotated[int, Field(ge=1, le=5)]

OLD_KINDS = {
    "area_coverage": "administrative_coverage",
    "floor_area_per_thousand": "floor_area_per_1000",
    "monthly_visit_rate": "elder_share",
    "registered": "stated",
}
"""Words of packs written before the vocabulary was one; they are read as the word on the right."""
OLD_UNITS = {"beds": "count", "facilities": "count", "people": "count", "organisations": "count"}

_FACILITIES = {"facility_types", "required_functions", "min_grade", "standardised", "setting"}
_BEDS = {"beds", "basis"}
FILTERS: dict[str, set[str]] = {
    "bed_ratio": {"ratio"},
    "bed_count": _BEDS,
    "beds_per_1000_elders": _BEDS | {"population"},
    "bed_capacity_share": _BEDS | {"elders"},
    "administrative_coverage": {"tier", "area_level", "setting", "facility_types"},
    "walking_coverage": {"tier", "profile", "setting"},
    "areas_with_facility": _FACILITIES | {"area_level", "at_least"},
    "areas_flagged": {"area_level", "setting", "flag"},
    "obligations_met": {"obligation"},
    "facility_count": _FACILITIES,
    "facility_share": _FACILITIES | {"fulfilling"},
    "hub_completeness": _FACILITIES,
    "floor_area_per_1000": _FACILITIES | {"population"},
    "elder_share": {"numerator", "elders"},
    "elder_count": {"numerator", "elders"},
    "registered_count": {"what", "role", "project", "population"},
    "stated": set(),
}
"""Which filters belong to which kind; any other one is a mistake of the file."""
NEEDED: dict[str, set[str]] = {
    "bed_ratio": {"ratio"},
    "bed_capacity_share": {"elders"},
    "walking_coverage": {"tier"},
    "areas_with_facility": {"area_level"},
    "areas_flagged": {"area_level", "flag"},
    "obligations_met": {"obligation"},
    "facility_share": {"fulfilling"},
    "hub_completeness": {"required_functions"},
    "elder_share": {"numerator"},
    "elder_count": {"numerator"},
    "registered_count": {"what"},
}


class BedFilter(Part):
    """Which beds are counted: of which facility types (empty: all) and with which flags (all of them)."""

    facility_types: tuple[Code, ...] = ()
    flags: tuple[Literal["nursing", "dementia", "basic_guarantee", "home_bed"], ...] = ()
    include_home_beds: bool = False


class RatioDefinition(Named):
    """A ratio with both its counts spelled out, because one name has several definitions in the plans."""

    numerator: BedFilter
    denominator: BedFilter
    basis: Basis
    source: Code


class FacilityFilter(Part):
    """Which open sites are counted: of which types (empty: all), with all these functions live, so graded, so run.

    `min_grade`: the grade of the certificate valid on the day (1-5, 5 best). `standardised`: the last check of
    standard operation says so. `setting`: by the street or community the site stands in.
    """

    facility_types: tuple[Code, ...] = ()
    required_functions: tuple[Code, ...] = ()
    min_grade: Grade | None = None
    standardised: bool | None = None
    setting: Setting = "all"


class ElderFilter(Part):
    """Which elders a share is of: old enough, able little enough, of any of the groups and of any visit class."""

    min_age: int = Field(default=60, ge=0, le=120)
    min_care_level: int = Field(default=0, ge=0, le=9)
    groups: tuple[Code, ...] = ()
    visit_classes: tuple[Code, ...] = ()
    wishes_institution: bool | None = None


class Indicator(Named):
    """A number a city is measured by, and how it is counted; `binding`: the plan calls it 约束性.

    `area_levels` are those it is shown at, besides the city. `note` says what the plan leaves open.
    """

    kind: Kind
    unit: Literal["percent", "count", "per_1000", "m2_per_1000"]
    area_levels: tuple[AreaLevel, ...] = ()
    source: Code | None = None
    binding: bool = False
    note: str = ""
    ratio: Code | None = None
    beds: BedFilter | None = None
    basis: Basis = "open"
    population: StatisticWhat | None = None
    tier: Code | None = None
    profile: Code | None = None
    area_level: AreaLevel | None = None
    setting: Setting = "all"
    facility_types: tuple[Code, ...] = ()
    required_functions: tuple[Code, ...] = ()
    min_grade: Grade | None = None
    standardised: bool | None = None
    fulfilling: FacilityFilter | None = None
    at_least: int = Field(default=1, ge=1)
    flag: Code | None = None
    obligation: Code | None = None
    numerator: ElderFact | None = None
    elders: ElderFilter | None = None
    what: RegisteredWhat | None = None
    role: Code | None = None
    project: Code | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_todays_words(cls, told: Any) -> Any:
        if not isinstance(told, dict):
            return told
        read, kind, unit = dict(told), str(told.get("kind")), str(told.get("unit"))
        if kind in OLD_KINDS:
            read["kind"] = OLD_KINDS[kind]
        if unit in OLD_UNITS:
            read["unit"] = OLD_UNITS[unit]
        if kind == "monthly_visit_rate":
            read["numerator"] = "visited_in_month"
        return read

    @property
    def facilities(self) -> FacilityFilter:
        """The sites an indicator of facilities is about."""
        return FacilityFilter(
            facility_types=self.facility_types,
            required_functions=self.required_functions,
            min_grade=self.min_grade,
            standardised=self.standardised,
            setting=self.setting,
        )

    @property
    def bed_flags(self) -> tuple[str, ...]:
        """What the counted beds are (nursing, dementia, ...); empty: any."""
        return self.beds.flags if self.beds is not None else ()

    @property
    def is_monthly_visit_rate(self) -> bool:
        """Whether it is the share of elders on the list who were met in the month (月探访率), of all classes."""
        return self.kind == "elder_share" and self.numerator == "visited_in_month" and self.elders is None

    def misplaced(self) -> set[str]:
        """Give the filters that were written and do not belong to the kind."""
        every = set().union(*FILTERS.values())
        return (self.model_fields_set & every) - FILTERS[self.kind] - _unsaid(self)

    def missing(self) -> set[str]:
        """Give the filters the kind cannot be counted without."""
        lacking = {name for name in NEEDED.get(self.kind, ()) if getattr(self, name) in (None, ())}
        if self.kind == "administrative_coverage" and self.tier is None and self.area_level is None:
            lacking.add("area_level")
        if self.kind == "registered_count":
            lacking |= {part for what, part in _PART_OF.items() if what == self.what and getattr(self, part) is None}
        return lacking


_PART_OF = {"staff": "role", "project_sites": "project"}


def _unsaid(indicator: Indicator) -> set[str]:
    """Filters that say nothing: a stored document names every field, with its default."""
    fields = type(indicator).model_fields
    return {name for name in indicator.model_fields_set if getattr(indicator, name) == fields[name].default}


class Target(Part):
    """What the city promised by a day; `mission_row` is the row of the mission table."""

    indicator: Code
    comparison: Literal["at_least", "at_most", "equals"]
    value: Decimal = Field(ge=0)
    due_on: date
    base_value: Decimal | None = Field(default=None, ge=0)
    base_on: date | None = None
    plan: str = Field(min_length=1)
    mission_row: str | None = Field(default=None, pattern=r"^[A-Z]{2}-[0-9]{2}$")
    source: Code
    note: str = ""


class PublishedFigure(Part):
    """A number a plan published about a past day, to stand beside what the house counts; nothing is promised by it.

    `growth_percent` since the day `since` where the plan gives no absolute number.
    """

    indicator: Code
    on: date
    value: Decimal | None = Field(default=None, ge=0)
    growth_percent: Decimal | None = None
    since: date | None = None
    plan: str = Field(min_length=1)
    mission_row: str | None = Field(default=None, pattern=r"^[A-Z]{2}-[0-9]{2}$")
    source: Code
    note: str = ""

    @model_validator(mode="after")
    def _a_number_or_a_growth(self) -> PublishedFigure:
        if (self.value is None) == (self.growth_percent is None):
            raise ValueError("写明value或growth_percent之一 / give either value or growth_percent")
        if (self.growth_percent is None) != (self.since is None):
            raise ValueError("growth_percent与since须同时写明 / growth_percent goes with since")
        return self


class Statistic(Part):
    """An official count of people in an area (6, 9, 12 or 15 digits) on a day: the denominator of "per 1,000"."""

    code: str = Field(pattern=r"^([1-9][0-9]{5}|[1-9][0-9]{8}|[1-9][0-9]{11}|[1-9][0-9]{14})$")
    what: StatisticWhat
    on: date
    people: int = Field(gt=0)
    source: Code
    note: str = ""


class Project(Named):
    """Sites a plan says will be built or rebuilt by a day: `planned` of them, of any of these types."""

    planned: int = Field(gt=0)
    due_on: date
    facility_types: tuple[Code, ...] = ()
    work: Literal["build", "rebuild"] = "build"
    plan: str = Field(min_length=1)
    mission_row: str | None = Field(default=None, pattern=r"^[A-Z]{2}-[0-9]{2}$")
    source: Code
    note: str = ""


class OwnedLevel(Named):
    """A level at which areas should own a site that nobody is expected to walk to: 镇有院, 市级中心, 苏木乡镇中心.

    It has no minutes and only an administrative coverage. Facility types satisfy it as they satisfy a circle.
    """

    rank: int = Field(ge=1)
    area_level: AreaLevel
    setting: Setting = "all"
    source: Code


class Word(Named):
    """What a city calls something: 点菜式, 四单, 一键通; `code` is what the house calls it."""

    source: Code
