"""Whom one may trust, for anybody to read: credit levels with their formula, and the blacklist of organisations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from sqlalchemy import Row

from api.deps import OpenWork
from api.pages.kit import render
from api.pages.officer_office import speaking
from services.directory import blacklist, credit
from services.directory.queries import find_provider, providers
from services.directory.trust_errors import NoSuchCredit
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/credit")
def list_levels(request: Request, work: OpenWork) -> Response:
    """Show every provider's last level, and who stands on the blacklist."""
    with speaking(request):
        rows = [_line(work, row) for row in providers(work.session, limit=200)]
    names = {"home": "/", "rows": rows, "barred": blacklist.public_blacklist(work.session)}
    return render(request, "credit/levels.html", names)


@router.get("/credit/{provider_id:int}")
def one_provider(request: Request, work: OpenWork, provider_id: Id) -> Response:
    """Show one provider's levels month by month, with the formula and what each part was counted from."""
    provider = find_provider(work.session, provider_id)
    with speaking(request):
        levels = [level_row(row) for row in credit.credit_history(work.session, provider_id)]
    names = {"home": "/", "provider_name": provider.name, "blocked": provider.blocked_at is not None, "levels": levels}
    return render(request, "credit/provider.html", names)


def level_row(row: Row[Any]) -> dict[str, Any]:
    """Give one computed level as pages show it: names in the reader's language, the parts with theirs."""
    return {
        "id": row.id,
        "month": row.month,
        "version": row.version,
        "level": row.level,
        "level_name": credit.level_name(row.formula, row.level),
        "points": row.points,
        "orders": row.orders,
        "because": row.because,
        "computed_at": row.computed_at,
        "rule_version": row.rule_version,
        "formula": row.formula,
        "parts": [{**part, "name": credit.part_name(row.formula, part["code"])} for part in row.parts],
    }


def _line(work: UnitOfWork, provider: Row[Any]) -> dict[str, Any]:
    try:
        row = level_row(credit.credit_of(work.session, provider.id))
    except NoSuchCredit:
        row = None
    return {"id": provider.id, "name": provider.name, "credit": row}
