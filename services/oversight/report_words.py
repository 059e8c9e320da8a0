"""How a monthly report says its numbers: figures with their unit, what changed, and what is left to do."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.language import for_reader

THINGS = {
    "bed": ("张床", "beds"), "facility": ("处机构", "sites"), "area": ("个地方", "areas"), "elder": ("位老人", "elders"),
    "volunteer": ("位志愿者", "volunteers"), "carer": ("位护理人员", "carers"),
    "project": ("个点位", "planned sites"), "obligation": ("个小区", "residential areas"),
}  # fmt: skip


def figure_of(story: dict[str, Any], value: str | None) -> str:
    """Write a number of an indicator: percent with two places, a rate with one, a count whole."""
    if value is None:
        return "–"
    if story["factor"] == 100:
        return f"{_round(value, '0.01')}%"
    if not story["divides"]:
        return f"{int(Decimal(value)):,}"
    return f"{_round(value, '0.1'):,}"


def change_of(story: dict[str, Any], before: dict[str, Any]) -> str:
    """Write how a number differs from an earlier one, percent in points; a dash where one is lacking."""
    if story["value"] is None or before["value"] is None:
        return "–"
    by = Decimal(story["value"]) - Decimal(before["value"])
    if story["factor"] == 100:
        return f"{_round(str(by), '0.01'):+} " + for_reader("个百分点", "points")
    return f"{int(by):+,}" if not story["divides"] else f"{_round(str(by), '0.1'):+,}"


def parts_of_figure(story: dict[str, Any]) -> str:
    """Write the numerator over the denominator."""
    if story["numerator"] is None:
        return for_reader("还没有数", "not counted yet")
    if not story["divides"]:
        return ""
    if story["denominator"] is None:
        return for_reader("缺人口数，算不出", "no count of people to divide by")
    return f"{story['numerator']:,} / {story['denominator']:,}"


def next_of(story: dict[str, Any]) -> dict[str, Any] | None:
    """Give the promise that falls due next, else the last one made."""
    promises: list[dict[str, Any]] = story["promises"]
    ahead = [one for one in promises if one["days_left"] >= 0]
    return ahead[0] if ahead else (promises[-1] if promises else None)


def aim_of(story: dict[str, Any], promise: dict[str, Any]) -> str:
    """Write a target with its sign, unit and year."""
    sign = {"at_least": "≥", "at_most": "≤", "equals": "="}[promise["comparison"]]
    figure, year = figure_of(story, promise["value"]), promise["due_on"][:4]
    return for_reader(f"{sign} {figure}（{year}）", f"{sign} {figure} ({year})")


def thing_of(subject: str) -> str:
    """Name what is counted."""
    return for_reader(*THINGS[subject])


def to_do(story: dict[str, Any]) -> str:
    """Say what is missing in things a person can do; empty when nothing is."""
    missing = story["missing"]
    if missing is None:
        return ""
    thing = thing_of(missing["subject"])
    count, day = f"{missing['count']:,}", missing["due_on"]
    said = for_reader(f"到{day}还差{count}{thing}", f"{count} {thing} missing by {day}")
    if not missing["places"]:
        return f"{said}。" if thing.isascii() is False else f"{said}."
    if missing["subject"] == "bed":
        places = "、".join(f"{name} {beds}张" for name, beds in missing["places"])
        return for_reader(f"{said}，认证这些床位即可：{places}。", f"{said}; certify: {places}.")
    places = "、".join(name for name, _ in missing["places"])
    return for_reader(f"{said}，还没有的是：{places}。", f"{said}; lacking: {places}.")


def published_of(story: dict[str, Any], one: dict[str, Any]) -> str:
    """Write a published number, or by how much it grew."""
    if one["value"] is not None:
        return figure_of(story, one["value"])
    return for_reader(f"增长 {one['growth_percent']}%", f"up {one['growth_percent']}%")


def basis_of(story: dict[str, Any]) -> str:
    """Say how a number came about."""
    if story["basis"] == "recounted":
        return for_reader("按登记中的日期重算", "worked out again from dated facts")
    return for_reader("当日计数", "as counted that day")


def title_of(content: dict[str, Any]) -> str:
    """Give a report's title."""
    year, month = content["month"].split("-")
    name = content["area"]["name"]
    return for_reader(f"{name}养老服务月报 {year}年{int(month)}月", f"{name}: monthly report {year}-{month}")


def _round(value: str, places: str) -> Decimal:
    return Decimal(value).quantize(Decimal(places), ROUND_HALF_UP)
