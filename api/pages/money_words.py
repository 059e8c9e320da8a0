"""What the pages of money say, and which rows they show: shared by the officer's and the provider's pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from services.catalogue.queries import services_by_code
from services.settlement import prepaid, queries
from services.settlement.drawing import held_back
from services.settlement.rules import HELD_WORDS


def accounts_names(session: Session, settlement_id: int) -> dict[str, Any]:
    """Give a month's accounts with their lines, what is held back and why, and the sums by budget line."""
    found = queries.find_settlement(session, settlement_id)
    rows = queries.lines_of(session, settlement_id)
    held = held_back(session, found.provider_id, found.month)
    services = services_by_code(session, {row.service_code for row in rows} | {one.service_code for one in held})
    names = {code: service.title for code, service in services.items()}
    return {
        "settlement": found,
        "intact": queries.is_intact(session, found),
        "lines": [row._asdict() | {"service_name": names.get(row.service_code, row.service_code)} for row in rows],
        "held": [
            asdict(one)
            | {"words": HELD_WORDS[one.reason], "service_name": names.get(one.service_code, one.service_code)}
            for one in held
        ],
        "budgets": queries.spent_by_budget(session, settlement_id),
    }


def prepaid_rows(session: Session, provider_id: int | None = None) -> list[dict[str, Any]]:
    """Give the prepaid accounts in sight, each with whether it is near its cap."""
    return [_near(row) for row in prepaid.list_accounts(session, provider_id=provider_id)]


def _near(row: Row[Any]) -> dict[str, Any]:
    return row._asdict() | {"near": row.balance_fen >= row.alert_fen, "share": row.balance_fen / row.cap_fen}
