"""The phone operator's desk: find who is calling, read out who can come, place the order in her name."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.filters import day as day_words
from api.pages.filters import spoken_clock, yuan
from api.pages.kit import render
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office, relation_words, speaking
from api.pages.ordering_slots import length_of
from api.pages.rights_in_words import rights_in_words
from services.benefits.queries import entitlements_in_month
from services.catalogue.queries import Service, menu, service_by_code
from services.clock import SHANGHAI, civil_date
from services.errors import DomainError, Invalid
from services.language import listed
from services.matching.queries import Matched, match
from services.orders.actions import place_order
from services.orders.errors import AlreadyOrdered
from services.orders.queries import find_order, list_orders
from services.orders.rules import LIVE_STATES
from services.people.finding import FoundElder, find_elders
from services.people.privacy import mask_name
from services.people.queries import PersonCard, person_card
from services.people.rights import right_to

router = APIRouter(include_in_schema=False)
Asked = Annotated[str, Query(max_length=60)]
Sent = Annotated[str, Form(max_length=60)]
Elder = Annotated[int | None, Query(ge=1, le=2**62)]
DAYS_AHEAD = 7
HOURS = range(8, 19)
OPEN_STATES = tuple(state for state in LIVE_STATES if state != "confirmed")


@dataclass(frozen=True)
class Wish:
    """What the caller wants so far, as the form writes it."""

    service: str = ""
    day: str = ""
    window: str = ""
    call_note: str = ""

    def start(self) -> datetime | None:
        """Give the moment meant, None while day or hour are missing or not to be read."""
        try:
            return datetime.fromisoformat(f"{self.day}T{self.window}").replace(tzinfo=SHANGHAI)
        except ValueError:
            return None


@dataclass(frozen=True)
class Call:
    """One call: the elder it is about, what is wanted, who can come, and what went wrong."""

    elder_id: int
    wish: Wish
    found: Matched | None
    errors: dict[str, str]
    key: str
    doubled: bool = False


@router.get("/desk")
def phone_desk(
    request: Request,
    office: Desk,
    query: Asked = "",
    elder: Elder = None,
    service: Asked = "",
    day: Asked = "",
    window: Asked = "",
    placed: Elder = None,
) -> Response:
    """Find the caller; for one elder, show her card, her open orders and who can come."""
    if elder is None:
        found = find_elders(office.work.session, query, civil_date(office.work.now))
        return _page(request, office, query=query, found=found)
    right_to(office.work.session, office.work.actor, elder, "view", office.work.now)
    wish = Wish(service, day, window)
    with speaking(request):
        matched, errors = _matched(office, elder, wish) if service else (None, {})
    call = Call(elder, wish, matched, errors, uuid.uuid4().hex)
    return _page(request, office, call=call, placed=placed, status=422 if errors else 200)


@router.post("/desk/orders")
def place(
    request: Request,
    office: Desk,
    elder: Annotated[int, Form(ge=1, le=2**62)],
    idempotency_key: Annotated[str, Form(max_length=200)],
    service: Sent = "",
    day: Sent = "",
    window: Sent = "",
    provider: Annotated[int | None, Form(ge=1, le=2**62)] = None,
    call_note: Annotated[str, Form(max_length=2000)] = "",
    again: Annotated[bool, Form()] = False,
) -> Response:
    """Place the order the caller agreed to; the same form sent twice gives the same order."""
    work, wish = office.work, Wish(service, day, window, call_note)
    start = wish.start()
    try:
        if start is None or provider is None:
            raise_words(start, request)
        assert start is not None
        length = length_of(service_by_code(work.session, service, civil_date(start)))
        with work.session.begin_nested():
            order = place_order(
                work.session,
                work.now,
                work.actor,
                elder_id=elder,
                service_code=service,
                starts_at=start,
                ends_at=start + length,
                chosen_provider_id=provider,
                idempotency_key=idempotency_key,
                channel="phone",
                note=call_note,
                even_if_ordered=again,
            )
    except DomainError as refused:
        return _refused(request, office, elder, wish, idempotency_key, refused)
    return RedirectResponse(f"/desk?{urlencode({'elder': elder, 'placed': order.order_id})}", status_code=303)


def raise_words(start: datetime | None, request: Request) -> None:
    """Refuse a form without a time or a provider, in words. Raises Missing."""
    with speaking(request):
        field = "window" if start is None else "provider"
        words = translate("请选哪一天几点") if start is None else translate("请选一家机构")
    raise Missing(words, field=field)


class Missing(Invalid):
    """Something on the form was not chosen; `field` says what."""


def _refused(request: Request, office: Office, elder: int, wish: Wish, key: str, refused: DomainError) -> Response:
    right_to(office.work.session, office.work.actor, elder, "view", office.work.now)
    with speaking(request):
        matched, errors = _matched(office, elder, wish)
    field = str(refused.facts.get("field", "provider"))
    known = field if field in ("service", "day", "window", "call_note") else "provider"
    errors = {**errors, {"note": "call_note"}.get(field, known): refused.message_zh}
    call = Call(elder, wish, matched, errors, key, doubled=isinstance(refused, AlreadyOrdered))
    return _page(request, office, call=call, status=status_of(refused))


def _matched(office: Office, elder: int, wish: Wish) -> tuple[Matched | None, dict[str, str]]:
    """Give who can come, or which field has to change."""
    work, start = office.work, wish.start()
    if start is None:
        return None, {"window": translate("请选哪一天几点")}
    try:
        length = length_of(service_by_code(work.session, wish.service, civil_date(start)))
        return match(work.session, work.now, work.actor, elder, wish.service, start, start + length), {}
    except DomainError as refused:
        return None, {"window" if refused.facts.get("field") != "service" else "service": refused.message_zh}


def _page(
    request: Request,
    office: Office,
    *,
    query: str = "",
    found: list[FoundElder] | None = None,
    call: Call | None = None,
    placed: int | None = None,
    status: int = 200,
) -> Response:
    with speaking(request):
        names: dict[str, Any] = {
            "read_only": office.read_only,
            "query": query,
            "searched": bool(query) and not found,
            "found": _found_rows(office, found or []),
            "elder": None,
            "open_orders": [],
            "placed": None,
            "services": [],
            "days": [],
            "windows": [],
            "values": {},
            "errors": {},
            "idempotency_key": "",
            "options": None,
            "left_out": [],
            "doubled": False,
            **(_call_names(office, call, placed) if call else {}),
        }
    return render(request, "desk/phone_order.html", names, status_code=status)


def _found_rows(office: Office, found: list[FoundElder]) -> list[dict[str, Any]]:
    names = office.community_names({one.area_code for one in found})
    return [
        {
            "id": one.id,
            "name_masked": mask_name(one.full_name),
            "age": one.years,
            "community_name": names[one.area_code],
            "phone_masked": one.phone_masked,
            "caller_words": translate("来电的是%(relation)s") % {"relation": relation_words(one.caller)}
            if one.caller
            else "",
            "href": f"/desk?elder={one.id}",
        }
        for one in found
    ]


def _call_names(office: Office, call: Call, placed: int | None) -> dict[str, Any]:
    work, today = office.work, civil_date(office.work.now)
    card = person_card(work.session, call.elder_id, today)
    services = _services(office, card)
    wish = call.wish
    tomorrow = str(today + timedelta(days=1))
    values = {
        "service": wish.service or (services[0][0] if services else ""),
        "day": wish.day or tomorrow,
        "window": wish.window or "09:00",
        "call_note": wish.call_note,
    }
    return {
        "elder": _elder(office, card, today),
        "open_orders": [
            {
                "id": order.id,
                "service_name": order.service_name,
                "slot_start": order.starts_at,
                "slot_end": order.ends_at,
                "status": order.state,
            }
            for order in list_orders(work.session, elder_id=card.id, states=OPEN_STATES)
        ],
        "placed": _placed(office, placed),
        "services": services,
        "days": [(str(one), day_words(one)) for one in _days(today)],
        "windows": [(f"{hour:02d}:00", spoken_clock(_hour(today, hour))) for hour in HOURS],
        "values": values,
        "errors": call.errors,
        "idempotency_key": call.key,
        "doubled": call.doubled,
        "options": _options(office, call.found) if call.found else None,
        "left_out": [{"provider_name": o.provider_name, "why": o.why} for o in call.found.left_out]
        if call.found
        else [],
    }


def _options(office: Office, found: Matched) -> list[dict[str, Any]]:
    return [
        {
            "value": str(one.provider_id),
            "provider_name": one.provider_name,
            "price_fen": one.price_fen,
            "pay_fen": one.shared.self_fen,
            "walk_seconds": one.walk_seconds,
            "walk_estimated": one.walk_estimated,
            # the walk and the price stand on the line already
            "reasons": rights_in_words(office.work.session, [*one.reasons[1:4], *one.reasons[5:]]),
        }
        for one in found.candidates
    ]


def _elder(office: Office, card: PersonCard, today: date) -> dict[str, Any]:
    groups = {group.code: group.name for group in office.rules.groups}
    notes = [groups.get(code, code) for code in card.groups]
    if card.care_level:
        notes.append(translate("照护等级 %(level)s") % {"level": card.care_level})
    left = sum(one.left_fen for one in entitlements_in_month(office.work.session, card.id, today))
    return {
        "id": card.id,
        "name": card.full_name,
        "age": card.years,
        "community_name": office.community_names({card.area_code})[card.area_code],
        "phone_masked": card.phone or "",
        "address_masked": card.address or "",
        "lives_alone": card.living == "alone",
        "notes": listed(notes),
        "balance_words": translate("这个月还有 %(left)s") % {"left": yuan(left)},
    }


def _services(office: Office, card: PersonCard) -> list[tuple[str, str]]:
    tiles = menu(office.work.session, office.work.now, card.area_code)
    lines: list[Service] = [line.service for tile in tiles for line in tile.lines]
    return [(one.code, _with_minutes(one)) for one in lines]


def _with_minutes(service: Service) -> str:
    return translate("%(service)s（%(minutes)s分钟）") % {"service": service.short_title, "minutes": service.minutes}


def _placed(office: Office, order_id: int | None) -> dict[str, Any] | None:
    if order_id is None:
        return None
    order = find_order(office.work.session, order_id)
    return {
        "number": order.order_number,
        "service_name": order.service_name,
        "slot_start": order.starts_at,
        "slot_end": order.ends_at,
        "pay_fen": order.self_fen,
    }


def _days(today: date) -> list[date]:
    return [today + timedelta(days=n) for n in range(DAYS_AHEAD + 1)]


def _hour(today: date, hour: int) -> datetime:
    return datetime(today.year, today.month, today.day, hour, tzinfo=SHANGHAI)
