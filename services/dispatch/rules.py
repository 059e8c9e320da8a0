"""May this carer be sent: does she hold the skills, and is her certificate valid on the day?"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date


def missing_skills(held: Collection[str], required: Collection[str]) -> list[str]:
    """Give the skills a service needs and a carer does not hold, in the service's order."""
    return [skill for skill in required if skill not in held]


def certificate_holds(required: Collection[str], valid_until: date | None, on: date) -> bool:
    """Tell whether a certificate is valid on a civil day; a service that needs no skill needs none."""
    return not required or (valid_until is not None and valid_until >= on)
