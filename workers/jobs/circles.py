"""Circles follow what changed beneath them: another city's rules, a facility or a list of them, a new network."""

from __future__ import annotations

import structlog
from sqlalchemy import text

from services.circles.access import CAPACITIES, compute_access
from services.circles.actions import refresh_reach
from services.circles.demand import recount_compounds
from services.circles.elders_changed import elders_changed
from services.circles.errors import NoWalkingNetwork, UnknownDoor
from services.circles.filling import fill_part, finish_filling, plan_filling
from services.circles.incremental import facility_changed
from services.circles.openness import publish_open_coverage
from services.cities.errors import NoRulesInForce, UnknownCity
from services.clock import civil_date
from services.outbox import enqueue
from services.unit_of_work import SYSTEM, UnitOfWork

log = structlog.get_logger("circles")
TOGETHER_FROM = 600
"""From so many facilities on, a city's reach table is filled by several jobs, so that all workers take part."""


def refresh_circles(work: UnitOfWork, city_code: int) -> None:
    """Compute anew which facilities every elder of a city can walk to; without streets, what can be estimated.

    A large city is filled by several jobs together. A city without rules has no circles.
    """
    recount_compounds(work.session, work.now, SYSTEM, city_code)
    try:
        if _facilities(work) >= TOGETHER_FROM and plan_filling(work.session, work.now, city_code) is not None:
            log.info("filling planned", city_code=city_code)
            return
        report = refresh_reach(work.session, work.now, city_code)
    except (UnknownCity, NoRulesInForce):
        log.info("no rules yet", city_code=city_code)
        return
    log.info(
        "circles refreshed",
        city_code=city_code,
        reach_rows=report.reach_rows,
        elders=report.elders,
        changed=report.changed,
    )


def _facilities(work: UnitOfWork) -> int:
    return int(work.session.connection().execute(text("SELECT count(*) FROM facility")).scalar_one())


def refresh_part(work: UnitOfWork, fill_id: int, part: int) -> None:
    """Compute the walks from one share of a city's facilities."""
    rows = fill_part(work.session, work.now, fill_id, part)
    log.info("part filled", fill_id=fill_id, part=part, reach_rows=rows)


def finish(work: UnitOfWork, fill_id: int) -> None:
    """Judge every elder, once all parts are there."""
    report = finish_filling(work.session, work.now, fill_id)
    log.info("filling finished", fill_id=fill_id, elders=report.elders if report else None)


def one_facility(work: UnitOfWork, facility_id: int) -> None:
    """Judge again whom one changed facility touches."""
    try:
        touched = facility_changed(work.session, work.now, facility_id)
    except (UnknownDoor, UnknownCity, NoRulesInForce):
        log.info("no circles to change", facility_id=facility_id)
        return
    log.info("facility changed", facility_id=facility_id, judged=touched.judged, changed=touched.changed)


def several_facilities(work: UnitOfWork, city_code: int, facility_ids: list[int]) -> None:
    """Judge again whom a few changed facilities touch, all in one transaction: nobody sees half of them."""
    for facility_id in facility_ids:
        try:
            touched = facility_changed(work.session, work.now, facility_id)
        except (UnknownCity, NoRulesInForce):
            log.info("no rules yet", city_code=city_code)
            return
        except UnknownDoor:
            log.info("no circles to change", facility_id=facility_id)
            continue
        log.info("facility changed", facility_id=facility_id, judged=touched.judged, changed=touched.changed)
        if touched.recounted:
            return


def some_elders(work: UnitOfWork, elder_ids: list[int]) -> None:
    """Judge again the elders who registered, moved, died or went away, and count their communities."""
    for done in elders_changed(work.session, work.now, elder_ids):
        log.info("elders changed", city_code=done.city_code, judged=done.judged, changed=done.changed)


def refresh_every_city(work: UnitOfWork) -> None:
    """Once a day every city is judged anew: facilities open and close by date, and what jobs missed is put right.

    How many verdicts that still changed stands in the run's report.
    """
    cities = work.session.connection().execute(text("SELECT DISTINCT city_code FROM reach_run")).scalars()
    for city_code in sorted(cities):
        key = f"circles.refresh:{city_code}:{civil_date(work.now):%Y-%m-%d}"
        enqueue(work.session, work.now, "circles.refresh", {"city_code": city_code}, key=key)


def publish_every_city(work: UnitOfWork) -> None:
    """Once a month: publish each city's open table."""
    cities = work.session.connection().execute(text("SELECT DISTINCT city_code FROM reach_run")).scalars()
    for city_code in sorted(cities):
        publish_open_coverage(work.session, work.now, SYSTEM, city_code)


def compute_all_access(work: UnitOfWork) -> None:
    """Once a day: compute the access to day places and beds of every city that has streets."""
    cities = work.session.connection().execute(text("SELECT DISTINCT city_code FROM reach_run")).scalars()
    for city_code in sorted(cities):
        for capacity in CAPACITIES:
            try:
                compute_access(work.session, work.now, city_code, capacity)
            except NoWalkingNetwork:
                log.info("no network, no access", city_code=city_code)


SECONDS = {
    "circles.refresh": 1_800,
    "circles.refresh_part": 600,
    "circles.finish_filling": 1_800,
    "circles.facilities_changed": 1_800,
    "circles.facility_changed": 1_800,
    "circles.elders_changed": 1_800,
    "circles.compute_access": 1_800,
}
"""A whole city takes minutes; a changed facility falls back to it when the streets or rules are new."""

HANDLERS = {
    "circles.publish_every_city": publish_every_city,
    "circles.compute_access": compute_all_access,
    "circles.facility_changed": one_facility,
    "circles.facilities_changed": several_facilities,
    "circles.elders_changed": some_elders,
    "circles.refresh_every_city": refresh_every_city,
    "circles.refresh": refresh_circles,
    "circles.refresh_part": refresh_part,
    "circles.finish_filling": finish,
}
