"""XLSX workbooks, read row by row; one that unpacks beyond all measure is refused before it is opened."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook

from services.intake.errors import ListTooLarge, UnreadableList
from services.intake.reading import RawTable, table_of_lines
from services.intake.rules import LARGEST_UNPACKED_BYTES, MIB, MOST_COLUMNS, MOST_ROWS, MOST_TIMES_PACKED


def read_workbook(content: bytes, file_name: str, sheet: str | None) -> RawTable:
    """Read one sheet of a workbook: the one named, else the first that has rows. Dates become 2026-01-31.

    Raises UnreadableList (no workbook, no such sheet) and ListTooLarge (a zip bomb, too many rows).
    """
    refuse_bomb(content, file_name)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its parts raise: KeyError, ValueError, XML errors
        raise UnreadableList("工作簿打不开，可能已损坏或加了密码。", file_name=file_name) from error
    try:
        names = list(book.sheetnames)
        if sheet is not None and sheet not in names:
            raise UnreadableList(f"没有工作表“{sheet[:60]}”；有：{'、'.join(names)[:200]}", file_name=file_name)
        chosen = sheet or _first_with_rows(book, names)
        lines = _lines(book[chosen])
        header = next(lines, (1, []))[1]
        return table_of_lines(
            header, lines, form="xlsx", encoding=None, file_name=file_name, sheet=chosen, sheets=names
        )
    except (UnreadableList, ListTooLarge):
        raise
    except Exception as error:
        raise UnreadableList("工作簿里有读不懂的内容，请另存为 CSV。", file_name=file_name) from error
    finally:
        book.close()


def refuse_bomb(content: bytes, file_name: str) -> None:
    """Refuse an archive whose parts unpack to far more than a list can be; nothing is unpacked to find out."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadableList("工作簿已损坏。", file_name=file_name) from error
    if "[Content_Types].xml" not in {part.filename for part in parts}:
        raise UnreadableList("这个压缩包不是 XLSX 工作簿。", file_name=file_name)
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    if len(parts) > 5000 or unpacked > LARGEST_UNPACKED_BYTES:
        raise ListTooLarge("工作簿解压后太大。", limit=LARGEST_UNPACKED_BYTES, found=unpacked)
    if unpacked > 20 * MIB and unpacked > packed * MOST_TIMES_PACKED:
        raise ListTooLarge("工作簿的压缩率不正常，拒绝打开。", limit=MOST_TIMES_PACKED, found=unpacked // packed)


def _first_with_rows(book: Any, names: list[str]) -> str:
    for name in names:
        if hasattr(book[name], "iter_rows") and next(_lines(book[name]), None) is not None:
            return str(name)
    return names[0]


def _lines(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Give (line, cells) of the rows that hold anything; rows and columns beyond the limits are never built."""
    blank = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), 1):
        texts = [_text(cell) for cell in cells]
        if any(texts):
            blank = 0
            yield number, texts
            continue
        blank += 1
        if blank > MOST_ROWS:  # a formatted column down to the last of a million rows is no data
            return


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell).strip()
