"""What the rooms' own walks put into addresses, together."""

from __future__ import annotations

from typing import Any

from yl_audit_walk import names_of_audit
from yl_beds_walk import names_of_beds
from yl_care_walk import names_of_visits
from yl_open_walk import names_of_open
from yl_registers_walk import names_of_registers
from yl_supervision_walk import names_of_supervision
from yl_trust_walk import names_of_trust
from yl_webhooks_walk import names_of_webhooks

ROOMS = (
    names_of_audit,
    names_of_beds,
    names_of_open,
    names_of_registers,
    names_of_supervision,
    names_of_trust,
    names_of_visits,
    names_of_webhooks,
)


def names_of_rooms(world: Any) -> dict[str, Any]:
    """Give every name by which a room's address asks for a row, with a row of the world."""
    return {name: value for room in ROOMS for name, value in room(world).items()}
