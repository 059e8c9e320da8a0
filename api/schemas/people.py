"""People over HTTP: sign-in, proxies, elders; sensitive fields come masked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal[
    "elder", "family", "carer", "volunteer", "dispatcher", "officer", "advisor", "auditor", "operator", "administrator"
]
Crs = Literal["wgs84", "gcj02", "bd09", "cgcs2000"]


class In(BaseModel):
    """What a program sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class CodeIn(In):
    """Ask for a one-time code."""

    phone: str = Field(min_length=5, max_length=20, examples=["13800000001"])


class CodeOut(BaseModel):
    """The code is on its way; whether the phone is registered is not told."""

    sent: bool
    valid_seconds: int


class SignInIn(In):
    """Phone and the six digits."""

    phone: str = Field(min_length=5, max_length=20)
    code: str = Field(min_length=4, max_length=10)
    label: str | None = Field(default=None, max_length=40)


class CardSignInIn(In):
    """The token of a QR card."""

    token: str = Field(min_length=10, max_length=80)


class SignedInOut(BaseModel):
    """A bearer token, shown once."""

    token: str
    person_id: int
    session_id: int
    expires_at: datetime


class ElderLinkOut(BaseModel):
    """An elder somebody speaks for."""

    elder_id: int
    full_name: str
    scopes: list[str]


class MeOut(BaseModel):
    """Who is signed in, in which role, for whom she speaks."""

    person_id: int
    full_name: str
    role: str
    roles: list[str]
    area_code_from: int | None
    area_code_to: int | None
    provider_id: int | None
    elders: list[ElderLinkOut]


class SessionOut(BaseModel):
    """One signed-in device."""

    id: int
    kind: str
    label: str | None
    created_at: datetime
    expires_at: datetime


class ProxyIn(In):
    """A relative asks to act for an elder."""

    elder_name: str = Field(min_length=1, max_length=40)
    elder_id_number: str = Field(min_length=15, max_length=18)
    relation: str = Field(min_length=1, max_length=20)
    scopes: list[Literal["view", "order", "pay"]] = Field(min_length=1, max_length=3)
    expires_on: date | None = None


class ProxyOut(BaseModel):
    """Who may act for an elder, how far, and whether it is in force."""

    id: int
    elder_id: int
    proxy_person_id: int
    relation: str
    scopes: list[str]
    state: str
    requested_at: datetime
    confirmed_at: datetime | None
    expires_on: date | None


class CreatedOut(BaseModel):
    """The id of what was made."""

    id: int


class CardOut(BaseModel):
    """A binding card's token and the address its QR code holds."""

    token: str
    address: str


class HomeIn(In):
    """A home's coordinates and, always, the system they are in."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    crs: Crs


class ElderIn(In):
    """An elder registered by her community."""

    area_code: int = Field(ge=110000000000000, le=999999999999999)
    full_name: str = Field(min_length=1, max_length=40)
    gender: Literal["female", "male"]
    born_on: date
    phone: str | None = Field(default=None, max_length=20)
    id_number: str | None = Field(default=None, min_length=15, max_length=18)
    address: str | None = Field(default=None, max_length=200)
    home: HomeIn | None = None
    living: Literal["alone", "couple", "with_family", "with_carer", "institution"]
    groups: list[str] = Field(default_factory=list, max_length=10)
    care_level: int = Field(default=0, ge=0, le=4)


class MoveIn(In):
    """Where an elder lives from now on; without `home` her new place is on no map yet."""

    area_code: int = Field(ge=110000000000000, le=999999999999999)
    home: HomeIn | None = None


class LeavingIn(In):
    """That an elder died or moved out of the city, and on which Shanghai day; `on` null takes a mistake back."""

    reason: Literal["died", "moved_out"]
    on: date | None


class PersonOut(BaseModel):
    """A person with phone, ID number and address masked."""

    id: int
    full_name: str
    gender: str
    area_code: int
    years: int | None
    phone: str | None
    id_number: str | None
    address: str | None
    living: str | None
    care_level: int | None
    groups: list[str]


class RevealIn(In):
    """Which field, what for (from the list) and why it must be seen; all are written into the log of readings."""

    field: Literal["phone", "address", "id_number", "health", "emergency_phone"]
    purpose: Literal[
        "visit", "contact", "call_back", "order_check", "emergency", "identity", "correction", "complaint", "other"
    ] = "other"
    reason: str = Field(min_length=2, max_length=200)


class RevealOut(BaseModel):
    """One field in clear."""

    field: str
    value: str


class RoleIn(In):
    """A role for a person, over an area or within a provider."""

    person_id: int
    role: Role
    area_code: int | None = Field(default=None, ge=110000000000000, le=999999999999999)
    provider_id: int | None = None
