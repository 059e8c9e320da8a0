"""Areas without a site or with one below standard, each with the remedy its office chose (因地制宜配齐).

The list is the administrative coverage's own: every area that owns no qualified site of a circle, with the nearest to
qualifying and what it lacks. The remedies are those of the plans: bought back (回购), leased (租赁), rebuilt (改造), built
anew (新建), or a neighbour area's site shared (共享).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.circles.administrative import AreaOwns, administrative_coverage, owned_coverage
from services.circles.remedy_errors import NoGapThere, RemedyIncomplete, RemedyNotFound, RemedyWithdrawn
from services.circles.remedy_tables import GapRemedy
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.directory.registers import check_keeper_of_area
from services.unit_of_work import Actor

_remedy = table_of(GapRemedy)
REMEDIES = ("buy_back", "lease", "rebuild", "build", "share")
NOTE_LENGTH = 200
MOST_YEARS = 15


@dataclass(frozen=True)
class AreaGap:
    """One area that owns no qualified site of a circle. `candidate` None: it has none at all; else below standard.

    `missing` are the functions the candidate lacks, in words. `remedy` None: nobody chose one yet.
    """

    area_code: int
    area_name: str
    tier_code: str
    tier_name: str
    candidate: str | None
    missing: tuple[str, ...]
    remedy: Row[Any] | None


def gap_list(session: Session, area_code: int, on: date) -> list[AreaGap]:
    """Give every gap inside an area on a Shanghai day, by circle and area, with the remedy that stands.

    Raises UnknownCity, NoRulesInForce.
    """
    lo, hi = area_range(area_code)
    query = select(_remedy).where(_remedy.c.withdrawn_at.is_(None), _remedy.c.area_code.between(lo, hi))
    chosen = {(row.area_code, row.tier_code): row for row in session.connection().execute(query)}
    tiers = [*administrative_coverage(session, area_code, on), *owned_coverage(session, area_code, on)]
    return [
        _gap(area, tier.tier_code, tier.tier_name, chosen.get((area.area_code, tier.tier_code)))
        for tier in tiers
        for area in tier.areas
        if not area.qualified and lo <= area.area_code <= hi
    ]


def choose_remedy(
    session: Session, now: datetime, actor: Actor, *, area_code: int, tier_code: str, remedy: str, due_on: date,
    note: str = "",
) -> int:  # fmt: skip
    """Write down how a gap will be closed and by when; gives the remedy's id. One that stood before is withdrawn.

    Raises NotForThisRegister, RemedyIncomplete(field), NoGapThere.
    """
    check_keeper_of_area(session, actor, area_code)
    today = civil_date(now)
    if remedy not in REMEDIES:
        raise RemedyIncomplete(field="remedy")
    if not today <= due_on <= today.replace(year=today.year + MOST_YEARS, day=1):
        raise RemedyIncomplete("请写今天以后、十五年以内的日期。", field="due_on")
    if len(note.strip()) > NOTE_LENGTH:
        raise RemedyIncomplete(field="note")
    if all((gap.area_code, gap.tier_code) != (area_code, tier_code) for gap in gap_list(session, area_code, today)):
        raise NoGapThere(area_code=area_code, tier_code=tier_code)
    standing = (
        _remedy.c.withdrawn_at.is_(None) & (_remedy.c.area_code == area_code) & (_remedy.c.tier_code == tier_code)
    )
    connection = session.connection()
    before = update(_remedy).where(standing)
    connection.execute(before.values(withdrawn_at=now, withdrawn_by=actor.person_id, withdrawn_reason="改定了别的办法"))
    values = {"tier_code": tier_code, "remedy": remedy, "note": note.strip(), "due_on": due_on}
    row = insert(_remedy).values(**values, area_code=area_code, chosen_by=actor.person_id, chosen_at=now)
    made = int(connection.execute(row.returning(_remedy.c.id)).scalar_one())
    facts = values | {"due_on": due_on.isoformat()}
    record_act(session, now, actor, "choose_remedy", area_code=area_code, subject=("gap_remedy", made), facts=facts)
    return made


def withdraw_remedy(session: Session, now: datetime, actor: Actor, remedy_id: int, reason: str) -> None:
    """Take a chosen remedy back, with why; the gap has none again.

    Raises RemedyNotFound, NotForThisRegister, RemedyIncomplete(field), RemedyWithdrawn.
    """
    row = find_remedy(session, remedy_id)
    check_keeper_of_area(session, actor, row.area_code)
    said = reason.strip()
    if not 0 < len(said) <= NOTE_LENGTH:
        raise RemedyIncomplete("请写明原因（200字以内）。", field="reason")
    change = update(_remedy).where(_remedy.c.id == remedy_id, _remedy.c.withdrawn_at.is_(None))
    done = session.connection().execute(
        change.values(withdrawn_at=now, withdrawn_by=actor.person_id, withdrawn_reason=said).returning(_remedy.c.id)
    )
    if done.first() is None:
        raise RemedyWithdrawn(remedy_id=remedy_id)
    facts = {"reason": said}
    record_act(
        session, now, actor, "withdraw_remedy", area_code=row.area_code, subject=("gap_remedy", remedy_id), facts=facts
    )


def find_remedy(session: Session, remedy_id: int) -> Row[Any]:
    """Give one remedy, standing or withdrawn. Raises RemedyNotFound."""
    row = session.connection().execute(select(_remedy).where(_remedy.c.id == remedy_id)).first()
    if row is None:
        raise RemedyNotFound(remedy_id=remedy_id)
    return row


def _gap(area: AreaOwns, tier_code: str, tier_name: str, remedy: Row[Any] | None) -> AreaGap:
    return AreaGap(area.area_code, area.name, tier_code, tier_name, area.candidate, area.missing, remedy)
