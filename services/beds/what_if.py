"""What would be: so many beds certified or opened in some homes, and the ratio that would give. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from services.beds.errors import BadBedFacts, HomeNotFound
from services.beds.ratio import HomeRatio, Ratio, beds_short, nursing_ratio, proportion
from services.cities.rules import area_range


@dataclass(frozen=True)
class Change:
    """What one imagines of a home: `certify` of its beds that are not nursing beds yet, `open_beds` new nursing beds."""

    facility_id: int
    certify: int = 0
    open_beds: int = 0


@dataclass(frozen=True)
class HomeAfter:
    """A home before and after; `could_certify`: its beds in the denominator that are not nursing beds."""

    facility_id: int
    name: str
    before: HomeRatio
    nursing: int
    total: int
    could_certify: int


@dataclass(frozen=True)
class WhatIf:
    """The ratio as it is and as it would be, as proportions; `short_after` beds would still be missing for the target."""

    now: Ratio
    nursing: int
    total: int
    ratio: float | None
    short_after: int
    meets_target: bool | None
    homes: list[HomeAfter]


def what_if(
    session: Session, city_code: int, on: date, changes: Sequence[Change], *, ratio_code: str | None = None
) -> WhatIf:
    """Give the city's ratio as it would be, by the city's own definition. Writes nothing.

    Raises HomeNotFound (no bed of it counts), BadBedFacts (more to certify than there are), UnknownRatio, UnknownCity.
    """
    lo, hi = area_range(city_code)
    found = nursing_ratio(session, city_code, on, lo=lo, hi=hi, ratio_code=ratio_code)
    by_home = {row.facility_id: row for row in found.rows}
    homes: list[HomeAfter] = []
    nursing, total = found.nursing, found.total
    for change in changes:
        before = by_home.get(change.facility_id)
        if before is None:
            raise HomeNotFound(facility_id=change.facility_id)
        left = before.total - before.nursing
        if not 0 <= change.certify <= left:
            raise BadBedFacts(
                f"这家机构还有{left}张床位可以认定。",
                field="certify",
                facility_id=change.facility_id,
                could_certify=left,
            )
        if not 0 <= change.open_beds <= 5000:
            raise BadBedFacts(field="open_beds")
        after = HomeAfter(
            before.facility_id, before.name, before, before.nursing + change.certify + change.open_beds,
            before.total + change.open_beds, left,
        )  # fmt: skip
        nursing += after.nursing - before.nursing
        total += after.total - before.total
        homes.append(after)
    share = proportion(nursing, total)
    return WhatIf(
        now=found, nursing=nursing, total=total, ratio=share, short_after=beds_short(nursing, total, found.target),
        meets_target=None if found.target is None or share is None else share >= found.target - 1e-9, homes=homes,
    )  # fmt: skip
