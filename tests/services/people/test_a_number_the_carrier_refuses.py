"""A text the carrier refuses never comes: the page says so, instead of letting an elder wait."""

from __future__ import annotations

from fastapi.testclient import TestClient

from services.messages import carriers
from services.messages.errors import CarrierRefused


def test_the_page_says_that_the_number_was_refused_and_tries_again_later(cast, monkeypatch):
    from api.app import create_app

    def refuse(phone, code, *, key):
        raise CarrierRefused(channel="sms", reason="no such number")

    monkeypatch.setattr(carriers, "send_code", refuse)
    phone = {"phone": "19900000042"}
    with TestClient(create_app(), headers={"accept": "text/html"}) as client:
        assert client.post("/sign-in", data=phone).status_code == 200
        waiting = client.post("/sign-in/sent", data=phone)
        assert waiting.status_code == 200 and "还在路上" in waiting.text
        cast.run_jobs(only="people.send_code")
        for path, more in (("/sign-in/sent", {}), ("/sign-in", {}), ("/sign-in/code", {"code": "123456"})):
            told = client.post(path, data=phone | more)
            assert told.status_code in (409, 422) and "运营商没有把短信送到这个号码" in told.text, path
        api = client.post("/api/v1/sign-in", json=phone | {"code": "123456"})
        assert api.status_code == 409 and api.json()["title"] == "CodeNotCarried"
        cast.advance(minutes=11)
        assert client.post("/sign-in", data=phone).status_code == 200, "a number may have been mended"
