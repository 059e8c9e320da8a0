"""The assessment schemes the house knows: read from files, published version by version, found by day."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import insert, select
from sqlmodel import Session

from services.acts import record_act
from services.benefits.assessment_errors import NoSuchScheme, SchemeChanged
from services.benefits.scheme import Scheme
from services.benefits.tables import AssessmentScheme
from services.cities.pack_reader import read_part
from services.columns import table_of
from services.unit_of_work import Actor

_scheme = table_of(AssessmentScheme)


def read_scheme(path: Path) -> Scheme:
    """Read a scheme's TOML file. Raises BadPack with line and field of every mistake."""
    return read_part(path.read_text(encoding="utf-8"), Scheme, lambda scheme: [])


def load_scheme(session: Session, now: datetime, actor: Actor, path: Path) -> tuple[str, str, bool]:
    """Publish a scheme from its file; gives (code, version, whether it was new). Raises BadPack, SchemeChanged."""
    scheme = read_scheme(path)
    document = scheme.model_dump(mode="json")
    sha256 = hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    standing = session.connection().execute(
        select(_scheme.c.sha256).where(_scheme.c.code == scheme.code, _scheme.c.version == scheme.version)
    ).scalar()  # fmt: skip
    if standing is not None:
        if standing != sha256:
            raise SchemeChanged(code=scheme.code, version=scheme.version)
        return scheme.code, scheme.version, False
    session.connection().execute(
        insert(_scheme).values(
            code=scheme.code, version=scheme.version, name_zh=scheme.name_zh, name_en=scheme.name_en,
            valid_from=scheme.valid_from, document=document, sha256=sha256, loaded_at=now,
        )
    )  # fmt: skip
    record_act(session, now, actor, "load_scheme", facts={"scheme": scheme.code, "version": scheme.version})
    return scheme.code, scheme.version, True


def scheme_on(session: Session, code: str, on: date) -> Scheme:
    """Give the version of a scheme in force on a day: the newest with `valid_from` not after it. Raises NoSuchScheme."""
    row = session.connection().execute(
        select(_scheme.c.sha256, _scheme.c.document)
        .where(_scheme.c.code == code, _scheme.c.valid_from <= on)
        .order_by(_scheme.c.valid_from.desc(), _scheme.c.id.desc())
        .limit(1)
    ).first()  # fmt: skip
    if row is None:
        raise NoSuchScheme(scheme=code, on=on.isoformat())
    return _scheme_of(row.sha256, json.dumps(row.document))


def schemes_on(session: Session, on: date) -> list[Scheme]:
    """Give every scheme in force on a day, each in its newest version, by code."""
    codes = session.connection().execute(
        select(_scheme.c.code).where(_scheme.c.valid_from <= on).distinct().order_by(_scheme.c.code)
    ).scalars()  # fmt: skip
    return [scheme_on(session, code, on) for code in codes]


@lru_cache(maxsize=32)
def _scheme_of(sha256: str, document: str) -> Scheme:
    return Scheme.model_validate_json(document)
