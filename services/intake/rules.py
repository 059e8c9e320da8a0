"""Limits of a list, and the words people use for one and the same: pure."""

from __future__ import annotations

import unicodedata

MIB = 1024 * 1024
LARGEST_BYTES = 20 * MIB
MOST_ROWS = 60_000
MOST_COLUMNS = 200
LONGEST_CELL = 2_000
LARGEST_UNPACKED_BYTES = 150 * MIB
MOST_TIMES_PACKED = 200
"""A workbook that unpacks to more than this many times its size is a bomb, not a list."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def plain(text: str) -> str:
    """Give a cell as people mean it: full-width letters and digits made narrow, outer blanks gone."""
    return unicodedata.normalize("NFKC", text).strip()


def loose(text: str) -> str:
    """Give a header's letters and digits only, small, so that `Facility Name` and `facility_name` are one."""
    return "".join(letter for letter in plain(text).casefold() if letter.isalnum())


def natural_name(text: str) -> str:
    """Give a name as a key: no blanks, no punctuation, one kind of brackets' content kept, small letters."""
    return loose(text)


def safe_cell(value: object) -> str:
    """Give a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
