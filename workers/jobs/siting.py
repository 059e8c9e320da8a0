"""Proving where the next facilities should stand: minutes of arithmetic, with no transaction open meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog

from geo.siting.answer import Tell
from services.circles.site_runs import JOB, find_run, finish_run, note_progress
from services.circles.site_wishes import LONGEST_SECONDS
from services.circles.sites import describe, prepare, solve
from services.errors import DomainError
from services.outbox import confirm
from services.unit_of_work import SYSTEM, unit_of_work

log = structlog.get_logger("siting")
TELL_SECONDS = 1.0


def solve_sites(outbox_id: int, args: dict[str, Any]) -> None:
    """Prove one question's answer within its time; what stands at the end is written with its gap."""
    run_id = int(args["run_id"])
    with unit_of_work(SYSTEM, login="jobs") as work:
        run = find_run(work.session, run_id)
        if run.state in ("done", "failed"):
            confirm(work.session, work.now, outbox_id)
            return
    try:
        with unit_of_work(SYSTEM, login="jobs") as work:
            prepared = prepare(work.session, work.now, run.city_code, run.area_code, run.wish)
        solved = solve(prepared, _teller(run_id, 1 if run.wish.model == "lscp" else prepared.demand.scale))
    except DomainError as refused:
        with unit_of_work(SYSTEM, login="jobs") as work:
            finish_run(work.session, work.now, run_id, None, refused.message_zh)
            confirm(work.session, work.now, outbox_id)
        log.warning("siting refused", run_id=run_id, why=refused.message_zh)
        return
    with unit_of_work(SYSTEM, login="jobs") as work:
        finish_run(work.session, work.now, run_id, describe(work.session, prepared, solved))
        confirm(work.session, work.now, outbox_id)
    log.info("siting done", run_id=run_id, proven=solved.answer.proven_optimal, seconds=solved.seconds)


def _teller(run_id: int, unit: int) -> Tell:
    """Write progress at most once a second, each time in a transaction of its own."""
    last = 0.0

    def tell(stage: str, objective: float, bound: float) -> None:
        nonlocal last
        if time.monotonic() - last < TELL_SECONDS:
            return
        last = time.monotonic()
        with unit_of_work(SYSTEM, login="jobs") as work:
            note_progress(work.session, run_id, stage, objective / unit, bound / unit)

    return tell


SECONDS = {JOB: LONGEST_SECONDS + 600}
"""The longest time anybody may give the proof, and the reach sets before it."""

OUTSIDE: dict[str, Callable[..., None]] = {JOB: solve_sites}
