"""Indicators on the officer's desk: the number, its promise, its trend, and every row behind it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api.pages.filters import as_written, full_date, number
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, speaking
from api.pages.officer_sheets import Cell, Sheet, answer, plain
from api.schemas.visits import Day
from services.cities.pack import CityRules
from services.cities.queries import area_names
from services.cities.rules import area_contains, area_level, area_range
from services.clock import civil_date
from services.errors import NotFound
from services.oversight.definitions import definition_in_words, measure_in_words
from services.oversight.indicator_parts import community_of, shortfall, words_of_rows
from services.oversight.indicator_queries import (
    IndicatorValue,
    Promise,
    indicator_rows,
    indicator_trend,
    indicator_value,
    indicator_values,
    measure_named,
    next_promise,
    recount_value,
    rows_counted,
)
from services.people.privacy import mask_name

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
AreaCode = Annotated[str, Query(pattern=r"^([1-9][0-9]{14})?$")]
On = Annotated[Day | None, Query()]
Side = Annotated[Literal["numerator", "denominator", "missing"], Query()]
After = Annotated[int, Query(ge=0, le=2**62)]


@router.get("/officer/indicators")
def indicators_page(request: Request, office: Desk, area: AreaCode = "", on: On = None) -> Response:
    """Show all indicators of an area on a day."""
    where, day = area_asked(office, area), on or civil_date(office.work.now)
    with speaking(request):
        values = indicator_values(office.work.session, where, day)
        names = office.names(
            title_area=area_names(office.work.session, {where}).get(where, office.area_name),
            on=day,
            today=civil_date(office.work.now),
            cards=[_card(value, where) for value in values],
            areas=_areas(office),
            chosen=str(where),
            rules_version=office.rules.version,
        )
    return render(request, "officer/indicators.html", names)


@router.get("/officer/indicators/{indicator_code}")
def indicator_page(
    request: Request, office: Desk, indicator_code: Code, area: AreaCode = "", on: On = None, again: bool = False
) -> Response:
    """Show one indicator: promises, forecast, what is missing, the trend and where the rows are."""
    session, where, day = office.work.session, area_asked(office, area), on or civil_date(office.work.now)
    with speaking(request):
        value = indicator_value(session, where, day, indicator_code)
        asked = {"area": str(where), "on": day.isoformat()}
        points = [point for point in indicator_trend(session, where, day, indicator_code) if point.value is not None]
        recounted = recount_value(session, office.work.now, where, day, indicator_code) if again else None
        names = office.names(
            title_area=area_names(session, {where}).get(where, office.area_name),
            card=_card(value, where),
            on=day,
            definition=definition_in_words(value.formula),
            sources=[source.title for source in office.rules.sources if source.id in _sources(value)],
            rules_version=value.rules_version,
            promises=[_promise(value, one) for one in value.promises],
            published=published_beside(value, office.rules),
            missing=_missing(office, value),
            points=[
                {"label": f"{p.on:%Y-%m-%d}", "value": float(p.value or 0), "words": _figure(value, p.value)}
                for p in points
            ],
            aim=_aim(value),
            rows=_row_links(value, indicator_code, asked),
            again_href=f"/officer/indicators/{indicator_code}?{urlencode({**asked, 'again': 'true'})}",
            recounted=None if recounted is None else _recounted(value, recounted),
            back=f"/officer/indicators?{urlencode(asked)}",
        )
    return render(request, "officer/indicator.html", names)


@router.get("/officer/indicators/{indicator_code}/rows")
@router.get("/officer/indicators/{indicator_code}/rows.csv")
def rows_page(
    request: Request,
    office: Desk,
    indicator_code: Code,
    side: Side = "numerator",
    area: AreaCode = "",
    on: On = None,
    after: After = 0,
) -> Response:
    """Show the rows behind a number as they counted on that day."""
    session, where, day = office.work.session, area_asked(office, area), on or civil_date(office.work.now)

    def build(most: int, past: int) -> Sheet:
        value = indicator_value(session, where, day, indicator_code)
        measure = measure_named(value.formula, side)
        parts = indicator_rows(session, where, day, indicator_code, side, skip=past, most=most)
        words = words_of_rows(session, measure.subject, [part.row_id for part in parts])
        places = community_of(session, {part.area_code for part in parts})
        said = translate("没有计入分子的") if side == "missing" else measure_in_words(measure)
        return Sheet(
            title=translate("%(indicator)s：%(what)s") % {"indicator": value.formula.indicator.name, "what": said},
            note=translate("%(definition)s按 %(day)s 当天的登记。")
            % {"definition": definition_in_words(value.formula), "day": full_date(day)},
            columns=[
                plain(translate("名称")), plain(translate("在哪里")), plain(translate("说明")), plain(translate("从哪天起计入")),
            ],
            rows=[_row(part, words.get(part.row_id), places[part.area_code]) for part in parts],
            count=rows_counted(session, where, day, indicator_code, side),
            rules_version=value.rules_version,
            as_of=office.work.now,
            asked={"side": side, "area": str(where), "on": day.isoformat()},
        )  # fmt: skip

    return answer(request, office, build, after)


def area_asked(office: Office, area: str) -> int:
    """Give the area asked about: one's own, one inside it, or one around it up to the city."""
    if not area:
        return office.lo
    code = int(area)
    inside = office.lo <= code <= office.hi
    around = area_contains(code, office.lo) and office.city <= code <= area_range(office.city)[1]
    if not (inside or around):
        raise NotFound("这个地方不在您的辖区里。", area_code=code)
    return code


def _areas(office: Office) -> list[tuple[str, str]]:
    around = [office.city] + [office.lo // 10**9 * 10**9] * (area_level(office.lo) not in ("city", "district"))
    codes = list(dict.fromkeys([*around, office.lo]))
    known = area_names(office.work.session, set(codes))
    return [(str(code), known.get(code, str(code))) for code in codes]


def _card(value: IndicatorValue, where: int) -> dict[str, Any]:
    promise = next_promise(value)
    code = value.formula.indicator.code
    share = None if value.value is None or value.formula.factor != 100 else float(value.value) / 100
    aim = None if promise is None or value.formula.factor != 100 else float(promise.target.value) / 100
    return {
        "code": code,
        "name": value.formula.indicator.name,
        "figure": _figure(value, value.value),
        "share": share,
        "aim": aim,
        "aim_words": "" if promise is None else _aim_words(value, promise),
        "kept": None if promise is None else promise.kept,
        "parts": _parts(value),
        "missing": promise.missing if promise else None,
        "thing": _thing(value),
        "href": f"/officer/indicators/{code}?{urlencode({'area': where, 'on': value.on.isoformat()})}",
        "counted_on": value.counted_on,
        "population_href": f"/officer/statistics?{urlencode({'area': where})}" if value.formula.people else None,
    }


def _figure(value: IndicatorValue, figure: Any) -> str:
    if figure is None:
        return "–"
    factor = value.formula.factor
    if factor == 100:
        return f"{float(figure):.2f}%"
    if value.formula.denominator is None and value.formula.people is None:
        return number(int(figure))
    return f"{float(figure):.1f}"


def _parts(value: IndicatorValue) -> str:
    if value.numerator is None:
        return translate("还没有数")
    if value.denominator is None:
        return "" if value.formula.people is None else translate("缺人口数，算不出")
    return f"{number(value.numerator)} / {number(value.denominator)}"


def _thing(value: IndicatorValue) -> str:
    return {
        "bed": translate("张床"), "facility": translate("处机构"), "area": translate("个地方"),
        "elder": translate("位老人"), "volunteer": translate("位志愿者"), "carer": translate("位护理人员"),
        "project": translate("个点位"), "obligation": translate("个小区"),
    }[value.formula.numerator.subject]  # fmt: skip


def _aim_words(value: IndicatorValue, promise: Promise) -> str:
    target = promise.target
    aim = f"{target.value:g}%" if value.formula.factor == 100 else number(float(target.value))
    return translate("目标 %(aim)s（%(year)s 年）") % {"aim": aim, "year": target.due_on.year}


def _promise(value: IndicatorValue, one: Promise) -> dict[str, Any]:
    ahead = one.forecast
    leads = ""
    if ahead is not None:
        leads = translate("照现在的走势到期约 %(expected)s（八成可能在 %(low)s 至 %(high)s 之间）") % {
            "expected": _figure(value, ahead.expected), "low": _figure(value, ahead.low), "high": _figure(value, ahead.high),
        }  # fmt: skip
    return {
        "plan": one.target.plan,
        "aim": _aim_words(value, one),
        "due_on": one.target.due_on,
        "kept": one.kept,
        "missing": one.missing,
        "thing": _thing(value),
        "days_left": one.days_left,
        "leads": leads,
    }


def published_beside(value: IndicatorValue, rules: CityRules) -> list[dict[str, Any]]:
    """Give what plans and bulletins published about an indicator, to stand beside what is counted, with its source."""
    titles = {source.id: source.title for source in rules.sources}
    return [
        {
            "on": one.on,
            "words": _figure(value, one.value)
            if one.value is not None
            else translate("比 %(day)s 增长 %(percent)s%%")
            % {"day": full_date(one.since) if one.since else "", "percent": f"{one.growth_percent:g}"},
            "plan": one.plan,
            "source": titles.get(one.source, one.source),
        }
        for one in rules.published_for(value.formula.indicator.code)
    ]


def _missing(office: Office, value: IndicatorValue) -> dict[str, Any] | None:
    promise = next_promise(value)
    found = None if promise is None else shortfall(office.work.session, value, promise)
    if found is None:
        return None
    return {
        "missing": found.missing,
        "thing": _thing(value),
        "places": [{"name": name, "count": count} for name, count in found.places[:12]],
        "whole": len(found.places),
        "beds": found.subject == "bed",
    }


def _aim(value: IndicatorValue) -> float | None:
    promise = next_promise(value)
    return None if promise is None else float(promise.target.value)


def _sources(value: IndicatorValue) -> set[str]:
    return {one.target.source for one in value.promises}


def _row_links(value: IndicatorValue, code: str, asked: dict[str, str]) -> list[dict[str, str]]:
    sides = ["numerator"]
    if value.formula.denominator is not None:
        sides.append("denominator")
        if value.formula.denominator.subject == value.formula.numerator.subject:
            sides.append("missing")
    words = {
        "numerator": translate("计入的是哪些：%(what)s") % {"what": measure_in_words(value.formula.numerator)},
        "denominator": translate("总数是哪些：%(what)s")
        % {"what": measure_in_words(measure_named(value.formula, "denominator"))},
        "missing": translate("在总数里、还没有计入的"),
    }
    return [
        {"href": f"/officer/indicators/{code}/rows?{urlencode({**asked, 'side': side})}", "words": words[side]}
        for side in sides
    ]


def _recounted(value: IndicatorValue, again: IndicatorValue) -> dict[str, Any]:
    equal = (value.numerator, value.denominator) == (again.numerator, again.denominator)
    return {"equal": equal, "figure": _figure(again, again.value), "parts": _parts(again)}


def _row(part: Any, words: Any, place: str) -> list[Cell]:
    if words is None:
        return [str(part.row_id), as_written(place), "", full_date(part.since)]
    name = mask_name(words.name) if words.person else words.name
    return [as_written(name), as_written(place), as_written(words.more), full_date(part.since)]
