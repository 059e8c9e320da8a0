"""The volunteers' months: needs taken, visits made, minutes pending at the door and posted when confirmed.

The minutes go through the ledger's own functions, day by day in the order they were confirmed, so that the
accounts' chains read as if the city had lived them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text, update

from services.columns import table_of
from services.people.tables import Person
from services.visits.tables import Visit, VisitAttempt
from services.volunteering.bank import bank_of, open_volunteer_account
from services.volunteering.tables import Need, VolunteerSession
from timebank.writer import Request, record_transfers
from workers.district.world import CITY_CODE, InventedElder, World, after_a_while, at, by_day, month_starts

SESSIONS_A_MONTH_OF_6000 = 90
OPEN_NEEDS = 14
FRIENDLY = 5
"""How much more often elders ask for a friendly visit than for anything else."""
STARTS = (9.0, 10.0, 14.0, 15.0, 16.0)


@dataclass(frozen=True)
class _Session:
    """One served session on its way into the ledger: minutes, and the moments of check-out and confirmation."""

    volunteer_id: int
    visit_id: int
    session_id: int
    minutes: int
    ended_at: datetime
    confirmed_at: datetime


def write_volunteer_history(world: World) -> list[_Session]:
    """Queue the needs, visits and sessions of the seeded months; gives the sessions for the ledger."""
    dice = world.dice("sessions")
    lonely = [e for e in world.elders if e.living != "institution" and {"alone", "empty_nest"} & set(e.groups)]
    sessions: list[_Session] = []
    busy: set[tuple[int, date]] = set()
    for month in month_starts(world.first_day, world.today):
        for _ in range(max(3, round(SESSIONS_A_MONTH_OF_6000 * world.share))):
            day = month + timedelta(days=dice.randint(0, 27))
            volunteer_id, _ = dice.choice(world.volunteers)
            elder = dice.choice(lonely)
            if day < world.today and (volunteer_id, day) not in busy and volunteer_id != elder.id:
                busy.add((volunteer_id, day))
                sessions.append(_write_session(world, dice, elder, volunteer_id, day))
    for _ in range(max(3, round(OPEN_NEEDS * world.share))):
        _write_open_need(world, dice, dice.choice(lonely))
    return sessions


def _rough_place(world: World, elder: InventedElder) -> str:
    names = world.area_names
    return names[elder.quarter_code // 10**6 * 10**6] + names[elder.quarter_code // 1000 * 1000] + "附近"


def _need(
    world: World, dice: random.Random, elder: InventedElder, starts_at: datetime, posted_at: datetime
) -> tuple[dict[str, Any], int]:
    kinds = [code for code, item in world.menu.items() if item.get("volunteer")]
    kind = dice.choices(kinds, [FRIENDLY if code == "friendly_visit" else 1 for code in kinds])[0]
    minutes = int(str(world.menu[kind]["minutes"])) + dice.choice((0, 0, 0, 30))
    row = {
        "elder_id": elder.id,
        "area_code": elder.quarter_code,
        "kind": kind,
        "title": world.menu[kind]["name_zh"],
        "rough_place": _rough_place(world, elder),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "posted_by": elder.id,
        "posted_at": posted_at,
    }
    return row, minutes


def _write_open_need(world: World, dice: random.Random, elder: InventedElder) -> None:
    starts_at = at(world.today + timedelta(days=dice.randint(1, 6)), dice.choice(STARTS))
    row, _ = _need(world, dice, elder, starts_at, world.now - timedelta(hours=dice.randint(1, 40)))
    world.bulk.add(Need, state="open", **row)


def _write_session(world: World, dice: random.Random, elder: InventedElder, volunteer_id: int, day: date) -> _Session:
    starts_at = at(day, dice.choice(STARTS))
    row, minutes = _need(world, dice, elder, starts_at, by_day(dice, day - timedelta(days=dice.randint(2, 5))))
    taken_at = after_a_while(dice, row["posted_at"])
    need_id = world.bulk.add(Need, state="confirmed", taken_by=volunteer_id, taken_at=taken_at, **row)
    ends_at = starts_at + timedelta(minutes=minutes)
    confirmed_at = min(after_a_while(dice, ends_at), world.now)
    visit_id = world.bulk.add(
        Visit, kind="friendly", need_id=need_id, elder_id=elder.id, area_code=elder.quarter_code,
        visitor_id=volunteer_id, planned_start=starts_at, planned_end=ends_at, state="finished",
        checked_in_at=starts_at, check_in_recorded_at=starts_at + timedelta(seconds=2),
        check_in_proof=dice.choice(("door_plate", "elder_code")), checked_out_at=ends_at,
        check_out_recorded_at=ends_at + timedelta(seconds=2), confirmed_at=confirmed_at, confirmed_by=elder.id,
    )  # fmt: skip
    world.bulk.add(
        VisitAttempt, elder_id=elder.id, area_code=elder.quarter_code, channel="home", outcome="seen",
        happened_at=starts_at, recorded_at=starts_at + timedelta(seconds=2), by_person_id=volunteer_id,
        visit_id=visit_id,
    )  # fmt: skip
    session_id = world.bulk.add(
        VolunteerSession, need_id=need_id, visit_id=visit_id, elder_id=elder.id, area_code=elder.quarter_code,
        volunteer_id=volunteer_id, during=f"[{starts_at.isoformat()},{ends_at.isoformat()})",
        service_minutes=minutes, credit_minutes=minutes, rule_version=world.rules.version, state="posted",
        auto_confirm_at=ends_at + timedelta(hours=world.rules.timebank.auto_confirm_hours),
        confirmed_by=elder.id, confirmed_at=confirmed_at,
    )  # fmt: skip
    return _Session(volunteer_id, visit_id, session_id, minutes, ends_at, confirmed_at)


_POST = text(
    "SELECT timebank.resolve_transfer(:now, held.id, 'post', held.key) "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:keys AS text[])) WITH ORDINALITY AS held (id, key, place) "
    "ORDER BY held.place"
)
"""The ledger's own function for each of a day's confirmations, in their order, in one call."""


def post_minutes(world: World, sessions: list[_Session]) -> None:
    """Open the bank and the accounts, and post every session's minutes: pending, then confirmed."""
    accounts, issuance = _open_accounts(world)
    transfers: dict[int, int] = {}
    for day in sorted({session.confirmed_at.date() for session in sessions}):
        today = [session for session in sessions if session.confirmed_at.date() == day]
        today.sort(key=lambda session: (session.confirmed_at, session.session_id))
        moment = today[-1].confirmed_at
        written = record_transfers(
            world.session, moment, [_request(world, each, issuance, accounts[each.volunteer_id]) for each in today]
        )
        pending = {session.session_id: transfer.id for session, transfer in zip(today, written, strict=True)}
        keys = [f"session-{session_id}-post" for session_id in pending]
        values = {"now": moment, "ids": list(pending.values()), "keys": keys}
        world.session.connection().execute(_POST, values)
        transfers |= pending
    if transfers:
        world.session.connection().execute(
            text("UPDATE volunteer_session SET transfer_id = :transfer WHERE id = :id"),
            [{"id": session_id, "transfer": transfer} for session_id, transfer in transfers.items()],
        )


def _request(world: World, session: _Session, issuance: int, account: int) -> Request:
    return Request(
        ledger=CITY_CODE, key=f"visit-{session.visit_id}-earn", debit_account_id=issuance, credit_account_id=account,
        entry_type="earn", minutes=session.minutes, service_minutes=session.minutes, pending=True,
        event_at=session.ended_at, subject=("visit", session.visit_id), rule_version=world.rules.version,
    )  # fmt: skip


def _open_accounts(world: World) -> tuple[dict[int, int], int]:
    opened_at = at(world.first_day, 8)
    bank = bank_of(world.session, opened_at, CITY_CODE)
    accounts = {
        person_id: open_volunteer_account(world.session, opened_at, world.rules, person_id, CITY_CODE)
        for person_id, _ in world.volunteers
    }
    person = table_of(Person)
    for person_id, account in accounts.items():
        world.session.connection().execute(
            update(person).where(person.c.id == person_id).values(timebank_account_id=account)
        )
    return accounts, bank.issuance_account_id
