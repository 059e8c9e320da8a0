"""Asking the gateway, after the act that promised it: intent, commit, call, answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from services.outbox import confirm
from services.payments import steps
from services.payments.errors import GatewayUnknown, PaymentDeclined
from services.payments.gateway import Charge, GatewayEvent, gateway
from services.payments.steps import Intent
from services.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

OutsideJob = Callable[[int, dict[str, Any]], None]


def _step(step: str, call: Callable[[Intent, str], Charge]) -> OutsideJob:
    """Make the job of one step. GatewayUnknown is raised, so that it is sent again under the same key."""

    def job(outbox_id: int, args: dict[str, Any]) -> None:
        payable_id, key = int(args["payable_id"]), str(args["key"])
        with unit_of_work(SYSTEM, login="jobs") as work:
            intent = steps.begin(work.session, work.now, payable_id, step, key)
            if intent is None:
                confirm(work.session, work.now, outbox_id)
                return
        if args.get("replaces"):
            _give_back(intent, str(args["replaces"]), key)
        charge = _answer(intent, call, key)
        with unit_of_work(SYSTEM, login="jobs") as work:
            steps.hear(work.session, work.now, payable_id, charge, source=step)
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


def _give_back(intent: Intent, replaced: str, key: str) -> None:
    with contextlib.suppress(PaymentDeclined):  # nothing was held, or it is back already
        gateway(intent.gateway).release(replaced, key=f"{key}-replaces")


def _authorise(intent: Intent, key: str) -> Charge:
    return gateway(intent.gateway).authorise(payable_id=intent.payable_id, amount_fen=intent.amount_fen, key=key)


def _capture(intent: Intent, key: str) -> Charge:
    return gateway(intent.gateway).capture(str(intent.reference), amount_fen=intent.amount_fen, key=key)


def _release(intent: Intent, key: str) -> Charge:
    return gateway(intent.gateway).release(str(intent.reference), key=key)


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


def hear_notice(work: UnitOfWork, *, gateway: str, event: dict[str, Any]) -> None:
    """Take in a notice whose signature was checked when it arrived."""
    charge = Charge(str(event["reference"]), event["state"], int(event["amount_fen"]))
    notice = GatewayEvent(str(event["id"]), str(event["kind"]), charge, event["payable_id"])
    steps.hear_event(work.session, work.now, gateway, notice)


HANDLERS = {"payments.hear_notice": hear_notice}
OUTSIDE = {
    "payments.authorise": _step("authorise", _authorise),
    "payments.capture": _step("capture", _capture),
    "payments.release": _step("release", _release),
    "payments.reconcile": reconcile,
}
