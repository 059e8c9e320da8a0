"""What the JSON API answers to a reader of English, and how a page marks what stays as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from markupsafe import Markup
from yl_page_walk import cookies_of
from yl_walk import World

from api.pages.filters import as_written, language_of, said_on_page
from api.pages.languages import language_of_a_machine
from services.language import current_language


@pytest.fixture(scope="module")
def site(world: World) -> Iterator[TestClient]:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False) as client:
        yield client


@pytest.fixture
def english() -> Iterator[None]:
    token = current_language.set("en")
    yield
    current_language.reset(token)


def ask(site: Any, world: World, who: str, path: str, language: str | None = None) -> Any:
    headers = {"authorization": f"Bearer {world.tokens[who]}", **({"accept-language": language} if language else {})}
    answer = site.get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_officers_desk_answers_in_the_language_a_program_accepts(world: World, site: Any) -> None:
    chinese, english = (ask(site, world, "officer", "/desk", one) for one in (None, "en-GB,en;q=0.9,zh;q=0.5"))
    assert chinese["administrative"][0]["tier_name"] == "街道15分钟服务圈"
    assert english["administrative"][0]["tier_name"] == "15-minute street circle"
    assert chinese["escalations_definition"].startswith("敲门") and english["escalations_definition"].isascii()
    for one in (*english["administrative"], english["visits"], english["ledger"]):
        assert not any("\u4e00" <= sign <= "\u9fff" for sign in one["definition"]), one["definition"]


def test_an_order_and_a_need_are_called_by_their_english_names(world: World, site: Any) -> None:
    order = f"/orders/{world.ids['order']}"
    assert ask(site, world, "daughter", order)["service_name"] == "上门助浴"
    assert ask(site, world, "daughter", order, "en")["service_name"] == "Bath at home"
    titles = {need["title"] for need in ask(site, world, "volunteer", "/needs", "en")}
    assert titles == {"Friendly visit"}
    (right,) = ask(site, world, "daughter", f"/elders/{world.cast['wang']}/entitlements", "en")
    assert right["kind"] == "home service for very old elders living alone"


def test_the_menu_gives_both_languages_and_tasks_one_for_one(world: World, site: Any) -> None:
    bath = ask(site, world, "daughter", "/services/home_bath")
    assert bath["explanation_en"].isascii() and bath["standard_en"] and bath["name_en"] == "Bath at home"
    assert len(bath["checklist_en"]) == len(bath["checklist"]) == 5


def test_a_page_and_what_it_fetches_follow_the_switch_and_not_the_browser(world: World, site: Any) -> None:
    cookie = cookies_of(world, "daughter")["cookie"]
    path = f"/api/v1/orders/{world.ids['order']}"
    told = site.get(path, headers={"cookie": cookie, "accept-language": "en"}).json()["service_name"]
    assert told == "上门助浴"
    told = site.get(path, headers={"cookie": f"{cookie}; yl_language=en", "accept-language": "zh"}).json()[
        "service_name"
    ]
    assert told == "Bath at home"


def test_the_first_language_a_program_accepts_decides() -> None:
    assert language_of_a_machine("en-GB, zh;q=0.8") == "en" == language_of_a_machine("EN")
    assert {language_of_a_machine(one) for one in ("zh-CN, en;q=0.8", "*", "", None, "enm")} == {"zh-CN"}


def test_a_file_of_rows_in_english_carries_no_markup(world: World, site: Any) -> None:
    cookie = cookies_of(world, "officer")["cookie"] + "; yl_language=en"
    for page in ("areas", "coverage", "visits", "attempts", "beds", "ledger"):
        text = site.get(f"/officer/{page}.csv", headers={"cookie": cookie}).text
        assert "<span" not in text and "As of" in text, page


def test_a_name_is_marked_as_chinese_only_where_the_page_is_not(english: None) -> None:
    assert as_written("王秀兰<b>") == '<span lang="zh-CN">王秀兰&lt;b&gt;</span>'
    assert (as_written("Wang"), as_written(None), language_of("Wang")) == ("Wang", None, "")
    assert language_of("王秀兰") == ' lang="zh-CN"'
    current_language.set("zh-CN")
    assert (as_written("王秀兰"), language_of("王秀兰")) == ("王秀兰", "")


def test_a_name_inside_a_sentence_is_marked_and_escaped_but_an_unknown_word_is_not(english: None) -> None:
    told = said_on_page("正在请康乐<i>接单")
    assert isinstance(told, Markup) and told == 'Asking <span lang="zh-CN">康乐&lt;i&gt;</span>'
    assert said_on_page("已取消：没听说过的原因") == "Cancelled: 没听说过的原因", "only names may stay Chinese"
