"""Visits the government buys (政府购买探访关爱): a provider visits an area's elders and brings the agreed care package.

What is paid for is counted from tasks seen by a counting contact, never from tasks handed out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.directory.tables import Provider
from services.unit_of_work import Actor
from services.visits.care_errors import BadPurchase, NotYourGrid
from services.visits.care_tables import VisitPurchase, VisitTask

_purchase, _task, _provider = table_of(VisitPurchase), table_of(VisitTask), table_of(Provider)
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class NewPurchase:
    """A contract on visits: whose, where, for which classes (none: all), with which care package, for how much."""

    provider_id: int
    area_code: int
    contract_number: str
    from_on: date
    until_on: date
    price_fen: int
    budget_fen: int
    visit_classes: tuple[str, ...] = ()
    care_package: tuple[str, ...] = ()


def buy_visits(session: Session, now: datetime, actor: Actor, new: NewPurchase) -> int:
    """Write down a purchase of visits; tasks made from now on in its area are the provider's. Gives its id.

    By an officer of the area. Raises NotYourGrid, BadPurchase.
    """
    covers = actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= new.area_code <= actor.area_hi
    if not covers or actor.role != "officer" or actor.read_only:
        raise NotYourGrid(area_code=new.area_code)
    wrong = not new.contract_number.strip() or new.until_on < new.from_on
    if wrong or new.price_fen <= 0 or new.budget_fen < new.price_fen:
        raise BadPurchase(field="contract_number")
    if session.connection().execute(select(_provider.c.id).where(_provider.c.id == new.provider_id)).first() is None:
        raise BadPurchase(field="provider_id")
    twice = _purchase.c.area_code == new.area_code, _purchase.c.contract_number == new.contract_number.strip()
    if session.connection().execute(select(_purchase.c.id).where(*twice)).first() is not None:
        raise BadPurchase("这个合同号在本区域已经登记过了。", field="contract_number")
    purchase_id: int = (
        session.connection()
        .execute(
            insert(_purchase)
            .values(
                **new.__dict__ | {
                    "visit_classes": list(new.visit_classes), "care_package": list(new.care_package),
                    "contract_number": new.contract_number.strip(),
                },
                entered_by=actor.person_id, entered_at=now,
            )
            .returning(_purchase.c.id)
        )
        .scalar_one()
    )  # fmt: skip
    facts = {"provider_id": new.provider_id, "price_fen": new.price_fen, "budget_fen": new.budget_fen}
    record_act(
        session, now, actor, "buy_visits", area_code=new.area_code, subject=("visit_purchase", purchase_id), facts=facts
    )
    return purchase_id


def purchases_on(session: Session, lo: int, hi: int, on: date) -> list[Found]:
    """Give the purchases in force on a day in an area, with what is left when every task still open is kept."""
    return _purchases(
        session, _purchase.c.area_code.between(lo, hi), _purchase.c.from_on <= on, _purchase.c.until_on >= on
    )


def purchases(session: Session, lo: int, hi: int) -> list[Found]:
    """Give the purchases of an area, newest first: tasks handed out, visits kept, spent and left, in fen."""
    return _purchases(session, _purchase.c.area_code.between(lo, hi))


def _purchases(session: Session, *which: Any) -> list[Found]:
    kept = func.count(_task.c.id).filter(_task.c.state == "seen")
    waiting = func.count(_task.c.id).filter(_task.c.state == "open")
    query = (
        select(
            _purchase, _provider.c.name.label("provider_name"), kept.label("kept"), waiting.label("waiting"),
            (kept * _purchase.c.price_fen).label("spent_fen"),
            (_purchase.c.budget_fen - (kept + waiting) * _purchase.c.price_fen).label("left_fen"),
        )
        .join(_provider, _provider.c.id == _purchase.c.provider_id)
        .outerjoin(_task, _task.c.purchase_id == _purchase.c.id)
        .where(*which)
        .group_by(_purchase.c.id, _provider.c.name)
        .order_by(_purchase.c.from_on.desc(), _purchase.c.id.desc())
    )  # fmt: skip
    return list(session.connection().execute(query))
