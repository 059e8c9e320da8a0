"""The real carriers speak to a local HTTP server that behaves as a gateway does, well and badly."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.messages import carriers
from services.messages.carriers import Parcel
from services.messages.errors import CarrierRefused, CarrierUnknown
from services.messages.sms_carrier import SmsGatewayCarrier
from services.messages.wechat_carrier import WechatCarrier

PARCEL = Parcel(
    key="m1",
    address="13900000002",
    label="李敏",
    title="支付没有成功",
    body="【银龄圈】支付没有成功",
    sent_at="11月24日周二10:00",
)


class Gateway(ThreadingHTTPServer):
    """Answers with what the test laid out, path by path, and remembers what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Asked)
        self.answers: dict[str, list[tuple[int, object]]] = {}
        self.asked: list[tuple[str, dict, dict]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Asked(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body, dict(self.headers)))
        status, answer = self.server.answers[self.path.partition("?")[0]].pop(0)
        sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


@pytest.fixture
def gateway():
    server = Gateway()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_sms_gateway_is_given_the_text_once_per_key_with_the_bearer_key(gateway):
    gateway.answers["/sms"] = [(202, {"id": 77, "status": "accepted"})]
    receipt = SmsGatewayCarrier(gateway.url + "/sms", "geheim").send(PARCEL)
    assert (receipt.id, receipt.state) == ("77", "sent")
    (_, body, headers) = gateway.asked[0]
    assert body == {"to": "13900000002", "text": PARCEL.body, "out_id": "m1"}
    assert headers["Authorization"] == "Bearer geheim" and headers["Idempotency-Key"] == "m1"


def test_a_voice_gateway_keeps_the_same_contract_and_is_not_there_unless_a_city_has_one(gateway, override_settings):
    gateway.answers["/voice"] = [(202, {"id": 5, "status": "accepted"})]
    override_settings(message_carriers="real", voice_gateway_url=gateway.url + "/voice", voice_gateway_key="laut")
    carriers._carrier.cache_clear()
    carrier = carriers.voice()
    assert carrier is not None and carrier.channel == "call" and carrier.send(PARCEL).id == "5"
    assert gateway.asked[0][1]["text"] == PARCEL.body and gateway.asked[0][2]["Authorization"] == "Bearer laut"
    override_settings(voice_gateway_url="")
    carriers._carrier.cache_clear()
    assert carriers.voice() is None
    carriers._carrier.cache_clear()


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (400, {"reason": "bad number"}, CarrierRefused),
        (302, {}, CarrierRefused),
        (429, {}, CarrierUnknown),
        (503, {}, CarrierUnknown),
        (200, b"<html>", CarrierUnknown),
        (200, [], CarrierUnknown),
    ],
)
def test_the_sms_gateways_bad_answers_are_told_apart(gateway, status, answer, error):
    gateway.answers["/sms"] = [(status, answer)]
    with pytest.raises(error):
        SmsGatewayCarrier(gateway.url + "/sms", "geheim").send(PARCEL)


def test_a_gateway_that_is_not_there_is_unknown_not_refused():
    with pytest.raises(CarrierUnknown):
        SmsGatewayCarrier("http://127.0.0.1:9/sms", "geheim", seconds=1).send(PARCEL)


def test_wechat_gets_the_title_and_time_only_and_the_token_is_fetched_once(gateway):
    gateway.answers["/cgi-bin/stable_token"] = [(200, {"access_token": "T1", "expires_in": 7200})]
    gateway.answers["/cgi-bin/message/subscribe/send"] = [(200, {"errcode": 0, "msgid": 5}), (200, {"errcode": 0})]
    carrier = WechatCarrier(gateway.url, "app", "secret", "tpl")
    assert carrier.send(PARCEL).id == "wechat-5"
    carrier.send(PARCEL)
    paths = [path for path, _, _ in gateway.asked]
    assert paths == ["/cgi-bin/stable_token"] + ["/cgi-bin/message/subscribe/send?access_token=T1"] * 2
    body = gateway.asked[1][1]
    assert body["touser"] == PARCEL.address and body["data"]["thing1"]["value"] == PARCEL.title
    assert PARCEL.body not in json.dumps(body, ensure_ascii=False)


def test_a_stale_wechat_token_is_renewed_once_and_no_consent_is_a_refusal(gateway):
    gateway.answers["/cgi-bin/stable_token"] = [(200, {"access_token": "T1"}), (200, {"access_token": "T2"})]
    gateway.answers["/cgi-bin/message/subscribe/send"] = [(200, {"errcode": 42001}), (200, {"errcode": 43101})]
    with pytest.raises(CarrierRefused) as refused:
        WechatCarrier(gateway.url, "app", "secret", "tpl").send(PARCEL)
    assert refused.value.facts["errcode"] == 43101
    assert gateway.asked[-1][0].endswith("access_token=T2")
