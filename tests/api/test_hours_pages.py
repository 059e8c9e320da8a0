"""The pages about hours: a volunteer takes a paper away, a stranger checks it, an officer asks and writes the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from services.clock import civil_date
from services.columns import table_of
from services.volunteering import office, sessions
from services.volunteering.tables import VolunteerSession

_session = table_of(VolunteerSession)
Visit = Callable[..., Any]
CITY = 320100000000000


@pytest.fixture
def visit(cast: Any) -> Iterator[Visit]:
    """Open or post a page as one of the cast."""
    from api.app import create_app
    from api.deps import SESSION_COOKIE, csrf_token, signed

    with TestClient(create_app(), raise_server_exceptions=False, follow_redirects=False) as client:

        def open_or_post(who: str | None, path: str, **form: Any) -> Any:
            client.cookies.clear()
            headers = {"Accept": "text/html"}
            if who is not None:
                token = cast.token(who)
                headers["Cookie"] = f"{SESSION_COOKIE}={signed(token)}"
                if form:
                    form["csrf_token"] = csrf_token(token)
            return client.post(path, data=form, headers=headers) if form else client.get(path, headers=headers)

        yield open_or_post


@pytest.fixture
def served(cast: Any) -> int:
    """An hour of 李老师 with 王奶奶, entered by the office and confirmed by silence; drawn for a call-back."""
    with cast.work("officer") as work:
        ended = work.now - timedelta(hours=3)
        visit_id = office.enter_served_time(
            work.session, work.now, work.actor, cast["wang"], cast["volunteer"], kind="friendly_visit",
            started_at=ended - timedelta(minutes=60), ended_at=ended, reason="社区签到簿",
        )  # fmt: skip
    with cast.work("house") as work:
        session_id = sessions.record_session(work.session, work.now, visit_id)
        assert session_id is not None
    cast.advance(hours=73)
    with cast.work("house") as work:
        assert sessions.auto_confirm(work.session, work.now, session_id)
        work.session.connection().execute(
            update(_session).where(_session.c.id == session_id).values(callback_state="due")
        )
    return session_id


@pytest.mark.mission("DY-45")
def test_a_volunteer_takes_her_paper_and_a_stranger_checks_it_without_learning_who_she_is(
    visit: Visit, served: int
) -> None:
    taken = visit("volunteer", "/volunteer/papers", kind="statement")
    assert taken.status_code == 303
    page = taken.headers["location"]
    code = page.rsplit("/", 1)[1]
    assert "PDF" in visit("volunteer", page).text
    drawn = visit("volunteer", f"{page}/pdf")
    assert drawn.content.startswith(b"%PDF") and drawn.headers["content-type"] == "application/pdf"
    assert "earn,60,60" in visit("volunteer", f"{page}/csv").text
    assert "balance Assets:TimeBank 60 MIN" in visit("volunteer", f"{page}/beancount").text
    for who in (None, "wang", "other_officer"):
        assert visit(who, f"{page}/pdf").status_code in (303, 401, 404)
    shown = visit(None, f"/verify/{code}?minutes=60").text
    assert "纸上的余额是对的" in shown and "这份纸是本系统开具的" in shown
    assert not [secret for secret in ("李文华", "李老师", "演示志愿", "王秀兰") if secret in shown]
    assert "纸上的余额与账本不一致" in visit(None, f"/verify/{code}?minutes=600").text
    assert visit(None, "/verify/no-such-code-at-all").status_code == 404
    assert visit(None, f"/verify/{code}?minutes=%EF%BC%95").status_code == 200  # a full-width five is no number


def test_an_officer_calls_back_and_writes_the_answer_once(cast: Any, visit: Visit, served: int) -> None:
    page = visit("officer", "/officer/hours").text
    assert "王秀兰" in page and "代录" in page
    assert visit("officer", f"/officer/hours/{served}/call-back", answer="").status_code == 422
    answered = visit("officer", f"/officer/hours/{served}/call-back", answer="right", note="说聊得很好")
    assert answered.status_code == 303
    assert "现在没有要回访的" in visit("officer", "/officer/hours").text
    assert visit("officer", f"/officer/hours/{served}/call-back", answer="wrong").status_code == 409
    assert "王秀兰" not in visit("other_officer", "/officer/hours").text
    assert visit("volunteer", "/officer/hours").status_code in (303, 403, 404)


def test_her_statement_says_what_is_booked_apart_from_what_waits(cast: Any, visit: Visit, served: int) -> None:
    today = visit("volunteer", "/volunteer/statement")
    assert today.status_code == 200 and "开对账单" in today.text
    with cast.work("house") as work:
        assert civil_date(work.now).isoformat()[:4] in today.text


@pytest.fixture
def granted(cast: Any) -> Callable[[int], None]:
    """Give 王奶奶 hours, as the city grants them to key elders."""
    from services.volunteering.bank import bank_of
    from services.volunteering.tables import ElderHours
    from timebank.writer import open_account, record_transfer

    def give(minutes: int) -> None:
        with cast.work("house") as work:
            account = open_account(work.session, work.now, ledger=CITY, kind="elder_grant", floor_minutes=0)
            record_transfer(
                work.session, work.now, ledger=CITY, key="granted", entry_type="grant", minutes=minutes,
                debit_account_id=bank_of(work.session, work.now, CITY).issuance_account_id, credit_account_id=account,
            )  # fmt: skip
            work.session.connection().execute(
                table_of(ElderHours).insert().values(
                    elder_id=cast["wang"], area_code=320102003902901, account_id=account, opened_on=civil_date(work.now)
                )
            )  # fmt: skip

    return give


@pytest.fixture
def saved(cast: Any) -> Callable[[int], int]:
    """Give 李老师 minutes, and 刘春梅 a passport and an account; gives nothing away. The account."""
    from services.people.tables import Person
    from services.volunteering.bank import bank_of
    from timebank.writer import record_transfer

    def put(minutes: int) -> int:
        person = table_of(Person)
        with cast.work("house") as work:
            account: int = (
                work.session.connection()
                .execute(select(person.c.timebank_account_id).where(person.c.id == cast["volunteer"]))
                .scalar_one()
            )
            record_transfer(
                work.session, work.now, ledger=CITY, key="saved", entry_type="earn", minutes=minutes,
                debit_account_id=bank_of(work.session, work.now, CITY).issuance_account_id, credit_account_id=account,
                event_at=work.now - timedelta(days=400),
            )  # fmt: skip
            return account

    return put


def balance(cast: Any, account: int) -> tuple[int, int]:
    from timebank.reader import read_balance

    with cast.work("house") as work:
        held = read_balance(work.session, account)
        return held.posted, held.pending_out


def the_first_time(page: str) -> str:
    return re.search(r'name="start" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]


def test_an_elder_books_with_her_hours_sees_them_kept_aside_and_takes_the_booking_back(
    cast: Any, visit: Visit, granted: Any
) -> None:
    granted(120)
    first = visit("wang", "/elder/hours").text
    assert "政府发的" in first and "120" in first or "2 小时" in first
    asked = visit("wang", "/elder/hours/ask/friendly_visit?purse=grant").text
    start = the_first_time(asked)
    booked = visit("wang", "/elder/hours", kind="friendly_visit", start=start, purse="grant")
    again = visit("wang", "/elder/hours", kind="friendly_visit", start=start, purse="grant")
    assert booked.status_code == 303 and booked.headers["location"] == again.headers["location"]
    page = booked.headers["location"]
    shown = visit("wang", page).text
    assert "留着" in shown and "不用来了，退回时间" in shown
    for who in ("sun", "outsider", "volunteer"):
        assert visit(who, page).status_code == 404
    for _ in range(2):
        assert visit("wang", f"{page}/release").status_code == 405
        assert visit("wang", f"{page}/release", sure="1").status_code == 303
    assert "这些时间已经退回" in visit("wang", page).text
    refused = visit("wang", "/elder/hours", kind="friendly_visit", start=start, purse="own")
    assert refused.status_code == 409 and "还没有时间银行账户" in refused.text


def test_another_kind_of_help_at_the_same_time_is_another_wish(cast: Any, visit: Visit, granted: Any) -> None:
    granted(300)
    kinds = sorted(set(re.findall(r"/elder/hours/ask/([a-z_]+)", visit("wang", "/elder/hours").text)))
    assert "friendly_visit" in kinds and len(kinds) > 1
    start = the_first_time(visit("wang", "/elder/hours/ask/friendly_visit?purse=grant").text)
    pages = [
        visit("wang", "/elder/hours", kind=kind, start=start, purse="grant").headers["location"]
        for kind in (kinds[0], kinds[1], kinds[0])
    ]
    assert pages[0] == pages[2] != pages[1]


def test_a_daughter_who_books_her_mothers_hours_says_why_and_too_many_are_refused(
    cast: Any, visit: Visit, granted: Any
) -> None:
    granted(100)
    base = f"/family/{cast['wang']}/hours"
    start = the_first_time(visit("daughter", f"{base}/ask/friendly_visit?purse=grant").text)
    form = {"kind": "friendly_visit", "start": start, "purse": "grant"}
    silent = visit("daughter", base, **form)
    assert silent.status_code == 422 and "代他人办理须写明原因" in silent.text
    booked = visit("daughter", base, **form, reason="妈妈来电话")
    assert booked.status_code == 303 and "妈妈来电话" in visit("daughter", booked.headers["location"]).text
    later = re.findall(r'name="start" value="([^"]+)"', visit("daughter", f"{base}/ask/friendly_visit").text)[1]
    full = visit("daughter", base, **{**form, "start": later}, reason="再来一次")
    assert full.status_code == 409 and "可用的时间不够" in full.text


def test_a_volunteer_donates_once_however_often_she_taps_and_bad_numbers_come_back_with_the_form(
    cast: Any, visit: Visit, saved: Any
) -> None:
    account = saved(100)
    assert "捐给困难老人" in visit("volunteer", "/volunteer/give").text
    for _ in range(2):
        done = visit("volunteer", "/volunteer/donate", donated_minutes="40", event_key="tap-0001")
        assert done.headers["location"] == "/volunteer/give?said=donated"
    assert balance(cast, account) == (60, 0)
    for bad in ("0", "-5", "1.5", "十", "9999999999", ""):
        answer = visit("volunteer", "/volunteer/donate", donated_minutes=bad, event_key="tap-0002")
        assert answer.status_code == 422 and "大于零的整数分钟" in answer.text
    wrong = visit("volunteer", "/volunteer/give", passport_number="GY0000-1", minutes="10", event_key="tap-0003")
    assert wrong.status_code in (403, 404, 422) and balance(cast, account) == (60, 0)
    assert "40 分钟" in visit("volunteer", "/volunteer/give").text
    assert visit("wang", "/volunteer/give").status_code == 403


def test_a_community_worker_enters_for_who_never_goes_online_and_it_keeps_who_and_why(
    cast: Any, visit: Visit, saved: Any, granted: Any
) -> None:
    account = saved(100)
    granted(120)
    assert "李文华" in visit("officer", "/officer/time").text
    assert "王秀兰" in visit("officer", "/officer/time?q=王").text
    her = f"/officer/time/{cast['volunteer']}"
    silent = visit("officer", f"{her}/donate", donated="30", reason="", event_key="desk-0001")
    assert silent.status_code == 422 and "代他人办理须写明原因" in silent.text
    done = visit("officer", f"{her}/donate", donated="30", reason="本人到柜台", event_key="desk-0001")
    assert done.status_code == 303 and balance(cast, account) == (70, 0)
    shown = visit("officer", her).text
    assert "由赵建国代办" in shown and "本人到柜台" in shown
    assert "由社区代办" in visit("volunteer", "/volunteer/give").text  # she reads that it was entered, and why
    printed = visit("officer", f"{her}/papers", kind="certificate")
    paper = printed.headers["location"].rsplit("=", 1)[1]
    assert visit("officer", f"/volunteer/papers/{paper}/pdf").content.startswith(b"%PDF")

    elder = f"/officer/time/elders/{cast['wang']}"
    with cast.work("house") as work:
        today = civil_date(work.now)
    yesterday, later = today - timedelta(days=1), today + timedelta(days=3)
    number = re.search(r"志愿者证号 ([^<\s]+)", shown).group(1)  # type: ignore[union-attr]
    visit_form = {
        "kind": "friendly_visit", "day": str(yesterday), "time": "09:00", "minutes": "60",
        "volunteer_passport": number, "reason": "社区签到簿",
    }  # fmt: skip
    assert visit("officer", f"{elder}/served", **{**visit_form, "day": str(later)}).status_code == 422
    assert visit("officer", f"{elder}/served", **{**visit_form, "volunteer_passport": "x"}).status_code == 404
    assert visit("officer", f"{elder}/served", **visit_form).headers["location"] == f"{elder}?said=entered"
    book_form = {"kind": "friendly_visit", "day": str(later), "time": "09:00", "minutes": "60", "payer_passport": ""}
    assert visit("officer", f"{elder}/book", **book_form, reason="").status_code == 422
    assert visit("officer", f"{elder}/book", **book_form, reason="老人来电").headers["location"].endswith("booked")
    page = visit("officer", elder).text
    assert "老人来电" in page and "留着" in page
    need = re.search(r"/needs/(\d+)/take", page).group(1)  # type: ignore[union-attr]
    taken = visit("officer", f"{elder}/needs/{need}/take", volunteer_passport=number, reason="来电报名")
    assert taken.headers["location"].endswith("taken")
    booking = re.search(r"/bookings/(\d+)/release", page).group(1)  # type: ignore[union-attr]
    released = visit("officer", f"{elder}/bookings/{booking}/release", sure="1")
    assert released.headers["location"].endswith("released")
    for who in ("other_officer", "volunteer", "daughter", "operator", "outsider"):
        assert visit(who, her).status_code in (403, 404) and visit(who, elder).status_code in (403, 404)
    assert visit("auditor", her).status_code == 200
    assert visit("auditor", f"{her}/donate", donated="1", reason="试", event_key="audit-01").status_code in (403, 404)


def test_an_officer_hands_on_the_hours_of_who_died_and_closes_for_who_moves(
    cast: Any, visit: Visit, saved: Any
) -> None:
    from services.people.tables import Person

    account = saved(100)
    her = f"/officer/time/{cast['volunteer']}"
    assert "办理迁走" in visit("officer", her).text
    with cast.work("house") as work:
        person = table_of(Person)
        work.session.connection().execute(
            update(person).where(person.c.id == cast["volunteer"]).values(died_on=civil_date(work.now))
        )
    assert visit("advisor", f"{her}/estate", reason="公证书").status_code == 403
    done = visit("officer", f"{her}/estate", heir_passport="", reason="公证书，无人继承")
    assert done.headers["location"].endswith("handed_on") and balance(cast, account) == (0, 0)
    assert "公证书，无人继承" in visit("officer", her).text


def test_an_office_registers_who_came_to_the_counter_and_answers_for_an_elder_who_rang_up(
    cast: Any, visit: Visit
) -> None:
    elder = f"/officer/time/elders/{cast['wang']}"
    assert visit("officer", f"{elder}/volunteer", reason="").status_code == 422
    assert visit("officer", f"{elder}/volunteer", reason="本人到柜台").headers["location"].endswith("registered")
    assert visit("officer", f"{elder}/volunteer", reason="再来一次").status_code == 409
    assert "她也是志愿者" in visit("officer", elder).text

    with cast.work("officer") as work:
        ended = work.now - timedelta(hours=3)
        visit_id = office.enter_served_time(
            work.session, work.now, work.actor, cast["wang"], cast["volunteer"], kind="friendly_visit",
            started_at=ended - timedelta(minutes=60), ended_at=ended, reason="社区签到簿",
        )  # fmt: skip
    with cast.work("house") as work:
        session_id = sessions.record_session(work.session, work.now, visit_id)
    answer = f"{elder}/sessions/{session_id}/answer"
    assert visit("officer", answer, answer="right", reason=" ").status_code == 422
    for who in ("other_officer", "volunteer", "outsider"):
        assert visit(who, answer, answer="right", reason="来电").status_code in (403, 404)
    assert visit("officer", answer, answer="right", reason="老人来电说来过").headers["location"].endswith("confirmed")
    assert visit("officer", answer, answer="right", reason="再来").status_code == 404
    with cast.work("house") as work:
        row = work.session.connection().execute(select(_session).where(_session.c.id == session_id)).one()
        act = work.session.connection().exec_driver_sql(
            "SELECT facts FROM act WHERE verb = 'confirm_session'"
        ).scalar_one()  # fmt: skip
    assert (row.state, row.confirmed_by, act["reason"]) == ("posted", cast["officer"], "老人来电说来过")
