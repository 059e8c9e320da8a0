"""What a city promises, for anybody to read: the list of basic services, each with its standard and its versions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.deps import OpenWork, Work
from api.errors import status_of
from api.pages.kit import render
from services.catalogue.actions import publish_version
from services.catalogue.standards import Standard, catalogue_city, standards_on, versions_of
from services.cities.errors import UnknownCity
from services.cities.queries import city_by_key, list_cities
from services.clock import civil_date
from services.errors import DomainError
from services.language import for_reader
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
Code = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,60}$")]
City = Annotated[str, Query(max_length=40)]


async def whole_form(request: Request) -> FormData:
    """Read every field a form sent, for forms whose fields are data."""
    return await request.form()


WholeForm = Annotated[FormData, Depends(whole_form)]
WHOLE = {"minutes", "notice_minutes"}
MONEY = {"price_fen", "price_ceiling_fen"}
WORDS = {"content", "acceptance", "recipients", "provision", "standard", "payer"}


@router.get("/services")
def list_services(request: Request, work: OpenWork, city: City = "", on: str = "") -> Response:
    """Show a city's basic services with exactly the five public fields, and where they can be had as data."""
    here, cities = city_of_page(work, city)
    day = _day(on) or civil_date(work.now)
    names = {
        "home": "/",
        "city": here,
        "cities": cities,
        "on": day,
        "items": [_line(one) for one in standards_on(work.session, int(here["code"]), day, basic=True)],
    }
    return render(request, "catalogue/services.html", names)


@router.get("/services/{code}")
def show_item(request: Request, work: OpenWork, code: Code, city: City = "") -> Response:
    """Show one item's standard in every version; an administrator also finds the form for the next."""
    return _item_page(request, work, code, city)


@router.post("/services/{code}/versions")
def next_version(request: Request, work: Work, code: Code, sent: WholeForm) -> Response:
    """Publish the next version of an item; what is left empty stays as it is."""
    form = {name: str(value) for name, value in sent.items()}
    city = form.get("city", "")
    try:
        changes, day = _changes(form), _day(form.get("valid_from", ""))
        if day is None:
            return _item_page(
                request, work, code, city, {"valid_from": "新版本的生效日期不能早于今天，也不能早于现行版本。"}, 422
            )
        with work.session.begin_nested():
            publish_version(
                work.session, work.now, work.actor, _publisher(work, city, day), code, changes, valid_from=day,
                reason=form.get("reason", ""), lower_lines=form.get("lower_lines") == "yes",
            )  # fmt: skip
    except DomainError as refused:
        return _item_page(request, work, code, city, {"valid_from": refused.message_zh}, status_of(refused))
    except ValueError:
        return _item_page(request, work, code, city, {"price_fen": "填写的内容有误，请检查。"}, 422)
    return RedirectResponse(f"/services/{code}?city={city}", status_code=303)


def _changes(form: dict[str, str]) -> dict[str, Any]:
    """Read the fields that were filled in; prices are typed in yuan. Raises ValueError."""
    given = {name: value.strip() for name, value in form.items() if value.strip()}
    changes: dict[str, Any] = {name: given[name] for name in WORDS if name in given}
    changes |= {name: int(given[name]) for name in WHOLE if name in given}
    changes |= {name: round(float(given[name]) * 100) for name in MONEY if name in given}
    return changes


def _item_page(
    request: Request, work: UnitOfWork, code: str, city: str, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    here, _ = city_of_page(work, city)
    today = civil_date(work.now)
    versions = versions_of(work.session, _publisher(work, here["key"], today), code)
    names = {
        "home": "/services",
        "city": here,
        "code": code,
        "versions": [_line(one) for one in versions],
        "may_change": work.actor.has_role("administrator"),
        "tomorrow": today + timedelta(days=1),
        "errors": errors or {},
    }
    return render(request, "catalogue/service.html", names, status_code=status)


def _publisher(work: UnitOfWork, city: str, on: date) -> int:
    """Give the city whose catalogue holds there that day. Raises UnknownCity."""
    code = city_by_key(work.session, city)
    return catalogue_city(work.session, code, on) or code


def city_of_page(work: UnitOfWork, asked: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the city a public page is about, by code, key or name, and all cities there are. Raises UnknownCity."""
    cities = [
        {"code": row.code, "key": row.key, "name": for_reader(row.name_zh, row.name_en)}
        for row in list_cities(work.session)
    ]
    if not cities:
        raise UnknownCity(city=asked)
    code = city_by_key(work.session, asked) if asked else None
    own = [one for one in cities if one["code"] == code] or [one for one in cities if one["key"] == "nanjing_demo"]
    return (own or cities)[0], cities


def _line(one: Standard) -> dict[str, Any]:
    words = {
        name: one.in_words(name)
        for name in ("name", "content", "acceptance", "recipients", "provision", "standard", "payer")
    }
    return words | {
        "code": one.code, "version": one.version, "kind": one.kind, "minutes": one.minutes, "unit": one.unit,
        "price_fen": one.price_fen, "price_ceiling_fen": one.price_ceiling_fen, "notice_minutes": one.notice_minutes,
        "cut_off_days": one.cut_off_days, "cut_off_minute": one.cut_off_minute, "first_day": one.first_day,
        "end_day": one.end_day, "assumed": one.assumed, "reason": one.reason, "orderable": one.orderable,
        "skills": list(one.required_skills),
    }  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
