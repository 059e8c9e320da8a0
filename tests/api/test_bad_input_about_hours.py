"""What is asked wrongly about hours is refused with its own kind, its facts and a clear sentence; nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from services.clock import civil_date
from services.columns import table_of
from services.people.tables import Person
from timebank.reader import read_balance
from timebank.writer import record_transfer

CITY = 320100000000000
_person = table_of(Person)


@pytest.fixture
def ask(cast: Any) -> Iterator[Callable[..., Any]]:
    """Ask the API in somebody's name; 李老师 has saved 100 minutes."""
    from api.app import create_app
    from services.volunteering.bank import bank_of

    with cast.work("house") as work:
        record_transfer(
            work.session, work.now, ledger=CITY, key="saved", entry_type="earn", minutes=100,
            debit_account_id=bank_of(work.session, work.now, CITY).issuance_account_id,
            credit_account_id=account(cast), event_at=work.now - timedelta(days=30),
        )  # fmt: skip
    with TestClient(create_app(), raise_server_exceptions=False) as client:

        def call(who: str, path: str, **body: Any) -> tuple[int, str, dict[str, Any]]:
            headers = {"Authorization": f"Bearer {cast.token(who)}"}
            answer = client.post(f"/api/v1{path}", headers=headers, json=body)
            said = answer.json() if answer.content else {}
            return answer.status_code, said.get("detail", ""), said.get("facts", {})

        yield call


def account(cast: Any) -> int:
    with cast.work("house") as work:
        found: int = (
            work.session.connection()
            .execute(select(_person.c.timebank_account_id).where(_person.c.id == cast["volunteer"]))
            .scalar_one()
        )
        return found


def test_minutes_that_are_none_move_nothing(cast: Any, ask: Any) -> None:
    path = f"/volunteers/{cast['volunteer']}/donations"
    for wrong in (0, -60, 1.5, 10**30, True, "60 minutes", None):
        status, _, _ = ask("volunteer", path, minutes=wrong, key="bad-0001")
        assert status == 422, wrong
    status, words, facts = ask("volunteer", path, minutes=101, key="bad-0002")
    assert (status, facts) == (409, {"needed_minutes": 101, "available_minutes": 100}) and "不够" in words
    with cast.work("house") as work:
        assert read_balance(work.session, account(cast)).posted == 100


def test_the_same_key_with_another_gift_an_unknown_passport_and_oneself_are_each_told_apart(
    cast: Any, ask: Any
) -> None:
    path = f"/volunteers/{cast['volunteer']}"
    assert ask("volunteer", f"{path}/donations", minutes=40, key="once-0001")[0] == 201
    assert ask("volunteer", f"{path}/donations", minutes=40, key="once-0001")[0] == 201
    status, words, facts = ask("volunteer", f"{path}/donations", minutes=41, key="once-0001")
    assert status == 409 and facts["minutes"] == 40 and "另一笔" in words
    with cast.work("house") as work:
        mine = work.session.connection().execute(
            text("SELECT passport_number FROM volunteer WHERE person_id = :p"), {"p": cast["volunteer"]}
        ).scalar_one()  # fmt: skip
    to_nobody = ask("volunteer", f"{path}/gifts", minutes=5, key="once-0002", passport_number="GY3201-99999999")
    assert to_nobody[0] == 404 and "志愿者证号" in to_nobody[1]
    to_herself = ask("volunteer", f"{path}/gifts", minutes=5, key="once-0003", passport_number=mine)
    assert to_herself[0] == 403 and "自己" in to_herself[1]
    with cast.work("house") as work:
        assert read_balance(work.session, account(cast)).posted == 60


def test_a_visit_that_has_not_ended_and_a_minor_without_a_guardian_are_refused(cast: Any, ask: Any) -> None:
    with cast.work("house") as work:
        now, today = work.now, civil_date(work.now)
        child = today.replace(year=today.year - 15, day=1)
        work.session.connection().execute(
            _person.update().where(_person.c.id == cast["outsider"]).values(born_on=child, area_code=320102003000000)
        )
    body = {
        "volunteer_id": cast["volunteer"], "kind": "friendly_visit", "reason": "社区签到簿",
        "started_at": (now - timedelta(minutes=30)).isoformat(), "ended_at": (now + timedelta(minutes=5)).isoformat(),
    }  # fmt: skip
    status, words, _ = ask("officer", f"/elders/{cast['wang']}/served-time", **body)
    assert status == 422 and "已经结束" in words
    status, words, facts = ask("outsider", "/volunteers", display_name="小吴")
    assert status == 403 and facts["least"] == 18 and "年龄" in words
