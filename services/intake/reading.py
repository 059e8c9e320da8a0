"""Any file of a city's office as rows: text tables, workbooks, JSON and GeoJSON, whatever they are called inside."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from charset_normalizer import from_bytes

from services.intake.errors import ListTooLarge, UnreadableList
from services.intake.rules import LARGEST_BYTES, LONGEST_CELL, MOST_COLUMNS, MOST_ROWS

DELIMITERS = (",", "\t", ";", "|")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True)
class RawRow:
    """One row as the file has it: its line (the header is line 1), its cells by column, its GeoJSON geometry."""

    line: int
    cells: dict[str, str]
    geometry: dict[str, Any] | None = None


@dataclass(frozen=True)
class RawTable:
    """A whole list: how it was read (for the person to confirm), its columns and its rows."""

    form: str
    encoding: str | None
    columns: list[str]
    rows: list[RawRow]
    sheet: str | None = None
    sheets: list[str] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    """Lines whose number of cells is not the header's, with the reason in Chinese."""


def read_table(content: bytes, file_name: str, *, sheet: str | None = None) -> RawTable:
    """Read a list from its bytes; what it is decides its beginning, its name only where that does not tell.

    CSV in any encoding (BOM, UTF-8, UTF-16, GB18030 with GBK and GB2312 inside it, else the likeliest) with
    comma, tab, semicolon or bar; XLSX (`sheet` chooses one); JSON (a list of objects, or an object with one
    list); GeoJSON and ESRI JSON features. Raises UnreadableList or ListTooLarge with Chinese reasons.
    """
    if len(content) > LARGEST_BYTES:
        raise ListTooLarge(f"文件超过{LARGEST_BYTES // 2**20} MB。", limit=LARGEST_BYTES, found=len(content))
    if not content.strip():
        raise UnreadableList("文件是空的。", file_name=file_name)
    if content.startswith(b"PK\x03\x04"):
        from services.intake.workbooks import read_workbook

        return read_workbook(content, file_name, sheet)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableList("这是旧式的 .xls 文件，请另存为 .xlsx 或 CSV。", file_name=file_name)
    text, encoding = decode(content, file_name)
    if text.lstrip()[:1] in ("[", "{"):
        from services.intake.json_lists import read_json

        return read_json(text, file_name, encoding)
    return read_text_table(text, file_name, encoding)


def decode(content: bytes, file_name: str) -> tuple[str, str]:
    """Give a file's text and the name of its encoding. Raises UnreadableList for what is no text."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _decoded(content, name, file_name), name
    for name in ("utf-8", *_wide(content), "gb18030"):
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and (name != "gb18030" or _looks_chinese(text)):
            return text, name
    best = from_bytes(content[: 2**20]).best()
    if best is None:
        raise UnreadableList("认不出文件的文字编码，请另存为 UTF-8。", file_name=file_name)
    return _decoded(content, best.encoding, file_name), best.encoding


def _wide(content: bytes) -> list[str]:
    """UTF-16 without its mark: every second byte of the many ASCII letters of a list is nought."""
    head = content[:4000]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 8 < len(head):
        return []
    return ["utf-16-le"] if odd > even else ["utf-16-be"]


def _looks_chinese(text: str) -> bool:
    """Tell GB18030 from another eastern or western encoding: most of its letters are everyday Han."""
    letters = [letter for letter in text[:200_000] if ord(letter) > 127]
    common = sum("\u4e00" <= letter <= "\u9fff" or letter in "，。（）：；、“”·—－《》！？　" for letter in letters)
    return not letters or common * 10 >= len(letters) * 8


def _decoded(content: bytes, encoding: str, file_name: str) -> str:
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableList("文件的文字编码有损坏，请另存为 UTF-8。", file_name=file_name) from error
    if "\x00" in text:
        raise UnreadableList("文件不是文本表格。", file_name=file_name)
    return text


def read_text_table(text: str, file_name: str, encoding: str) -> RawTable:
    """Read a text table whose first line is its header; blank lines are passed over."""
    delimiter = _delimiter(text)
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(lines, [])
        return table_of_lines(
            header, ((lines.line_num, cells) for cells in lines), form="csv", encoding=encoding, file_name=file_name
        )
    except csv.Error as error:
        raise UnreadableList(
            f"第{lines.line_num}行不是有效的表格：{error}", file_name=file_name, line=lines.line_num
        ) from error


def _delimiter(text: str) -> str:
    """The sign that cuts the header into the most cells; quoted cells keep theirs."""
    first = text.removeprefix("\ufeff").lstrip("\r\n").split("\n", 1)[0]
    counts = {sign: len(next(csv.reader([first], delimiter=sign), [])) for sign in DELIMITERS}
    return max(DELIMITERS, key=lambda sign: counts[sign])


def table_of_lines(
    header: list[str],
    lines: Iterable[tuple[int, list[str]]],
    *,
    form: str,
    encoding: str | None,
    file_name: str,
    sheet: str | None = None,
    sheets: list[str] | None = None,
) -> RawTable:
    """Give a table from its header and its numbered lines of cells, within the limits."""
    columns = checked_columns(header, file_name)
    rows: list[RawRow] = []
    broken: list[tuple[int, str]] = []
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        refuse_more_rows(len(rows) + len(broken) + 1)
        extra = [cell for cell in cells[len(columns) :] if cell.strip()]
        if len(cells) < len(columns) and form == "csv" or extra:
            broken.append((number, f"这一行有{len(cells)}列，表头有{len(columns)}列"))
            continue
        rows.append(RawRow(number, dict(zip(columns, map(bounded, cells), strict=False))))
    if not rows and not broken:
        raise UnreadableList("文件里只有表头，没有数据。", file_name=file_name)
    return RawTable(form, encoding, columns, rows, sheet, sheets or [], broken)


def checked_columns(header: list[str], file_name: str) -> list[str]:
    """Give the header's names; unnamed columns get a number, doubled names are refused."""
    while header and not header[-1].strip():
        header = header[:-1]
    names = [cell.strip() or f"第{place}列" for place, cell in enumerate(header, 1)]
    if not names:
        raise UnreadableList("第一行须是列名。", file_name=file_name)
    if len(names) > MOST_COLUMNS:
        raise ListTooLarge(f"列数超过{MOST_COLUMNS}。", limit=MOST_COLUMNS, found=len(names))
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise UnreadableList(f"列名重复：{'、'.join(doubled)[:200]}", file_name=file_name)
    if any(len(name) > 200 for name in names):
        raise UnreadableList("第一行太长，不像是列名。", file_name=file_name)
    return names


def refuse_more_rows(count: int) -> None:
    """Raise ListTooLarge beyond the most rows one import takes."""
    if count > MOST_ROWS:
        raise ListTooLarge(f"一次最多导入{MOST_ROWS}行，请分成几份。", limit=MOST_ROWS)


def bounded(cell: str) -> str:
    """Give a cell no longer than one may be; what is cut could not be a name or an address anyway."""
    text = "".join(letter if letter >= " " else " " for letter in cell[: LONGEST_CELL + 1])
    if len(text) > LONGEST_CELL:
        raise ListTooLarge(f"有一格超过{LONGEST_CELL}个字。", limit=LONGEST_CELL, found=len(cell))
    return text.strip()


def first_rows(table: RawTable, count: int) -> Iterator[dict[str, str]]:
    """Give the first rows' cells, to be shown for confirmation."""
    for row in table.rows[:count]:
        yield row.cells
