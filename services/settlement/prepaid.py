"""Fees a resident pays an institution in advance (预收费): under the city's cap, told when near it, given back on leaving."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import PrepaidLimit
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.directory.tables import Provider
from services.errors import Invalid, NotAllowed, NotFound
from services.messages.actions import tell
from services.people.tables import Elder, Person
from services.settlement.errors import PrepaidKeyReused, PrepaidLeft, PrepaidOverCap, PrepaidTooLittle
from services.settlement.tables import PrepaidAccount, PrepaidEntry
from services.unit_of_work import Actor

accounts, entries = table_of(PrepaidAccount), table_of(PrepaidEntry)
_person, _provider, _elder = table_of(Person), table_of(Provider), table_of(Elder)
KINDS = ("deposit", "charge", "refund")


@dataclass(frozen=True)
class Entered:
    """One entry of a prepaid account and where it leaves the account, in fen."""

    entry_id: int
    balance_fen: int
    cap_fen: int
    alert: bool


def open_account(
    session: Session,
    now: datetime,
    actor: Actor,
    *,
    elder_id: int,
    provider_id: int,
    kind_code: str,
    monthly_fee_fen: int,
) -> int:
    """Let an institution take money in advance from a resident, up to the cap of today's rules; gives the account's id.

    Opening again gives the same account. For the officer of her area or the provider's own dispatcher, who
    must see the elder. Raises NotAllowed, NotFound, Invalid(field).
    """
    _check_keeper(actor, provider_id)
    area_code = session.connection().execute(select(_elder.c.area_code).where(_elder.c.person_id == elder_id)).scalar()
    if area_code is None:
        raise NotFound(elder_id=elder_id)
    rules = rules_in_force(session, area_code, civil_date(now))
    limit = next((one for one in rules.money.prepaid if one.code == kind_code), None)
    if limit is None:
        raise Invalid("没有这种预收费。", field="kind_code", known=[one.code for one in rules.money.prepaid])
    if not 0 < monthly_fee_fen <= 10_000_000:
        raise Invalid("请填写月费。", field="monthly_fee_fen")
    cap_fen = cap_of(limit, monthly_fee_fen)
    values = {
        "provider_id": provider_id, "elder_id": elder_id, "area_code": area_code, "kind_code": kind_code,
        "monthly_fee_fen": monthly_fee_fen, "cap_fen": cap_fen, "alert_fen": int(cap_fen * limit.alert_percent / 100),
        "refund_days": limit.refund_days, "balance_fen": 0, "rule_version": rules.version, "opened_at": now,
        "opened_by": actor.person_id,
    }  # fmt: skip
    connection = session.connection()
    once = upsert(accounts).values(values).on_conflict_do_nothing(constraint="prepaid_account_one_of_a_kind_key")
    new = connection.execute(once.returning(accounts.c.id)).scalar()
    if new is not None:
        facts = {"provider_id": provider_id, "kind": kind_code, "cap_fen": cap_fen}
        _record(session, now, actor, "open_prepaid", int(new), elder_id, area_code, facts)
        return int(new)
    same = (accounts.c.provider_id == provider_id) & (accounts.c.elder_id == elder_id)
    return int(connection.execute(select(accounts.c.id).where(same, accounts.c.kind_code == kind_code)).scalar_one())


def enter(
    session: Session,
    now: datetime,
    actor: Actor,
    account_id: int,
    *,
    kind: str,
    amount_fen: int,
    happened_on: date,
    key: str,
    note: str = "",
) -> Entered:
    """Write money paid in advance, used for fees, or given back; the same key enters it once.

    At or over the alert the office is told. Raises NotFound, NotAllowed, Invalid, PrepaidOverCap,
    PrepaidTooLittle, PrepaidLeft, PrepaidKeyReused.
    """
    if kind not in KINDS or amount_fen <= 0 or not 4 <= len(key) <= 100 or happened_on > civil_date(now):
        raise Invalid("请检查种类、金额、日期和编号。", field="entry")
    account = find_account(session, account_id)
    _check_keeper(actor, account.provider_id)
    session.connection().execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"prepaid/{account_id}", 0))))
    account = find_account(session, account_id)
    known = (
        session.connection()
        .execute(select(entries).where(entries.c.account_id == account_id, entries.c.key == key))
        .one_or_none()
    )
    if known is not None:
        if (known.kind, known.amount_fen) != (kind, amount_fen):
            raise PrepaidKeyReused(account_id=account_id, key=key)
        return Entered(known.id, known.balance_fen, account.cap_fen, known.balance_fen >= account.alert_fen)
    _check_room(account, kind, amount_fen)
    row = session.connection().execute(
        insert(entries)
        .values(
            account_id=account_id, elder_id=account.elder_id, area_code=account.area_code, kind=kind,
            amount_fen=amount_fen, balance_fen=0, happened_on=happened_on, note=note.strip()[:200], key=key,
            entered_by=actor.person_id, recorded_at=now,
        )
        .returning(entries.c.id, entries.c.balance_fen)
    ).one()  # fmt: skip
    facts = {"kind": kind, "amount_fen": amount_fen, "balance_fen": row.balance_fen}
    _record(session, now, actor, "enter_prepaid", account_id, account.elder_id, account.area_code, facts)
    alert = row.balance_fen >= account.alert_fen and kind == "deposit"
    if alert:
        _alert(session, now, account, row.id, row.balance_fen)
    return Entered(row.id, row.balance_fen, account.cap_fen, alert)


def leave(session: Session, now: datetime, actor: Actor, account_id: int, on: date) -> date:
    """Note that a resident has left: what is left of her money is due back by the day given.

    Raises NotFound, NotAllowed, Invalid.
    """
    account = find_account(session, account_id)
    _check_keeper(actor, account.provider_id)
    if on > civil_date(now):
        raise Invalid("离院日期不能在以后。", field="left_on")
    if account.left_on is not None:
        return date.fromisoformat(str(account.refund_due_on))
    due = on + timedelta(days=int(account.refund_days))
    session.connection().execute(
        update(accounts).where(accounts.c.id == account_id).values(left_on=on, refund_due_on=due)
    )
    facts = {"left_on": on.isoformat(), "refund_due_on": due.isoformat(), "balance_fen": account.balance_fen}
    _record(session, now, actor, "leave_prepaid", account_id, account.elder_id, account.area_code, facts)
    return due


def find_account(session: Session, account_id: int) -> Row[Any]:
    """Give one account. Raises NotFound when it may not be seen."""
    found = session.connection().execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()
    if found is None:
        raise NotFound(account_id=account_id)
    return found


def list_accounts(
    session: Session, *, provider_id: int | None = None, elder_id: int | None = None, limit: int = 300
) -> list[Row[Any]]:
    """Give the accounts the asking person may see: those due back first, then the fullest against their cap."""
    query = (
        select(accounts, _person.c.full_name.label("elder_name"), _provider.c.name.label("provider_name"))
        .join(_person, _person.c.id == accounts.c.elder_id, isouter=True)
        .join(_provider, _provider.c.id == accounts.c.provider_id)
    )
    if provider_id is not None:
        query = query.where(accounts.c.provider_id == provider_id)
    if elder_id is not None:
        query = query.where(accounts.c.elder_id == elder_id)
    fullest = (accounts.c.balance_fen * 1000 / accounts.c.cap_fen).desc()
    order = query.order_by(accounts.c.refund_due_on.nulls_last(), fullest, accounts.c.id).limit(limit)
    return list(session.connection().execute(order))


def entries_of(session: Session, account_id: int) -> list[Row[Any]]:
    """Give every entry of an account, oldest first."""
    query = select(entries).where(entries.c.account_id == account_id).order_by(entries.c.id)
    return list(session.connection().execute(query))


def cap_of(limit: PrepaidLimit, monthly_fee_fen: int) -> int:
    """Give the most that may be held in advance, in fen: so many months of the fee, never over the fixed sum."""
    caps = [limit.most_months * monthly_fee_fen] if limit.most_months is not None else []
    caps += [limit.most_fen] if limit.most_fen is not None else []
    return min(caps) if caps else 0


def _check_room(account: Row[Any], kind: str, amount_fen: int) -> None:
    facts = {"balance_fen": account.balance_fen, "cap_fen": account.cap_fen, "asked_fen": amount_fen}
    if kind == "deposit" and account.left_on is not None:
        raise PrepaidLeft(**facts)
    if kind == "deposit" and account.balance_fen + amount_fen > account.cap_fen:
        raise PrepaidOverCap(**facts)
    if kind != "deposit" and amount_fen > account.balance_fen:
        raise PrepaidTooLittle(**facts)


def _check_keeper(actor: Actor, provider_id: int) -> None:
    own = actor.has_role("dispatcher") and actor.provider_id == provider_id
    office = actor.has_role("officer") and actor.area_lo is not None
    if not own and not office:
        raise NotAllowed("预收费由收费的机构或民政干部登记。")


def _alert(session: Session, now: datetime, account: Row[Any], entry_id: int, balance_fen: int) -> None:
    """Tell the officers of the elder's area: a job looks them up, because nobody's grants are visible here."""
    facts = {"amount_fen": balance_fen, "cap_fen": account.cap_fen, "provider_id": account.provider_id}
    tell(
        session,
        now,
        audience={"office": {"role": "officer", "area_code": account.area_code // 10**6 * 10**6}},
        template="settlement.prepaid_alert",
        facts=facts,
        elder_id=account.elder_id,
        area_code=account.area_code,
        subject=("prepaid_account", account.id),
        key=f"settlement.prepaid_alert/{account.id}/{entry_id}",
    )


def _record(
    session: Session,
    now: datetime,
    actor: Actor,
    verb: str,
    account_id: int,
    elder_id: int,
    area: int,
    facts: dict[str, Any],
) -> None:
    subject = ("prepaid_account", account_id)
    record_act(session, now, actor, verb, for_person_id=elder_id, area_code=area, subject=subject, facts=facts)
