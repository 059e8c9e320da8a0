"""双随机一公开: lists are frozen and a seed committed to, then the seed is shown once and everybody draws the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text, update
from sqlmodel import Session

from services.acts import record_act
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Facility
from services.oversight import fair_draw
from services.people.privacy import seal, unseal
from services.supervision import lots
from services.supervision.check_tables import Checklist, DrawnTarget, Inspection, InspectionDraw
from services.supervision.checklists import checklist_on
from services.supervision.errors import (
    DrawnBefore,
    NobodyToInspect,
    NothingToDraw,
    PublicWordMissing,
    UnknownDraw,
    WordsMissing,
)
from services.supervision.inspectors import conflicts_between, inspectors_on, key_codes
from services.supervision.rights import check_officer, words_of
from services.unit_of_work import Actor

_draw, _target, _checklist = table_of(InspectionDraw), table_of(DrawnTarget), table_of(Checklist)
_inspection, _facility = table_of(Inspection), table_of(Facility)
SEAL = "draw-seed"
WITHIN_DAYS = 30
_TARGETS = text(
    "SELECT f.code, f.id, f.provider_id FROM facility f WHERE f.status = 'open' AND f.area_code BETWEEN :lo AND :hi"
    " AND (EXISTS (SELECT FROM bed b WHERE b.facility_id = f.id AND b.kind = 'institution')"
    "  OR EXISTS (SELECT FROM institution_filing n WHERE n.facility_id = f.id)"
    "  OR EXISTS (SELECT FROM institution_grade g WHERE g.facility_id = f.id)) ORDER BY f.code"
)
_PUBLIC = text("SELECT * FROM public_draws() ORDER BY committed_at DESC, id DESC LIMIT :most")


@dataclass(frozen=True)
class NewDraw:
    """What is to be drawn: how many key institutions, how many others, how many inspectors each, by which checklist.

    `public_source` names what nobody can know yet and everybody will (a lottery's number of a later day); '' : none.
    """

    title: str
    checklist: str
    key_wanted: int
    others_wanted: int
    inspectors_each: int = 2
    public_source: str = ""


def commit_draw(session: Session, now: datetime, actor: Actor, new: NewDraw) -> int:
    """Freeze the lists of an office's area as they stand and commit to a seed nobody has seen; gives the draw's id.

    Who worked for a home, or declared a conflict, is not drawn for it. Raises NotForSupervision, UnknownChecklist,
    NothingToDraw, NobodyToInspect(target), WordsMissing(field).
    """
    area = actor.area_lo or 0
    check_officer(actor, area)
    title, source = words_of(new.title, "title", 100), new.public_source.strip()
    if len(source) > 200:
        raise WordsMissing(field="public_source")
    paper = checklist_on(session, new.checklist, civil_date(now))
    told = lots.pool_text(_pool(session, now, actor, new))
    seed = fair_draw.new_seed()
    row = insert(_draw).values(
        area_code=area, title=title, checklist_id=paper.id, method=lots.METHOD, pool=told,
        pool_hash=lots.text_hash(told), seed_hash=fair_draw.commitment(seed), seed_sealed=seal(SEAL, seed),
        public_source=source, committed_at=now, committed_by=actor.person_id,
    )  # fmt: skip
    draw_id = int(session.connection().execute(row.returning(_draw.c.id)).scalar_one())
    facts = {"list_fingerprint": lots.text_hash(told), "commitment": fair_draw.commitment(seed)}
    record_act(session, now, actor, "commit_draw", area_code=area, subject=("inspection_draw", draw_id), facts=facts)
    return draw_id


def reveal_draw(session: Session, now: datetime, actor: Actor, draw_id: int, public_word: str = "") -> int:
    """Show the seed, draw, and plan the drawn inspections; gives how many. Once only, held by PostgreSQL.

    Raises UnknownDraw, NotForSupervision, DrawnBefore, PublicWordMissing.
    """
    found = session.connection().execute(select(_draw).where(_draw.c.id == draw_id).with_for_update()).first()
    if found is None:
        raise UnknownDraw(draw_id=draw_id)
    check_officer(actor, found.area_code)
    if found.revealed_at is not None:
        raise DrawnBefore(draw_id=draw_id)
    word = public_word.strip()
    if bool(word) != bool(found.public_source) or "|" in word or "\n" in word or len(word) > 200:
        raise PublicWordMissing(field="public_word")
    seed = unseal(SEAL, found.seed_sealed)
    results = lots.draw_inspection(found.pool, seed, word)
    session.connection().execute(
        update(_draw)
        .where(_draw.c.id == draw_id)
        .values(seed=seed, public_word=word, results=results, revealed_at=now, revealed_by=actor.person_id)
    )
    _plan(session, now, actor, found, results)
    facts = {"drawn": len(results), "public_word": word}
    about = ("inspection_draw", draw_id)
    record_act(session, now, actor, "reveal_draw", area_code=found.area_code, subject=about, facts=facts)
    return len(results)


def draws(session: Session, limit: int = 200) -> list[Row[Any]]:
    """Give every draw, the newest first, for anybody: commitments of those to come, all of those revealed."""
    return list(session.connection().execute(_PUBLIC, {"most": limit}))


def find_draw(session: Session, draw_id: int) -> Row[Any]:
    """Give one draw as `draws` does. Raises UnknownDraw."""
    one = text("SELECT * FROM public_draws() WHERE id = :id")
    found = session.connection().execute(one, {"id": draw_id}).first()
    if found is None:
        raise UnknownDraw(draw_id=draw_id)
    return found


def public_paper(found: Row[Any]) -> dict[str, Any]:
    """Give the paper anybody can draw again, as JSON holds it."""
    facts = dict(found._mapping)
    facts["committed_at"] = found.committed_at.isoformat()
    facts["revealed_at"] = found.revealed_at.isoformat() if found.revealed_at else None
    return lots.paper(facts)


def targets_of(session: Session, draw_id: int) -> list[Row[Any]]:
    """Give what was drawn with facility_name, and the inspection it led to (inspection_id, state, failed)."""
    query = (
        select(
            _target, _facility.c.name.label("facility_name"), _inspection.c.id.label("inspection_id"),
            _inspection.c.state, _inspection.c.visited_on, _inspection.c.failed,
        )
        .join(_facility, _facility.c.id == _target.c.facility_id)
        .join(_inspection, _inspection.c.target_id == _target.c.id, isouter=True)
        .where(_target.c.draw_id == draw_id)
        .order_by(_target.c.place)
    )  # fmt: skip
    return list(session.connection().execute(query))


def _pool(session: Session, now: datetime, actor: Actor, new: NewDraw) -> lots.Pool:
    lo, hi = actor.area_lo, actor.area_hi
    sites = session.connection().execute(_TARGETS, {"lo": lo, "hi": hi}).all()
    known_keys = key_codes(session, [site.id for site in sites])
    key = [site.code for site in sites if site.code in known_keys]
    others = [site.code for site in sites if site.code not in known_keys]
    counts = (new.key_wanted, new.others_wanted)
    if (
        not sites
        or min(counts) < 0
        or not 0 < sum(counts)
        or new.key_wanted > len(key)
        or new.others_wanted > len(others)
    ):
        raise NothingToDraw(field="others_wanted", key=len(key), others=len(others))
    people = inspectors_on(session, lo or 0, hi or 0, civil_date(now))
    if not 1 <= new.inspectors_each <= 10:
        raise WordsMissing(field="inspectors_each")
    pairs = conflicts_between(session, [one.id for one in people])
    codes = {one.id: one.code for one in people}
    barred = [
        (codes[one.inspector_id], site.code) for one in pairs for site in sites if site.provider_id == one.provider_id
    ]
    for site in sites:
        free = len(people) - sum(1 for _, target in set(barred) if target == site.code)
        if free < new.inspectors_each:
            raise NobodyToInspect(field="inspectors_each", target=site.code)
    return lots.Pool(key, others, [one.code for one in people], barred, *counts, new.inspectors_each)


def _plan(session: Session, now: datetime, actor: Actor, found: Row[Any], results: list[dict[str, Any]]) -> None:
    connection = session.connection()
    codes = [row["target"] for row in results]
    sites = {
        site.code: site
        for site in connection.execute(
            select(_facility.c.id, _facility.c.code, _facility.c.provider_id, _facility.c.area_code).where(
                _facility.c.code.in_(codes)
            )
        )
    }
    for row in results:
        site = sites[row["target"]]
        drawn = insert(_target).values(
            draw_id=found.id, facility_id=site.id, area_code=site.area_code, list_name=row["list"], place=row["place"],
            ticket=row["ticket"], inspectors=row["inspectors"],
        )  # fmt: skip
        target_id = connection.execute(drawn.returning(_target.c.id)).scalar_one()
        connection.execute(
            insert(_inspection).values(
                facility_id=site.id, provider_id=site.provider_id, area_code=site.area_code,
                checklist_id=found.checklist_id, kind="drawn", target_id=target_id, state="planned",
                planned_on=civil_date(now), planned_by=actor.person_id, inspectors=row["inspectors"], passed=0, failed=0,
            )
        )  # fmt: skip


def count_waiting(session: Session, area_code: int) -> int:
    """Give how many draws of an office wait to be revealed."""
    query = select(func.count()).where(_draw.c.area_code == area_code, _draw.c.revealed_at.is_(None))
    return int(session.connection().execute(query).scalar_one())
