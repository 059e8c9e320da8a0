"""One home's beds, who lies in them and who waits: the same room for the home itself and for its office."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import text

from api.errors import status_of
from api.pages.bed_words import class_name, facts_counted, flags, levels, ownerships, why_here
from api.pages.kit import render
from api.pages.officer_office import speaking
from services.beds import actions, jumps, register, reports, waiting, waiting_queries
from services.beds.cards import elder_by_card
from services.beds.grounds import home_to_run, home_to_see
from services.beds.snapshots import carries
from services.clock import civil_date
from services.errors import DomainError, Invalid
from services.unit_of_work import UnitOfWork

_BEDS = f"""
    SELECT b.id, b.label, b.kind, b.opened_on, b.closed_on, {carries("nursing", "CAST(:day AS date)")} AS nursing,
      {carries("dementia", "CAST(:day AS date)")} AS dementia,
      {carries("basic_guarantee", "CAST(:day AS date)")} AS basic_guarantee, l.level,
      s.id AS stay_id, s.elder_id, p.full_name AS elder_name, lower(s.during) AS since, s.basis, s.assessment_id, s.assess_by,
      v.id AS leave_id, v.kind AS leave_kind, lower(v.during) AS away_since,
      o.id AS offer_id, o.state AS offer_state, o.expires_at, o.first_day, o.elder_id AS offered_to, q.full_name AS offered_name
    FROM bed b
    LEFT JOIN bed_care_level l ON l.bed_id = b.id AND l.during @> CAST(:day AS date)
    LEFT JOIN bed_stay s ON s.bed_id = b.id AND s.during @> CAST(:day AS date)
    LEFT JOIN person p ON p.id = s.elder_id
    LEFT JOIN bed_leave v ON v.stay_id = s.id AND v.during @> CAST(:day AS date)
    LEFT JOIN bed_offer o ON o.bed_id = b.id AND o.state IN ('open', 'accepted')
    LEFT JOIN person q ON q.id = o.elder_id
    WHERE b.facility_id = :home AND b.kind <> 'home' AND (b.closed_on IS NULL OR b.closed_on > :day)
    ORDER BY b.label, b.id
"""


def show_home(
    request: Request,
    work: UnitOfWork,
    facility_id: int,
    shell: dict[str, Any],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Show a home's beds with what can be done to the one chosen (`?bed=`), its waiting list and today's counts."""
    home, ground = home_to_see(work.session, work.actor, facility_id)
    today = civil_date(work.now)
    beds = list(work.session.connection().execute(text(_BEDS), {"home": facility_id, "day": today}))
    asked = request.query_params.get("bed", "")
    bed = next((one for one in beds if str(one.id) == asked), None)
    with speaking(request):
        entries = [
            {"entry": one, "why": why_here(one), "class_name": class_name(one.class_facts, one.class_code)}
            for one in waiting_queries.waiting_list(work.session, facility_id)
        ]
        words = {
            "flags": flags(), "levels": levels(), "ownerships": ownerships(), "facts_counted": facts_counted(),
        }  # fmt: skip
    rows = register.register_on(work.session, today, lo=home.area_code, hi=home.area_code)
    names = {
        "home_name": home.name, "facility_id": facility_id, "today": today, "beds": beds, "bed": bed, "entries": entries,
        "papers": register.papers_of(work.session, bed.id) if bed is not None else [],
        "card": next((one for one in rows if one.facility_id == facility_id), None),
        "sources": reports.sources_on(work.session, facility_id, today),
        "by_office": ground == "office:officer", "may": ground is not None,
        "free": [one for one in beds if one.stay_id is None and one.offer_id is None],
        "said": request.query_params.get("said", ""), "errors": errors or {}, **words, **shell,
    }  # fmt: skip
    return render(request, "beds/home.html", names, status_code=status)


def act_in_home(
    request: Request, work: UnitOfWork, facility_id: int, shell: dict[str, Any], form: dict[str, str]
) -> Response:
    """Do what a form of the home's page asked, and show the page again."""
    home_to_run(work.session, work.actor, facility_id)
    verb = VERBS.get(form.get("do", ""))
    try:
        if verb is None:
            raise Invalid(field="do")
        with work.session.begin_nested():
            verb(work, facility_id, form)
    except DomainError as refused:
        field = f"{form.get('do', '')}-{refused.facts.get('field', 'reason')}"
        return show_home(request, work, facility_id, shell, {field: refused.message_zh}, status_of(refused))
    return RedirectResponse(f"{shell['here_base']}/{facility_id}?said=done", status_code=303)


def day_of(form: dict[str, str], name: str) -> date:
    """Read a day. Raises Invalid(field)."""
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise Invalid("请写是哪一天。", field=name) from None


def number_of(form: dict[str, str], name: str) -> int:
    """Read an id or a count. Raises Invalid(field)."""
    written = form.get(name, "").strip()
    if not written.isdecimal() or len(written) > 18:
        raise Invalid("请写一个整数。", field=name)
    return int(written)


def _offer(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    waiting.offer_bed(work.session, work.now, work.actor, number_of(form, "bed"), day_of(form, "first_day"))


def _withdraw(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    offer_id = number_of(form, "offer")
    waiting.withdraw_offer(work.session, work.now, work.actor, offer_id, form.get("reason", ""))


def _move_in(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    given = (number_of(form, "bed"), number_of(form, "elder"))
    actions.admit(work.session, work.now, work.actor, *given, first_day=day_of(form, "first_day"))


def _move_in_by_card(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    day = day_of(form, "first_day")
    elder_id = elder_by_card(work.session, work.now, work.actor, form.get("id_number", ""))
    actions.admit(
        work.session, work.now, work.actor, number_of(form, "bed"), elder_id, first_day=day, by_card=True,
        emergency=form.get("emergency", ""),
    )  # fmt: skip


def _leave(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    back = day_of(form, "back_on") if form.get("back_on") else None
    given = (number_of(form, "stay"), form.get("kind", ""), day_of(form, "first_day"), back)
    actions.go_on_leave(work.session, work.now, work.actor, *given)


def _back(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    actions.come_back(work.session, work.now, work.actor, number_of(form, "leave"), day_of(form, "back_on"))


def _transfer(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    given = (number_of(form, "stay"), number_of(form, "to"), day_of(form, "day"), form.get("reason", ""))
    actions.transfer(work.session, work.now, work.actor, *given)


def _discharge(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    given = (number_of(form, "stay"), day_of(form, "last_day"), form.get("reason", ""))
    actions.discharge(work.session, work.now, work.actor, *given)


def _death(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    if form.get("sure") != "yes":
        raise Invalid("请勾选确认。", field="sure")
    actions.record_death(work.session, work.now, work.actor, number_of(form, "stay"), day_of(form, "died_on"))


def _jump(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    jumps.ask_jump(work.session, work.now, work.actor, number_of(form, "wait"), form.get("reason", ""))


def _decide(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    given = (number_of(form, "jump"), form.get("approves") == "yes", form.get("reason", ""))
    jumps.decide_jump(work.session, work.now, work.actor, *given)


def _remove(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    waiting.give_up_waiting(work.session, work.now, work.actor, number_of(form, "wait"), form.get("reason", ""))


def _count(work: UnitOfWork, facility_id: int, form: dict[str, str]) -> None:
    counts = {fact: number_of(form, fact) for fact, _ in facts_counted() if form.get(fact, "").strip()}
    given = (facility_id, day_of(form, "day"), counts, form.get("note", ""))
    reports.report_beds(work.session, work.now, work.actor, *given)


def _certify(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    paper = register.Paper(
        form.get("flag", ""), day_of(form, "holds_from"), form.get("paper", ""), form.get("issued_by", ""),
        valid_until=day_of(form, "valid_until") if form.get("valid_until") else None, grants=form.get("grants") != "no",
    )  # fmt: skip
    register.certify_beds(work.session, work.now, work.actor, [number_of(form, "bed")], paper)


def _level(work: UnitOfWork, _: int, form: dict[str, str]) -> None:
    given = (number_of(form, "bed"), form.get("level", ""), day_of(form, "since"))
    register.set_care_level(work.session, work.now, work.actor, *given)


def _standing(work: UnitOfWork, facility_id: int, form: dict[str, str]) -> None:
    cap = form.get("price_cap", "").strip()
    new = register.Standing(
        form.get("ownership", ""), form.get("price_capped") == "yes", form.get("embedded") == "yes", day_of(form, "since"),
        price_cap_fen=number_of(form, "price_cap") * 100 if cap else None, paper=form.get("paper", ""),
    )  # fmt: skip
    register.record_standing(work.session, work.now, work.actor, facility_id, new)


VERBS = {
    "offer": _offer, "withdraw": _withdraw, "move_in": _move_in, "card": _move_in_by_card, "leave": _leave, "back": _back,
    "transfer": _transfer, "discharge": _discharge, "death": _death, "jump": _jump, "decide": _decide, "remove": _remove,
    "count": _count, "certify": _certify, "level": _level, "standing": _standing,
}  # fmt: skip
