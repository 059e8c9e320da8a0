"""Questions of siting that are kept: asked by an office, answered at once, and proven by a job where that was wished."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.circles.scenario_errors import NoOfficeArea, NoSitingRun
from services.circles.scenario_tables import SitingRun
from services.circles.scenarios import WRITERS, Place, add_facility, create_scenario
from services.circles.site_wishes import SiteWish
from services.circles.sites import Proposal, propose_sites
from services.cities.pack import CityRules
from services.cities.queries import city_of_area
from services.columns import table_of
from services.outbox import enqueue
from services.unit_of_work import Actor

JOB = "circles.solve_sites"
_run = table_of(SitingRun)


@dataclass(frozen=True)
class RunCard:
    """One question as it stands: `answer` is the best known; while a job proves it, `progress` says how far it is."""

    id: int
    area_code: int
    city_code: int
    asked_by: int
    asked_at: datetime
    question: dict[str, Any]
    state: str
    progress: dict[str, Any]
    answer: dict[str, Any]
    network_version_id: int | None
    rules_version_id: int | None
    finished_at: datetime | None

    @property
    def wish(self) -> SiteWish:
        return SiteWish.from_json(self.question)


def ask_sites(session: Session, now: datetime, actor: Actor, wish: SiteWish) -> int:
    """Ask where the next facilities of the actor's area should stand; gives the question's number.

    A quick answer is there at once; with `wish.exact` a job goes on to prove it. Raises NoOfficeArea, CannotSite.
    """
    if actor.area_lo is None or actor.role not in WRITERS or actor.read_only or actor.person_id is None:
        raise NoOfficeArea(role=actor.role)
    area, city = actor.area_lo, city_of_area(session, actor.area_lo)
    wish.check()
    quick = propose_sites(session, now, city, area, replace(wish, exact=False))
    waits = wish.exact and not quick.proven_optimal
    row = {
        "area_code": area,
        "city_code": city,
        "asked_by": actor.person_id,
        "asked_at": now,
        "question": wish.as_json(),
        "state": "waiting" if waits else "done",
        "progress": _progress("heuristic", quick.objective, quick.bound),
        "answer": quick.as_json(),
        "network_version_id": quick.network_version_id,
        "rules_version_id": quick.rules_version_id,
        "finished_at": None if waits else now,
    }
    run_id = int(session.connection().execute(insert(_run).values(row).returning(_run.c.id)).scalar_one())
    if waits:
        enqueue(session, now, JOB, {"run_id": run_id}, key=f"siting-{run_id}")
    facts = {"tier": wish.tier_code, "model": wish.model, "count": wish.count, "exact": wish.exact}
    record_act(session, now, actor, "ask_sites", area_code=area, subject=("siting_run", run_id), facts=facts)
    return run_id


def find_run(session: Session, run_id: int) -> RunCard:
    """Give one question. Raises NoSitingRun where it is not there or not hers."""
    row = session.connection().execute(select(_run).where(_run.c.id == run_id)).one_or_none()
    if row is None:
        raise NoSitingRun(run_id=run_id)
    return RunCard(**row._mapping)


def list_runs(session: Session, most: int = 20) -> list[RunCard]:
    """Give the caller's last questions."""
    rows = session.connection().execute(select(_run).order_by(_run.c.id.desc()).limit(most))
    return [RunCard(**row._mapping) for row in rows]


def note_progress(session: Session, run_id: int, stage: str, objective: float, bound: float) -> None:
    """Write how far a job is; a question that is answered keeps its answer."""
    session.connection().execute(
        update(_run)
        .where(_run.c.id == run_id, _run.c.state.in_(("waiting", "running")))
        .values(state="running", progress=_progress(stage, objective, bound))
    )


def finish_run(session: Session, now: datetime, run_id: int, found: Proposal | None, why: str = "") -> None:
    """Write the answer; without one the quick answer stays and `why` says what went wrong."""
    values: dict[str, Any] = {"finished_at": now}
    if found is None:
        values |= {"state": "failed", "progress": {"why": why}}
    else:
        values |= {
            "state": "done",
            "answer": found.as_json(),
            "progress": _progress("exact", found.objective, found.bound),
            "network_version_id": found.network_version_id,
            "rules_version_id": found.rules_version_id,
        }
    open_run = (_run.c.id == run_id) & _run.c.state.in_(("waiting", "running"))
    session.connection().execute(update(_run).where(open_run).values(values))


def scenario_from_run(
    session: Session, now: datetime, actor: Actor, run_id: int, rules: CityRules, *, name: str, type_code: str
) -> int:
    """Draw the sites of an answer as a new scenario of the actor's office; gives its id."""
    run = find_run(session, run_id)
    scenario_id = create_scenario(session, now, actor, name)
    for site in run.answer.get("sites", []):
        at = Place(site["lon"], site["lat"], "wgs84")
        label = site["name"] or site["area_name"]
        kind = next((one.name_zh for one in rules.facility_types if one.code == type_code), "")
        add_facility(
            session, now, actor, scenario_id, rules, at=at, type_code=type_code, name=f"{label}{kind}" if label else ""
        )
    return scenario_id


def _progress(stage: str, objective: float, bound: float) -> dict[str, Any]:
    finite = abs(bound) < 1e15 and abs(objective) < 1e15
    gap = abs(bound - objective) / max(abs(objective), 1.0) if finite else None
    return {"stage": stage, "objective": objective if finite else None, "bound": bound if finite else None, "gap": gap}
