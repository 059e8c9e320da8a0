"""Platforms that are told of public changes: kept by the administrator of the area."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.webhooks import ReplayIn, WebhookIn, WebhookOut, WebhookSecretOut, WebhookTryOut
from services.oversight import webhooks as rooms
from services.oversight.webhooks import NewWebhook
from services.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/v1/webhooks", tags=["open data"])
Id = Annotated[int, Path(ge=1, le=2**62)]
ANSWERS = problems(401, 403, 404, 409)


def _shown(work: UnitOfWork, webhook_id: int) -> WebhookOut:
    return WebhookOut.model_validate(rooms.find_webhook(work.session, work.actor, webhook_id))


@router.get("", response_model=list[WebhookOut], responses=problems(401, 403), summary="Subscriptions of one's area")
def webhooks(work: Work) -> list[WebhookOut]:
    """Give the platforms that are told, the newest first."""
    return [WebhookOut.model_validate(row) for row in rooms.webhooks_of(work.session, work.actor)]


@router.post("", response_model=WebhookSecretOut, status_code=201, responses=ANSWERS, summary="Subscribe a platform")
def make(work: Work, asked: WebhookIn) -> WebhookSecretOut:
    """Subscribe a platform; the answer holds its secret, which is shown this once."""
    new = NewWebhook(asked.platform, asked.url, tuple(asked.kinds), asked.area_code, asked.after)
    made, secret = rooms.make_webhook(work.session, work.now, work.actor, new)
    return WebhookSecretOut(webhook=_shown(work, made), secret=secret)


@router.get("/{webhook_id}/tries", response_model=list[WebhookTryOut], responses=ANSWERS, summary="The last tries")
def tries(
    work: Work,
    webhook_id: Id,
    before: Annotated[int | None, Query(ge=1, le=2**62, description="id of the last one read")] = None,
) -> list[WebhookTryOut]:
    """Give fifty tries, newest first."""
    rows = rooms.tries_of(work.session, work.actor, webhook_id, before=before)
    return [WebhookTryOut.model_validate(row) for row in rows]


@router.post("/{webhook_id}/pause", response_model=WebhookOut, responses=ANSWERS, summary="Pause")
def pause(work: Work, webhook_id: Id) -> WebhookOut:
    """Stop telling it; its place stays."""
    rooms.pause_webhook(work.session, work.now, work.actor, webhook_id)
    return _shown(work, webhook_id)


@router.post("/{webhook_id}/resumption", response_model=WebhookOut, responses=ANSWERS, summary="Go on")
def resume(work: Work, webhook_id: Id) -> WebhookOut:
    """Go on from where it stood."""
    rooms.resume_webhook(work.session, work.now, work.actor, webhook_id)
    return _shown(work, webhook_id)


@router.post("/{webhook_id}/ending", response_model=WebhookOut, responses=ANSWERS, summary="End for good")
def end(work: Work, webhook_id: Id) -> WebhookOut:
    """End it for good; a new one may be made for the same address."""
    rooms.end_webhook(work.session, work.now, work.actor, webhook_id)
    return _shown(work, webhook_id)


@router.post("/{webhook_id}/secret", response_model=WebhookSecretOut, responses=ANSWERS, summary="A new secret")
def rotate(work: Work, webhook_id: Id) -> WebhookSecretOut:
    """Give a new secret; for a day messages carry a signature by each of both."""
    secret = rooms.rotate_secret(work.session, work.now, work.actor, webhook_id)
    return WebhookSecretOut(webhook=_shown(work, webhook_id), secret=secret)


@router.post("/{webhook_id}/test", response_model=WebhookOut, status_code=202, responses=ANSWERS, summary="Send a test")
def send_test(work: Work, webhook_id: Id) -> WebhookOut:
    """Promise a test message; what came of it stands among the tries."""
    rooms.send_test(work.session, work.now, work.actor, webhook_id)
    return _shown(work, webhook_id)


@router.post("/{webhook_id}/replay", response_model=WebhookOut, responses=ANSWERS, summary="Send again from a place")
def replay(work: Work, webhook_id: Id, asked: ReplayIn) -> WebhookOut:
    """Send everything after a place once more."""
    rooms.replay_webhook(work.session, work.now, work.actor, webhook_id, asked.after)
    return _shown(work, webhook_id)
