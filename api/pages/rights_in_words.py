"""What government pays for, called by its name in the reader's language: rights and reasons are stored in Chinese."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from services.cities.queries import names_of_rights
from services.language import reads_english


def rights_in_words(session: Session, sentences: Iterable[str]) -> list[str]:
    """Give sentences with the rights they name in English for a reader of English; else as they are."""
    told = list(sentences)
    if not told or not reads_english():
        return told
    names = sorted(names_of_rights(session).items(), key=lambda name: -len(name[0]))
    return [_with_names(sentence, names) for sentence in told]


def _with_names(sentence: str, names: list[tuple[str, str]]) -> str:
    for chinese, english in names:
        if sentence == chinese or sentence.startswith(f"{chinese}："):
            return english + sentence.removeprefix(chinese)
    return sentence
