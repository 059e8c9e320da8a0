"""Inboxes over HTTP, and the demonstration's page of what was sent."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from services.messages import carriers
from services.messages.actions import tell
from services.people.sign_in import open_session
from services.people.tables import RoleGrant
from services.unit_of_work import NOBODY, SYSTEM, unit_of_work

AREA = 320102002001000


@pytest.fixture
def client(database):
    from api.errors import add_error_handlers
    from api.pages.kit import add_pages
    from api.pages.sent_messages import router as page
    from api.routes.messages import router

    app = FastAPI()
    add_error_handlers(app)
    add_pages(app)
    for one in (router, page):
        app.include_router(one)
    with TestClient(app) as made:
        yield made


def bearer(person: int) -> dict[str, str]:
    with unit_of_work(NOBODY) as work:
        token = open_session(work.session, work.now, person, kind="bearer", channel="test").token
    return {"Authorization": f"Bearer {token}"}


def send(now, **who):
    with unit_of_work(SYSTEM, login="jobs") as work:
        tell(work.session, now, template="payments.declined", facts={"amount_fen": 100}, **who)


def test_an_inbox_is_paged_read_once_and_closed_to_others(client, frozen, cast, do_jobs):
    for number in range(3):
        send(frozen.now, recipient_ids=[cast.daughter], elder_id=cast.wang, key=f"k{number}")
    do_jobs(frozen.now)
    mine = bearer(cast.daughter)
    page = client.get("/api/v1/messages", params={"limit": 2}, headers=mine).json()
    rest = client.get("/api/v1/messages", params={"before_id": page["before_id"]}, headers=mine).json()
    assert (len(page["messages"]), page["unread"], len(rest["messages"]), rest["before_id"]) == (2, 3, 1, None)
    first = page["messages"][0]
    assert first["title"] == "支付没有成功" and first["template"] == "payments.declined"
    read = client.post(f"/api/v1/messages/{first['id']}/read", headers=mine)
    assert read.status_code == 200 and client.get("/api/v1/messages", headers=mine).json()["unread"] == 2
    tries = client.get(f"/api/v1/messages/{first['id']}/deliveries", headers=mine).json()
    assert [(one["channel"], one["state"]) for one in tries] == [("sms", "delivered")]
    stranger = bearer(cast.wu)
    assert client.post(f"/api/v1/messages/{first['id']}/read", headers=stranger).status_code == 404
    assert client.get(f"/api/v1/messages/{first['id']}/deliveries", headers=stranger).status_code == 404
    assert client.get("/api/v1/messages/not-reached", headers=stranger).status_code == 403
    assert client.get("/api/v1/messages").status_code == 401


def test_an_operator_sees_whom_nobody_reached_and_closes_it_by_a_call(client, frozen, cast, do_jobs, database):
    with database.session("setup") as session, session.begin():
        session.add(
            RoleGrant(person_id=cast.dispatcher, role="operator", area_code=320102000000000, granted_at=frozen.now)
        )
    send(frozen.now, recipient_ids=[cast.wu], elder_id=cast.wang, area_code=AREA)
    do_jobs(frozen.now)
    operator = bearer(cast.dispatcher) | {"X-Yinling-Role": "operator"}
    (waiting,) = client.get("/api/v1/messages/not-reached", headers=operator).json()
    assert client.post(f"/api/v1/messages/{waiting['id']}/told", headers=bearer(cast.wu)).status_code == 403
    assert client.post(f"/api/v1/messages/{waiting['id']}/told", headers=operator).status_code == 204
    assert client.get("/api/v1/messages/not-reached", headers=operator).json() == []


def test_the_page_of_sent_messages_exists_in_demonstration_mode_only(client, cast, override_settings):
    carriers.send_code("13900000009", "483920", key="c1")
    assert client.get("/dev/messages").status_code == 404
    override_settings(demonstration="1")
    assert "483920" in client.get("/dev/messages").text
    assert "483920" in client.get("/dev/messages", params={"query": "13900000009"}).text
    assert "483920" not in client.get("/dev/messages", params={"query": "13900000008"}).text
    assert "483920" not in client.get("/dev/messages", params={"query": "%"}).text
    override_settings(message_carriers="real")
    assert client.get("/dev/messages").status_code == 404


def test_a_gateways_report_is_believed_only_when_signed_and_moves_the_message_on(
    client, frozen, cast, do_jobs, override_settings, monkeypatch
):
    override_settings(sms_gateway_key="geheim")
    monkeypatch.setattr(carriers.sms(), "send", lambda parcel: carriers.Receipt("gw-7", "sent"))
    send(frozen.now, recipient_ids=[cast.daughter], elder_id=cast.wang)
    do_jobs(frozen.now)
    body = json.dumps({"id": "gw-7", "status": "failed", "reason": "UNDELIV"}).encode()
    mark = hmac.new(b"geheim", body, hashlib.sha256).hexdigest()
    path = "/api/v1/messages/sms/reports"
    for headers in ({}, {"X-Signature": "0" * 64}, {"X-Signature": mark[:-1]}):
        assert client.post(path, content=body, headers=headers).status_code == 403
    for _ in range(2):
        assert client.post(path, content=body, headers={"X-Signature": mark}).status_code == 204
    do_jobs(frozen.now)
    mine = bearer(cast.daughter)
    (message,) = client.get("/api/v1/messages", headers=mine).json()["messages"]
    tries = client.get(f"/api/v1/messages/{message['id']}/deliveries", headers=mine).json()
    assert [(one["channel"], one["state"]) for one in tries] == [("sms", "sent"), ("sms", "failed"), ("person", "sent")]
    for garbled in (b"no", b"[]", b'{"id": 1, "status": "lost"}'):
        signed = {"X-Signature": hmac.new(b"geheim", garbled, hashlib.sha256).hexdigest()}
        assert client.post(path, content=garbled, headers=signed).status_code == 422
    override_settings(sms_gateway_key="")
    empty = {"X-Signature": hmac.new(b"", body, hashlib.sha256).hexdigest()}
    assert client.post(path, content=body, headers=empty).status_code == 403
