"""What an alert says in words: its numbers, and the page on which the rows behind it are."""

from __future__ import annotations

from datetime import date
from typing import Any

from api.pages.filters import full_date
from api.pages.languages import translate
from services.language import for_reader
from services.oversight.watched_dates import WATCHED_DATES
from services.oversight.watched_events import WATCHED_EVENTS


def kind_words() -> dict[str, str]:
    """Give what may be watched, in words."""
    return {
        "visits_unmet": translate("本月探访没有做完"),
        "counts_differ": translate("指标与重算不一致"),
        "target_missed": translate("照趋势到期完不成目标"),
        "indicator_beyond": translate("指标越过一条线"),
        "beds_short": translate("护理型床位不够"),
        "date_nearing": translate("日期快到了"),
        "events_many": translate("同类事情太多"),
    }


def severity_words() -> dict[str, str]:
    """Give how loud an alert is, in words."""
    return {"urgent": translate("急"), "warning": translate("要办"), "info": translate("知道就好")}


def level_words() -> dict[str, str]:
    """Give over which areas a rule is counted, in words."""
    return {
        "city": translate("全市"), "district": translate("区县"), "street": translate("街道"), "community": translate("社区"),
    }  # fmt: skip


def register_words() -> dict[str, str]:
    """Give the registers whose dates may be watched."""
    return {code: for_reader(one.name_zh, one.name_en) for code, one in WATCHED_DATES.items()}


def event_words() -> dict[str, str]:
    """Give the registers of events that may be watched."""
    return {code: for_reader(one.name_zh, one.name_en) for code, one in WATCHED_EVENTS.items()}


def facts_in_words(kind: str, facts: dict[str, Any], indicators: dict[str, str]) -> str:
    """Say an alert's numbers; `indicators` are the city's names by code."""
    if kind == "visits_unmet":
        return translate("应访%(due)s位，还有%(unvisited)s位没见到（%(month)s）") % _known(
            facts, "due", "unvisited", "month"
        )
    if kind == "counts_differ":
        return translate("%(day)s 的日常计数与全量重算相差%(differences)s行") % _known(facts, "day", "differences")
    if kind == "target_missed":
        told = _known(facts, "target", "expected", "days_left", "missing")
        name = indicators.get(str(facts.get("indicator")), str(facts.get("indicator")))
        said = translate("%(name)s：目标%(target)s，照趋势到期约%(expected)s，还剩%(days_left)s天，差%(missing)s个")
        return said % (told | {"name": name})
    if kind == "indicator_beyond":
        name = indicators.get(str(facts.get("indicator")), str(facts.get("indicator")))
        return translate("%(name)s现在是%(value)s，线是%(limit)s") % (_known(facts, "value", "limit") | {"name": name})
    if kind == "beds_short":
        return translate("差%(short_beds)s张护理型床位，涉及%(homes)s家机构（目标%(target_percent)s%%）") % _known(
            facts, "short_beds", "homes", "target_percent"
        )
    if kind == "date_nearing":
        name = register_words().get(str(facts.get("register")), "")
        first = full_date(date.fromisoformat(str(facts["first_on"]))) if facts.get("first_on") else ""
        said = translate("%(name)s有%(count)s件在%(days)s天内到期，最早%(first)s")
        return said % (_known(facts, "count", "days") | {"name": name, "first": first})
    name = event_words().get(str(facts.get("event")), "")
    return translate("%(name)s：%(days)s天里%(count)s件") % (_known(facts, "days", "count") | {"name": name})


def _known(facts: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: facts.get(name, "–") if facts.get(name) is not None else "–" for name in names}


def where_behind(kind: str, facts: dict[str, Any]) -> str:
    """Give the page that shows the rows behind an alert."""
    if kind == "date_nearing":
        found = WATCHED_DATES.get(str(facts.get("register")))
        return found.href if found else "/officer"
    if kind == "events_many":
        event = WATCHED_EVENTS.get(str(facts.get("event")))
        return event.href if event else "/officer"
    if kind in ("target_missed", "indicator_beyond"):
        return f"/officer/indicators/{facts.get('indicator')}"
    return {"visits_unmet": "/officer/visits", "beds_short": "/officer/beds"}.get(kind, "/officer/indicators")
