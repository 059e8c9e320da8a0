"""The people of the story at their phones: each signs in with a code that came by SMS, and then only uses HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
from sqlalchemy import select

from services.columns import table_of
from services.messages.tables import FakeParcel
from services.unit_of_work import SYSTEM, unit_of_work
from workers.story.telling import StepFailed

parcels = table_of(FakeParcel)


class Someone:
    """One person with a phone and a bearer token; a refused call raises StepFailed with the answer's words."""

    def __init__(self, address: str, phone: str) -> None:
        self.phone = phone
        self.http = httpx.Client(base_url=f"{address}/api/v1", timeout=30)

    def sign_in(self) -> Someone:
        """Ask for a code, read the SMS, sign in."""
        before = _newest_parcel()
        self.ask("POST", "/sign-in/codes", json={"phone": self.phone})
        code = until(lambda: _code_after(before, self.phone), f"no SMS came to {self.phone}")
        answer = self.ask("POST", "/sign-in", json={"phone": self.phone, "code": code})
        self.http.headers["Authorization"] = f"Bearer {answer['token']}"
        return self

    def ask(self, method: str, path: str, *, expected: tuple[int, ...] = (200, 201, 202, 204), **more: Any) -> Any:
        """Call the API; gives the answer's JSON, or raises StepFailed."""
        answer = self.http.request(method, path, **more)
        if answer.status_code not in expected:
            raise StepFailed(f"{method} {path} → {answer.status_code}: {answer.text[:400]}")
        return answer.json() if answer.content else None


def until(look: Callable[[], Any], otherwise: str, seconds: float = 45.0) -> Any:
    """Look again and again until there is something; raises StepFailed with `otherwise`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise StepFailed(otherwise)
        time.sleep(0.15)


def _newest_parcel() -> int:
    with unit_of_work(SYSTEM, login="jobs") as work:
        newest = work.session.connection().execute(select(parcels.c.id).order_by(parcels.c.id.desc()).limit(1))
        return int(newest.scalar() or 0)


def _code_after(parcel_id: int, phone: str) -> str | None:
    mine = f"{phone[:3]}****{phone[-4:]}"
    with unit_of_work(SYSTEM, login="jobs") as work:
        rows = work.session.connection().execute(
            select(parcels.c.body)
            .where(parcels.c.id > parcel_id, parcels.c.channel == "sms", parcels.c.to_label == mine)
            .order_by(parcels.c.id.desc())
        )
        for row in rows:
            found = re.search(r"(?<!\d)(\d{6})(?!\d)", row.body)
            if found:
                return found.group(1)
    return None
