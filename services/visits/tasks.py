"""Tasks of welfare visits (探访任务): made from the list, given to whoever walks the grid, done only by a counting contact.

Made daily by the house for every elder whose visit window holds today. Her grid's lead goes; whoever comes along there
(a volunteer with the social worker) is on the same task in another part. A visit the government buys is the provider's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules, VisitClass
from services.cities.queries import rules_in_force
from services.cities.rules import area_contains, area_range
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.unit_of_work import Actor
from services.visits.absences import stand_ins_on
from services.visits.care_errors import TaskNotFound, TaskSettled, UnknownWorker
from services.visits.care_rules import counts, due_after_change, window
from services.visits.care_tables import VisitTask, VisitTaskActor
from services.visits.compliance import channels_of
from services.visits.errors import NobodyInCharge
from services.visits.grids import refuse_unknown_kind, refuse_unknown_person, workers_on
from services.visits.in_charge import person_in_charge
from services.visits.purchases import purchases_on
from services.visits.rules import CONTACTS
from services.visits.tables import VisitAttempt, VisitDuty

_task, _actor = table_of(VisitTask), table_of(VisitTaskActor)
_duty, _attempt = table_of(VisitDuty), table_of(VisitAttempt)
Found = Row[*tuple[Any, ...]]
GIVERS = ("officer", "advisor")
COMMUNITY = "community"
"""The kind of people who go where no grid has a worker: the community's own."""


@dataclass(frozen=True)
class Goer:
    """Somebody who goes on a task, in a part (`lead`, `companion`), and what kind of people she is of."""

    person_id: int
    part: str
    actor_kind: str


def make_tasks(session: Session, now: datetime, city_code: int) -> dict[str, int]:
    """Write the tasks of every visit window that holds today, drop those of ended duties, close those run out.

    A duty that changes its class or grid ends and begins anew, and so does its task: with the people who go there now.

    Gives how many were made, dropped and missed. Idempotent: one task per elder and window. Runs as the house.
    """
    today = civil_date(now)
    rules = rules_in_force(session, city_code, today)
    lo, hi = area_range(city_code)
    counts_of = _end_old(session, now, lo, hi, today)
    givers = _Givers(session, lo, hi, today)
    classes = {one.code: one for one in rules.visit_classes}
    made = _make(session, now, _without_task(session, lo, hi, today, classes), classes, today, givers)
    return {"made": made, **counts_of}


def _end_old(session: Session, now: datetime, lo: int, hi: int, today: date) -> dict[str, int]:
    within = _task.c.state == "open", _task.c.area_code.between(lo, hi)
    gone = select(_duty.c.id).where(_duty.c.ended_on.is_not(None), _duty.c.id == _task.c.duty_id).exists()
    dropped = (
        session.connection()
        .execute(update(_task).where(*within, gone).values(state="dropped", settled_at=now).returning(_task.c.id))
        .scalars()
        .all()
    )
    session.connection().execute(
        update(_actor).where(_actor.c.task_id.in_(dropped), _actor.c.until.is_(None)).values(until=now)
    )
    missed = session.connection().execute(
        update(_task).where(*within, _task.c.due_on < today).values(state="missed", settled_at=now)
    )
    return {"dropped": len(dropped), "missed": int(missed.rowcount)}


def _without_task(session: Session, lo: int, hi: int, today: date, classes: dict[str, VisitClass]) -> list[Found]:
    standing = and_(
        _task.c.elder_id == _duty.c.elder_id, _task.c.from_on <= today, _task.c.due_on >= today,
        _task.c.visit_class == _duty.c.visit_class, _task.c.state.in_(("open", "seen")),
    )  # fmt: skip
    query = (
        select(
            _duty.c.id, _duty.c.elder_id, _duty.c.area_code, _duty.c.visit_class, _duty.c.since, _duty.c.grid_id,
            _duty.c.far,
        )
        .where(_duty.c.ended_on.is_(None), _duty.c.since <= today, _duty.c.area_code.between(lo, hi))
        .where(_duty.c.visit_class.in_(list(classes)), ~select(_task.c.id).where(standing).exists())
        .order_by(_duty.c.area_code, _duty.c.elder_id)
    )  # fmt: skip
    return list(session.connection().execute(query))


def _make(
    session: Session, now: datetime, duties: list[Found], classes: dict[str, VisitClass], today: date, givers: _Givers
) -> int:
    rows, of_elder = [], {}
    for duty in duties:
        visit_class = classes[duty.visit_class]
        from_on, last = window(visit_class.every, visit_class.times, today)
        due_on = max(today, due_after_change(last, duty.since, from_on, visit_class.after_change_hours))
        purchase = givers.take_purchase(duty)
        of_elder[duty.elder_id] = duty, purchase is not None
        rows.append({
            "elder_id": duty.elder_id, "area_code": duty.area_code, "duty_id": duty.id, "visit_class": duty.visit_class,
            "grid_id": duty.grid_id, "purchase_id": purchase.id if purchase else None, "from_on": from_on,
            "due_on": due_on, "state": "open", "created_at": now, "settled_at": None,
        })  # fmt: skip
    if not rows:
        return 0
    new = upsert(_task)
    again = {name: new.excluded[name] for name in rows[0] if name not in ("elder_id", "from_on", "created_at")}
    written = session.connection().execute(
        new.on_conflict_do_update(
            constraint="visit_task_once_key", set_=again, where=_task.c.state == "dropped"
        ).returning(_task.c.id, _task.c.elder_id, _task.c.area_code),
        rows,
    )  # fmt: skip
    made = written.all()
    goers = [
        {"task_id": task.id, "elder_id": task.elder_id, "area_code": task.area_code, "since": now, **goer.__dict__}
        for task in made
        for goer in givers.goers(of_elder[task.elder_id][0], bought=of_elder[task.elder_id][1])
    ]
    if goers:
        session.connection().execute(insert(_actor), goers)
    return len(made)


class _Givers:
    """Who goes where on a day: the grids' workers, purchases, stand-ins, and the community's own people."""

    def __init__(self, session: Session, lo: int, hi: int, today: date) -> None:
        self._session, self._today = session, today
        self._away = stand_ins_on(session, today)
        self._purchases = purchases_on(session, lo, hi, today)
        self._left = {one.id: one.left_fen for one in self._purchases}
        self._of_grid: dict[int, list[Goer]] = {}
        for row in workers_on(session, lo, hi, today):
            self._of_grid.setdefault(row.grid_id, []).append(Goer(row.person_id, row.part, row.actor_kind))
        self._of_area: dict[int, int | None] = {}

    def take_purchase(self, duty: Found) -> Found | None:
        """Give the narrowest purchase that covers this elder and still has money for her; None: nobody bought her visits."""
        fitting = [
            one for one in self._purchases
            if area_contains(one.area_code, duty.area_code) and self._left[one.id] >= one.price_fen
            and (not one.visit_classes or duty.visit_class in one.visit_classes)
        ]  # fmt: skip
        chosen = max(fitting, key=lambda one: (one.area_code, -one.id), default=None)
        if chosen is not None:
            self._left[chosen.id] -= chosen.price_fen
        return chosen

    def goers(self, duty: Found, *, bought: bool) -> list[Goer]:
        """Give who goes to her: nobody yet where a provider will send somebody."""
        if bought:
            return []
        found = [self._present(goer) for goer in self._of_grid.get(duty.grid_id, [])]
        here = [goer for goer in found if goer is not None]
        if any(goer.part == "lead" for goer in here):
            return list({goer.person_id: goer for goer in reversed(here)}.values())[::-1]
        office = self._office(duty)
        along = [goer for goer in here if goer.person_id != office]
        return along if office is None else [Goer(office, "lead", COMMUNITY), *along]

    def _present(self, goer: Goer) -> Goer | None:
        if goer.person_id not in self._away:
            return goer
        stand_in = self._away[goer.person_id]
        return None if stand_in is None else Goer(stand_in, goer.part, goer.actor_kind)

    def _office(self, duty: Found) -> int | None:
        if duty.area_code not in self._of_area:
            try:
                found: int | None = person_in_charge(
                    self._session, "community_worker", duty.area_code, duty.elder_id, 0, on=self._today
                )
            except NobodyInCharge:
                found = None
            self._of_area[duty.area_code] = found
        return self._of_area[duty.area_code]


def settle_tasks(session: Session, now: datetime, attempt: Found, rules: CityRules) -> int:
    """Close the task a counting contact with an elder fulfils, late ones too; give how many. Silence closes nothing."""
    day = civil_date(attempt.happened_at)
    if attempt.outcome not in CONTACTS:
        return 0
    duties = session.connection().execute(
        select(_task.c.id, _task.c.visit_class, _duty.c.far)
        .join(_duty, _duty.c.id == _task.c.duty_id)
        .where(_task.c.elder_id == attempt.elder_id, _task.c.state.in_(("open", "missed")))
        .where(_task.c.from_on <= day, _task.c.due_on >= day)
    )
    channels = channels_of(rules)
    done = [row.id for row in duties.all() if counts(channels, row.visit_class, row.far, attempt.channel)]
    if done:
        seen = update(_task).where(_task.c.id.in_(done))
        session.connection().execute(seen.values(state="seen", attempt_id=attempt.id, settled_at=now))
    return len(done)


def give_task(
    session: Session,
    now: datetime,
    actor: Actor,
    task_id: int,
    person_id: int,
    actor_kind: str,
    *,
    part: str = "lead",
    reason: str | None = None,
) -> None:
    """Hand a task to somebody, or pair her with who leads; who had that part before is off it, with the moment kept.

    By an officer or a community worker of the area, the provider's carer too where the government bought the visit. Raises
    TaskNotFound, TaskSettled, UnknownActorKind, UnknownWorker.
    """
    task = _givable(session, actor, task_id)
    refuse_unknown_kind(session, actor_kind, part)
    refuse_unknown_person(session, person_id)
    if person_id == task.elder_id:
        raise UnknownWorker(field="person_id", person_id=person_id)
    ends = _actor.c.person_id == person_id
    if part == "lead":
        ends = ends | (_actor.c.part == "lead")
    session.connection().execute(
        update(_actor).where(_actor.c.task_id == task_id, _actor.c.until.is_(None), ends).values(until=now)
    )
    session.connection().execute(
        insert(_actor).values(
            task_id=task_id, elder_id=task.elder_id, area_code=task.area_code, person_id=person_id, part=part,
            actor_kind=actor_kind, since=now, set_by=actor.person_id, reason=(reason or "").strip() or None,
        )
    )  # fmt: skip
    record_act(
        session, now, actor, "give_visit_task", for_person_id=task.elder_id, area_code=task.area_code,
        subject=("visit_task", task_id), facts={"person_id": person_id, "part": part, "actor_kind": actor_kind},
    )  # fmt: skip
    tell(
        session, now, recipient_ids=[person_id], template="visits.task_given", facts={"due_on": task.due_on.isoformat()},
        elder_id=task.elder_id, area_code=task.area_code, subject=("visit_task", task_id),
        key=f"visits.task_given:{task_id}:{person_id}:{now.isoformat()}",
    )  # fmt: skip


def take_off(session: Session, now: datetime, actor: Actor, task_id: int, person_id: int) -> None:
    """Take somebody who comes along off a task; the lead is only replaced. Raises TaskNotFound, TaskSettled."""
    task = _givable(session, actor, task_id)
    along = _actor.c.task_id == task_id, _actor.c.person_id == person_id, _actor.c.part == "companion"
    done = session.connection().execute(update(_actor).where(*along, _actor.c.until.is_(None)).values(until=now))
    if done.rowcount:
        record_act(
            session, now, actor, "take_off_visit_task", for_person_id=task.elder_id, area_code=task.area_code,
            subject=("visit_task", task_id), facts={"person_id": person_id},
        )  # fmt: skip


def _givable(session: Session, actor: Actor, task_id: int) -> Found:
    query = select(_task).where(_task.c.id == task_id)
    task = session.connection().execute(query).one_or_none()
    if task is None or actor.read_only:
        raise TaskNotFound(task_id=task_id)
    lo, hi = actor.area_lo, actor.area_hi
    if lo is None or hi is None or actor.role not in GIVERS or not lo <= task.area_code <= hi:
        raise TaskNotFound(task_id=task_id)
    if task.state != "open":
        raise TaskSettled(task_id=task_id, state=task.state)
    return task
