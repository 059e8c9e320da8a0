"""The officer's and the operator's pages in a real browser, on a phone and on a desk, over the real application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

Check = Callable[..., None]
DRAWN = "() => document.querySelector('[data-map]')?.dataset.drawn === 'yes'"


def knock_in_vain(cast: Any) -> None:
    from services.visits.attempts import record_attempt

    with cast.work("officer") as work:
        record_attempt(
            work.session, work.now, work.actor, cast["sun"],
            channel="home", outcome="no_answer", happened_at=work.now, note=None,
        )  # fmt: skip


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_the_officer_is_sound(
    width: int, cast_site: Any, assert_accessible: Check, assert_no_csp_violations: Check, assert_fits: Check
) -> None:
    cast = cast_site.cast
    knock_in_vain(cast)
    page = cast_site.open("officer", "/officer", width)
    for path in (
        "/officer", "/officer/map", "/officer/coverage", "/officer/areas", "/officer/beds", "/officer/visits",
        "/officer/visits/met", "/officer/attempts", f"/officer/visits/{cast['sun']}", "/officer/escalations",
        "/officer/proxies", "/officer/ledger", "/dev/clock",
    ):  # fmt: skip
        page.goto(cast_site.url + path)
        if page.locator("[data-map]").count():
            page.wait_for_function(DRAWN)
            expect(page.get_by_text("© OpenStreetMap contributors")).to_be_visible()
        expect(page.get_by_text("演示数据：人物虚构")).to_be_visible()
        assert_accessible(page)
        assert_fits(page)
    assert_no_csp_violations(page)


def test_the_map_draws_our_own_tiles_and_the_circles_of_the_chosen_site_beside_its_list(
    cast_site: Any, assert_no_csp_violations: Check
) -> None:
    page = cast_site.open("officer", "/officer/proxies", 1280)
    page.unroute("**/tiles/**")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(cast_site.url + "/officer/map?tier=street_15&profile=elder")
    page.wait_for_function(DRAWN)
    listed = page.get_by_role("region", name="机构").locator("tbody tr")
    expect(listed).to_have_count(2)
    listed.first.get_by_role("link").click()
    page.wait_for_function(DRAWN)
    expect(page.get_by_text("门口走出去的范围")).to_be_visible()
    tiles = [a for a in answers if "/tiles/" in a.url]
    assert {a.status for a in tiles} <= {200, 204} and any(a.status == 200 for a in tiles)
    circles = [a for a in answers if a.url.split("?")[0].endswith(".geojson")]
    assert [a.status for a in circles] == [200] and len(circles[0].json()["features"]) == 3
    assert_no_csp_violations(page)


def test_an_officer_writes_down_a_silent_door_and_closes_the_search(cast_site: Any, assert_accessible: Check) -> None:
    page = cast_site.open("officer", "/officer/visits")
    page.get_by_role("link", name="孙**").click()
    page.get_by_label("怎么找的").select_option("home")
    page.get_by_role("button", name="写下").click()
    expect(page.get_by_role("alert")).to_contain_text("请选结果")
    assert_accessible(page)
    page.get_by_label("结果").select_option("no_answer")
    page.get_by_role("button", name="写下").click()
    expect(page.get_by_text("已经交给负责的人")).to_be_visible()
    page.get_by_role("link", name="没人应门").click()
    page.get_by_text("写结果").click()
    page.get_by_label("结果").select_option("hospital")
    page.get_by_label("怎么找到的").fill("邻居说昨天住院了")
    page.get_by_role("button", name="结束").click()
    expect(page.get_by_text("现在没有。")).to_be_visible()
    expect(page.get_by_role("cell", name="住院")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_an_operator_finds_the_caller_and_orders_in_her_name(
    width: int, cast_site: Any, assert_accessible: Check, assert_no_csp_violations: Check, assert_fits: Check
) -> None:
    with cast_site.cast.work("house") as work:
        day = f"{work.now + timedelta(days=2):%Y-%m-%d}"
    page = cast_site.open("operator", "/desk", width)
    page.get_by_label("来电号码或姓名").fill("19900000002")
    page.get_by_role("button", name="找").click()
    expect(page.get_by_text("来电的是女儿")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="王**").click()
    page.get_by_label("服务").select_option("home_bath")
    page.get_by_label("哪一天").select_option(day)
    page.get_by_label("几点").select_option("09:00")
    page.get_by_role("button", name="看谁能来").click()
    expect(page.get_by_text("康乐居家养老服务中心")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="再下单").click()
    expect(page.get_by_text("请念给老人听")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="上门助浴")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    assert_no_csp_violations(page)


def test_the_auditor_is_told_that_she_may_only_look(
    cast_site: Any, assert_accessible: Check, assert_fits: Check
) -> None:
    page: Page = cast_site.open("auditor", "/officer", 1280)
    page.wait_for_function(DRAWN)
    expect(page.get_by_text("您是审计员")).to_be_visible()
    assert page.locator("form[method=post]").count() == 0
    assert_accessible(page)
    assert_fits(page)
