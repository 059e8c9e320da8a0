"""One-time codes on their way to a phone."""

from __future__ import annotations

from typing import Any

import structlog

from services.messages import carriers
from services.messages.errors import CarrierRefused
from services.outbox import confirm
from services.people.privacy import unseal
from services.unit_of_work import SYSTEM, unit_of_work

log = structlog.get_logger("jobs")


def send_code(outbox_id: int, args: dict[str, Any]) -> None:
    """Send a sign-in code by SMS; phone and code travel sealed, and the carrier's key makes a second send one.

    A number the carrier refuses for good is not tried again: the code runs out by itself.
    """
    phone = unseal("sign-in-parcel", args["phone_sealed"])
    code = unseal("sign-in-parcel", args["code_sealed"])
    try:
        carriers.send_code(phone, code, key=f"sign-in-code-{outbox_id}")
    except CarrierRefused as refused:
        log.warning("code not carried", outbox_id=outbox_id, reason=refused.message_zh, **refused.facts)
    with unit_of_work(SYSTEM, login="jobs") as work:
        confirm(work.session, work.now, outbox_id)


OUTSIDE = {"people.send_code": send_code}
