"""Jobs of assessments and entitlement: levels onto the register, entitlement decided anew, and a warning before a level runs out."""

from __future__ import annotations

from collections.abc import Callable

from services.benefits.assessments import take_national_level, warn_of_expiry
from services.benefits.entitling import elders_to_settle, rules_of, settle_entitlements
from services.cities.queries import list_cities
from services.clock import civil_date
from services.outbox import enqueue
from services.unit_of_work import UnitOfWork

BATCH = 200


def take_level(work: UnitOfWork, elder_id: int) -> None:
    """Take a newly signed level over and decide what follows from it."""
    take_national_level(work.session, work.now, elder_id)
    settle_entitlements(work.session, work.now, elder_id)


def settle_elder(work: UnitOfWork, elder_id: int) -> None:
    """Decide one elder's entitlement anew."""
    settle_entitlements(work.session, work.now, elder_id)


def settle_every_elder(work: UnitOfWork, city_code: int | None = None, after_id: int = 0) -> None:
    """Decide a city's elders anew, a batch in each transaction; without a city, promise every city's."""
    if city_code is None:
        for city in list_cities(work.session):
            enqueue(work.session, work.now, "benefits.settle_every_elder", {"city_code": city.code})
        return
    batch = elders_to_settle(work.session, city_code, after_id, BATCH)
    rules = rules_of(work.session, city_code, civil_date(work.now)) if batch else []
    for elder_id in batch:
        settle_entitlements(work.session, work.now, elder_id, rules)
    if len(batch) == BATCH:
        args = {"city_code": city_code, "after_id": batch[-1]}
        enqueue(work.session, work.now, "benefits.settle_every_elder", args)


def warn_expiring(work: UnitOfWork) -> None:
    """Warn of assessments that run out within 60 days."""
    warn_of_expiry(work.session, work.now)


HANDLERS: dict[str, Callable[..., None]] = {
    "benefits.take_level": take_level,
    "benefits.settle_elder": settle_elder,
    "benefits.settle_every_elder": settle_every_elder,
    "benefits.warn_expiring": warn_expiring,
}
