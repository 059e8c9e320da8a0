"""A volunteer gives hours away: to a relative or friend where her city allows it, or to the pool for elders in need."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.kit import render
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.errors import DomainError
from services.unit_of_work import UnitOfWork
from services.volunteering.errors import NotAVolunteer
from services.volunteering.giving import donate_hours, give_hours
from services.volunteering.purses import movements_of, purses_for
from services.volunteering.registering import area_of_volunteer

router = APIRouter(include_in_schema=False)
Key = Annotated[str, Form(max_length=80)]
Typed = Annotated[str, Form(max_length=40)]


@router.get("/volunteer/give")
def giving(request: Request, work: Work, said: str = "") -> Response:
    """Show what she can give, to whom her city lets her, and what she gave before."""
    return _page(request, work, {}, said=said)


@router.post("/volunteer/give")
def give(
    request: Request, work: Work, passport_number: Typed = "", minutes: Typed = "", event_key: Key = ""
) -> Response:
    """Give minutes to the holder of a passport; the same form sent twice is one gift."""
    typed = {"passport_number": passport_number, "minutes": minutes, "event_key": event_key}
    amount = whole_minutes(minutes)
    errors = {} if passport_number.strip() else {"passport_number": "请写对方的志愿者证号"}
    if amount is None:
        errors["minutes"] = "请填写大于零的整数分钟。"
    if errors:
        return _page(request, work, errors, typed=typed, status=422)
    try:
        with work.session.begin_nested():
            give_hours(
                work.session, work.now, work.actor, work.actor.person_id or 0, passport_number.strip(), amount or 0,
                key=_key(event_key),
            )  # fmt: skip
    except DomainError as refused:
        place = "passport_number" if refused.facts.get("field") == "passport_number" else "minutes"
        return _page(request, work, {place: refused.message_zh}, typed=typed, status=status_of(refused))
    return RedirectResponse("/volunteer/give?said=given", status_code=303)


@router.post("/volunteer/donate")
def donate(request: Request, work: Work, donated_minutes: Typed = "", event_key: Key = "") -> Response:
    """Give minutes to the pool for elders in need; the same form sent twice is one donation."""
    typed = {"donated_minutes": donated_minutes, "event_key": event_key}
    amount = whole_minutes(donated_minutes)
    if amount is None:
        return _page(request, work, {"donated_minutes": "请填写大于零的整数分钟。"}, typed=typed, status=422)
    try:
        with work.session.begin_nested():
            donate_hours(
                work.session, work.now, work.actor, work.actor.person_id or 0, amount, key=_key(event_key)
            )  # fmt: skip
    except DomainError as refused:
        return _page(request, work, {"donated_minutes": refused.message_zh}, typed=typed, status=status_of(refused))
    return RedirectResponse("/volunteer/give?said=donated", status_code=303)


def whole_minutes(words: str) -> int | None:
    """Give the whole minutes somebody typed, None where they are none: zero, a minus, a part, too many digits."""
    plain = words.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and 0 < int(plain[:9]) and len(plain) <= 9 else None


def _key(event_key: str) -> str:
    return event_key if len(event_key) >= 4 else uuid.uuid4().hex


def _page(
    request: Request,
    work: UnitOfWork,
    errors: dict[str, str],
    *,
    typed: dict[str, str] | None = None,
    said: str = "",
    status: int = 200,
) -> Response:
    if not work.actor.has_role("volunteer") or work.actor.person_id is None:
        raise NotAVolunteer(person_id=work.actor.person_id)
    person_id = work.actor.person_id
    area_code = area_of_volunteer(work.session, person_id)
    given = typed or {}
    context = {
        "home": "/volunteer",
        "said": said,
        "purse": next((one for one in purses_for(work.session, work.actor, person_id) if one.kind == "own"), None),
        "gift_to": rules_in_force(work.session, area_code, civil_date(work.now)).timebank.gift_to,
        "movements": movements_of(work.session, work.actor, person_id),
        "values": {name: given.get(name, "") for name in ("passport_number", "minutes", "donated_minutes")},
        "event_key": given.get("event_key") or uuid.uuid4().hex,
        "errors": errors,
    }
    return render(request, "volunteer/give.html", context, status_code=status)
