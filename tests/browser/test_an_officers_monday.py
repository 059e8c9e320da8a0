"""The officer's Monday as she walks it: who was not answered, who is not seen yet, which beds lack, what she hands in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

SCREENS = Path(__file__).resolve().parents[2] / "docs/screens"


def kept(page: Page, name: str) -> None:
    """Keep a screenshot for the documents when they are drawn anew (YINLING_SCREENS=1)."""
    if os.environ.get("YINLING_SCREENS"):
        page.screenshot(path=SCREENS / f"{name}-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]


@pytest.mark.drill
def test_an_officer_goes_from_three_numbers_to_the_people_and_homes_behind_them(
    cast_site: Any, assert_accessible: Any, assert_fits: Any
) -> None:
    from services.visits.attempts import record_attempt

    cast = cast_site.cast
    with cast.work("officer") as work:
        record_attempt(
            work.session, work.now, work.actor, cast["sun"],
            channel="home", outcome="no_answer", happened_at=work.now, note=None,
        )  # fmt: skip
    cast.run_jobs()
    httpx.get(cast_site.url, timeout=120)  # the first answer of a process loads what the others share
    page = cast_site.open("officer", "/officer", 1280)

    def sound(name: str) -> None:
        assert_accessible(page)
        assert_fits(page)
        kept(page, f"monday-{name}")

    expect(page.get_by_role("heading", name="本月探访")).to_be_visible()
    sound("1-desk")
    page.get_by_role("link", name="有 1 位老人没人应门，还在找").click()
    expect(page).to_have_url(f"{cast_site.url}/officer/escalations")
    sound("2-silent-door")
    page.goto(f"{cast_site.url}/officer")
    page.get_by_role("link", name="看还没见到的").click()
    expect(page.get_by_role("link", name="孙**")).to_be_visible()
    sound("3-not-seen-yet")
    page.get_by_role("link", name="孙**").click()
    expect(page).to_have_url(f"{cast_site.url}/officer/visits/{cast['sun']}")
    page.get_by_role("link", name="机构床位", exact=True).click()
    expect(page).to_have_url(f"{cast_site.url}/officer/beds")
    sound("4-beds")
    page.get_by_role("link", name="全区情况", exact=True).click()
    page.get_by_role("link", name="指标", exact=True).click()
    sound("5-indicators")
