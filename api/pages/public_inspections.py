"""Inspections for anybody to read: draws with the procedure everybody can repeat, rounds with their results."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api.deps import OpenWork
from api.pages.kit import render
from api.pages.officer_office import speaking
from services.language import for_reader, reads_english
from services.supervision import checklists, drawing, inspections, inspectors, lots
from services.supervision.checklist import ChecklistPaper

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/inspections")
def list_page(request: Request, work: OpenWork) -> Response:
    """Show draws, inspections that are done, and the institutions watched closely."""
    names = {
        "home": "/",
        "draws": drawing.draws(work.session),
        "rows": inspections.inspections(work.session, state="done"),
        "keys": inspectors.key_targets(work.session),
    }
    return render(request, "inspection/list.html", names)


@router.get("/inspections/draws/{draw_id:int}")
def draw_page(request: Request, work: OpenWork, draw_id: Id) -> Response:
    """Show one draw: commitment, lists, seed, results, and how to draw it again."""
    names = {"home": "/", "one": drawing.find_draw(work.session, draw_id)}
    names |= {"targets": drawing.targets_of(work.session, draw_id), "procedure": procedure(request)}
    return render(request, "inspection/draw.html", names)


@router.get("/inspections/{inspection_id:int}")
def one_page(request: Request, work: OpenWork, inspection_id: Id) -> Response:
    """Show one inspection with the result of every item."""
    found = inspections.find_inspection(work.session, inspection_id)
    names = {
        "home": "/",
        "one": found,
        "paper": paper_shown(request, checklists.checklist_by_id(work.session, found.checklist_id).paper),
        "results": inspections.results_of(work.session, inspection_id),
    }
    return render(request, "inspection/one.html", names)


def procedure(request: Request) -> tuple[str, ...]:
    """Give the printed procedure of a draw in the reader's language."""
    with speaking(request):
        return lots.PROCEDURE_EN if reads_english() else lots.PROCEDURE_ZH


def paper_shown(request: Request, paper: ChecklistPaper) -> dict[str, Any]:
    """Give a checklist with its names in the reader's language as `shown`."""
    with speaking(request):
        return {
            "shown": for_reader(paper.name_zh, paper.name_en),
            "groups": [{"code": one.code, "shown": for_reader(one.name_zh, one.name_en)} for one in paper.groups],
            "items": [
                {"code": one.code, "group": one.group, "shown": for_reader(one.name_zh, one.name_en)}
                for one in paper.items
            ],
        }
