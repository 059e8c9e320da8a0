"""What a page shows of a sealed field without anybody asking for it: enough to tell two people apart, no more."""

from __future__ import annotations

from typing import Literal

from services.people.privacy import mask_address, mask_id_number, mask_phone, unseal

_MASKS = {"phone": mask_phone, "id_number": mask_id_number, "address": mask_address}


def masked(field: Literal["phone", "id_number", "address"], sealed: str | None) -> str | None:
    """Give 138****0001, 320102**********28 or the street alone; None where nothing is kept. Raises SealBroken."""
    return _MASKS[field](unseal(field, sealed)) if sealed else None
