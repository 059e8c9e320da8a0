"""A long list, a whole city and a proof of sites may run longer than a message; all times are data beside the jobs."""

from __future__ import annotations

from typing import Any

import pytest

from services.circles.site_wishes import LONGEST_SECONDS
from services.outbox import enqueue
from services.unit_of_work import SYSTEM, unit_of_work
from workers import relay
from workers.jobs import Handlers, handlers

USUAL = 120


def test_a_job_is_given_its_own_time_or_the_houses(database: Any, redis_url: str, override_settings: Any) -> None:
    override_settings(job_timeout_seconds=USUAL)
    jobs = ("intake.apply", "circles.refresh", "circles.solve_sites", "messages.deliver")
    with unit_of_work(SYSTEM, login="jobs") as work:
        for job in jobs:
            enqueue(work.session, work.now, job, {})
    redis = relay.connection()
    assert relay.relay_once(redis) == len(jobs)
    given = [job.timeout for job in relay.queue(redis).jobs]
    assert given[:2] == [1_800, 1_800] and given[2] > LONGEST_SECONDS and given[3] == USUAL


def test_no_job_gets_less_than_the_house_gives_all_of_them() -> None:
    own = Handlers(seconds={"quick": 60, "slow": 900})
    assert [own.seconds_for(job, USUAL) for job in ("quick", "slow", "other")] == [USUAL, 900, USUAL]
    known = handlers()
    assert known.seconds and known.seconds.keys() <= known.inside.keys() | known.outside.keys()


def test_a_time_for_a_job_nobody_does_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    import workers.jobs.intake

    monkeypatch.setattr(workers.jobs.intake, "SECONDS", {"intake.chekc": 60})
    handlers.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"intake\.chekc"):
            handlers()
    finally:
        monkeypatch.undo()
        handlers.cache_clear()
