"""What a settlement line may draw from a contract's budget: asked before it is written, refused by the database anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

_HINDRANCE = text(
    "SELECT purchase_hindrance(:provider_id, :service_code, :service_day, :government_fen, :government_budget,"
    " :voucher_fen, :voucher_budget)"
)
_LOCK = text("SELECT id FROM purchase_budget WHERE provider_id = :provider ORDER BY id FOR NO KEY UPDATE")


def hindrance_of(session: Session, line: Mapping[str, Any]) -> str | None:
    """Say why a line may not draw its public money, as a code of purchase_rules.HINDRANCES; None: it may."""
    found: str | None = session.connection().execute(_HINDRANCE, dict(line)).scalar()
    return found


def lock_budgets(session: Session, provider_id: int) -> None:
    """Keep a provider's budgets as they are until this drawing is done."""
    session.connection().execute(_LOCK, {"provider": provider_id}).all()
