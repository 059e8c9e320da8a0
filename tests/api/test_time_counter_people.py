"""The counter and the board in a browser's words: newcomers, a move to another street, walks from where she stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from services.clock import civil_date
from services.columns import table_of
from services.people.id_numbers import check_digit
from services.people.tables import Person
from services.volunteering.tables import Volunteer

Visit = Callable[..., Any]
HOME, ELSEWHERE = "320102003902000", 320104006000000
_person, _volunteer = table_of(Person), table_of(Volunteer)


@pytest.fixture
def visit(cast: Any) -> Iterator[Visit]:
    """Open or post a page as one of the cast."""
    from api.app import create_app
    from api.deps import SESSION_COOKIE, csrf_token, signed

    with TestClient(create_app(), raise_server_exceptions=False, follow_redirects=False) as client:

        def open_or_post(who: str, path: str, **form: Any) -> Any:
            client.cookies.clear()
            token = cast.token(who)
            headers = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}={signed(token)}"}
            if form:
                return client.post(path, data=form | {"csrf_token": csrf_token(token)}, headers=headers)
            return client.get(path, headers=headers)

        yield open_or_post


@pytest.fixture
def community(cast: Any) -> None:
    """Draw the community of 王奶奶 on the map, and let 李老师 live a kilometre away."""
    with cast.work("house") as work:
        draw = text(
            "INSERT INTO area (code, level, name, parent_code, geom) VALUES (:code, 'community', '兰园社区',"
            " 320102003000000, ST_Multi(ST_Expand(ST_SetSRID(ST_MakePoint(118.784, 32.045), 4326), 0.002)))"
        )
        work.session.connection().execute(draw, {"code": int(HOME)})


def test_an_officer_registers_somebody_new_and_reads_beside_each_field_what_is_wrong(
    cast: Any, visit: Visit, community: None
) -> None:
    first = "32010219790501012"
    form = {
        "full_name": "何晓燕", "id_number": first + check_digit(first), "phone": "", "area_code": HOME,
        "reason": "本人到柜台",
    }  # fmt: skip
    page = "/officer/time/newcomers"
    for wrong, words, status in (
        ({"area_code": ""}, "请选她住的社区", 422),
        ({"id_number": "320102"}, "身份证号须为18位", 422),
        ({"full_name": ""}, "和身份证上的一样", 422),
        ({"reason": ""}, "须写明原因", 422),
        ({"phone": "123"}, "11位手机号", 422),
        ({"phone": "19900000001"}, "登记在另一个人名下", 409),
        ({"guardian_full_name": "何母"}, "怎么同意的", 422),
    ):
        answer = visit("officer", page, **{**form, **wrong})
        assert answer.status_code == status and words in answer.text, wrong
    assert visit("volunteer", page, **form).status_code == 403
    done = visit("officer", page, **form)
    assert done.status_code == 303 and done.headers["location"].endswith("?said=registered")
    shown = visit("officer", done.headers["location"]).text
    assert "何晓燕" in shown and "登记好了" in shown and "GY320100-" in shown
    assert visit("officer", page, **form).status_code == 409


def test_an_officer_sends_a_volunteers_hours_after_her_and_sees_what_became_of_it(cast: Any, visit: Visit) -> None:
    from services.cities.queries import rules_in_force
    from services.volunteering.following import follow_home

    her = f"/officer/time/{cast['volunteer']}"
    assert f"{her}/district" in visit("officer", her).text
    asked = visit("officer", f"{her}/district").text
    assert "五老村街道" in asked and "全市是一家时间银行" in asked
    assert visit("officer", f"{her}/district", area_code="1", reason="户口簿").status_code == 422
    assert "须写明原因" in visit("officer", f"{her}/district", area_code=str(ELSEWHERE), reason="").text
    assert visit("volunteer", f"{her}/district").status_code == 403
    done = visit("officer", f"{her}/district", area_code=str(ELSEWHERE), reason="户口簿")
    assert done.headers["location"] == "/officer/time/moves?said=asked"
    assert "记下了" in visit("officer", done.headers["location"]).text
    cast.run_jobs(only="volunteering.follow_home")
    with cast.work("house") as work:
        where = select(_volunteer.c.area_code).where(_volunteer.c.person_id == cast["volunteer"])
        assert work.session.connection().execute(where).scalar_one() == ELSEWHERE
        assert rules_in_force(work.session, ELSEWHERE, civil_date(work.now)).timebank.bank_level == "city"
        assert follow_home(work.session, work.now, cast["volunteer"]) == 0
    assert visit("officer", her).status_code == 404  # another street's now
    assert "还没有人转区" in visit("officer", "/officer/time/moves").text  # one bank: the account stayed
    undo = visit("officer", "/officer/time/moves/999/undo", reason="看错了")
    assert undo.status_code == 404


def test_the_board_walks_from_where_she_stands_when_she_taps_and_keeps_no_position(
    cast: Any, visit: Visit, community: None
) -> None:
    from services.volunteering.actions import post_need

    with cast.work("daughter") as work:
        starts = work.now + timedelta(hours=5)
        post_need(
            work.session, work.now, work.actor, cast["wang"], kind="friendly_visit", title="陪我聊聊天",
            starts_at=starts, ends_at=starts + timedelta(minutes=60),
        )  # fmt: skip
    plain = visit("volunteer", "/volunteer").text
    assert 'action="/volunteer/near"' in plain and "data-near hidden" in plain and "near.mjs" in plain

    def minutes(page: str) -> int:
        found = re.search(r"走路 (\d+) 分钟", page)
        assert found is not None
        return int(found.group(1))

    far = visit("volunteer", "/volunteer/near", lon="118.7970", lat="32.0460", crs="wgs84").text
    near = visit("volunteer", "/volunteer/near", lon="118.7849", lat="32.0451", crs="wgs84").text
    assert minutes(far) > minutes(near) and "位置没有保存" in near and "118.78" not in near
    for nowhere in ({"lon": "nan", "lat": "32"}, {"lon": "", "lat": ""}, {"lon": "2.3", "lat": "48"}, {"crs": "mars"}):
        home = visit("volunteer", "/volunteer/near", **{"lon": "118.8", "lat": "32.0", "crs": "wgs84", **nowhere})
        assert home.status_code == 200 and "从您家走到" in home.text, nowhere
    assert visit("outsider", "/volunteer/near", lon="118.8", lat="32.0", crs="wgs84").status_code in (303, 403)
    with cast.work("house") as work:
        kept = "SELECT count(*) FROM act WHERE facts::text LIKE '%118.7849%'"
        assert work.session.connection().execute(text(kept)).scalar() == 0
