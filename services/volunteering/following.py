"""Moving within the city: saved hours follow her to the bank of her new district, or stay, as the city decides.

An officer asks, the house does it: what is free crosses by one act through the clearing accounts, both legs or none, and
from that moment she has the new account; what still waits for a word follows when it got one; the old account takes
nothing more once it stands at zero. Where the banks refuse, nothing moved and she keeps what she has, until they do not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.cities.pack import CityRules
from services.cities.queries import rules_in_force
from services.cities.rules import area_contains
from services.clock import civil_date
from services.columns import table_of
from services.messages.actions import tell
from services.outbox import enqueue
from services.people.moving import move_person
from services.people.tables import Person
from services.unit_of_work import SYSTEM
from services.volunteering.bank import bank_code, follow_policy, ledger_of
from services.volunteering.banks import link_city_banks
from services.volunteering.crossing import send
from services.volunteering.errors import BanksApart, BanksFull, HoursOnTheirWay
from services.volunteering.tables import ElderHours, HourMove, Volunteer
from timebank.limits import change_limits
from timebank.reader import read_balance
from timebank.writer import Request, open_account

_person, _volunteer, _granted, _move = table_of(Person), table_of(Volunteer), table_of(ElderHours), table_of(HourMove)
Found = Row[*tuple[Any, ...]]
JOB = "volunteering.follow_home"
UNFINISHED = ("asked", "waiting", "moved")


def follow_home(session: Session, now: datetime, person_id: int, area_code: int | None = None) -> int:
    """Let register and hours follow somebody to where she lives; `area_code`: where an officer said. As the house.

    Again changes nothing. Gives how many minutes crossed. Raises NotFound.
    """
    hold = select(_person.c.area_code).where(_person.c.id == person_id).with_for_update()
    area: int = session.connection().execute(hold).scalar_one()
    if area_code is not None and area_code != area:
        move_person(session, now, person_id, area_code)
        area = area_code
    for table, whose in ((_volunteer, _volunteer.c.person_id), (_granted, _granted.c.elder_id)):
        session.connection().execute(update(table).where(whose == person_id).values(area_code=area))
    rules = rules_in_force(session, area, civil_date(now))
    for move in _unfinished(session, person_id):
        _aim(session, rules, move, area)
    _ask_of_the_house(session, now, rules, person_id, area)
    minutes = 0
    for found in _unfinished(session, person_id):
        move = session.connection().execute(select(_move).where(_move.c.id == found.id)).one()
        if move.state in UNFINISHED:  # what goes back ends the one that went
            minutes += _carry(session, now, rules, move)
    return minutes


def open_again(session: Session, now: datetime, account_id: int, minutes: int) -> None:
    """Before a correction touches an account she left: open it, and fetch what she carried away. As the house.

    What the banks do not let cross stays where it is, and becomes a debt like hours already spent.
    """
    left = select(_move).where(_move.c.from_account_id == account_id, _move.c.state.in_(("moved", "closed")))
    move = session.connection().execute(left).one_or_none()
    if move is None:
        return
    open_again(session, now, move.to_account_id, minutes)  # she moved on since
    change_limits(session, now, account_id, floor_minutes=0, cap_minutes=None, decided_by="policy", reason="correction")
    open_state = {"state": "moved", "closed_at": None}
    session.connection().execute(update(_move).where(_move.c.id == move.id).values(**open_state))
    fetched = min(minutes, read_balance(session, move.to_account_id).available_minutes or 0, move.minutes)
    if fetched > 0:
        key = f"move-{move.id}-back-{move.sends + 1}"
        asked = Request(move.to_ledger, key, move.to_account_id, account_id, "gift", fetched)
        try:
            way = send(session, now, asked, move.from_ledger)
        except (BanksApart, BanksFull):
            pass
        else:
            _note_act(session, move, -fetched, [way.transfer_id, way.in_transfer_id])
    _promise(session, now, move.person_id, now)


def promise_waiting(session: Session, now: datetime, city_code: int) -> None:
    """Promise another try for the hours of a city that wait for its banks; with the month's turn."""
    waits = select(_move.c.person_id, _move.c.to_area_code).where(_move.c.state == "waiting").distinct()
    for row in session.connection().execute(waits.order_by(_move.c.person_id)):
        if area_contains(city_code, row.to_area_code):
            _promise(session, now, row.person_id, now)


def accounts_of(session: Session, person_id: int) -> list[tuple[bool, int]]:
    """Give somebody's own account (False), and that of the hours the city gave her (True)."""
    asked = (
        (False, select(_person.c.timebank_account_id).where(_person.c.id == person_id)),
        (True, select(_granted.c.account_id).where(_granted.c.elder_id == person_id)),
    )
    found = [(granted, session.connection().execute(query).scalar()) for granted, query in asked]
    return [(granted, account_id) for granted, account_id in found if account_id is not None]


def goes_with_her(session: Session, rules: CityRules, account_id: int, area_code: int) -> bool:
    """Tell whether an account has to follow to the bank of an area, by the city's policy."""
    follows = rules.timebank.moving_district == "follow"
    return follows and ledger_of(session, account_id) != bank_code(rules, area_code)


def refuse_on_their_way(session: Session, account_id: int) -> None:
    """Raise HoursOnTheirWay where an account's hours are moving, or have moved, already."""
    busy = select(_move.c.id).where(
        _move.c.from_account_id == account_id, _move.c.state.not_in(("undone", "withdrawn"))
    )
    if session.connection().execute(busy).first() is not None:
        raise HoursOnTheirWay(account_id=account_id)


def write_move(
    session: Session, now: datetime, rules: CityRules, whose: tuple[int, bool, int], way: tuple[int, int],
    asked: tuple[int | None, str, str | None],
) -> int:  # fmt: skip
    """Write down that hours are to go to another bank: whose (person, granted, account), from and to which area.

    `asked`: by whom, by which right, and why. Raises HoursOnTheirWay.
    """
    person_id, granted, account_id = whose
    refuse_on_their_way(session, account_id)
    made: int = session.connection().execute(
        insert(_move)
        .values(
            person_id=person_id, granted=granted, area_code=way[0], to_area_code=way[1],
            from_ledger=ledger_of(session, account_id), from_account_id=account_id,
            to_ledger=bank_code(rules, way[1]), minutes=0, sends=0, carried=[], state="asked",
            rule_version=rules.hours_version, asked_by=asked[0], by_right=asked[1], reason=asked[2], asked_at=now,
        )
        .returning(_move.c.id)
    ).scalar_one()  # fmt: skip
    return made


def _ask_of_the_house(session: Session, now: datetime, rules: CityRules, person_id: int, area: int) -> None:
    """Somebody who was moved by her register has not asked: her hours follow all the same."""
    for granted, account_id in accounts_of(session, person_id):
        on_their_way = select(_move.c.id).where(
            _move.c.from_account_id == account_id, _move.c.state.in_(("asked", "waiting"))
        )
        known = session.connection().execute(on_their_way).first() is not None
        if not known and goes_with_her(session, rules, account_id, area):
            old = ledger_of(session, account_id)
            write_move(session, now, rules, (person_id, granted, account_id), (old, area), (None, "house", None))


def _unfinished(session: Session, person_id: int) -> list[Found]:
    """What goes back comes first, so that nothing is sent on only to be fetched again."""
    waits = select(_move).where(_move.c.person_id == person_id, _move.c.state.in_(UNFINISHED))
    return list(session.connection().execute(waits.order_by(_move.c.undoes_id.is_(None), _move.c.id)))


def _aim(session: Session, rules: CityRules, move: Found, area: int) -> None:
    """She moved on before anything went over: the row follows her; where she is back, it has nothing to do."""
    bank = bank_code(rules, area)
    if move.state == "moved" or move.to_ledger == bank:
        return
    over = bank == move.from_ledger or move.undoes_id is not None
    change: dict[str, Any] = {"state": "withdrawn"} if over else {"to_ledger": bank, "to_area_code": area}
    session.connection().execute(update(_move).where(_move.c.id == move.id).values(**change))


def _carry(session: Session, now: datetime, rules: CityRules, move: Found) -> int:
    """Send what is free in the old account; give the minutes."""
    held = read_balance(session, move.from_account_id)
    free = held.available_minutes or 0
    try:
        with session.begin_nested():
            to_account = _receiver(session, now, rules, move, free)
            way = None
            if free:
                asked = Request(
                    move.from_ledger, f"move-{move.id}-{move.sends + 1}", move.from_account_id, to_account, "gift",
                    free, rule_version=rules.hours_version,
                )  # fmt: skip
                way = send(session, now, asked, move.to_ledger)
    except (BanksApart, BanksFull) as refused:
        _wait(session, now, move, "full" if isinstance(refused, BanksFull) else "apart")
        return 0
    _owns(session, move, to_account)
    if not move.granted:
        follow_policy(session, now, to_account, rules)
    if way is not None:
        _note_act(session, move, free, [way.transfer_id, way.in_transfer_id])
    _finish(session, now, move, to_account, held.posted == free and not held.pending_in)
    if way is not None:
        _tell(session, now, move, free)
    return free


def _receiver(session: Session, now: datetime, rules: CityRules, move: Found, minutes: int) -> int:
    """The account in the new bank, open and with room for what is hers already."""
    cap = None if move.granted else rules.timebank.cap_minutes
    if move.to_account_id is None:
        account_id = open_account(
            session, now, ledger=move.to_ledger, kind="elder_grant" if move.granted else "volunteer",
            floor_minutes=0, cap_minutes=None if cap is None else max(cap, minutes),
            owner_label=f"{'elder' if move.granted else 'volunteer'}-{move.person_id}",
        )  # fmt: skip
        link_city_banks(session, now, rules)
        return account_id
    held = read_balance(session, move.to_account_id)
    room = None if cap is None else max(cap, held.posted + held.pending_in + minutes)
    if held.cap_minutes != room:
        change_limits(
            session, now, held.account_id, floor_minutes=0, cap_minutes=room, decided_by="policy",
            reason=rules.hours_version,
        )  # fmt: skip
    return held.account_id


def _owns(session: Session, move: Found, account_id: int) -> None:
    """From now on she earns and spends in the new bank."""
    if move.state == "moved":
        return
    change = (
        update(_granted).where(_granted.c.elder_id == move.person_id).values(account_id=account_id)
        if move.granted
        else update(_person).where(_person.c.id == move.person_id).values(timebank_account_id=account_id)
    )
    session.connection().execute(change)
    if move.undoes_id is not None:
        session.connection().execute(update(_move).where(_move.c.id == move.undoes_id).values(state="undone"))


def _note_act(session: Session, move: Found, minutes: int, entries: list[int | None]) -> None:
    """Write down what an act carried; each act of a move has a key of its own."""
    session.connection().execute(
        update(_move)
        .where(_move.c.id == move.id)
        .values(
            minutes=_move.c.minutes + minutes, sends=_move.c.sends + 1,
            carried=_move.c.carried.op("||")([one for one in entries if one is not None]),
        )
    )  # fmt: skip


def _finish(session: Session, now: datetime, move: Found, to_account: int, at_zero: bool) -> None:
    """The old account is closed at zero and never before: a written decision that it takes nothing more."""
    if at_zero:
        change_limits(
            session, now, move.from_account_id, floor_minutes=0, cap_minutes=0, decided_by="policy",
            reason=f"moved {move.id}",
        )  # fmt: skip
    else:
        _promise(session, now, move.person_id, now + timedelta(days=1))
    session.connection().execute(
        update(_move)
        .where(_move.c.id == move.id)
        .values(
            state="closed" if at_zero else "moved", moved_at=move.moved_at or now, to_account_id=to_account,
            closed_at=now if at_zero else None, refusal=None,
        )
    )  # fmt: skip
    record_act(
        session, now, SYSTEM, "carry_hours", for_person_id=move.person_id, area_code=move.to_area_code,
        subject=("hour_move", move.id), facts={"to_ledger": move.to_ledger, "closed": at_zero},
    )  # fmt: skip


def _wait(session: Session, now: datetime, move: Found, why: str) -> None:
    state = "moved" if move.state == "moved" else "waiting"
    session.connection().execute(update(_move).where(_move.c.id == move.id).values(state=state, refusal=why))
    if why == "full":
        _promise(session, now, move.person_id, now + timedelta(days=1))


def _promise(session: Session, now: datetime, person_id: int, at: datetime) -> None:
    key = f"{JOB}:{person_id}:{at.isoformat()}"
    enqueue(session, now, JOB, {"person_id": person_id}, not_before=at, key=key)


def _tell(session: Session, now: datetime, move: Found, minutes: int) -> None:
    tell(
        session, now, recipient_ids=[move.person_id], template="volunteering.hours_followed",
        facts={"minutes": minutes}, area_code=move.to_area_code, subject=("hour_move", move.id),
        key=f"volunteering.hours_followed:{move.id}:{move.sends}",
    )  # fmt: skip
