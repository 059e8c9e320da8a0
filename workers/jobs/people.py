"""One-time codes on their way to a phone."""

from __future__ import annotations

from typing import Any

from services.messages import carriers
from services.outbox import confirm
from services.people.privacy import unseal
from services.unit_of_work import SYSTEM, unit_of_work


def send_code(outbox_id: int, args: dict[str, Any]) -> None:
    """Send a sign-in code by SMS; phone and code travel sealed, and the carrier's key makes a second send one."""
    phone = unseal("sign-in-parcel", args["phone_sealed"])
    code = unseal("sign-in-parcel", args["code_sealed"])
    carriers.send_code(phone, code, key=f"sign-in-code-{outbox_id}")
    with unit_of_work(SYSTEM, login="jobs") as work:
        confirm(work.session, work.now, outbox_id)


OUTSIDE = {"people.send_code": send_code}
