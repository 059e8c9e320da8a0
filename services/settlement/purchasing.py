"""What an officer does with a contract of government purchase: write it, price it, give it money, start, accept, end it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.tables import ServiceItem
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Provider
from services.settlement.purchase_errors import (
    AcceptanceIncomplete,
    BudgetIncomplete,
    ContractIncomplete,
    ContractNotDraft,
    ContractNotFound,
    ContractNotInForce,
    NotForBuyers,
    UnknownService,
    WhyMissing,
)
from services.settlement.purchase_rules import FUNDERS, METHODS, RESULTS
from services.settlement.purchase_tables import (
    PurchaseAcceptance,
    PurchaseBudget,
    PurchaseBudgetChange,
    PurchaseContract,
    PurchasePrice,
)
from services.settlement.tables import SettlementLine
from services.unit_of_work import Actor

contracts, prices, budgets = table_of(PurchaseContract), table_of(PurchasePrice), table_of(PurchaseBudget)
changes, acceptances = table_of(PurchaseBudgetChange), table_of(PurchaseAcceptance)
_lines, _provider, _service = table_of(SettlementLine), table_of(Provider), table_of(ServiceItem)
WORDS_LENGTH = 200
MOST_FEN = 10**13


@dataclass(frozen=True)
class NewContract:
    """A contract as it is read off the paper; money in fen, both days included."""

    contract_number: str
    title: str
    buyer: str
    provider_id: int
    method: str
    first_day: date
    last_day: date
    ceiling_fen: int
    signed_on: date | None = None


def write_contract(session: Session, now: datetime, actor: Actor, new: NewContract) -> int:
    """Write a contract down as a draft of the officer's area; gives its id.

    Raises NotForBuyers, ContractIncomplete(field), ContractTaken (by constraint).
    """
    area = check_buyer(actor)
    values = checked_contract(new)
    if session.connection().execute(select(_provider.c.id).where(_provider.c.id == new.provider_id)).first() is None:
        raise ContractIncomplete(field="provider_id")
    row = insert(contracts).values(
        **values, area_code=area, recorded_by=actor.person_id, recorded_at=now, state="draft"
    )
    contract_id = int(session.connection().execute(row.returning(contracts.c.id)).scalar_one())
    _record(session, now, actor, "write_contract", contract_id, area, {"number": values["contract_number"]})
    return contract_id


def checked_contract(new: NewContract) -> dict[str, Any]:
    """Give a contract's columns with their words trimmed. Raises ContractIncomplete(field)."""
    values: dict[str, Any] = asdict(new)
    for name in ("contract_number", "title", "buyer"):
        values[name] = values[name].strip()
        if not 0 < len(values[name]) <= WORDS_LENGTH:
            raise ContractIncomplete(field=name)
    if new.method not in METHODS:
        raise ContractIncomplete(field="method")
    if not date(2000, 1, 1) <= new.first_day <= new.last_day <= date(2200, 1, 1):
        raise ContractIncomplete(field="last_day")
    if not 0 < new.ceiling_fen <= MOST_FEN:
        raise ContractIncomplete(field="ceiling_fen")
    return values


def set_price(
    session: Session, now: datetime, actor: Actor, contract_id: int, service_code: str, unit_fen: int
) -> None:
    """Say what one delivery of a service may cost under a draft, in fen; said again, it is changed.

    Raises NotForBuyers, ContractNotFound, ContractNotDraft, UnknownService, ContractIncomplete(field).
    """
    contract = _own_contract(session, actor, contract_id)
    if contract.state != "draft":
        raise ContractNotDraft(state=contract.state)
    if session.connection().execute(select(_service.c.code).where(_service.c.code == service_code)).first() is None:
        raise UnknownService(service_code=service_code[:60])
    if not 0 < unit_fen <= MOST_FEN:
        raise ContractIncomplete("单价须大于0。", field="unit_fen")
    put_price(session, contract, service_code, unit_fen)
    _record(
        session,
        now,
        actor,
        "set_contract_price",
        contract_id,
        contract.area_code,
        {"service": service_code, "fen": unit_fen},
    )


def put_price(session: Session, contract: Row[Any], service_code: str, unit_fen: int) -> None:
    """Write a price, or change it."""
    row = upsert(prices).values(
        contract_id=contract.id, service_code=service_code, unit_fen=unit_fen, area_code=contract.area_code,
        provider_id=contract.provider_id,
    )  # fmt: skip
    session.connection().execute(
        row.on_conflict_do_update(constraint="purchase_price_one_key", set_={"unit_fen": unit_fen})
    )


def add_budget(
    session: Session, now: datetime, actor: Actor, contract_id: int, year: int, number: str, funder: str,
    planned_fen: int,
) -> int:  # fmt: skip
    """Give a contract a year's money out of a budget line, in fen; gives its id.

    Raises NotForBuyers, ContractNotFound, BudgetIncomplete(field), and by constraint BudgetTaken, OverCeiling.
    """
    contract = _own_contract(session, actor, contract_id)
    wrong = wrong_in_budget(contract, year, number, funder, planned_fen)
    if wrong is not None:
        raise BudgetIncomplete(field=wrong)
    row = insert(budgets).values(
        contract_id=contract_id, area_code=contract.area_code, provider_id=contract.provider_id, budget_year=year,
        budget_number=number.strip(), funder=funder, planned_fen=planned_fen, spent_fen=0,
    )  # fmt: skip
    budget_id = int(session.connection().execute(row.returning(budgets.c.id)).scalar_one())
    facts = {"budget_id": budget_id, "year": year, "number": number.strip(), "fen": planned_fen}
    _record(session, now, actor, "add_contract_budget", contract_id, contract.area_code, facts)
    return budget_id


def wrong_in_budget(contract: Any, year: int, number: str, funder: str, planned_fen: int) -> str | None:
    """Name the first field of a budget line that cannot be; None when all can."""
    if not contract.first_day.year <= year <= contract.last_day.year:
        return "budget_year"
    if not 0 < len(number.strip()) <= 60:
        return "budget_number"
    if funder not in FUNDERS:
        return "funder"
    return None if 0 < planned_fen <= MOST_FEN else "planned_fen"


def change_budget(session: Session, now: datetime, actor: Actor, budget_id: int, planned_fen: int, reason: str) -> None:
    """Change what a budget line holds, with the reason kept for good.

    Raises NotForBuyers, ContractNotFound, WhyMissing, BudgetIncomplete, and by constraint BudgetOverspent, OverCeiling.
    """
    check_buyer(actor)
    said = _why(reason)
    query = select(budgets).where(budgets.c.id == budget_id).with_for_update(key_share=True)
    row = session.connection().execute(query).first()
    if row is None:
        raise ContractNotFound(budget_id=budget_id)
    if not 0 < planned_fen <= MOST_FEN:
        raise BudgetIncomplete(field="planned_fen")
    session.connection().execute(update(budgets).where(budgets.c.id == budget_id).values(planned_fen=planned_fen))
    session.connection().execute(
        insert(changes).values(
            budget_id=budget_id, area_code=row.area_code, provider_id=row.provider_id, before_fen=row.planned_fen,
            after_fen=planned_fen, reason=said, changed_by=actor.person_id, changed_at=now,
        )
    )  # fmt: skip
    facts = {"budget_id": budget_id, "before_fen": row.planned_fen, "after_fen": planned_fen, "reason": said}
    _record(session, now, actor, "change_contract_budget", row.contract_id, row.area_code, facts)


def start_contract(session: Session, now: datetime, actor: Actor, contract_id: int) -> None:
    """Put a draft into force: from now on settlement obeys it.

    Raises NotForBuyers, ContractNotFound, ContractNotDraft, and by constraint ContractNotReady, ContractOverlaps.
    """
    contract = _own_contract(session, actor, contract_id)
    if contract.state != "draft":
        raise ContractNotDraft(state=contract.state)
    _move(session, contract_id, state="in_force")
    _record(session, now, actor, "start_contract", contract_id, contract.area_code, {})


def drop_contract(session: Session, now: datetime, actor: Actor, contract_id: int, reason: str) -> None:
    """Put a draft away that was written wrongly. Raises NotForBuyers, ContractNotFound, ContractNotDraft, WhyMissing."""
    contract = _own_contract(session, actor, contract_id)
    said = _why(reason)
    if contract.state != "draft":
        raise ContractNotDraft(state=contract.state)
    _move(session, contract_id, state="dropped", end_reason=said)
    _record(session, now, actor, "drop_contract", contract_id, contract.area_code, {"reason": said})


def end_contract(
    session: Session, now: datetime, actor: Actor, contract_id: int, ended_on: date, reason: str
) -> None:  # fmt: skip
    """End a contract before its last day: services after `ended_on` are not under it.

    Raises NotForBuyers, ContractNotFound, ContractNotInForce, WhyMissing, ContractIncomplete(field).
    """
    contract = _own_contract(session, actor, contract_id)
    said = _why(reason)
    if contract.state != "in_force":
        raise ContractNotInForce(state=contract.state)
    if not contract.first_day <= ended_on <= contract.last_day:
        raise ContractIncomplete("终止日期要在合同期内。", field="ended_on")
    _move(session, contract_id, state="ended", ended_on=ended_on, end_reason=said)
    facts = {"ended_on": ended_on.isoformat(), "reason": said}
    _record(session, now, actor, "end_contract", contract_id, contract.area_code, facts)


def accept_delivery(
    session: Session, now: datetime, actor: Actor, contract_id: int, first_day: date, last_day: date, result: str,
    note: str,
) -> int:  # fmt: skip
    """Write the office's word on what was delivered in a period (验收), with what was settled for it; gives its id.

    Raises NotForBuyers, ContractNotFound, ContractNotInForce, AcceptanceIncomplete(field).
    """
    contract = _own_contract(session, actor, contract_id)
    if contract.state not in ("in_force", "ended"):
        raise ContractNotInForce(state=contract.state)
    said = note.strip()
    if not contract.first_day <= first_day <= last_day <= min(contract.last_day, civil_date(now)):
        raise AcceptanceIncomplete(field="last_day")
    if result not in RESULTS:
        raise AcceptanceIncomplete(field="result")
    if not 0 < len(said) <= WORDS_LENGTH:
        raise AcceptanceIncomplete(field="note")
    settled = session.connection().execute(
        select(
            func.count().label("lines"),
            func.coalesce(func.sum(_lines.c.government_fen + _lines.c.voucher_fen), 0).label("fen"),
        ).where(_lines.c.contract_id == contract_id, _lines.c.service_day.between(first_day, last_day))
    ).one()  # fmt: skip
    row = insert(acceptances).values(
        contract_id=contract_id, area_code=contract.area_code, provider_id=contract.provider_id, first_day=first_day,
        last_day=last_day, result=result, note=said, settled_lines=int(settled.lines), settled_fen=int(settled.fen),
        accepted_by=actor.person_id, accepted_at=now,
    )  # fmt: skip
    acceptance_id = int(session.connection().execute(row.returning(acceptances.c.id)).scalar_one())
    facts = {"acceptance_id": acceptance_id, "result": result, "first_day": str(first_day), "last_day": str(last_day)}
    _record(session, now, actor, "accept_delivery", contract_id, contract.area_code, facts)
    return acceptance_id


def check_buyer(actor: Actor) -> int:
    """Give the buying office's area code. Raises NotForBuyers."""
    if not actor.has_role("officer") or actor.area_lo is None or actor.read_only:
        raise NotForBuyers(role=actor.role)
    return actor.area_lo


def _own_contract(session: Session, actor: Actor, contract_id: int) -> Row[Any]:
    check_buyer(actor)
    row = session.connection().execute(select(contracts).where(contracts.c.id == contract_id)).first()
    if row is None:
        raise ContractNotFound(contract_id=contract_id)
    return row


def _move(session: Session, contract_id: int, **values: Any) -> None:
    session.connection().execute(update(contracts).where(contracts.c.id == contract_id).values(**values))


def _why(reason: str) -> str:
    said = reason.strip()
    if not 0 < len(said) <= WORDS_LENGTH:
        raise WhyMissing(field="reason")
    return said


def _record(
    session: Session, now: datetime, actor: Actor, verb: str, contract_id: int, area: int, facts: dict[str, Any]
) -> None:
    record_act(session, now, actor, verb, area_code=area, subject=("purchase_contract", contract_id), facts=facts)
