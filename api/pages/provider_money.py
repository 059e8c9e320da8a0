"""A provider's own months and the fees its residents paid in advance."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api.deps import Work
from api.pages.kit import render
from api.pages.money_words import accounts_names, prepaid_rows
from api.pages.officer_office import speaking
from services.clock import civil_date
from services.directory.queries import find_provider
from services.matching.errors import NotADispatcher
from services.settlement import queries
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/provider/money")
def money(request: Request, work: Work) -> Response:
    """Show the provider's months and what its residents paid in advance."""
    provider_id = provider_of(work)
    names = {
        "home": "/provider",
        "provider_name": find_provider(work.session, provider_id).name,
        "months": queries.list_settlements(work.session, provider_id=provider_id),
        "accounts": prepaid_rows(work.session, provider_id),
        "today": civil_date(work.now),
    }
    return render(request, "provider/money.html", names)


@router.get("/provider/money/months/{settlement_id:int}")
def accounts(request: Request, work: Work, settlement_id: Id) -> Response:
    """Show one month: its lines, and what is held back with the reason."""
    provider_id = provider_of(work)
    with speaking(request):
        names = accounts_names(work.session, settlement_id)
    names |= {"home": "/provider", "provider_name": find_provider(work.session, provider_id).name, "own": True}
    return render(request, "officer/month.html", names | {"read_only": True, "errors": {}})


def provider_of(work: UnitOfWork) -> int:
    """Give the provider the signed-in person dispatches for. Raises NotADispatcher."""
    if work.actor.provider_id is None:
        raise NotADispatcher(provider_id=None)
    return work.actor.provider_id
