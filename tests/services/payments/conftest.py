"""王奶奶's order costs 80 yuan herself; the gateways of these tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from services.columns import table_of
from services.outbox import OutboxRow
from services.payments import gateway as gateways
from services.payments.actions import owe, request_authorisation
from services.payments.tables import FakeCharge, Payable, PaymentEvent
from services.unit_of_work import SYSTEM, unit_of_work

AREA = 320102002001000
SECRET = "whsec_test"
ROOT = Path(__file__).resolve().parents[3]


class House:
    """A database with one payable, and the workers' hands."""

    def __init__(self, database: Any) -> None:
        self.database = database

    def owes(self, amount_fen: int = 8000, subject: int = 1) -> int:
        """Let 王奶奶 (person 1) owe an amount; gives the payable."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            return owe(
                work.session, work.now, subject=("order", subject), elder_id=1, payer_id=None, area_code=AREA,
                amount_fen=amount_fen,
            )  # fmt: skip

    def do(self, action: Any, payable_id: int) -> str:
        """Do one of the actions in a transaction of its own."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            return str(action(work.session, work.now, payable_id))

    def work(self, *, job: str | None = None) -> list[tuple[str, str | None]]:
        """Do each promised payment job once; gives (job, error or None)."""
        from workers.performing import perform

        outbox = table_of(OutboxRow)
        query = select(outbox.c.id, outbox.c.job).where(outbox.c.state != "done", outbox.c.job.like("payments.%"))
        if job is not None:
            query = query.where(outbox.c.job == job)
        with self.database.session("setup") as session:
            rows = session.connection().execute(query.order_by(outbox.c.id)).all()
        done: list[tuple[str, str | None]] = []
        for row in rows:
            try:
                perform(row.id)
                done.append((row.job, None))
            except Exception as error:
                done.append((row.job, type(error).__name__))
        return done

    def payable(self, payable_id: int) -> Any:
        """Read a payable."""
        return self._rows(select(table_of(Payable)).where(table_of(Payable).c.id == payable_id))[0]

    def kinds(self, payable_id: int) -> list[str]:
        """Read the kinds of a payable's events in order."""
        events = table_of(PaymentEvent)
        query = select(events.c.kind).where(events.c.payable_id == payable_id).order_by(events.c.id)
        return [row.kind for row in self._rows(query)]

    def charges(self) -> list[tuple[int, str]]:
        """Read what the fake gateway holds: (amount_fen, state)."""
        charge = table_of(FakeCharge)
        return [(row.amount_fen, row.state) for row in self._rows(select(charge).order_by(charge.c.id))]

    def told(self) -> list[str]:
        """Read which messages were promised, in order."""
        query = text("SELECT args->>'template' AS template FROM outbox WHERE job = 'messages.deliver' ORDER BY id")
        return [row.template for row in self._rows(query)]

    def _rows(self, query: Any) -> list[Any]:
        with self.database.session("setup") as session:
            return list(session.connection().execute(query))


@pytest.fixture(autouse=True)
def fresh_gateways():
    """No test inherits another's gateway."""
    gateways._gateway.cache_clear()
    yield
    gateways._gateway.cache_clear()


@pytest.fixture
def house(database) -> House:
    """A fresh database and hands to work in it."""
    return House(database)


@pytest.fixture(scope="session")
def stripe_mock_url():
    """The address of a stripe-mock: given, or built earlier by set-up; else the tests that need it are left out."""
    given = os.environ.get("STRIPE_MOCK_URL")
    if given:
        yield given
        return
    programs = sorted((ROOT / ".local" / "go" / "bin").glob("*/stripe-mock"))
    if not programs:
        pytest.skip("stripe-mock: needs STRIPE_MOCK_URL, Docker, or Go 1.22 to build it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [programs[-1], "-http-addr", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


class StripeDouble(ThreadingHTTPServer):
    """PaymentIntents with idempotency keys, as Stripe keeps them."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.intents: dict[str, dict] = {}
        self.pages: dict[str, dict] = {}
        self.by_key: dict[str, tuple[int, dict]] = {}
        self.asked: list[tuple[str, str, dict, dict]] = []
        self.lose = 0
        self.decline = False

    def create(self, form: dict) -> tuple[int, dict]:
        if self.decline:
            return 402, {"error": {"type": "card_error", "code": "card_declined", "message": "no"}}
        number = f"pi_{len(self.intents) + 1}"
        status = "requires_capture" if form.get("confirm") == "True" or form.get("confirm") == "true" else ""
        intent = {
            "id": number, "object": "payment_intent", "amount": int(form["amount"]), "currency": form["currency"],
            "status": status or "requires_payment_method", "metadata": {"payable": form["metadata[payable]"]},
        }  # fmt: skip
        self.intents[number] = intent
        return 200, intent

    def open_page(self, form: dict) -> tuple[int, dict]:
        number = f"cs_{len(self.pages) + 1}"
        self.pages[number] = {
            "id": number, "object": "checkout.session", "status": "open", "url": f"https://pay.example/{number}",
            "amount_total": int(form["line_items[0][price_data][unit_amount]"]), "payment_intent": None,
            "metadata": {"payable": form["metadata[payable]"]},
        }  # fmt: skip
        return 200, self.pages[number]

    def pay_on_page(self, number: str, status: str = "requires_capture") -> None:
        """The payer enters her card on Stripe's own page."""
        page = self.pages[number]
        intent = {
            "id": f"pi_{len(self.intents) + 1}", "object": "payment_intent", "amount": page["amount_total"],
            "currency": "cny", "status": status, "metadata": page["metadata"],
        }  # fmt: skip
        self.intents[intent["id"]] = intent
        page.update(status="complete", url=None, payment_intent=intent)

    def expire(self, number: str) -> tuple[int, dict]:
        page = self.pages[number]
        if page["status"] != "open":
            return 400, {"error": {"type": "invalid_request_error", "message": "only open sessions can be expired"}}
        page.update(status="expired", url=None)
        return 200, page

    def refund(self, form: dict) -> tuple[int, dict]:
        intent, fen = self.intents[form["payment_intent"]], int(form["amount"])
        charge = intent.setdefault("latest_charge", {"id": "ch_1", "object": "charge", "amount_refunded": 0})
        if charge["amount_refunded"] + fen > intent.get("amount_received", 0):
            return 400, {"error": {"type": "invalid_request_error", "code": "charge_already_refunded", "message": "-"}}
        charge["amount_refunded"] += fen
        return 200, {
            "id": f"re_{len(self.by_key)}", "object": "refund", "amount": fen, "status": "succeeded",
            "payment_intent": intent["id"], "metadata": {"refund": form["metadata[refund]"]},
        }  # fmt: skip

    def move(self, number: str, verb: str, form: dict) -> tuple[int, dict]:
        intent = self.intents[number]
        if intent["status"] in ("succeeded", "canceled"):
            error = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state", "message": "past it"}
            return 400, {"error": error}
        intent["status"] = {"capture": "succeeded", "cancel": "canceled"}[verb]
        if verb == "capture":
            intent["amount_received"] = int(form["amount_to_capture"])
        return 200, intent


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path.endswith("/payment_intents"):
            page = {"object": "list", "data": list(self.server.intents.values()), "has_more": False, "url": path}
            self._send(200, page)
        else:
            number = path.rsplit("/", 1)[1]
            self._send(200, self.server.intents.get(number) or self.server.pages[number])

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = dict(urllib.parse.parse_qsl(raw))
        key = self.headers.get("Idempotency-Key", "")
        self.server.asked.append((self.path, key, form, dict(self.headers)))
        if key not in self.server.by_key:
            parts = self.path.strip("/").split("/")
            if parts[1] == "refunds":
                done = self.server.refund(form)
            elif parts[1] == "checkout":
                done = self.server.open_page(form) if len(parts) == 3 else self.server.expire(parts[3])
            else:
                done = self.server.create(form) if len(parts) == 2 else self.server.move(parts[2], parts[3], form)
            self.server.by_key[key] = (done[0], dict(done[1]))
        if self.server.lose > 0:
            self.server.lose -= 1
            self.close_connection = True
            return
        self._send(*self.server.by_key[key])

    def _send(self, status: int, answer: dict):
        sent = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


@pytest.fixture
def double():
    server = StripeDouble()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def stripe_house(house, double, monkeypatch, override_settings):
    monkeypatch.setenv("STRIPE_MOCK_URL", double.url)
    monkeypatch.setenv("YINLING_STRIPE_PAYMENT_METHOD", "pm_card_visa")
    override_settings(payment_gateway="stripe", stripe_webhook_secret=SECRET, demonstration="1")
    return house


@pytest.fixture
def awaiting(stripe_house, monkeypatch, override_settings):
    """A payable whose payer has still to complete her part with Stripe."""
    monkeypatch.delenv("YINLING_STRIPE_PAYMENT_METHOD")
    override_settings(payment_gateway="stripe", stripe_webhook_secret=SECRET, demonstration="1")
    payable = stripe_house.owes()
    stripe_house.do(request_authorisation, payable)
    stripe_house.work()
    assert stripe_house.payable(payable).state == "authorising"
    return payable
