"""An administrator's word on who above is told of public changes: made, paused, gone on, ended, replayed, re-keyed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import find_area
from services.cities.rules import area_contains, area_range
from services.columns import table_of
from services.outbox import enqueue
from services.oversight.changes import START, is_cursor
from services.oversight.exchange_tables import KINDS
from services.oversight.handing_in import administered_area
from services.oversight.webhook_errors import BadWebhook, NotYourWebhook, WebhookEnded, WebhookNotFound
from services.oversight.webhook_rules import BOTH_VALID, new_secret, place, split_address
from services.oversight.webhook_tables import Webhook, WebhookTry
from services.people.privacy import seal
from services.unit_of_work import Actor

SECRET = "webhook-secret"
TEST_JOB = "webhooks.test"
LONGEST_NAME = 100
_webhook, _try = table_of(Webhook), table_of(WebhookTry)
SHOWN = tuple(column for column in _webhook.c if column.name not in ("secret_sealed", "secret_before_sealed"))


@dataclass(frozen=True)
class NewWebhook:
    """Who wants to be told where, of which kinds, of which area; from which place of the feed on."""

    platform: str
    url: str
    kinds: tuple[str, ...]
    area_code: int
    after: str = START


def make_webhook(session: Session, now: datetime, actor: Actor, new: NewWebhook) -> tuple[int, str]:
    """Subscribe a platform; gives (id, secret), and the secret is never shown again.

    Raises NotYourWebhook, BadWebhook and, through the database, WebhookStandsAlready.
    """
    if not area_contains(_own_area(session, actor), new.area_code):
        raise NotYourWebhook(area_code=new.area_code)
    find_area(session, new.area_code)
    platform, kinds = new.platform.strip(), sorted(set(new.kinds))
    if not 1 <= len(platform) <= LONGEST_NAME:
        raise BadWebhook("请写平台名称（不超过100字）。", field="platform")
    if not kinds or not set(kinds) <= set(KINDS):
        raise BadWebhook("请至少选一种要推送的变动。", field="kinds")
    if not is_cursor(new.after):
        raise BadWebhook("游标不对，请用上次返回的 next_cursor。", field="after")
    try:
        split_address(new.url)
    except ValueError as wrong:
        raise BadWebhook(
            "地址要以 https:// 开头，写域名，端口只能是443或8443，不能带用户名。", field="url", why=str(wrong)
        ) from wrong
    secret = new_secret(os.urandom(32))
    values = {
        "platform": platform, "url": new.url, "kinds": kinds, "area_code": new.area_code, "state": "active",
        "cursor": new.after, "round": 1, "turn": 0, "failures": 0, "next_try_at": now, "made_at": now,
        "made_by": actor.person_id, "secret_sealed": seal(SECRET, secret),
    }  # fmt: skip
    made: int = session.connection().execute(insert(_webhook).values(values).returning(_webhook.c.id)).scalar_one()
    told = {"platform": platform, "kinds": kinds, "after": new.after}
    record_act(
        session, now, actor, "make_webhook", area_code=new.area_code, subject=("webhook", made), facts=told
    )  # fmt: skip
    return made, secret


def webhooks_of(session: Session, actor: Actor) -> list[Row[Any]]:
    """Give the subscriptions of the administrator's area, the newest first. Raises NotYourWebhook."""
    lo, hi = area_range(_own_area(session, actor))
    query = select(*SHOWN).where(_webhook.c.area_code.between(lo, hi)).order_by(_webhook.c.id.desc()).limit(500)
    return list(session.connection().execute(query))


def find_webhook(session: Session, actor: Actor, webhook_id: int) -> Row[Any]:
    """Give one subscription of the administrator's area. Raises NotYourWebhook, WebhookNotFound."""
    return _found(session, actor, webhook_id, locked=False)


def tries_of(
    session: Session, actor: Actor, webhook_id: int, *, before: int | None = None, most: int = 50
) -> list[Row[Any]]:
    """Give the last tries to tell a platform, newest first. Raises WebhookNotFound."""
    find_webhook(session, actor, webhook_id)
    query = select(_try).where(_try.c.webhook_id == webhook_id).order_by(_try.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(_try.c.id < before)
    return list(session.connection().execute(query))


def pause_webhook(session: Session, now: datetime, actor: Actor, webhook_id: int) -> None:
    """Stop telling a platform; its place in the feed stays. Raises WebhookNotFound, WebhookEnded."""
    _say(session, now, actor, webhook_id, "pause_webhook", {"state": "paused", "paused_because": "administrator"})


def resume_webhook(session: Session, now: datetime, actor: Actor, webhook_id: int) -> None:
    """Go on from where it stood, at once. Raises WebhookNotFound, WebhookEnded."""
    told = {"state": "active", "paused_because": None, "failures": 0, "next_try_at": now}
    _say(session, now, actor, webhook_id, "resume_webhook", told)


def end_webhook(session: Session, now: datetime, actor: Actor, webhook_id: int) -> None:
    """End a subscription for good; what was told stays on record. Raises WebhookNotFound, WebhookEnded."""
    told = {"state": "ended", "ended_at": now, "secret_before_sealed": None, "secret_before_until": None}
    _say(session, now, actor, webhook_id, "end_webhook", told)


def replay_webhook(session: Session, now: datetime, actor: Actor, webhook_id: int, after: str) -> None:
    """Tell a platform everything after a place it has passed once more, under new message ids; change ids stay.

    Never forwards, for that would lose what lies between. Raises BadWebhook, WebhookNotFound, WebhookEnded.
    """
    found = _found(session, actor, webhook_id)
    if not is_cursor(after) or place(after) > place(found.cursor):
        raise BadWebhook("只能从已经推送过的位置重新推送。", field="after", cursor=found.cursor)
    told = {"cursor": after, "batch_end": None, "round": found.round + 1, "failures": 0, "next_try_at": now}
    _say(session, now, actor, webhook_id, "replay_webhook", told, {"after": after, "was": found.cursor})


def rotate_secret(session: Session, now: datetime, actor: Actor, webhook_id: int) -> str:
    """Give a new secret, shown once; messages are signed with both for a day. Raises WebhookNotFound, WebhookEnded."""
    found = _found(session, actor, webhook_id)
    secret = new_secret(os.urandom(32))
    sealed = select(_webhook.c.secret_sealed).where(_webhook.c.id == webhook_id)
    before: str = session.connection().execute(sealed).scalar_one()
    told = {
        "secret_sealed": seal(SECRET, secret), "secret_before_sealed": before, "secret_before_until": now + BOTH_VALID,
    }  # fmt: skip
    _say(session, now, actor, webhook_id, "rotate_webhook_secret", told, turn=int(found.turn))
    return secret


def send_test(session: Session, now: datetime, actor: Actor, webhook_id: int) -> None:
    """Promise one test message, at most one in ten seconds; its outcome stands among the tries."""
    found = _found(session, actor, webhook_id)
    if found.state == "ended":
        raise WebhookEnded(webhook_id=webhook_id)
    key = f"{TEST_JOB}:{webhook_id}:{int(now.timestamp()) // 10}"
    enqueue(session, now, TEST_JOB, {"webhook_id": webhook_id}, key=key)
    record_act(session, now, actor, "test_webhook", area_code=found.area_code, subject=("webhook", webhook_id))


def _say(
    session: Session,
    now: datetime,
    actor: Actor,
    webhook_id: int,
    verb: str,
    values: dict[str, Any],
    facts: dict[str, Any] | None = None,
    *,
    turn: int | None = None,
) -> None:
    """Write the administrator's word; with the next `turn`, what is on the way moves nothing any more."""
    found = _found(session, actor, webhook_id)
    if found.state == "ended":
        raise WebhookEnded(webhook_id=webhook_id)
    values = values | {"turn": found.turn + 1 if turn is None else turn}
    session.connection().execute(update(_webhook).where(_webhook.c.id == webhook_id).values(values))
    record_act(
        session, now, actor, verb, area_code=found.area_code, subject=("webhook", webhook_id), facts=facts or {}
    )  # fmt: skip


def _found(session: Session, actor: Actor, webhook_id: int, *, locked: bool = True) -> Row[Any]:
    lo, hi = area_range(_own_area(session, actor))
    query = select(*SHOWN).where(_webhook.c.id == webhook_id, _webhook.c.area_code.between(lo, hi))
    found: Row[Any] | None = session.connection().execute(query.with_for_update() if locked else query).one_or_none()
    if found is None:
        raise WebhookNotFound(webhook_id=webhook_id)
    return found


def _own_area(session: Session, actor: Actor) -> int:
    if actor.role != "administrator" or actor.read_only:
        raise NotYourWebhook(role=actor.role)
    return administered_area(session, actor)
