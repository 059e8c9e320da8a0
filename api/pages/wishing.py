"""What an elder wishes of who comes and what she must not eat: said by herself, her family, or at the counter."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk
from api.pages.ordering_side import Side
from services.acts import record_act
from services.clock import civil_date
from services.dispatch.queries import carers_who_came
from services.errors import DomainError, NotAllowed, NotFound
from services.matching.wishes import GENDERS, LANGUAGES, Wish, say_wish, wish_of
from services.orders.allergens import ALLERGENS
from services.orders.meals import diet_of, say_diet
from services.people.queries import person_card
from services.people.rights import right_to
from services.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False)
ElderId = Annotated[int, Path(ge=1, le=2**62)]
Code = Annotated[str, Form(max_length=20)]
Codes = Annotated[list[str], Form(max_length=20)]


@router.get("/elder/wishes")
@router.get("/family/{elder_id:int}/wishes")
def wishes(request: Request, side: Side, said: str = "") -> Response:
    """Show whom she would like to come and what she must not eat."""
    return _page(request, side.work, side.elder_id, side.names(may_say=side.may("order")), said=said)


@router.post("/elder/wishes")
@router.post("/family/{elder_id:int}/wishes")
def say(
    request: Request,
    side: Side,
    gender: Code = "",
    languages: Codes = [],  # noqa: B006
    carer: Code = "",
    must: Code = "",
) -> Response:
    """Write down whom she would like to come."""
    wish = _wish(gender, languages, carer, must)
    try:
        with side.work.session.begin_nested():
            say_wish(side.work.session, side.work.now, side.work.actor, side.elder_id, wish)
    except DomainError as refused:
        return _page(request, side.work, side.elder_id, side.names(may_say=side.may("order")), refused)
    return RedirectResponse(f"{side.base}/wishes?said=wish", status_code=303)


@router.post("/elder/diet")
@router.post("/family/{elder_id:int}/diet")
def say_her_diet(request: Request, side: Side, avoids: Codes = []) -> Response:  # noqa: B006
    """Write down what she must not eat."""
    try:
        with side.work.session.begin_nested():
            say_diet(side.work.session, side.work.now, side.work.actor, side.elder_id, avoids)
    except DomainError as refused:
        return _page(request, side.work, side.elder_id, side.names(may_say=side.may("order")), refused)
    return RedirectResponse(f"{side.base}/wishes?said=diet", status_code=303)


@router.get("/desk/elders/{elder_id:int}/wishes")
def at_the_counter(request: Request, office: Desk, elder_id: ElderId, said: str = "") -> Response:
    """Show an office what an elder wishes and must not eat; that it was read is written down."""
    work = office.work
    right = right_to(work.session, work.actor, elder_id, "view", work.now)
    record_act(
        work.session, work.now, work.actor, "read_diet", for_person_id=elder_id, by_right=right.ground,
        area_code=right.area_code,
    )  # fmt: skip
    return _page(request, work, elder_id, _counter(work, elder_id), said=said)


@router.post("/desk/elders/{elder_id:int}/wishes")
def say_at_the_counter(
    request: Request, office: Desk, elder_id: ElderId, gender: Code = "", languages: Codes = [], carer: Code = "",  # noqa: B006
    must: Code = "",
) -> Response:  # fmt: skip
    """Write down at the counter or on the phone whom an elder would like to come."""
    work, wish = office.work, _wish(gender, languages, carer, must)
    try:
        with work.session.begin_nested():
            say_wish(work.session, work.now, work.actor, elder_id, wish)
    except (NotAllowed, NotFound):
        raise
    except DomainError as refused:
        return _page(request, work, elder_id, _counter(work, elder_id), refused)
    return RedirectResponse(f"/desk/elders/{elder_id}/wishes?said=wish", status_code=303)


@router.post("/desk/elders/{elder_id:int}/diet")
def say_diet_at_the_counter(request: Request, office: Desk, elder_id: ElderId, avoids: Codes = []) -> Response:  # noqa: B006
    """Write down at the counter or on the phone what an elder must not eat."""
    work = office.work
    try:
        with work.session.begin_nested():
            say_diet(work.session, work.now, work.actor, elder_id, avoids)
    except (NotAllowed, NotFound):
        raise
    except DomainError as refused:
        return _page(request, work, elder_id, _counter(work, elder_id), refused)
    return RedirectResponse(f"/desk/elders/{elder_id}/wishes?said=diet", status_code=303)


def _wish(gender: str, languages: list[str], carer: str, must: str) -> Wish:
    known = carer.isdecimal() and len(carer) < 19
    return Wish(gender or None, tuple(languages), must == "yes", int(carer) if known else None)


def _counter(work: UnitOfWork, elder_id: int) -> dict[str, Any]:
    card = person_card(work.session, elder_id, civil_date(work.now))
    return {
        "shell": "desk", "base": f"/desk/elders/{elder_id}", "home": f"/desk?elder={elder_id}",
        "elder_name": card.full_name, "may_say": not work.actor.read_only,
    }  # fmt: skip


def _page(
    request: Request, work: UnitOfWork, elder_id: int, side: dict[str, Any], refused: DomainError | None = None,
    said: str = "",
) -> Response:  # fmt: skip
    names = {
        **side,
        "wish": wish_of(work.session, elder_id),
        "carers": carers_who_came(work.session, elder_id),
        "genders": GENDERS,
        "tongues": LANGUAGES,  # the kit has `languages` of its own
        "avoids": diet_of(work.session, elder_id),
        "allergens": ALLERGENS,
        "said": said if said in ("wish", "diet") else "",
        "errors": {} if refused is None else {str(refused.facts.get("field", "gender")): refused.message_zh},
    }
    return render(request, "order/wishes.html", names, status_code=200 if refused is None else status_of(refused))
