"""What to mind of an elder: her health and whom to call, masked until the visitor of the day asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response

from api.deps import Work
from api.errors import status_of
from api.pages.carer_doors import Door, door_of
from api.pages.kit import render
from api.pages.privacy_words import field_words
from services.clock import civil_date
from services.errors import DomainError
from services.people.consents import consented
from services.people.disclosing import disclose, kept_of_elder
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
VisitId = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/carer/visits/{visit_id:int}/mind")
def mind(request: Request, work: Work, visit_id: VisitId) -> Response:
    """Show what is kept, not what it says."""
    return _page(request, work, door_of(work, visit_id))


@router.post("/carer/visits/{visit_id:int}/mind")
def show(request: Request, work: Work, visit_id: VisitId, field: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Show one of the two in clear on the day of the visit; the look is written down first."""
    door = door_of(work, visit_id)
    asked = field if field in ("health", "emergency_phone") else "health"
    purpose = "visit" if asked == "health" else "emergency"
    try:
        with work.session.begin_nested():
            act = (work.session, work.now, work.actor, door.visit.elder_id)
            value = disclose(*act, asked, purpose, by_right=f"visitor:{visit_id}")
    except DomainError as refused:
        return _page(request, work, door, errors={asked: refused.message_zh}, status_code=status_of(refused))
    return _page(request, work, door, shown={"field": asked, "value": value})


def _page(
    request: Request,
    work: UnitOfWork,
    door: Door,
    *,
    shown: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    visit = door.visit
    health, emergency = kept_of_elder(work.session, visit.elder_id)
    names = {
        "home": "/carer",
        "visit": {"id": visit.id, "elder_name": door.elder_name},
        "today": civil_date(visit.planned_start) == civil_date(work.now) and visit.state in ("planned", "started"),
        "agreed": consented(work.session, visit.elder_id, "health_to_carers"),
        "kept": {"health": health, "emergency_phone": emergency},
        "words": field_words(),
        "shown": shown,
        "errors": errors or {},
    }
    return render(request, "carer/mind.html", names, status_code=status_code)
