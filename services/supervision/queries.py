"""Institutions as anybody may read them: filing, grade with its days, credit level."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from services.cities.rules import area_range
from services.directory.errors import UnknownFacility

MOST = 200
STEPS = ("applied", "filed", "changed", "withdrawn")
_ROWS = """
SELECT f.id, f.code, f.name, f.type_code, f.area_code, f.address, f.phone, f.status, f.provider_id,
  p.name AS provider_name, p.credit_level, b.step AS filing_step, b.filing_number, b.authority AS filing_authority,
  b.on_day AS filed_on, g.grade, g.id AS grade_id, g.certificate_number, g.issuer, g.issued_on, g.expires_on,
  beds.beds
FROM facility f JOIN provider p ON p.id = f.provider_id
LEFT JOIN LATERAL (SELECT step, filing_number, authority, on_day FROM institution_filing
                   WHERE facility_id = f.id ORDER BY id DESC LIMIT 1) AS b ON true
LEFT JOIN LATERAL (
  SELECT * FROM institution_grade WHERE facility_id = f.id AND issued_on <= :on AND NOT mistaken
  ORDER BY issued_on DESC, id DESC LIMIT 1
) AS g ON g.expires_on >= :on AND (g.revoked_on IS NULL OR g.revoked_on > :on)
CROSS JOIN LATERAL (
  SELECT count(*) AS beds FROM bed d WHERE d.facility_id = f.id AND d.kind = 'institution' AND d.opened_on <= :on
    AND (d.closed_on IS NULL OR d.closed_on > :on)
) AS beds
WHERE f.id > :after AND (CAST(:site AS bigint) IS NULL OR f.id = :site)
  AND (CAST(:site AS bigint) IS NOT NULL OR f.status = 'open')
  AND (CAST(:site AS bigint) IS NOT NULL OR beds.beds > 0 OR b.step IS NOT NULL OR g.id IS NOT NULL)
  AND (CAST(:lo AS bigint) IS NULL OR f.area_code BETWEEN :lo AND :hi)
  AND (CAST(:least AS int) IS NULL OR g.grade >= :least)
  AND (CAST(:provider AS bigint) IS NULL OR f.provider_id = :provider)
  AND (NOT :filed OR b.step IN ('filed', 'changed'))
ORDER BY f.id LIMIT :most
"""


def institutions(
    session: Session,
    on: date,
    *,
    area_code: int | None = None,
    min_grade: int | None = None,
    filed: bool = False,
    provider_id: int | None = None,
    after_id: int = 0,
    limit: int = MOST,
) -> list[Row[Any]]:
    """Give open institutions (sites with beds, a filing or a grade) by id after `after_id`, at most 200.

    `grade` and its certificate are those in force on the day, `filing_step` is the last one (None: never filed).
    """
    lo, hi = (None, None) if area_code is None else area_range(area_code)
    asked = {
        "on": on, "after": after_id, "site": None, "lo": lo, "hi": hi, "least": min_grade, "provider": provider_id,
        "filed": filed, "most": max(1, min(limit, MOST)),
    }  # fmt: skip
    return list(session.connection().execute(text(_ROWS), asked))


def institution(session: Session, facility_id: int, on: date) -> Row[Any]:
    """Give one site as `institutions` does, open or not. Raises UnknownFacility."""
    asked = {
        "on": on, "after": 0, "site": facility_id, "lo": None, "hi": None, "least": None, "provider": None,
        "filed": False, "most": 1,
    }  # fmt: skip
    found = session.connection().execute(text(_ROWS), asked).first()
    if found is None:
        raise UnknownFacility(facility_id=facility_id)
    return found
