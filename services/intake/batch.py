"""A list on its way into the register: its rows, the ground they stand on, and what a room's importer does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlmodel import Session

from services.intake.addresses import AddressBook, Match
from services.intake.fields import BadCell, FieldSpec, read_cell
from services.intake.findings import NEEDS_PLACE, Finding
from services.intake.mapping import Mapping, fields_of_row
from services.intake.outlines import Outlines
from services.intake.reading import RawRow
from services.unit_of_work import Actor


@dataclass(frozen=True)
class Secrets:
    """How private cells are sealed and found again; the people room's functions, handed down."""

    seal: Callable[[str, str], str]
    unseal: Callable[[str, str], str]
    fingerprint: Callable[[str, str], bytes]


@dataclass(frozen=True)
class Ground:
    """Where a list belongs: its city, the office's range of codes, the outlines and the known places."""

    city_code: int
    lo: int
    hi: int
    outlines: Outlines
    book: AddressBook
    secrets: Secrets
    invented: bool = False
    source: str = ""


@dataclass
class Row:
    """One row: its text by field, what that says, where it stands, and what is wrong with it.

    `original` (lon, lat) in `crs`; `point` (lon, lat) in WGS-84; `area_code` the smallest area it stands in;
    `named_code` the smallest it names; `how` the point was had: given, kept, address.
    """

    line: int
    cells: dict[str, str]
    crs: str
    geometry: dict[str, Any] | None = None
    values: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    original: tuple[float, float] | None = None
    point: tuple[float, float] | None = None
    area_code: int | None = None
    named_code: int | None = None
    how: str = ""
    match: Match | None = None
    key: str = ""

    def find(self, kind: str, message: str, column: str = "", **facts: Any) -> None:
        """Note one thing found."""
        self.findings.append(Finding(kind, message, column, facts))

    def has(self, *kinds: str) -> bool:
        """Tell whether one of these kinds was found."""
        return any(one.kind in kinds for one in self.findings)

    @property
    def refused(self) -> bool:
        """Tell whether something keeps the row out; a lacking point does not once another was found."""
        placed = self.point is not None
        return any(one.refuses and not (placed and one.kind in NEEDS_PLACE) for one in self.findings)

    @property
    def needs_place(self) -> bool:
        """Tell whether a point on the map is all it lacks."""
        kinds = {one.kind for one in self.findings if one.refuses}
        return self.refused and bool(kinds) and kinds <= NEEDS_PLACE | {"no_area"}


@dataclass(frozen=True)
class Written:
    """What a write did to the register; `touched` are the ids of what was added or changed, where its room tells.

    Of elders, those who are new or live elsewhere now.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    touched: tuple[int, ...] = ()

    def and_then(self, more: Written) -> Written:
        """Give both together."""
        return Written(
            self.created + more.created, self.updated + more.updated, self.unchanged + more.unchanged,
            self.touched + more.touched,
        )  # fmt: skip


class Importer(Protocol):
    """What each room does with lists of its own kind."""

    @property
    def kind(self) -> str:
        """The kind's name, as in IMPORTERS."""
        ...

    @property
    def fields(self) -> tuple[FieldSpec, ...]:
        """What its lists may say."""
        ...

    @property
    def on_the_map(self) -> bool:
        """Whether every row stands at a point."""
        ...

    def key(self, row: Row) -> str:
        """Give the row's natural key as text: its code, else its name, kind and address."""
        ...

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find what only this room knows: kinds, organisations, and rows that already stand in the register."""
        ...

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write the rows that nothing keeps out; the caller's transaction holds all of them or none."""
        ...


def read_rows(raw: Iterable[RawRow], mapping: Mapping, fields: Sequence[FieldSpec], crs: str) -> list[Row]:
    """Give a list's rows with every cell read; what cannot be read is found, not raised."""
    return [read_row(one.line, fields_of_row(mapping, one.cells), fields, crs, one.geometry) for one in raw]


def read_row(
    line: int, cells: dict[str, str], fields: Sequence[FieldSpec], crs: str, geometry: dict[str, Any] | None = None
) -> Row:
    """Give one row from its text by field."""
    row = Row(line, cells, crs, geometry)
    for spec in fields:
        try:
            row.values[spec.name] = read_cell(spec, cells.get(spec.name, ""))
        except BadCell as bad:
            row.values[spec.name] = None
            message = f"{spec.name_zh}填写有误" if spec.private else str(bad)
            row.find("bad_coordinates" if spec.reading == "degrees" else "bad_cell", message, spec.name)
        if spec.needed and row.values[spec.name] in (None, []) and not row.has("bad_cell"):
            row.find("missing_field", f"{spec.name_zh}没有填", spec.name)
    return row
