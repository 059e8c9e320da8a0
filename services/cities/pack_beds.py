"""What a city decides about beds: who comes first on a waiting list, how long an offer stands, how soon one is assessed.

Every number is data of the pack; what stands here is taken where a pack says nothing, and is assumed: the plans name the
classes (Dongying's, for homes of the public hand) but give neither hours nor days.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from services.cities.pack_part import Code, Named, Part


class PriorityClass(Named):
    """Who belongs to a class of the waiting list; of several that fit, the one of the lowest `rank` is hers.

    She must be in every group of `groups`, and, where `any_group` or `least_level` is given, in one of these groups or
    assessed at that level (`elder.care_level`) at least. A class that asks for nothing takes everybody.
    """

    rank: int = Field(ge=1, le=99)
    groups: tuple[Code, ...] = ()
    any_group: tuple[Code, ...] = ()
    least_level: int | None = Field(default=None, ge=1, le=6)

    def takes(self, groups: tuple[str, ...], care_level: int) -> bool:
        """Tell whether an elder in these groups, at this level, belongs to the class."""
        if not set(self.groups) <= set(groups):
            return False
        if not self.any_group and self.least_level is None:
            return True
        return bool(set(self.any_group) & set(groups)) or (
            self.least_level is not None and care_level >= self.least_level
        )


def _classes() -> tuple[PriorityClass, ...]:
    return (
        PriorityClass(
            code="extreme_hardship", name_zh="特困人员", name_en="in extreme hardship", rank=1, groups=("extreme_hardship",)
        ),
        PriorityClass(
            code="family_planning_special", name_zh="计划生育特殊家庭", name_en="family-planning special family", rank=2,
            groups=("family_planning_special",),
        ),
        PriorityClass(
            code="low_income_disabled", name_zh="经济困难的失能失智老年人", name_en="low income, disabled or with dementia",
            rank=3, groups=("low_income",), any_group=("disabled", "severe_disability", "dementia"), least_level=2,
        ),
        PriorityClass(
            code="disabled", name_zh="失能失智老年人", name_en="disabled or with dementia", rank=4,
            any_group=("disabled", "severe_disability", "dementia"), least_level=2,
        ),
        PriorityClass(code="others", name_zh="其他老年人", name_en="other elders", rank=9),
    )  # fmt: skip


class BedPolicy(Part):
    """A city's rules of beds: hours an offer stands, days to move in after a yes, days to assess after an emergency.

    After `most_declines` offers declined or let pass, an entry goes behind the others of its class.
    """

    offer_hours: int = Field(default=72, ge=1, le=720)
    move_in_days: int = Field(default=14, ge=0, le=90)
    assess_within_days: int = Field(default=7, ge=1, le=60)
    most_declines: int = Field(default=2, ge=1, le=10)
    classes: tuple[PriorityClass, ...] = Field(default_factory=_classes, min_length=1)
    source: Code | None = None

    @model_validator(mode="after")
    def _somebody_is_last(self) -> BedPolicy:
        codes = [one.code for one in self.classes]
        if len(set(codes)) != len(codes):
            raise ValueError("轮候类别重复 / a class twice")
        if not any(not (one.groups or one.any_group or one.least_level) for one in self.classes):
            raise ValueError("须有一类不设条件 / one class must take everybody")
        return self

    def class_of(self, groups: tuple[str, ...], care_level: int) -> PriorityClass:
        """Give the class of an elder in these groups, at this level of care."""
        return min((one for one in self.classes if one.takes(groups, care_level)), key=lambda one: one.rank)
