"""The menu and what an elder is entitled to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import OpenWork, Work
from api.errors import problems
from api.pages.rights_in_words import rights_in_words
from api.schemas.catalogue import EntitlementOut, MenuCategoryOut, ServiceOut
from services.benefits.queries import entitlements_in_month
from services.catalogue.queries import menu, service_by_code
from services.clock import civil_date
from services.people.rights import right_to

router = APIRouter(prefix="/api/v1", tags=["catalogue"])
ElderId = Annotated[int, Path(ge=1, le=2**62)]
Code = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,60}$")]
Category = Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,60}$")]


@router.get(
    "/elders/{elder_id}/menu",
    response_model=list[MenuCategoryOut],
    responses=problems(401, 403, 404),
    summary="What an elder can order",
)
def show_menu(work: Work, elder_id: ElderId, category: Category = None) -> list[MenuCategoryOut]:
    """Show the services in force for an elder's city by category, each with its lowest price."""
    right = right_to(work.session, work.actor, elder_id, "view", work.now)
    tiles = menu(work.session, work.now, right.area_code, category)
    return [MenuCategoryOut.model_validate(asdict(tile)) for tile in tiles]


@router.get("/services/{code}", response_model=ServiceOut, responses=problems(404), summary="One service")
def show_service(work: OpenWork, code: Code) -> ServiceOut:
    """Show a service's content and standard; public."""
    return ServiceOut.model_validate(asdict(service_by_code(work.session, code, civil_date(work.now))))


@router.get(
    "/elders/{elder_id}/entitlements",
    response_model=list[EntitlementOut],
    responses=problems(401, 403, 404),
    summary="What government pays for an elder this month",
)
def show_entitlements(work: Work, elder_id: ElderId) -> list[EntitlementOut]:
    """Show an elder's entitlements in force today and what of this month is left, in fen."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    rights = entitlements_in_month(work.session, elder_id, civil_date(work.now))
    kinds = rights_in_words(work.session, [one.kind for one in rights])
    return [
        EntitlementOut.model_validate({**asdict(one), "kind": kind}) for one, kind in zip(rights, kinds, strict=True)
    ]
