"""From answers to a level, whatever the scheme: points are added, the scheme's table decides, facts may raise it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.benefits.assessment_errors import AnswersIncomplete
from services.benefits.levels import Level
from services.benefits.scheme import Raise, Scheme


@dataclass(frozen=True)
class Scored:
    """What answers amount to: points by group, the level of the table, and the level after raising."""

    sums: dict[str, int]
    points: int
    first_level: Level
    level: Level
    raised_by: tuple[str, ...]


def score(scheme: Scheme, answers: Mapping[str, int], raised_by: Collection[str] = ()) -> Scored:
    """Score a full set of answers (item code to points) with the facts that change the level.

    Raises AnswersIncomplete(missing, wrong) when an item is not answered, or with points it does not offer, or when
    a fact is not the scheme's.
    """
    _check(scheme, answers, raised_by)
    sums = {group.code: sum(answers[item.code] for item in group.items) for group in scheme.groups}
    points = sum(sums.values())
    first = _level_of(scheme, sums, points)
    raises = tuple(one for one in scheme.raises if one.code in raised_by)
    final = _raised(scheme, first, raises)
    return Scored(sums, points, Level(scheme.code, first), Level(scheme.code, final), tuple(one.code for one in raises))


def _check(scheme: Scheme, answers: Mapping[str, int], raised_by: Collection[str]) -> None:
    missing = [item.code for item in scheme.items if item.code not in answers]
    known = {item.code: {choice.points for choice in scheme.choices(item)} for item in scheme.items}
    wrong = [code for code, points in answers.items() if points not in known.get(code, set())]
    wrong += sorted(set(raised_by) - {one.code for one in scheme.raises})
    if missing or wrong:
        raise AnswersIncomplete(missing=missing, wrong=wrong)


def _level_of(scheme: Scheme, sums: Mapping[str, int], points: int) -> int:
    if scheme.decides == "sum":
        return next(one.level for one in scheme.levels if (one.lowest_points or 0) <= points)
    grades = [
        next(one.grade for one in group.grades if one.lowest_points <= sums[group.code] <= one.highest_points)
        for group in scheme.groups
    ]
    for row in scheme.grid:
        if all(low <= grade <= worst for low, grade, worst in zip(row.lowest, grades, row.worst, strict=True)):
            return row.level
    raise AnswersIncomplete(missing=[], wrong=[f"grid:{grades}"])


def _raised(scheme: Scheme, first: int, raises: tuple[Raise, ...]) -> int:
    steps = [one.up for one in raises]
    up = sum(steps) if scheme.raises_add_up else max(steps, default=0)
    straight = max((one.to_level for one in raises if one.to_level is not None), default=0)
    return min(len(scheme.levels) - 1, max(first + up, straight))
