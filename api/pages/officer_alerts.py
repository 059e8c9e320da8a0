"""The bell: what stands in the area, in whose hands; the rules behind it, and what a rule would have told last month."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy import text

from api.deps import Work
from api.errors import status_of
from api.pages.alert_words import (
    event_words,
    facts_in_words,
    kind_words,
    level_words,
    register_words,
    severity_words,
    where_behind,
)
from api.pages.filters import as_written, day_and_clock, full_date
from api.pages.house_words import said
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, speaking
from api.pages.officer_sheets import Sheet, answer, plain
from services.cities.queries import area_names
from services.errors import DomainError
from services.language import for_reader
from services.oversight.alert_actions import (
    Fired,
    NewRule,
    acknowledge_alert,
    end_rule,
    find_rule,
    resolve_alert,
    rule_as_new,
    try_rule,
    write_rule,
)
from services.oversight.alert_queries import alert_rules, alerts, standing_count, versions_of
from services.people.privacy import mask_name
from services.people.queries import names_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
After = Annotated[int, Query(ge=0, le=1_000_000)]
Number = Annotated[str, Form(max_length=9, pattern=r"^[0-9]*$")]
Short = Annotated[str, Form(max_length=60)]
Words = Annotated[str, Form(max_length=500)]
TONES = {"urgent": "bad", "warning": "warn", "info": "info"}
SHOWN = 40


@router.get("/officer/alerts")
def standing(request: Request, office: Desk) -> Response:
    """Show the alerts that stand, the most urgent first, and those resolved last."""
    return _alerts_page(request, office)


@router.get("/officer/alerts/bell")
def bell(request: Request, work: Work) -> Response:
    """Give the bell's number, for the bar of every desk page."""
    count = standing_count(work.session, work.actor) if work.actor.area_lo is not None else 0
    return render(request, "officer/bell.html", {"count": count})


@router.get("/officer/alerts/history")
@router.get("/officer/alerts/history.csv")
def history(request: Request, office: Desk, after: After = 0) -> Response:
    """Show every alert that was resolved: when told, by whom taken, what was done."""
    work = office.work

    def build(most: int, past: int) -> Sheet:
        rows = alerts(work.session, office.lo, office.hi, resolved=True, most=most, after=past)
        areas = area_names(work.session, {row.area_code for row in rows})
        people = names_of(work.session, sorted({row.resolved_by for row in rows if row.resolved_by}))
        indicators = _indicators(office)
        return Sheet(
            title=translate("办结的提醒"),
            note=translate("条件自己消失的由系统办结，其余由人写明办了什么。"),
            columns=[
                plain(translate("提醒")), plain(translate("哪里")), plain(translate("说明")), plain(translate("什么时候")),
                plain(translate("办结"), "descending"), plain(translate("谁")), plain(translate("办了什么")),
            ],
            rows=[
                [
                    as_written(row.name), as_written(areas.get(row.area_code, str(row.area_code))),
                    facts_in_words(row.kind, row.facts, indicators), day_and_clock(row.opened_at),
                    day_and_clock(row.resolved_at), as_written(people.get(row.resolved_by or 0, "–")),
                    said(row.resolution) if row.resolved_by is None else as_written(row.resolution),
                ]
                for row in rows
            ],
            count=rows[0].whole if rows else past,
            rules_version="",
            as_of=work.now,
        )  # fmt: skip

    return answer(request, office, build, after)


@router.post("/officer/alerts/{notice_id:int}/acknowledge")
def acknowledge(request: Request, office: Desk, notice_id: Id) -> Response:
    """Take an alert in hand."""
    work = office.work
    return _do(request, office, notice_id, lambda: acknowledge_alert(work.session, work.now, work.actor, notice_id))


@router.post("/officer/alerts/{notice_id:int}/resolve")
def resolve(request: Request, office: Desk, notice_id: Id, done: Words = "") -> Response:
    """Close an alert with what was done."""
    work = office.work
    return _do(request, office, notice_id, lambda: resolve_alert(work.session, work.now, work.actor, notice_id, done))


def _do(request: Request, office: Office, notice_id: int, act: Any) -> Response:
    try:
        with office.work.session.begin_nested():
            act()
    except DomainError as refused:
        return _alerts_page(request, office, {f"done-{notice_id}": refused.message_zh}, status_of(refused))
    return RedirectResponse("/officer/alerts", status_code=303)


def _alerts_page(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    work = office.work
    rows = alerts(work.session, office.lo, office.hi)
    areas = area_names(work.session, {row.area_code for row in rows})
    people = names_of(work.session, sorted({*_in_history(rows), *(row.in_charge_id for row in rows)}))
    with speaking(request):
        indicators = _indicators(office)
        names = office.names(
            now=work.now,
            alerts=[_card(office, row, areas, people, indicators) for row in rows],
            errors=errors or {},
        )
    return render(request, "officer/alerts.html", names, status_code=status)


def _card(
    office: Office, row: Any, areas: dict[int, str], people: dict[int, str], indicators: dict[str, str]
) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "area_name": areas.get(row.area_code, str(row.area_code)),
        "words": facts_in_words(row.kind, row.facts, indicators), "href": where_behind(row.kind, row.facts),
        "severity": severity_words()[row.severity], "tone": TONES[row.severity], "state": row.state,
        "due_at": row.due_at, "late": row.due_at < office.work.now, "opened_at": row.opened_at,
        "in_charge_name": people.get(row.in_charge_id, translate("值班负责人")),
        "who": _missing_people(office, row), "events": [_event(line, people) for line in row.history],
    }  # fmt: skip


def _missing_people(office: Office, row: Any) -> list[dict[str, str]]:
    """Give who is behind an alert about elders, as far as this office may know them, each with her page."""
    if row.kind != "visits_unmet":
        return []
    names = names_of(office.work.session, list(row.facts.get("rows", ()))[:SHOWN])
    return [{"name": mask_name(name), "href": f"/officer/visits/{one}"} for one, name in names.items()]


def _in_history(rows: list[Any]) -> set[int]:
    return {
        int(line[name]) for row in rows for line in row.history for name in ("in_charge_id", "by") if line.get(name)
    }


def _event(line: dict[str, Any], people: dict[int, str]) -> dict[str, Any]:
    why = {
        "opened": translate("提醒了负责的人"),
        "overdue": translate("到时间没人接，交给下一位"),
        "told_again": translate("还没办完，又提醒一次"),
        "acknowledged": translate("有人接了"),
        "resolved": translate("办结了"),
    }
    who = people.get(int(line.get("in_charge_id") or line.get("by") or 0), "")
    return {
        "happened_at": datetime.fromisoformat(line["at"]),
        "words": why.get(line["why"], line["why"]),
        "more": as_written(who) if who else "",
        "tone": "bad" if line["why"] == "overdue" else "info",
    }


def _indicators(office: Office) -> dict[str, str]:
    return {one.code: one.name for one in office.rules.indicators}


@router.get("/officer/alert-rules")
def rules(request: Request, office: Desk) -> Response:
    """Show the rules that watch this area, and the form for a rule of one's own."""
    return _rules_page(request, office)


@router.get("/officer/alert-rules/{rule_id:int}")
def one_rule(request: Request, office: Desk, rule_id: Id) -> Response:
    """Show one rule with its versions, and what it would have told over the last month in this area."""
    return _rule_page(request, office, rule_id)


@router.post("/officer/alert-rules")
def write(
    request: Request,
    office: Desk,
    name: Short = "",
    kind: Short = "",
    register: Short = "",
    event: Short = "",
    indicator: Short = "",
    value: Short = "",
    days: Number = "",
    at_least: Number = "",
    severity: Short = "warning",
    level: Short = "community",
    role: Short = "officer",
    minutes: Number = "1440",
    repeat_days: Number = "7",
    code: Short = "",
    trial: Short = "",
) -> Response:
    """Try a rule on the last month, or put it in force over this area from today."""
    work = office.work
    condition = _condition(kind, register, event, indicator, value, days, at_least)
    new = NewRule(
        area_code=office.lo, code=code or f"own_{kind}_{register or event or indicator}"[:59].rstrip("_"), name_zh=name.strip(),
        name_en=name.strip(), kind=kind, condition=condition, severity=severity, level=level,
        ladder=((role, int(minutes or 0)), ("officer", int(minutes or 0))), quiet=severity != "urgent",
        repeat_days=int(repeat_days or 0),
    )  # fmt: skip
    asked = dict(
        name=name, kind=kind, register=register, event=event, indicator=indicator, value=value, days=days,
        at_least=at_least, severity=severity, level=level, role=role, minutes=minutes, repeat_days=repeat_days,
    )  # fmt: skip
    try:
        with work.session.begin_nested():
            if trial:
                fired = try_rule(work.session, work.now, work.actor, new)
                return _rules_page(request, office, values=asked, fired=fired, kind=kind)
            rule_id = write_rule(work.session, work.now, work.actor, new)
    except DomainError as refused:
        field = {"name_zh": "name", "ladder": "minutes"}.get(
            str(refused.facts.get("field")), refused.facts.get("field")
        )
        errors = {str(field or "kind"): refused.message_zh}
        return _rules_page(request, office, values=asked, errors=errors, status=status_of(refused))
    return RedirectResponse(f"/officer/alert-rules/{rule_id}", status_code=303)


@router.post("/officer/alert-rules/{rule_id:int}/end")
def end(request: Request, office: Desk, rule_id: Id) -> Response:
    """End a rule of this area."""
    work = office.work
    try:
        with work.session.begin_nested():
            end_rule(work.session, work.now, work.actor, rule_id)
    except DomainError as refused:
        return _rules_page(request, office, errors={"kind": refused.message_zh}, status=status_of(refused))
    return RedirectResponse("/officer/alert-rules", status_code=303)


def _condition(
    kind: str, register: str, event: str, indicator: str, value: str, days: str, at_least: str
) -> dict[str, Any]:
    """Make a condition of the form's fields: only those its kind reads."""
    count = {"at_least": int(at_least or 1)}
    if kind == "date_nearing":
        return {"register": register, "days": int(days or 0)}
    if kind == "events_many":
        return {"event": event, "days": int(days or 1), **count}
    if kind == "target_missed":
        return {"within_days": int(days or 400)}
    if kind == "indicator_beyond":
        try:
            return {"indicator": indicator, "value": float(value), "side": "below"}
        except ValueError:
            return {"indicator": indicator}
    return count if kind in ("counts_differ", "beds_short") else {}


def _rules_page(
    request: Request,
    office: Office,
    *,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    fired: list[Fired] | None = None,
    kind: str = "",
    status: int = 200,
) -> Response:
    work = office.work
    rows = alert_rules(work.session, office.lo, office.hi)
    areas = area_names(work.session, {row.area_code for row in rows} | {one.finding.area_code for one in fired or ()})
    with speaking(request):
        indicators = _indicators(office)
        names = office.names(
            rules=[_rule_line(office, row, areas) for row in rows],
            kinds=list(kind_words().items()), registers=list(register_words().items()), events=list(event_words().items()),
            indicators=list(indicators.items()), severities=list(severity_words().items()),
            levels=[(code, words) for code, words in level_words().items() if code in ("street", "community")],
            roles=[("advisor", translate("社区的人")), ("officer", translate("街道民政干部")), ("operator", translate("电话坐席"))],
            values=values or {"days": "30", "at_least": "1", "minutes": "1440", "repeat_days": "7", "level": "community"},
            fired=None if fired is None else [_fired(one, kind, areas, indicators) for one in fired],
            may_write=work.actor.role == "officer",
            errors=errors or {},
        )  # fmt: skip
    return render(request, "officer/alert_rules.html", names, status_code=status)


def _rule_line(office: Office, row: Any, areas: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "kind": kind_words().get(row.kind, row.kind), "version": row.version,
        "area_name": areas.get(row.area_code, str(row.area_code)), "severity": severity_words()[row.severity],
        "valid_from": row.valid_from, "repeat_days": row.repeat_days, "ladder": _ladder(row.ladder),
        "own": office.lo <= row.area_code <= office.hi,
    }  # fmt: skip


def _ladder(rungs: list[dict[str, Any]]) -> str:
    roles = {"advisor": translate("社区的人"), "officer": translate("街道民政干部"), "operator": translate("电话坐席")}
    parts = [
        translate("%(who)s %(hours)s 小时")
        % {"who": roles.get(one["role"], one["role"]), "hours": round(one["minutes"] / 60, 1)}
        for one in rungs
    ]
    return Markup(" → ").join(parts)


def _fired(one: Fired, kind: str, areas: dict[int, str], indicators: dict[str, str]) -> dict[str, Any]:
    area = areas.get(one.finding.area_code, str(one.finding.area_code))
    return {"on": one.on, "area_name": area, "words": facts_in_words(kind, one.finding.facts, indicators)}


def _rule_page(request: Request, office: Office, rule_id: int) -> Response:
    work = office.work
    row = find_rule(work.session, rule_id)
    new = rule_as_new(row)
    here = NewRule(**{**new.__dict__, "area_code": office.lo}) if not office.lo <= row.area_code <= office.hi else new
    fired = try_rule(work.session, work.now, work.actor, here)
    told = work.session.connection().execute(
        text("SELECT count(*) FROM alert WHERE rule_id = :r AND area_code BETWEEN :lo AND :hi"),
        {"r": rule_id, "lo": office.lo, "hi": office.hi},
    )
    areas = area_names(work.session, {one.finding.area_code for one in fired} | {row.area_code})
    with speaking(request):
        indicators = _indicators(office)
        names = office.names(
            rule=row, line=_rule_line(office, row_with_name(row), areas), told=told.scalar_one(),
            fired=[_fired(one, row.kind, areas, indicators) for one in fired],
            versions=[
                {"version": one.version, "from": full_date(one.valid_from), "until": full_date(one.ended_on) if one.ended_on else ""}
                for one in versions_of(work.session, row)
            ],
        )  # fmt: skip
    return render(request, "officer/alert_rule.html", names)


def row_with_name(row: Any) -> Any:
    """Give a rule's row with its name in the reader's language."""

    return SimpleNamespace(**row._mapping, name=for_reader(row.name_zh, row.name_en or None))
