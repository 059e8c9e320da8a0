"""A relative's first page for one elder: what is planned, what waits for her, what it costs; and how she is bound."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from api.deps import Work
from api.errors import domain_error_of, status_of
from api.pages.elder import order_line, read_messages
from api.pages.kit import render
from api.pages.ordering_side import ElderSide, Side
from api.pages.ordering_volunteers import waiting_times
from services.benefits.queries import entitlements_in_month
from services.cities.queries import area_names
from services.cities.rules import ancestor_code
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.errors import DomainError
from services.orders.queries import list_orders, order_timeline
from services.people.proxies import SCOPES, request_proxy
from services.people.queries import elders_of
from services.people.tables import Proxy
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
_proxy = table_of(Proxy)
LIVE = ("placed", "offering", "unfilled", "accepted", "assigned", "in_service", "served")
RECENT_ORDERS, RECENT_EVENTS = 3, 6
Text = Annotated[str, Form(max_length=40)]


@router.get("/family")
def first_elder(request: Request, work: Work) -> Response:
    """Lead a relative to her elder, or to asking for one."""
    for elder_id, _, _ in elders_of(work.session, work.actor):
        if elder_id != work.actor.person_id:
            return RedirectResponse(f"/family/{elder_id}", status_code=303)
    return RedirectResponse("/family/bind", status_code=303)


@router.get("/family/bind")
def ask_elder(request: Request, work: Work) -> Response:
    """Ask whom she wants to help."""
    return _bind_page(request, work, {})


@router.post("/family/bind")
def bind(
    request: Request,
    work: Work,
    elder_name: Text = "",
    elder_id_number: Text = "",
    relation: Text = "",
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Response:
    """Ask to act for an elder; it holds once she or her community has said yes."""
    given = {"elder_name": elder_name, "elder_id_number": elder_id_number, "relation": relation}
    errors = {name: "" for name, value in given.items() if not value.strip()}
    if errors:
        return _bind_page(request, work, given, missing=tuple(errors), status_code=422)
    try:
        with work.session.begin_nested():
            request_proxy(
                work.session,
                work.now,
                work.actor,
                elder_name=elder_name,
                elder_id_number=elder_id_number,
                relation=relation,
                scopes=scopes or ["view"],
            )
    except DomainError as refused:
        return _bind_page(request, work, given, refused=refused, status_code=status_of(refused))
    except IntegrityError as broken:
        meant = domain_error_of(broken)
        if meant is None:
            raise
        return _bind_page(request, work, given, refused=meant, status_code=status_of(meant))
    return RedirectResponse("/family/bind", status_code=303)


@router.get("/family/{elder_id:int}")
def home(request: Request, side: Side) -> Response:
    """Show one elder to her relative."""
    work = side.work
    orders = list_orders(work.session, elder_id=side.elder_id, limit=60)
    awaiting = [order_line(order) for order in orders if order.state == "served"]
    midnight = civil_midnight(civil_date(work.now))
    planned = sorted(
        (order for order in orders if order.state in LIVE and order.ends_at >= midnight), key=lambda o: o.starts_at
    )
    names = side.names(
        elders=_elders(side),
        elder=_elder(side),
        can_order=side.may("order"),
        can_pay=side.may("pay"),
        today=[order_line(order) for order in planned],
        awaiting=awaiting if side.may("order") else [],
        waiting=waiting_times(side) if side.may("order") else [],
        spend=_spend(side),
        events=_recent_events(side, [order.id for order in orders[:RECENT_ORDERS]]),
    )
    return render(request, "family/home.html", names)


@router.get("/family/{elder_id:int}/messages")
def messages(request: Request, side: Side) -> Response:
    """Show what the relative was told about this elder."""
    return render(request, "family/messages.html", side.names(messages=read_messages(side)))


def _elders(side: ElderSide) -> list[dict[str, Any]]:
    work = side.work
    return [
        {"id": elder_id, "name": name, "relation": "", "current": elder_id == side.elder_id}
        for elder_id, name, _ in elders_of(work.session, work.actor)
        if elder_id != work.actor.person_id
    ]


def _elder(side: ElderSide) -> dict[str, Any]:
    community = ancestor_code(side.area_code, "community")
    relation = side.work.session.connection().execute(
        select(_proxy.c.relation).where(
            _proxy.c.elder_id == side.elder_id,
            _proxy.c.proxy_person_id == side.work.actor.person_id,
            _proxy.c.state == "confirmed",
        )
    ).scalar()  # fmt: skip
    return {
        "name": side.card.full_name,
        "relation": relation or "",
        "years": side.card.years,
        "community_name": area_names(side.work.session, {community}).get(community, ""),
        "lives_alone": side.card.living == "alone",
    }


def _spend(side: ElderSide) -> dict[str, int | None]:
    """This month's confirmed orders by who pays, and what is left of this month's government money. Fen."""
    work = side.work
    today = civil_date(work.now)
    first: datetime = civil_midnight(today.replace(day=1))
    done = list_orders(
        work.session,
        elder_id=side.elder_id,
        states=("confirmed",),
        starts_from=first,
        starts_before=civil_midnight(today + timedelta(days=1)),
        limit=200,
    )
    rights = entitlements_in_month(work.session, side.elder_id, today)
    return {
        "month_pay_fen": sum(order.self_fen for order in done),
        "month_government_fen": sum(order.government_fen for order in done),
        "voucher_left_fen": sum(right.left_fen for right in rights) if rights else None,
    }


def _recent_events(side: ElderSide, order_ids: list[int]) -> list[dict[str, Any]]:
    """The newest steps of the newest orders, each with its service, newest first."""
    session = side.work.session
    steps = []
    for order in list_orders(session, elder_id=side.elder_id, limit=RECENT_ORDERS):
        if order.id in order_ids:
            steps += [
                {
                    "id": step.id,
                    "happened_at": step.happened_at,
                    "words": step.words,
                    "tone": step.tone,
                    "more": order.service_name,
                }
                for step in order_timeline(session, order.id)
            ]
    return sorted(steps, key=lambda step: (step["happened_at"], step["id"]), reverse=True)[:RECENT_EVENTS]


def _bind_page(
    request: Request,
    work: UnitOfWork,
    given: dict[str, str],
    *,
    missing: tuple[str, ...] = (),
    refused: DomainError | None = None,
    status_code: int = 200,
) -> Response:
    asked = work.session.connection().execute(
        select(_proxy.c.id, _proxy.c.relation, _proxy.c.requested_at)
        .where(_proxy.c.proxy_person_id == work.actor.person_id, _proxy.c.state == "requested")
        .order_by(_proxy.c.id.desc())
    )
    field = str(refused.facts.get("field", "elder_name")) if refused else ""
    context = {
        "home": "/family",
        "given": {"elder_name": "", "elder_id_number": "", "relation": "", **given},
        "missing": missing,
        "refusals": {field: refused.message_zh} if refused else {},
        "scopes": SCOPES,
        "asked": [dict(row._mapping) for row in asked],
        "bound": any(elder_id != work.actor.person_id for elder_id, _, _ in elders_of(work.session, work.actor)),
    }
    return render(request, "family/bind.html", context, status_code=status_code)
