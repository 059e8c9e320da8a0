"""Every page, read in English by the whole cast: no Chinese is left but what people wrote, and that is marked.

Names, addresses, messages that were sent and somebody's own words stay as they were written; a page says so with
`lang="zh-CN"`, which a screen reader needs anyway. Whatever else is Chinese on an English page is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from yl_page_walk import WALK, cookies_of, fill, pages
from yl_walk import ANONYMOUS, HTML, MEMBERS, World

HAN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
"""Chinese characters, and the marks that only Chinese sentences have (，。：（）、；)."""
SPOKEN = ("alt", "aria-label", "aria-description", "data-no-map", "data-words", "label", "placeholder", "title")
"""Attributes that are read out or shown."""
GALLERY = "/kit/{name}"
"""Fixed examples for whoever builds pages, invented in Chinese; the pages themselves are read here in earnest."""
TIERS = ("street_15", "community_10", "quarter_5")
ALONE = frozenset("area base br col embed hr img input link meta param source track wbr".split())


class Reader(HTMLParser):
    """Collects what a reader of English meets: text and spoken attributes outside of `lang="zh-CN"`."""

    def __init__(self) -> None:
        super().__init__()
        self.met: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def _as_written(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        marked = given["lang"].startswith("zh") if "lang" in given else self._as_written()
        if not marked:
            self.met += [f"{name}={given[name]}" for name in SPOKEN if name in given]
            if tag == "input" and given.get("type") in ("submit", "button"):
                self.met.append(given.get("value", ""))
        if tag not in ALONE:
            self._open.append((tag, marked))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._as_written() and not (self._open and self._open[-1][0] in ("script", "style")):
            self.met.append(data.strip())


def left_in_chinese(page: str) -> list[str]:
    """Give the pieces of a page that a reader of English cannot read."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return [piece for piece in reader.met if HAN.search(piece)]


@pytest.fixture(scope="module")
def site(world: World) -> Iterator[TestClient]:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def in_english(world: World, who: str) -> dict[str, str]:
    session = cookies_of(world, who).get("cookie")
    return {**HTML, "cookie": "; ".join(part for part in (session, "yl_language=en") if part)}


def addresses(world: World) -> list[str]:
    """Give the address of every page, and of what a page shows only when it is asked for."""
    ids, cast = world.ids, world.cast
    start, kangle = quote(ids["starts"].isoformat()), cast.providers["kangle"]
    home, wang = f"/family/{cast['wang']}", cast["wang"]
    site, day = ids["facility"], ids["starts"].date()
    asked = [f"{base}/order/{kind}" for base in ("/elder", home) for kind in ("meals", "cleaning", "help")]
    asked += [f"{base}/order/service/{code}" for base in ("/elder", home) for code in ("home_nursing", "meal_delivery")]
    asked += [
        f"{home}/order/service/home_bath?start={start}",
        f"{home}/order/service/home_bath/confirm?start={start}&provider={kangle}",
    ]
    asked += [f"/desk?query={quote('王秀兰')}", f"/desk?elder={wang}"]
    asked += [f"/desk?elder={wang}&service=home_bath&day={day}&window=09:00"]
    asked += [f"/officer/map?facility={site}", "/officer?profile=gb50180", "/officer/visits?risk=high"]
    asked += [f"/officer/{page}?tier={tier}" for page in ("areas", "coverage", "map") for tier in TIERS]
    asked += ["/officer/beds?scope=area", "/officer/attempts?met=no", "/officer/ledger?state=pending", "/nothing-here"]
    plain = [fill(path, world) for method, path in pages() if method == "GET" and path != GALLERY]
    return [*plain, *(address for address in asked if WALK.search(address))]


def test_the_reader_of_this_test_sees_what_is_not_marked() -> None:
    page = (
        '<html lang="en"><p aria-label="名">Hello <b lang="zh-CN">王<i>秀</i>兰</b> 兰<br>。</p><img alt="图"></html>'
    )
    assert left_in_chinese(page) == ["aria-label=名", "兰", "。", "alt=图"]
    assert left_in_chinese('<html lang="zh-CN"><p>王<span lang="en">王</span></p></html>') == ["王"]


def test_no_page_leaves_chinese_on_an_english_page_but_what_people_wrote(world: World, site: Any) -> None:
    wrong: dict[str, set[str]] = {}
    read = set()
    for path in addresses(world):
        for who in (*MEMBERS, ANONYMOUS):
            answer = site.get(path, headers=in_english(world, who))
            if not answer.headers.get("content-type", "").startswith("text/html") or answer.is_redirect:
                continue
            assert answer.headers["content-language"] == "en", path
            if answer.status_code == 200:
                read.add(path)
            for piece in left_in_chinese(answer.text):
                wrong.setdefault(piece, set()).add(f"{path} ({answer.status_code}, {who})")
    told = [f"{piece}\n    {len(where)}: {', '.join(sorted(where)[:3])}" for piece, where in sorted(wrong.items())]
    assert not wrong, f"{len(wrong)} pieces\n" + "\n".join(told)
    assert len(read) > 65 or WALK.pattern, f"only {len(read)} pages were read"
