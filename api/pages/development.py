"""A gallery of every page with fixed, invented data, so that pages can be looked at and tested alone.

Mounted in demonstration mode only. A page's names are listed at the top of its template.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.deps import OpenWork
from api.pages import kit
from api.pages.filters import duration
from api.pages.gallery_beds import BED_EXAMPLES
from api.pages.gallery_care import CARE
from api.pages.gallery_desks import DESKS
from api.pages.gallery_evidence import EVIDENCE
from api.pages.gallery_figures import FIGURES
from api.pages.gallery_hours import HOURS
from api.pages.gallery_lists import LISTS
from api.pages.gallery_offers import OFFERS
from api.pages.gallery_people import PEOPLE, Example
from api.pages.gallery_privacy import PRIVACY
from api.pages.gallery_rounds import ROUNDS
from api.pages.gallery_supervision import SUPERVISION
from api.pages.gallery_visits import VISITS
from api.pages.kit import add_pages, render
from services.clock import DemoClock, advance, read_now
from services.errors import NotFound
from services.settings import settings
from services.unit_of_work import SYSTEM, unit_of_work

EXAMPLES: dict[str, Example] = {
    **PEOPLE,
    **VISITS,
    **DESKS,
    **HOURS,
    **LISTS,
    **CARE,
    **FIGURES,
    **OFFERS,
    **PRIVACY,
    **EVIDENCE,
    **ROUNDS,
    **BED_EXAMPLES,
    **SUPERVISION,
}

router = APIRouter(include_in_schema=False)


@router.get("/kit")
def list_examples(request: Request) -> HTMLResponse:
    """List the examples, so that a newcomer sees every page of the house from one place."""
    rows = [{"name": name, "template": template} for name, (template, _) in EXAMPLES.items()]
    return render(request, "development/gallery.html", {"examples": rows})


@router.get("/kit/{name}")
def show_example(request: Request, name: str) -> HTMLResponse:
    """Show one page with its example data; an unknown name is a page that says so."""
    if name not in EXAMPLES:
        words = {"title": name, "words": "", "back_href": "/kit", "reference": ""}
        return render(request, "problem.html", words, status_code=404)
    template, context = EXAMPLES[name]
    request.state.signed_in_name = "" if name.startswith(("front", "sign-in")) else "演示"
    return render(request, template, context)


STEPS = {
    "30m": timedelta(minutes=30),
    "3h": timedelta(hours=3),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
}


@router.get("/dev/clock")
def show_clock(request: Request, visitor: OpenWork) -> Response:
    """Show the demonstration's clock; outside demonstration mode there is no such page."""
    del visitor  # opened so that the form carries her session's token
    return _clock_page(request, {})


@router.post("/dev/clock")
def move_clock(request: Request, visitor: OpenWork, by: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Move the demonstration's clock forward for everybody; what falls due is done at once by the jobs."""
    del visitor
    _only_demonstration()
    if by not in STEPS:
        return _clock_page(request, {"by": "只能往后拨 30 分钟、3 小时、1 天或 3 天。"}, status_code=422)
    with unit_of_work(SYSTEM, login="jobs") as work:  # a request may not move the clock
        advance(work.session, STEPS[by])
    return RedirectResponse("/dev/clock", status_code=303)


def _clock_page(request: Request, errors: dict[str, str], status_code: int = 200) -> Response:
    _only_demonstration()
    with unit_of_work(SYSTEM, login="jobs") as work:
        now, moved = read_now(work.session), work.session.get(DemoClock, 1)
    minutes = round(moved.ahead.total_seconds() / 60) if moved else 0
    words = f"比真的时间快 {duration(minutes)}" if minutes else "和真的时间一样"
    names = {"now": now, "offset_words": words, "errors": errors}
    return render(request, "development/clock.html", names, status_code=status_code)


def _only_demonstration() -> None:
    if not settings().demonstration:
        raise NotFound(page="/dev/clock")


def make_gallery_app() -> FastAPI:
    """Make an application of the gallery alone: no database, no sign-in.

    To look at it: `uvicorn --factory api.pages.development:make_gallery_app`, then open /kit.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.demonstration = True  # all of it is invented
    add_pages(app)
    app.include_router(kit.router)
    app.include_router(router)
    return app
