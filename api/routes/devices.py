"""The visitors' phones, what they recorded without signal, and proof at meals, baths and day care."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.deps import Work
from api.errors import problem_response, problems, status_of
from api.schemas.evidence import (
    DeviceKeyIn,
    DeviceOut,
    EventOut,
    EventsIn,
    PlaceCodeOut,
    PlaceProofIn,
    PlaceProofOut,
    RegisteredOut,
    SignedIn,
    SitePlateOut,
)
from services.orders import place_evidence
from services.settings import settings
from services.visits import device_events, devices
from services.visits.errors import BadDeviceKey
from services.visits.plates import draw_plate

router = APIRouter(prefix="/api/v1", tags=["visits"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.post(
    "/devices",
    status_code=201,
    response_model=RegisteredOut,
    responses=problems(401, 403, 409),
    summary="Register my phone",
)
def register(work: Work, asked: DeviceKeyIn) -> RegisteredOut:
    """Register the phone a visitor just signed in on, by the public half of its key."""
    found = devices.register_device(work.session, work.now, work.actor, _bytes(asked.public_key), asked.label)
    return RegisteredOut(device_id=found)


@router.get("/devices", response_model=list[DeviceOut], responses=problems(401), summary="My phones")
def my_devices(work: Work) -> list[DeviceOut]:
    """Give the signed-in person's own registered phones."""
    return [DeviceOut.model_validate(one) for one in devices.devices_of(work.session, work.actor.person_id or 0)]


@router.delete("/devices/{device_id}", status_code=204, responses=problems(401, 404), summary="Take a phone out of use")
def revoke(work: Work, device_id: Id) -> None:
    """Take a phone out of use: its owner, or her provider's dispatcher."""
    devices.revoke_device(work.session, work.now, work.actor, device_id)


@router.post(
    "/devices/{device_id}/events",
    response_model=list[EventOut],
    responses=problems(401, 403, 404),
    summary="Hand in what was recorded without signal",
)
def take_events(work: Work, device_id: Id, asked: EventsIn) -> list[EventOut]:
    """Take signed events in, any number of times with one effect; one answer per event, in the order given."""
    answers = device_events.take_events(
        work.session, work.now, work.actor, device_id, _signed(asked.cover), [_signed(one) for one in asked.events]
    )
    return [EventOut.model_validate(one) for one in answers]


@router.get(
    "/orders/{order_id}/place-code",
    response_model=PlaceCodeOut,
    responses=problems(401, 403, 404, 409),
    summary="The digits of a booking",
)
def place_code(work: Work, order_id: Id) -> PlaceCodeOut:
    """Show the four digits of a meal, bath or day to the elder's side; the reading is written down."""
    code = place_evidence.read_place_code(work.session, work.now, work.actor, order_id)
    return PlaceCodeOut(order_id=order_id, code=code)


@router.post(
    "/orders/{order_id}/place-proof",
    response_model=PlaceProofOut,
    responses=problems(401, 403, 404, 409, 429),
    summary="Prove a meal, bath or day",
)
def prove_place(work: Work, order_id: Id, asked: PlaceProofIn, request: Request) -> PlaceProofOut | Response:
    """Record that she was there. A wrong code counts, so it is answered, not raised."""
    act = (work.session, work.now, work.actor, order_id)
    if asked.proof == "code":
        done = place_evidence.prove_by_code(*act, asked.secret)
    elif asked.proof == "plate":
        done = place_evidence.prove_by_plate(*act, asked.secret)
    else:
        done = place_evidence.attest_place(*act, asked.happened_at or work.now, asked.note)
    if done.refusal is not None:
        refusal = done.refusal
        return problem_response(request, status_of(refusal), type(refusal).__name__, refusal.message_zh, refusal.facts)
    return PlaceProofOut.model_validate(done)


@router.post(
    "/facilities/{facility_id}/site-plate",
    status_code=201,
    response_model=SitePlateOut,
    responses=problems(401, 403, 404),
    summary="Hang a site's plate",
)
def hang_plate(work: Work, facility_id: Id) -> SitePlateOut:
    """Give a QR plate for a site's entrance; the one before it stops working."""
    token = place_evidence.hang_site_plate(work.session, work.now, work.actor, facility_id)
    address = f"{settings().public_url}/site/{token}"
    svg = draw_plate(address, ("银龄圈 到店签到牌", "", "来吃饭、洗澡、日托，请扫一扫"))
    return SitePlateOut(facility_id=facility_id, token=token, address=address, svg=svg)


def _signed(given: SignedIn) -> device_events.Signed:
    return device_events.Signed(given.body, _bytes(given.signature))


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as broken:
        raise BadDeviceKey(field="public_key") from broken
