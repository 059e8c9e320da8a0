"""Codes are limited and expire; cards work once; sessions end when they are told to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from services.people import sign_in
from services.people.errors import CardUsed, CodeTriesUsedUp, TooManyCodes
from services.people.queries import actor_of_session
from services.unit_of_work import NOBODY, unit_of_work

PHONE = "19900000002"


def code_for(phone: str) -> str:
    with unit_of_work(NOBODY) as work:
        return sign_in.request_code(work.session, work.now, phone)[1]


def tried(phone: str, code: str) -> bool:
    with unit_of_work(NOBODY) as work:
        return sign_in.try_code(work.session, work.now, phone, code)


def test_a_code_opens_once(cast):
    code = code_for(PHONE)
    assert tried(PHONE, code)
    assert not tried(PHONE, code)


def test_a_wrong_code_costs_a_try_and_the_sixth_is_refused_even_when_right(cast):
    code = code_for(PHONE)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert [tried(PHONE, wrong) for _ in range(5)] == [False] * 5
    with pytest.raises(CodeTriesUsedUp):
        tried(PHONE, code)


def test_a_code_expires(cast):
    code = code_for(PHONE)
    cast.advance(minutes=6)
    assert not tried(PHONE, code)


def test_no_more_than_five_codes_an_hour_for_one_phone(cast):
    for _ in range(5):
        code_for(PHONE)
    with pytest.raises(TooManyCodes):
        code_for(PHONE)
    cast.advance(minutes=61)
    code_for(PHONE)


def asked_by(sender: str, phone: str) -> None:
    with unit_of_work(NOBODY) as work:
        sign_in.request_code(work.session, work.now, phone, sender)


def test_one_sender_cannot_have_texts_sent_to_many_phones(cast, override_settings):
    override_settings(sign_in_codes_per_hour_per_sender=3)
    for last in range(3):
        asked_by(f"2001:db8:7:7::{last}", f"1990000003{last}")
    with pytest.raises(TooManyCodes):
        asked_by("2001:db8:7:7:aaaa::9", "19900000034")
    asked_by("2001:db8:7:8::1", "19900000034")
    cast.advance(minutes=61)
    asked_by("2001:db8:7:7::1", "19900000035")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_sender_is_her_address_or_the_network_she_may_choose_addresses_from(address, network):
    assert sign_in.network_of(address) == network


def test_the_sender_is_counted_at_the_page_and_at_the_api_and_kept_as_a_hash_only(cast, site, override_settings):
    override_settings(sign_in_codes_per_hour_per_sender=2)
    html = {"accept": "text/html"}
    assert site.post("/sign-in", data={"phone": "19900000041", "back": "/"}, headers=html).status_code == 200
    assert site.post("/api/v1/sign-in/codes", json={"phone": "19900000042"}).status_code == 202
    assert site.post("/api/v1/sign-in/codes", json={"phone": "19900000043"}).status_code == 429
    refused = site.post("/sign-in", data={"phone": "19900000044", "back": "/"}, headers=html)
    assert refused.status_code == 422 and "过于频繁" in refused.text
    with cast.work("house") as work:
        kept = work.session.connection().exec_driver_sql("SELECT DISTINCT sender_hash FROM sign_in_code").scalars()
        assert [len(bytes(one)) for one in kept] == [32]


def test_a_number_the_carrier_refuses_for_good_is_not_tried_again(cast):
    with unit_of_work(NOBODY) as work:
        sign_in.send_code(work.session, work.now, "13900000000")
    assert cast.run_jobs(only="people.send_code") == ["people.send_code"]
    with cast.work("house") as work:
        row = work.session.connection().exec_driver_sql("SELECT state, last_error FROM outbox ORDER BY id DESC").first()
    assert tuple(row) == ("done", None)


def test_a_card_binds_an_elders_phone_once_and_for_long_until_revoked(cast):
    with cast.work("daughter") as work:
        token = sign_in.issue_binding_card(work.session, work.now, work.actor, cast["wang"])
    with unit_of_work(NOBODY) as work:
        bound = sign_in.sign_in_by_card(work.session, work.now, token)
    with pytest.raises(CardUsed), unit_of_work(NOBODY) as work:
        sign_in.sign_in_by_card(work.session, work.now, token)
    cast.advance(days=300)
    with unit_of_work(NOBODY) as work:
        assert actor_of_session(work.session, work.now, bound.token, channel="web").person_id == cast["wang"]
    with cast.work("daughter") as work:
        assert sign_in.revoke_session(work.session, work.now, work.actor, bound.session_id), (
            "who bound it may unbind it"
        )
    with unit_of_work(NOBODY) as work:
        assert actor_of_session(work.session, work.now, bound.token, channel="web") is None


def test_a_session_ends_by_itself(cast):
    token = cast.token("officer")
    cast.advance(**{"days": timedelta(days=15).days})
    with unit_of_work(NOBODY) as work:
        assert actor_of_session(work.session, work.now, token, channel="web") is None


@pytest.fixture
def site(cast):
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def test_a_person_signs_in_through_the_pages_and_out_again(cast, site):
    html = {"accept": "text/html"}
    assert site.get("/me", headers=html).headers["location"] == "/sign-in?back=/me"
    assert site.post("/sign-in", data={"phone": PHONE, "back": "/me"}, headers=html).status_code == 200
    cast.run_jobs(only="people.send_code")
    with cast.work("house") as work:
        body = work.session.connection().exec_driver_sql("SELECT body FROM fake_parcel ORDER BY id DESC").scalar()
    code = "".join(ch for ch in body if ch.isdigit())[:6]
    wrong = site.post("/sign-in/code", data={"phone": PHONE, "code": "000000", "back": "/me"}, headers=html)
    assert wrong.status_code == 422 and "验证码不对" in wrong.text
    right = site.post("/sign-in/code", data={"phone": PHONE, "code": code, "back": "/me"}, headers=html)
    assert (right.status_code, right.headers["location"]) == (303, "/me")
    cookie = next(
        value for name, value in right.headers.multi_items() if name == "set-cookie" and "yl_session" in value
    )
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    page = site.get("/me", headers=html)
    assert page.status_code == 200 and "李敏" in page.text
    without = site.post("/sign-out", headers=html)
    assert without.status_code == 403, "another site cannot sign her out"
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    assert site.post("/sign-out", data={"csrf_token": token}, headers=html).headers["location"] == "/"
    assert site.get("/me", headers=html).status_code == 303


def test_an_altered_cookie_signs_nobody_in(cast, site):
    site.cookies.set("yl_session", cast.token("officer"))
    assert site.get("/api/v1/me").status_code == 401


def test_a_cookie_alone_changes_nothing_over_the_api(cast, site):
    from api.deps import csrf_token, signed

    token = cast.token("officer")
    site.cookies.set("yl_session", signed(token))
    assert site.get("/api/v1/me").status_code == 200
    body = {"field": "phone", "reason": "回访核对"}
    assert site.post(f"/api/v1/elders/{cast['wang']}/reveal", json=body).status_code == 403
    header = {"X-CSRF-Token": csrf_token(token)}
    assert site.post(f"/api/v1/elders/{cast['wang']}/reveal", json=body, headers=header).status_code == 200
    with cast.work("house") as work:
        trail = work.session.connection().exec_driver_sql(
            "SELECT actor_id, for_person_id, facts->>'reason' FROM act WHERE verb = 'read_phone'"
        )
        assert trail.all() == [(cast["officer"], cast["wang"], "回访核对")]


def test_a_link_preview_does_not_spend_the_card_and_the_button_does(cast, site):
    html = {"accept": "text/html"}
    with cast.work("daughter") as work:
        token = sign_in.issue_binding_card(work.session, work.now, work.actor, cast["wang"])
    for _ in range(2):
        assert "绑定这部手机" in site.get(f"/card/{token}", headers=html).text
    bound = site.post(f"/card/{token}", headers=html)
    assert bound.status_code == 200 and "王秀兰" in bound.text
    assert "王秀兰" in site.get("/me", headers=html).text
    site.cookies.clear()
    assert site.post(f"/card/{token}", headers=html).status_code == 403
