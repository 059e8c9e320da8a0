"""Who was seen this month and who was not; one elder's tries, and writing down another."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from api.errors import status_of
from api.pages.care_events import case_events, case_facts, channel_words, outcome_words
from api.pages.filters import as_written, full_date
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, speaking
from api.pages.officer_sheets import Cell, Sheet, answer, figure, plain
from services.clock import SHANGHAI, civil_date
from services.errors import DomainError
from services.language import reads_english
from services.oversight.rows import attempts_of_month
from services.people.privacy import mask_name
from services.people.queries import person_card, reveal
from services.people.rights import right_to
from services.visits.attempts import record_attempt
from services.visits.case_file import case_file
from services.visits.compliance import met_in_month, month_compliance, not_yet_visited

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,39})?$")]
After = Annotated[int, Query(ge=0, le=1_000_000)]
ElderId = Annotated[int, Path(ge=1, le=2**62)]
Short = Annotated[str, Form(max_length=40)]
Words = Annotated[str, Form(max_length=2000)]


@router.get("/officer/visits")
@router.get("/officer/visits.csv")
def unseen(request: Request, office: Desk, risk: Code = "", after: After = 0) -> Response:
    """Show the elders nobody has met this month, highest risk first, then longest unseen."""
    work = office.work
    today = civil_date(work.now)

    def build(most: int, past: int) -> Sheet:
        rows = not_yet_visited(work.session, work.now, today, lo=office.lo, hi=office.hi)
        rows = [row for row in rows if risk in ("", row.visit_class)]
        page = rows[past : past + most]
        names = office.community_names({row.area_code for row in page})
        classes = [("", translate("全部")), *((one.code, one.name) for one in office.rules.visit_classes)]
        return Sheet(
            title=translate("本月还没见到的老人"),
            note=_definition(office),
            columns=[
                plain(translate("老人")),
                plain(translate("社区")),
                plain(translate("风险"), "descending"),
                figure(translate("多少天没见"), "descending"),
                figure(translate("本月试过几次")),
                plain(translate("说明")),
            ],
            rows=[
                [
                    _name(row.elder_id, row.elder_name),
                    as_written(names[row.area_code]),
                    row.class_name,
                    translate("没有记录") if row.days_since is None else row.days_since,
                    row.attempts,
                    _remark(row),
                ]
                for row in page
            ],
            count=len(rows),
            rules_version=office.rules.version,
            as_of=work.now,
            asked={"risk": risk},
            filters=[{"name": "risk", "label": translate("风险"), "value": risk, "choices": classes}],
        )

    return answer(request, office, build, after)


def _remark(row: Any) -> str:
    told = [translate("超期")] if row.over_frequency else []
    if row.entered_late:
        told.append(translate("见到了，但补录太晚，不算"))
    return Markup(translate("；")).join(told)


def _name(elder_id: int, name: str | None) -> Cell:
    return {"text": as_written(mask_name(name or "—")), "href": f"/officer/visits/{elder_id}"}


def _definition(office: Office) -> str:
    work = office.work
    month = month_compliance(
        work.session, work.now, civil_date(work.now), lo=office.lo, hi=office.hi, level="community"
    )
    return translate("应访 %(due)s 位，已访 %(done)s 位。%(definition)s") % {
        "due": month.due,
        "done": month.done,
        "definition": month.definition,
    }


@router.get("/officer/visits/met")
@router.get("/officer/visits/met.csv")
def seen(request: Request, office: Desk, after: After = 0) -> Response:
    """Show the elders somebody met this month: the rows behind `done`."""
    work = office.work

    def build(most: int, past: int) -> Sheet:
        rows = met_in_month(work.session, work.now, civil_date(work.now), lo=office.lo, hi=office.hi)
        page = rows[past : past + most]
        names = office.community_names({row.area_code for row in page})
        return Sheet(
            title=translate("本月已经见到的老人"),
            note=_definition(office),
            columns=[
                plain(translate("老人")),
                plain(translate("社区")),
                plain(translate("风险")),
                figure(translate("本月试过几次")),
                plain(translate("最近一次"), "descending"),
            ],
            rows=[
                [
                    _name(row.elder_id, row.elder_name),
                    as_written(names[row.area_code]),
                    row.class_name,
                    row.attempts,
                    _moment(row.last_met),
                ]
                for row in page
            ],
            count=len(rows),
            rules_version=office.rules.version,
            as_of=work.now,
        )

    return answer(request, office, build, after)


@router.get("/officer/attempts")
@router.get("/officer/attempts.csv")
def tries(request: Request, office: Desk, met: Code = "", after: After = 0) -> Response:
    """Show every knock and call of the month, newest first: when it happened and when it was written down."""
    work = office.work
    asked = {"": None, "yes": True, "no": False}.get(met)

    def build(most: int, past: int) -> Sheet:
        month = civil_date(work.now)
        rows = attempts_of_month(work.session, month, office.lo, office.hi, met=asked, most=most, after=past)
        names = office.community_names({row.area_code for row in rows})
        channels, outcomes = channel_words(), outcome_words()
        kinds = [("", translate("全部")), ("yes", translate("联系上的")), ("no", translate("没人应"))]
        return Sheet(
            title=translate("本月每一次敲门打电话"),
            note=translate("没人应不算探访。写下的时间和发生的时间分开记。"),
            columns=[
                plain(translate("老人")),
                plain(translate("社区")),
                plain(translate("怎么找的")),
                plain(translate("结果")),
                plain(translate("发生"), "descending"),
                plain(translate("写下")),
                plain(translate("谁去的")),
                plain(translate("备注")),
            ],
            rows=[
                [
                    _name(row.elder_id, row.elder_name),
                    as_written(names[row.area_code]),
                    channels.get(row.channel, row.channel),
                    outcomes.get(row.outcome, row.outcome),
                    _moment(row.happened_at),
                    _moment(row.recorded_at),
                    as_written(row.by_name or "–"),
                    as_written(row.note or ""),
                ]
                for row in rows
            ],
            count=rows[0].whole if rows else past,
            rules_version=office.rules.version,
            as_of=work.now,
            asked={"met": met},
            filters=[{"name": "met", "label": translate("结果"), "value": met, "choices": kinds}],
        )

    return answer(request, office, build, after)


def _moment(value: datetime) -> str:
    return f"{full_date(value)} {value.astimezone(SHANGHAI):%H:%M}"


@router.get("/officer/visits/{elder_id:int}")
def elder_page(request: Request, office: Desk, elder_id: ElderId) -> Response:
    """Show one elder's tries, and the form for another."""
    return _elder_page(request, office, elder_id)


@router.post("/officer/visits/{elder_id:int}")
def write_down(
    request: Request,
    office: Desk,
    elder_id: ElderId,
    channel: Short = "",
    outcome: Short = "",
    day: Short = "",
    time: Short = "",
    note: Words = "",
) -> Response:
    """Write down one try; silence opens an escalation at once."""
    work = office.work
    values = {"channel": channel, "outcome": outcome, "day": day, "time": time, "note": note}
    errors, happened_at = _checked(values, civil_date(work.now))
    if errors or happened_at is None:
        return _elder_page(request, office, elder_id, values=values, errors=errors, status=422)
    try:
        with work.session.begin_nested():
            record_attempt(
                work.session,
                work.now,
                work.actor,
                elder_id,
                channel=channel,
                outcome=outcome,
                happened_at=happened_at,
                note=note.strip() or None,
            )
    except DomainError as refused:
        field = {"happened_at": "time"}.get(str(refused.facts.get("field")), "channel")
        return _elder_page(
            request, office, elder_id, values=values, errors={field: refused.message_zh}, status=status_of(refused)
        )
    return RedirectResponse(f"/officer/visits/{elder_id}?written=1", status_code=303)


@router.post("/officer/visits/{elder_id:int}/phone")
def show_phone(request: Request, office: Desk, elder_id: ElderId) -> Response:
    """Show the elder's phone number in clear, once, and write down who read it."""
    work = office.work
    right_to(work.session, work.actor, elder_id, "view", work.now)
    phone = reveal(work.session, work.now, work.actor, elder_id, "phone", "探访联系老人", purpose="contact")
    return _elder_page(request, office, elder_id, phone=phone)


def _checked(values: dict[str, str], today: date) -> tuple[dict[str, str], datetime | None]:
    errors = {}
    if values["channel"] not in channel_words():
        errors["channel"] = translate("请选怎么找的")
    if values["outcome"] not in outcome_words():
        errors["outcome"] = translate("请选结果")
    try:
        moment = datetime.fromisoformat(f"{values['day']}T{values['time']}").replace(tzinfo=SHANGHAI)
    except ValueError:
        errors["time"] = translate("请写清哪一天几点，比如 09:30")
        return errors, None
    if moment.date() > today:
        errors["day"] = translate("不能是以后的日子")
    return errors, moment


def _elder_page(
    request: Request,
    office: Office,
    elder_id: int,
    *,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    phone: str = "",
    status: int = 200,
) -> Response:
    work = office.work
    right_to(work.session, work.actor, elder_id, "view", work.now)
    card = person_card(work.session, elder_id, civil_date(work.now))
    local = work.now.astimezone(SHANGHAI)
    with speaking(request):
        channels, outcomes = channel_words(), outcome_words()
        file = case_file(work.session, work.now, elder_id, english=reads_english())
        names = office.names(
            elder={
                "id": elder_id,
                "name": card.full_name,
                "age": card.years,
                "community_name": office.community_names({card.area_code})[card.area_code],
                "address_masked": card.address or "",
                "phone_masked": card.phone or "",
                "phone": phone,
                "lives_alone": card.living == "alone",
            },
            events=case_events(office, file),
            case=case_facts(office, file),
            channels=list(channels.items()),
            outcomes=list(outcomes.items()),
            days=_days(local.date()),
            values=values
            or {"channel": "", "outcome": "", "day": str(local.date()), "time": f"{local:%H:%M}", "note": ""},
            errors=errors or {},
            written="written" in request.query_params,
        )
    return render(request, "officer/elder.html", names, status_code=status)


def _days(today: date) -> list[tuple[str, str]]:
    return [(str(today - timedelta(days=n)), full_date(today - timedelta(days=n))) for n in range(62)]
