"""The story's people on their phones, over the real application: order, accept, ring, confirm, lend an hour."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

Check = Callable[..., None]
PLATE = "demo-door-plate-wang"
DESK: ViewportSize = {"width": 1280, "height": 900}


def _sound(page: Page, *checks: Check) -> None:
    """Check a page as it stands, on the phone and then on a desk's screen."""
    phone = page.viewport_size or DESK
    for size in (phone, DESK):
        page.set_viewport_size(size)
        for check in checks:
            check(page)
    page.set_viewport_size(phone)


def _placed(cast: Any, elder: str = "wang", hour: int = 9) -> int:
    """Place a bath for the day after tomorrow with 康乐, as the elder herself; gives the order's id."""
    from services.clock import civil_date, civil_midnight
    from services.orders.actions import place_order

    with cast.work(elder) as work:
        start = civil_midnight(civil_date(work.now) + timedelta(days=2)) + timedelta(hours=hour)
        placed = place_order(
            work.session, work.now, work.actor, elder_id=cast[elder], service_code="home_bath", starts_at=start,
            ends_at=start + timedelta(hours=2), chosen_provider_id=cast.providers["kangle"],
            idempotency_key=f"browser-{elder}-{hour}", channel="web",
        )  # fmt: skip
    cast.run_jobs()
    return int(placed.order_id)


def _assigned(cast: Any) -> tuple[int, datetime]:
    """Give an order of 王秀兰 that 小陈 will do, and its start."""
    from services.dispatch.actions import assign_carer
    from services.matching.actions import accept_offer
    from services.matching.queries import open_offers
    from services.orders.queries import find_order

    order_id = _placed(cast)
    with cast.work("dispatcher") as work:
        offer = open_offers(work.session, work.now, work.actor, cast.providers["kangle"])[0]
        accept_offer(work.session, work.now, work.actor, offer.id)
        assign_carer(work.session, work.now, work.actor, order_id, cast["carer"])
    cast.run_jobs()
    with cast.work("wang") as work:
        return order_id, find_order(work.session, order_id).starts_at


def _go_to(cast: Any, moment: datetime) -> None:
    with cast.work("house") as work:
        ahead = moment - work.now
    cast.advance(seconds=ahead.total_seconds())


@pytest.mark.mission("HB-18", "TZ-08")
@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_an_elder_orders_a_bath_in_three_taps(
    javascript: bool, cast_site: Any, assert_accessible: Check, assert_fits: Check, assert_easy_to_hit: Check,
    assert_no_csp_violations: Check,
) -> None:  # fmt: skip
    checks = (assert_accessible, assert_fits, assert_easy_to_hit) if javascript else (assert_fits,)
    page = cast_site.open("wang", "/elder", java_script_enabled=javascript)
    expect(page.locator("h1")).to_contain_text("王奶奶")
    if javascript:
        _sound(page, *checks)
    page.get_by_role("link", name="洗澡").click()
    if javascript:
        _sound(page, *checks)
    page.get_by_role("link", name="选这家").first.click()
    expect(page.locator("dl")).to_contain_text("33号3幢201室")
    if javascript:
        _sound(page, *checks)
    page.get_by_role("button", name="就订这个").click()
    expect(page.locator("h1")).to_have_text("订好了")
    page.get_by_role("link", name="看这一单").click()
    expect(page.locator(".timeline")).to_contain_text("下单成功")
    if javascript:
        _sound(page, *checks, assert_no_csp_violations)
        return
    page.get_by_role("link", name="取消这一单").click()
    page.get_by_role("button", name="取消这一单").click()
    expect(page.locator("h1")).to_have_text("已经取消")


def test_a_relative_is_warned_of_a_second_order_and_sees_the_first(
    cast_site: Any, assert_accessible: Check, assert_fits: Check, assert_no_csp_violations: Check
) -> None:
    _placed(cast_site.cast)
    page = cast_site.open("daughter", "/family")
    expect(page.locator("h1")).to_have_text("王秀兰")
    expect(page.get_by_role("link", name="上门助浴").first).to_be_visible()
    _sound(page, assert_accessible, assert_fits)
    page.get_by_role("link", name="给王秀兰订服务").click()
    page.get_by_role("link", name="洗澡").click()
    page.get_by_role("link", name="换个时间").click()
    from services.clock import civil_date

    with cast_site.cast.work("house") as work:
        then = civil_date(work.now) + timedelta(days=2)
    that_day = page.locator("main section").filter(has_text=f"{then.month}月{then.day}日")
    that_day.get_by_role("link", name=re.compile("上午9点")).click()
    page.get_by_role("link", name="选这家").first.click()
    page.get_by_role("button", name="就订这个").click()
    expect(page.get_by_text("已经订过这项服务了")).to_be_visible()
    page.get_by_role("button", name="还要再订一次").click()
    expect(page.locator("h1")).to_have_text("订好了")
    page.goto(cast_site.url + f"/family/{cast_site.cast['wang']}/consent")
    expect(page.get_by_text("老人本人确认")).to_be_visible()
    _sound(page, assert_accessible, assert_fits)
    complaints = [c for c in page.complaints if "409" not in c]  # type: ignore[attr-defined]
    assert not complaints, complaints


def test_a_dispatcher_accepts_assigns_and_is_refused_an_overlap_with_who_is_free(
    cast_site: Any, assert_accessible: Check, assert_fits: Check
) -> None:
    cast = cast_site.cast
    first = _placed(cast)
    page = cast_site.open("dispatcher", "/provider")
    page.get_by_role("button", name="接单").click()
    expect(page.get_by_role("status")).to_contain_text("请在下面派人")
    second = _placed(cast, "sun", hour=10)
    page.goto(cast_site.url + "/provider")
    page.get_by_role("button", name="接单").click()
    page.locator(f"#carer-{first}").select_option(str(cast["carer"]))
    page.locator(f"form[action$='/{first}/assign'] button").click()
    expect(page.get_by_role("status")).to_contain_text("派好了")
    page.locator(f"#carer-{second}").select_option(str(cast["carer"]))
    page.locator(f"form[action$='/{second}/assign'] button").click()
    expect(page.get_by_role("alert")).to_contain_text("刘姐")
    _sound(page, assert_accessible, assert_fits)


def test_a_carer_rings_with_the_elders_digits_works_and_leaves_and_the_elder_confirms(
    cast_site: Any, assert_accessible: Check, assert_fits: Check, assert_easy_to_hit: Check
) -> None:
    cast = cast_site.cast
    order_id, start = _assigned(cast)
    elder = cast_site.open("wang", f"/elder/orders/{order_id}")
    digits = elder.locator(".door-code b").inner_text()
    _go_to(cast, start - timedelta(minutes=5))
    carer = cast_site.open("carer", "/carer")
    _sound(carer, assert_accessible, assert_fits)
    carer.get_by_role("link", name="上门助浴").click()
    expect(carer.locator("dl")).to_contain_text("33号3幢201室")
    carer.get_by_label("四位数字").fill(f"{(int(digits) + 1) % 10000:04d}")
    carer.get_by_role("button", name="签到").click()
    expect(carer.locator(".field-error")).to_be_visible()
    carer.get_by_label("四位数字").fill(digits)
    carer.get_by_role("button", name="签到").click()
    expect(carer.get_by_text("已签到")).to_be_visible()
    _sound(carer, assert_accessible, assert_fits)
    cast.advance(minutes=90)
    carer.get_by_label("洗浴", exact=True).check()
    carer.get_by_role("button", name="签退").click()
    expect(carer.get_by_text("等老人确认")).to_be_visible()
    cast.run_jobs()
    elder.goto(cast_site.url + "/elder")
    elder.get_by_role("link", name="上门助浴").click()
    elder.get_by_role("link", name="做完了，请您确认").click()
    _sound(elder, assert_accessible, assert_easy_to_hit)
    elder.get_by_label("好", exact=True).check()
    elder.get_by_role("button", name="做完了，我确认").click()
    expect(elder.locator("h1")).to_have_text("谢谢，确认好了")
    carer.reload()
    expect(carer.get_by_text("已经确认")).to_be_visible()
    expect(carer.get_by_text("等老人确认")).to_have_count(0)


def test_a_door_plate_leads_to_check_in_and_a_silent_door_is_reported(cast_site: Any, assert_accessible: Check) -> None:
    cast = cast_site.cast
    _, start = _assigned(cast)
    _go_to(cast, start)
    carer = cast_site.open("carer", "/carer")
    carer.get_by_role("link", name="上门助浴").click()
    carer.get_by_text("没人应门", exact=True).click()
    carer.get_by_label("看到什么、听到什么").fill("敲门三次，没有声音")
    carer.get_by_role("button", name="没人应门，报给街道").click()
    expect(carer.get_by_text("已经报给街道")).to_be_visible()
    carer.goto(cast_site.url + f"/door/{PLATE}")
    _sound(carer, assert_accessible)
    carer.get_by_role("button", name="我到门口了，签到").click()
    expect(carer.get_by_text("扫门牌")).to_be_visible()
    cast.run_jobs()


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("wang", "/elder/messages /elder/consent /elder/order/bathing /elder/order/service/home_bath/when /me"),
        ("daughter", "/ /sign-in /family/bind /family/{wang} /family/{wang}/messages /family/{wang}/volunteers"),
        ("volunteer", "/volunteer/sessions /volunteer/statement"),
        ("carer", "/carer /me"),
    ],
)
def test_the_pages_beside_the_story_are_sound_in_both_languages(
    who: str, paths: str, cast_site: Any, assert_accessible: Check, assert_fits: Check, assert_no_csp_violations: Check
) -> None:
    page = cast_site.open(who, "/me")
    for language in ("zh-CN", "en"):
        page.goto(cast_site.url + f"/view/language/{language}?back=/me")
        for path in paths.format(wang=cast_site.cast["wang"]).split():
            page.goto(cast_site.url + path)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator(".invented")).to_be_visible()
            _sound(page, assert_accessible, assert_fits)
    assert_no_csp_violations(page)


@pytest.mark.mission("HB-31", "TZ-36")
def test_a_volunteer_takes_a_need_and_her_minutes_are_booked_when_the_daughter_confirms(
    cast_site: Any, assert_accessible: Check, assert_fits: Check, assert_easy_to_hit: Check
) -> None:
    cast = cast_site.cast
    elder = cast_site.open("wang", "/elder/volunteers")
    _sound(elder, assert_accessible, assert_easy_to_hit)
    elder.get_by_role("link", name="来看看我").click()
    elder.get_by_role("button", name=re.compile("上午9点")).first.click()
    expect(elder.get_by_text("等志愿者来接")).to_be_visible()
    volunteer = cast_site.open("volunteer", "/volunteer")
    assert "王秀兰" not in volunteer.content()
    _sound(volunteer, assert_accessible, assert_fits)
    volunteer.get_by_role("link", name="探访陪伴").click()
    volunteer.get_by_role("button", name="我去").click()
    expect(volunteer.get_by_text("33号3幢201室")).to_be_visible()
    elder.reload()
    digits = elder.locator(".door-code b").inner_text()
    with cast.work("volunteer") as work:
        from services.volunteering.queries import my_needs

        need = my_needs(work.session, work.actor)[0]
    _go_to(cast, need.starts_at)
    volunteer.goto(cast_site.url + "/volunteer/sessions")
    volunteer.get_by_label("老人的四位数字").fill(digits)
    volunteer.get_by_role("button", name="签到").click()
    cast.advance(minutes=90)
    volunteer.get_by_role("button", name="签退").click()
    cast.run_jobs()
    family = cast_site.open("daughter", "/family")
    family.get_by_role("link", name=re.compile("等您确认时间")).click()
    family.get_by_role("button", name=re.compile("我确认")).click()
    expect(family.get_by_text("已完成")).to_be_visible()
    volunteer.goto(cast_site.url + "/volunteer/statement")
    expect(volunteer.locator(".balance")).to_have_text("1 小时 30 分钟")
    _sound(volunteer, assert_accessible, assert_fits)
