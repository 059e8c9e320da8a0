"""Who comes to the counter and who moves away, over HTTP: newcomers with their guardians, hours that follow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.hours import Number, Reason
from api.schemas.visits import In, Out
from api.schemas.volunteering import Code

Name = Annotated[str, Field(min_length=2, max_length=60)]
IdNumberTyped = Annotated[str, Field(min_length=15, max_length=24)]
Phone = Annotated[str, Field(min_length=7, max_length=20)]
AreaCode = Annotated[int, Field(ge=10**14, lt=10**15)]


class GuardianIn(In):
    """Who answers for a minor, what she is to the minor, and how she agreed."""

    full_name: Name
    id_number: IdNumberTyped
    phone: Phone | None = None
    relation: Annotated[str, Field(min_length=1, max_length=20)]
    consent: Literal["signed", "in_person", "by_phone"]


class NewcomerIn(In):
    """Somebody unknown who wants to help, by her papers; a minor with her guardian."""

    full_name: Name
    id_number: IdNumberTyped
    phone: Phone | None = None
    area_code: AreaCode
    display_name: str = Field(default="", max_length=20)
    interests: list[Code] = Field(default=[], max_length=20)
    guardian: GuardianIn | None = None
    reason: Reason


class DistrictIn(In):
    """The street or community of the same city where she lives now, and how the office knows."""

    area_code: AreaCode
    reason: Reason


class FollowingOut(Out):
    """How many accounts go to another bank with her: none where it is the same bank, or the city lets them stay."""

    accounts: int


class HourMoveOut(Out):
    """Hours that went to another district's bank, or wait to; `full_name` only where the office may see her."""

    id: Number
    full_name: str | None
    from_name: str
    to_name: str
    granted: bool
    minutes: int
    state: Literal["asked", "waiting", "moved", "closed", "undone", "withdrawn"]
    refusal: Literal["apart", "full"] | None
    asked_at: datetime
    reason: str | None
    undoable: bool
