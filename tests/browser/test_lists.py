"""A row without coordinates is placed by a click on the map."""

from collections.abc import Callable

from playwright.sync_api import Page

OpenPage = Callable[..., Page]
DRAWN = "() => document.querySelector('[data-place-map]')?.dataset.drawn === 'yes'"


def test_a_click_on_the_map_fills_longitude_and_latitude(gallery_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{gallery_url}/kit/officer-list-row", 1280)
    box = page.locator("[data-place-map]")
    page.wait_for_function(DRAWN, timeout=30_000)
    box.scroll_into_view_if_needed()
    box.click(position={"x": 300, "y": 120})
    lon, lat = float(page.locator("#lon").input_value()), float(page.locator("#lat").input_value())
    assert abs(lon - 118.795) < 0.02 and abs(lat - 32.058) < 0.02 and (lon, lat) != (118.795, 32.058)
    assert page.locator("#crs").input_value() == "wgs84"
    assert "再试一次" in page.locator("#map-says").inner_text()
