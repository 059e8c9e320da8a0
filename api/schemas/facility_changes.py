"""Changing a site over HTTP: what is wished, what was changed, and what it would do to the circles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from api.schemas.directory import FacilityOut
from api.schemas.network import Crs
from api.schemas.sites import CommunityChangeOut, TierChangeOut
from api.schemas.visits import In, Out

Function = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class PlaceIn(In):
    """Where the site stands from now on; `crs` says what `lon`, `lat` are in and is never guessed."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    crs: Crs


class FacilityChangeIn(In):
    """What is to change; what is not named stays. `undoes` takes an earlier change back and stands alone."""

    status: Literal["open", "closed"] | None = None
    place: PlaceIn | None = None
    gain: list[Function] = Field(default_factory=list, max_length=30)
    lose: list[Function] = Field(default_factory=list, max_length=30)
    day_places: int | None = Field(default=None, ge=0, le=10_000)
    undoes: int | None = Field(default=None, ge=1, le=2**62)

    @model_validator(mode="after")
    def something_is_wished(self) -> Self:
        """Refuse an empty wish, a function both gained and lost, and an undo with anything beside it."""
        wished = [self.status, self.place, self.day_places, self.gain or None, self.lose or None]
        if set(self.gain) & set(self.lose):
            raise ValueError("the same function under gain and lose")
        if self.undoes is not None and any(one is not None for one in wished):
            raise ValueError("undoes stands alone")
        if self.undoes is None and all(one is None for one in wished):
            raise ValueError("nothing to change")
        return self


class ChangeOut(Out):
    """One change as it was written; `before` and `after` hold the columns it changed. `id` null: nothing differed."""

    id: int | None
    facility_id: int
    names: list[str]
    before: dict[str, Any]
    after: dict[str, Any]
    undoes: int | None
    repeated: bool


class FacilityChangedOut(Out):
    """The change, and the site as it stands now; the circles follow by a job within seconds."""

    change: ChangeOut
    facility: FacilityOut


class PastChangeOut(ChangeOut):
    """A change in the site's history."""

    changed_at: datetime


class OwnedChangeOut(Out):
    """An area that would come to own a qualified facility, or no longer own one; `missing` names what lacks."""

    tier_code: str
    area_code: int
    name: str
    before: bool
    after: bool
    missing: list[str]


class EffectOut(Out):
    """What the change would do in the office's own area; `tiers` are empty for who may see no elder."""

    area_code: int
    profile: str
    measure: str
    changed: list[str]
    tiers: list[TierChangeOut]
    communities: list[CommunityChangeOut]
    owned: list[OwnedChangeOut]
    estimated: bool
