"""The language a person reads: Chinese is the source, other languages come from locale/*.po.

Catalogues are compiled in memory at start, so no binary file is kept beside its text.
"""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from services.language import SOURCE_LANGUAGE, current_language

__all__ = [
    "LANGUAGES", "SOURCE_LANGUAGE", "choose_language", "current_language", "language_of_a_machine", "load_catalogue",
    "translate", "translate_counted",
]  # fmt: skip

LOCALE_FOLDER = Path(__file__).resolve().parents[2] / "locale"
LANGUAGES: Mapping[str, str] = {"zh-CN": "中文", "en": "English"}


@cache
def load_catalogue(language: str) -> NullTranslations:
    """Give the words of one language, read from its .po file; Chinese needs none.

    An unknown language is read as Chinese, so a stale cookie never breaks a page.
    """
    path = LOCALE_FOLDER / language.replace("-", "_") / "LC_MESSAGES" / "messages.po"
    if language == SOURCE_LANGUAGE or not path.exists():
        return NullTranslations()
    with path.open("rb") as text:
        catalogue = read_po(text, locale=language.replace("-", "_"))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def translate(message: str) -> str:
    """Say one source sentence in the language of the page being rendered."""
    return str(load_catalogue(current_language.get()).ugettext(message)) if message else ""


def translate_counted(singular: str, plural: str, count: int) -> str:
    """Say a sentence about a count; Chinese has one form, English two."""
    return str(load_catalogue(current_language.get()).ungettext(singular, plural, count))


def choose_language(cookie: str | None) -> str:
    """Choose the person's language: what she chose before, else Chinese.

    The browser's own setting is not used: phones sold abroad and given to a
    parent ask for English, and an elder would not know how to change it back.
    """
    return cookie if cookie is not None and cookie in LANGUAGES else SOURCE_LANGUAGE


def language_of_a_machine(accepted: str | None) -> str:
    """Choose the language of an answer to a program from what it accepts: `en` or `en-GB` first means English."""
    first = (accepted or "").split(",")[0].split(";")[0].strip().lower()
    return "en" if first.split("-")[0] == "en" else SOURCE_LANGUAGE
