"""Pages of ordering: a place is taken, an order comes again, its time is changed, the officer assigns, a site notes who came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from yl_quarter import Quarter

from services.clock import civil_date
from services.matching.modes import set_way
from services.orders.place_giving import NewPlan, plan_places


@pytest.fixture
def site(quarter: Quarter) -> Iterator[TestClient]:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False) as client:
        yield client


def go(quarter: Quarter, site: TestClient, who: str, path: str, **form: Any) -> Any:
    from api.deps import signed

    headers = {"accept": "text/html", "cookie": f"yl_session={signed(quarter.token(who))}"}
    if not form:
        return follow(site, site.get(path, headers=headers), headers)
    token = re.search(r'name="csrf_token" value="([^"]+)"', site.get("/me", headers=headers).text)
    assert token is not None
    return follow(site, site.post(path, data={**form, "csrf_token": token[1]}, headers=headers), headers)


def follow(site: TestClient, answer: Any, headers: dict[str, str]) -> Any:
    """Go where a page leads, with the same cookie."""
    while answer.status_code == 303:
        answer = site.get(answer.headers["location"], headers=headers)
    return answer


def test_a_meal_is_ordered_on_a_page_and_noted_at_the_site(quarter: Quarter, site: TestClient) -> None:
    with quarter.work("kangle_dispatcher") as work:
        plan = NewPlan(quarter.facilities["kangle"], "canteen", "meal_dine_in", (), 690, 750, 2, 570)
        plan_places(work.session, work.now, work.actor, quarter.providers["kangle"], plan)
    page = go(quarter, site, "wang", "/elder/order/service/canteen")
    assert "还有 2 个位子（共 2 个）" in page.text and "9:30 截止" in page.text
    found = re.findall(r'name="(provider|start|end|idempotency_key)" value="([^"]+)"', page.text)[:4]
    placed = go(quarter, site, "wang", "/elder/order/places/canteen", **dict(found))
    assert placed.status_code == 200 and "的位子订好了" in placed.text
    again = go(quarter, site, "wang", "/elder/order/places/canteen", **dict(found))
    assert again.url == placed.url, "the same form twice is one order"
    day = quarter.one("SELECT starts_at FROM care_order")
    with quarter.work("house") as work:
        quarter_of_now = (day - work.now).total_seconds()
    quarter.advance(seconds=max(0.0, quarter_of_now) + 60)
    board = go(quarter, site, "kangle_dispatcher", "/provider/places")
    assert "王秀兰" in board.text
    order = quarter.one("SELECT id FROM care_order")
    go(quarter, site, "kangle_dispatcher", f"/provider/orders/{order}/came", x="1")
    assert quarter.one("SELECT state FROM care_order") == "in_service"


def test_a_regular_order_is_set_a_day_left_out_and_stopped_on_a_page(quarter: Quarter, site: TestClient) -> None:
    refused = go(quarter, site, "daughter", f"/family/{quarter['wang']}/recurring", service="home_bath")
    assert refused.status_code == 422 and "请选星期几" in refused.text
    page = go(
        quarter,
        site,
        "daughter",
        f"/family/{quarter['wang']}/recurring",
        service="home_bath",
        days=["TU", "FR"],
        hour="14",
    )
    assert page.status_code == 200 and page.text.count("这次不要") >= 5
    series = quarter.one("SELECT id FROM recurring_order")
    with quarter.work("house") as work:
        friday = civil_date(work.now) + timedelta(days=3)
    go(quarter, site, "daughter", f"/family/{quarter['wang']}/recurring/{series}/skip", day=friday.isoformat())
    assert quarter.all("SELECT on_day FROM recurring_day WHERE fate = 'skipped'") == [friday]
    page = go(quarter, site, "daughter", f"/family/{quarter['wang']}/recurring/{series}/stop", x="1")
    assert "已停" in page.text


def test_the_time_of_an_order_is_changed_and_a_served_one_ordered_again_on_pages(
    quarter: Quarter, site: TestClient
) -> None:
    placed = quarter.place("wang")
    page = go(quarter, site, "wang", f"/elder/orders/{placed.order_id}/when")
    start = re.findall(r'name="start" value="([^"]+)"', page.text)[-1]
    moved = go(quarter, site, "wang", f"/elder/orders/{placed.order_id}/when", start=start)
    assert "时间改到" in moved.text
    served = quarter.served(starts_at=quarter.thursday(14), ends_at=quarter.thursday(16))
    shown = go(quarter, site, "wang", f"/elder/orders/{served.order_id}")
    assert "再订一次一样的" in shown.text
    once_more = go(quarter, site, "wang", f"/elder/orders/{served.order_id}/again")
    assert once_more.status_code == 200 and "/confirm" in str(once_more.url)


def test_the_officer_assigns_on_a_page_and_the_provider_sees_it(quarter: Quarter, site: TestClient) -> None:
    with quarter.work("house") as work:
        set_way(work.session, work.now, work.actor, 320100000000000, "bureau", valid_from=civil_date(work.now))
    placed = quarter.place()
    quarter.run_jobs(only="matching.offer_next")
    page = go(quarter, site, "zhao", "/officer/orders")
    assert "王秀兰" in page.text and "康乐居家养老服务中心" in page.text and "太远" in page.text
    kangle = str(quarter.providers["kangle"])
    named = go(quarter, site, "zhao", f"/officer/orders/{placed.order_id}/provider", provider=kangle)
    assert "派出去了" in named.text
    twice = go(quarter, site, "zhao", f"/officer/orders/{placed.order_id}/provider", provider=kangle)
    assert twice.status_code == 409 and "已经有安排了" in twice.text
    assert "接单" in go(quarter, site, "kangle_dispatcher", "/provider").text
