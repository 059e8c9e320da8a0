"""Inside WeChat: out with a state, back with a code, bound once by phone code or card, and never by somebody else's."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.people.errors import WechatAway, WechatRefused, WechatTaken
from services.people.sign_in import issue_binding_card, request_code
from services.people.wechat import OfficialAccount, wechat_accounts
from services.people.wechat_sign_in import accounts_of, bind_account, person_of_openid, unbind_account
from services.unit_of_work import NOBODY, Actor, unit_of_work

WECHAT = {"user-agent": "Mozilla/5.0 MicroMessenger/8.0", "accept": "text/html"}


@pytest.fixture
def browser(cast):
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False, headers=WECHAT, base_url="http://testserver") as client:
        yield client


def local(address):
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def out_and_chosen(browser, openid, back="/elder"):
    """Go out to WeChat and choose whose telephone one holds; gives the address WeChat sends the browser back to."""
    out = browser.get("/sign-in/wechat", params={"back": back})
    asked = {name: values[0] for name, values in parse_qs(urlsplit(out.headers["location"]).query).items()}
    assert asked["scope"] == "snsapi_base" and asked["response_type"] == "code"
    page = browser.get(local(out.headers["location"]))
    assert page.status_code == 200 and asked["state"] in page.text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    form = {"openid": openid, "csrf_token": token[1] if token else ""}
    sent = browser.post("/dev/wechat", data=form | {name: asked[name] for name in ("appid", "redirect_uri", "state")})
    return local(sent.headers["location"])


def sign_in_by_code(browser, phone):
    with unit_of_work(NOBODY) as work:
        _, code = request_code(work.session, work.now, phone)
    return browser.post("/sign-in/code", data={"phone": phone, "code": code, "back": "/elder"})


@pytest.mark.mission("DY-37")
def test_bound_once_by_a_phone_code_and_then_signed_in_without_one(cast, browser):
    back = browser.get(out_and_chosen(browser, "fake-wang"))
    assert back.status_code == 303 and back.headers["location"].startswith("/sign-in?")
    assert "第一次从微信进来" in browser.get(back.headers["location"]).text
    assert sign_in_by_code(browser, "19900000001").status_code == 303
    with cast.work("house") as work:
        row = work.session.connection().execute(text("SELECT to_jsonb(a)::text FROM wechat_account a")).scalar_one()
        assert "fake-wang" not in row and json.loads(row)["bound_how"] == "phone_code"
    browser.cookies.clear()
    again = browser.get(out_and_chosen(browser, "fake-wang"))
    assert again.headers["location"] == "/elder"
    page = browser.get("/elder")
    assert page.status_code == 200 and "王奶奶" in page.text, "the elder's page opens in WeChat's browser"
    with cast.work("wang") as work:
        (one,) = accounts_of(work.session, cast["wang"])
        unbind_account(work.session, work.now, work.actor, cast["wang"], one.id)
    assert browser.get("/elder").status_code in (303, 401), "what WeChat signed in is signed out"
    browser.cookies.clear()
    assert browser.get(out_and_chosen(browser, "fake-wang")).headers["location"].startswith("/sign-in?")


def test_a_card_scanned_in_wechat_binds_the_account_too(cast, browser):
    with cast.work("daughter") as work:
        token = issue_binding_card(work.session, work.now, work.actor, cast["wang"])
    first = browser.get(f"/card/{token}")
    assert first.headers["location"] == f"/sign-in/wechat?back=/card/{token}"
    back = browser.get(out_and_chosen(browser, "fake-wang", back=f"/card/{token}"))
    assert back.headers["location"] == f"/card/{token}"
    assert browser.get(f"/card/{token}").status_code == 200
    assert browser.post(f"/card/{token}").status_code == 200
    app_id = wechat_accounts().app_id
    with unit_of_work(NOBODY) as work:
        assert person_of_openid(work.session, app_id, "fake-wang") == cast["wang"]
        assert person_of_openid(work.session, "another-account", "fake-wang") is None


def test_a_replayed_code_a_wrong_state_and_another_browsers_answer_are_refused(cast, browser):
    answer = out_and_chosen(browser, "fake-wang")
    state_cookie = browser.cookies["yl_wechat_state"]
    assert browser.get(answer).status_code == 303
    browser.cookies.set("yl_wechat_state", state_cookie)
    assert browser.get(answer).status_code == 403, "a code is good once"
    answer = out_and_chosen(browser, "fake-wang")
    wrong = answer.replace("state=", "state=0")
    assert browser.get(wrong).status_code == 403
    browser.cookies.delete("yl_wechat_state")
    assert browser.get(answer).status_code == 403, "an answer another browser asked for signs nobody in"
    answer = out_and_chosen(browser, "fake-wang")
    cast.advance(minutes=6)
    assert browser.get(answer).status_code == 403, "a code is good for five minutes"
    other = out_and_chosen(browser, "fake-wang")
    with cast.work("house") as work:
        work.session.connection().execute(text("UPDATE fake_wechat_code SET app_id = 'another' WHERE used_at IS NULL"))
    assert browser.get(other).status_code == 403, "a code given to another account is worth nothing here"


def test_an_account_signs_one_person_in_and_nobody_takes_it_over(cast, browser):
    app_id = wechat_accounts().app_id
    with cast.work("daughter") as work:
        bind_account(work.session, work.now, work.actor, app_id, "fake-li_min", "signed_in")
    with cast.work("outsider") as work, pytest.raises(WechatTaken):
        bind_account(work.session, work.now, work.actor, app_id, "fake-li_min", "signed_in")
    browser.get(out_and_chosen(browser, "fake-new-telephone"))
    assert sign_in_by_code(browser, "19900000099").status_code == 303
    signed_in = browser.get(out_and_chosen(browser, "fake-li_min"))
    assert signed_in.status_code == 409, "the account of somebody else is not bound over her"
    with unit_of_work(Actor(cast["outsider"], "registered")) as work:
        rows = work.session.connection().execute(text("SELECT person_id FROM wechat_account")).scalars().all()
        assert rows == [cast["outsider"]]
    page = browser.get("/sign-in/wechat", params={"back": "https://evil.example/"})
    assert "evil" not in page.headers["location"]


def test_wechat_itself_is_asked_as_its_documentation_says():
    asked = []

    def answer(request):
        asked.append(request.url)
        told = {"good": {"openid": "oX1", "scope": "snsapi_base"}, "used": {"errcode": 40163}, "busy": {"errcode": -1}}
        return httpx.Response(200, json=told[request.url.params["code"]])

    account = OfficialAccount("https://open.example", "https://api.example", "wx1", "s3cret")
    account._client = httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(answer))
    address = account.authorise_url("https://yl.example/back", "st")
    assert address.startswith("https://open.example/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2F")
    assert (
        address.endswith("&response_type=code&scope=snsapi_base&state=st#wechat_redirect") and "s3cret" not in address
    )
    assert account.openid_of("good") == "oX1"
    assert asked[0].path == "/sns/oauth2/access_token" and asked[0].params["grant_type"] == "authorization_code"
    with pytest.raises(WechatRefused):
        account.openid_of("used")
    with pytest.raises(WechatAway):
        account.openid_of("busy")


def test_the_fake_stands_in_the_demonstration_only(override_settings):
    override_settings(demonstration=False)
    assert wechat_accounts() is None
    override_settings(demonstration=False, wechat_accounts="real", wechat_app_id="wx1")
    assert isinstance(wechat_accounts(), OfficialAccount)
