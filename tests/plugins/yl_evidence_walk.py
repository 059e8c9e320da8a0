"""Evidence's part of the walk over every endpoint: who is served, and a proper body for every call that needs one."""

from __future__ import annotations

from typing import Any

from yl_walk import MEMBERS

HER_SIDE = frozenset({"wang", "daughter"})
OFFICE = frozenset({"officer", "operator", "advisor"})
READERS = OFFICE | {"auditor"}
NOBODY: frozenset[str] = frozenset()
"""Nothing of the kind stands in the walked world: whoever asks finds nothing. The rooms' own tests say who may."""
MAY_OF_EVIDENCE: dict[str, frozenset[str]] = {
    "GET /api/v1/visits/{visit_id}/evidence": HER_SIDE | READERS | {"dispatcher", "carer"},
    "POST /api/v1/visits/{visit_id}/exceptions": NOBODY,
    "POST /api/v1/visit-exceptions/{exception_id}/decision": NOBODY,
    "POST /api/v1/visits/{visit_id}/calls": OFFICE,
    "POST /api/v1/visits/{visit_id}/photos": frozenset({"carer"}),
    "GET /api/v1/elders/{elder_id}/photo-wish": HER_SIDE | READERS,
    "PUT /api/v1/elders/{elder_id}/photo-wish": HER_SIDE | OFFICE,
    "POST /api/v1/visit-alerts/{alert_id}/closing": NOBODY,
    "GET /api/v1/visit-reviews": frozenset({"officer", "advisor", "auditor", "other_officer"}),
    "POST /api/v1/visit-reviews/{visit_id}/look": NOBODY,
    "POST /api/v1/devices": frozenset({"carer", "other_carer", "volunteer"}),
    "DELETE /api/v1/devices/{device_id}": NOBODY,
    "POST /api/v1/devices/{device_id}/events": NOBODY,
    "GET /api/v1/orders/{order_id}/place-code": HER_SIDE,
    "POST /api/v1/orders/{order_id}/place-proof": HER_SIDE | OFFICE,
    "POST /api/v1/facilities/{facility_id}/site-plate": frozenset({"dispatcher"}),
    **dict.fromkeys(
        ("GET /api/v1/evidence-words", "GET /api/v1/visit-alerts", "GET /api/v1/devices"), frozenset(MEMBERS)
    ),
}
FILES: dict[str, dict[str, Any]] = {
    "POST /api/v1/visits/{visit_id}/photos": {"files": {"file": ("a.png", b"no picture", "image/png")}},
    "POST /api/v1/elders/{elder_id}/attachments": {
        "data": {"purpose": "consent"},
        "files": {"file": ("a.pdf", b"%PDF-1.4 invented", "application/pdf")},
    },
}
"""Calls that hand in a file."""


def bodies_of_evidence(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about visits' evidence, phones and places."""
    now = world.ids["now"].isoformat()
    signed = {"body": "{}", "signature": "A" * 86 + "=="}
    return {
        "POST /api/v1/visits/{visit_id}/exceptions": {"fact": "time", "reason": "forgot", "note": "忘了签退"},
        "POST /api/v1/visit-exceptions/{exception_id}/decision": {"decision": "accepted", "note": "核实过"},
        "POST /api/v1/visits/{visit_id}/calls": {
            "direction": "in", "caller": "13911112222", "happened_at": now, "call_key": "walk",
        },
        "PUT /api/v1/elders/{elder_id}/photo-wish": {"allowed": True},
        "POST /api/v1/visit-alerts/{alert_id}/closing": {"done": "去看过了"},
        "POST /api/v1/visit-reviews/{visit_id}/look": {"note": "问过老人"},
        "POST /api/v1/devices": {"public_key": "bm8ga2V5"},
        "POST /api/v1/devices/{device_id}/events": {"cover": signed, "events": [signed]},
        "POST /api/v1/orders/{order_id}/place-proof": {"proof": "attest", "note": "我问过她"},
    }  # fmt: skip
