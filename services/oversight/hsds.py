"""The directory in the Human Services Data Specification 3.0 (HSDS): what 211 lines and referral software read.

An organisation is a provider; a service is what a provider does (one line of its menu at one site) or what a site is
there for; a location is the site. Ids are UUIDs (version 8, RFC 9562) that hold the row's number, so they never change
and need no list. Words are Chinese, as they were registered.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from services.cities.queries import list_cities, rules_in_force
from services.clock import civil_date

VERSION = "3.0"
TAXONOMIES = {
    "function": ("设施功能", "服务设施为老人做什么，按各市规则。What a site does for elders, by the city's rules."),
    "type": ("设施类型", "服务设施的种类，按各市规则。The kind of a site, by the city's rules."),
    "category": ("服务类别", "上门和到店服务的类别。The kind of a service at home or at a site."),
}
CATEGORIES = {
    "meals": "助餐", "bathing": "助浴", "cleaning": "助洁", "emergency": "助急", "medical": "助医", "mobility": "助行",
    "personal_care": "生活照料", "nursing": "护理", "rehabilitation": "康复", "day_care": "日间照料", "respite": "喘息服务",
    "company": "陪伴", "advice": "咨询", "devices": "辅具", "adaptation": "适老化改造", "assessment": "评估",
    "allowance": "津贴", "residential": "机构照护",
}  # fmt: skip
DAYS = {"1": "MO", "2": "TU", "3": "WE", "4": "TH", "5": "FR", "6": "SA", "7": "SU"}
ORGANIZATION_KINDS = {
    "company": "企业", "social_organisation": "社会组织", "institution": "养老机构", "community": "社区",
}  # fmt: skip
_ID_BITS = (1 << 62) - 1


def stable_id(kind: str, number: int) -> str:
    """Give the UUID of row `number` of a kind of object; `number_of` reads it back."""
    tag = zlib.crc32(f"yinling:{kind}".encode())
    return str(uuid.UUID(int=(tag << 96) | (0x8 << 76) | (0b10 << 62) | (number & _ID_BITS)))


def number_of(kind: str, told: str) -> int | None:
    """Give the row's number that a UUID of this kind holds; None for any other text."""
    try:
        found = uuid.UUID(told)
    except ValueError:
        return None
    number = found.int & _ID_BITS
    return number if stable_id(kind, number) == str(found) else None


def service_of(told: str) -> tuple[str, int] | None:
    """Give which service a UUID means: ("line" | "site", number)."""
    for sort in ("line", "site"):
        number = number_of(f"service.{sort}", told)
        if number is not None:
            return sort, number
    return None


def place_of(told: str) -> tuple[str, int] | None:
    """Give which service at its location a UUID means."""
    for sort in ("line", "site"):
        number = number_of(f"service_at_location.{sort}", told)
        if number is not None:
            return sort, number
    return None


def term_id(taxonomy: str, code: str) -> str:
    """Give the UUID of a term; terms are known by their code, not by a row."""
    return str(uuid.uuid5(uuid.UUID(stable_id(f"taxonomy.{taxonomy}", 1)), code))


def taxonomies() -> list[dict[str, Any]]:
    """Give the three vocabularies."""
    return [
        {"id": stable_id(f"taxonomy.{code}", 1), "name": name, "description": told, "version": "1"}
        for code, (name, told) in TAXONOMIES.items()
    ]


def taxonomy_terms(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Give every term of the rules of all cities here, each code once."""
    names: dict[tuple[str, str], str] = {("category", code): name for code, name in CATEGORIES.items()}
    for city in list_cities(session):
        rules = rules_in_force(session, city.code, civil_date(now))
        for function in rules.functions:
            names.setdefault(("function", function.code), function.name_zh)
        for kind in rules.facility_types:
            for code in (kind.code, *kind.also):
                names.setdefault(("type", code), kind.name_zh)
    return [_term(taxonomy, code, name) for (taxonomy, code), name in sorted(names.items())]


def _term(taxonomy: str, code: str, name: str) -> dict[str, Any]:
    return {
        "id": term_id(taxonomy, code), "code": code, "name": name, "description": name,
        "taxonomy": TAXONOMIES[taxonomy][0], "language": "zh", "taxonomy_id": stable_id(f"taxonomy.{taxonomy}", 1),
    }  # fmt: skip


def vocabulary_of(told: str) -> str | None:
    """Give which vocabulary a UUID means."""
    return next((code for code in TAXONOMIES if stable_id(f"taxonomy.{code}", 1) == told), None)


def known_terms(terms: Iterable[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Give terms by (vocabulary, code)."""
    return {(vocabulary_of(term["taxonomy_id"]) or "", term["code"]): term for term in terms}


def organization(row: Row[Any], *, full: bool = True) -> dict[str, Any]:
    """Give an organisation."""
    told = _organization(row.id, row.code, row.name, row.kind, row.filing_number, row.phone)
    return told if full else {name: told[name] for name in ("id", "name", "description")}


def _organization(number: int, code: str, name: str, kind: str, filing: str | None, phone: str) -> dict[str, Any]:
    own = stable_id("organization", number)
    told: dict[str, Any] = {
        "id": own, "name": name, "description": f"{name}（{ORGANIZATION_KINDS.get(kind, kind)}）",
        "legal_status": ORGANIZATION_KINDS.get(kind, kind),
        "phones": [{"id": stable_id("phone.organization", number), "number": phone, "type": "voice"}],
        "organization_identifiers": [
            {"id": stable_id("identifier.code", number), "identifier_scheme": "yinling",
             "identifier_type": "code", "identifier": code}
        ],
    }  # fmt: skip
    if filing:
        told["organization_identifiers"].append(
            {"id": stable_id("identifier.filing", number), "identifier_scheme": "CN-MCA",
             "identifier_type": "备案号", "identifier": filing}
        )  # fmt: skip
    return told


def location(row: Row[Any]) -> dict[str, Any]:
    """Give the site of a service; latitude and longitude in WGS-84."""
    own, city = stable_id("location", row.facility_id), row.city or row.district or ""
    told: dict[str, Any] = {
        "id": own, "location_type": "physical", "name": row.facility_name, "latitude": row.lat, "longitude": row.lon,
        "external_identifier": row.facility_code, "external_identifier_type": "yinling",
        "addresses": [
            {"id": stable_id("address", row.facility_id), "address_1": row.address, "city": city,
             "region": row.district or "", "state_province": str(row.area_code)[:2] + "0000", "postal_code": "",
             "country": "CN", "address_type": "physical"}
        ],
    }  # fmt: skip
    if row.facility_phone:
        number = {"id": stable_id("phone.location", row.facility_id), "number": row.facility_phone, "type": "voice"}
        told["phones"] = [number]
    if row.opening_hours:
        told["schedules"] = [{"id": stable_id("schedule.location", row.facility_id), "description": row.opening_hours}]
    return told


def service(row: Row[Any], terms: dict[tuple[str, str], dict[str, Any]], *, full: bool = True) -> dict[str, Any]:
    """Give a service; `full` with its places, prices, hours and terms nested."""
    own = stable_id(f"service.{row.sort}", row.id)
    told: dict[str, Any] = {
        "id": own, "name": row.name, "status": _status(row), "last_modified": row.modified.isoformat(),
        "description": row.description or row.name, "minimum_age": 60,
    }  # fmt: skip
    if row.price_fen is not None:
        told["fees_description"] = f"{row.price_fen / 100:.2f}元/次，{row.minutes}分钟"
    told["organization"] = _organization(
        row.provider_id, row.provider_code, row.provider_name, row.provider_kind, row.filing_number, row.provider_phone
    )
    if not full:
        return told
    told["service_at_locations"] = [
        {"id": stable_id(f"service_at_location.{row.sort}", row.id), "location": location(row)}
    ]
    if row.price_fen is not None:
        cost = {
            "id": stable_id("cost_option", row.id),
            "option": "每次",
            "currency": "CNY",
            "amount": row.price_fen / 100,
        }
        told["cost_options"] = [cost]
    days = ",".join(DAYS[day] for day in row.weekdays if day in DAYS)
    if days:
        told["schedules"] = [
            {"id": stable_id("schedule.service", row.id), "freq": "WEEKLY", "byday": days, "timezone": 8,
             "opens_at": f"{row.from_hour:02d}:00", "closes_at": f"{row.to_hour % 24:02d}:00"}
        ]  # fmt: skip
    wanted = [("category", row.category)] if row.category else []
    wanted += [("type", row.type_code)] if row.type_code else []
    wanted += [("function", function) for function in row.functions]
    told["attributes"] = [
        {"id": str(uuid.uuid5(uuid.UUID(own), f"{key[0]}:{key[1]}")), "link_id": own, "link_entity": "service",
         "taxonomy_term_id": term_id(*key), "taxonomy_term": terms[key]}
        for key in wanted if key in terms
    ]  # fmt: skip
    return told


def _status(row: Row[Any]) -> str:
    return "active" if row.active else "defunct" if row.status == "closed" else "inactive"


def service_at_location(
    row: Row[Any], terms: dict[tuple[str, str], dict[str, Any]], *, full: bool = True
) -> dict[str, Any]:
    """Give a service at its location, with the service nested when `full`."""
    told: dict[str, Any] = {
        "id": stable_id(f"service_at_location.{row.sort}", row.id), "location": location(row),
        "service_id": stable_id(f"service.{row.sort}", row.id),
        "location_id": stable_id("location", row.facility_id),
    }  # fmt: skip
    return told | ({"service": service(row, terms, full=False)} if full else {})
