"""Who can come, and a provider's answers to its offers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.deps import Work
from api.errors import problems
from api.schemas.matching import (
    AcceptedOut,
    CandidateOut,
    DeclinedOut,
    DeclineIn,
    LeftOutOut,
    MatchedOut,
    MatchIn,
    OfferOut,
    ResponseTimesOut,
    UnmetNeedOut,
)
from services.matching import actions
from services.matching.finding import Candidate
from services.matching.queries import match, open_offers, unmet_needs
from services.matching.response_times import response_times
from services.orders.rules import check_aware

router = APIRouter(prefix="/api/v1", tags=["matching"])
Id = Annotated[int, Path(ge=1, le=2**62)]
RECENT = timedelta(days=31)
_SAME = tuple(
    name for name in CandidateOut.model_fields if name in Candidate.__dataclass_fields__ and name != "reasons"
)


@router.post("/match", response_model=MatchedOut, responses=problems(401, 403, 404, 409), summary="Who can come")
def find_providers(work: Work, asked: MatchIn) -> Response:
    """Rank the providers that can serve an elder in a window, with reasons, and say why the nearest others cannot."""
    found = match(work.session, work.now, work.actor, **asked.model_dump())
    answer = MatchedOut(
        elder_id=found.elder_id,
        service_code=found.service.code,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        candidates=[_candidate(one) for one in found.candidates],
        left_out=[LeftOutOut(**vars(one)) for one in found.left_out],
        farther=found.farther,
    )
    return Response(answer.model_dump_json(), media_type="application/json")  # checked once, not twice


@router.get(
    "/providers/{provider_id}/offers",
    response_model=list[OfferOut],
    responses=problems(401, 403),
    summary="Offers that wait for an answer",
)
def show_offers(work: Work, provider_id: Id) -> list[OfferOut]:
    """Show a provider's open offers to its dispatcher, the one that ends first at the top."""
    offers = open_offers(work.session, work.now, work.actor, provider_id)
    return [OfferOut.model_validate(asdict(offer)) for offer in offers]


@router.post(
    "/offers/{offer_id}/acceptance",
    status_code=201,
    response_model=AcceptedOut,
    responses=problems(401, 403, 404, 409),
    summary="Accept an offer",
)
def accept_offer(work: Work, offer_id: Id) -> AcceptedOut:
    """Take an offered order; the second who tries is told that it is taken, a late one that it expired."""
    return AcceptedOut.model_validate(asdict(actions.accept_offer(work.session, work.now, work.actor, offer_id)))


@router.post(
    "/offers/{offer_id}/refusal",
    response_model=DeclinedOut,
    responses=problems(401, 403, 404, 409),
    summary="Decline an offer",
)
def decline_offer(work: Work, offer_id: Id, asked: DeclineIn) -> DeclinedOut:
    """Say no, with a reason; the next provider is asked at once."""
    actions.decline_offer(work.session, work.now, work.actor, offer_id, asked.reason)
    return DeclinedOut(offer_id=offer_id)


@router.get(
    "/response-times",
    response_model=ResponseTimesOut,
    responses=problems(401, 403),
    summary="How soon orders are answered",
)
def show_response_times(work: Work, since: datetime | None = None, until: datetime | None = None) -> ResponseTimesOut:
    """Measure answers to offers in the office's area, or of the dispatcher's provider; the last 31 days unless told."""
    until = until or work.now
    check_aware(until=until)
    measured = response_times(work.session, work.actor, since or until - RECENT, until)
    return ResponseTimesOut.model_validate(asdict(measured))


@router.get(
    "/unmet-needs",
    response_model=list[UnmetNeedOut],
    responses=problems(401),
    summary="Demand without supply",
)
def show_unmet_needs(
    work: Work, since: datetime | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[UnmetNeedOut]:
    """Show orders nobody could serve, with why each provider was left out; the last 31 days unless told."""
    if since is not None:
        check_aware(since=since)
    rows = unmet_needs(work.session, since or work.now - RECENT, limit)
    return [UnmetNeedOut.model_validate(asdict(row)) for row in rows]


def _candidate(one: Candidate) -> CandidateOut:
    shared = one.shared
    return CandidateOut(
        **{name: getattr(one, name) for name in _SAME},
        government_fen=shared.government_fen,
        voucher_fen=shared.voucher_fen,
        self_fen=shared.self_fen,
        reasons=list(one.reasons),
    )
