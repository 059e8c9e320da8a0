"""The checklists the house knows: read from files, published version by version, found by day."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import insert, select
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack_reader import read_part
from services.columns import table_of
from services.supervision.check_tables import Checklist
from services.supervision.checklist import ChecklistPaper
from services.supervision.errors import ChecklistChanged, UnknownChecklist
from services.unit_of_work import Actor

_checklist = table_of(Checklist)


@dataclass(frozen=True)
class Published:
    """A version of a checklist with the number it is stored under."""

    id: int
    paper: ChecklistPaper


def load_checklist(session: Session, now: datetime, actor: Actor, path: Path) -> tuple[str, str, bool]:
    """Publish a checklist from its file; gives (code, version, whether it was new). Raises BadPack, ChecklistChanged."""
    paper = read_part(path.read_text(encoding="utf-8"), ChecklistPaper, lambda read: [])
    told = paper.model_dump(mode="json")
    sha256 = hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    same = select(_checklist.c.sha256).where(_checklist.c.code == paper.code, _checklist.c.version == paper.version)
    standing = session.connection().execute(same).scalar()
    if standing is not None:
        if standing != sha256:
            raise ChecklistChanged(code=paper.code, version=paper.version)
        return paper.code, paper.version, False
    session.connection().execute(
        insert(_checklist).values(
            code=paper.code, version=paper.version, name_zh=paper.name_zh, name_en=paper.name_en,
            valid_from=paper.valid_from, document=told, sha256=sha256, loaded_at=now,
        )
    )  # fmt: skip
    record_act(session, now, actor, "load_checklist", facts={"code": paper.code, "version": paper.version})
    return paper.code, paper.version, True


def checklist_on(session: Session, code: str, on: date) -> Published:
    """Give the version of a checklist in force on a day. Raises UnknownChecklist."""
    row = session.connection().execute(
        select(_checklist.c.id, _checklist.c.document)
        .where(_checklist.c.code == code, _checklist.c.valid_from <= on)
        .order_by(_checklist.c.valid_from.desc(), _checklist.c.id.desc())
        .limit(1)
    ).first()  # fmt: skip
    if row is None:
        raise UnknownChecklist(checklist=code)
    return Published(row.id, _paper_of(json.dumps(row.document)))


def checklist_by_id(session: Session, checklist_id: int) -> Published:
    """Give a version by its number. Raises UnknownChecklist."""
    query = select(_checklist.c.document).where(_checklist.c.id == checklist_id)
    told = session.connection().execute(query).scalar()
    if told is None:
        raise UnknownChecklist(checklist_id=checklist_id)
    return Published(checklist_id, _paper_of(json.dumps(told)))


def checklists_on(session: Session, on: date) -> list[Published]:
    """Give every checklist in force on a day, each in its newest version, by code."""
    query = select(_checklist.c.code).where(_checklist.c.valid_from <= on).distinct().order_by(_checklist.c.code)
    return [checklist_on(session, code, on) for code in session.connection().execute(query).scalars()]


@lru_cache(maxsize=32)
def _paper_of(told: str) -> ChecklistPaper:
    return ChecklistPaper.model_validate_json(told)
