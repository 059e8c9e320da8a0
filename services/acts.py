"""The trail of acts: who did what, for whom, by which right, through which channel.

Append-only in the database. Reading a sensitive field is an act too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from services.columns import area_code as area_code_column
from services.columns import document, moment, number, own_id, table_of, words
from services.unit_of_work import SYSTEM, Actor


class Act(SQLModel, table=True):
    """One act, written once and never changed."""

    __tablename__ = "act"
    id: int | None = own_id()
    happened_at: datetime = moment(index=True)
    verb: str = words()
    actor_id: int | None = number(optional=True, index=True)
    actor_role: str = words()
    for_person_id: int | None = number(optional=True, index=True)
    by_right: str | None = words(optional=True)
    channel: str = words()
    area_code: int | None = area_code_column(optional=True)
    subject_type: str | None = words(optional=True)
    subject_id: int | None = number(optional=True)
    request_id: str | None = words(optional=True)
    facts: dict[str, Any] = document()


_act = table_of(Act)
_WRITE = insert(_act)


def record_act(
    session: Session,
    now: datetime,
    actor: Actor,
    verb: str,
    *,
    for_person_id: int | None = None,
    by_right: str | None = None,
    area_code: int | None = None,
    subject: tuple[str, int] | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Write one act into the trail, in the same transaction as the act itself.

    Without `by_right` the ground is the one the actor's own role gives: self, office:ROLE, provider:ID, the house.
    """
    if actor.read_only:
        return  # the auditor's own transaction may not write; her reads are logged by the request log
    session.connection().execute(
        _WRITE,
        {
            "happened_at": now,
            "verb": verb,
            "actor_id": actor.person_id,
            "actor_role": actor.role,
            "for_person_id": for_person_id,
            "by_right": by_right or own_ground(actor, for_person_id),
            "channel": actor.channel,
            "area_code": area_code,
            "subject_type": subject[0] if subject else None,
            "subject_id": subject[1] if subject else None,
            "request_id": actor.request_id or session.info.get("request_id"),
            "facts": facts or {},
        },
    )


def record_acts_for(
    session: Session, now: datetime, actor: Actor, verb: str, people: Sequence[tuple[int, int]]
) -> None:
    """Write one act for each of many people, given as (person id, area code): a list taken in touches thousands."""
    if actor.read_only or not people:
        return
    common: dict[str, Any] = {
        "happened_at": now, "verb": verb, "actor_id": actor.person_id, "actor_role": actor.role,
        "channel": actor.channel, "subject_type": None, "subject_id": None,
        "request_id": actor.request_id or session.info.get("request_id"), "facts": {},
    }  # fmt: skip
    rows = [
        common | {"for_person_id": person_id, "area_code": area_code, "by_right": own_ground(actor, person_id)}
        for person_id, area_code in people
    ]
    session.connection().execute(insert(_act), rows)


def own_ground(actor: Actor, for_person_id: int | None) -> str:
    """Name the right that comes with being who she is, for acts that no proxy or visit grants."""
    if actor.person_id is None:
        return "house" if actor.role == SYSTEM.role else actor.role
    if for_person_id in (None, actor.person_id) and actor.area_lo is None:
        return "self"
    if actor.area_lo is not None or actor.role == "administrator":
        return f"office:{actor.role}"
    if actor.provider_id is not None:
        return f"provider:{actor.provider_id}"
    return f"role:{actor.role}"
