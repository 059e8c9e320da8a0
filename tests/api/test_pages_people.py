"""The people's pages as requests: who may open which, forms sent twice, forms that are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.pages import (
    carer,
    carer_doors,
    elder,
    family,
    family_consent,
    ordering,
    ordering_life,
    ordering_volunteers,
    provider,
    volunteer,
)

ROOMS = (carer, carer_doors, elder, family, family_consent, ordering, ordering_life, ordering_volunteers, provider, volunteer)  # fmt: skip
OPEN_TO_ANYBODY_SIGNED_IN = {"/family", "/family/bind", "/carer/worker.mjs"}
"""Where somebody without an elder asks for one, and a script; everything else is closed to 吴."""
Visit = Callable[..., Any]
PLATE = "demo-door-plate-wang"


@pytest.fixture
def visit(cast: Any) -> Iterator[Visit]:
    """Open or post a page as one of the cast: `visit("wang", "/elder")`, `visit("wang", "/elder/orders", service=...)`."""
    from api.app import create_app
    from api.deps import SESSION_COOKIE, csrf_token, signed

    tokens: dict[str, str] = {}
    app = create_app()
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:

        def open_or_post(who: str | None, path: str, csrf: bool = True, **form: Any) -> Any:
            client.cookies.clear()
            headers = {"Accept": "text/html"}
            if who is not None:
                tokens.setdefault(who, cast.token(who))
                headers["Cookie"] = f"{SESSION_COOKIE}={signed(tokens[who])}"
                if form and csrf:
                    form["csrf_token"] = csrf_token(tokens[who])
            files = {"photo": ("a.png", form.pop("photo"), "image/png")} if "photo" in form else None
            return (
                client.post(path, data=form, files=files, headers=headers)
                if form
                else client.get(path, headers=headers)
            )

        yield open_or_post


def _bath(cast: Any, days: int = 2, hour: int = 9) -> dict[str, Any]:
    from services.clock import civil_date, civil_midnight

    with cast.work("wang") as work:
        start: datetime = civil_midnight(civil_date(work.now) + timedelta(days=days)) + timedelta(hours=hour)
    return {
        "service": "home_bath", "provider": cast.providers["kangle"], "start": start.isoformat(),
        "idempotency_key": "one-and-the-same-key",
    }  # fmt: skip


def _order(cast: Any, visit: Visit) -> int:
    placed = visit("wang", "/elder/orders", **_bath(cast))
    assert placed.status_code == 303, placed.text
    return int(re.search(r"/elder/orders/(\d+)/placed", placed.headers["location"])[1])  # type: ignore[index]


def _need(cast: Any, visit: Visit) -> int:
    asked = visit("wang", "/elder/volunteers", kind="friendly_visit", start=_bath(cast)["start"])
    assert asked.status_code == 303, asked.text
    return int(asked.headers["location"].rsplit("/", 1)[1])


def _form_of(path: str) -> dict[str, Any]:
    return {"face": 3, "carer": 1, "kind": "friendly_visit", "start": "2030-01-01T09:00:00+08:00", "service": "home_bath",
            "provider": 1, "idempotency_key": "key-of-an-outsider"}  # fmt: skip


def test_no_page_of_an_elder_opens_for_somebody_who_may_see_nothing(cast: Any, visit: Visit) -> None:
    order_id, need_id = _order(cast, visit), _need(cast, visit)
    cast.run_jobs()
    with cast.work("dispatcher") as work:
        from services.matching.queries import open_offers

        offer_id = open_offers(work.session, work.now, work.actor, cast.providers["kangle"])[0].id
    filled = {
        "elder_id:int": cast["wang"], "order_id:int": order_id, "need_id:int": need_id, "offer_id:int": offer_id,
        "visit_id:int": 1, "proxy_id:int": 1, "device_id:int": 1, "category": "bathing", "code": "home_bath", "kind": "friendly_visit",
        "token": PLATE,
    }  # fmt: skip
    confirm = urlencode({"start": _bath(cast)["start"], "provider": cast.providers["kangle"]})
    walked = 0
    for route in (one for room in ROOMS for one in room.router.routes if isinstance(one, APIRoute)):
        path = re.sub(r"\{([^}]+)\}", lambda part: str(filled[part[1]]), route.path)
        if path in OPEN_TO_ANYBODY_SIGNED_IN:
            continue
        if path.endswith("/order/service/home_bath/confirm"):
            path += f"?{confirm}"
        form = _form_of(path) if "POST" in route.methods else {}
        if path.endswith("/photo"):
            form["photo"] = b"no picture"
        answer = visit("outsider", path, **form)
        gone = answer.status_code == 303 and answer.headers["location"] == "/volunteer?said=gone"
        assert answer.status_code in (403, 404, 409) or gone, (path, answer.status_code)
        assert "王秀兰" not in answer.text and "王奶奶" not in answer.text, path
        assert "探访陪伴" not in answer.text, path
        walked += 1
    assert walked > 60


def test_a_stranger_is_led_to_the_sign_in_page_and_back(visit: Visit) -> None:
    answer = visit(None, "/elder")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?back=/elder")


def test_the_same_order_form_sent_twice_is_one_order_and_a_second_wish_is_asked_about(cast: Any, visit: Visit) -> None:
    first = visit("wang", "/elder/orders", **_bath(cast))
    again = visit("wang", "/elder/orders", **_bath(cast))
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    doubled = visit("daughter", f"/family/{cast['wang']}/orders", **_bath(cast))
    assert doubled.status_code == 409 and 'name="again"' in doubled.text and "老人自己已经订过" in doubled.text
    meant = visit("daughter", f"/family/{cast['wang']}/orders", **_bath(cast), again="true")
    assert meant.status_code == 303


def test_a_form_without_its_token_changes_nothing(cast: Any, visit: Visit) -> None:
    assert visit("wang", "/elder/orders", csrf=False, **_bath(cast)).status_code == 403
    assert "现在没有订东西" in visit("wang", "/elder").text


def test_a_time_that_is_past_or_naive_is_answered_not_placed(cast: Any, visit: Visit) -> None:
    past = {**_bath(cast), "start": "2020-01-01T09:00:00+08:00"}
    naive = {**_bath(cast), "start": "2026-11-26T09:00:00"}
    for form in (past, naive, {**_bath(cast), "start": "Thursday"}, {**_bath(cast), "service": "no_such"}):
        answer = visit("wang", "/elder/orders", **form)
        assert answer.status_code in (404, 422), (form["start"], answer.status_code)
    assert "现在没有订东西" in visit("wang", "/elder").text


def test_a_relative_who_may_only_look_cannot_order_and_sees_no_button(cast: Any, visit: Visit) -> None:
    from sqlalchemy import text

    with cast.work("house") as work:
        work.session.connection().execute(text("UPDATE proxy SET scopes = ARRAY['view']"))
    home = visit("daughter", f"/family/{cast['wang']}")
    assert home.status_code == 200 and "您现在只能看" in home.text
    assert visit("daughter", f"/family/{cast['wang']}/orders", **_bath(cast)).status_code == 403


def test_a_relative_asks_the_elder_says_yes_and_takes_it_back(cast: Any, visit: Visit) -> None:
    form = {"elder_name": "王秀兰", "elder_id_number": "320102194804120028", "relation": "侄子", "scopes": "view"}
    wrong = visit("other_carer", "/family/bind", **{**form, "elder_name": "王秀英"})
    assert wrong.status_code == 404 and "不匹配" in wrong.text
    assert visit("other_carer", "/family/bind", **form).status_code == 303
    assert visit("other_carer", "/family/bind", **form).status_code == 409
    assert visit("other_carer", f"/family/{cast['wang']}").status_code == 404, "asked is not yet allowed"
    proxy_id = re.search(r"/elder/consent/(\d+)/confirm", visit("wang", "/elder/consent").text)[1]  # type: ignore[index]
    assert visit("wang", f"/elder/consent/{proxy_id}/confirm", yes="1").status_code == 303
    assert visit("other_carer", f"/family/{cast['wang']}").status_code == 200
    assert visit("wang", f"/elder/consent/{proxy_id}/revoke", no="1").status_code == 303
    assert visit("other_carer", f"/family/{cast['wang']}").status_code == 404


def test_an_offer_answered_too_late_is_said_on_the_board(cast: Any, visit: Visit) -> None:
    order_id = _order(cast, visit)
    cast.run_jobs()
    board = visit("dispatcher", "/provider").text
    offer = re.search(r"/provider/offers/(\d+)/accept", board)[1]  # type: ignore[index]
    cast.advance(hours=20)
    late = visit("dispatcher", f"/provider/offers/{offer}/accept", yes="1")
    assert late.status_code == 409 and "答复时间已过" in late.text
    cast.run_jobs()
    assert "没有及时答复" in visit("wang", f"/elder/orders/{order_id}").text, "it went on without them"


def test_five_wrong_codes_close_that_way_and_each_is_counted(cast: Any, visit: Visit) -> None:
    need_id = _need(cast, visit)
    assert visit("volunteer", f"/volunteer/needs/{need_id}/take", yes="1").status_code == 303
    assert visit("volunteer", f"/volunteer/needs/{need_id}/take", yes="1").status_code == 303, "twice is once"
    with cast.work("volunteer") as work:
        from services.volunteering.queries import my_needs

        need = my_needs(work.session, work.actor)[0]
        ahead = (need.starts_at - work.now).total_seconds()
    cast.advance(seconds=ahead)
    code = re.search(r"<b>(\d{4})</b>", visit("wang", f"/elder/volunteers/{need_id}").text)[1]  # type: ignore[index]
    wrong = f"{(int(code) + 1) % 10000:04d}"
    for turn in range(5):
        answer = visit("volunteer", f"/volunteer/sessions/{need.visit_id}/check-in", code=wrong)
        assert answer.status_code == (429 if turn == 4 else 409), turn
    assert visit("volunteer", f"/volunteer/sessions/{need.visit_id}/check-in", code=code).status_code == 429
    led = visit("volunteer", f"/carer/plate?token={PLATE}")
    assert led.headers["location"].startswith(f"/volunteer/sessions/{need.visit_id}?plate=")
    assert visit("volunteer", f"/volunteer/sessions/{need.visit_id}/check-in", plate=PLATE).status_code == 303
    refused = visit("volunteer", f"/volunteer/sessions/{need.visit_id}/check-in", plate="demo-door-plate-sun")
    assert refused.status_code == 409
