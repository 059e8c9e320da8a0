"""A home's own page of its beds: moving in and out, away and back, offers to who waits, and what it reports."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api.deps import Work
from api.pages.home_beds_room import act_in_home, show_home
from api.pages.kit import render
from api.pages.provider_money import provider_of
from api.pages.public_services import WholeForm
from services.beds import register, waiting_queries
from services.clock import civil_date
from services.directory.queries import find_provider

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SHELL: dict[str, Any] = {
    "tabs": "provider/tabs.html",
    "home": "/provider",
    "here_base": "/provider/beds",
    "back_to": "/provider/beds",
}
EVERYWHERE = 10**15 - 1


@router.get("/provider/beds")
def homes(request: Request, work: Work) -> Response:
    """Show the provider's homes with their beds today, and who waits for them."""
    provider_id = provider_of(work)
    today = civil_date(work.now)
    rows = register.register_on(work.session, today, lo=0, hi=EVERYWHERE, provider_id=provider_id)
    waits = waiting_queries.waiting_at(work.session, provider_id)
    names = {
        "home": "/provider", "provider_name": find_provider(work.session, provider_id).name, "today": today, "homes": rows,
        "waiting": {row.facility_id: sum(one.facility_id == row.facility_id for one in waits) for row in rows},
    }  # fmt: skip
    return render(request, "provider/beds.html", names)


@router.get("/provider/beds/{facility_id:int}")
def one_home(request: Request, work: Work, facility_id: Id) -> Response:
    """Show one home's beds."""
    provider_of(work)
    return show_home(request, work, facility_id, SHELL)


@router.post("/provider/beds/{facility_id:int}")
def act(request: Request, work: Work, facility_id: Id, form: WholeForm) -> Response:
    """Do what one of the page's forms asks."""
    provider_of(work)
    return act_in_home(request, work, facility_id, SHELL, {name: str(value) for name, value in form.items()})
