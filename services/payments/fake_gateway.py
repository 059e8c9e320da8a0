"""The stateful fake gateway: remembers charges as a bank would, whatever becomes of our own transaction.

It can be made to fail from any process by the amount: fen ending in 51 are declined; in 52 the first answer to
each step is lost although the step was done.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from services.columns import table_of
from services.payments.errors import BadEvent, BadEventSignature, GatewayUnknown, PaymentDeclined
from services.payments.gateway import Charge, GatewayEvent
from services.payments.tables import FakeCharge
from services.settings import settings
from services.unit_of_work import SYSTEM, unit_of_work

_charge = table_of(FakeCharge)
DECLINED_ENDING = 51
LOST_ANSWER_ENDING = 52


class FakeGateway:
    """Holds, takes and gives back invented money in the table `fake_charge`."""

    name = "fake"

    def __init__(self) -> None:
        self.lose_next_answers = 0
        """For tests: do the step, then behave as if the answer was lost, this many times."""

    def authorise(self, *, payable_id: int, amount_fen: int, key: str) -> Charge:
        """Hold an amount once per key."""
        if amount_fen % 100 == DECLINED_ENDING:
            raise PaymentDeclined(amount_fen=amount_fen)
        with unit_of_work(SYSTEM, login="jobs") as work:
            connection = work.session.connection()
            held = insert(_charge).values(
                reference=f"fake_{hashlib.sha256(key.encode()).hexdigest()[:20]}",
                idempotency_key=key,
                amount_fen=amount_fen,
                state="authorised",
                updated_at=work.now,
            )
            new = connection.execute(
                held.on_conflict_do_nothing(index_elements=["idempotency_key"]).returning(_charge.c.id)
            ).scalar_one_or_none()
            row = connection.execute(select(_charge).where(_charge.c.idempotency_key == key)).one()
            if row.amount_fen != amount_fen:
                raise PaymentDeclined(key=key, amount_fen=amount_fen)
        return self._answer(row, fresh=new is not None)

    def capture(self, reference: str, *, amount_fen: int, key: str) -> Charge:
        """Take what is held; a captured charge is answered as it stands."""
        return self._move(reference, "captured")

    def release(self, reference: str, *, key: str) -> Charge:
        """Give back what is held."""
        return self._move(reference, "released")

    def lookup(self, reference: str) -> Charge:
        """Tell what became of a charge."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            row = _find(work.session.connection(), reference)
        return Charge(row.reference, row.state, row.amount_fen)

    def read_event(self, payload: bytes, signature: str | None) -> GatewayEvent | None:
        """Read a notice signed with the house's own key, as the demonstration's bank would send it."""
        wanted = hmac.new(settings().derived_secret("fake-gateway"), payload, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, signature or ""):
            raise BadEventSignature()
        try:
            told = json.loads(payload)
            charge = Charge(str(told["reference"]), told["state"], int(told["amount_fen"]))
            return GatewayEvent(str(told["id"]), str(told["kind"]), charge, told.get("payable_id"))
        except (ValueError, KeyError, TypeError) as garbled:
            raise BadEvent() from garbled

    def _move(self, reference: str, state: str) -> Charge:
        with unit_of_work(SYSTEM, login="jobs") as work:
            connection = work.session.connection()
            moved = connection.execute(
                update(_charge)
                .where(_charge.c.reference == reference, _charge.c.state == "authorised")
                .values(state=state, updated_at=work.now)
            ).rowcount
            row = _find(connection, reference)
            if row.state != state:
                raise PaymentDeclined(reference=reference, state=row.state, asked=state)
        return self._answer(row, fresh=moved == 1)

    def _answer(self, row: Row[Any], *, fresh: bool) -> Charge:
        if self.lose_next_answers > 0:
            self.lose_next_answers -= 1
            raise GatewayUnknown(reference=row.reference)
        if fresh and row.amount_fen % 100 == LOST_ANSWER_ENDING:
            raise GatewayUnknown(reference=row.reference)
        return Charge(row.reference, row.state, row.amount_fen)


def _find(connection: Connection, reference: str) -> Row[Any]:
    row = connection.execute(select(_charge).where(_charge.c.reference == reference)).one_or_none()
    if row is None:
        raise PaymentDeclined(reference=reference)
    return row
