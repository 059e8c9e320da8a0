"""Our books beside the gateway's, every day: each amount on which they differ is a row until a person explains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import list_cities
from services.clock import civil_midnight
from services.columns import table_of
from services.errors import Invalid, NotAllowed
from services.payments.actions import payables
from services.payments.errors import NoDifference
from services.payments.gateway import Charge
from services.payments.tables import Reconciliation, ReconciliationDifference
from services.unit_of_work import SYSTEM, Actor

runs, differences = table_of(Reconciliation), table_of(ReconciliationDifference)
DAYS_COMPARED = 8
"""A hold lives seven days at most, so what was begun in eight days covers every capture of yesterday."""
EXPLANATION_LENGTH = 500
UNDER_WAY = ("authorising", "capturing", "releasing")


@dataclass(frozen=True)
class Found:
    """One difference: where, which amount, what we say and what they say (fen)."""

    reference: str
    kind: str
    ours_fen: int
    theirs_fen: int
    payable: Row[Any] | None


def window(day: date) -> tuple[datetime, datetime]:
    """Give the moments between which charges are compared on a day's evening, in Shanghai's days."""
    return civil_midnight(day - timedelta(days=DAYS_COMPARED - 1)), civil_midnight(day + timedelta(days=1))


def gateways_used(session: Session) -> list[str]:
    """Give the names of the gateways that hold payables of ours."""
    return sorted(session.connection().execute(select(payables.c.gateway).distinct()).scalars())


def compare(session: Session, now: datetime, gateway: str, day: date, theirs: Sequence[Charge]) -> int | None:
    """Compare a gateway's charges with our payables and list every difference; gives how many, None if done before.

    What waits for an answer is not yet a difference. Work of the house, once a day and gateway.
    """
    since, until = window(day)
    ours = _ours(session, gateway, theirs, since, until)
    found = list(_differences(ours, theirs))
    taken = sum(row.captured_fen - row.refunded_fen for row in ours.values())
    told = sum(charge.taken_fen - charge.refunded_fen for charge in theirs)
    values = {"gateway": gateway, "day": day, "compared": len(theirs), "differences": len(found)}
    values |= {"ours_fen": taken, "theirs_fen": told, "recorded_at": now}
    run = session.connection().execute(
        upsert(runs).values(values).on_conflict_do_nothing(constraint="reconciliation_once_a_day_key").returning(runs.c.id)
    ).scalar_one_or_none()  # fmt: skip
    if run is None:
        return None
    nowhere = _city(session)
    rows = [
        {"reconciliation_id": run, "reference": one.reference, "kind": one.kind, "ours_fen": one.ours_fen,
         "theirs_fen": one.theirs_fen, "payable_id": one.payable.id if one.payable else None, "recorded_at": now,
         "area_code": one.payable.area_code if one.payable else nowhere}
        for one in found
    ]  # fmt: skip
    if rows:
        session.connection().execute(insert(differences), rows)
    facts = {"gateway": gateway, "day": day.isoformat(), "differences": len(found), "compared": len(theirs)}
    record_act(session, now, SYSTEM, "reconcile_payments", subject=("reconciliation", run), facts=facts)
    return len(found)


def explain_difference(session: Session, now: datetime, actor: Actor, difference_id: int, explanation: str) -> None:
    """Say why two books differed, once; for the officer of the area. Raises NotAllowed, NoDifference, Invalid."""
    if not actor.has_role("officer") or actor.area_lo is None:
        raise NotAllowed("对账差异须由民政干部说明。")
    words = explanation.strip()
    if not 0 < len(words) <= EXPLANATION_LENGTH:
        raise Invalid("请写明差异的原因（500字以内）。", field="explanation")
    done = session.connection().execute(
        update(differences)
        .where(differences.c.id == difference_id, differences.c.explained_at.is_(None))
        .values(explained_at=now, explained_by=actor.person_id, explanation=words)
        .returning(differences.c.area_code)
    ).first()  # fmt: skip
    if done is None:
        raise NoDifference(difference_id=difference_id)
    subject = ("reconciliation_difference", difference_id)
    record_act(session, now, actor, "explain_difference", area_code=done.area_code, subject=subject)


def list_differences(session: Session, *, open_only: bool = False, limit: int = 500) -> list[Row[Any]]:
    """Give the differences the asking person may see, newest first, with their day and gateway."""
    query = select(differences, runs.c.day, runs.c.gateway).join(runs, runs.c.id == differences.c.reconciliation_id)
    if open_only:
        query = query.where(differences.c.explained_at.is_(None))
    return list(session.connection().execute(query.order_by(differences.c.id.desc()).limit(limit)))


def list_runs(session: Session, *, limit: int = 31) -> list[Row[Any]]:
    """Give the last comparisons, newest first: counts and sums only."""
    query = select(runs).order_by(runs.c.day.desc(), runs.c.gateway).limit(limit)
    return list(session.connection().execute(query))


def _ours(
    session: Session, gateway: str, theirs: Sequence[Charge], since: datetime, until: datetime
) -> dict[str, Row[Any]]:
    named = {charge.reference for charge in theirs}
    begun = (payables.c.created_at >= since) & (payables.c.created_at < until) & (payables.c.captured_fen > 0)
    rows = session.connection().execute(
        select(payables)
        .where(payables.c.gateway == gateway, payables.c.gateway_reference.is_not(None))
        .where(or_(payables.c.gateway_reference.in_(named), begun))
        .order_by(payables.c.id)
    )
    return {str(row.gateway_reference): row for row in rows}


def _differences(ours: dict[str, Row[Any]], theirs: Sequence[Charge]) -> Iterator[Found]:
    there = {charge.reference: charge for charge in theirs}
    for reference, charge in there.items():
        row = ours.get(reference)
        if row is None:
            kept = charge.taken_fen - charge.refunded_fen
            if kept:
                yield Found(reference, "unknown_here", 0, kept, None)
            continue
        if row.state in UNDER_WAY:
            continue
        if row.amount_fen != charge.amount_fen:
            yield Found(reference, "amount", row.amount_fen, charge.amount_fen, row)
        if row.captured_fen != charge.taken_fen:
            yield Found(reference, "captured", row.captured_fen, charge.taken_fen, row)
        if row.refunded_fen != charge.refunded_fen:
            yield Found(reference, "refunded", row.refunded_fen, charge.refunded_fen, row)
    for reference, row in ours.items():
        if reference not in there and row.captured_fen:
            yield Found(reference, "unknown_there", row.captured_fen, 0, row)


def _city(session: Session) -> int:
    """What belongs to no payable belongs to the whole city; with several cities, to none of them."""
    codes = {int(city.code) for city in list_cities(session) if city.demonstration} or {
        int(city.code) for city in list_cities(session)
    }
    return codes.pop() if len(codes) == 1 else 0
