"""Publishing what services must be: a city's whole file, or one item's next version by an administrator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.errors import LinesAboveCeiling, StandardChanged, UnknownStandard, VersionTooEarly
from services.catalogue.pack import CataloguePack, PackStandard, broken_items
from services.catalogue.tables import ServiceItem, ServiceStandard
from services.cities.pack_reader import read_part
from services.cities.queries import city_by_key
from services.cities.rules import written_code
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Facility, ServiceLine
from services.errors import NotAllowed
from services.unit_of_work import Actor

_standard, _item = table_of(ServiceStandard), table_of(ServiceItem)
_line, _facility = table_of(ServiceLine), table_of(Facility)
CHANGEABLE = (
    "content", "content_en", "minutes", "required_skills", "acceptance", "acceptance_en", "price_fen", "price_ceiling_fen",
    "notice_minutes", "cut_off_days", "cut_off_minute", "recipients", "recipients_en", "provision", "provision_en",
    "standard", "standard_en", "payer", "payer_en", "basic", "orderable",
)  # fmt: skip
"""What a next version may say otherwise; code, kind, unit and names stay, or it would be another item."""


@dataclass(frozen=True)
class LoadedCatalogue:
    """What loading a file did: versions published, items left as they were."""

    city_code: int
    published: int
    unchanged: int


def load_catalogue(session: Session, now: datetime, actor: Actor, path: Path) -> LoadedCatalogue:
    """Publish a city's catalogue from its TOML file; what stands already with the same words stays.

    An item with a later `valid_from` than its version in force ends that version there. Raises BadPack, UnknownCity,
    StandardChanged (the same day with other words), VersionTooEarly.
    """
    pack = read_part(path.read_text(encoding="utf-8"), CataloguePack, broken_items)
    city = city_by_key(session, pack.city)
    published = 0
    for item in pack.items:
        _know_on_the_menu(session, item, city)
        published += _publish_item(session, now, city, item)
    if published:
        record_act(session, now, actor, "load_catalogue", area_code=city, facts={"published": published})
    return LoadedCatalogue(city, published, len(pack.items) - published)


def _publish_item(session: Session, now: datetime, city: int, item: PackStandard) -> bool:
    terms = _terms(item)
    last = _last(session, city, item.code)
    if last is not None:
        if last.during.lower == item.valid_from:
            if any(getattr(last, name) != value for name, value in terms.items()):
                raise StandardChanged(code=item.code, valid_from=item.valid_from.isoformat())
            return False
        if last.during.lower > item.valid_from:
            if any(row.during.lower == item.valid_from for row in _versions(session, city, item.code)):
                return False  # an old file: its version was followed by others
            raise VersionTooEarly(field="valid_from", code=item.code)
        _end(session, last, item.valid_from)
    session.connection().execute(
        insert(_standard).values(
            city_code=city, code=item.code, version=last.version + 1 if last is not None else 1,
            during=Range(item.valid_from, None), reason="按城市服务目录公布", published_at=now, **terms,
        )
    )  # fmt: skip
    return True


def _terms(item: PackStandard) -> dict[str, Any]:
    same = (
        "kind", "name_zh", "name_en", "content", "content_en", "minutes", "unit", "acceptance", "acceptance_en",
        "price_fen", "price_ceiling_fen", "notice_minutes", "cut_off_days", "orderable", "basic", "recipients",
        "recipients_en", "provision", "provision_en", "standard", "standard_en", "payer", "payer_en", "source", "assumed",
    )  # fmt: skip
    return {name: getattr(item, name) for name in same} | {
        "required_skills": list(item.required_skills),
        "cut_off_minute": item.cut_off_minute,
        "area_codes": [written_code(code) for code in item.areas],
    }


def _know_on_the_menu(session: Session, item: PackStandard, city_code: int) -> None:
    if not item.orderable:
        return
    values = {
        "code": item.code, "category": item.category or item.kind, "name_zh": item.name_zh, "name_en": item.name_en,
        "plain_name": item.plain_name or item.name_zh, "explanation": item.content, "explanation_en": item.content_en,
        "standard": item.standard, "standard_en": item.standard_en, "checklist": list(item.checklist),
        "checklist_en": list(item.checklist_en), "minutes": item.minutes, "at_home": item.at_home,
        "required_skills": list(item.required_skills), "guide_price_fen": item.price_fen, "urgency": item.urgency,
        "volunteer": False, "valid_from": item.valid_from, "valid_to": None, "city_code": city_code,
    }  # fmt: skip
    session.connection().execute(upsert(_item).values(values).on_conflict_do_nothing(index_elements=["code"]))


def publish_version(
    session: Session,
    now: datetime,
    actor: Actor,
    city_code: int,
    code: str,
    changes: dict[str, Any],
    *,
    valid_from: date,
    reason: str,
    lower_lines: bool = False,
) -> int:
    """Publish the next version of an item from a day on, by an administrator; gives the version's number.

    `changes` names only what is otherwise (CHANGEABLE). With `lower_lines` providers' prices above a lower ceiling
    come down to it at once. Raises NotAllowed, UnknownStandard, VersionTooEarly, LinesAboveCeiling, and by constraint
    PriceAboveCeiling, FiveFieldsNeeded.
    """
    if not actor.has_role("administrator"):
        raise NotAllowed(service_code=code)
    last = _last(session, city_code, code, lock=True)
    if last is None:
        raise UnknownStandard(service_code=code, on=valid_from.isoformat())
    if valid_from < civil_date(now) or valid_from <= last.during.lower or last.during.upper is not None:
        raise VersionTooEarly(field="valid_from")
    values = {column.name: getattr(last, column.name) for column in _standard.columns if column.name != "id"}
    values |= {name: changes[name] for name in CHANGEABLE if name in changes}
    values |= {
        "version": last.version + 1, "during": Range(valid_from, None), "reason": reason.strip(),
        "published_at": now, "published_by": actor.person_id,
    }  # fmt: skip
    if values["price_ceiling_fen"] is not None:
        _settle_lines(session, civil_date(now), city_code, code, values["price_ceiling_fen"], lower_lines)
    _end(session, last, valid_from)
    session.connection().execute(insert(_standard).values(**values))
    facts = {"code": code, "version": values["version"], "from": valid_from.isoformat(), "reason": reason.strip()}
    record_act(session, now, actor, "publish_standard", area_code=city_code, facts=facts)
    return int(values["version"])


def withdraw_item(
    session: Session, now: datetime, actor: Actor, city_code: int, code: str, *, last_day: date, reason: str
) -> None:
    """Take an item off a city's catalogue after a day; its versions stay readable. Raises as publish_version does."""
    if not actor.has_role("administrator"):
        raise NotAllowed(service_code=code)
    last = _last(session, city_code, code, lock=True)
    if last is None or last.during.upper is not None:
        raise UnknownStandard(service_code=code, on=last_day.isoformat())
    if last_day < civil_date(now) or last_day < last.during.lower:
        raise VersionTooEarly(field="last_day")
    _end(session, last, date.fromordinal(last_day.toordinal() + 1))
    facts = {"code": code, "last_day": last_day.isoformat(), "reason": reason.strip()}
    record_act(session, now, actor, "withdraw_standard", area_code=city_code, facts=facts)


def _settle_lines(
    session: Session, today: date, city_code: int, code: str, ceiling_fen: int, lower_lines: bool
) -> None:
    under = select(_facility.c.id).where(func.catalogue_city(_facility.c.area_code, today) == city_code)
    above = (_line.c.service_code == code) & (_line.c.price_fen > ceiling_fen) & _line.c.facility_id.in_(under)
    if lower_lines:
        session.connection().execute(update(_line).where(above).values(price_fen=ceiling_fen))
        return
    found = session.connection().execute(
        select(_line.c.provider_id, _line.c.price_fen).where(above, _line.c.active)
    ).all()  # fmt: skip
    if found:
        raise LinesAboveCeiling(providers=[[row.provider_id, row.price_fen] for row in found], ceiling_fen=ceiling_fen)


def _versions(session: Session, city_code: int, code: str) -> list[Any]:
    return list(
        session.connection().execute(
            select(_standard)
            .where(_standard.c.city_code == city_code, _standard.c.code == code)
            .order_by(func.lower(_standard.c.during).desc())
        )
    )


def _last(session: Session, city_code: int, code: str, *, lock: bool = False) -> Any:
    if lock:  # two administrators at once: the second sees the first one's version
        key = func.hashtextextended(f"standard/{city_code}/{code}", 0)
        session.connection().execute(select(func.pg_advisory_xact_lock(key)))
    versions = _versions(session, city_code, code)
    return versions[0] if versions else None


def _end(session: Session, row: Any, on: date) -> None:
    session.connection().execute(
        update(_standard).where(_standard.c.id == row.id).values(during=Range(row.during.lower, on))
    )
