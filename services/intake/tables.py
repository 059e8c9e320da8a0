"""Every list that was taken in, and the rows that wait to be mended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from services.columns import area_code, document, link, moment, number, own_id, words

KINDS = (
    "facilities", "compounds", "elders", "areas", "beds", "buildings", "statistics", "contracts", "project_sites",
    "obligations", "staff", "trainings", "facility_checks", "homes", "stays",
)  # fmt: skip
RUN_STATES = ("uploaded", "checking", "checked", "confirmed", "done", "failed")
ROW_STATES = ("waiting", "mended", "dropped", "replaced")


def _one_of(column: str, names: tuple[str, ...]) -> str:
    return f"{column} IN ('" + "', '".join(names) + "')"


class ImportRun(SQLModel, table=True):
    """One list that somebody handed in: which file, read how, and what became of it.

    `file_sealed` holds the file between its upload and its taking over, then nothing. `area_code` is the area
    whose office may see the run; rows outside `lo`..`hi` are set aside.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="import_run_kind_check"),
        CheckConstraint(_one_of("state", RUN_STATES), name="import_run_state_check"),
        CheckConstraint(
            "crs IS NULL OR crs IN ('wgs84', 'gcj02', 'bd09', 'cgcs2000')", name="import_run_crs_is_known_check"
        ),
        CheckConstraint(
            "state NOT IN ('done', 'failed') OR file_sealed IS NULL", name="import_run_keeps_no_file_at_its_end_check"
        ),
        Index("import_run_newest_idx", "city_code", text("id DESC")),
    )
    id: int | None = own_id()
    kind: str = words()
    state: str = words()
    city_code: int = number()
    area_code: int = area_code()
    file_name: str = words()
    sha256: str = words()
    size_bytes: int = number()
    crs: str | None = words(optional=True)
    trust_crs: bool = Field(default=False, nullable=False)
    invented: bool = Field(default=False, nullable=False)
    dry: bool = Field(default=False, nullable=False)
    sheet: str | None = words(optional=True)
    mapping: dict[str, Any] = document()
    counts: dict[str, Any] = document()
    report: dict[str, Any] = document()
    file_sealed: str | None = words(optional=True)
    started_by: int | None = number(optional=True)
    started_at: datetime = moment()
    finished_at: datetime | None = moment(optional=True)


class ImportRow(SQLModel, table=True):
    """A row that was not taken over: what it said (sealed), why not, and what became of it.

    `row_key` is a keyed hash of the row's natural key, so that the same row of a newer list replaces it.
    `needs_place`: all it lacks is a point on the map. `found` is the best offline match with its confidence.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="import_row_kind_check"),
        CheckConstraint(_one_of("state", ROW_STATES), name="import_row_state_check"),
        CheckConstraint("(state = 'waiting') = (closed_at IS NULL)", name="import_row_waits_until_it_is_closed_check"),
        Index("import_row_waiting_idx", "kind", "area_code", postgresql_where=text("state = 'waiting'")),
        Index("import_row_key_idx", "row_key", postgresql_where=text("state = 'waiting'")),
    )
    id: int | None = own_id()
    run_id: int = link("import_run.id", index=True)
    kind: str = words()
    city_code: int = number()
    area_code: int = area_code()
    line: int = number()
    row_key: str = words()
    raw_sealed: str = words()
    crs: str | None = words(optional=True)
    findings: list[dict[str, Any]] = document()
    needs_place: bool = Field(default=False, nullable=False)
    found: dict[str, Any] | None = document(optional=True)
    trying: bool = Field(default=False, nullable=False)
    state: str = words(default="waiting")
    closed_by: int | None = number(optional=True)
    closed_at: datetime | None = moment(optional=True)
