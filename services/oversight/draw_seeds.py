"""Seeds of the audit's draws: promised a week ahead by their commitment, shown on their day, the same for everybody.

A day's seed is derived from the house's secret key, so nobody who draws can choose it, and whoever keeps the key cannot
change it once the commitment stands: the database holds the seed against it (`draw_seed_kept_check`).
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.clock import civil_date
from services.columns import table_of
from services.oversight.audit_errors import NoSeedYet
from services.oversight.audit_tables import DrawSeed
from services.oversight.fair_draw import commitment
from services.settings import settings

_seed = table_of(DrawSeed)
DAYS_AHEAD = 7


def _seed_for(day: date) -> str:
    key = settings().derived_secret("audit-draw-seed")
    return hmac.new(key, day.isoformat().encode(), hashlib.sha256).hexdigest()


def promise_seeds(session: Session, now: datetime) -> int:
    """Commit to the seeds of today and the seven days after, once each; gives how many were new. Login `jobs`."""
    today = civil_date(now)
    days = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)]
    rows = [{"day": day, "commitment": commitment(_seed_for(day)), "made_at": now} for day in days]
    new = upsert(_seed).values(rows).on_conflict_do_nothing().returning(_seed.c.day)
    return len(session.connection().execute(new).all())


def show_seeds(session: Session, now: datetime) -> int:
    """Show the seeds whose day has come; gives how many. Login `jobs`. A seed of another secret key stays unshown."""
    due = select(_seed.c.day, _seed.c.commitment).where(_seed.c.seed.is_(None), _seed.c.day <= civil_date(now))
    shown = 0
    for row in session.connection().execute(due).all():
        seed = _seed_for(row.day)
        if commitment(seed) == row.commitment:
            change = update(_seed).where(_seed.c.day == row.day).values(seed=seed, shown_at=now)
            shown += session.connection().execute(change).rowcount
    return shown


def seed_of_day(session: Session, day: date) -> Row[Any]:
    """Give a day's (day, commitment, made_at, seed, shown_at). Raises NoSeedYet before it is shown."""
    found = session.connection().execute(select(_seed).where(_seed.c.day == day)).one_or_none()
    if found is None or found.seed is None:
        raise NoSeedYet(day=str(day))
    return found


def seeds_around(session: Session, now: datetime, days_back: int = 30) -> list[Row[Any]]:
    """Give the seeds shown of late and the commitments of the days to come, newest first."""
    since = civil_date(now) - timedelta(days=days_back)
    return list(session.connection().execute(select(_seed).where(_seed.c.day >= since).order_by(_seed.c.day.desc())))
