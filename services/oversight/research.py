"""What research may have: elders who agreed, without a name, in groups of at least five."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

SMALLEST_GROUP = 5
_EXTRACT = text(
    """
    SELECT p.area_code / 1000000 * 1000000 AS street, p.gender,
      width_bucket(date_part('year', age(CAST(:on AS date), p.born_on)), ARRAY[60, 70, 80, 90]) AS band,
      e.living, e.care_level, count(*) AS elders
    FROM elder e JOIN person p ON p.id = e.person_id
    WHERE p.died_on IS NULL AND p.moved_out_on IS NULL AND p.born_on IS NOT NULL AND has_consent(p.id, 'research')
    GROUP BY 1, 2, 3, 4, 5 HAVING count(*) >= :least ORDER BY 1, 2, 3, 4, 5
    """
)
BANDS = ("-59", "60-69", "70-79", "80-89", "90-")


def research_extract(session: Session, on: date) -> list[Row[Any]]:
    """Give (street, gender, band, living, care_level, elders) of those who agreed to research, as the house.

    `band` counts into BANDS. A group of fewer than five is left out, and so is everybody who did not agree.
    """
    return list(session.connection().execute(_EXTRACT, {"on": on, "least": SMALLEST_GROUP}))
