"""A home with beds in 赵's street, and elders who were assessed long enough ago to move in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from services.beds.tables import Bed
from services.directory.tables import Facility

STREET = 320102003902000
START = date(2025, 1, 1)


@pytest.fixture
def home(cast: Any) -> Callable[..., tuple[int, list[int]]]:
    """Build a home with beds in 赵's street; give its id and the beds' ids."""
    built = []

    def build(
        beds: int = 4, nursing: int = 2, type_code: str = "care_home", area: int = STREET, **bed: Any
    ) -> tuple[int, list[int]]:
        built.append(type_code)
        with cast.work("house") as work:
            facility = Facility(
                code=f"H{len(built)}", provider_id=cast.providers["kangle"], name=f"演示院{len(built)}",
                type_code=type_code, functions=["residential_care"], area_code=area, address="演示路",
                geom="SRID=4326;POINT(118.785 32.05)", original_lon=118.785, original_lat=32.05,
                original_crs="wgs84", opened_on=START,
            )  # fmt: skip
            work.session.add(facility)
            work.session.flush()
            rows = [
                Bed(
                    **{
                        "facility_id": facility.id, "area_code": area, "label": f"{n + 1:02d}", "opened_on": START,
                        "nursing_from": START if n < nursing else None, **bed,
                    }
                )
                for n in range(beds)
            ]  # fmt: skip
            work.session.add_all(rows)
            work.session.flush()
            assert facility.id is not None
            return facility.id, [int(row.id or 0) for row in rows]

    return build


@pytest.fixture
def assessed(cast: Any) -> None:
    """Give 王奶奶 and 孙大爷 an assessment that holds from 2025 on."""
    with cast.work("house") as work:
        for elder in ("wang", "sun"):
            work.session.connection().execute(
                text(
                    "INSERT INTO assessment (elder_id, area_code, scheme, level, reason, state, assessed_on, valid_until,"
                    " recorded_at) SELECT id, area_code, 'gbt42195-2022', 2, 'initial', 'signed', '2025-01-01', '2030-12-31',"
                    " :now FROM person WHERE id = :e"
                ),
                {"e": cast[elder], "now": work.now},
            )
