"""One-time codes on their way to a phone."""

from __future__ import annotations

from typing import Any

import structlog

from services.messages import carriers
from services.messages.errors import CarrierRefused
from services.outbox import confirm
from services.people.privacy import unseal
from services.people.sign_in import note_not_carried
from services.unit_of_work import SYSTEM, unit_of_work

log = structlog.get_logger("jobs")


def send_code(outbox_id: int, args: dict[str, Any]) -> None:
    """Send a sign-in code by SMS; phone and code travel sealed, and the carrier's key makes a second send one.

    A number the carrier refuses for good is not tried again; the refusal is kept with the code, so that the page that
    waits for it can say so.
    """
    phone = unseal("sign-in-parcel", args["phone_sealed"])
    code = unseal("sign-in-parcel", args["code_sealed"])
    not_carried = False
    try:
        carriers.send_code(phone, code, key=f"sign-in-code-{outbox_id}")
    except CarrierRefused as refused:
        facts = {"reason": refused.message_zh, **refused.facts}
        log.warning("code not carried", outbox_id=outbox_id, **facts)
        not_carried = True
    with unit_of_work(SYSTEM, login="jobs") as work:
        if not_carried and "code_id" in args:
            note_not_carried(work.session, work.now, int(args["code_id"]))
        confirm(work.session, work.now, outbox_id)


OUTSIDE = {"people.send_code": send_code}
