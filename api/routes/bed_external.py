"""Beds and stays told by a provider's own system, by its own names; every call may be sent again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import Work
from api.errors import problems
from api.schemas.bed_register import PutOut, ToldBedIn, ToldStayIn
from services.beds import external

router = APIRouter(prefix="/api/v1", tags=["providers' own systems"])
HomeCode = Annotated[str, Path(min_length=1, max_length=60)]
ExternalId = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]


@router.put(
    "/homes/{home_code}/beds/{external_id}",
    response_model=PutOut,
    responses=problems(401, 403, 404, 409),
    summary="A bed, by the provider's own name",
)
def put_bed(work: Work, home_code: HomeCode, external_id: ExternalId, told: ToldBedIn) -> PutOut:
    """Register or change a bed of one of the provider's homes; the same again changes nothing."""
    bed = external.ToldBed(**told.model_dump())
    return PutOut.model_validate(external.put_bed(work.session, work.now, work.actor, home_code, external_id, bed))


@router.put(
    "/homes/{home_code}/stays/{external_id}",
    response_model=PutOut,
    responses=problems(401, 403, 404, 409),
    summary="A stay, by the provider's own name",
)
def put_stay(work: Work, home_code: HomeCode, external_id: ExternalId, told: ToldStayIn) -> PutOut:
    """Write down who lies in a bed, or that she left; the same again changes nothing."""
    stay = external.ToldStay(**told.model_dump())
    return PutOut.model_validate(external.put_stay(work.session, work.now, work.actor, home_code, external_id, stay))
