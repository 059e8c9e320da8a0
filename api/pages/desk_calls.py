"""The phone operator calls back and asks how it was, and takes complaints down for who calls or comes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.errors import status_of
from api.pages.kit import render
from api.pages.officer_office import Desk, Office, speaking
from services.directory.queries import providers_in
from services.errors import DomainError
from services.orders import judging
from services.orders.queries import find_order_by_number
from services.people.queries import phone_masked
from services.visits import complaints
from services.visits.complaint_tables import SUBJECTS

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=4000)]
Short = Annotated[str, Form(max_length=60)]
CHANNELS = ("phone", "counter", "letter")


@router.get("/desk/calls")
def calls_page(request: Request, office: Desk, said: str = "") -> Response:
    """Show who was served and has not said how it was."""
    return _calls(request, office, said=said)


@router.post("/desk/calls/{order_id:int}")
def record_call(
    request: Request, office: Desk, order_id: Id, face: Annotated[int, Form(ge=1, le=3)], words: Words = ""
) -> Response:
    """Write down what she said on the telephone, as a call-back."""
    work = office.work
    try:
        with work.session.begin_nested():
            judging.rate_order(work.session, work.now, work.actor, order_id, face, words, by_call=True)
    except DomainError as refused:
        return _calls(request, office, refused=refused, order_id=order_id)
    return RedirectResponse("/desk/calls?said=rated", status_code=303)


@router.get("/desk/complaints")
def complaint_form(request: Request, office: Desk, filed: str = "") -> Response:
    """Show the form for a complaint by telephone, at the counter or by letter."""
    return _form(request, office, filed=filed[:40])


@router.post("/desk/complaints")
def take_complaint(
    request: Request,
    office: Desk,
    channel: Short = "phone",
    order_number: Short = "",
    provider: Short = "",
    subject: Short = "",
    told: Words = "",
    contact_name: Short = "",
    contact_phone: Short = "",
) -> Response:
    """Take a complaint down for somebody; about the order whose number she reads out, or about a provider."""
    work = office.work
    values = {
        "channel": channel, "order_number": order_number, "provider": provider, "subject": subject, "told": told,
        "contact_name": contact_name, "contact_phone": contact_phone,
    }  # fmt: skip
    try:
        with work.session.begin_nested():
            order_id = find_order_by_number(work.session, order_number).id if order_number.strip() else None
            chosen = int(provider) if provider.isascii() and provider.isdigit() and len(provider) < 19 else None
            new = complaints.NewComplaint(
                subject=subject, told=told, order_id=order_id, provider_id=None if order_id else chosen,
                channel=channel if channel in CHANNELS else "phone", contact_name=contact_name,
                contact_phone=contact_phone,
            )  # fmt: skip
            filed = complaints.file_complaint(work.session, work.now, work.actor, new)
            number = complaints.find_complaint(work.session, filed).complaint_number
    except DomainError as refused:
        return _form(request, office, refused=refused, values=values)
    return RedirectResponse(f"/desk/complaints?filed={number}", status_code=303)


def _calls(
    request: Request, office: Office, *, said: str = "", refused: DomainError | None = None, order_id: int = 0
) -> Response:
    work = office.work
    with speaking(request):
        due = judging.calls_due(work.session, work.now, work.actor)
    phones = phone_masked(work.session, [one.elder_id for one in due])
    errors = {} if refused is None else {f"face-{order_id}": refused.message_zh}
    names = office.names(due=due, phones=phones, said=said, errors=errors, home="/desk")
    return render(request, "desk/calls.html", names, status_code=status_of(refused) if refused else 200)


def _form(
    request: Request, office: Office, *, filed: str = "", refused: DomainError | None = None,
    values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    fields = ("order_number", "provider", "subject", "told", "contact_name", "contact_phone")
    names = office.names(
        providers=[(row.id, row.name) for row in providers_in(office.work.session, office.lo, office.hi)],
        subjects=SUBJECTS,
        filed=filed,
        values=values or dict.fromkeys(fields, "") | {"channel": "phone"},
        errors={} if refused is None else {_field(refused): refused.message_zh},
        home="/desk",
    )
    return render(request, "desk/complaint.html", names, status_code=status_of(refused) if refused else 200)


def _field(refused: DomainError) -> str:
    known = str(refused.facts.get("field", "order_number"))
    return {"provider_id": "provider"}.get(known, known)
