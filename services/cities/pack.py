"""What a city's plan says, as data: circles, facility types, targets, vouchers, visits, minutes, timers.

One TOML file per city is read into these models; nothing about a city is a constant in code. Walking
times are in minutes, distances in metres, money in fen, ratios in percent. Every number names the
source it comes from.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from services.cities.pack_beds import BedPolicy
from services.cities.pack_care import (
    CareLevel,
    CareScheme,
    EscalationStep,
    Group,
    OfferPolicy,
    OfferTimer,
    Subsidy,
    VisitClass,
    VisitPolicy,
    VisitWho,
    VoucherKind,
)
from services.cities.pack_indicators import (
    BedFilter,
    ElderFilter,
    FacilityFilter,
    Indicator,
    OwnedLevel,
    Project,
    PublishedFigure,
    RatioDefinition,
    Setting,
    Statistic,
    Target,
    Word,
)
from services.cities.pack_money import BudgetLine, CancelFee, MoneyPolicy, PrepaidLimit
from services.cities.pack_part import AreaLevel, Code, Named, NamedPart, Part, Source
from services.cities.pack_supervision import SupervisionPolicy
from services.cities.pack_timebank import GuaranteePolicy, ServicePrice, SignalPolicy, StartPolicy, TimebankPolicy
from services.cities.pack_trust import TrustPolicy
from services.cities.rules import area_contains, written_code

__all__ = [
    "AreaWithoutMinutes", "BedFilter", "BedPolicy", "BudgetLine", "CancelFee", "CareLevel", "CareScheme", "CityFacts",
    "CityPack", "CityRules", "ElderFilter", "EscalationStep", "FacilityFilter", "FacilityFunction", "FacilityType",
    "Group", "GuaranteePolicy", "Indicator", "MoneyPolicy", "Named", "OfferPolicy", "OfferTimer", "OwnedLevel",
    "PackArea", "PackRules", "Part", "PrepaidLimit", "Profile", "Project", "PublishedFigure", "RatioDefinition",
    "Satisfies", "ServicePrice", "Setting", "SignalPolicy", "Source", "StartPolicy", "Statistic", "Subsidy",
    "Target", "Tier", "TimebankPolicy", "TrustPolicy", "VisitClass", "VisitPolicy", "VisitWho", "VoucherKind", "Word",
]  # fmt: skip


class CityFacts(Part):
    """The city itself; `code` as written in GB/T 2260 (six digits)."""

    code: str = Field(pattern=r"^[1-9][0-9]{5}$")
    key: Code
    name_zh: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    demonstration: bool = False


class PackArea(Part):
    """An area the pack declares; `code` in 6, 9, 12 or 15 digits."""

    code: str = Field(pattern=r"^([1-9][0-9]{5}|[1-9][0-9]{8}|[1-9][0-9]{11}|[1-9][0-9]{14})$")
    name: str = Field(min_length=1)
    valid_from: date | None = None
    valid_to: date | None = None
    predecessor: str | None = None


class Profile(Named):
    """How an elder's walk is measured: by seconds at a speed, or by metres of a standard."""

    measure: Literal["speed", "distance"]
    speed_m_per_s: Decimal | None = Field(default=None, gt=0, le=3)
    source: Code

    @model_validator(mode="after")
    def _speed_belongs_to_speed(self) -> Profile:
        if (self.measure == "speed") != (self.speed_m_per_s is not None):
            raise ValueError(
                "按速度计须写speed_m_per_s，按距离计不得写 / speed_m_per_s goes with measure = 'speed' only"
            )
        return self


class Tier(Named):
    """A service circle: how far from home, on foot, an elder should find this kind of facility.

    `setting` says which areas should own such a facility; walking coverage is of all elders. `minutes_source` and
    `distance_source` where the plan that names the circle gives no minutes or no metres.
    """

    rank: int = Field(ge=1)
    minutes: int = Field(gt=0, le=120)
    distance_m: int = Field(gt=0, le=20_000)
    default_profile: Code
    area_level: AreaLevel
    setting: Setting = "all"
    counts_upper_tiers: bool = False
    source: Code
    minutes_source: Code | None = None
    distance_source: Code | None = None


class AreaWithoutMinutes(Part):
    """An area whose circles are not measured in minutes (a pastoral banner): owning a facility is what counts.

    `code` in 6, 9, 12 or 15 digits. `area_level` is the level of area that must own one; without it, each
    circle's own.
    """

    code: str = Field(pattern=r"^([1-9][0-9]{5}|[1-9][0-9]{8}|[1-9][0-9]{11}|[1-9][0-9]{14})$")
    area_level: AreaLevel | None = None
    reason: str = Field(min_length=1)
    source: Code


class FacilityFunction(Named):
    """Something a facility does for elders."""


class Satisfies(Part):
    """Under which conditions a facility of a type counts for a circle or an owned level: all functions are live.

    `source` where the functions were not read where the type was.
    """

    tier: Code
    required_functions: tuple[Code, ...] = ()
    source: Code | None = None


class FacilityType(Named):
    """A kind of facility: its usual functions, and the circles it can satisfy.

    `also` names the same kind in other cities' registers, so that a district may change its rules.
    """

    also: tuple[Code, ...] = ()
    functions: tuple[Code, ...] = ()
    satisfies: tuple[Satisfies, ...] = ()
    institution: bool = False
    meal_site: bool = False
    day_places: bool = False
    source: Code


class OpenDataPolicy(Part):
    """Under which licence a city's open data stands, and the smallest count of persons that is published."""

    licence: str = "CC BY 4.0"
    licence_url: str = "https://creativecommons.org/licenses/by/4.0/"
    smallest_shown: int = Field(default=5, ge=2, le=50)


class PackRules(Part):
    """Everything a city decides."""

    open_data: OpenDataPolicy = OpenDataPolicy()

    profiles: tuple[Profile, ...] = Field(min_length=1)
    tiers: tuple[Tier, ...] = Field(min_length=1)
    owned_levels: tuple[OwnedLevel, ...] = ()
    detour_factor: Decimal = Field(default=Decimal("1.3"), ge=1, le=3)
    areas_without_minutes: tuple[AreaWithoutMinutes, ...] = ()
    functions: tuple[FacilityFunction, ...] = Field(min_length=1)
    facility_types: tuple[FacilityType, ...] = Field(min_length=1)
    service_groups: tuple[Named, ...] = Field(min_length=1)
    ratios: tuple[RatioDefinition, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    targets: tuple[Target, ...] = ()
    published: tuple[PublishedFigure, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    projects: tuple[Project, ...] = ()
    words: tuple[Word, ...] = ()
    care_scheme: CareScheme
    groups: tuple[Group, ...] = Field(min_length=1)
    vouchers: tuple[VoucherKind, ...] = ()
    subsidies: tuple[Subsidy, ...] = ()
    visit_classes: tuple[VisitClass, ...] = Field(min_length=1)
    escalation: tuple[EscalationStep, ...] = Field(min_length=1)
    visits: VisitPolicy
    timebank: TimebankPolicy
    offers: tuple[OfferTimer, ...] = Field(min_length=1)
    offering: OfferPolicy
    money: MoneyPolicy = MoneyPolicy()
    trust: TrustPolicy = TrustPolicy()
    beds: BedPolicy = BedPolicy()
    supervision: SupervisionPolicy = SupervisionPolicy()


class CityPack(Part):
    """One file of sample_data/cities: the city, its areas and either its own rules or a neighbour's.

    Over a neighbour's rules a city may still keep a time bank (`timebank`), vouchers and money rules of its own.
    """

    version: str = Field(min_length=1, max_length=60)
    valid_from: date
    notice: str = ""
    rules_from: Code | None = None
    city: CityFacts
    sources: tuple[Source, ...] = Field(min_length=1)
    areas: tuple[PackArea, ...] = ()
    rules: PackRules | None = None
    timebank: TimebankPolicy | None = None
    vouchers: tuple[VoucherKind, ...] | None = None
    money: MoneyPolicy | None = None

    @model_validator(mode="after")
    def _either_own_or_borrowed_rules(self) -> CityPack:
        if (self.rules is None) == (self.rules_from is None):
            raise ValueError("须且只能写rules或rules_from之一 / give either [rules] or rules_from")
        if self.rules is not None and self.timebank is not None:
            raise ValueError("自有规则的时间银行写在rules.timebank / own rules carry the time bank in [rules.timebank]")
        if self.rules is not None and (self.vouchers is not None or self.money is not None):
            raise ValueError("自有规则的券和资金规则写在rules下 / own rules carry vouchers and money under [rules]")
        return self


class CityRules(PackRules):
    """The rules a city runs under on a day, its own or adopted; frozen, safe to keep and share.

    `version_id` is city_pack_version.id: stamp it on what was judged. Codes have 15 digits.
    """

    city_code: int
    rules_city_code: int
    rules_city_key: str
    rules_city_name_zh: str
    rules_city_name_en: str
    version_id: int
    version: str
    valid_from: date
    timebank_version: str = ""
    sources: tuple[Source, ...]

    @property
    def hours_version(self) -> str:
        """The version of the pack whose time-bank policy holds: stamp it on minutes."""
        return self.timebank_version or self.version

    def tier(self, code: str) -> Tier:
        """Give one service circle; raises KeyError for a code the rules do not have."""
        return _coded(self.tiers, code)

    def profile(self, code: str) -> Profile:
        """Give one way of measuring a walk; raises KeyError."""
        return _coded(self.profiles, code)

    def facility_type(self, code: str) -> FacilityType:
        """Give one kind of facility; raises KeyError."""
        return _coded(self.facility_types, code)

    def ratio(self, code: str) -> RatioDefinition:
        """Give one ratio definition; raises KeyError."""
        return _coded(self.ratios, code)

    def indicator(self, code: str) -> Indicator:
        """Give one indicator; raises KeyError."""
        return _coded(self.indicators, code)

    def group(self, code: str) -> Group:
        """Give one group of elders in special difficulty; raises KeyError."""
        return _coded(self.groups, code)

    def types_for_tier(self, tier_code: str) -> dict[str, tuple[str, ...]]:
        """Give the facility types that satisfy a circle or an owned level, each with the functions that must be live.

        Upper circles' types are among them only where the city's tier says `counts_upper_tiers`. Raises KeyError.
        """
        counted = set() if tier_code in {level.code for level in self.owned_levels} else self._upper(tier_code)
        return {
            code: rule.required_functions
            for kind in self.facility_types
            for rule in sorted(kind.satisfies, key=lambda rule: rule.tier == tier_code)
            if rule.tier == tier_code or rule.tier in counted
            for code in (kind.code, *kind.also)
        }

    def _upper(self, tier_code: str) -> set[str]:
        tier = self.tier(tier_code)
        return {t.code for t in self.tiers if t.rank < tier.rank} if tier.counts_upper_tiers else set()

    def without_minutes(self, area_code: int) -> AreaWithoutMinutes | None:
        """Tell whether circles are judged by areas, not by minutes, for who lives in an area (15 digits)."""
        for part in self.areas_without_minutes:
            if area_contains(written_code(part.code), area_code):
                return part
        return None

    def offer_minutes(self, urgency: str) -> int:
        """Give the minutes a provider has to answer an offer; raises KeyError for an unknown urgency."""
        return {timer.urgency: timer.minutes for timer in self.offers}[urgency]  # type: ignore[index]

    def targets_for(self, indicator_code: str) -> list[Target]:
        """Give the promises made for an indicator, earliest due day first."""
        return sorted((t for t in self.targets if t.indicator == indicator_code), key=lambda t: t.due_on)

    def indicators_of(self, kind: str) -> list[Indicator]:
        """Give the indicators of a kind, as the pack orders them."""
        return [indicator for indicator in self.indicators if indicator.kind == kind]

    def published_for(self, indicator_code: str) -> list[PublishedFigure]:
        """Give what plans published about an indicator, earliest day first."""
        return sorted((one for one in self.published if one.indicator == indicator_code), key=lambda one: one.on)

    def owned_level(self, code: str) -> OwnedLevel:
        """Give a level at which areas own a site without anybody walking there; raises KeyError."""
        return _coded(self.owned_levels, code)

    def project(self, code: str) -> Project:
        """Give what a plan said would be built; raises KeyError."""
        return _coded(self.projects, code)

    def word(self, code: str, usual: str) -> str:
        """Give what the city calls something, in the reader's language; `usual` where it has no word of its own."""
        return next((word.name for word in self.words if word.code == code), usual)

    def statistic_on(self, area_code: int, what: str, on: date) -> Statistic | None:
        """Give the newest official count of an area (15 digits) that is not younger than a day."""
        known = [s for s in self.statistics if (written_code(s.code), s.what) == (area_code, what) and s.on <= on]
        return max(known, key=lambda one: one.on, default=None)


def _coded(parts: tuple[NamedPart, ...], code: str) -> NamedPart:
    for part in parts:
        if part.code == code:
            return part
    raise KeyError(code)
