"""A message's facts in words: ids become names, moments become Shanghai time, fen become yuan."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, select
from sqlmodel import Session

from services.catalogue.tables import ServiceItem
from services.clock import SHANGHAI
from services.columns import table_of
from services.directory.tables import Facility, Provider
from services.people.addressees import spoken_names

PEOPLE = ("elder", "person", "carer", "volunteer", "visitor", "proxy", "officer", "payer", "recipient")
_WEEKDAYS = "一二三四五六日"
_UNKNOWN = "有关人员"


def spoken(session: Session, facts: dict[str, Any], elder_id: int | None) -> dict[str, str]:
    """Give every fact as a person reads it.

    `elder_id` → {elder}, `carer_id` → {carer}, ...; `provider_id` → {provider}; `facility_id` → {facility};
    `service_code` → {service}; `*_at` (ISO with offset) and `*_on` in Shanghai; `amount_fen` → {amount};
    `starts_at` with `ends_at` → {window}; the rest as it is.
    """
    known = dict(facts) if elder_id is None else {"elder_id": elder_id, **facts}
    said = {name: _said(name, value) for name, value in known.items()}
    said |= {name.removesuffix("_fen"): yuan(int(value)) for name, value in known.items() if name.endswith("_fen")}
    said |= _people(session, known)
    said |= _named(session, known, "provider_id", table_of(Provider), "id", "name")
    said |= _named(session, known, "facility_id", table_of(Facility), "id", "name")
    said |= _named(session, known, "service_code", table_of(ServiceItem), "code", "name_zh")
    if "starts_at" in known and "ends_at" in known:
        said["window"] = window(moment(known["starts_at"]), moment(known["ends_at"]))
    return said


def _people(session: Session, known: dict[str, Any]) -> dict[str, str]:
    ids = {name: int(known[f"{name}_id"]) for name in PEOPLE if known.get(f"{name}_id") is not None}
    names = spoken_names(session, list(ids.values())) if ids else {}
    return {name: names.get(person_id, _UNKNOWN) for name, person_id in ids.items()}


def _named(session: Session, known: dict[str, Any], fact: str, table: Table, key: str, name: str) -> dict[str, str]:
    if known.get(fact) is None:
        return {}
    found = session.connection().execute(select(table.c[name]).where(table.c[key] == known[fact])).scalar()
    return {fact.rpartition("_")[0]: str(found) if found else str(known[fact])}


def _said(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name.endswith("_at"):
        return clock_time(moment(value))
    if name.endswith("_on"):
        day = date.fromisoformat(str(value))
        return f"{day.month}月{day.day}日"
    return str(value)


def moment(value: Any) -> datetime:
    """Read an ISO moment with its offset; raises ValueError for a naive one."""
    found = datetime.fromisoformat(str(value))
    if found.tzinfo is None:
        raise ValueError(f"a moment without time zone: {value}")
    return found


def clock_time(at: datetime) -> str:
    """Say 11月26日周四9:00."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日周{_WEEKDAYS[local.weekday()]}{local.hour}:{local.minute:02d}"


def window(starts_at: datetime, ends_at: datetime) -> str:
    """Say 11月26日周四9:00-11:00."""
    until = ends_at.astimezone(SHANGHAI)
    return f"{clock_time(starts_at)}-{until.hour}:{until.minute:02d}"


def yuan(amount_fen: int) -> str:
    """Say 12.50元."""
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}元"
