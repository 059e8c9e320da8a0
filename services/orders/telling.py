"""Who is told of a step in an order, with which facts; names are looked up at delivery, never kept here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from services.cities.rules import LEVELS, ancestor_code
from services.columns import table_of
from services.messages.actions import tell
from services.orders.steps import OrderRow
from services.people.tables import RoleGrant

_grant = table_of(RoleGrant)


def order_facts(order: OrderRow) -> dict[str, Any]:
    """Give the facts every message about an order may use: ids, codes, moments and fen only."""
    return {
        "order_number": order.order_number,
        "elder_id": order.elder_id,
        "service_code": order.service_code,
        "starts_at": order.starts_at.isoformat(),
        "ends_at": order.ends_at.isoformat(),
        "amount_fen": order.self_fen,
    }


def tell_elder_side(session: Session, now: datetime, order: OrderRow, template: str, **facts: Any) -> None:
    """Tell the elder and her confirmed proxies, once per order and template (and `once`, where it may recur)."""
    _tell(session, now, order, {"elder_side": order.elder_id}, "elder_side", template, facts)


def tell_provider(
    session: Session, now: datetime, order: OrderRow, provider_id: int, template: str, **facts: Any
) -> None:
    """Tell the dispatchers of a provider."""
    facts = {"provider_id": provider_id, **facts}
    _tell(session, now, order, {"provider_id": provider_id}, f"provider:{provider_id}", template, facts)


def tell_operators(session: Session, now: datetime, order: OrderRow, template: str, **facts: Any) -> None:
    """Tell the phone operators whose office covers the elder's home, so that an order never ends in silence.

    The house's own jobs see every grant and find them exactly; within a relative's act nobody's grant is
    visible, so the message job tells all operators of the city.
    """
    known = _operators(session, order.area_code)
    city = {"office": {"role": "operator", "area_code": ancestor_code(order.area_code, "city")}}
    _tell(session, now, order, {} if known else city, "operators", template, facts, known)


def tell_office(session: Session, now: datetime, order: OrderRow, role: str, template: str, **facts: Any) -> None:
    """Tell who holds an office over the elder's street."""
    try:
        street = ancestor_code(order.area_code, "street")
    except ValueError:
        street = order.area_code
    _tell(session, now, order, {"office": {"role": role, "area_code": street}}, f"office:{role}", template, facts)


def _operators(session: Session, area_code: int) -> list[int]:
    above = [code for level in LEVELS if (code := _ancestor(area_code, level)) is not None]
    found = session.connection().execute(
        select(_grant.c.person_id)
        .where(_grant.c.role == "operator", _grant.c.revoked_at.is_(None), _grant.c.area_code.in_(above))
        .order_by(_grant.c.id)
    )
    return list(found.scalars())


def _ancestor(area_code: int, level: str) -> int | None:
    try:
        return ancestor_code(area_code, level)
    except ValueError:
        return None


def _tell(
    session: Session,
    now: datetime,
    order: OrderRow,
    audience: dict[str, Any],
    whom: str,
    template: str,
    facts: dict[str, Any],
    recipient_ids: list[int] | None = None,
) -> None:
    """Tell once per order, template and kind of recipient: what an operator was told is told to an officer too."""
    once = facts.pop("once", "")
    tell(
        session,
        now,
        recipient_ids=recipient_ids,
        audience=audience or None,
        template=template,
        facts={**order_facts(order), **facts},
        elder_id=order.elder_id,
        area_code=order.area_code,
        subject=("care_order", order.id),
        key=f"{template}/{whom}/{order.id}/{once}",
    )
