"""The officer's and the operator's pages over HTTP: each number with its rows, each form with its refusals."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

PAGES = ("/officer", "/officer/map", "/officer/coverage", "/officer/areas", "/officer/beds", "/officer/visits",
         "/officer/visits/met", "/officer/attempts", "/officer/escalations", "/officer/proxies", "/officer/ledger")  # fmt: skip


class Browser:
    """One person's browser: cookie, Accept header, and forms that carry the page's token."""

    def __init__(self, client: TestClient, cookie: str) -> None:
        self.client, self.cookie = client, cookie

    def get(self, path: str, **query: Any) -> Any:
        headers = {"Accept": "text/html", "Cookie": self.cookie}
        return self.client.get(path, params=query or None, headers=headers, follow_redirects=False)

    def post(self, path: str, page: str, **fields: Any) -> Any:
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get(page).text)
        headers = {"Accept": "text/html", "Cookie": self.cookie}
        data = {"csrf_token": found.group(1) if found else "", **fields}
        return self.client.post(path, data=data, headers=headers, follow_redirects=False)


@pytest.fixture
def browse(cast: Any) -> Iterator[Callable[[str], Browser]]:
    """Open a browser in somebody's name."""
    from api.app import create_app
    from api.deps import SESSION_COOKIE, signed

    with TestClient(create_app()) as client:
        yield lambda who: Browser(client, f"{SESSION_COOKIE}={signed(cast.token(who))}")


def local(cast: Any, **back: float) -> datetime:
    from services.clock import SHANGHAI

    with cast.work("house") as work:
        return (work.now - timedelta(**back)).astimezone(SHANGHAI)


def knock(cast: Any, who: Browser, outcome: str, **changes: Any) -> Any:
    at, page = local(cast, minutes=1), f"/officer/visits/{cast['sun']}"
    fields = {"channel": "home", "outcome": outcome, "day": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M}", "note": "敲了三次"}
    return who.post(page, page, **fields | changes)


def test_from_every_number_on_the_desk_one_click_leads_to_its_rows(cast: Any, browse: Any) -> None:
    officer = browse("officer")
    desk = officer.get("/officer").text
    assert desk.index("路网可信度") < desk.index('class="metric-figure"'), "confidence stands before the percentage"
    assert "估算" in desk and "新街口街道" in desk
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/officer[^"]*)"', desk)}
    assert {link.split("?")[0] for link in links} >= {
        "/officer/coverage", "/officer/areas", "/officer/beds", "/officer/visits", "/officer/visits/met",
        "/officer/attempts", "/officer/ledger",
    }  # fmt: skip
    for link in sorted(links):
        assert officer.get(link).status_code == 200, link


@pytest.mark.parametrize(
    "path", [p for p in PAGES if p not in ("/officer", "/officer/map", "/officer/escalations", "/officer/proxies")]
)
def test_a_page_of_rows_prints_definition_day_and_rules_and_can_be_taken_away(browse: Any, path: str) -> None:
    officer = browse("officer")
    page = officer.get(path).text
    assert "规则版本 2021-2025.3" in page and "截至 20" in page and "<small>" in page
    taken = officer.get(f"{path}.csv")
    rows = list(csv.reader(io.StringIO(taken.text.removeprefix("\ufeff"))))
    assert taken.headers["content-disposition"].startswith("attachment") and taken.text.startswith("\ufeff")
    assert rows[1][0] == "截至" and rows[1][2:] == ["规则版本", "2021-2025.3"] and rows[2][0] == "口径"


def test_a_file_that_is_taken_away_says_that_its_people_are_invented_when_they_are(cast: Any, browse: Any) -> None:
    from sqlalchemy import text

    officer = browse("officer")
    words = "演示数据：人物虚构"
    with cast.work("house") as work:
        work.session.connection().execute(text("UPDATE person SET invented = false"))
        work.session.connection().execute(text("UPDATE facility SET invented = false"))
    assert words not in officer.get("/officer/visits.csv").text
    with cast.work("house") as work:
        work.session.connection().execute(
            text("UPDATE person SET invented = true WHERE id = :id"), {"id": cast["wang"]}
        )
    rows = list(csv.reader(io.StringIO(officer.get("/officer/visits.csv").text)))
    assert rows[3] == [words], "it stands above the columns"


@pytest.mark.parametrize("path", ["/officer", "/officer/map"])
def test_a_page_with_a_map_leads_to_whose_streets_they_are(browse: Any, path: str) -> None:
    page = browse("officer").get(path).text
    assert 'id="map"' in page and 'href="https://www.openstreetmap.org/copyright"' in page


@pytest.mark.parametrize("who", ["daughter", "wang", "carer", "volunteer", "dispatcher", "outsider", "administrator"])
def test_nobody_without_an_office_opens_a_desk(browse: Any, who: str) -> None:
    person = browse(who)
    assert {person.get(path).status_code for path in (*PAGES, "/desk")} == {403}


def test_who_is_not_signed_in_is_led_to_the_door(browse: Any) -> None:
    from api.app import create_app

    with TestClient(create_app()) as client:
        answer = client.get("/officer", headers={"Accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


def test_the_other_streets_officer_finds_none_of_these_elders(cast: Any, browse: Any) -> None:
    assert f"/officer/visits/{cast['sun']}" in browse("officer").get("/officer/visits").text
    other = browse("other_officer")
    assert f"/officer/visits/{cast['sun']}" not in other.get("/officer/visits").text
    assert other.get(f"/officer/visits/{cast['sun']}").status_code == 404
    assert other.get("/officer/coverage", area="320102003902000").status_code == 404


def test_a_knock_without_an_answer_is_no_visit_and_opens_a_search_that_is_closed_with_words(
    cast: Any, browse: Any
) -> None:
    officer = browse("officer")
    assert knock(cast, officer, "no_answer").status_code == 303
    assert f"/officer/visits/{cast['sun']}" in officer.get("/officer/visits").text, "still not seen"
    doors = officer.get("/officer/escalations").text
    (door,) = re.findall(r"/officer/escalations/(\d+)/close", doors)
    assert "孙德福" in doors and "赵建国负责" in doors
    assert "有 1 位老人没人应门" in officer.get("/officer").text
    close, page = f"/officer/escalations/{door}/close", "/officer/escalations"
    empty = officer.post(close, page, **{f"outcome-{door}": "", f"words-{door}": ""})
    assert empty.status_code == 422 and "请选结果" in empty.text
    done = officer.post(close, page, **{f"outcome-{door}": "safe", f"words-{door}": "在邻居家"})
    assert done.status_code == 303
    again = officer.client.post(close, data={}, headers={"Cookie": officer.cookie}, follow_redirects=False)
    assert again.status_code == 403, "a form without the page's token"
    after = officer.get("/officer/escalations").text
    assert "确认平安" in after and f"/officer/escalations/{door}/close" not in after


def test_a_meeting_moves_the_elder_from_one_list_to_the_other(cast: Any, browse: Any) -> None:
    officer = browse("officer")
    assert knock(cast, officer, "seen").status_code == 303
    href = f"/officer/visits/{cast['sun']}"
    assert href not in officer.get("/officer/visits").text and href in officer.get("/officer/visits/met").text
    assert "敲了三次" in officer.get("/officer/attempts", met="yes").text
    assert "敲了三次" not in officer.get("/officer/attempts", met="no").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"channel": "pigeon"}, "请选怎么找的"), ({"outcome": "maybe"}, "请选结果"), ({"time": "half past"}, "请写清哪一天几点"),
     ({"day": "2035-01-01"}, "不能是以后的日子"), ({"day": "2020-01-01"}, "只能补录最近两个月的探访")],
)  # fmt: skip
def test_a_try_that_cannot_be_is_asked_for_again_with_what_was_written(
    cast: Any, browse: Any, changes: dict[str, str], said: str
) -> None:
    refused = knock(cast, browse("officer"), **{"outcome": "seen"} | changes)
    assert refused.status_code == 422 and said in refused.text and "敲了三次" in refused.text
    with cast.work("officer") as work:
        assert work.session.connection().execute(text("SELECT count(*) FROM visit_attempt")).scalar() == 0


def test_the_phone_number_is_shown_on_request_and_the_reading_is_kept(cast: Any, browse: Any) -> None:
    officer, page = browse("officer"), f"/officer/visits/{cast['sun']}"
    assert "19900000003" not in officer.get(page).text
    assert "19900000003" in officer.post(f"{page}/phone", page).text
    with cast.work("officer") as work:
        kept = work.session.connection().execute(text("SELECT facts FROM act WHERE verb = 'read_phone'")).scalar_one()
    assert kept["reason"] == "探访联系老人"


def test_the_auditor_reads_everything_under_a_banner_and_has_no_form_to_send(cast: Any, browse: Any) -> None:
    auditor = browse("auditor")
    for path in (*PAGES, f"/officer/visits/{cast['sun']}", f"/desk?elder={cast['wang']}"):
        page = auditor.get(path)
        assert page.status_code == 200 and 'method="post"' not in page.text, path
        assert path.startswith("/desk") or "您是审计员" in page.text, path
    assert auditor.get("/officer/visits.csv").status_code == 200


def test_what_begins_like_a_formula_is_quoted_in_the_file(cast: Any, browse: Any) -> None:
    officer = browse("officer")
    knock(cast, officer, "seen", note='=HYPERLINK("http://x")')
    rows = list(csv.reader(io.StringIO(officer.get("/officer/attempts.csv").text)))
    assert rows[-1][-1] == '\'=HYPERLINK("http://x")'
    with cast.work("officer") as work:
        kept = work.session.connection().execute(text("SELECT facts FROM act WHERE verb = 'export_rows'")).scalar_one()
    assert kept["path"] == "/officer/attempts.csv" and kept["rows"] == 1


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "\r=1"])
def test_every_way_a_formula_begins_is_disarmed(begin: str) -> None:
    from api.pages.officer_sheets import safe_cell

    assert safe_cell(begin) == f"'{begin}"
    assert safe_cell(-5) == -5 and safe_cell({"text": begin, "href": "/x"}) == f"'{begin}"


def ask_proxy(cast: Any) -> None:
    with cast.work("house") as work:
        work.session.connection().execute(
            text(
                "INSERT INTO proxy (elder_id, area_code, proxy_person_id, relation, ground, scopes, state, requested_at)"
                " SELECT :sun, area_code, :relative, 'niece', 'family', ARRAY['view', 'order'], 'requested', :now"
                " FROM person WHERE id = :sun"
            ),
            {"sun": cast["sun"], "relative": cast["daughter"], "now": work.now},
        )


def test_a_relative_is_confirmed_by_the_elders_own_office_only(cast: Any, browse: Any) -> None:
    ask_proxy(cast)
    assert "李敏" not in browse("other_officer").get("/officer/proxies").text
    officer = browse("officer")
    page = officer.get("/officer/proxies").text
    assert "李敏（侄女）" in page and "看情况、下单" in page
    (proxy,) = re.findall(r"/officer/proxies/(\d+)/confirm", page)
    assert officer.post(f"/officer/proxies/{proxy}/confirm", "/officer/proxies").status_code == 303
    with cast.work("officer") as work:
        state = work.session.connection().execute(text("SELECT state FROM proxy WHERE id = :p"), {"p": proxy}).scalar()
    assert state == "confirmed" and "李敏" not in officer.get("/officer/proxies").text


def test_a_request_that_was_refused_is_gone(cast: Any, browse: Any) -> None:
    ask_proxy(cast)
    officer = browse("officer")
    (proxy,) = re.findall(r"/officer/proxies/(\d+)/refuse", officer.get("/officer/proxies").text)
    assert officer.post(f"/officer/proxies/{proxy}/refuse", "/officer/proxies").status_code == 303
    assert "没有。" in officer.get("/officer/proxies").text


def test_a_caller_is_found_by_name_by_her_own_and_by_her_daughters_number(cast: Any, browse: Any) -> None:
    operator, href = browse("operator"), f'href="/desk?elder={cast["wang"]}"'
    for query in ("王秀兰", "王", "199 0000 0001", "19900000002"):
        page = operator.get("/desk", query=query).text
        assert href in page and "王秀兰" not in page.replace('value="王秀兰"', ""), query
    assert "来电的是女儿" in operator.get("/desk", query="19900000002").text
    for query in ("%", "赵建国", "13800138000", "0001"):
        assert "没有找到" in operator.get("/desk", query=query).text, query


def order_fields(cast: Any, **changes: Any) -> dict[str, Any]:
    day = local(cast, days=-2)
    return {
        "elder": cast["wang"], "service": "home_bath", "day": f"{day:%Y-%m-%d}", "window": "09:00",
        "provider": cast.providers["kangle"], "idempotency_key": "a-call-on-monday-1", "call_note": "说慢些",
    } | changes  # fmt: skip


@pytest.mark.mission("DY-34")
def test_an_order_by_phone_is_placed_once_however_often_the_button_is_pressed(cast: Any, browse: Any) -> None:
    operator, fields = browse("operator"), order_fields(cast)
    page = f"/desk?elder={cast['wang']}&service=home_bath&day={fields['day']}&window=09:00"
    offered = operator.get(page).text
    assert f'name="provider" value="{cast.providers["kangle"]}"' in offered and "走路" in offered
    first, second = (operator.post("/desk/orders", page, **fields) for _ in range(2))
    assert first.status_code == 303 and first.headers["location"] == second.headers["location"]
    assert "念给老人听" in operator.get(first.headers["location"]).text
    with cast.work("operator") as work:
        (order,) = work.session.connection().execute(text("SELECT channel, by_right, note FROM care_order")).all()
    assert tuple(order) == ("phone", "office:operator", "说慢些")
    doubled = operator.post("/desk/orders", page, **order_fields(cast, idempotency_key="a-call-on-monday-2"))
    assert doubled.status_code == 409 and 'name="again"' in doubled.text
    once_more = operator.post(
        "/desk/orders", page, **order_fields(cast, idempotency_key="a-call-on-monday-2", again="true")
    )
    assert once_more.status_code == 303


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"provider": ""}, "请选一家机构"), ({"window": "soon"}, "请选哪一天几点"), ({"service": "no_such"}, ""),
     ({"day": "2020-01-01"}, ""), ({"provider": 999999}, "")],
)  # fmt: skip
def test_an_order_that_cannot_be_is_read_back_with_why(
    cast: Any, browse: Any, changes: dict[str, Any], said: str
) -> None:
    operator, page = browse("operator"), f"/desk?elder={cast['wang']}&service=home_bath&day=2020-01-01&window=09:00"
    page = page.replace("2020-01-01", order_fields(cast)["day"])
    refused = operator.post("/desk/orders", page, **order_fields(cast, **changes))
    assert refused.status_code in (404, 409, 422) and said in refused.text and 'role="alert"' in refused.text
    with cast.work("operator") as work:
        assert work.session.connection().execute(text("SELECT count(*) FROM care_order")).scalar() == 0


@pytest.mark.mission("DY-04")
def test_a_site_registered_by_community_counts_for_the_quarter_it_stands_in(cast: Any, browse: Any) -> None:
    from services.cities.queries import rules_in_force
    from services.clock import civil_date

    quarter = 320102003902907
    with cast.work("house") as work:
        rules = rules_in_force(work.session, quarter, civil_date(work.now))
        needed = rules.types_for_tier("quarter_5")["service_station"]
        connection = work.session.connection()
        connection.execute(
            text(
                "INSERT INTO area (code, level, name, parent_code, geom)"
                " SELECT :code, 'quarter', '试点小区', 320102003000000, ST_Multi(ST_Buffer(geom, 0.001))"
                " FROM facility ORDER BY id LIMIT 1"
            ),
            {"code": quarter},
        )
    officer = browse("officer")
    row = re.compile(r"试点小区</th>.{0,40}<td>(配齐了|没配齐)</td>", re.DOTALL)
    assert row.search(officer.get("/officer/areas", tier="quarter_5").text)[1] == "没配齐"  # type: ignore[index]
    with cast.work("house") as work:
        work.session.connection().execute(
            text(
                "UPDATE facility SET type_code = 'service_station', functions = :needed, area_code = 320102003902000"
                " WHERE id = (SELECT min(id) FROM facility)"
            ),
            {"needed": list(needed)},
        )
    assert row.search(officer.get("/officer/areas", tier="quarter_5").text)[1] == "配齐了"  # type: ignore[index]


def test_a_sites_circles_are_exact_shapes_the_widest_first(cast: Any, browse: Any) -> None:
    officer = browse("officer")
    with cast.work("officer") as work:
        site = work.session.connection().execute(text("SELECT min(id) FROM facility")).scalar()
    answer = officer.get(f"/officer/circles/{site}.geojson", profile="elder")
    assert answer.headers["content-type"] == "application/geo+json"
    drawn = answer.json()["features"]
    assert [one["properties"]["minutes"] for one in drawn] == [15, 10, 5]
    assert [one["properties"]["tier"] for one in drawn] == [0, 1, 2]
    assert all(one["geometry"]["coordinates"] for one in drawn)
    assert officer.get(f"/officer/circles/{site}.geojson", profile="flying").status_code == 422
    assert officer.get("/officer/circles/99999.geojson").status_code == 404


def test_the_demonstrations_clock_moves_forward_by_its_steps_only(cast: Any, browse: Any) -> None:
    officer, before = browse("officer"), local(cast)
    assert officer.post("/dev/clock", "/dev/clock", by="3d").status_code == 303
    assert timedelta(days=3) <= local(cast) - before < timedelta(days=3, minutes=5)
    assert officer.post("/dev/clock", "/dev/clock", by="-3d").status_code == 422
    assert "比真的时间快 72 小时" in officer.get("/dev/clock").text


def test_outside_the_demonstration_there_is_no_clock(cast: Any, browse: Any, monkeypatch: Any) -> None:
    officer = browse("officer")
    from services.settings import settings

    monkeypatch.setattr(settings(), "demonstration", False)
    assert officer.get("/dev/clock").status_code == 404
