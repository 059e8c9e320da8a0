"""A gallery of every page with fixed, invented data, so that pages can be looked at and tested alone.

Mounted in demonstration mode only. A page's names are listed at the top of its template.
"""

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from api.pages import kit
from api.pages.gallery_desks import DESKS
from api.pages.gallery_people import PEOPLE, Example
from api.pages.gallery_visits import VISITS
from api.pages.kit import add_pages, render

EXAMPLES: dict[str, Example] = {**PEOPLE, **VISITS, **DESKS}

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


def make_gallery_app() -> FastAPI:
    """Make an application of the gallery alone: no database, no sign-in.

    To look at it: `uvicorn --factory api.pages.development:make_gallery_app`, then open /kit.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_pages(app)
    app.include_router(kit.router)
    app.include_router(router)
    return app
