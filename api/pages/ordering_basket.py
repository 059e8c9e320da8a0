"""A relative orders for several elders at once. The basket stands in the page's address: nothing is kept until it is placed."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.deps import Work
from api.errors import status_of
from api.pages.filters import day as day_words
from api.pages.filters import spoken_clock
from api.pages.kit import render
from api.pages.officer_office import speaking
from api.pages.ordering_slots import length_of
from services.catalogue.queries import menu, service_by_code
from services.clock import SHANGHAI, civil_date
from services.errors import Conflict, DomainError, Invalid
from services.matching.finding import Candidate
from services.matching.queries import match
from services.orders.basket import MOST_WISHES, BasketWish, place_basket
from services.orders.errors import AlreadyOrdered
from services.orders.queries import find_order
from services.people.queries import elders_of, person_card
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
WRITTEN = re.compile(r"^(\d{1,18})~([a-z0-9_]{1,60})~(\d{4}-\d\d-\d\d)T(\d\d)(?:~(\d{1,18}))?$")
Lines = Annotated[list[str], Query(max_length=MOST_WISHES)]
DAYS_AHEAD = 7
HOURS = range(8, 19)


@dataclass(frozen=True)
class Line:
    """One line of a basket as its address writes it: elder~service~2026-11-26T09, then who was shown to come."""

    elder_id: int
    code: str
    day: str
    hour: str
    provider_id: int | None = None

    @property
    def written(self) -> str:
        """Give the line as the address writes it."""
        return f"{self.elder_id}~{self.code}~{self.day}T{self.hour}"

    @property
    def starts_at(self) -> datetime:
        """Give the moment at which it begins."""
        return datetime.fromisoformat(f"{self.day}T{self.hour}:00").replace(tzinfo=SHANGHAI)


@router.get("/family/basket")
def basket(
    request: Request,
    work: Work,
    line: Lines = [],  # noqa: B006
    elder: str = "",
    service: str = "",
    day: str = "",
    hour: str = "",
) -> Response:
    """Show the basket and a form for the next line; a line that was added becomes part of the address."""
    known = [one for one in map(_read, line) if one is not None]
    if elder or service:
        added = _read(f"{elder}~{service}~{day}T{hour}")
        if added is None:
            return _page(request, work, known, Invalid("请选哪一天几点。", field="day"))
        unique = list(dict.fromkeys(one.written for one in [*known, added]))[:MOST_WISHES]
        return RedirectResponse(f"/family/basket?{urlencode([('line', one) for one in unique])}", status_code=303)
    return _page(request, work, known)


@router.post("/family/basket")
def place(
    request: Request,
    work: Work,
    idempotency_key: Annotated[str, Form(max_length=180)],
    line: Annotated[list[str], Form(max_length=MOST_WISHES)] = [],  # noqa: B006
    again: Annotated[bool, Form()] = False,
) -> Response:
    """Place every line, or none; the same form sent twice gives the same orders."""
    known = [one for one in map(_read, line) if one is not None]
    try:
        if not known:
            raise Invalid("请先加一项，再下单。", field="basket")
        if any(one.provider_id is None for one in known):
            raise Conflict("这一项现在没有人能做，请换一个时间，或者去掉这一项。", field="basket")
        wishes = [_wish(work, one) for one in known]
        placed = place_basket(
            work.session, work.now, work.actor, wishes, idempotency_key=idempotency_key, channel="web",
            even_if_ordered=again,
        )  # fmt: skip
    except DomainError as refused:
        return _page(request, work, known, refused, key=idempotency_key)
    return RedirectResponse(
        f"/family/basket/placed?{urlencode([('order', one.order_id) for one in placed])}", status_code=303
    )


@router.get("/family/basket/placed")
def placed_page(
    request: Request,
    work: Work,
    order: Annotated[list[int], Query(max_length=MOST_WISHES)] = [],  # noqa: B006
) -> Response:
    """Say what was ordered for whom."""
    names = {elder_id: name for elder_id, name, _ in elders_of(work.session, work.actor)}
    orders = [find_order(work.session, one) for one in order if 0 < one < 2**62]
    shown = [
        {
            "href": f"/family/{one.elder_id}/orders/{one.id}", "elder_name": names.get(one.elder_id, ""),
            "service_name": one.service_name, "starts_at": one.starts_at, "ends_at": one.ends_at, "number": one.order_number,
        }
        for one in orders if one.elder_id in names
    ]  # fmt: skip
    return render(request, "order/basket_placed.html", {"home": "/family", "orders": shown})


def _read(written: str) -> Line | None:
    found = WRITTEN.match(written)
    if found is None or int(found[1]) >= 2**62:
        return None
    line = Line(int(found[1]), found[2], found[3], found[4], int(found[5]) if found[5] else None)
    try:
        return line if line.starts_at else None
    except ValueError:
        return None


def _wish(work: UnitOfWork, line: Line) -> BasketWish:
    service = service_by_code(work.session, line.code, civil_date(line.starts_at))
    return BasketWish(
        elder_id=line.elder_id, service_code=line.code, starts_at=line.starts_at,
        ends_at=line.starts_at + length_of(service), chosen_provider_id=line.provider_id,
    )  # fmt: skip


def _page(
    request: Request, work: UnitOfWork, lines: list[Line], refused: DomainError | None = None, key: str = ""
) -> Response:
    elders = [(one, name) for one, name, scopes in elders_of(work.session, work.actor) if "order" in scopes]
    today = civil_date(work.now)
    services: dict[str, str] = {}
    for elder_id, _ in elders:
        area = person_card(work.session, elder_id, today).area_code
        for tile in menu(work.session, work.now, area):
            services |= {one.service.code: one.service.title for one in tile.lines if one.service.at_home}
    shown = [_shown(work, one, dict(elders), lines) for one in lines]
    doubled = isinstance(refused, AlreadyOrdered)
    with speaking(request):
        names: dict[str, Any] = {
            "home": "/family",
            "elders": elders,
            "services": sorted(services.items(), key=lambda pair: pair[1]),
            "days": [
                (str(one), day_words(one)) for one in (today + timedelta(days=n) for n in range(1, DAYS_AHEAD + 1))
            ],
            "hours": [(f"{hour:02d}", spoken_clock(datetime(2026, 1, 1, hour, tzinfo=SHANGHAI))) for hour in HOURS],
            "lines": shown,
            "pay_fen": sum(one["pay_fen"] or 0 for one in shown),
            "whole": bool(shown) and all(one["written"].count("~") == 3 for one in shown),
            "full": len(lines) >= MOST_WISHES,
            "idempotency_key": key or uuid.uuid4().hex,
            "warning": refused.message_zh if refused is not None and doubled else "",
            "errors": {} if refused is None or doubled else {"elder": refused.message_zh},
        }
    return render(request, "order/basket.html", names, status_code=200 if refused is None else status_of(refused))


def _shown(work: UnitOfWork, line: Line, names: dict[int, str], lines: list[Line]) -> dict[str, Any]:
    """One line with who can come and what she pays; why not, when nobody can."""
    rest = [("line", one.written) for one in lines if one.written != line.written]
    shown: dict[str, Any] = {
        "elder_name": names.get(line.elder_id, ""), "service_name": line.code, "starts_at": line.starts_at,
        "ends_at": line.starts_at, "provider_name": "", "pay_fen": None, "written": line.written, "why": "",
        "without_href": f"/family/basket?{urlencode(rest)}" if rest else "/family/basket",
    }  # fmt: skip
    if line.elder_id not in names:
        return {**shown, "why": "没有找到这位老人。"}
    try:
        service = service_by_code(work.session, line.code, civil_date(line.starts_at))
        shown |= {"service_name": service.title, "ends_at": line.starts_at + length_of(service)}
        with work.session.begin_nested():
            found = match(
                work.session, work.now, work.actor, line.elder_id, line.code, line.starts_at, shown["ends_at"]
            )
    except DomainError as refused:
        return {**shown, "why": refused.message_zh}
    if not found.candidates:
        return {**shown, "why": "那时没有人能来，请换一个时间。"}
    best = _best(found.candidates, line.provider_id)
    return {
        **shown, "provider_name": best.provider_name, "pay_fen": best.shared.self_fen,
        "written": f"{line.written}~{best.provider_id}",
    }  # fmt: skip


def _best(candidates: tuple[Candidate, ...], chosen: int | None) -> Candidate:
    return next((one for one in candidates if one.provider_id == chosen), candidates[0])
