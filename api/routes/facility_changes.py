"""A site opens, moves, closes, gains or loses a function: asked by its office, followed by the circles within seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from api.deps import OpenWork, Work
from api.errors import problems
from api.routes.directory import facility_out
from api.routes.tiles import checked_way
from api.schemas.facility_changes import (
    ChangeOut,
    EffectOut,
    FacilityChangedOut,
    FacilityChangeIn,
    PastChangeOut,
)
from services.circles.facility_effect import effect_of
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.directory.changes import Changed, Moved, Wish, changes_of, grant_wish, undo_change
from services.directory.queries import find_facility
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1", tags=["directory"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=200)]
Way = Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="way of walking; default: the first")]


def change_asked(
    work: UnitOfWork, facility_id: int, wish: FacilityChangeIn, key: str | None = None
) -> Callable[[], Changed]:
    """Give the act a wish asks for, to be done for good or to see what it would do."""
    act = (work.session, work.now, work.actor, facility_id)
    if wish.undoes is not None:
        past = wish.undoes
        return lambda: undo_change(*act, past, key=key)
    asked = Wish(
        closed=None if wish.status is None else wish.status == "closed",
        gain=tuple(sorted(set(wish.gain))),
        lose=tuple(sorted(set(wish.lose))),
        moved=None if wish.place is None else Moved(wish.place.lon, wish.place.lat, wish.place.crs),
        day_places=wish.day_places,
    )
    return lambda: grant_wish(*act, asked, key=key)


@router.post(
    "/facilities/{facility_id}/changes",
    status_code=201,
    response_model=FacilityChangedOut,
    responses=problems(401, 403, 404, 409) | {200: {"model": FacilityChangedOut, "description": "Stands already"}},
    summary="Open, move, close a site, or change what it does",
)
def change(work: Work, facility_id: Id, wish: FacilityChangeIn, key: Key, response: Response) -> FacilityChangedOut:
    """Change a site of one's own area. The same Idempotency-Key with the same wish gives the same change (200)."""
    done = change_asked(work, facility_id, wish, key)()
    if done.repeated or done.id is None:
        response.status_code = 200
    return FacilityChangedOut(
        change=ChangeOut.model_validate(asdict(done)), facility=facility_out(find_facility(work.session, facility_id))
    )


@router.post(
    "/facilities/{facility_id}/changes/effect",
    response_model=EffectOut,
    responses=problems(401, 403, 404, 409),
    summary="What a change of a site would do",
)
def effect(work: Work, facility_id: Id, wish: FacilityChangeIn, profile: Way = None) -> EffectOut:
    """Say who would gain and who would lose, and which areas would own what; nothing is changed."""
    area = find_facility(work.session, facility_id).area_code
    rules = rules_in_force(work.session, area, civil_date(work.now))
    _, way = checked_way(rules, None, profile)
    asked = change_asked(work, facility_id, wish)
    return EffectOut.model_validate(effect_of(work.session, work.now, work.actor, facility_id, way, asked))


@router.get(
    "/facilities/{facility_id}/changes",
    response_model=list[PastChangeOut],
    responses=problems(404),
    summary="What was changed of a site",
)
def history(work: OpenWork, facility_id: Id) -> list[PastChangeOut]:
    """Give a site's changes, the last first, at most fifty."""
    find_facility(work.session, facility_id)
    found = changes_of(work.session, facility_id)
    return [PastChangeOut.model_validate(asdict(one) | {"changed_at": at}) for one, at in found]
