"""The language of the person who reads the answer: names and definitions come in it where a city gave them.

What is written down (messages, acts, stored titles) is always Chinese; only answers follow the reader.
A job of the house has no reader and speaks Chinese.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

SOURCE_LANGUAGE = "zh-CN"
ENGLISH = "en"

current_language: ContextVar[str] = ContextVar("current_language", default=SOURCE_LANGUAGE)


def reads_english() -> bool:
    """Tell whether the person at the other end asked for English."""
    return current_language.get() == ENGLISH


def for_reader(chinese: str, english: str | None) -> str:
    """Give a name in the reader's language; without an English one the Chinese stands."""
    return english if english and reads_english() else chinese


def name_for_reader(table: Any) -> Any:
    """Give the column of a table's `name_zh` and `name_en` that the reader reads, for a select."""
    return table.c.name_en if reads_english() else table.c.name_zh


def listed(words: list[str]) -> str:
    """Write several names one after the other, as the reader's language does."""
    return (", " if reads_english() else "、").join(words)
