"""Official counts of people at the officer's desk: what "per 1,000" divides by, entered with day and source."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api.errors import status_of
from api.pages.filters import as_written, full_date, number
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_escalations import Posted
from api.pages.officer_indicators import AreaCode, area_asked
from api.pages.officer_office import Desk, Office, speaking
from api.pages.officer_sheets import Cell, Sheet, answer, figure, plain
from api.schemas.statistics import StatisticIn
from services.cities.queries import area_names, areas_inside
from services.errors import DomainError
from services.language import for_reader
from services.oversight.statistics import (
    WHAT_EN,
    WHAT_ZH,
    NewStatistic,
    record_statistic,
    statistics_counted,
    statistics_of,
    withdraw_statistic,
)

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
FEW_AREAS = 1_000
"""So many areas a person still finds her way through; of more, communities come by list only."""
FIELDS = ("area_code", "what", "counted_on", "value", "source", "note")


def what_words() -> dict[str, str]:
    """Name from which age on is counted."""
    return {code: for_reader(words, WHAT_EN[code]) for code, words in WHAT_ZH.items()}


@router.get("/officer/statistics")
def statistics_page(request: Request, office: Desk, area: AreaCode = "") -> Response:
    """Show the counts of people of the area with their day and source, and the form for another."""
    return _page(request, office, area)


@router.get("/officer/statistics.csv")
def statistics_file(request: Request, office: Desk, area: AreaCode = "") -> Response:
    """Hand all counts of people of the area out as CSV."""

    def build(most: int, past: int) -> Sheet:
        where, words = area_asked(office, area), what_words()
        rows = statistics_of(office.work.session, where, most=most, skip=past)
        return Sheet(
            title=translate("人口统计数"), note=translate("来自公报、普查和规划；撤下的也列出。"),
            columns=[
                plain(translate("地方")), plain(translate("人口")), plain(translate("截至")), figure(translate("人数")),
                plain(translate("出处")), plain(translate("状态")),
            ],
            rows=[_row(row, words) for row in rows], count=statistics_counted(office.work.session, where),
            rules_version="", as_of=office.work.now, asked={"area": str(where)},
        )  # fmt: skip

    return answer(request, office, build)


def _row(row: Any, words: dict[str, str]) -> list[Cell]:
    state = translate("已撤下") if row.withdrawn_at else translate("现在用它") if row.newest else translate("较早的")
    return [as_written(row.area_name or ""), words[row.what], full_date(row.counted_on), row.value, as_written(row.source), state]  # fmt: skip


@router.post("/officer/statistics")
def record(request: Request, office: Desk, posted: Posted) -> Response:
    """Write one count of people down."""
    told = {name: str(posted.get(name, "")).strip() for name in FIELDS}
    work = office.work
    try:
        asked = StatisticIn.model_validate({**told, "value": told["value"].replace(",", "")})
        with work.session.begin_nested():
            record_statistic(work.session, work.now, work.actor, NewStatistic(**asked.model_dump()))
    except ValidationError as wrong:
        with speaking(request):
            errors = {str(one["loc"][0]): _what_is_wrong(str(one["loc"][0])) for one in wrong.errors()}
        return _page(request, office, "", told, errors, 422)
    except DomainError as refused:
        return _page(request, office, "", told, {"value": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/statistics", status_code=303)


@router.post("/officer/statistics/{statistic_id:int}/withdraw")
def withdraw(request: Request, office: Desk, statistic_id: Id, posted: Posted) -> Response:
    """Take a wrong count back, with the reason."""
    work = office.work
    try:
        with work.session.begin_nested():
            withdraw_statistic(work.session, work.now, work.actor, statistic_id, str(posted.get("reason", "")))
    except DomainError as refused:
        return _page(request, office, "", None, {"reason": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/statistics", status_code=303)


def _what_is_wrong(field: str) -> str:
    return {
        "area_code": translate("请选地方"),
        "what": translate("请选是哪种人口"),
        "counted_on": translate("请填统计日期"),
        "value": translate("请填人数"),
        "source": translate("请写明数字出自哪里"),
    }.get(field, translate("请核对这一项"))


def _page(
    request: Request,
    office: Office,
    area: str,
    told: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    where, session = area_asked(office, area), office.work.session
    with speaking(request):
        words = what_words()
        inside = areas_inside(session, office.lo)
        levels = (
            ("city", "district", "street", "community") if len(inside) < FEW_AREAS else ("city", "district", "street")
        )
        names = office.names(
            title_area=area_names(session, {where}).get(where, office.area_name),
            rows=[
                {"row": row, "what": words[row.what], "value": number(row.value)}
                for row in statistics_of(session, where)
            ],
            may_write=office.work.actor.role == "officer" and not office.read_only,
            areas=[(str(one.code), one.name) for one in inside if one.level in levels],
            whats=list(words.items()),
            told={name: "" for name in FIELDS} | {"area_code": str(office.lo)} | (told or {}),
            errors=errors or {},
            export_href=f"/officer/statistics.csv?area={where}",
        )
    return render(request, "officer/statistics.html", names, status_code=status)
