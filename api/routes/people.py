"""Signing in, speaking for an elder, and the register of elders."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import select

from api.deps import OpenWork, Work, sender_of
from api.errors import problem_response, problems
from api.schemas.people import (
    CardOut,
    CardSignInIn,
    CodeIn,
    CodeOut,
    CreatedOut,
    ElderIn,
    ElderLinkOut,
    MeOut,
    PersonOut,
    ProxyIn,
    ProxyOut,
    RevealIn,
    RevealOut,
    RoleIn,
    SessionOut,
    SignedInOut,
    SignInIn,
)
from services.clock import civil_date
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.people import proxies as proxy_acts
from services.people import sign_in
from services.people.actions import Home, NewElder, NewPerson, grant_role, register_elder
from services.people.disclosing import disclose
from services.people.errors import WrongCode
from services.people.queries import elders_of, person_card
from services.people.rights import right_to
from services.people.tables import SignInSession
from services.settings import settings

router = APIRouter(prefix="/api/v1", tags=["people"])
PersonId = Annotated[int, Path(ge=1, le=2**62)]
REGISTERING = ("officer", "advisor", "operator")


@router.post(
    "/sign-in/codes", status_code=202, response_model=CodeOut, responses=problems(409, 429), summary="Send a code"
)
def send_code(request: Request, work: OpenWork, asked: CodeIn) -> CodeOut:
    """Send a one-time code to a phone; the same answer whether or not the phone is registered."""
    sign_in.send_code(work.session, work.now, asked.phone, sender_of(request))
    return CodeOut(sent=True, valid_seconds=settings().sign_in_code_seconds)


@router.post(
    "/sign-in", status_code=201, response_model=SignedInOut, responses=problems(401, 404, 409, 429), summary="Sign in"
)
def sign_in_with_code(work: OpenWork, asked: SignInIn, request: Request) -> SignedInOut | Response:
    """Give a bearer token for phone and code. A wrong try counts, so it is answered, not raised."""
    if not sign_in.try_code(work.session, work.now, asked.phone, asked.code):
        return problem_response(request, 401, WrongCode.__name__, WrongCode.message_zh)
    opened = sign_in.sign_in_by_phone(
        work.session, work.now, asked.phone, kind="bearer", channel="api", label=asked.label
    )
    return SignedInOut(**asdict(opened))


@router.post(
    "/sign-in/card", status_code=201, response_model=SignedInOut, responses=problems(403), summary="Bind a phone"
)
def sign_in_with_card(work: OpenWork, asked: CardSignInIn) -> SignedInOut:
    """Bind an elder's phone by her QR card, once."""
    return SignedInOut(**asdict(sign_in.sign_in_by_card(work.session, work.now, asked.token)))


@router.get("/me", response_model=MeOut, responses=problems(401), summary="Who am I")
def me(work: Work) -> MeOut:
    """Say who is signed in and for whom she speaks."""
    actor = work.actor
    assert actor.person_id is not None
    card = person_card(work.session, actor.person_id, civil_date(work.now))
    links = [ElderLinkOut(elder_id=e, full_name=n, scopes=s) for e, n, s in elders_of(work.session, actor)]
    return MeOut(
        person_id=card.id,
        full_name=card.full_name,
        role=actor.role,
        roles=list(actor.roles),
        area_code_from=actor.area_lo,
        area_code_to=actor.area_hi,
        provider_id=actor.provider_id,
        elders=links,
    )


@router.get("/sessions", response_model=list[SessionOut], responses=problems(401), summary="Signed-in devices")
def my_sessions(work: Work) -> list[SessionOut]:
    """List the devices on which the caller is signed in, and phones she bound for elders."""
    sessions = table_of(SignInSession)
    rows = work.session.connection().execute(
        select(sessions)
        .where(sessions.c.revoked_at.is_(None), sessions.c.expires_at > work.now)
        .order_by(sessions.c.id)
        .limit(100)
    )
    return [SessionOut.model_validate(dict(row._mapping)) for row in rows]


@router.delete("/sessions/{session_id}", status_code=204, responses=problems(401, 404), summary="Sign a device out")
def end_session(work: Work, session_id: PersonId) -> Response:
    """End a session at once; also how a bound phone is unbound."""
    if not sign_in.revoke_session(work.session, work.now, work.actor, session_id):
        raise NotFound(session_id=session_id)
    return Response(status_code=204)


@router.post(
    "/elders",
    status_code=201,
    response_model=CreatedOut,
    responses=problems(401, 403, 409),
    summary="Register an elder",
)
def register(work: Work, asked: ElderIn) -> CreatedOut:
    """Register an elder in the caller's own area."""
    actor = work.actor
    in_area = (
        actor.area_lo is not None and actor.area_hi is not None and actor.area_lo <= asked.area_code <= actor.area_hi
    )
    if actor.role not in REGISTERING or not in_area:
        raise NotAllowed(area_code=asked.area_code)
    person = NewPerson(
        **asked.model_dump(exclude={"home", "living", "groups", "care_level"}),
        home=Home(**asked.home.model_dump()) if asked.home else None,
    )
    elder = NewElder(living=asked.living, groups=asked.groups, care_level=asked.care_level)
    return CreatedOut(id=register_elder(work.session, work.now, actor, person, elder))


@router.get(
    "/elders/{elder_id}", response_model=PersonOut, responses=problems(401, 403, 404), summary="An elder's card"
)
def elder_card(work: Work, elder_id: PersonId) -> PersonOut:
    """Show an elder with masked fields to somebody who may see her."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return PersonOut.model_validate(asdict(person_card(work.session, elder_id, civil_date(work.now))))


@router.post(
    "/elders/{elder_id}/reveal",
    response_model=RevealOut,
    responses=problems(401, 403, 404),
    summary="Read a sealed field",
)
def reveal_field(work: Work, elder_id: PersonId, asked: RevealIn) -> RevealOut:
    """Show one sealed field in clear; who read it and why goes into the trail."""
    right = right_to(work.session, work.actor, elder_id, "view", work.now)
    if work.actor.read_only:
        raise NotAllowed("审计账号只能看脱敏信息。", field=asked.field)
    act = (work.session, work.now, work.actor)
    value = disclose(*act, elder_id, asked.field, asked.purpose, asked.reason, by_right=right.ground)
    return RevealOut(field=asked.field, value=value)


@router.post(
    "/elders/{elder_id}/binding-cards",
    status_code=201,
    response_model=CardOut,
    responses=problems(401, 403, 404),
    summary="Issue a QR card that signs the elder's phone in",
)
def issue_card(work: Work, elder_id: PersonId) -> CardOut:
    """Issue a card by family with the order scope or by the community."""
    token = sign_in.issue_binding_card(work.session, work.now, work.actor, elder_id)
    return CardOut(token=token, address=f"{settings().public_url}/card/{token}")


@router.post(
    "/proxies", status_code=201, response_model=CreatedOut, responses=problems(401, 404, 409), summary="Ask to act"
)
def ask_proxy(work: Work, asked: ProxyIn) -> CreatedOut:
    """Ask to act for an elder; in force once she or her community confirms."""
    proxy_id = proxy_acts.request_proxy(work.session, work.now, work.actor, **asked.model_dump())
    return CreatedOut(id=proxy_id)


@router.post("/proxies/{proxy_id}/confirm", status_code=204, responses=problems(401, 403, 404, 409), summary="Confirm")
def confirm(work: Work, proxy_id: PersonId) -> Response:
    """Confirm a relative: by the elder herself or her community worker."""
    proxy_acts.confirm_proxy(work.session, work.now, work.actor, proxy_id)
    return Response(status_code=204)


@router.post("/proxies/{proxy_id}/revoke", status_code=204, responses=problems(401, 404, 409), summary="Take back")
def revoke(work: Work, proxy_id: PersonId) -> Response:
    """Take a relative's right back; it ends at once."""
    proxy_acts.revoke_proxy(work.session, work.now, work.actor, proxy_id)
    return Response(status_code=204)


@router.get(
    "/elders/{elder_id}/proxies",
    response_model=list[ProxyOut],
    responses=problems(401, 403, 404),
    summary="Who may act",
)
def list_proxies(work: Work, elder_id: PersonId) -> list[ProxyOut]:
    """List who may act for an elder, and who has asked to."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [ProxyOut.model_validate(row, from_attributes=True) for row in proxy_acts.proxies_of(work.session, elder_id)]


@router.post("/roles", status_code=204, responses=problems(401, 403, 404, 409), summary="Give a role")
def give_role(work: Work, asked: RoleIn) -> Response:
    """Give a person a role; offices by an administrator, elder roles by the community."""
    grant_role(
        work.session,
        work.now,
        work.actor,
        asked.person_id,
        asked.role,
        area_code=asked.area_code,
        provider_id=asked.provider_id,
    )
    return Response(status_code=204)
