"""Stripe's own payment page: no card number reaches the house, and what is paid there is found."""

from __future__ import annotations

import json

from services.payments import steps
from services.payments.actions import request_authorisation, request_release
from services.payments.stripe_gateway import StripeGateway
from services.unit_of_work import SYSTEM, unit_of_work


def test_a_card_is_entered_on_stripes_page_and_a_lost_notice_is_found_by_asking(stripe_house, double, awaiting):
    row = stripe_house.payable(awaiting)
    assert (row.gateway_reference, row.payer_step) == ("page:cs_1", "link:https://pay.example/cs_1")
    path, key, form, _ = double.asked[0]
    assert path == "/v1/checkout/sessions" and key.startswith("yinling-")
    assert form["payment_intent_data[capture_method]"] == "manual" and form["success_url"].endswith(f"/pay/{awaiting}")
    assert form["line_items[0][price_data][product_data][name]"] == "自付部分", "nothing of the service or the elder"
    double.pay_on_page("cs_1")
    with unit_of_work(SYSTEM, login="jobs") as work:
        charge = StripeGateway("sk_test_1", api_base=double.url).lookup("page:cs_1")
        steps.hear(work.session, work.now, awaiting, charge, source="reconcile")
    row = stripe_house.payable(awaiting)
    assert (row.state, row.gateway_reference, row.payer_step) == ("authorised", "pi_1", None)


def test_a_page_nobody_paid_on_runs_out_and_is_taken_away_when_the_order_is_cancelled(stripe_house, awaiting, double):
    body = json.dumps(
        {"id": "evt_x", "type": "checkout.session.expired",
         "data": {"object": {"id": "cs_1", "amount_total": 8000, "metadata": {"payable": str(awaiting)}}}}
    ).encode()  # fmt: skip
    with unit_of_work(SYSTEM, login="jobs") as work:
        event = StripeGateway("sk_test_1").read_stored(body)
        assert event is not None and steps.hear_event(work.session, work.now, "stripe", event)
    assert stripe_house.payable(awaiting).state == "failed", "she may pay again"
    stripe_house.do(request_authorisation, awaiting)
    stripe_house.work()
    assert stripe_house.payable(awaiting).gateway_reference == "page:cs_2"
    stripe_house.do(request_release, awaiting)
    stripe_house.work()
    assert stripe_house.payable(awaiting).state == "released" and double.pages["cs_2"]["status"] == "expired"


def test_what_was_held_on_a_page_is_cancelled_with_it(double):
    stripe = StripeGateway("sk_test_1", api_base=double.url)
    page = stripe.authorise(payable_id=1, amount_fen=500, key="a")
    double.pay_on_page("cs_1")
    assert (
        stripe.release(page.reference, key="b").state == "released" and double.intents["pi_1"]["status"] == "canceled"
    )
