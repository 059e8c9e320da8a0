"""The stateful fake gateway: remembers charges as a bank would, whatever becomes of our own transaction.

It can be made to fail from any process by the amount: fen ending in 51 are declined; in 52 the first answer to
each step is lost although the step was done; in 53 the first answer says `pending` although it was done at once, as a
slow bank does. A payer who chooses a way herself (or `YINLING_FAKE_BANK_ASKS=1`, everybody) is sent to the page
/dev/bank, where one plays her bank. It can play its notices back, signed, in any order and number (`notices`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from services.columns import table_of
from services.payments.errors import BadEvent, BadEventSignature, GatewayUnknown, PaymentDeclined
from services.payments.gateway import TAKEN_AT_ONCE, Charge, Dispute, GatewayEvent, Method, Refund
from services.payments.tables import FakeCharge
from services.settings import settings
from services.unit_of_work import SYSTEM, unit_of_work

_charge = table_of(FakeCharge)
DECLINED_ENDING = 51
LOST_ANSWER_ENDING = 52
DELAYED_ENDING = 53


class FakeGateway:
    """Holds, takes and gives back invented money in the table `fake_charge`."""

    name = "fake"

    def __init__(self) -> None:
        self.lose_next_answers = 0
        """For tests: do the step, then behave as if the answer was lost, this many times."""

    def authorise(
        self, *, payable_id: int, amount_fen: int, key: str, method: Method = "card", payer_present: bool = False
    ) -> Charge:
        """Hold an amount once per key; by WeChat Pay and Alipay it is taken at once.

        A payer who is present is sent to the invented bank's page (`play`), which alone decides.
        """
        waits = payer_present or settings().fake_bank_asks
        if amount_fen % 100 == DECLINED_ENDING and not waits:
            raise PaymentDeclined(amount_fen=amount_fen)
        with unit_of_work(SYSTEM, login="jobs") as work:
            connection = work.session.connection()
            held = insert(_charge).values(
                reference=f"fake_{hashlib.sha256(key.encode()).hexdigest()[:20]}",
                idempotency_key=key,
                amount_fen=amount_fen,
                state="pending" if waits else "captured" if method in TAKEN_AT_ONCE else "authorised",
                captured_fen=amount_fen if method in TAKEN_AT_ONCE and not waits else 0,
                payable_id=payable_id,
                method=method,
                refunds={},
                created_at=work.now,
                updated_at=work.now,
            )
            new = connection.execute(
                held.on_conflict_do_nothing(index_elements=["idempotency_key"]).returning(_charge.c.id)
            ).scalar_one_or_none()
            row = connection.execute(select(_charge).where(_charge.c.idempotency_key == key)).one()
            if row.amount_fen != amount_fen:
                raise PaymentDeclined(key=key, amount_fen=amount_fen)
        if new is not None and amount_fen % 100 == DELAYED_ENDING and not waits:
            return Charge(row.reference, "pending", amount_fen, payer_step="wait:bank")
        return self._answer(row, fresh=new is not None)

    def capture(self, reference: str, *, amount_fen: int, key: str) -> Charge:
        """Take so much of what is held; a captured charge is answered as it stands."""
        return self._move(reference, "captured", amount_fen)

    def refund(self, reference: str, *, amount_fen: int, key: str, refund_id: int | None = None) -> Refund:
        """Give back so much of what was taken, once per key; more than is left of it is refused."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            connection = work.session.connection()
            row = _find(connection, reference, lock=True)
            refunds = dict(row.refunds)
            fresh = key not in refunds
            if fresh:
                if row.state != "captured" or sum(refunds.values()) + amount_fen > row.captured_fen:
                    raise PaymentDeclined(reference=reference, asked_fen=amount_fen)
                refunds[key] = amount_fen
                connection.execute(
                    update(_charge).where(_charge.c.id == row.id).values(refunds=refunds, updated_at=work.now)
                )
            if refunds[key] != amount_fen:
                raise PaymentDeclined(key=key, amount_fen=amount_fen)
        self._answer(row, fresh=fresh)
        return Refund(f"re_{hashlib.sha256(key.encode()).hexdigest()[:20]}", "done", amount_fen, refund_id)

    def statement(self, since: datetime, until: datetime) -> Iterator[Charge]:
        """Give every charge begun between two moments."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            begun = _charge.c.created_at
            query = select(_charge).where(begun >= since, begun < until).order_by(_charge.c.id)
            rows = work.session.connection().execute(query).all()
        return iter([_as_charge(row) for row in rows])

    def notices(self, reference: str) -> list[tuple[bytes, str]]:
        """Give the signed notices (payload, signature) the bank would send about a charge's life so far."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            row = _find(work.session.connection(), reference)
        held = row.method not in TAKEN_AT_ONCE and row.state not in ("pending", "declined")
        seen = [("authorised", 0)] if held and (row.captured_fen < row.amount_fen or row.state != "captured") else []
        seen += [(row.state, row.captured_fen)] if row.state not in ("authorised", "pending") else []
        told: list[dict[str, Any]] = [{"kind": state, "state": state, "captured_fen": taken} for state, taken in seen]
        told += [
            {"kind": "refund", "state": "captured", "captured_fen": row.captured_fen,
             "refund": [f"re_{hashlib.sha256(key.encode()).hexdigest()[:20]}", "done", fen, None]}
            for key, fen in row.refunds.items()
        ]  # fmt: skip
        common = {"reference": row.reference, "amount_fen": row.amount_fen, "payable_id": row.payable_id}
        payloads = [json.dumps({"id": f"{row.reference}-{n}", **common, **one}).encode() for n, one in enumerate(told)]
        return [(payload, _sign(payload)) for payload in payloads]

    def play(self, reference: str, *, pays: bool) -> tuple[bytes, str] | None:
        """Play the payer at her bank: she pays what waits for her, or is refused; gives the signed notice, once."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            connection = work.session.connection()
            row = _find(connection, reference, lock=True)
            if row.state != "pending":
                return None
            taken = pays and row.method in TAKEN_AT_ONCE
            state = "captured" if taken else "authorised" if pays else "declined"
            changed = {"state": state, "captured_fen": row.amount_fen if taken else 0, "updated_at": work.now}
            connection.execute(update(_charge).where(_charge.c.id == row.id).values(changed))
        return self.notices(reference)[-1]

    def charge_of(self, reference: str) -> Row[Any]:
        """Give what the invented bank remembers of a charge. Raises PaymentDeclined when it knows none."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            return _find(work.session.connection(), reference)

    def dispute_notice(self, reference: str, state: str) -> tuple[bytes, str]:
        """Play the payer's bank: open a dispute of what was taken, or end it (won, lost); gives the signed notice."""
        row = self.charge_of(reference)
        told = {
            "id": f"{reference}-dispute-{state}", "kind": "dispute", "reference": reference, "state": "captured",
            "amount_fen": row.amount_fen, "captured_fen": row.captured_fen, "payable_id": row.payable_id,
            "dispute": [f"dp_{reference}", state, row.captured_fen, "fraudulent"],
        }  # fmt: skip
        payload = json.dumps(told).encode()
        return payload, _sign(payload)

    def release(self, reference: str, *, key: str) -> Charge:
        """Give back what is held, or take the payment page away."""
        return self._move(reference, "released")

    def lookup(self, reference: str) -> Charge:
        """Tell what became of a charge."""
        with unit_of_work(SYSTEM, login="jobs") as work:
            row = _find(work.session.connection(), reference)
        return _as_charge(row)

    def read_event(self, payload: bytes, signature: str | None) -> GatewayEvent | None:
        """Read a notice signed with the house's own key, as the demonstration's bank would send it."""
        if not hmac.compare_digest(_sign(payload), signature or ""):
            raise BadEventSignature()
        return self.read_stored(payload)

    def read_stored(self, payload: bytes) -> GatewayEvent | None:
        """Read a notice again that was checked when it came."""
        try:
            told = json.loads(payload)
            charge = Charge(str(told["reference"]), told["state"], int(told["amount_fen"]), told.get("captured_fen"))
            refund = Refund(*told["refund"]) if told.get("refund") else None
            dispute = Dispute(*told["dispute"]) if told.get("dispute") else None
            return GatewayEvent(str(told["id"]), str(told["kind"]), charge, told.get("payable_id"), refund, dispute)
        except (ValueError, KeyError, TypeError) as garbled:
            raise BadEvent() from garbled

    def _move(self, reference: str, state: str, taken_fen: int = 0) -> Charge:
        before = ("authorised", "pending", "declined") if state == "released" else ("authorised",)
        with unit_of_work(SYSTEM, login="jobs") as work:
            connection = work.session.connection()
            moved = connection.execute(
                update(_charge)
                .where(_charge.c.reference == reference, _charge.c.state.in_(before))
                .values(state=state, captured_fen=taken_fen, updated_at=work.now)
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
        return _as_charge(row)


def _as_charge(row: Row[Any]) -> Charge:
    given_back = sum(row.refunds.values())
    step = _bank_page(row) if row.state == "pending" else None
    return Charge(row.reference, row.state, row.amount_fen, row.captured_fen, given_back, step, row.payable_id)


def _bank_page(row: Row[Any]) -> str:
    """Where the payer plays her bank: WeChat Pay shows a code, the others a link."""
    kind = "code" if row.method == "wechat_pay" else "link"
    return f"{kind}:{settings().public_url.rstrip('/')}/dev/bank/{row.reference}"


def _sign(payload: bytes) -> str:
    return hmac.new(settings().derived_secret("fake-gateway"), payload, hashlib.sha256).hexdigest()


def _find(connection: Connection, reference: str, *, lock: bool = False) -> Row[Any]:
    query = select(_charge).where(_charge.c.reference == reference)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise PaymentDeclined(reference=reference)
    return row
