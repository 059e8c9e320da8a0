"""王奶奶's order costs 80 yuan herself; the gateways of these tests."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from services.columns import table_of
from services.outbox import OutboxRow
from services.payments import gateway as gateways
from services.payments.actions import owe
from services.payments.tables import FakeCharge, Payable, PaymentEvent
from services.unit_of_work import SYSTEM, unit_of_work

AREA = 320102002001000
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
