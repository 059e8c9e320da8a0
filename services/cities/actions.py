"""Loading a city's pack, adopting a neighbour's rules, and knowing the streets of China."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.cities.errors import BadPack, PackVersionChanged
from services.cities.pack import CityPack
from services.cities.pack_reader import read_pack
from services.cities.queries import city_by_key
from services.cities.rules import (
    ancestor_code,
    area_contains,
    area_level,
    parent_code,
    short_code,
    written_code,
)
from services.cities.tables import Area, City, CityPackVersion, NationalStreet, RulesAdoption
from services.clock import civil_date

_city: Any = City.__table__  # type: ignore[attr-defined]
_version: Any = CityPackVersion.__table__  # type: ignore[attr-defined]
_adoption: Any = RulesAdoption.__table__  # type: ignore[attr-defined]
_area: Any = Area.__table__  # type: ignore[attr-defined]
_street: Any = NationalStreet.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class LoadedPack:
    """What loading a pack did; `changed` is False when this very version already stood."""

    city_code: int
    key: str
    version: str
    version_id: int
    changed: bool
    areas: int


def load_pack(session: Session, now: datetime, path_or_text: Path | str) -> LoadedPack:
    """Publish a city's rules from its TOML file (or text); loading the same file again changes nothing.

    A pack with `rules_from` needs the other city's pack loaded before. Raises BadPack with line and
    field of every mistake, PackVersionChanged when the version number already stands with other content,
    and UnknownCity when `rules_from` names a city not loaded.
    """
    text = path_or_text.read_text(encoding="utf-8") if isinstance(path_or_text, Path) else path_or_text
    pack = read_pack(text)
    document = pack.model_dump(mode="json")
    sha256 = hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    city_code = written_code(pack.city.code)
    lender = city_by_key(session, pack.rules_from) if pack.rules_from else None
    _write_city(session, pack, city_code)
    version_id, changed = _write_version(session, now, pack, city_code, sha256, document)
    areas = 0
    if changed:
        areas = _write_areas(session, pack, city_code)
        if lender is not None:
            _adopt(session, now, city_code, lender, pack.valid_from)
    return LoadedPack(city_code, pack.city.key, pack.version, version_id, changed, areas)


def adopt_rules(session: Session, now: datetime, city_code: int, from_city_code: int) -> date:
    """Let a city run under another city's rules from today on (or under its own again, naming itself).

    Facts of earlier days stay judged by the rules of those days. Gives the civil day (Asia/Shanghai) from
    which it holds. Raises UnknownCity.
    """
    city_by_key(session, str(city_code))
    city_by_key(session, str(from_city_code))
    today = civil_date(now)
    _adopt(session, now, city_code, from_city_code, today)
    return today


_SAVE_STREETS = sql(
    "INSERT INTO national_street (code, name, district_code, city_code) "
    "SELECT * FROM unnest(CAST(:codes AS bigint[]), CAST(:names AS text[]), "
    "CAST(:districts AS bigint[]), CAST(:cities AS bigint[])) "
    "ON CONFLICT (code) DO UPDATE SET name = excluded.name WHERE national_street.name <> excluded.name"
)


def load_national_streets(session: Session, path: Path) -> int:
    """Load the streets and towns of China from `code,name` lines (gzip or plain); gives how many there are.

    Codes have nine digits. Loading again changes only names that changed.
    """
    raw = path.read_bytes()
    text = gzip.decompress(raw).decode() if path.suffix == ".gz" else raw.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    codes = [written_code(row["code"]) for row in rows]
    session.connection().execute(
        _SAVE_STREETS,
        {
            "codes": codes,
            "names": [row["name"] for row in rows],
            "districts": [ancestor_code(code, "district") for code in codes],
            "cities": [ancestor_code(code, "city") for code in codes],
        },
    )
    total: int = session.connection().execute(select(func.count()).select_from(_street)).scalar_one()
    return total


def save_areas(session: Session, areas: list[dict[str, Any]]) -> int:
    """Record areas ({"code", "name"} and optionally validity, predecessor_code, geom as EWKT), parents first.

    Parents that are not in the list must stand already. Saving again updates name, validity and outline.
    """
    rows = sorted((_area_row(area) for area in areas), key=lambda row: int(row["code"]))
    if not rows:
        return 0
    statement = insert(_area)
    changing = ("name", "valid_from", "valid_to")
    updates: dict[str, Any] = {name: statement.excluded[name] for name in changing}
    updates["geom"] = func.coalesce(statement.excluded.geom, _area.c.geom)
    connection = session.connection()
    connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=updates), rows)
    for area in areas:
        if area.get("predecessor_code"):  # afterwards: a predecessor's code may well sort behind its heir's
            connection.execute(
                update(_area).where(_area.c.code == area["code"]).values(predecessor_code=area["predecessor_code"])
            )
    return len(rows)


def _area_row(area: dict[str, Any]) -> dict[str, Any]:
    code = int(area["code"])
    return {
        "code": code,
        "level": area_level(code),
        "name": area["name"],
        "parent_code": parent_code(code),
        "valid_from": area.get("valid_from"),
        "valid_to": area.get("valid_to"),
        "geom": area.get("geom"),
    }


def _write_city(session: Session, pack: CityPack, city_code: int) -> None:
    statement = insert(_city).values(
        code=city_code,
        key=pack.city.key,
        name_zh=pack.city.name_zh,
        name_en=pack.city.name_en,
        demonstration=pack.city.demonstration,
    )
    names = {"name_zh": pack.city.name_zh, "name_en": pack.city.name_en}
    session.connection().execute(statement.on_conflict_do_update(index_elements=["code"], set_=names))


def _write_version(
    session: Session, now: datetime, pack: CityPack, city_code: int, sha256: str, document: dict[str, Any]
) -> tuple[int, bool]:
    new_id: int | None = (
        session.connection()
        .execute(
            insert(_version)
            .values(
                city_code=city_code,
                version=pack.version,
                sha256=sha256,
                loaded_at=now,
                valid_from=pack.valid_from,
                document=document,
            )
            .on_conflict_do_nothing(index_elements=["city_code", "version"])
            .returning(_version.c.id)
        )
        .scalar()
    )
    if new_id is not None:
        return new_id, True
    standing = (
        session.connection()
        .execute(
            select(_version.c.id, _version.c.sha256, _version.c.document).where(
                _version.c.city_code == city_code, _version.c.version == pack.version
            )
        )
        .one()
    )
    if standing.sha256 != sha256 and CityPack.model_validate(standing.document) != pack:
        raise PackVersionChanged(city=pack.city.key, version=pack.version)
    return standing.id, False


def _write_areas(session: Session, pack: CityPack, city_code: int) -> int:
    areas: list[dict[str, Any]] = []
    for index, area in enumerate(pack.areas):
        code = written_code(area.code)
        if not area_contains(city_code, code) and not area_contains(code, city_code):
            message = f"区划{area.code}不在{pack.city.name_zh}（{pack.city.code}）内"
            raise BadPack(message, field=f"areas[{index + 1}].code", problems=[{"message": message}])
        areas.append(
            {
                "code": code,
                "name": area.name,
                "valid_from": area.valid_from,
                "valid_to": area.valid_to,
                "predecessor_code": written_code(area.predecessor) if area.predecessor else None,
            }
        )
    return save_areas(session, _with_city(areas, pack, city_code))


def _with_city(areas: list[dict[str, Any]], pack: CityPack, city_code: int) -> list[dict[str, Any]]:
    listed = {area["code"] for area in areas}
    if city_code not in listed:
        areas = [{"code": city_code, "name": pack.city.name_zh}, *areas]
        listed.add(city_code)
    for area in areas:
        above = parent_code(area["code"])
        if above is not None and above not in listed:
            names = f"{short_code(area['code'])} → {short_code(above)}"
            message = f"区划的上级未列入areas：{names} / the parent area is not listed: {names}"
            raise BadPack(message, field="areas", problems=[{"message": message}])
    return areas


def _adopt(session: Session, now: datetime, city_code: int, rules_city_code: int, on: date) -> None:
    statement = insert(_adoption).values(
        city_code=city_code, adopted_from=on, rules_city_code=rules_city_code, recorded_at=now
    )
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["city_code", "adopted_from"],
            set_={"rules_city_code": rules_city_code, "recorded_at": now},
        )
    )
