"""What a city is measured by is told in one vocabulary: a filter that does not belong is a mistake with its line."""

from pathlib import Path

import pytest

from services.cities.errors import BadPack
from services.cities.pack import CityPack, Indicator
from services.cities.pack_indicators import FILTERS
from services.cities.pack_reader import read_pack
from services.cities.rules import area_setting

DONGYING = (Path(__file__).resolve().parents[3] / "sample_data/cities/dongying.toml").read_text(encoding="utf-8")


def told(extra: str) -> list[dict[str, object]]:
    part = (
        '[[rules.indicators]]\ncode = "mine"\nname_zh = "我的"\nname_en = "mine"\nsource = "plan"\nunit = "percent"\n'
    )
    text = DONGYING.replace("[[rules.indicators]]", f"{part}{extra}\n\n[[rules.indicators]]", 1)
    with pytest.raises(BadPack) as caught:
        read_pack(text)
    found: list[dict[str, object]] = caught.value.facts["problems"]
    return found


@pytest.mark.parametrize(
    ("extra", "field", "words"),
    [
        ('kind = "bed_count"\nmin_grade = 2', "min_grade", "does not belong"),
        ('kind = "facility_share"', "fulfilling", "needs fulfilling"),
        ('kind = "registered_count"\nwhat = "staff"', "role", "needs role"),
        ('kind = "administrative_coverage"', "area_level", "needs area_level"),
        ('kind = "walking_coverage"\ntier = "village_mutual_aid"', "tier", "not declared"),
        ('kind = "elder_share"\nnumerator = "lives_in_institution"\nelders = { groups = ["kings"] }', "elders.groups",
         "kings"),
        ('kind = "facility_count"\nrequired_functions = ["flying"]', "required_functions", "flying"),
    ],
)  # fmt: skip
def test_a_filter_that_does_not_fit_its_kind_is_answered_with_its_field(extra: str, field: str, words: str) -> None:
    (problem,) = told(extra)
    assert problem["field"] == f"rules.indicators[1].{field}" and words in str(problem["message"])


def test_the_words_of_older_packs_are_read_as_todays() -> None:
    old = {"code": "a", "name_zh": "甲", "name_en": "a"}
    coverage = Indicator.model_validate(
        {**old, "kind": "area_coverage", "unit": "percent", "area_level": "street", "tier": "street_15"}
    )
    visits = Indicator.model_validate({**old, "kind": "monthly_visit_rate", "unit": "percent"})
    beds = Indicator.model_validate({**old, "kind": "bed_count", "unit": "beds"})
    typed = Indicator.model_validate({**old, "kind": "registered", "unit": "organisations"})
    assert (coverage.kind, coverage.missing() | coverage.misplaced()) == ("administrative_coverage", set())
    assert visits.is_monthly_visit_rate and not coverage.is_monthly_visit_rate
    assert (beds.unit, typed.kind, typed.unit) == ("count", "stated", "count")


def test_a_pack_read_back_from_the_database_is_the_same_and_has_no_misplaced_filters() -> None:
    pack = read_pack(DONGYING)
    again = CityPack.model_validate(pack.model_dump(mode="json"))
    assert again == pack and again.rules is not None
    assert [i.code for i in again.rules.indicators if i.misplaced() or i.missing()] == []


def test_every_kind_of_the_vocabulary_says_which_filters_it_takes() -> None:
    assert set(Indicator.model_fields["kind"].annotation.__args__) == set(FILTERS)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "setting"),
    [("新街口街道", "urban"), ("文津里社区", "urban"), ("溱潼镇", "rural"), ("辉苏木", "rural"), ("山门村", "rural"),
     ("某嘎查", "rural"), ("经济开发区", "other"), ("哈达图牧场", "other")],
)  # fmt: skip
def test_an_area_is_urban_or_rural_by_what_it_is_called(name: str, setting: str) -> None:
    assert area_setting(name) == setting


def test_a_figure_of_a_past_day_is_a_number_or_a_growth() -> None:
    broken = DONGYING.replace("growth_percent = 31.25\nsince = 2015-12-31\n", "growth_percent = 31.25\n")
    with pytest.raises(BadPack) as caught:
        read_pack(broken)
    assert "growth_percent" in str(caught.value.facts["problems"][0]["message"])
