"""An officer closes, moves and mends a site over HTTP and on her page; the circles follow and she can take it back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.circles.coverage import coverage
from services.unit_of_work import SYSTEM, unit_of_work

CITY = 320100000000000
REACHED = "SELECT count(*) FROM elder_reach WHERE within AND profile = 'elder'"


@pytest.fixture
def client(cast: Any) -> Any:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False) as client:
        yield client


@pytest.fixture
def site(cast: Any) -> int:
    """Kangle's site around the corner from 王奶奶, in officer Zhao's street, with what it counts for judged once."""
    from services.circles.actions import refresh_reach

    with cast.work("house") as work:
        change = work.session.connection().execute
        change(
            text(
                "UPDATE facility SET area_code = 320102003904000, type_code = 'service_station',"
                " functions = '{convenience,meals}', original_lon = 118.7850, original_lat = 32.0486,"
                " original_crs = 'wgs84', geom = ST_SetSRID(ST_MakePoint(118.7850, 32.0486), 4326) WHERE code = 'NJD010'"
            )
        )
        change(
            text(
                "INSERT INTO area (code, level, name, geom) SELECT 320102003904000, 'community', '杨将军巷',"
                " ST_Multi(ST_MakeEnvelope(118.77, 32.03, 118.80, 32.06, 4326))"
                " ON CONFLICT (code) DO UPDATE SET geom = excluded.geom"
            )
        )
        refresh_reach(work.session, work.now, CITY)
    return int(one(cast, "SELECT id FROM facility WHERE code = 'NJD010'"))


def one(cast: Any, statement: str) -> Any:
    with cast.work("house") as work:
        return work.session.connection().execute(text(statement)).scalar_one()


def api(cast: Any, client: TestClient, who: str, site: int, wish: dict[str, Any], key: str, path: str = "") -> Any:
    headers = {"Authorization": f"Bearer {cast.token(who)}", "Idempotency-Key": key}
    return client.post(f"/api/v1/facilities/{site}/changes{path}", json=wish, headers=headers)


def live(cast: Any) -> dict[str, int]:
    """What the live coverage counts as reached, by circle, as the elder walks."""
    with unit_of_work(SYSTEM, login="jobs") as work:
        found = coverage(work.session, CITY)
    return {tier.tier_code: int(tier.reached) for tier in found.tiers if tier.profile == "elder"}


def test_what_is_promised_is_what_happens_and_it_can_be_taken_back(cast: Any, client: TestClient, site: int) -> None:
    before = live(cast)
    promised = api(cast, client, "officer", site, {"status": "closed"}, "look", "/effect?profile=elder").json()
    assert promised["changed"] == ["closed_on", "status"] and any(tier["lose"] for tier in promised["tiers"])
    assert one(cast, "SELECT count(*) FROM facility_change") == 0 and live(cast) == before
    closed = api(cast, client, "officer", site, {"status": "closed"}, "closing-1")
    assert closed.status_code == 201 and closed.json()["facility"]["status"] == "closed"
    assert "circles.facility_changed" in cast.run_jobs()
    assert live(cast) == {tier["tier_code"]: tier["after"] for tier in promised["tiers"]} != before
    change = closed.json()["change"]["id"]
    assert api(cast, client, "officer", site, {"undoes": change}, "undo-0001").status_code == 201
    cast.run_jobs()
    assert live(cast) == before
    assert api(cast, client, "officer", site, {"undoes": change}, "undo-0002").status_code == 409
    listed = client.get(f"/api/v1/facilities/{site}/changes").json()
    assert [row["undoes"] for row in listed] == [change, None]
    assert one(cast, "SELECT count(*) FROM act WHERE verb = 'change_facility'") == 2


def test_the_same_key_changes_nothing_twice(cast: Any, client: TestClient, site: int) -> None:
    first = api(cast, client, "officer", site, {"lose": ["meals"], "day_places": 7}, "again-0001")
    api(cast, client, "officer", site, {"gain": ["meals"]}, "again-0002")
    again = api(cast, client, "officer", site, {"lose": ["meals"], "day_places": 7}, "again-0001")
    assert (first.status_code, again.status_code) == (201, 200) and again.json()["change"]["repeated"]
    assert "meals" in again.json()["facility"]["functions"], "the retry came late and undid nothing"
    other = api(cast, client, "officer", site, {"day_places": 8}, "again-0001")
    assert other.status_code == 409
    same = api(cast, client, "officer", site, {"day_places": 7}, "again-0003")
    assert same.status_code == 200 and same.json()["change"]["id"] is None


def test_a_wish_that_makes_no_sense_is_refused(cast: Any, client: TestClient, site: int) -> None:
    for number, (wish, status) in enumerate((
        ({}, 422),
        ({"place": {"lon": 118.786, "lat": 32.0475}}, 422),
        ({"place": {"lon": 118.786, "lat": 32.0475, "crs": "moon"}}, 422),
        ({"place": {"lon": 118.9, "lat": 32.3, "crs": "wgs84"}}, 403),
        ({"gain": ["flying"]}, 422),
        ({"gain": ["meals"], "lose": ["meals"]}, 422),
        ({"undoes": 99999}, 404),
        ({"undoes": 1, "status": "closed"}, 422),
    )):  # fmt: skip
        assert api(cast, client, "officer", site, wish, f"refused-{number}").status_code == status, wish


def test_another_street_and_other_offices_may_not_and_the_database_agrees(
    cast: Any, client: TestClient, site: int
) -> None:
    for who in ("other_officer", "operator", "advisor", "dispatcher", "auditor", "outsider"):
        assert api(cast, client, who, site, {"status": "closed"}, "not-mine").status_code == 403, who
    assert api(cast, client, "administrator", site, {"day_places": 3}, "house-0001").status_code == 201
    for who in ("other_officer", "advisor", "outsider"):
        with pytest.raises(ProgrammingError, match="by the office of its area"), cast.work(who) as work:
            work.session.connection().execute(text("UPDATE facility SET day_places = 99 WHERE code = 'NJD010'"))
    with pytest.raises(ProgrammingError, match="permission denied"), cast.work("officer") as work:
        work.session.connection().execute(text("UPDATE facility SET name = 'mine' WHERE code = 'NJD010'"))


def test_a_site_moves_with_its_own_coordinates_kept(cast: Any, client: TestClient, site: int) -> None:
    place = {"lon": 118.7912, "lat": 32.0455, "crs": "gcj02"}
    moved = api(cast, client, "officer", site, {"place": place}, "moving-01")
    assert moved.status_code == 201, moved.text
    shown = moved.json()["facility"]
    assert shown["lon"] == pytest.approx(118.7860, abs=5e-4) and shown["lat"] == pytest.approx(32.0475, abs=5e-4)
    before = moved.json()["change"]["before"]
    api(cast, client, "officer", site, {"undoes": moved.json()["change"]["id"]}, "moving-02")
    back = one(
        cast, f"SELECT ARRAY[original_lon, original_lat, ST_X(geom), ST_Y(geom)] FROM facility WHERE id = {site}"
    )
    assert back[:2] == [before["original_lon"], before["original_lat"]]
    assert back[2:] == pytest.approx(back[:2], abs=0.01)


def page(cast: Any, client: TestClient, who: str, path: str, form: dict[str, Any] | None = None) -> Any:
    from api.deps import SESSION_COOKIE, signed

    headers = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}={signed(cast.token(who))}"}
    if form is None:
        return client.get(path, headers=headers)
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get("/officer/lists", headers=headers).text)
    return client.post(path, data={"csrf_token": token.group(1) if token else "", **form}, headers=headers)


def test_on_her_page_she_sees_first_confirms_and_takes_back(cast: Any, client: TestClient, site: int) -> None:
    here = f"/officer/facilities/{site}"
    assert f'href="{here}"' in page(cast, client, "officer", "/officer/facilities").text
    shown = page(cast, client, "officer", here).text
    assert "停办" in shown and f'action="{here}/effect"' in shown
    looked = page(cast, client, "officer", f"{here}/effect", {"kind": "status", "status": "closed"})
    assert looked.status_code == 200 and "改了以后" in looked.text and "就这样改" in looked.text
    assert one(cast, "SELECT count(*) FROM facility_change") == 0
    hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', looked.text))
    assert hidden["kind"] == "status" and len(hidden["key"]) == 32
    hidden.pop("csrf_token")
    assert page(cast, client, "officer", f"{here}/changes", hidden).status_code == 303
    assert page(cast, client, "officer", f"{here}/changes", hidden).status_code == 303, "a double tap is one change"
    assert one(cast, "SELECT count(*) FROM facility_change") == 1
    after = page(cast, client, "officer", here).text
    assert "已停办" in after and "重新开办" in after
    change = str(one(cast, "SELECT max(id) FROM facility_change"))
    undo = {"kind": "undo", "undoes": change}
    assert "就这样改" in page(cast, client, "officer", f"{here}/effect", undo).text
    assert page(cast, client, "officer", f"{here}/changes", undo).status_code == 303
    assert "撤回：" in page(cast, client, "officer", here).text
    assert one(cast, f"SELECT status FROM facility WHERE id = {site}") == "open"


def test_her_page_says_what_is_wrong_and_the_auditor_only_looks(cast: Any, client: TestClient, site: int) -> None:
    here = f"/officer/facilities/{site}"
    for form, said in (
        ({"kind": "place", "lon": "", "lat": "", "crs": "wgs84"}, "请在地图上点一下"),
        ({"kind": "day_places", "day_places": "-1"}, "请填 0 到 10000 的数"),
        ({"kind": "nothing"}, "请选要改什么"),
    ):
        answer = page(cast, client, "officer", f"{here}/effect", form)
        assert answer.status_code == 422 and said in answer.text, form
    looked = page(cast, client, "auditor", here)
    assert looked.status_code == 200 and "/effect" not in looked.text
    assert page(cast, client, "auditor", f"{here}/changes", {"kind": "status", "status": "closed"}).status_code == 403
    assert page(cast, client, "other_officer", here).status_code == 404
