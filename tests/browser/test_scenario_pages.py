"""Gaps, siting and what-ifs in a real browser: drawn by hand and by form, before and after beside each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

Check = Callable[..., None]
DRAWN = "() => document.querySelector('[data-map]')?.dataset.drawn === 'yes'"


def begin(page: Any, site: Any, name: str) -> None:
    page.goto(site.url + "/officer/scenarios")
    page.get_by_label("方案叫什么").fill(name)
    page.get_by_role("button", name="开始画").click()


def add_station(page: Any, lon: str, lat: str) -> None:
    form = page.locator("form:has(input[name=kind][value=add])")
    form.get_by_label("哪一种").select_option("service_station")
    form.get_by_label("经度（WGS-84）").fill(lon)
    form.get_by_label("纬度").fill(lat)
    with page.expect_navigation():
        form.get_by_role("button", name="加上").click()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_of_gaps_and_scenarios_are_sound(
    width: int, cast_site: Any, assert_accessible: Check, assert_no_csp_violations: Check, assert_fits: Check
) -> None:
    page = cast_site.open("officer", "/officer/gaps?tier=quarter_5", width)
    page.wait_for_function(DRAWN)
    assert_accessible(page)
    assert_fits(page)
    begin(page, cast_site, "再开一个站")
    add_station(page, "118.7868", "32.0464")
    page.wait_for_function(DRAWN)
    assert_accessible(page)
    assert_fits(page)
    page.goto(cast_site.url + "/officer/scenarios")
    expect(page.get_by_role("link", name="再开一个站")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    assert_no_csp_violations(page)


def test_a_tile_that_did_not_come_is_asked_for_again(cast_site: Any) -> None:
    page = cast_site.open("officer", "/officer/scenarios", 1280)
    asked: list[str] = []

    def busy_at_first(route: Any) -> None:
        asked.append(route.request.url)
        status = 200 if asked.count(route.request.url) > 1 else 503
        route.fulfill(status=status, body=b"", content_type="application/vnd.mapbox-vector-tile")

    page.route("**/tiles/network/**", busy_at_first)
    with page.expect_response(lambda answer: "/tiles/network/" in answer.url and answer.status == 200, timeout=90_000):
        page.goto(cast_site.url + "/officer/gaps?tier=quarter_5")
    expect(page.locator("#map-says")).to_have_text("")


def test_a_click_on_the_map_fills_the_place_into_the_forms(cast_site: Any) -> None:
    page = cast_site.open("officer", "/officer/scenarios", 1280)
    begin(page, cast_site, "在图上点")
    page.wait_for_function(DRAWN)
    expect(page.locator("#add-lon")).to_have_value("")
    page.locator("#map").click(position={"x": 150, "y": 150})
    expect(page.locator("#map-says")).to_contain_text("位置已填")
    lon, lat = page.input_value("#add-lon"), page.input_value("#move-lat")
    assert 118 < float(lon) < 119.5 and 31.5 < float(lat) < 32.5


def test_a_scenario_is_drawn_shared_and_taken_back_without_javascript_too(cast_site: Any) -> None:
    page = cast_site.open("officer", "/officer/scenarios", 1280, java_script_enabled=False)
    begin(page, cast_site, "不用脚本")
    expect(page.get_by_text("还没有改动。")).to_be_visible()
    add_station(page, "118.7868", "32.0464")
    steps = page.get_by_role("region", name="改了什么").locator("tbody tr")
    expect(steps).to_have_count(1)
    expect(steps.first).to_contain_text("新开")
    add_station(page, "不是数", "32.0464")
    expect(page.get_by_role("alert").first).to_contain_text("请写明位置")
    page.get_by_role("button", name="共享给本辖区同事").click()
    expect(page.get_by_text("我的，已共享")).to_be_visible()
    page.get_by_role("button", name="撤销上一步").click()
    expect(page.get_by_text("还没有改动。")).to_be_visible()


def test_the_next_site_is_asked_for_and_drawn_as_a_scenario(cast_site: Any) -> None:
    page = cast_site.open("officer", "/officer/gaps?tier=quarter_5", 1280)
    page.get_by_label("最多开几处").fill("0")
    page.get_by_role("button", name="算一算").click()
    expect(page.get_by_role("alert").first).to_contain_text("选不出址")
    page.get_by_label("最多开几处").fill("1")
    page.get_by_role("button", name="算一算").click()
    expect(page.get_by_role("heading", name="下一处开在哪里")).to_be_visible()
    sites = page.get_by_role("region", name="建议的地点").locator("tbody tr")
    expect(sites).to_have_count(1)
    drawn = page.get_by_role("button", name="画成方案")
    if drawn.count():
        drawn.click()
        expect(page.get_by_role("region", name="现在和方案")).to_be_visible()
