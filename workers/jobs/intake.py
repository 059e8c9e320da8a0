"""Lists handed in at a desk: checked, taken over, and mended rows tried again, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError

from services.errors import DomainError
from services.intake.runs import change_row, change_run, find_run
from services.oversight.importing import apply_run, check_run, try_row
from services.unit_of_work import UnitOfWork

log = structlog.get_logger("intake")
NOT_WRITTEN = "写入时与登记册里的另一条记录冲突，未作任何改动。"


def check_list(work: UnitOfWork, run_id: int) -> None:
    """Judge every row of a handed-in list and keep the report."""
    _or_refuse(work, run_id, lambda: check_run(work.session, work.now, run_id))


def apply_list(work: UnitOfWork, run_id: int) -> None:
    """Take a confirmed list over: all accepted rows or none."""
    _or_refuse(work, run_id, lambda: apply_run(work.session, work.now, work.actor, run_id))


def _or_refuse(work: UnitOfWork, run_id: int, act: Callable[[], Any]) -> None:
    """Do it, or close the run with the reason a person can read; what was half written is taken back."""
    try:
        with work.session.begin_nested():
            act()
    except (DomainError, IntegrityError) as refused:
        reason = refused.message_zh if isinstance(refused, DomainError) else NOT_WRITTEN
        log.warning("list refused", run_id=run_id, reason=type(refused).__name__)
        report = find_run(work.session, run_id).report | {"refusal": reason}
        change_run(work.session, run_id, state="failed", file_sealed=None, finished_at=work.now, report=report)


def try_mended_row(work: UnitOfWork, row_id: int) -> None:
    """Try a mended row again; when it fails, it waits on with the new reasons."""
    try:
        with work.session.begin_nested():
            try_row(work.session, work.now, work.actor, row_id)
    except (DomainError, IntegrityError) as refused:
        reason = refused.message_zh if isinstance(refused, DomainError) else NOT_WRITTEN
        finding = {"kind": "bad_cell", "message": reason, "column": "", "facts": {}}
        change_row(work.session, row_id, trying=False, findings=[finding])


SECONDS = {"intake.check": 1_800, "intake.apply": 1_800}
"""A list of 60,000 rows, the longest taken in, is judged and written in minutes."""

HANDLERS: dict[str, Callable[..., None]] = {
    "intake.check": check_list,
    "intake.apply": apply_list,
    "intake.try_row": try_mended_row,
}
