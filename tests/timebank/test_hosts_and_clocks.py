"""Drills: the ledger's host is lost, cut off or slow, or its clock jumps: nothing acknowledged is lost or doubled.

Every promise has a twin that must fail: the same damage to a server or a caller that lacks what keeps the promise.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from benchmarks import own_host, own_server
from benchmarks.own_host import LOSSY, SLOW, NoHost, OwnHost
from tests.timebank.bank import NANJING, NOON, Bank, open_bank
from tests.timebank.load import Load
from tests.timebank.test_crashes import LAZY, ROOT, settle
from tests.timebank.test_faults import mutate, rewrite
from tests.timebank.test_races import posted
from timebank import errors
from timebank.writer import record_transfer

pytestmark = pytest.mark.drill
SILENCE_SECONDS = 2
CUT_SECONDS = 7.0
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


def open_ledger(server: own_server.OwnServer, silence_seconds: int | None = None) -> Bank:
    """Give a new server the ledger's tables and the cast's accounts."""
    environment = os.environ | {"DATABASE_URL": server.url.render_as_string(hide_password=False)}
    program = "from services.migrating import upgrade; upgrade()"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True, capture_output=True)

    class Where:
        @staticmethod
        def url(login: str) -> Any:
            return server.url

    return open_bank(Where(), NANJING, silence_seconds=silence_seconds)


@contextmanager
def far_ledger(
    silence_seconds: int | None = SILENCE_SECONDS, **options: str
) -> Iterator[tuple[OwnHost, own_server.OwnServer, Bank]]:
    """A bank whose server stands on a host of its own; its callers wait on a dead line for so long (None: as TCP)."""
    reason = own_server.missing()
    if reason:
        pytest.skip(reason)
    try:
        with own_host.own_host() as host:
            server = own_server.own_server(host=host, **options)
            try:
                bank = open_ledger(server, silence_seconds)
                yield host, server, bank
                bank.close()
            finally:
                server.close()
    except NoHost as reason:
        pytest.skip(str(reason))


@contextmanager
def writing(bank: Bank, writers: int = 4) -> Iterator[Load]:
    """Writers at work, for two seconds before the damage is done."""
    load = Load(bank)
    with ThreadPoolExecutor(writers) as pool:
        load.writers = [pool.submit(load.write, number) for number in range(writers)]
        time.sleep(2.0)
        try:
            yield load
        finally:
            load.stopped.set()


def asked_again(load: Load) -> set[str]:
    """Give what was stored before anybody asked again; then all is asked again and the books are held to it."""
    stored = load.stored()
    load.ask_again()
    assert load.stored() == stored | load.unknown
    assert load.bank.verify().ok
    assert posted(load.bank, load.bank.club) == len(load.stored())
    return stored


def lose_the_host(**options: str) -> tuple[Load, set[str]]:
    """Lose the server's host under load; it comes back, and everything is asked again."""
    with far_ledger(**options) as (host, server, bank):
        with writing(bank) as load:
            host.lose()
            settle(load)
        host.join()
        server.start()
        return load, asked_again(load)


def test_a_lost_host_takes_nothing_with_it_that_was_acknowledged() -> None:
    load, stored = lose_the_host()
    assert len(load.acknowledged) > 20 and load.unknown
    assert load.acknowledged <= stored
    print(f"host lost: lost 0 of {len(load.acknowledged)} acknowledged, {len(load.unknown)} unknown, each there once")


def test_the_twin_whose_log_is_lazy_loses_with_its_host() -> None:
    for _ in range(3):  # every ten seconds even a lazy log is written, which may be just before
        load, stored = lose_the_host(**LAZY)
        lost = load.acknowledged - stored
        if lost:
            break
    assert lost
    print(f"twin: host lost, lost {len(lost)} of {len(load.acknowledged)} acknowledged")


def cut_the_line(silence_seconds: int | None) -> tuple[Load, int]:
    """Cut the line under load for seven seconds; give how many writers knew of it before it was mended."""
    with far_ledger(silence_seconds) as (host, _server, bank):
        with writing(bank) as load:
            host.cut()
            time.sleep(CUT_SECONDS)
            knew = len(load.unknown)
            host.join()
            time.sleep(2.0)
            settle(load)
        stored = asked_again(load)
        assert load.acknowledged <= stored
        return load, knew


def test_who_is_cut_off_is_told_in_time_and_nothing_is_lost_or_doubled() -> None:
    load, knew = cut_the_line(SILENCE_SECONDS)
    assert load.acknowledged and knew == 4, "nobody was told while the line was cut"
    print(f"partition: {knew} of 4 writers told, lost 0 of {len(load.acknowledged)} acknowledged")


def test_the_twin_without_a_limit_on_silence_waits_as_long_as_the_line_is_cut() -> None:
    _load, knew = cut_the_line(None)
    assert knew == 0
    print("twin: cut off without a limit on silence, nobody was told")


def wait_for_what_a_vanished_caller_locked(silence_seconds: int | None) -> str:
    """A caller vanishes between writing and committing; another, on the server's host, wants the same account.

    Gives what the other was told: nothing when it had the account in time.
    """
    with far_ledger(silence_seconds) as (host, server, bank):
        accounts = {"debit_account_id": bank.issuance, "credit_account_id": bank.club}
        with Session(bank.app) as vanishing:
            record_transfer(vanishing, NOON, ledger=bank.ledger, key="v", entry_type="earn", minutes=1, **accounts)
            host.cut()
            held = f"SELECT 1 FROM timebank.balance WHERE account_id = {bank.club} FOR NO KEY UPDATE"
            words = f"SET lock_timeout = '8s'; {held}"
            command = [*server.before, str(own_server.BINARIES[-1].parent / "psql"), server.dsn, "-c", words]
            other = subprocess.run(command, cwd=server.folder, capture_output=True, text=True, check=False)
            host.join()
            vanishing.invalidate()
        return other.stderr.strip()


def test_a_caller_who_vanishes_does_not_keep_an_account_locked() -> None:
    assert wait_for_what_a_vanished_caller_locked(SILENCE_SECONDS) == ""


def test_the_twin_whose_server_never_asks_after_its_callers_keeps_the_account_locked() -> None:
    assert "lock timeout" in wait_for_what_a_vanished_caller_locked(None)
    print("twin: a vanished caller kept the account locked")


def ask_impatiently(shape: tuple[str, ...], key_of: Callable[[int, int], str]) -> tuple[int, int, int]:
    """Book eight minutes over a bad line, each asked for again by somebody else when no answer comes in 0.3 s.

    Gives how many were asked for, how often, and how many minutes were booked.
    """
    with far_ledger(silence_seconds=30) as (host, _server, bank):
        bank.earn("warm", 1, to=bank.li)
        host.shape(*shape)
        asked = []
        with ThreadPoolExecutor(12) as pool:
            for number in range(8):
                for attempt in range(3):
                    answer = pool.submit(bank.earn, key_of(number, attempt), 1, to=bank.club)
                    asked.append(answer)
                    try:
                        answer.result(timeout=0.3)
                        break
                    except TimeoutError:
                        continue
            for answer in asked:
                answer.result()
        host.shape()
        assert bank.verify().ok
        return 8, len(asked), posted(bank, bank.club)


@pytest.mark.parametrize("shape", [SLOW, LOSSY], ids=["slow", "late and lossy"])
def test_over_a_bad_line_who_asks_again_before_the_answer_books_once(shape: tuple[str, ...]) -> None:
    wanted, asked, booked = ask_impatiently(shape, lambda number, attempt: f"w{number}")
    assert asked > wanted, "the line was not bad: the test shows nothing"
    assert booked == wanted
    print(f"bad line: {wanted} wanted, {asked} asked, {booked} booked")


def test_the_twin_whose_second_question_has_another_key_books_twice_over_a_slow_line() -> None:
    wanted, asked, booked = ask_impatiently(SLOW, lambda number, attempt: f"w{number}-{attempt}")
    assert booked == asked > wanted
    print(f"twin: {wanted} wanted, {booked} booked")


class Clock:
    """The clock of a server of one's own, to be set from outside."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set("+0")

    def set(self, ahead: str) -> None:
        """Let it run so far ahead (+400d) or behind (-2h) of the true one, for every process of the server."""
        self.file.write_text(ahead)
        self.file.chmod(0o644)
        time.sleep(2.5)  # each process looks at the file again after more than a second


@contextmanager
def jumping_ledger(folder: Path) -> Iterator[tuple[Clock, Bank]]:
    """A bank whose server's clock can be set."""
    reason = own_server.missing() or (None if FAKETIME else "no libfaketime here (Debian: faketime)")
    if reason:
        pytest.skip(reason)
    folder.chmod(0o755)
    for above in folder.parents[:3]:
        above.chmod(above.stat().st_mode | 0o055)
    clock = Clock(folder / "clock")
    environment = {
        "LD_PRELOAD": str(FAKETIME[-1]),
        "FAKETIME_TIMESTAMP_FILE": str(clock.file),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_CACHE_DURATION": "1",
    }
    server = own_server.own_server(environment=environment)
    try:
        bank = open_ledger(server)
        yield clock, bank
        bank.close()
    finally:
        server.close()


def read_clock(bank: Bank) -> datetime:
    """Give what the server believes the time is."""
    moment: datetime = bank.act(lambda s: s.execute(text("SELECT clock_timestamp()")).scalar_one())
    return moment.astimezone(UTC)


def book_by_the_servers_clock(bank: Bank, key: str) -> None:
    """Earn a minute at the moment the server's clock gives, as every act of the house does."""
    bank.earn(key, 1, to=bank.club, now=read_clock(bank))


def refused(bank: Bank, keys: list[str]) -> list[str]:
    """Try these; give those that the ledger refused because its clock had stepped back, with nothing written."""
    found = []
    for key in keys:
        try:
            book_by_the_servers_clock(bank, key)
        except errors.ClockSteppedBack as refusal:
            assert refusal.facts["last_recorded_at"]
            found.append(key)
    return found


def test_a_clock_that_jumps_back_is_refused_and_one_that_jumps_ahead_is_seen_when_it_returns(tmp_path: Path) -> None:
    with jumping_ledger(tmp_path) as (clock, bank):
        keys = [f"w{number}" for number in range(10)]
        assert refused(bank, keys[:4]) == []
        clock.set("-2h")
        assert (datetime.now(UTC) - read_clock(bank)).total_seconds() > 7000, "the clock did not jump"
        assert refused(bank, keys[4:]) == keys[4:]
        assert posted(bank, bank.club) == 4 and bank.verify().ok
        clock.set("+0")
        assert refused(bank, keys) == []
        assert posted(bank, bank.club) == 10, "asked again with the same keys: each once"
        clock.set("+400d")
        assert refused(bank, ["w-ahead"]) == []
        clock.set("+0")
        assert refused(bank, ["w-after"]) == ["w-after"], "an entry of the future is before it: a person must decide"
        assert posted(bank, bank.club) == 11 and bank.verify().ok


@pytest.mark.broken_ledger
def test_the_twin_that_believes_its_clock_writes_history_out_of_order(tmp_path: Path) -> None:
    with jumping_ledger(tmp_path) as (clock, bank):
        believed = (
            "t.recorded_at := greatest(p_now, d.last_recorded_at, c.last_recorded_at)",
            "t.recorded_at := p_now",
        )
        mutate(bank, rewrite(bank, "write_transfer", believed), "ALTER TABLE timebank.balance DISABLE TRIGGER USER")
        assert refused(bank, ["w1", "w2"]) == []
        clock.set("-2h")
        assert refused(bank, ["w3"]) == []
        checked = bank.verify()
        assert not checked.ok
        print("twin: the clock is believed -> killed, verify sees entries out of order")
