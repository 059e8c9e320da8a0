"""Circles follow what changed beneath them: another city's rules, a facility list, a new network."""

from __future__ import annotations

import structlog

from geo.errors import NoNetwork
from services.circles.actions import refresh_reach
from services.unit_of_work import UnitOfWork

log = structlog.get_logger("circles")


def refresh_circles(work: UnitOfWork, city_code: int) -> None:
    """Compute anew which facilities every elder of a city can walk to; a city without streets has no circles yet."""
    try:
        report = refresh_reach(work.session, work.now, city_code)
    except NoNetwork:
        log.info("no network yet", city_code=city_code)
        return
    log.info("circles refreshed", city_code=city_code, reach_rows=report.reach_rows, elders=report.elders)


HANDLERS = {"circles.refresh": refresh_circles}
