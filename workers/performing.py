"""Doing one promised job, with exactly one effect however often it is sent.

The outbox row is locked first and confirmed in the handler's own transaction: a second worker with the same
row waits, sees `done`, and leaves. A job bound to an area borrows the request login's eyes for that area.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import select, text, update

from services.cities.rules import area_range
from services.columns import table_of
from services.outbox import REQUEST, OutboxRow, confirm
from services.unit_of_work import SYSTEM, UnitOfWork, forget_engines, introduce, unit_of_work
from workers.jobs import handlers

outbox = table_of(OutboxRow)
log = structlog.get_logger("jobs")


class UnknownJob(Exception):
    """No handler has this name in this version of the house; the row waits for one that has."""


def perform(outbox_id: int) -> None:
    """Do the job of one outbox row; RQ calls this. Any exception leaves the row unconfirmed, to be sent again."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        row = work.session.connection().execute(select(outbox).where(outbox.c.id == outbox_id)).one_or_none()
    if row is None or row.state == "done":
        return
    args = dict(row.args)
    with structlog.contextvars.bound_contextvars(request_id=args.pop(REQUEST, None), job=row.job, outbox_id=outbox_id):
        try:
            _hand_over(outbox_id, row.job, args, row.area_code)
        except Exception as error:
            _remember_error(outbox_id, error)
            raise
        log.info("job done")


def _hand_over(outbox_id: int, job: str, args: dict[str, Any], area_code: int | None) -> None:
    if job in handlers().outside:
        handlers().outside[job](outbox_id, args)
    elif job in handlers().inside:
        _perform_inside(outbox_id, job, args, area_code)
    else:
        raise UnknownJob(job)


def perform_in_worker(outbox_id: int) -> None:
    """Do the job in a forked work-horse: connections of the parent process are not ours to use."""
    forget_engines()
    perform(outbox_id)


def _perform_inside(outbox_id: int, job: str, args: dict[str, Any], area_code: int | None) -> None:
    with unit_of_work(SYSTEM, login="jobs") as work:
        connection = work.session.connection()
        state = connection.execute(
            select(outbox.c.state).where(outbox.c.id == outbox_id).with_for_update()
        ).scalar_one()
        if state == "done":
            return
        actor = SYSTEM
        if area_code is not None:
            lo, hi = area_range(area_code)
            actor = replace(SYSTEM, area_lo=lo, area_hi=hi)
            introduce(work.session, actor)
            connection.execute(text("SET LOCAL ROLE yinling_app"))
        handlers().inside[job](UnitOfWork(session=work.session, now=work.now, actor=actor), **args)
        work.session.flush()
        if area_code is not None:
            connection.execute(text("RESET ROLE"))
        confirm(work.session, work.now, outbox_id)


def _remember_error(outbox_id: int, error: Exception) -> None:
    log.warning("job failed", error=repr(error)[:500])
    with unit_of_work(SYSTEM, login="jobs") as work:
        work.session.connection().execute(
            update(outbox)
            .where(outbox.c.id == outbox_id, outbox.c.state != "done")
            .values(last_error=f"{type(error).__name__}: {error}"[:1000])
        )
