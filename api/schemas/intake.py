"""Lists over HTTP: what was handed in, how it was read, what was found, and the rows that wait."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.visits import In, Out

Kind = Literal[
    "facilities",
    "compounds",
    "elders",
    "areas",
    "beds",
    "buildings",
    "statistics",
    "contracts",
    "project_sites",
    "obligations",
    "facility_checks",
]
System = Literal["wgs84", "gcj02", "bd09", "cgcs2000"]
Word = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]


class HandedInOut(Out):
    """The number of the list just handed in."""

    id: int


class ListOut(Out):
    """A list that was handed in; `counts` fill as it goes on."""

    id: int
    kind: str
    state: str
    city_code: int
    area_code: int
    file_name: str
    sha256: str
    size_bytes: int
    crs: str | None
    trust_crs: bool
    sheet: str | None
    counts: dict[str, int]
    started_at: datetime
    finished_at: datetime | None


class ListReportOut(ListOut):
    """A list with its columns as they are understood and the report of every row that something was found in.

    `report.kinds`: finding -> rows; `report.system`: how well each coordinate system fits the areas that the rows
    name (rows outside them, mean error in metres); `report.told`: line, whether it is kept out, and why.
    """

    mapping: dict[str, Any]
    report: dict[str, Any]


class ColumnsIn(In):
    """Which column says which field, and values for every row."""

    columns: dict[Name, Word] = Field(max_length=60)
    constants: dict[Name, Word] = Field(default_factory=dict, max_length=60)


class TakeIn(In):
    """The word to take a checked list over; `trust_crs` though its system contradicts the outlines."""

    trust_crs: bool = False


class WaitingRowOut(Out):
    """A row that waits to be mended; private cells are masked or left out unless it is opened by who may mend it."""

    id: int
    run_id: int
    kind: str
    line: int
    title: str
    cells: dict[str, str]
    findings: list[dict[str, Any]]
    needs_place: bool
    found: dict[str, Any] | None
    crs: str | None
    trying: bool
    state: str
    area_code: int


class MendIn(In):
    """Other words for some fields of a waiting row; `crs` names the system of a changed point."""

    changes: dict[Name, Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]] = Field(
        min_length=1, max_length=60
    )


class PlaceIn(In):
    """Where a row stands, found on the map: degrees in the named system."""

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    crs: System
