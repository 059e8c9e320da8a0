"""The public directory as rows: organisations, sites and services with the moment of their last change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

_STAMPS = (
    "stamps AS (SELECT kind, object_id, max(changed_at) AS at FROM public_change"
    " WHERE kind IN ('organization', 'facility', 'service') GROUP BY 1, 2)"
)
_ORGANIZATIONS = f"""
WITH {_STAMPS}, found AS (
  SELECT p.id, p.code, p.name, p.kind, p.phone, p.area_code, p.grade, p.filing_number, p.blocked_at IS NOT NULL AS blocked,
    p.invented, COALESCE(s.at, p.created_at) AS modified FROM provider p
  LEFT JOIN stamps s ON s.kind = 'organization' AND s.object_id = p.id)
SELECT *, count(*) OVER () AS whole FROM found
WHERE (CAST(:id AS bigint) IS NULL OR id = :id) AND (CAST(:search AS text) IS NULL OR name ILIKE :search)
ORDER BY id LIMIT :most OFFSET :skip
"""
_SERVICES = f"""
WITH {_STAMPS}, found AS (
  SELECT 'line' AS sort, l.id, l.service_code AS code, i.name_zh AS name, i.explanation AS description, i.category,
    i.standard, l.price_fen, i.minutes, i.at_home, l.weekdays, l.from_hour, l.to_hour,
    l.active AND f.status = 'open' AND p.blocked_at IS NULL AS active, f.status, ARRAY[]::text[] AS functions,
    NULL::text AS type_code, p.id AS provider_id, f.id AS facility_id,
    GREATEST(s.at, o.at, w.at, p.created_at) AS modified
  FROM service_line l JOIN service_item i ON i.code = l.service_code JOIN provider p ON p.id = l.provider_id
  JOIN facility f ON f.id = l.facility_id
  LEFT JOIN stamps s ON s.kind = 'service' AND s.object_id = l.id
  LEFT JOIN stamps o ON o.kind = 'facility' AND o.object_id = f.id
  LEFT JOIN stamps w ON w.kind = 'organization' AND w.object_id = p.id
  WHERE f.status <> 'planned'
  UNION ALL
  SELECT 'site', f.id, f.type_code, f.name, '', NULL, '', NULL, NULL, false, ARRAY[]::text[], NULL, NULL,
    f.status = 'open' AND p.blocked_at IS NULL, f.status, f.functions, f.type_code, p.id, f.id,
    GREATEST(o.at, w.at, p.created_at)
  FROM facility f JOIN provider p ON p.id = f.provider_id
  LEFT JOIN stamps o ON o.kind = 'facility' AND o.object_id = f.id
  LEFT JOIN stamps w ON w.kind = 'organization' AND w.object_id = p.id
  WHERE f.status <> 'planned')
SELECT found.*, p.code AS provider_code, p.name AS provider_name, p.kind AS provider_kind, p.phone AS provider_phone,
  p.filing_number, p.grade, f.code AS facility_code, f.name AS facility_name, f.address, f.phone AS facility_phone,
  f.area_code, f.opening_hours, f.closed_on, ST_X(f.geom) AS lon, ST_Y(f.geom) AS lat, d.name AS district, c.name AS city,
  count(*) OVER () AS whole
FROM found JOIN provider p ON p.id = found.provider_id JOIN facility f ON f.id = found.facility_id
LEFT JOIN area d ON d.code = f.area_code / 1000000000 * 1000000000
LEFT JOIN area c ON c.code = f.area_code / 100000000000 * 100000000000
WHERE (CAST(:sort AS text) IS NULL OR (sort = :sort AND found.id = :id))
  AND (CAST(:vocabulary AS text) IS NULL OR CASE :vocabulary WHEN 'function' THEN cardinality(found.functions) > 0
    WHEN 'type' THEN found.type_code IS NOT NULL ELSE found.category IS NOT NULL END)
  AND (CAST(:search AS text) IS NULL OR found.name ILIKE :search OR f.name ILIKE :search)
  AND (CAST(:provider AS bigint) IS NULL OR found.provider_id = :provider)
  AND (CAST(:since AS timestamptz) IS NULL OR found.modified >= :since)
  AND (CAST(:function AS text) IS NULL OR CAST(:function AS text) = ANY (found.functions))
  AND (CAST(:type AS text) IS NULL OR found.type_code = :type)
  AND (CAST(:category AS text) IS NULL OR found.category = :category)
ORDER BY sort, found.id LIMIT :most OFFSET :skip
"""
_ORGANIZATION_STATEMENT, _SERVICE_STATEMENT = text(_ORGANIZATIONS), text(_SERVICES)
FILTERS = ("sort", "id", "search", "provider", "since", "function", "type", "category", "vocabulary")


def organizations(
    session: Session, *, most: int, skip: int = 0, only: int | None = None, search: str | None = None
) -> list[Row[Any]]:
    """Give organisations by id; every row carries how many there are in all (`whole`)."""
    asked = {"id": only, "search": _like(search), "most": most, "skip": skip}
    return list(session.connection().execute(_ORGANIZATION_STATEMENT, asked))


def offered_services(
    session: Session,
    *,
    most: int,
    skip: int = 0,
    only: tuple[str, int] | None = None,
    search: str | None = None,
    provider: int | None = None,
    since: datetime | None = None,
    term: tuple[str, str] | None = None,
    vocabulary: str | None = None,
) -> list[Row[Any]]:
    """Give what is offered where: what a provider brings or does (`line`) and what a site is there for (`site`).

    Services no longer offered are there too, not `active`. `term`: ("function" | "type" | "category", its code); `vocabulary`: any term of it.
    """
    asked: dict[str, Any] = dict.fromkeys(FILTERS) | {
        "search": _like(search), "provider": provider, "since": since, "most": most, "skip": skip,
        "vocabulary": vocabulary,
    }  # fmt: skip
    if only is not None:
        asked |= {"sort": only[0], "id": only[1]}
    if term is not None:
        asked[term[0]] = term[1]
    return list(session.connection().execute(_SERVICE_STATEMENT, asked))


def _like(words: str | None) -> str | None:
    if not words:
        return None
    safe = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{safe}%"
