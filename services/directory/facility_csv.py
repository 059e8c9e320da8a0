"""Reading a city's list of facilities: every row understood, or told by line and field why not."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

REQUIRED = ("code", "name", "type_code", "provider_code", "address", "lon", "lat")
OPTIONAL = (
    "functions", "crs", "day_places", "floor_area_m2", "opened_on", "closed_on", "opening_hours", "phone", "status",
)  # fmt: skip
BEDS = ("beds", "nursing_beds", "dementia_beds")
"""Columns a city's list may carry for the bed register; they are read there, not here."""
MOST_ROWS = 50_000
LONGEST = 300
STATUSES = ("planned", "open", "closed")


@dataclass(frozen=True)
class Refusal:
    """One mistake: the line in the file (the header is line 1), the column, and a sentence in Chinese."""

    line: int
    field: str
    message: str


@dataclass
class FacilityRow:
    """One facility as read; `lon`, `lat` in the system the file was given in."""

    line: int
    code: str
    name: str
    type_code: str
    provider_code: str
    address: str
    lon: float
    lat: float
    functions: list[str] = field(default_factory=list)
    day_places: int = 0
    floor_area_m2: int = 0
    opened_on: date | None = None
    closed_on: date | None = None
    opening_hours: str | None = None
    phone: str | None = None
    status: Literal["planned", "open", "closed"] = "open"


class _Reader:
    """Reads one line, collecting every mistake in it."""

    def __init__(self, line: int, cells: dict[str, str], crs: str) -> None:
        self.line, self.cells, self.crs = line, cells, crs
        self.refused: list[Refusal] = []

    def refuse(self, column: str, message: str) -> None:
        """Note one mistake."""
        self.refused.append(Refusal(self.line, column, message))

    def words(self, column: str, *, needed: bool = True) -> str:
        """Give a cell without its outer blanks."""
        text = self.cells.get(column, "").strip()
        if needed and not text:
            self.refuse(column, f"{column} 不能为空")
        if len(text) > LONGEST or any(ord(ch) < 32 for ch in text):
            self.refuse(column, f"{column} 太长或含有控制字符")
        return text

    def degrees(self, column: str, name: str, limit: float) -> float:
        """Give a coordinate in degrees; not a number when it was refused."""
        text = self.words(column)
        try:
            value = float(text)
        except ValueError:
            if text:
                self.refuse(column, f"{name}不是数字：{text[:40]}")
            return float("nan")
        if not -limit <= value <= limit:
            self.refuse(column, f"{name}超出范围：{text[:40]}")
        return value

    def count(self, column: str) -> int:
        """Give a whole number of 0 or more; an empty cell is 0."""
        text = self.words(column, needed=False)
        if not text:
            return 0
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            self.refuse(column, f"{column} 须为不小于0的整数：{text[:40]}")
            return 0
        return int(text)

    def day(self, column: str) -> date | None:
        """Give a civil date; an empty cell is None."""
        text = self.words(column, needed=False)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.refuse(column, f"{column} 须写成 2026-01-31：{text[:40]}")
            return None

    def row(self) -> FacilityRow:
        """Give the whole line; only to be used when nothing was refused."""
        lon, lat = self._place()
        status = self.words("status", needed=False) or "open"
        if status not in STATUSES:
            self.refuse("status", f"status 须为 {'、'.join(STATUSES)}：{status[:40]}")
        opened_on, closed_on = self.day("opened_on"), self.day("closed_on")
        if opened_on and closed_on and closed_on < opened_on:
            self.refuse("closed_on", "closed_on 早于 opened_on")
        return FacilityRow(
            line=self.line,
            code=self.words("code"),
            name=self.words("name"),
            type_code=self.words("type_code"),
            provider_code=self.words("provider_code"),
            address=self.words("address"),
            lon=lon,
            lat=lat,
            functions=[part.strip() for part in self.words("functions", needed=False).split(";") if part.strip()],
            day_places=self.count("day_places"),
            floor_area_m2=self.count("floor_area_m2"),
            opened_on=opened_on,
            closed_on=closed_on,
            opening_hours=self.words("opening_hours", needed=False) or None,
            phone=self.words("phone", needed=False) or None,
            status=status,  # type: ignore[arg-type]
        )

    def _place(self) -> tuple[float, float]:
        """Read the point; a latitude beyond 90 with a longitude within it is two columns exchanged."""
        told = self.words("crs", needed=False).lower()
        if told and told != self.crs:
            self.refuse("crs", f"这一行写的坐标系是 {told[:20]}，导入时指定的是 {self.crs}")
        lon, lat = self.degrees("lon", "经度", 180), self.degrees("lat", "纬度", 180)
        if abs(lat) > 90:
            swapped = "经度和纬度像是填反了：" if abs(lon) <= 90 else "纬度超出范围："
            self.refuse("lat", f"{swapped}lon={lon:g}，lat={lat:g}（经度在前，纬度在后）")
        return lon, lat


def read_facilities(text: str, crs: str) -> tuple[list[FacilityRow], list[Refusal]]:
    """Read the whole file; gives the rows that were understood and every mistake. Nothing is looked up."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = [cell.strip() for cell in next(lines, [])]
        wrong = _wrong_header(header)
        if wrong:
            return [], wrong
        rows: list[FacilityRow] = []
        refused: list[Refusal] = []
        for cells in lines:
            if len(rows) + len(refused) >= MOST_ROWS:
                return [], [Refusal(lines.line_num, "", f"一次最多导入{MOST_ROWS}行")]
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                message = f"这一行有{len(cells)}列，表头有{len(header)}列"
                refused.append(Refusal(lines.line_num, "", message))
                continue
            reader = _Reader(lines.line_num, dict(zip(header, cells, strict=True)), crs)
            rows.append(reader.row())
            refused += reader.refused
    except csv.Error as error:
        return [], [Refusal(lines.line_num, "", f"不是有效的CSV：{error}")]
    return rows, refused + _twice(rows)


def _wrong_header(header: list[str]) -> list[Refusal]:
    known = {*REQUIRED, *OPTIONAL, *BEDS}
    refused = [Refusal(1, name, f"缺少列 {name}") for name in REQUIRED if name not in header]
    refused += [Refusal(1, name[:40], f"不认识的列 {name[:40]}") for name in header if name not in known]
    refused += [Refusal(1, name, f"列 {name} 出现了两次") for name in known if header.count(name) > 1]
    return refused


def _twice(rows: list[FacilityRow]) -> list[Refusal]:
    first: dict[str, int] = {}
    refused = []
    for row in rows:
        if row.code and row.code in first:
            refused.append(Refusal(row.line, "code", f"编码 {row.code} 与第{first[row.code]}行重复"))
        first.setdefault(row.code, row.line)
    return refused
