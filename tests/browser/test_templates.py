"""Templates hold no untranslated word and no inline code; the English catalogue is complete."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from api.pages.kit import environment

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "web/templates"
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))
HAN = re.compile(r"[\u3400-\u9fff]")


def words_outside_trans(source: str) -> list[str]:
    """Chinese that a reader of English would meet: in text outside trans, or in a string not given to _()."""
    found: list[str] = []
    inside, last, before = False, "", ("", "")
    for _, kind, value in environment.lex(source):
        if kind == "name" and value == "trans":
            inside = True
        elif kind == "name" and value == "endtrans":
            inside = False
        elif kind == "data" and not inside and HAN.search(value):
            found.append(value.strip())
        elif kind == "string" and HAN.search(value) and before != ("_", "("):
            found.append(value)
        if kind not in ("whitespace", "comment"):
            before, last = (last, value), value
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_chinese_text_stands_outside_translation(name: str) -> None:
    assert not words_outside_trans((FOLDER / name).read_text(encoding="utf-8"))


def test_the_check_for_untranslated_text_can_fail() -> None:
    assert words_outside_trans("<p>首页</p>") == ["<p>首页</p>"]
    assert words_outside_trans('{{ icon("首页") }}') == ['"首页"']
    assert not words_outside_trans('{% trans %}首页{% endtrans %}{{ _("首页") }}{# 首页 #}')


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_no_inline_code_and_nothing_that_needs_eval(name: str) -> None:
    source = (FOLDER / name).read_text(encoding="utf-8")
    for banned in (r"\sstyle=", r"\son\w+=", r"hx-on", r"js:", r"<style", r"<script(?![^>]*\ssrc=)", r"hx-confirm", r"user-scalable"):  # fmt: skip
        assert not re.search(banned, source), banned


def test_the_english_catalogue_has_every_sentence() -> None:
    with (ROOT / "babel.cfg").open() as text:
        methods, options = parse_mapping_cfg(text)
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "translate": None}
    said = {
        message if isinstance(message, str) else message[0]
        for _, _, message, _, _ in extract_from_dir(
            ROOT, methods, options, keywords, directory_filter=lambda path: Path(path).name in WALKED
        )
    }
    assert len(said) > 200
    catalogue = read_po(BytesIO((ROOT / "locale/en/LC_MESSAGES/messages.po").read_bytes()), locale="en")
    known = {m.id if isinstance(m.id, str) else m.id[0]: m for m in catalogue if m.id}
    assert not said - set(known)
    assert not set(known) - said, "sentences that no page says any more"
    for message in known.values():
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(forms) and not message.fuzzy, message.id
        assert not any(HAN.search(form) for form in forms), message.id
        assert not list(message.check(catalogue)), message.id


WALKED = {"web", "templates", "api", "pages", *(Path(t).parent.name for t in TEMPLATES)}


def test_every_template_that_draws_a_map_leads_to_whose_streets_they_are() -> None:
    maps = [name for name in TEMPLATES if "data-map" in (FOLDER / name).read_text(encoding="utf-8")]
    assert maps
    for name in maps:
        if 'id="map"' in (source := (FOLDER / name).read_text(encoding="utf-8")):
            assert 'href="https://www.openstreetmap.org/copyright"' in source, name
    script = (ROOT / "web/static/js/map.mjs").read_text(encoding="utf-8")
    assert re.search(r"attribution: '<a href=\"https://www\.openstreetmap\.org/copyright\"", script)
