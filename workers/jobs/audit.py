"""Jobs of the audit: the trail is linked, sealed and recomputed; seeds are promised and shown; late reviews are chased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from services.clock import civil_date
from services.messages.actions import tell
from services.outbox import confirm
from services.oversight import chain, draw_seeds, glass
from services.people.addressees import office_holders
from services.settings import settings
from services.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

log = structlog.get_logger("audit")


def link(work: UnitOfWork) -> None:
    """Take what was written since the last minute into the districts' chains."""
    linked = chain.link_rows(work.session, work.now)
    log.info("linked", rows=linked)


def check(work: UnitOfWork) -> None:
    """Recompute every chain, seal and file; tell every auditor the first bad row, once a day for the same one."""
    folder = chain.seal_folder(work.session, settings().seals_dir)
    found = chain.check_chains(work.session, work.now, folder)
    if found.first_bad is None:
        return
    log.error("the audit chain does not hold", first_bad=str(found.first_bad))
    lo = found.first_bad.chain_code // 100 * 10**11
    hi = lo + 10**11 - 1 if lo else 10**15  # the house's own chain concerns every auditor
    tell(
        work.session, work.now, recipient_ids=office_holders(work.session, "auditor", lo, hi), template="audit.chain_broken",
        facts={"first_bad": f"{found.first_bad.source} {found.first_bad.row_id}"},
        key=f"audit.chain_broken:{found.first_bad.source}:{found.first_bad.row_id}:{civil_date(work.now)}",
    )  # fmt: skip


def seal_day(outbox_id: int, args: dict[str, Any]) -> None:
    """Seal every chain that grew, commit, then write the files: a crash in between is mended by the next day."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        chain.link_rows(work.session, work.now, everything=True)
        chain.seal_chains(work.session, work.now)
    with unit_of_work(SYSTEM, login="jobs") as work:
        chain.write_seal_files(work.session, chain.seal_folder(work.session, settings().seals_dir))
        confirm(work.session, work.now, outbox_id)


def seeds(work: UnitOfWork) -> None:
    """Promise the seeds of the coming week and show today's."""
    draw_seeds.promise_seeds(work.session, work.now)
    draw_seeds.show_seeds(work.session, work.now)


def chase_reviews(work: UnitOfWork) -> None:
    """Escalate openings of elders' records that nobody judged within a day."""
    glass.chase_reviews(work.session, work.now)


HANDLERS: dict[str, Callable[..., None]] = {
    "audit.link": link,
    "audit.check": check,
    "audit.seeds": seeds,
    "audit.chase_reviews": chase_reviews,
}
OUTSIDE: dict[str, Callable[..., None]] = {"audit.seal_day": seal_day}
