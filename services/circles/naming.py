"""What a city is called where circles are asked for: a code, a pack's key, or the name of a tried extract."""

from __future__ import annotations

import hashlib

from sqlmodel import Session

from services.cities.errors import UnknownCity
from services.cities.queries import city_by_key
from services.cities.rules import written_code


def city_number(session: Session, city: str) -> int:
    """The 15-digit code of a city given by code, by a pack's key or by its Chinese name.

    A name that no pack knows becomes a negative number of its own, so that any extract can be tried.
    """
    try:
        return city_by_key(session, city)
    except UnknownCity:
        pass
    try:
        return written_code(city)
    except ValueError:
        digest = hashlib.sha256(city.strip().casefold().encode()).digest()
        return -1 - int.from_bytes(digest[:6], "big")
