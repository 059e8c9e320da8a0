"""The five cities of the plans in one database, and what tests build in them by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from services.beds.tables import Bed
from services.cities.actions import load_pack
from services.directory.tables import Facility, Provider

SAMPLE = Path(__file__).resolve().parents[3] / "sample_data"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
TODAY = date(2026, 11, 24)
START = date(2024, 1, 1)
CITIES = {
    "dongying": 370500000000000,
    "hulunbuir": 150700000000000,
    "taizhou": 321200000000000,
    "ningguo": 341881000000000,
    "shanghai": 310000000000000,
}
FOUR = ("residential_care", "day_care", "home_visit", "guidance")
EIGHT = ("professional_care", "meals", "medical_care", "health_promotion", "smart_service", "family_support",
         "advice", "culture")  # fmt: skip


def load_tenants(database: Any) -> Any:
    """All five cities and the demonstration district in one database."""
    with database.session("setup") as session:
        for name in (*CITIES, "nanjing_demo"):
            load_pack(session, NOW, SAMPLE / "cities" / f"{name}.toml")
        session.commit()
    return database


def open_site(session: Session, area: int, type_code: str, functions: tuple[str, ...] = ()) -> int:
    known = session.connection().exec_driver_sql("SELECT count(*) FROM facility").scalar_one()
    provider = Provider(
        code=f"p{known}", name="演示", kind="company", area_code=area, phone="0000", created_at=NOW, invented=True
    )
    session.add(provider)
    session.flush()
    site = Facility(
        code=f"f{known}", provider_id=provider.id, name=f"演示{type_code}{known}", type_code=type_code,
        functions=list(functions), area_code=area, address="演示路", geom="SRID=4326;POINT(119.7 49.2)",
        original_lon=119.7, original_lat=49.2, original_crs="wgs84", opened_on=START,
    )  # fmt: skip
    session.add(site)
    session.flush()
    assert site.id is not None
    return site.id


def give_beds(session: Session, home: int, area: int, beds: int, nursing: int) -> None:
    session.add_all(
        Bed(
            facility_id=home, area_code=area, label=str(n), opened_on=START, nursing_from=START if n < nursing else None
        )  # fmt: skip
        for n in range(beds)
    )
    session.flush()
