"""GB/T 42195 by its table, and no scheme's level is ever taken for another's."""

from __future__ import annotations

import ast
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.benefits.assessment_errors import AnswersIncomplete
from services.benefits.levels import DifferentSchemes, Level
from services.benefits.scheme import Scheme
from services.benefits.schemes import read_scheme
from services.benefits.scoring import score
from services.cities.errors import BadPack

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "sample_data/assessments"
GBT = read_scheme(FOLDER / "gbt42195-2022.toml")
LTCI = read_scheme(FOLDER / "ltci-2021.toml")
SHANGHAI = read_scheme(FOLDER / "shanghai-unified-2.toml")


def able(scheme: Scheme = GBT) -> dict[str, int]:
    return {item.code: max(choice.points for choice in scheme.choices(item)) for item in scheme.items}


def with_points(points: int) -> dict[str, int]:
    answers = able()
    for code in answers:
        lost = min(answers[code], sum(answers.values()) - points)
        answers[code] -= lost
    assert sum(answers.values()) == points
    return answers


@pytest.mark.mission("HB-11")
def test_the_standard_has_26_items_in_four_groups_of_32_15_28_and_15_points() -> None:
    sums = {group.code: sum(max(c.points for c in GBT.choices(i)) for i in group.items) for group in GBT.groups}
    assert list(sums.values()) == [32, 15, 28, 15]
    assert (len(GBT.items), GBT.maximum_points, GBT.assessors, GBT.warn_days) == (26, 90, 2, 60)
    short = {item.name_zh: len(GBT.choices(item)) for item in GBT.items if len(GBT.choices(item)) != 5}
    assert short == {
        "上下楼梯": 4,
        "攻击行为": 2,
        "抑郁症状": 2,
        "意识水平": 3,
        "视力": 3,
        "听力": 3,
        "使用交通工具外出": 4,
    }
    for item in GBT.items:
        points = [choice.points for choice in GBT.choices(item)]
        assert points == list(range(len(points) - 1, -1, -1))


@pytest.mark.parametrize(
    ("points", "level"),
    [(90, 0), (89, 1), (66, 1), (65, 2), (46, 2), (45, 3), (30, 3), (29, 4), (0, 4)],
)
def test_the_cut_points_are_the_standards(points: int, level: int) -> None:
    found = score(GBT, with_points(points))
    assert (found.points, found.level) == (points, Level("gbt42195-2022", level))


def test_dementia_or_two_risk_events_raise_by_one_and_both_by_no_more() -> None:
    answers = with_points(70)
    assert score(GBT, answers, ["dementia"]).level.level == 2
    assert score(GBT, answers, ["risk_events"]).level.level == 2
    both = score(GBT, answers, ["dementia", "risk_events"])
    assert (both.first_level.level, both.level.level, both.raised_by) == (1, 2, ("dementia", "risk_events"))
    assert score(GBT, able(), ["dementia"]).level.level == 1, "who can do everything is raised too"
    assert score(GBT, with_points(0), ["dementia"]).level.level == 4, "there is nothing above total disability"


def test_coma_is_rated_directly_and_the_disputed_level_is_a_value_of_the_table() -> None:
    assert score(GBT, able(), ["coma"]).level.level == 4
    coma = next(one for one in GBT.raises if one.code == "coma")
    assert coma.assumed and "3级" in coma.note
    three = GBT.model_copy(update={"raises": (coma.model_copy(update={"to_level": 3}),)})
    assert score(three, able(), ["coma"]).level.level == 3


def test_an_item_left_out_or_a_score_that_is_not_offered_is_refused_by_name() -> None:
    answers = able() | {"stairs": 4, "nonsense": 1}
    del answers["eating"]
    with pytest.raises(AnswersIncomplete) as refused:
        score(GBT, answers, ["old_age"])
    assert refused.value.facts == {"missing": ["eating"], "wrong": ["stairs", "nonsense", "old_age"]}


@pytest.mark.parametrize("seed", range(20))
def test_who_can_do_less_is_never_found_abler(seed: int) -> None:
    dice = random.Random(seed)
    answers = {item.code: dice.choice(GBT.choices(item)).points for item in GBT.items}
    for code, points in answers.items():
        less = answers | {code: max(0, points - 1)}
        assert score(GBT, less).level >= score(GBT, answers).level


def test_the_insurances_table_has_17_items_and_stands_on_a_certificate_because_its_grid_is_assumed() -> None:
    assert [len(group.items) for group in LTCI.groups] == [10, 4, 3]
    assert sum(max(c.points for c in LTCI.choices(i)) for i in LTCI.groups[0].items) == 100
    assert (LTCI.level_from, len(LTCI.levels)) == ("certificate", 6)
    assert any("组合法" in told for told in LTCI.assumed)
    assert (SHANGHAI.level_from, SHANGHAI.decides, SHANGHAI.items) == ("certificate", "paper", ())


def test_every_sum_of_the_insurances_groups_finds_a_cell_of_its_grid() -> None:
    for group in LTCI.groups:
        for grade in group.grades:
            assert grade.lowest_points <= grade.highest_points
    worst = {item.code: 0 for item in LTCI.items}
    assert score(LTCI, able(LTCI)).level.level == 0 and score(LTCI, worst).level.level == 5


def test_levels_of_two_schemes_cannot_be_compared_at_all() -> None:
    ours, theirs = Level("gbt42195-2022", 2), Level("ltci-2021", 2)
    assert ours != theirs and ours >= Level("gbt42195-2022", 1)
    for compare in (ours.__lt__, ours.__le__, ours.__gt__, ours.__ge__):
        with pytest.raises(DifferentSchemes):
            compare(theirs)
    with pytest.raises(DifferentSchemes):
        ours.within(1, 3, "ltci-2021")
    with pytest.raises(TypeError):
        ours + 1  # type: ignore[operator]


def test_no_line_of_the_house_computes_with_a_level_once_it_is_found() -> None:
    offending = []
    for file in (ROOT / "services").glob("*/*.py"):
        if file.name == "scoring.py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(
                node.op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Div
            ):
                names = {getattr(part, "attr", getattr(part, "id", "")) for part in ast.walk(node)}
                if names & {"level", "care_level", "min_care_level"} and "Level" not in names:
                    offending.append(f"{file.name}:{node.lineno}")
    assert offending == []


def test_a_scheme_whose_bands_leave_a_gap_is_refused_with_its_place(tmp_path: Path) -> None:
    text = (FOLDER / "gbt42195-2022.toml").read_text("utf-8").replace("lowest_points = 46", "lowest_points = 47")
    broken = tmp_path / "broken.toml"
    broken.write_text(text, "utf-8")
    with pytest.raises(BadPack) as refused:
        read_scheme(broken)
    assert "不衔接" in refused.value.facts["problems"][0]["message"]


def test_every_table_says_where_it_is_from_and_what_nobody_compared() -> None:
    for scheme in (GBT, LTCI, SHANGHAI):
        assert scheme.sources and scheme.assumed and isinstance(scheme.valid_from, date)
        rows: list[Any] = [*scheme.raises]
        assert all(one.source in {source.id for source in scheme.sources} for one in rows)
