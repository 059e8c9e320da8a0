"""Whoever reads English is refused in English: every sentence of every refusal has its English counterpart."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import api
import geo
import services
import timebank
import workers
from api.errors import add_error_handlers
from api.pages.house_words import said_in_english
from api.pages.kit import add_pages
from geo.errors import GeoError
from services.dispatch.errors import CarerBusy
from services.errors import DomainError
from services.people.errors import WrongCode

ROOT = Path(__file__).parents[2]
HAN = re.compile(r"[\u3400-\u9fff]")
EXAMPLE = "7"
BILINGUAL = {"BadPack"}
"""Read at the command line only, where each sentence already stands in both languages with its line and field."""
ADD_IT = "mark it in api/pages/refusal_words.py and give its English in locale/en/LC_MESSAGES/messages.po"
SAYS_A_REFUSAL = {"problem_response", "NoSuchMinutes", "UnreadableMap"}


def kinds_of(base: type[Exception]) -> Iterator[type[Exception]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds_of(kind)


@pytest.fixture(scope="module")
def refusing() -> dict[str, type[Exception]]:
    """Every class of refusal by its name, after every module of the house was read."""
    for package in (services, geo, timebank, api, workers):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(info.name)
    return {kind.__name__: kind for base in (DomainError, GeoError) for kind in (base, *kinds_of(base))}


def english_of(sentence: str) -> str:
    """The English of a sentence, or the sentence itself when it has none."""
    return said_in_english(sentence) or sentence


@cache
def modules_of_the_house() -> list[tuple[str, ast.Module]]:
    paths = sorted(path for room in ("api", "geo", "services", "workers") for path in (ROOT / room).rglob("*.py"))
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def sentences_in(node: ast.expr) -> list[str]:
    """The sentences an expression can make: an f-string with its facts replaced, both arms of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(one.value) if isinstance(one, ast.Constant) else EXAMPLE for one in node.values)]
    if isinstance(node, ast.IfExp):
        return sentences_in(node.body) + sentences_in(node.orelse)
    if isinstance(node, ast.BinOp):
        return [one + other for one in sentences_in(node.left) for other in sentences_in(node.right) or [EXAMPLE]]
    return []


def said_inline(names: set[str]) -> list[tuple[str, str]]:
    """Every Chinese sentence handed to a refusal where it is raised or answered, with its place."""
    found = []
    for place, tree in modules_of_the_house():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                found += [(f"{place}:{node.lineno}", one) for part in node.args for one in sentences_in(part)]
    return [(place, sentence) for place, sentence in found if HAN.search(sentence)]


def test_every_kind_of_refusal_has_english(refusing: dict[str, type[Exception]]) -> None:
    ours = [
        kind for kind in refusing.values() if issubclass(kind, DomainError) and not kind.__module__.startswith("test")
    ]
    assert len(ours) > 120
    assert sorted({kind.message_zh for kind in ours if HAN.search(english_of(kind.message_zh))}) == [], ADD_IT


def test_every_sentence_said_where_something_is_refused_has_english(refusing: dict[str, type[Exception]]) -> None:
    inline = said_inline((set(refusing) | SAYS_A_REFUSAL) - BILINGUAL)
    assert len(inline) > 40
    assert [one for one in inline if HAN.search(english_of(one[1]))] == [], ADD_IT


def test_every_sentence_of_the_map_has_english() -> None:
    tree = dict(modules_of_the_house())["geo/errors.py"]
    inits = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)]
    words = [one for call in inits if call.func.attr == "__init__" for part in call.args for one in sentences_in(part)]  # type: ignore[attr-defined]
    assert len(words) >= 6
    assert [one for one in words if HAN.search(english_of(one))] == []


def test_sentences_by_status_have_english() -> None:
    from api.errors import MESSAGES_BY_STATUS
    from api.pages.problems import TITLES

    everything = [*MESSAGES_BY_STATUS.values(), *TITLES.values()]
    assert [one for one in everything if HAN.search(english_of(one))] == []


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("这位护理员09:00到11:00已有安排。这个时间有空的：没有。", "from 09:00 to 11:00. Free at that time: nobody."),
        (
            "7的证书没有登记，服务日期是2026-11-26。",
            "The certificate of 7 is not on record; the service is on 2026-11-26.",
        ),
        ("您已经订过这项服务了（单号D7）。确实还要再订一次吗？", "You already ordered this service (order D7)."),
        *(
            (f"老人的{word}已经订过这项服务了（单号D7）。确实还要再订一次吗？", f"The elder's {code} already ordered")
            for code, word in (("daughter", "女儿"), ("son", "儿子"))
        ),
        (
            "老人的另一位家人已经订过这项服务了（单号D7）。确实还要再订一次吗？",
            "Another relative of the elder already ordered",
        ),
    ],
)
def test_facts_inside_a_sentence_stay_and_its_parts_are_said_too(chinese: str, english: str) -> None:
    assert english in english_of(chinese)


@pytest.fixture
def door() -> TestClient:
    app = FastAPI()
    add_error_handlers(app)
    add_pages(app)

    @app.get("/asked")
    def asked() -> None:
        raise CarerBusy("这位护理员09:00到11:00已有安排。这个时间有空的：没有。")

    @app.get("/api/v1/asked")
    def asked_by_a_program() -> None:
        raise WrongCode

    return TestClient(app, raise_server_exceptions=False)


def test_a_refused_page_speaks_english_after_the_switch(door: TestClient) -> None:
    html = {"accept": "text/html"}
    assert "已有安排" in door.get("/asked", headers=html).text
    door.cookies.set("yl_language", "en")
    page = door.get("/asked", headers=html)
    assert page.status_code == 409
    assert "This carer is busy from 09:00 to 11:00." in page.text
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    assert not HAN.search(main)


@pytest.mark.parametrize(("accepted", "english"), [("en-GB,en;q=0.8", True), ("zh-CN", False), (None, False)])
def test_a_program_gets_the_english_sentence_beside_the_chinese_when_it_asks(
    door: TestClient, accepted: str | None, english: bool
) -> None:
    answer = door.get("/api/v1/asked", headers={"accept-language": accepted} if accepted else {})
    body = json.loads(answer.content)
    assert body["detail"] == WrongCode.message_zh
    assert ("detail_en" in body) is english
    if english:
        assert body["detail_en"].startswith("The code is wrong or has run out")
