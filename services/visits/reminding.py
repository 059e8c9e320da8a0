"""On the city's alert days each person who goes hears how many of hers nobody has met this month; the list is hers to open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from services.cities.queries import rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.visits.care_tables import VisitTask, VisitTaskActor
from services.visits.compliance import not_yet_visited

_task, _goer = table_of(VisitTask), table_of(VisitTaskActor)


def remind_workers(session: Session, now: datetime, city_code: int, *, anyway: bool = False) -> int:
    """Tell each lead of an open task how many of her elders are unseen this month; give how many people were told.

    Only on the city's alert days, unless `anyway`. The same day tells once. Runs as the house.
    """
    today = civil_date(now)
    rules = rules_in_force(session, city_code, today)
    if today.day not in rules.visits.alert_days and not anyway:
        return 0
    lo, hi = area_range(city_code)
    unseen = {row.elder_id for row in not_yet_visited(session, now, today, lo=lo, hi=hi)}
    hers: dict[int, set[int]] = {}
    rows = session.connection().execute(
        select(_goer.c.person_id, _task.c.elder_id)
        .join(_task, _task.c.id == _goer.c.task_id)
        .where(_task.c.state == "open", _goer.c.until.is_(None), _goer.c.part == "lead")
        .where(_task.c.area_code.between(lo, hi))
    )
    for row in rows:
        if row.elder_id in unseen:
            hers.setdefault(row.person_id, set()).add(row.elder_id)
    for person_id, elders in sorted(hers.items()):
        tell(
            session, now, recipient_ids=[person_id], template="visits.month_alert_yours", facts={"unvisited": len(elders)},
            key=f"visits.month_alert_yours:{person_id}:{today.isoformat()}",
        )  # fmt: skip
    return len(hers)
