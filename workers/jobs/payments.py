"""Asking the gateway, after the act that promised it: intent, commit, call, answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from services.clock import civil_date
from services.outbox import confirm
from services.payments import notices, reconciling, refunds, steps
from services.payments.actions import lock_payable
from services.payments.errors import GatewayUnknown, PaymentDeclined
from services.payments.gateway import Charge, GatewayEvent, Refund, gateway
from services.payments.gateway import gateway as a_gateway
from services.payments.steps import Intent
from services.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

OutsideJob = Callable[[int, dict[str, Any]], None]


def _step(step: str, call: Callable[[Intent, str], Charge]) -> OutsideJob:
    """Make the job of one step. GatewayUnknown is raised, so that it is sent again under the same key."""

    def job(outbox_id: int, args: dict[str, Any]) -> None:
        payable_id, key = int(args["payable_id"]), str(args["key"])
        with unit_of_work(SYSTEM, login="jobs") as work:
            present = bool(args.get("payer_present"))
            intent = steps.begin(work.session, work.now, payable_id, step, key, present)
            if intent is None:
                confirm(work.session, work.now, outbox_id)
                return
        paid_before = _give_back(intent, str(args["replaces"]), key) if args.get("replaces") else None
        charge = paid_before or _answer(intent, call, key)
        with unit_of_work(SYSTEM, login="jobs") as work:
            steps.hear(work.session, work.now, payable_id, charge, source=step, answer=True)
            confirm(work.session, work.now, outbox_id)

    return job


def _answer(intent: Intent, call: Callable[[Intent, str], Charge], key: str) -> Charge:
    """Call; a refusal of something that already stands otherwise is answered by how it stands."""
    try:
        return call(intent, key)
    except PaymentDeclined:
        if intent.reference is not None:
            stands = gateway(intent.gateway).lookup(intent.reference)
            if stands.state in ("captured", "released"):
                return stands
        return Charge(intent.reference or "", "declined", intent.amount_fen)


def _give_back(intent: Intent, replaced: str, key: str) -> Charge | None:
    """Take the charge before this one back; gives it when it was paid meanwhile, for then it is the payment."""
    bank = gateway(intent.gateway)
    try:
        stands = bank.release(replaced, key=f"{key}-replaces")
    except PaymentDeclined:  # nothing was held, or it is back already, or it was taken
        try:
            stands = bank.lookup(replaced)
        except PaymentDeclined:
            return None
    return stands if stands.state == "captured" and stands.amount_fen == intent.amount_fen else None


def _authorise(intent: Intent, key: str) -> Charge:
    return gateway(intent.gateway).authorise(
        payable_id=intent.payable_id, amount_fen=intent.amount_fen, key=key, method=intent.method,
        payer_present=intent.payer_present,
    )  # fmt: skip


def _capture(intent: Intent, key: str) -> Charge:
    taken_fen = intent.amount_fen if intent.capture_fen is None else intent.capture_fen
    return gateway(intent.gateway).capture(str(intent.reference), amount_fen=taken_fen, key=key)


def _release(intent: Intent, key: str) -> Charge:
    return gateway(intent.gateway).release(str(intent.reference), key=key)


def refund(outbox_id: int, args: dict[str, Any]) -> None:
    """Give money back: intent, commit, call, answer. A clear no leaves the refund failed for a person to look at."""
    refund_id, key = int(args["refund_id"]), str(args["key"])
    with unit_of_work(SYSTEM, login="jobs") as work:
        asked = refunds.begin_refund(work.session, work.now, refund_id, key)
        if asked is None:
            confirm(work.session, work.now, outbox_id)
            return
    try:
        told = gateway(asked.gateway).refund(
            asked.gateway_reference, amount_fen=asked.amount_fen, key=key, refund_id=refund_id
        )
    except PaymentDeclined:
        told = Refund("", "failed", asked.amount_fen, refund_id)
    with unit_of_work(SYSTEM, login="jobs") as work:
        payable = lock_payable(work.session, asked.payable_id)
        refunds.hear_refund(work.session, work.now, payable, told)
        confirm(work.session, work.now, outbox_id)


def return_stray(outbox_id: int, args: dict[str, Any]) -> None:
    """Give back a second charge that was paid for what another charge already pays (paid twice)."""
    name, reference = str(args["gateway"]), str(args["reference"])
    with contextlib.suppress(PaymentDeclined):  # given back before
        gateway(name).refund(reference, amount_fen=int(args["amount_fen"]), key=f"stray-{reference}")
    with unit_of_work(SYSTEM, login="jobs") as work:
        facts = {"reference": reference, "amount_fen": int(args["amount_fen"])}
        refunds.note_stray_returned(work.session, work.now, int(args["payable_id"]), facts)
        confirm(work.session, work.now, outbox_id)


def reconcile_day(outbox_id: int, args: dict[str, Any]) -> None:
    """Compare the books of the last days with every gateway that was used, and list each difference."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        day = date.fromisoformat(args["day"]) if args.get("day") else civil_date(work.now) - timedelta(days=1)
        names = reconciling.gateways_used(work.session)
        since, until = reconciling.window(day)
    for name in names:
        theirs = list(gateway(name).statement(since, until))
        with unit_of_work(SYSTEM, login="jobs") as work:
            reconciling.compare(work.session, work.now, name, day, theirs)
    with unit_of_work(SYSTEM, login="jobs") as work:
        confirm(work.session, work.now, outbox_id)


def reconcile(outbox_id: int, args: dict[str, Any]) -> None:
    """Ask each gateway what became of payables that have waited too long; ask again where it knows nothing."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        waiting = steps.stuck(work.session, work.now)
    for payable in waiting:
        charge = None
        if payable.gateway_reference is not None:
            try:
                charge = gateway(payable.gateway).lookup(payable.gateway_reference)
            except (GatewayUnknown, PaymentDeclined):
                charge = None
        with unit_of_work(SYSTEM, login="jobs") as work:
            state = payable.state
            if charge is not None:
                state = steps.hear(work.session, work.now, payable.id, charge, source="reconcile")
            if state == payable.state and (charge is None or charge.state != "pending"):
                steps.ask_again(work.session, work.now, payable.id)
    with unit_of_work(SYSTEM, login="jobs") as work:
        confirm(work.session, work.now, outbox_id)


def hear_notice(
    work: UnitOfWork, *, gateway: str, event: dict[str, Any] | None = None, event_id: str | None = None
) -> None:
    """Take in a notice whose signature was checked when it arrived; what was stored is read again here.

    `event` is how notices were promised before their bytes were stored.
    """
    if event is not None:
        charge = Charge(str(event["reference"]), event["state"], int(event["amount_fen"]))
        told = GatewayEvent(str(event["id"]), str(event["kind"]), charge, event["payable_id"])
        steps.hear_event(work.session, work.now, gateway, told)
        return
    notice = notices.lock_notice(work.session, gateway, str(event_id))
    if notice is None or notice.heard_at is not None:
        return
    read = a_gateway(gateway).read_stored(bytes(notice.payload))
    took = read is not None and steps.hear_event(work.session, work.now, gateway, read)
    notices.note_heard(work.session, work.now, notice.id, "heard" if took else "no_news")


HANDLERS = {"payments.hear_notice": hear_notice}
OUTSIDE = {
    "payments.authorise": _step("authorise", _authorise),
    "payments.capture": _step("capture", _capture),
    "payments.release": _step("release", _release),
    "payments.refund": refund,
    "payments.return_stray": return_stray,
    "payments.reconcile_day": reconcile_day,
    "payments.reconcile": reconcile,
}
