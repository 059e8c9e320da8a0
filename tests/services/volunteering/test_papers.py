"""What a volunteer takes away: others can check it without us, and a stranger learns nothing about her."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from beancount import loader

from services.clock import civil_date
from services.columns import table_of
from services.errors import NotFound
from services.unit_of_work import NOBODY, unit_of_work
from services.volunteering import giving, papers, papers_sheet, sessions
from services.volunteering.errors import BadDays, PaperNotFound, StatementNotYours
from services.volunteering.tables import HourPaper
from timebank.seals import seal_ledger

CITY = 320100000000000


@pytest.fixture
def paper_code(cast: Any, hands: Any, posted: Any) -> str:
    """A statement of this year with two hours served and one given away; sealed afterwards."""
    hands.confirmed(posted(title='聊"天"=1+1'))
    cast.advance(hours=3)
    hands.confirmed(posted(title=None))
    with cast.work("volunteer") as work:
        giving.donate_hours(work.session, work.now, work.actor, cast["volunteer"], 50, key="a")
    with cast.work("volunteer") as work:
        today = civil_date(work.now)
        return papers.issue_paper(
            work.session, work.now, work.actor, cast["volunteer"], "statement", today - timedelta(days=60), today
        )


def read(cast: Any, code: str, who: str = "volunteer") -> papers.Paper:
    with cast.work(who) as work:
        return papers.read_paper(work.session, work.actor, code)


def test_beancount_accepts_her_books_and_refuses_them_when_one_minute_is_changed(cast: Any, paper_code: str) -> None:
    paper = read(cast, paper_code)
    books = papers.as_beancount(paper)
    entries, errors, _ = loader.load_string(books)
    assert errors == [] and len(entries) > 5
    assert "  Assets:TimeBank  90 MIN\n" in books and "balance Assets:TimeBank 130 MIN" in books
    for forged in (
        books.replace("  Assets:TimeBank  90 MIN\n", "  Assets:TimeBank  91 MIN\n", 1),
        books.replace("balance Assets:TimeBank 130", "balance Assets:TimeBank 131"),
    ):
        assert loader.load_string(forged)[1]


@pytest.mark.mission("SH-38")
def test_the_table_opens_in_a_spreadsheet_and_no_title_becomes_a_formula(cast: Any, paper_code: str) -> None:
    written = papers.as_csv(read(cast, paper_code))
    assert written.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(written.lstrip("\ufeff"))))
    assert [(row["entry"], row["minutes"], row["balance_minutes"]) for row in rows] == [
        ("earn", "90", "90"), ("earn", "90", "180"), ("donate", "-50", "130"),
    ]  # fmt: skip
    assert papers._harmless("=HYPERLINK(1)") == "'=HYPERLINK(1)" and papers._harmless("-50") == "-50"


def test_the_paper_is_a_pdf_that_is_the_same_whenever_it_is_drawn(cast: Any, paper_code: str) -> None:
    first = papers_sheet.draw_paper(read(cast, paper_code), "https://example.invalid/verify/x")
    cast.advance(days=3)
    again = papers_sheet.draw_paper(read(cast, paper_code), "https://example.invalid/verify/x")
    assert first.startswith(b"%PDF") and first == again
    assert b"CreationDate" not in first and b"Matplotlib" not in first


@pytest.mark.mission("DY-45")
def test_a_stranger_sees_the_seal_and_nothing_about_her(cast: Any, paper_code: str) -> None:
    with unit_of_work(NOBODY) as work:
        before = papers.check_paper(work.session, paper_code)
    assert before.in_chain and before.seal_number is None
    with cast.work("house") as work:
        seal_ledger(work.session, work.now, CITY)
    with unit_of_work(NOBODY) as work:
        found = papers.check_paper(work.session, paper_code, minutes=130)
        wrong = papers.check_paper(work.session, paper_code, minutes=131)
    assert found.seal_number == 1 and found.seal_root and found.minutes_match and wrong.minutes_match is False
    assert found.fingerprint == read(cast, paper_code).fingerprint
    shown = str(found)
    assert not [secret for secret in ("李文华", "李老师", "演示志愿", "王秀兰", "聊") if secret in shown]
    with unit_of_work(NOBODY) as work, pytest.raises(PaperNotFound):
        papers.check_paper(work.session, paper_code[:-1])


def test_only_she_and_her_community_take_a_paper_away(cast: Any, paper_code: str) -> None:
    assert read(cast, paper_code, "officer").closing_minutes == 130
    for who in ("wang", "daughter", "other_officer", "outsider", "operator"):
        with cast.work(who) as work, pytest.raises(NotFound):
            papers.read_paper(work.session, work.actor, paper_code)
        with cast.work(who) as work, pytest.raises(StatementNotYours):
            today = civil_date(work.now)
            papers.issue_paper(work.session, work.now, work.actor, cast["volunteer"], "certificate", today, today)
    with cast.work("volunteer") as work, pytest.raises(BadDays):
        tomorrow = civil_date(work.now) + timedelta(days=1)
        papers.issue_paper(work.session, work.now, work.actor, cast["volunteer"], "certificate", tomorrow, tomorrow)


def test_a_paper_handed_out_is_never_edited(cast: Any, paper_code: str) -> None:
    from sqlalchemy import update
    from sqlalchemy.exc import ProgrammingError

    for who in ("volunteer", "house"):
        with pytest.raises(ProgrammingError), cast.work(who) as work:
            work.session.connection().execute(update(table_of(HourPaper)).values(minutes=1))


@pytest.mark.mission("DY-45")
def test_a_certificate_counts_what_stands_when_it_is_handed_out_and_says_it_again_for_good(
    cast: Any, hands: Any, posted: Any
) -> None:
    from services.volunteering import correcting

    first, _ = hands.confirmed(posted()), cast.advance(hours=3)
    hands.confirmed(posted())

    def handed_out() -> papers.Paper:
        with cast.work("volunteer") as work:
            today = civil_date(work.now)
            code = papers.issue_paper(
                work.session, work.now, work.actor, cast["volunteer"], "certificate", today - timedelta(days=9), today
            )
        return read(cast, code)

    before = handed_out()
    assert (before.visits, before.served_minutes, before.closing_minutes) == (2, 180, 180)
    with cast.work("officer") as work:
        correcting.correct_session(work.session, work.now, work.actor, first, "核实没有来过")
    with cast.work("house") as work:
        assert correcting.reverse_minutes(work.session, work.now, first)
    after = handed_out()
    assert (after.visits, after.served_minutes, after.closing_minutes) == (1, 90, 90)
    again = read(cast, before.code)  # the day is not over, and more was written since
    assert (again.visits, again.closing_minutes, again.fingerprint) == (2, 180, before.fingerprint)
    assert papers_sheet.draw_paper(again, "https://x/verify/y") == papers_sheet.draw_paper(before, "https://x/verify/y")


def test_honours_above_the_cap_stand_on_the_certificate(
    cast: Any, hands: Any, posted: Any, under: Any, saved: Any
) -> None:
    under("guangzhou")
    saved(89_980)
    session_id = hands.served(posted(), minutes=70)
    with cast.work("daughter") as work:
        sessions.confirm_session(work.session, work.now, work.actor, session_id)
    with cast.work("officer") as work:
        today = civil_date(work.now)
        code = papers.issue_paper(
            work.session, work.now, work.actor, cast["volunteer"], "certificate", today - timedelta(days=1), today
        )
    paper = read(cast, code, "officer")
    assert (paper.visits, paper.served_minutes, paper.honour_minutes) == (1, 70, 40)
