"""How soon an elder's order finds somebody: how fast each provider answers, and how long families wait for a yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.matching.errors import NotForThisDesk
from services.orders.rules import check_aware
from services.unit_of_work import Actor

OFFICES = ("officer", "advisor", "operator", "auditor")
_TIMES = (
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY {seconds}) FILTER (WHERE {seconds} IS NOT NULL) AS median_seconds,"
    " percentile_cont(0.9) WITHIN GROUP (ORDER BY {seconds}) FILTER (WHERE {seconds} IS NOT NULL) AS nine_in_ten_seconds"
)
_WHOSE = " AND {table}.area_code BETWEEN :lo AND :hi"
_OWN = " AND {table}.provider_id = :provider"
_ANSWERS = (
    "SELECT o.provider_id, p.name AS provider_name, count(*) AS asked,"
    " count(*) FILTER (WHERE o.state = 'accepted') AS accepted, count(*) FILTER (WHERE o.state = 'declined') AS declined,"
    " count(*) FILTER (WHERE o.state = 'expired') AS silent,"
    f" {_TIMES.format(seconds='EXTRACT(EPOCH FROM o.answered_at - o.offered_at)')}"
    " FROM offer AS o JOIN provider AS p ON p.id = o.provider_id"
    " WHERE o.offered_at >= :since AND o.offered_at < :until AND o.state IN ('accepted', 'declined', 'expired'){whose}"
    " GROUP BY o.provider_id, p.name ORDER BY median_seconds NULLS LAST, o.provider_id"
)
_WAITS = (
    "SELECT count(*) AS orders, count(*) FILTER (WHERE c.accepted_at IS NOT NULL) AS accepted,"
    f" {_TIMES.format(seconds='EXTRACT(EPOCH FROM c.accepted_at - c.placed_at)')}"
    " FROM care_order AS c WHERE c.placed_at >= :since AND c.placed_at < :until"
    " AND EXISTS (SELECT FROM offer AS o WHERE o.order_id = c.id){whose}"
)


@dataclass(frozen=True)
class ProviderAnswers:
    """How one provider answered what it was asked: yes, no, or nothing until the time was over. Seconds.

    Times count from the moment it was asked to its answer; None where it never answered. Offers taken back before an
    answer (cancelled, or another was faster) and those still open are not counted.
    """

    provider_id: int
    provider_name: str
    asked: int
    accepted: int
    declined: int
    silent: int
    median_seconds: int | None
    nine_in_ten_seconds: int | None


@dataclass(frozen=True)
class ResponseTimes:
    """What families waited from ordering to a provider's yes, and each provider's answers, the fastest first."""

    since: datetime
    until: datetime
    orders: int
    accepted: int
    median_seconds: int | None
    nine_in_ten_seconds: int | None
    providers: tuple[ProviderAnswers, ...]


def response_times(session: Session, actor: Actor, since: datetime, until: datetime) -> ResponseTimes:
    """Measure answers asked for in [since, until): an office's over its area, a dispatcher's of her own provider.

    Raises BadTime (no zone), NotForThisDesk.
    """
    check_aware(since=since, until=until)
    whose, values = _whose(actor)
    values |= {"since": since, "until": until}
    connection = session.connection()
    found = connection.execute(text(_ANSWERS.format(whose=whose.format(table="o"))), values)
    waits = connection.execute(text(_WAITS.format(whose=whose.format(table="c"))), values).one()
    providers = tuple(
        ProviderAnswers(
            row.provider_id, row.provider_name, row.asked, row.accepted, row.declined, row.silent,
            _whole(row.median_seconds), _whole(row.nine_in_ten_seconds),
        )
        for row in found
    )  # fmt: skip
    times = _whole(waits.median_seconds), _whole(waits.nine_in_ten_seconds)
    return ResponseTimes(since, until, waits.orders, waits.accepted, *times, providers)


def _whose(actor: Actor) -> tuple[str, dict[str, Any]]:
    if actor.area_lo is not None and actor.area_hi is not None and actor.has_role(*OFFICES):
        return _WHOSE, {"lo": actor.area_lo, "hi": actor.area_hi}
    if actor.provider_id is not None and actor.has_role("dispatcher"):
        return _OWN, {"provider": actor.provider_id}
    raise NotForThisDesk(role=actor.role)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)
