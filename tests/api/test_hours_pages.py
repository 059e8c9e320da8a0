"""The pages about hours: a volunteer takes a paper away, a stranger checks it, an officer asks and writes the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from services.clock import civil_date
from services.columns import table_of
from services.volunteering import office, sessions
from services.volunteering.tables import VolunteerSession

_session = table_of(VolunteerSession)
Visit = Callable[..., Any]


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
