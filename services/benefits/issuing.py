"""Vouchers come into the house: issued by the city for each period, or mirrored from the issuer's own app.

The national e-voucher is run by the national app: we write down what it tells us, use of it what our orders
used, and list where the two differ. We never issue it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import ARRAY, Row, Text, and_, cast, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.benefits.voucher_rules import period_of
from services.benefits.voucher_tables import Voucher, VoucherDifference, VoucherMove
from services.cities.pack import CityRules, VoucherKind
from services.cities.queries import rules_in_force
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.errors import Invalid, NotAllowed
from services.outbox import enqueue
from services.people.tables import Elder, Person
from services.unit_of_work import SYSTEM, Actor

_voucher, _move, _difference = table_of(Voucher), table_of(VoucherMove), table_of(VoucherDifference)
_elder, _person = table_of(Elder), table_of(Person)
MIRROR = "benefits.mirror_vouchers"
MOST_ROWS = 5000


@dataclass(frozen=True)
class Stated:
    """What the issuer says of one voucher: whose, its number, kind, period's first day, issued and used (fen)."""

    elder_id: int
    number: str
    kind_code: str
    first_day: date
    issued_fen: int
    used_fen: int


def issue_vouchers(session: Session, now: datetime, city_code: int) -> int:
    """Give every elder of a city the vouchers of the current period she may hold; gives how many are new.

    Who may hold one is the kind's: age on the first day, ability level, groups. Of kinds that exclude each
    other the first of the pack is given. Doing it again gives nothing twice. Work of the house.
    """
    rules = rules_in_force(session, city_code, civil_date(now))
    issued = sum(_issue(session, now, rules, kind) for kind in rules.vouchers if not kind.mirrored)
    if issued:
        facts = {"city_code": city_code, "vouchers": issued, "rule_version": rules.version}
        record_act(session, now, SYSTEM, "issue_vouchers", subject=("city", city_code), facts=facts)
    return issued


def hand_in_statement(session: Session, now: datetime, actor: Actor, rows: Sequence[Stated], stated_on: date) -> int:
    """Take the issuer's statement of mirrored vouchers for taking over by a job; gives the number of rows.

    For the officer of the elders' area. Raises NotAllowed, Invalid for an elder she may not see or amounts
    that cannot be.
    """
    if not actor.has_role("officer") or actor.area_lo is None:
        raise NotAllowed("导入消费券账单须由民政干部办理。")
    if not 0 < len(rows) <= MOST_ROWS:
        raise Invalid("一次最多导入5000行。", field="rows", most=MOST_ROWS)
    wrong = [row.number for row in rows if row.issued_fen <= 0 or not 0 <= row.used_fen <= row.issued_fen]
    seen = session.connection().execute(
        select(_elder.c.person_id).where(_elder.c.person_id.in_({row.elder_id for row in rows}))
    ).scalars()  # fmt: skip
    unknown = {row.elder_id for row in rows} - set(seen)
    if wrong or unknown:
        raise Invalid(
            "账单里有看不到的老人或不可能的金额。", field="rows", numbers=wrong[:20], elders=sorted(unknown)[:20]
        )
    told = [row.__dict__ | {"first_day": row.first_day.isoformat()} for row in rows]
    enqueue(session, now, MIRROR, {"rows": told, "stated_on": stated_on.isoformat()})
    record_act(session, now, actor, "hand_in_voucher_statement", area_code=actor.area_lo, facts={"rows": len(rows)})
    return len(rows)


def mirror_vouchers(session: Session, now: datetime, rows: Sequence[Stated], stated_on: date) -> int:
    """Write the issuer's statement into our books; gives the number of differences found. Work of the house.

    What was used elsewhere is moved, as far as it is still there. Left standing and listed: another face value,
    more used here than the issuer knows, more used there than is left here.
    """
    return sum(_mirror(session, now, row, stated_on) for row in rows)


def _issue(session: Session, now: datetime, rules: CityRules, kind: VoucherKind) -> int:
    first, after = period_of(kind.period, civil_date(now))
    if kind.valid_from > first or (kind.valid_to is not None and kind.valid_to < first):
        return 0
    lo, hi = area_range(rules.city_code)
    born_by = date(first.year - kind.min_age, first.month, first.day)
    may_hold = and_(
        _elder.c.area_code.between(lo, hi),
        _elder.c.care_level >= kind.min_care_level,
        _person.c.born_on <= born_by,
        _person.c.died_on.is_(None),
        or_(_person.c.moved_out_on.is_(None), _person.c.moved_out_on > civil_date(now)),
    )
    if kind.groups:
        may_hold &= _elder.c.groups.op("&&")(cast(list(kind.groups), ARRAY(Text)))
    values = _of_kind(kind, rules.version, first, after, kind.cap_fen, now)
    columns = {name: literal(value, _voucher.c[name].type) for name, value in values.items()}
    source = select(_elder.c.person_id, _elder.c.area_code, *columns.values()).join(
        _person, _person.c.id == _elder.c.person_id
    )
    statement = upsert(_voucher).from_select(["elder_id", "area_code", *columns], source.where(may_hold))
    return len(session.connection().execute(statement.on_conflict_do_nothing().returning(_voucher.c.id)).all())


def _of_kind(
    kind: VoucherKind, version: str, first: date, after: date, issued_fen: int, now: datetime
) -> dict[str, Any]:
    return {
        "kind_code": kind.code,
        "kind_name_zh": kind.name_zh,
        "kind_name_en": kind.name_en,
        "issuer": kind.issuer,
        "mirrored": kind.mirrored,
        "exclusivity_group": kind.exclusivity_group,
        "during": Range(first, after),
        "deduct_basis_points": int(kind.deduct_percent * 100),
        "per_order_cap_fen": kind.per_order_cap_fen,
        "single_use": kind.single_use,
        "places": list(kind.places),
        "service_groups": list(kind.service_groups),
        "provider_codes": list(kind.providers),
        "rule_version": version,
        "issued_fen": issued_fen,
        "issued_at": now,
    }


def _mirror(session: Session, now: datetime, row: Stated, stated_on: date) -> int:
    voucher = _ours(session, now, row)
    found: list[tuple[str, int, int]] = []
    if voucher.issued_fen != row.issued_fen:
        found.append(("issued", voucher.issued_fen, row.issued_fen))
    unknown_here = row.used_fen - voucher.captured_fen
    if unknown_here < 0:
        found.append(("used_less_there", voucher.captured_fen, row.used_fen))
    moved = min(max(unknown_here, 0), voucher.available_fen)
    if moved:
        values = {"voucher_id": voucher.id, "elder_id": voucher.elder_id, "area_code": voucher.area_code}
        values |= {"kind": "elsewhere", "amount_fen": moved, "service_day": row.first_day, "recorded_at": now}
        session.connection().execute(insert(_move).values(values))
    if unknown_here > moved:
        found.append(("used_more_there", voucher.captured_fen + moved, row.used_fen))
    for kind, ours, theirs in found:
        values = {"elder_id": voucher.elder_id, "area_code": voucher.area_code, "external_number": row.number}
        values |= {"kind": kind, "stated_on": stated_on, "ours_fen": ours, "theirs_fen": theirs, "recorded_at": now}
        once = upsert(_difference).values(values)
        session.connection().execute(once.on_conflict_do_nothing(constraint="voucher_difference_once_a_day_key"))
    return len(found)


def _ours(session: Session, now: datetime, row: Stated) -> Row[Any]:
    connection = session.connection()
    known = connection.execute(select(_voucher).where(_voucher.c.external_number == row.number)).one_or_none()
    if known is not None:
        return known
    elder = connection.execute(select(_elder.c.area_code).where(_elder.c.person_id == row.elder_id)).one()
    rules = rules_in_force(session, elder.area_code, row.first_day)
    kind = next((one for one in rules.vouchers if one.code == row.kind_code and one.mirrored), None)
    if kind is None:
        raise Invalid("没有这种券。", field="kind_code", kind_code=row.kind_code)
    first, after = period_of(kind.period, row.first_day)
    values = _of_kind(kind, rules.version, first, after, row.issued_fen, now)
    values |= {"elder_id": row.elder_id, "area_code": elder.area_code, "external_number": row.number}
    return connection.execute(insert(_voucher).values(values).returning(_voucher)).one()
