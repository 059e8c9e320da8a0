"""The feed of public changes: resumable, in order, and with no gap however transactions overlap."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.errors import Invalid
from services.oversight.changes import START, changes_after
from services.unit_of_work import NOBODY, unit_of_work

RENAME = text("UPDATE facility SET name = :name WHERE code = :code")


def read(cursor: str, **asked: Any) -> Any:
    with unit_of_work(NOBODY) as work:
        return changes_after(work.session, work.now, cursor, **asked)


SETTLED = text(
    "SELECT NOT EXISTS (SELECT FROM public_change WHERE written_in >= pg_snapshot_xmin(pg_current_snapshot()))"
)
MOST_LOOKS = 5_000


def settle() -> None:
    """Look until no transaction is open any more: other tests' databases share the cluster, and its numbers."""
    for _ in range(MOST_LOOKS):
        with unit_of_work(NOBODY) as work:
            if work.session.connection().execute(SETTLED).scalar_one():
                return
    pytest.skip("not run: another database of this cluster keeps a transaction open")


def to_the_end(cursor: str = START) -> str:
    settle()
    while True:
        found = read(cursor, most=50)
        cursor = found.next_cursor
        if not found.more:
            return cursor


def rename(session: Any, code: str, name: str) -> None:
    session.connection().execute(RENAME, {"code": code, "name": name})


@pytest.mark.mission("DY-38", "TZ-42")
def test_a_transaction_that_ends_late_is_not_missed(cast: Any) -> None:
    cursor = to_the_end()
    with cast.database.session("setup") as early, cast.database.session("setup") as late:
        rename(early, "NJD010", "先写后交")  # the first number of the sequence is drawn here
        rename(late, "NJD012", "后写先交")
        late.commit()
        first = read(cursor)
        early.commit()
    settle()
    second = read(first.next_cursor)
    told = [one.now["name"] for one in (*first.changes, *second.changes)]
    assert sorted(told) == ["先写后交", "后写先交"], "none lost, none twice"
    assert read(second.next_cursor).changes == []


def test_who_resumes_anywhere_reads_every_change_once(cast: Any) -> None:
    cursor = to_the_end()
    for number in range(7):
        with cast.work("house") as work:
            rename(work.session, "NJD010", f"第{number}次")
            if number % 2:
                work.session.connection().execute(text("UPDATE service_line SET price_fen = price_fen + 1"))
    settle()
    whole = read(cursor, most=1000)
    step, pieces = cursor, []
    while True:
        found = read(step, most=3)
        pieces += found.changes
        step = found.next_cursor
        if not found.more:
            break
    assert [one.cursor for one in pieces] == [one.cursor for one in whole.changes]
    assert len({one.cursor for one in pieces}) == len(pieces) >= 10
    sites = [one for one in pieces if one.kind == "facility"]
    assert len(sites) == 7 and {one.now["name"] for one in sites} == {"第6次"}, "what stands now"
    assert len({one.uuid for one in sites}) == 1 and {one.code for one in sites} == {"NJD010"}
    assert read(cursor, kinds=["beds"]).changes == [] and read(cursor, area_code=110000000000000).changes == []


def test_a_feed_is_written_by_changes_alone_and_a_wrong_cursor_is_refused(cast: Any) -> None:
    for cursor in ("", "5", "a.b", "1.2.3", "-1.0"):
        with pytest.raises(Invalid):
            read(cursor)
    with pytest.raises(ProgrammingError), cast.work("house") as work:
        work.session.connection().execute(
            text(
                "INSERT INTO public_change (kind, object_id, object_code, in_area, changed_at) VALUES ('beds', 1, 'x', 1, now())"
            )
        )
    with pytest.raises(IntegrityError), cast.database.session("setup") as session:
        session.connection().execute(text("DELETE FROM public_change"))
