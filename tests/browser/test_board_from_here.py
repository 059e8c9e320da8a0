"""A volunteer lets the board walk from where she stands: asked once by a tap, told no, and on a phone without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

HERE = {"latitude": 32.0451, "longitude": 118.78493}


def test_a_tap_walks_from_where_she_stands_and_a_phone_that_says_no_walks_from_home(
    cast_site: Any, assert_accessible: Any, assert_fits: Any
) -> None:
    page = cast_site.open("volunteer", "/volunteer", geolocation=HERE, permissions=["geolocation"])
    expect(page.get_by_text("从您家走到")).to_be_visible()
    with page.expect_request("**/volunteer/near") as asked:
        page.get_by_role("button", name="从我现在的位置算").click()
    assert "lon=118.7849&lat=32.0451&crs=wgs84" in (asked.value.post_data or "") and "118" not in asked.value.url
    expect(page.get_by_text("位置没有保存")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name="还是从家里算").click()
    expect(page.get_by_text("从您家走到")).to_be_visible()

    told_no = cast_site.open("volunteer", "/volunteer", permissions=[])
    told_no.get_by_role("button", name="从我现在的位置算").click()
    expect(told_no.get_by_text("没有拿到位置，还是从您家算。")).to_be_visible()


@pytest.mark.parametrize("javascript", [False])
def test_without_scripts_no_button_is_shown_that_could_not_work(cast_site: Any, javascript: bool) -> None:
    page = cast_site.open("volunteer", "/volunteer", java_script_enabled=javascript)
    expect(page.get_by_text("从您家走到")).to_be_visible()
    expect(page.get_by_role("button", name="从我现在的位置算")).to_have_count(0)
