"""Every page of the gallery in a real browser: phones, desks, large letters, without JavaScript."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from api.pages.development import EXAMPLES

OpenPage = Callable[..., Page]
Check = Callable[..., None]

WIDE = [n for n, (t, _) in EXAMPLES.items() if t.split("/")[0] in ("provider", "officer", "desk", "development")]
ELDER = [
    n
    for n, (t, names) in EXAMPLES.items()
    if names.get("shell") == "elder" or t.startswith("elder/") or t in ("front.html", "problem.html")
    or (t.startswith("sign_in/") and t != "sign_in/me.html")
]  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_page_is_accessible_on_a_phone_and_fits_with_letters_twice_as_large(
    name: str, gallery_url: str, open_page: OpenPage, assert_accessible: Check,
    assert_no_csp_violations: Check, assert_fits: Check,
) -> None:  # fmt: skip
    page = open_page(f"{gallery_url}/kit/{name}", 390)
    assert_accessible(page)
    assert_no_csp_violations(page)
    assert_fits(page)
    page.set_viewport_size({"width": 320, "height": 720})
    assert_fits(page)
    page.evaluate(
        "() => { const r = document.documentElement;"
        " r.style.fontSize = 2 * parseFloat(getComputedStyle(r).fontSize) + 'px'; }"
    )
    assert_fits(page)


@pytest.mark.parametrize("name", ELDER)
def test_an_elder_can_hit_every_target_and_read_every_word(
    name: str, gallery_url: str, open_page: OpenPage, assert_easy_to_hit: Check
) -> None:
    page = open_page(f"{gallery_url}/kit/{name}", 390)
    assert page.locator("header a[href^='tel:']").is_visible(), "the phone number is always in view"
    assert_easy_to_hit(page)


@pytest.mark.parametrize("size", ["large", "largest"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", ["elder-home", "order-provider", "order-confirm", "order"])
def test_the_sizes_and_languages_hold_on_the_smallest_phone(
    name: str, size: str, language: str, gallery_url: str, open_page: OpenPage,
    assert_fits: Check, assert_easy_to_hit: Check,
) -> None:  # fmt: skip
    page = open_page(f"{gallery_url}/kit/{name}", 320, {"yl_size": size, "yl_language": language})
    assert page.locator("html").get_attribute("lang") == language
    body = page.evaluate("() => parseFloat(getComputedStyle(document.body).fontSize)")
    assert body == {"large": 26, "largest": 30}[size]
    assert_fits(page)
    assert_easy_to_hit(page)


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_desk_page_is_accessible_by_day_and_by_night(
    name: str, scheme: str, gallery_url: str, open_page: OpenPage, assert_accessible: Check,
    assert_fits: Check, assert_no_csp_violations: Check,
) -> None:  # fmt: skip
    page = open_page(f"{gallery_url}/kit/{name}", 1280, color_scheme=scheme)
    assert_accessible(page)
    assert_fits(page)
    assert_no_csp_violations(page)


def test_the_size_switch_works_without_javascript_and_comes_back(gallery_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{gallery_url}/kit/elder-home", 390, java_script_enabled=False)
    page.get_by_role("link", name="特大", exact=True).click()
    assert page.url.endswith("/kit/elder-home")
    assert page.locator("html").get_attribute("data-size") == "largest"
    page.get_by_role("link", name="English").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Good morning, 王奶奶"


def test_an_order_form_stands_complete_without_javascript(gallery_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{gallery_url}/kit/order-confirm", 390, java_script_enabled=False)
    form = page.locator("form#order")
    assert form.get_attribute("method") == "post"
    assert form.get_attribute("action") == "/elder/orders"
    assert form.locator("input[name=idempotency_key]").input_value() == "kit-1"
    assert form.get_by_role("button", name="就订这个").is_visible()


def test_the_summary_of_errors_takes_the_focus_and_the_field_says_what_is_wrong(
    gallery_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{gallery_url}/kit/sign-in-code-wrong", 390)
    page.wait_for_function("() => document.activeElement.matches('[data-takes-focus]')")
    field = page.get_by_label("验证码")
    assert field.get_attribute("aria-invalid") == "true"
    said = page.locator(f"#{field.get_attribute('aria-describedby')}")
    assert said.inner_text().strip() == "数字不对，还可以试 3 次"


def test_the_map_is_drawn_with_chinese_controls_and_large_buttons(
    gallery_url: str, open_page: OpenPage, assert_no_csp_violations: Check
) -> None:
    page = open_page(f"{gallery_url}/kit/officer-desk", 1280)
    page.wait_for_function("() => document.getElementById('map').dataset.drawn === 'yes'")
    button = page.get_by_role("button", name="放大")
    assert button.bounding_box()["width"] >= 44  # type: ignore[index]
    assert page.get_by_text("© OpenStreetMap contributors").is_visible()
    assert_no_csp_violations(page)


ONE_DAY_CARE = bytes.fromhex(
    "1a5b0a0a666163696c6974696573120f1204000001011801220509802080201a09747970655f636f64651a046e616d65"
    "220a0a086461795f63617265221a0a18e585b0e59bade697a5e997b4e785a7e69699e4b8ade5bf832880207802"
)


def test_facilities_on_the_map_have_their_shapes(gallery_url: str, open_page: OpenPage) -> None:
    page = open_page("about:blank", 1280)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.route(
        "**/tiles/facilities/**",
        lambda route: route.fulfill(body=ONE_DAY_CARE, content_type="application/vnd.mapbox-vector-tile"),
    )
    page.goto(f"{gallery_url}/kit/officer-desk")
    page.wait_for_function("() => document.getElementById('map').dataset.drawn === 'yes'")
    assert not [words for words in said if "tier-" in words or "Error" in words]


def test_a_machine_without_webgl_is_shown_the_list(chromium: object, gallery_url: str, open_page: OpenPage) -> None:
    page = open_page("about:blank", 1280)
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest)"
        " { return kind === 'webgl2' ? null : get.call(this, kind, ...rest); };"
    )
    page.goto(f"{gallery_url}/kit/officer-desk")
    page.wait_for_function("() => document.getElementById('map').dataset.drawn === 'no'")
    assert page.get_by_text("请看旁边的表").is_visible()
    assert page.get_by_role("link", name="兰园社区").is_visible()
