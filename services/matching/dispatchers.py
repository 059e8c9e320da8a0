"""Who may answer for a provider."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import Session

from services.columns import table_of
from services.matching.errors import NotADispatcher
from services.people.tables import RoleGrant
from services.unit_of_work import Actor

_grant = table_of(RoleGrant)


def check_dispatcher(session: Session, actor: Actor, provider_id: int) -> None:
    """Refuse whoever is not a dispatcher of this provider today. Raises NotADispatcher(provider_id)."""
    granted = session.connection().execute(
        select(_grant.c.id).where(
            _grant.c.person_id == actor.person_id,
            _grant.c.role == "dispatcher",
            _grant.c.provider_id == provider_id,
            _grant.c.revoked_at.is_(None),
        )
    ).first()  # fmt: skip
    if granted is None:
        raise NotADispatcher(provider_id=provider_id)
