"""Doors nobody opened, in the hands of a named person until closed; relatives waiting for a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy import select
from starlette.datastructures import FormData

from api.deps import GuardedRequest
from api.errors import status_of
from api.pages.filters import as_written
from api.pages.house_words import said
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, relation_words, speaking
from services.columns import table_of
from services.errors import DomainError
from services.language import listed, reads_english
from services.oversight.rows import closed_escalations
from services.people.finding import waiting_proxies
from services.people.proxies import confirm_proxy, revoke_proxy
from services.people.tables import Person
from services.visits.escalations import RESOLUTIONS, close_escalation
from services.visits.queries import open_escalations

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
NOTE_LENGTH = 2000
_person = table_of(Person)


async def posted_form(request: GuardedRequest) -> FormData:
    """Give the fields of a form whose names carry a row's number."""
    return await request.form()


Posted = Annotated[FormData, Depends(posted_form)]


@router.get("/officer/escalations")
def silent_doors(request: Request, office: Desk) -> Response:
    """Show the doors nobody opened, the most overdue first, and those closed last."""
    return _doors_page(request, office)


@router.post("/officer/escalations/{escalation_id:int}/close")
def close(request: Request, office: Desk, escalation_id: Id, posted: Posted) -> Response:
    """Close a silent door with what was found; closing is no visit."""
    work = office.work
    outcome = str(posted.get(f"outcome-{escalation_id}", ""))
    words = str(posted.get(f"words-{escalation_id}", "")).strip()
    errors = {}
    with speaking(request):
        if outcome not in RESOLUTIONS:
            errors[f"outcome-{escalation_id}"] = translate("请选结果")
        if len(words) > NOTE_LENGTH:
            errors[f"words-{escalation_id}"] = translate("写得太长了")
    if errors:
        return _doors_page(request, office, errors, status=422)
    try:
        with work.session.begin_nested():
            close_escalation(work.session, work.now, work.actor, escalation_id, outcome, words or None)
    except DomainError as refused:
        errors = {f"outcome-{escalation_id}": refused.message_zh}
        return _doors_page(request, office, errors, status=status_of(refused))
    return RedirectResponse("/officer/escalations", status_code=303)


def _doors_page(request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    work = office.work
    rows = open_escalations(work.session, office.lo, office.hi)
    closed = closed_escalations(work.session, office.lo, office.hi)
    people = _names(office, {row.in_charge_id for row in rows} | _in_charge_before(rows))
    communities = office.community_names({row.area_code for row in rows})
    with speaking(request):
        names = office.names(
            now=work.now,
            open=[_door(office, row, people, communities[row.area_code]) for row in rows],
            closed=[
                {
                    "elder_name": row.elder_name or "—",
                    "elder_id": row.elder_id,
                    "closed_at": row.closed_at,
                    "outcome_words": RESOLUTIONS.get(row.resolution, row.resolution),
                }
                for row in closed
            ],
            outcomes=[(code, said(words)) for code, words in RESOLUTIONS.items()],
            errors=errors or {},
        )
    return render(request, "officer/escalations.html", names, status_code=status)


def _in_charge_before(rows: list[Any]) -> set[int]:
    return {int(line["in_charge_id"]) for row in rows for line in row.history if line.get("in_charge_id")}


def _names(office: Office, ids: set[int]) -> dict[int, str]:
    found = office.work.session.connection().execute(
        select(_person.c.id, _person.c.full_name).where(_person.c.id.in_(ids))
    )
    return {row.id: row.full_name for row in found}


def _door(office: Office, row: Any, people: dict[int, str], community: str) -> dict[str, Any]:
    now, steps = office.work.now, {step.action: step.name for step in office.rules.escalation}
    by_place = {step.step: step.name for step in office.rules.escalation}
    return {
        "id": row.id,
        "elder_id": row.elder_id,
        "elder_name": row.elder_name or "—",
        "community_name": community,
        "opened_at": row.opened_at,
        "due_at": row.due_at,
        "late": row.due_at < now,
        "left": _left(row.due_at - now),
        "responsible_name": people.get(row.in_charge_id, translate("值班负责人")),
        "step_words": by_place.get(row.step, ""),
        "events": [_event(line, people, steps) for line in row.history],
    }


def _left(left: timedelta) -> str:
    """Say how long the one in charge still has, or for how long she is late."""
    minutes = abs(round(left.total_seconds() / 60))
    told = {"hours": minutes // 60, "minutes": minutes % 60}
    if left < timedelta():
        return translate("晚了 %(hours)s 小时 %(minutes)s 分") % told
    return translate("还剩 %(hours)s 小时 %(minutes)s 分") % told


def _event(line: dict[str, Any], people: dict[int, str], steps: dict[str, str]) -> dict[str, Any]:
    why = {
        "opened": translate("没人应，开始找"),
        "overdue": translate("到时间还没找到，交给下一位"),
        "silent_again": translate("又去了一次，还是没人应"),
    }
    step = steps.get(str(line.get("action")), "")
    who = people.get(int(line.get("in_charge_id") or 0), "")
    return {
        "happened_at": datetime.fromisoformat(line["at"]),
        "words": why.get(line["why"], line["why"]),
        "more": Markup(": " if reads_english() else "：").join(as_written(part) for part in (who, step) if part),
        "tone": "info" if line["why"] == "opened" else "bad",
    }


@router.get("/officer/proxies")
def relatives(request: Request, office: Desk) -> Response:
    """Show the relatives who asked to act for an elder of the area and wait for a word."""
    return _relatives_page(request, office)


@router.post("/officer/proxies/{proxy_id:int}/confirm")
def confirm(request: Request, office: Desk, proxy_id: Id) -> Response:
    """Put a relative's right in force, after the elder said yes."""
    return _decide(request, office, proxy_id, confirm_proxy)


@router.post("/officer/proxies/{proxy_id:int}/refuse")
def refuse(request: Request, office: Desk, proxy_id: Id) -> Response:
    """Turn a relative's request down."""
    return _decide(request, office, proxy_id, revoke_proxy)


def _decide(request: Request, office: Office, proxy_id: int, act: Any) -> Response:
    work = office.work
    try:
        with work.session.begin_nested():
            act(work.session, work.now, work.actor, proxy_id)
    except DomainError as refused:
        return _relatives_page(request, office, {"proxies": refused.message_zh}, status=status_of(refused))
    return RedirectResponse("/officer/proxies", status_code=303)


def _relatives_page(
    request: Request, office: Office, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    rows = waiting_proxies(office.work.session)
    communities = office.community_names({row.area_code for row in rows})
    with speaking(request):
        scopes = {"view": translate("看情况"), "order": translate("下单"), "pay": translate("付钱")}
        waiting = [
            {
                "id": row.proxy_id,
                "elder_id": row.elder_id,
                "elder_name": row.elder_name,
                "community_name": communities[row.area_code],
                "relative_name": row.relative_name,
                "relation": relation_words(row.relation),
                "scopes_words": listed([scopes[code] for code in scopes if code in row.scopes]),
                "requested_at": row.requested_at,
            }
            for row in rows
        ]
    names = office.names(waiting=waiting, errors=errors or {})
    return render(request, "officer/proxies.html", names, status_code=status)
