"""Wishes and diets on pages, a basket for two elders, what a provider offers, and the office's registers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from yl_quarter import HOME, Quarter

from services.clock import civil_date
from services.matching.wishes import wish_of
from services.orders.meals import diet_of


@pytest.fixture
def site(quarter: Quarter) -> Iterator[TestClient]:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False) as client:
        yield client


def go(quarter: Quarter, site: TestClient, who: str, path: str, form: dict[str, Any] | None = None) -> Any:
    from api.deps import signed

    headers = {"accept": "text/html", "cookie": f"yl_session={signed(quarter.token(who))}"}
    if form is None:
        answer = site.get(path, headers=headers)
    else:
        token = re.search(r'name="csrf_token" value="([^"]+)"', site.get("/me", headers=headers).text)
        assert token is not None
        answer = site.post(path, data={**form, "csrf_token": token[1]}, headers=headers)
    while answer.status_code == 303:
        answer = site.get(answer.headers["location"], headers=headers)
    return answer


def test_she_says_whom_she_would_like_and_the_dispatcher_reads_it(quarter: Quarter, site: TestClient) -> None:
    order = quarter.accepted().order_id
    quarter.assign(order)
    page = go(quarter, site, "wang", "/elder/wishes")
    assert "陈芳" in page.text, "who came before can be wished for"
    said = {"gender": "female", "languages": ["nanjing"], "carer": str(quarter["chen"]), "must": "yes"}
    assert "记下了" in go(quarter, site, "wang", "/elder/wishes", said).text
    with quarter.work("wang") as work:
        assert wish_of(work.session, quarter["wang"]).words == "护理员陈芳、女护理员、会说南京话"
    refused = go(quarter, site, "daughter", f"/family/{quarter['wang']}/wishes", {"carer": "999999"})
    assert refused.status_code == 422 and "这位护理员不能选" in refused.text
    asked = go(quarter, site, "zhou", f"/desk/elders/{quarter['wang']}/diet", {"avoids": ["milk", "egg"]})
    assert "厨房都会看到" in asked.text
    assert quarter.one("SELECT count(*) FROM act WHERE verb = 'read_diet'") == 1
    with quarter.work("daughter") as work:
        assert set(diet_of(work.session, quarter["wang"])) == {"milk", "egg"}
    assert go(quarter, site, "wu", f"/desk/elders/{quarter['wang']}/wishes").status_code in (403, 404)
    go(quarter, site, "wang", "/elder/wishes", {"carer": str(quarter["chen"])})  # others may come as well
    afternoon = {"starts_at": quarter.thursday(13), "ends_at": quarter.thursday(15)}
    quarter.accepted(**afternoon)
    board = go(quarter, site, "kangle_dispatcher", "/provider")
    assert "老人希望" in board.text and "护理员陈芳" in board.text, "who sends somebody reads the wish"
    assert quarter.one("SELECT count(*) FROM carer_wish") == 1


def test_who_is_wished_for_and_nobody_else_leaves_other_providers_out(quarter: Quarter) -> None:
    from services.matching.queries import match
    from services.matching.wishes import Wish, say_wish

    with quarter.work("daughter") as work:
        say_wish(work.session, work.now, work.actor, quarter["wang"], Wish(carer_id=None, gender="female"))
    with quarter.work("zhao") as work:
        say_wish(work.session, work.now, work.actor, quarter["wang"], Wish(carer_id=quarter["chen"], must=True))
    with quarter.work("daughter") as work:
        start, end = quarter.thursday(9), quarter.thursday(11)
        found = match(work.session, work.now, work.actor, quarter["wang"], "home_bath", start, end)
    assert {one.provider_id for one in found.candidates} == {quarter.providers["kangle"]}
    assert any(one.why.startswith("那时没有老人要的护理员") for one in found.left_out)


def test_a_basket_for_two_elders_is_ordered_whole_or_not_at_all(quarter: Quarter, site: TestClient) -> None:
    quarter.change(
        "INSERT INTO proxy (elder_id, area_code, proxy_person_id, relation, ground, scopes, state, requested_at, confirmed_by,"
        " confirmed_at) SELECT :e, area_code, proxy_person_id, relation, ground, scopes, state, requested_at, :e, confirmed_at"
        " FROM proxy WHERE proxy_person_id = :d",
        e=quarter["sun"], d=quarter["daughter"],
    )  # fmt: skip
    day = quarter.thursday(9).date().isoformat()
    page = go(quarter, site, "daughter", "/family/basket")
    assert "王秀兰" in page.text and "孙德福" in page.text
    added = go(
        quarter, site, "daughter",
        f"/family/basket?elder={quarter['wang']}&service=home_bath&day={day}&hour=09",
    )  # fmt: skip
    assert "康乐" in added.text or "安康" in added.text
    both = str(added.url).split("?")[1] + f"&elder={quarter['sun']}&service=home_bath&day={day}&hour=14"
    whole = go(quarter, site, "daughter", f"/family/basket?{both}")
    lines = re.findall(r'name="line" value="([^"]+)"', whole.text)
    sent = {
        "line": [one for one in dict.fromkeys(lines) if one.count("~") == 3],
        "idempotency_key": "basket-of-the-family",
    }
    assert len(sent["line"]) == 2, whole.text[-3000:]
    bad = go(
        quarter,
        site,
        "daughter",
        "/family/basket",
        {**sent, "line": [sent["line"][0], f"{quarter['sun']}~home_bath~{day}T10"]},
    )
    assert bad.status_code == 409 and quarter.one("SELECT count(*) FROM care_order") == 0
    placed = go(quarter, site, "daughter", "/family/basket", sent)
    assert placed.status_code == 200 and "王秀兰" in placed.text and "孙德福" in placed.text
    go(quarter, site, "daughter", "/family/basket", sent)
    assert quarter.one("SELECT count(*) FROM care_order") == 2, "the same form twice is one basket"
    doubled = go(quarter, site, "daughter", "/family/basket", {**sent, "idempotency_key": "another"})
    assert doubled.status_code == 409 and "还要再订一次" in doubled.text
    foreign = go(quarter, site, "son", "/family/basket", {**sent, "idempotency_key": "of-the-son"})
    assert foreign.status_code in (403, 404) or "没有找到这位老人" in foreign.text
    assert quarter.one("SELECT count(*) FROM care_order") == 2


def test_a_provider_publishes_places_a_menu_and_its_prices(quarter: Quarter, site: TestClient) -> None:
    facility = quarter.facilities["kangle"]
    place = {
        "site": str(facility), "service": "canteen", "kind": "meal_dine_in", "days": ["1", "2", "3", "4", "5", "6", "7"],
        "since": "11:30", "until": "12:30", "places": "2", "ordered_by": "09:30", "days_before": "0",
    }  # fmt: skip
    late = go(quarter, site, "kangle_dispatcher", "/provider/offers/places", {**place, "ordered_by": "13:00"})
    assert late.status_code == 422 and "几点以前订" in late.text
    assert go(quarter, site, "ankang_dispatcher", "/provider/offers/places", place).status_code in (403, 409)
    assert "老人现在就能订" in go(quarter, site, "kangle_dispatcher", "/provider/offers/places", place).text
    assert "还有 2 个位子" in go(quarter, site, "wang", "/elder/order/service/canteen").text
    with quarter.work("house") as work:
        day = (civil_date(work.now) + timedelta(days=1)).isoformat()
    dish = {"dish_site": str(facility), "day": day, "dish": "盐水虾", "contains": ["shellfish"]}
    assert "盐水虾" in go(quarter, site, "kangle_dispatcher", "/provider/offers/dishes", dish).text
    number = quarter.one("SELECT id FROM meal_dish")
    assert go(quarter, site, "ankang_dispatcher", f"/provider/offers/dishes/{number}/withdraw", {}).status_code == 403
    go(quarter, site, "kangle_dispatcher", f"/provider/offers/dishes/{number}/withdraw", {})
    assert quarter.one("SELECT count(*) FROM meal_dish") == 0
    line = quarter.one("SELECT id FROM service_line WHERE provider_id = :p AND service_code = 'canteen'",
                       p=quarter.providers["kangle"])  # fmt: skip
    assert (
        go(quarter, site, "kangle_dispatcher", f"/provider/offers/prices/{line}", {"yuan": "很贵"}).status_code == 422
    )
    assert go(quarter, site, "ankang_dispatcher", f"/provider/offers/prices/{line}", {"yuan": "1"}).status_code == 403
    go(quarter, site, "kangle_dispatcher", f"/provider/offers/prices/{line}", {"yuan": "16.50", "active": "yes"})
    assert quarter.one("SELECT price_fen FROM service_line WHERE id = :l", l=line) == 1650
    plan = quarter.one("SELECT id FROM place_plan")
    ended = go(quarter, site, "kangle_dispatcher", f"/provider/offers/places/{plan}/end", {})
    assert "已经订了的照旧" in ended.text and quarter.one("SELECT valid_to IS NOT NULL FROM place_plan")


@pytest.mark.mission("DY-16")
def test_the_office_keeps_its_assessors_home_beds_and_who_moves(quarter: Quarter, site: TestClient) -> None:
    from services.people.privacy import lookup_hash

    quarter.change(
        "UPDATE person SET phone_hash = :h WHERE id = :p", h=lookup_hash("phone", "13900000077"), p=quarter["zhou"]
    )
    new = {"phone": "13900000077", "organisation": "演示评估所", "certificate_number": "评1", "valid_until": "2099-01-01",
           "schemes": ["ltci-2021"]}  # fmt: skip
    assert go(quarter, site, "zhao", "/officer/assessors", {**new, "phone": "13911111111"}).status_code == 404
    assert "可以评估和签字" in go(quarter, site, "zhao", "/officer/assessors", new).text
    assert go(quarter, site, "zhao", "/officer/assessors", new).status_code == 409
    assert go(quarter, site, "zhou", "/officer/assessors", {**new, "phone": "13900000077"}).status_code in (403, 409)
    go(quarter, site, "zhao", f"/officer/assessors/{quarter['zhou']}/end", {})
    assert quarter.one("SELECT left_on IS NOT NULL FROM assessor")
    go(quarter, site, "zhao", f"/officer/assessors/{quarter['zhou']}/prolong", {"until": "2098-01-01"})
    assert quarter.one("SELECT left_on IS NULL AND valid_until = '2098-01-01' FROM assessor")
    with quarter.work("house") as work:
        today = civil_date(work.now)
    elder = quarter["wang"]
    contract = {
        "contract_number": "家床一", "provider": str(quarter.providers["kangle"]), "signed_by": str(elder),
        "signed_on": today.isoformat(), "first_day": today.isoformat(), "last_day": "2099-01-01", "monthly": "1200",
        "government": "800", "family": "400", "service": ["home_bath", ""], "times": ["1", "1"], "every": ["week", "week"],
        "minutes": ["90", "60"], "devices": "呼叫器、床垫",
    }  # fmt: skip
    wrong = go(quarter, site, "zhao", f"/officer/home-beds/new/{elder}", {**contract, "family": "300"})
    assert wrong.status_code == 422 and "家床一" in wrong.text
    shown = go(quarter, site, "zhao", f"/officer/home-beds/new/{elder}", contract)
    assert shown.status_code == 200 and "每周 1 次" in shown.text and "呼叫器" in shown.text
    bed = quarter.one("SELECT id FROM home_bed")
    ended = go(
        quarter, site, "zhao", f"/officer/home-beds/{bed}/end", {"last_day": today.isoformat(), "reason": "住院"}
    )
    assert "已提前结束" in ended.text or "住院" in ended.text
    moving = f"/desk/elders/{elder}/moving"
    assert go(quarter, site, "zhao", moving, {"area": "1"}).status_code == 422
    assert go(quarter, site, "zhao", moving, {"area": "310101001001000"}).status_code == 403
    assert (
        "新住处记下了" in go(quarter, site, "zhao", moving, {"area": str(HOME), "lon": "118.79", "lat": "32.04"}).text
    )
    assert (
        "离世"
        in go(quarter, site, "zhao", f"/desk/elders/{elder}/leaving", {"reason": "died", "on": today.isoformat()}).text
    )
    assert quarter.one("SELECT died_on FROM person WHERE id = :e", e=elder) == today
    back = go(quarter, site, "zhao", f"/desk/elders/{elder}/leaving", {"reason": "died", "back": "yes"})
    assert "改回来了" in back.text and quarter.one("SELECT died_on FROM person WHERE id = :e", e=elder) is None
    assert go(quarter, site, "wu", moving).status_code in (403, 404)
