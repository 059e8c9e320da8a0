"""What stands behind visits and places, over HTTP: facts, exceptions, calls, photos, phones, alerts, doubts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.visits import In, Moment, Out

Base64 = Annotated[str, Field(min_length=4, max_length=400, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class WordOut(Out):
    """A word people pick, with its name in the reader's language."""

    code: str
    name: str


class EvidenceWordsOut(Out):
    """The reasons of exceptions, the risks that may be ticked, and the formula of doubt in force today."""

    reasons: list[WordOut]
    risks: list[WordOut]
    formula_version: str
    formula: dict[str, Any]


class FactOut(Out):
    """One of the six facts with its source; the phone's time and the server's are both given."""

    code: str
    value: str
    source: str
    detail: dict[str, Any]
    device_at: datetime | None
    recorded_at: datetime | None
    doubts: list[str]


class ExceptionOut(Out):
    """A fact that rests on somebody's word, and what a supervisor decided."""

    id: int
    visit_id: int
    fact: str
    reason_code: str
    reason_name: str
    note: str
    raised_by: int
    raised_at: datetime
    decision: str | None
    decision_note: str | None
    decided_by: int | None
    decided_at: datetime | None


class CallOut(Out):
    """A call by which a visitor checked in or out; whose number it was, never the number."""

    direction: str
    matched: str
    happened_at: datetime
    recorded_at: datetime
    outcome: str


class PhotoOut(Out):
    """A photo of a visit; its bytes are at /attachments/{attachment_id} for the elder's side and her office."""

    attachment_id: int
    shows: str
    recorded_at: datetime


class AlertOut(Out):
    """A risk a visitor ticked, in somebody's hands until closed."""

    id: int
    visit_id: int
    elder_id: int
    elder_name: str | None
    risk_code: str
    risk_name: str
    step: int
    in_charge_id: int
    in_charge_name: str | None
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    done: str | None


class VitalsOut(Out):
    """What was measured: mmHg, beats a minute, degrees Celsius, mmol/L."""

    systolic_mmhg: int | None
    diastolic_mmhg: int | None
    pulse_per_minute: int | None
    temperature_c: float | None
    glucose_mmol: float | None


class EvidenceOut(Out):
    """Everything that stands behind a visit, as far as the actor may see it."""

    visit_id: int
    state: str
    verified: bool
    order_number: str | None
    facts: list[FactOut]
    tasks_done: list[str]
    note: str | None
    exceptions: list[ExceptionOut]
    calls: list[CallOut]
    alerts: list[AlertOut]
    photos: list[PhotoOut]
    vitals: VitalsOut | None


class ExceptionIn(In):
    """Which fact rests on somebody's word, why, and how it was made sure."""

    fact: Literal["check_in", "check_out", "place", "giver", "time"]
    reason: str = Field(min_length=2, max_length=40, description="a code of GET /evidence-words")
    note: str = Field(min_length=2, max_length=500)


class DecisionIn(In):
    """A supervisor's decision with why."""

    decision: Literal["accepted", "refused"]
    note: str = Field(min_length=2, max_length=500)


class CallIn(In):
    """A call the operator took; the number is matched and not kept. `code`: the elder's digits, from the visitor's own phone."""

    direction: Literal["in", "out"]
    caller: str = Field(min_length=5, max_length=30)
    happened_at: Moment
    call_key: str = Field(min_length=1, max_length=80)
    code: str = Field(default="", max_length=10)


class KeptPhotoOut(Out):
    """The id of a photo that was kept."""

    attachment_id: int


class PhotoWishIn(In):
    """Whether photos of visits may be kept."""

    allowed: bool


class PhotoWishOut(Out):
    """Whether photos of visits may be kept now."""

    allowed: bool


class DoneIn(In):
    """What was done about a risk."""

    done: str = Field(min_length=2, max_length=1000)


class DeviceKeyIn(In):
    """The public half of a phone's key: ECDSA P-256, SPKI in base64."""

    public_key: Base64
    label: str = Field(default="", max_length=60)


class RegisteredOut(Out):
    """The id of a registered phone."""

    device_id: int


class DeviceOut(Out):
    """One of the signed-in person's phones."""

    id: int
    label: str
    registered_at: datetime
    revoked_at: datetime | None


class SignedIn(In):
    """Canonical JSON as text, and the phone's signature over its UTF-8 bytes (r and s, 64 bytes, base64)."""

    body: str = Field(min_length=2, max_length=8000)
    signature: Base64


class EventsIn(In):
    """What a phone recorded without signal: a signed cover with the sending time and a digest, and the signed events."""

    cover: SignedIn
    events: list[SignedIn] = Field(min_length=1, max_length=50)


class EventOut(Out):
    """What came of one event: `recorded`, `refused` for good, or `later` (send it again)."""

    event_key: str
    outcome: Literal["recorded", "refused", "later"]
    code: str | None
    message: str | None
    happened_at: str | None
    recorded_at: str | None
    replayed: bool


class ReviewOut(Out):
    """A visit a supervisor should look at; points of doubt are a hint, never a verdict."""

    visit_id: int
    elder_name: str | None
    visitor_name: str | None
    started_at: datetime
    points: int
    reasons: list[dict[str, Any]]
    formula_version: str
    drawn: bool
    looked_at: datetime | None


class ReviewsOut(Out):
    """A month's list, the most doubtful first, with the seed of its draw."""

    month: date
    seed: str
    visits: list[ReviewOut]


class LookIn(In):
    """What a supervisor found when she looked."""

    note: str = Field(min_length=2, max_length=500)


class PlaceCodeOut(Out):
    """The four digits the elder tells at the site, or to whoever brings her meal."""

    order_id: int
    code: str


class PlaceProofIn(In):
    """How it is proved: the code (the site's people), the scanned plate (her side), or a word (her side or her office)."""

    proof: Literal["code", "plate", "attest"]
    secret: str = Field(default="", max_length=300)
    happened_at: Moment | None = None
    note: str = Field(default="", max_length=500)


class PlaceProofOut(Out):
    """The proof that stands."""

    order_id: int
    proof: str
    recorded_at: datetime
    replayed: bool


class SitePlateOut(Out):
    """A new plate for a site's entrance, shown once."""

    facility_id: int
    token: str
    address: str
    svg: str
