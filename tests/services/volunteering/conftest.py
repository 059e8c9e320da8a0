"""A volunteer's hands: posting, taking, serving and booking, for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from services.cities.actions import load_pack
from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Person
from services.visits.actions import DoorProof, check_in, check_out
from services.visits.records import DeviceFacts
from services.volunteering import actions, registering, sessions
from timebank.reader import read_balance
from timebank.writer import record_transfer

_person = table_of(Person)
PLATE = DoorProof("door_plate", "demo-door-plate-wang")


PACKS = Path(__file__).resolve().parents[3] / "sample_data/cities/timebank"
CITY = 320100000000000
_HERE = """version = "{name}.here"
valid_from = 2021-01-02
rules_from = "dongying"
[city]
code = "320100"
key = "nanjing_demo"
name_zh = "南京市（演示）"
name_en = "Nanjing (demonstration)"
demonstration = true
[[areas]]
code = "320000"
name = "江苏省"
[[areas]]
code = "320100"
name = "南京市"
"""


@pytest.fixture
def own_hours() -> Callable[..., str]:
    """Write a version of the cast's city that keeps the time bank of an example pack, from a day on."""

    def write(name: str, version: str | None = None, valid_from: str = "2021-01-02") -> str:
        text = (PACKS / f"{name}.toml").read_text(encoding="utf-8")
        own = text[text.index("[[sources]]") : text.index("[[areas]]")] + text[text.index("[timebank]") :]
        return _HERE.format(name=version or name).replace("2021-01-02", valid_from) + own

    return write


@pytest.fixture
def under(cast: Any, own_hours: Callable[..., str]) -> Callable[..., None]:
    """Let the cast's city keep the time bank of an example pack."""

    def keep(name: str) -> None:
        with cast.work("house") as work:
            load_pack(work.session, work.now, own_hours(name))

    return keep


@pytest.fixture
def districts(cast: Any, own_hours: Callable[..., str]) -> Callable[..., None]:
    """Let each district be a bank; `linked`: they honour each other up to so many minutes."""

    def keep(linked: bool = True, name: str = "districts", most: int = 100, more: str = "") -> None:
        own = own_hours("nanjing", name)
        own = own.replace('gift_to = ["spouse",', 'gift_to = ["friend", "spouse",')
        own = own.replace("coin_minutes = 60\n", 'coin_minutes = 60\nbank_level = "district"\n', 1)
        if linked:
            own = own.replace("coin_minutes = 60\n", f"coin_minutes = 60\nbetween_most_minutes = {most}\n{more}", 1)
        with cast.work("house") as work:
            load_pack(work.session, work.now, own)

    return keep


@pytest.fixture
def saved(cast: Any) -> Callable[..., None]:
    """Give somebody's account minutes, as if she had served long ago."""

    def put(minutes: int, who: str = "volunteer") -> None:
        from services.volunteering.bank import bank_of, ledger_of

        with cast.work("house") as work:
            account = (
                work.session.connection()
                .execute(select(_person.c.timebank_account_id).where(_person.c.id == cast[who]))
                .scalar_one()
            )
            ledger = ledger_of(work.session, account)
            most = work.session.connection().execute(
                text("SELECT daily_cap_minutes FROM timebank.balance WHERE account_id = :a"), {"a": account}
            ).scalar_one() or minutes  # fmt: skip
            for day, first in enumerate(range(0, minutes, most), start=400):
                record_transfer(
                    work.session, work.now, ledger=ledger, key=f"saved-{who}-{work.now.timestamp()}-{day}",
                    debit_account_id=bank_of(work.session, work.now, ledger).issuance_account_id,
                    entry_type="earn", credit_account_id=account, minutes=min(most, minutes - first),
                    event_at=work.now - timedelta(days=day),
                )  # fmt: skip

    return put


@pytest.fixture
def born(cast: Any) -> Callable[..., None]:
    """Let somebody have another birthday."""

    def change(who: str, day: Any) -> None:
        with cast.work("house") as work:
            work.session.connection().execute(update(_person).where(_person.c.id == cast[who]).values(born_on=day))

    return change


@pytest.fixture
def posted(cast: Any) -> Callable[..., int]:
    """Post a need of 王奶奶 that starts `minutes` from now and lasts 90 minutes; give its id."""

    def post(
        minutes: int = 30, title: str | None = "陪我聊聊天", who: str = "daughter", kind: str = "friendly_visit"
    ) -> int:
        with cast.work(who) as work:
            starts = work.now + timedelta(minutes=minutes)
            return actions.post_need(
                work.session, work.now, work.actor, cast["wang"],
                kind=kind, title=title, starts_at=starts, ends_at=starts + timedelta(minutes=90),
            )  # fmt: skip

    return post


@pytest.fixture
def second_volunteer(cast: Any) -> str:
    """Make 刘春梅 a trained and insured volunteer as well; give her key."""
    with cast.work("other_carer") as work:
        registering.register_volunteer(
            work.session, work.now, work.actor, cast["other_carer"], display_name="刘姐", interests=[]
        )
    with cast.work("officer") as work:
        today = civil_date(work.now)
        registering.record_training(
            work.session, work.now, work.actor, cast["other_carer"],
            trained_on=today, insured_until=today + timedelta(days=30),
        )  # fmt: skip
    return "other_carer"


class Hands:
    """What people do with one need, each in her own unit of work."""

    def __init__(self, cast: Any) -> None:
        self.cast = cast

    def take(self, need_id: int, who: str = "volunteer") -> int:
        """Take a need in somebody's name; give the visit."""
        with self.cast.work(who) as work:
            return actions.take_need(work.session, work.now, work.actor, need_id)

    def serve(self, visit_id: int, minutes: int = 90, who: str = "volunteer") -> None:
        """Check in at the plate and out again `minutes` later."""
        with self.cast.work(who) as work:
            check_in(
                work.session,
                work.now,
                work.actor,
                visit_id,
                proof=PLATE,
                happened_at=work.now,
                device=DeviceFacts(event_key="in"),
            )
        self.cast.advance(minutes=minutes)
        with self.cast.work(who) as work:
            check_out(
                work.session, work.now, work.actor, visit_id,
                tasks_done=["聊天问候"], note=None, happened_at=work.now, device=DeviceFacts(event_key="out"),
            )  # fmt: skip

    def book(self, visit_id: int) -> int | None:
        """Do the job that books a visit; give the session or None."""
        with self.cast.work("house") as work:
            return sessions.record_session(work.session, work.now, visit_id)

    def balance(self, who: str = "volunteer") -> tuple[int, int]:
        """Give the posted and the pending minutes of somebody's account."""
        with self.cast.work("house") as work:
            account = (
                work.session.connection()
                .execute(select(_person.c.timebank_account_id).where(_person.c.id == self.cast[who]))
                .scalar_one()
            )
            held = read_balance(work.session, account)
            return held.posted, held.pending_in

    def served(self, need_id: int, minutes: int = 90, who: str = "volunteer") -> int:
        """Take, serve and book a need; give the session."""
        visit_id = self.take(need_id, who)
        self.serve(visit_id, minutes, who)
        session_id = self.book(visit_id)
        assert session_id is not None
        return session_id

    def row(self, table: Any, number: int) -> Any:
        """Read one row as the house."""
        with self.cast.work("house") as work:
            return work.session.connection().execute(select(table).where(table.c.id == number)).one()

    def confirmed(self, need_id: int) -> int:
        """Take, serve, book and confirm a need; give the session."""
        session_id = self.served(need_id)
        with self.cast.work("daughter") as work:
            sessions.confirm_session(work.session, work.now, work.actor, session_id)
        return session_id


@pytest.fixture
def hands(cast: Any) -> Hands:
    """Give the acts of the cast around a need, from nine in the morning on: hours are counted by the day."""
    cast.go_to_hour(9)
    return Hands(cast)
