"""An elder moves, dies or goes away: her office writes it down, and the circles follow within seconds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.deps import Work
from api.errors import problems
from api.schemas.people import LeavingIn, MoveIn
from services.people.actions import Home
from services.people.moving import move_elder, note_leaving

router = APIRouter(prefix="/api/v1", tags=["people"])
ElderId = Annotated[int, Path(ge=1, le=2**62)]


@router.post(
    "/elders/{elder_id}/home", status_code=204, responses=problems(401, 403, 404), summary="An elder moves house"
)
def move(work: Work, elder_id: ElderId, asked: MoveIn) -> Response:
    """Write down where an elder of one's own area lives from now on."""
    home = Home(**asked.home.model_dump()) if asked.home else None
    move_elder(work.session, work.now, work.actor, elder_id, asked.area_code, home)
    return Response(status_code=204)


@router.post(
    "/elders/{elder_id}/leaving",
    status_code=204,
    responses=problems(401, 403, 404),
    summary="An elder died or moved away",
)
def leave(work: Work, elder_id: ElderId, asked: LeavingIn) -> Response:
    """Write down that an elder died or moved out of the city; no circle counts her from that day on."""
    note_leaving(work.session, work.now, work.actor, elder_id, asked.reason, asked.on)
    return Response(status_code=204)
