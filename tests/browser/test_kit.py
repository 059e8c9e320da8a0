"""The kit: headers on every answer, switches that cannot lead away, fragments for htmx, figures as people say them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi.testclient import TestClient

from api.pages import filters
from api.pages.development import EXAMPLES, make_gallery_app
from api.pages.kit import local_path
from api.pages.languages import current_language


@pytest.fixture
def client(gallery_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gallery_url) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/kit/elder-home", "/kit/none", "/nowhere", "/static/css/kit.css"])
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy and "blob:" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("vendor/maplibre-gl-6.17.0/maplibre-gl.mjs", "text/javascript"),
        ("js/map.mjs", "text/javascript"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("img/favicon.svg", "image/svg+xml"),
    ],
)
def test_a_static_file_has_a_type_that_browsers_accept(client: httpx.Client, path: str, kind: str) -> None:
    answer = client.get(f"/static/{path}")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_is_written_in_both_languages(client: httpx.Client, name: str, language: str) -> None:
    answer = client.get(f"/kit/{name}", headers={"Cookie": f"yl_language={language}"})
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.text and answer.headers["Content-Language"] == language
    assert "%(" not in answer.text


@pytest.mark.parametrize(("language", "notice"), [("zh-CN", "演示数据：人物虚构"), ("en", "the people are invented")])
def test_every_page_of_the_demonstration_says_that_its_people_are_invented(language: str, notice: str) -> None:
    site = make_gallery_app()
    with TestClient(site, cookies={"yl_language": language}) as client:
        assert [name for name in EXAMPLES if notice not in client.get(f"/kit/{name}").text] == []
        site.state.demonstration = False
        assert [name for name in EXAMPLES if notice in client.get(f"/kit/{name}").text] == []


def test_htmx_gets_the_main_part_and_a_title_only(client: httpx.Client) -> None:
    part = client.get("/kit/order", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert "<title>" in part.text and "<html" not in part.text and "<header" not in part.text
    whole = client.get("/kit/order", headers={"HX-Request": "true", "HX-Request-Type": "full"})
    assert "<html" in whole.text
    assert {"hx-request", "hx-request-type", "cookie"} <= {v.strip().lower() for v in whole.headers["Vary"].split(",")}


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", "", "/a\r\nX: y"])
def test_a_switch_never_leads_to_another_site(client: httpx.Client, back: str) -> None:
    answer = client.get("/view/size/large", params={"back": back})
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    assert local_path(back) == "/"


def test_an_unknown_size_is_the_standard_one(client: httpx.Client) -> None:
    assert "yl_size=standard" in client.get("/view/size/huge").headers["set-cookie"]
    page = client.get("/kit/elder-home", headers={"Cookie": "yl_size=%22%3E"})
    assert 'data-size="standard"' in page.text


MORNING = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def test_figures_are_written_as_people_say_them() -> None:
    assert (filters.yuan(800), filters.yuan(850), filters.yuan(-5)) == ("8 元", "8.50 元", "-0.05 元")
    assert filters.spoken_clock(MORNING) == "上午9点"
    assert filters.spoken_clock(datetime(2026, 11, 26, 6, 30, tzinfo=UTC)) == "下午2点半"
    assert filters.slot(MORNING, datetime(2026, 11, 26, 3, 0, tzinfo=UTC)) == "11月26日 星期四 上午9点到11点"
    assert (filters.duration(90), filters.duration(60), filters.duration(0)) == (
        "1 小时 30 分钟",
        "1 小时",
        "0 分钟",
    )
    assert filters.walk(361) == "走路 7 分钟"
    assert (filters.percent(0.532), filters.percent(1, 0), filters.percent(0.0005)) == (
        "53.2%",
        "100%",
        "0.1%",
    )


def test_the_civil_day_is_that_of_shanghai() -> None:
    assert filters.day(datetime(2026, 11, 25, 16, 30, tzinfo=UTC)) == "11月26日 星期四"
    with pytest.raises(ValueError, match="zone"):
        filters.day(datetime(2026, 11, 26, 9, 0))


def test_figures_are_written_in_english_too() -> None:
    token = current_language.set("en")
    try:
        assert filters.yuan(850) == "¥8.50"
        assert filters.slot(MORNING, datetime(2026, 11, 26, 3, 0, tzinfo=UTC)) == "Thu 26 Nov, 9:00 am to 11:00 am"
    finally:
        current_language.reset(token)
