"""Jobs of the ledger: the daily seal, kept outside the database too, and the settlement between banks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import text

from services.acts import record_act
from services.clock import SHANGHAI
from services.outbox import confirm
from services.settings import settings
from services.unit_of_work import SYSTEM, UnitOfWork, unit_of_work
from timebank import clearing, seals

log = structlog.get_logger("timebank")


def settle_month(work: UnitOfWork) -> None:
    """Settle what the districts' banks owe each other, once for all that stood open when the month began."""
    month = work.now.astimezone(SHANGHAI).strftime("%Y-%m")
    settle(work, f"before-{month}")


def close_month(work: UnitOfWork) -> None:
    """Close every bank's books up to the month that runs: late services are booked now and say their day."""
    until = work.now.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for ledger in work.session.execute(text("SELECT DISTINCT ledger FROM timebank.account ORDER BY 1")).scalars():
        seals.close_period(work.session, work.now, ledger, until)
        facts = {"closed_until": until.isoformat()}
        record_act(work.session, work.now, work.actor, "close_timebank_month", area_code=ledger, facts=facts)


def settle(work: UnitOfWork, key: str) -> list[clearing.ClearingAct]:
    """Settle under a key and put every movement into the trail of acts."""
    made = clearing.settle_banks(work.session, work.now, key)
    for act in made:
        facts: dict[str, Any] = {"to_ledger": act.to_ledger, "minutes": act.minutes, "key": act.key}
        record_act(
            work.session, work.now, work.actor, "settle_timebank", area_code=act.from_ledger,
            subject=("timebank_transfer", act.out_transfer_id), facts=facts,
        )  # fmt: skip
    return made


def seal_day(outbox_id: int, args: dict[str, Any]) -> None:
    """Seal every bank's books, commit, then write the seals' files: a crash in between is mended by the next day."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        for ledger in work.session.execute(text("SELECT DISTINCT ledger FROM timebank.account ORDER BY 1")).scalars():
            seal(work, ledger)
    with unit_of_work(SYSTEM, login="jobs") as work:
        seals.write_seal_files(work.session, settings().seals_dir)
        confirm(work.session, work.now, outbox_id)


def seal(work: UnitOfWork, ledger: int) -> seals.SealedDay:
    """Rest a bank's hot accounts, seal its books and say so in the trail."""
    seals.take_snapshots(work.session, work.now, ledger)
    taken = seals.seal_ledger(work.session, work.now, ledger)
    facts = {"seal_number": taken.seal_number, "root": taken.root}
    record_act(work.session, work.now, work.actor, "seal_timebank", area_code=ledger, facts=facts)
    return taken


HANDLERS: dict[str, Callable[..., None]] = {
    "timebank.settle_month": settle_month,
    "timebank.close_month": close_month,
}
OUTSIDE: dict[str, Callable[..., None]] = {"timebank.seal_day": seal_day}
