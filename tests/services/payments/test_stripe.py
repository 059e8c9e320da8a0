"""Stripe: its requests against stripe-mock, its behaviour against a double that remembers, its notices signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.payments.actions import request_authorisation, request_capture
from services.payments.errors import BadEvent, BadEventSignature, GatewayUnknown, NoEventSecret, PaymentDeclined
from services.payments.refunds import request_refund
from services.payments.stripe_gateway import StripeGateway
from services.unit_of_work import SYSTEM, Actor, unit_of_work

SECRET = "whsec_test"
OFFICER = Actor(person_id=None, role="officer", area_lo=1, area_hi=10**15)


# --- stripe-mock checks every request against Stripe's own OpenAPI document ---


def test_every_request_is_one_that_stripe_knows(stripe_mock_url):
    stripe = StripeGateway("sk_test_123", api_base=stripe_mock_url, payment_method="pm_card_visa")
    charge = stripe.authorise(payable_id=7, amount_fen=8000, key="k1")
    assert charge.reference.startswith("pi_")
    for answer in (
        stripe.capture("pi_123", amount_fen=8000, key="k2"),
        stripe.release("pi_123", key="k3"),
        stripe.lookup("pi_123"),
        stripe.capture("pi_123", amount_fen=100, key="k5"),
        stripe.authorise(payable_id=7, amount_fen=8000, key="k6", method="wechat_pay"),
        stripe.authorise(payable_id=7, amount_fen=8000, key="k7", method="alipay"),
    ):
        assert answer.reference.startswith("pi_") and isinstance(answer.amount_fen, int)
    hosted = StripeGateway("sk_test_123", api_base=stripe_mock_url)
    page = hosted.authorise(payable_id=7, amount_fen=1, key="k4")
    assert page.reference.startswith("page:cs_") and isinstance(page.amount_fen, int)
    assert isinstance(hosted.lookup(page.reference).amount_fen, int)
    assert isinstance(hosted.release(page.reference, key="k9").amount_fen, int)
    assert stripe.refund("pi_123", amount_fen=100, key="k8", refund_id=5).reference.startswith("re_")
    since = datetime(2026, 11, 1, tzinfo=UTC)
    first = next(stripe.statement(since, since + timedelta(days=8)))
    assert first.reference.startswith("pi_")


def test_a_request_that_stripe_does_not_know_is_refused_by_the_mock(stripe_mock_url):
    stripe = StripeGateway("sk_test_123", api_base=stripe_mock_url)
    with pytest.raises(PaymentDeclined):
        stripe.authorise(payable_id=7, amount_fen="eighty", key="k1")  # type: ignore[arg-type]


# --- a double of Stripe (conftest.py) remembers intents and idempotency keys, and can lose its answers ---


def test_a_lost_answer_and_a_repeat_make_one_intent(stripe_house, double):
    payable = stripe_house.owes()
    stripe_house.do(request_authorisation, payable)
    double.lose = 1
    assert stripe_house.work() == [("payments.authorise", "GatewayUnknown")]
    assert stripe_house.work() == [("payments.authorise", None)]
    assert len(double.intents) == 1 and len({key for _, key, _, _ in double.asked}) == 1
    stripe_house.do(request_capture, payable)
    double.lose = 1
    stripe_house.work()
    stripe_house.work()
    assert stripe_house.payable(payable).state == "captured"
    assert [intent["status"] for intent in double.intents.values()] == ["succeeded"]


def test_only_opaque_ids_leave_the_house(stripe_house, double):
    payable = stripe_house.owes()
    stripe_house.do(request_authorisation, payable)
    stripe_house.work()
    path, _, form, headers = double.asked[0]
    assert path == "/v1/payment_intents"
    assert set(form) == {
        "amount", "currency", "capture_method", "metadata[payable]", "confirm", "payment_method",
        "payment_method_types[0]",
    }  # fmt: skip
    assert (form["amount"], form["currency"], form["metadata[payable]"]) == ("8000", "cny", str(payable))
    assert headers["Idempotency-Key"].startswith("yinling-")


def test_capturing_what_is_captured_answers_how_it_stands(double):
    stripe = StripeGateway("sk_test_1", api_base=double.url, payment_method="pm_card_visa")
    charge = stripe.authorise(payable_id=1, amount_fen=500, key="a")
    assert stripe.capture(charge.reference, amount_fen=500, key="b").state == "captured"
    assert stripe.capture(charge.reference, amount_fen=500, key="c").state == "captured"
    assert stripe.release(charge.reference, key="d").state == "captured"


def test_a_declined_card_is_no_and_a_dead_line_is_unknown(double):
    double.decline = True
    with pytest.raises(PaymentDeclined) as declined:
        StripeGateway("sk_test_1", api_base=double.url, payment_method="pm_1").authorise(
            payable_id=1, amount_fen=500, key="a"
        )
    assert declined.value.facts["code"] == "card_declined"
    with pytest.raises(GatewayUnknown):
        StripeGateway("sk_test_1", api_base="http://127.0.0.1:9", seconds=1).lookup("pi_1")


def test_a_partial_capture_and_a_refund_leave_the_same_books_here_and_there(stripe_house, double):
    payable = stripe_house.owes()
    stripe_house.do(request_authorisation, payable)
    stripe_house.work()
    stripe_house.do(lambda session, now, one: request_capture(session, now, one, 2000), payable)
    stripe_house.work()
    row = stripe_house.payable(payable)
    assert (row.state, row.captured_fen) == ("captured", 2000)
    with unit_of_work(SYSTEM, login="jobs") as work:
        request_refund(work.session, work.now, OFFICER, payable, 500, "correction")
    double.lose = 1
    assert stripe_house.work() == [("payments.refund", "GatewayUnknown")]
    assert stripe_house.work() == [("payments.refund", None)]
    assert stripe_house.payable(payable).refunded_fen == 500
    intent = StripeGateway("sk_test_1", api_base=double.url).lookup("pi_1")
    assert (intent.taken_fen, intent.refunded_fen) == (2000, 500)


# --- notices ---


def signed(body: bytes, *, secret: str = SECRET, age_seconds: int = 0) -> str:
    stamp = int(time.time()) - age_seconds
    mark = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={mark}"


def notice(kind: str, reference: str, *, event: str = "evt_1", amount: int = 8000, payable: int | None = None) -> bytes:
    about = {"id": reference, "amount": amount, "metadata": {"payable": str(payable)} if payable else {}}
    return json.dumps({"id": event, "type": f"payment_intent.{kind}", "data": {"object": about}}).encode()


@pytest.fixture
def client(stripe_house):
    from api.errors import add_error_handlers
    from api.routes.payments import router

    app = FastAPI()
    add_error_handlers(app)
    app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def post(client, body: bytes, signature: str | None):
    headers = {"Stripe-Signature": signature} if signature else {}
    return client.post("/api/v1/payments/stripe/webhook", content=body, headers=headers)


def test_the_payers_own_step_is_told_by_a_notice_and_counts_once(stripe_house, client, awaiting):
    body = notice("amount_capturable_updated", "pi_1", payable=awaiting)
    for _ in range(2):
        assert post(client, body, signed(body)).status_code == 200
        stripe_house.work()
    assert stripe_house.payable(awaiting).state == "authorised"
    assert stripe_house.kinds(awaiting).count("notice") == 1
    with stripe_house.database.session("setup") as session:
        promised = session.connection().execute(text("SELECT count(*) FROM outbox WHERE key LIKE 'stripe/%'"))
        assert promised.scalar_one() == 1


def test_notices_out_of_order_never_move_a_taken_payment_back(stripe_house, client, awaiting):
    for number, kind in enumerate(("succeeded", "amount_capturable_updated", "payment_failed", "canceled")):
        body = notice(kind, "pi_1", event=f"evt_{number}", payable=awaiting)
        assert post(client, body, signed(body)).status_code == 200
        stripe_house.work()
        assert stripe_house.payable(awaiting).state == "captured"


def test_a_notice_that_overtakes_the_lost_answer_finds_its_payable_by_our_own_number(stripe_house, client, double):
    payable = stripe_house.owes()
    stripe_house.do(request_authorisation, payable)
    double.lose = 1
    stripe_house.work()
    body = notice("amount_capturable_updated", "pi_1", payable=payable)
    post(client, body, signed(body))
    stripe_house.work(job="payments.hear_notice")
    assert (stripe_house.payable(payable).state, stripe_house.payable(payable).gateway_reference) == (
        "authorised", "pi_1",
    )  # fmt: skip
    stripe_house.work()
    assert stripe_house.payable(payable).state == "authorised" and len(double.intents) == 1


def test_a_notice_with_another_amount_moves_nothing_and_is_written_down(stripe_house, client, awaiting):
    body = notice("amount_capturable_updated", "pi_1", amount=1, payable=awaiting)
    post(client, body, signed(body))
    stripe_house.work()
    assert stripe_house.payable(awaiting).state == "authorising"
    assert "amount_mismatch" in stripe_house.kinds(awaiting)


@pytest.mark.parametrize(
    "signature",
    [
        lambda body: None,
        lambda body: "nonsense",
        lambda body: signed(body, secret="whsec_other"),
        lambda body: signed(body + b" "),
        lambda body: signed(body, age_seconds=301),
    ],
    ids=["missing", "nonsense", "other secret", "altered body", "replayed after five minutes"],
)
def test_a_notice_that_is_not_stripes_is_refused_and_nothing_is_promised(stripe_house, client, awaiting, signature):
    body = notice("amount_capturable_updated", "pi_1")
    answer = post(client, body, signature(body))
    assert answer.status_code == 403 and answer.headers["content-type"].startswith("application/problem+json")
    assert stripe_house.work() == [] and stripe_house.payable(awaiting).state == "authorising"


def test_notices_that_do_not_concern_us_or_cannot_be_read(stripe_house, client, awaiting):
    other = json.dumps({"id": "evt_9", "type": "customer.created", "data": {"object": {}}}).encode()
    assert post(client, other, signed(other)).json() == {"received": True}
    unknown = notice("succeeded", "pi_unknown", event="evt_8")
    assert post(client, unknown, signed(unknown)).status_code == 200
    assert stripe_house.work() == [("payments.hear_notice", None)]
    for garbled in (b"not json", b"[]", b'{"id": 1, "type": "payment_intent.succeeded"}'):
        assert post(client, garbled, signed(garbled)).status_code == 422
    assert post(client, b"\xff\xfe", signed(b"\xff\xfe")).status_code == 403
    assert post(client, b" " * (256 * 1024 + 1), "t=1,v1=0").status_code == 413


def test_without_a_secret_no_notice_is_believed():
    with pytest.raises(NoEventSecret):
        StripeGateway("sk_test_1").read_event(b"{}", "t=1,v1=0")
    with pytest.raises(BadEventSignature):
        StripeGateway("sk_test_1", event_secret=SECRET).read_event(b"{}", None)
    with pytest.raises(BadEvent):
        StripeGateway("sk_test_1", event_secret=SECRET).read_event(b"{}", signed(b"{}"))
