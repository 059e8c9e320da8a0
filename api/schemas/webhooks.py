"""Subscriptions of platforms over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.schemas.visits import In, Out

Kind = Literal["organization", "facility", "service", "beds", "table"]
Cursor = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9]{1,19}\.[0-9]{1,18}$")]


class WebhookIn(In):
    """Who is told where (https, a name, port 443 or 8443), of which kinds, in which area, from which cursor on."""

    platform: str = Field(min_length=1, max_length=100)
    url: str = Field(min_length=10, max_length=500)
    kinds: list[Kind] = Field(min_length=1, max_length=5)
    area_code: int = Field(ge=110000000000000, le=999999999999999)
    after: Cursor = "0.0"


class ReplayIn(In):
    """The place after which everything is sent once more; never ahead of where the subscription stands."""

    after: Cursor = "0.0"


class WebhookOut(Out):
    """A subscription and how far it has been told; secrets are never shown."""

    id: int
    platform: str
    url: str
    kinds: list[Kind]
    area_code: int
    state: Literal["active", "paused", "ended"]
    cursor: str
    failures: int
    next_try_at: datetime
    delivered_at: datetime | None
    paused_because: str | None
    secret_before_until: datetime | None
    made_at: datetime
    ended_at: datetime | None


class WebhookSecretOut(Out):
    """The secret, shown this once; hand it to the platform by a safe way."""

    webhook: WebhookOut
    secret: str


class WebhookTryOut(Out):
    """One try: its message, which changes it held, and what came back."""

    id: int
    kind: Literal["changes", "test"]
    message_id: str
    from_cursor: str | None
    to_cursor: str | None
    changes: int
    tried_at: datetime
    outcome: Literal["delivered", "failed", "refused"]
    answer: int | None
    why: str | None
