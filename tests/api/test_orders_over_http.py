"""An order over HTTP, from the daughter's match to her rating, with the clear answers in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from yl_quarter import Quarter


@pytest.fixture
def http(quarter: Quarter) -> Iterator[Any]:
    """Speak to the application in somebody's name: `http("daughter", "GET", "/orders")`."""
    from api.app import create_app

    tokens: dict[str, str] = {}
    with TestClient(create_app(), raise_server_exceptions=False) as client:

        def speak(who: str, method: str, path: str, key: str | None = None, **json: Any) -> Any:
            if who not in tokens:
                tokens[who] = quarter.token(who)
            headers = {"Authorization": f"Bearer {tokens[who]}"} | ({"Idempotency-Key": key} if key else {})
            return client.request(method, f"/api/v1{path}", headers=headers, json=json or None)

        yield speak


def wish(quarter: Quarter, **changes: Any) -> dict[str, Any]:
    return {
        "elder_id": quarter["wang"], "service_code": "home_bath", "starts_at": quarter.thursday(9).isoformat(),
        "ends_at": quarter.thursday(11).isoformat(),
    } | changes  # fmt: skip


@pytest.mark.mission("DY-34", "TZ-08", "HB-18", "NG-01")
def test_the_daughters_order_travels_from_match_to_rating(quarter: Quarter, http: Any) -> None:
    tiles = http("daughter", "GET", f"/elders/{quarter['wang']}/menu").json()
    bath = next(tile for tile in tiles if tile["code"] == "bathing")["lines"][0]
    assert (bath["from_fen"], bath["providers"]) == (9000, 3)
    assert "friendly_visit" not in {line["service"]["code"] for tile in tiles for line in tile["lines"]}
    found = http("daughter", "POST", "/match", **wish(quarter)).json()
    assert [one["provider_name"] for one in found["candidates"]] == [
        "康乐居家养老服务中心",
        "安康居家养老服务站",
    ]
    assert {one["code"] for one in found["left_out"]} == {"too_far", "blocked"}

    asked = wish(quarter, chosen_provider_id=quarter.providers["kangle"])
    placed = http("daughter", "POST", "/orders", key="daughter-order-1", **asked)
    again = http("daughter", "POST", "/orders", key="daughter-order-1", **asked)
    assert (placed.status_code, again.status_code) == (201, 200)
    order = placed.json()["order_id"]
    assert again.json()["order_id"] == order and placed.json()["government_fen"] == 5000

    quarter.run_jobs(only="matching.offer_next")
    offers = http("kangle_dispatcher", "GET", f"/providers/{quarter.providers['kangle']}/offers").json()
    accepted = http("kangle_dispatcher", "POST", f"/offers/{offers[0]['id']}/acceptance")
    assert accepted.status_code == 201 and accepted.json()["order_id"] == order
    second = http("kangle_second", "POST", f"/offers/{offers[0]['id']}/acceptance")
    assert (second.status_code, second.json()["title"]) == (409, "AlreadyAccepted")
    free = http("kangle_dispatcher", "GET", f"/orders/{order}/free-carers").json()
    assert [one["display_name"] for one in free] == ["刘英", "陈芳"]
    assigned = http("kangle_dispatcher", "POST", f"/orders/{order}/assignment", carer_id=quarter["chen"])
    assert assigned.status_code == 201
    day = quarter.thursday(9).date()
    assert [job["order_id"] for job in http("chen", "GET", f"/me/jobs?day={day}").json()] == [order]

    from workers.jobs.orders import mark_served

    with quarter.work("house") as work:
        mark_served(work, order)
    shown = http("daughter", "GET", f"/orders/{order}").json()
    assert (shown["state"], shown["carer_name"], shown["can_confirm"]) == ("served", "陈芳", True)
    assert http("daughter", "POST", f"/orders/{order}/confirmation").json()["state"] == "confirmed"
    assert http("daughter", "POST", f"/orders/{order}/rating", face=3).status_code == 201
    twice = http("daughter", "POST", f"/orders/{order}/rating", face=3)
    assert (twice.status_code, twice.json()["title"]) == (409, "AlreadyRated")
    steps = http("wang", "GET", f"/orders/{order}/timeline").json()
    assert [step["kind"] for step in steps][-2:] == ["confirmed", "rated"]


def test_bad_input_gets_a_clear_answer(quarter: Quarter, http: Any) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"starts_at": "2026-11-26T09:00:00"}, 422, "BadTime"),
        ({"starts_at": "2001-01-01T09:00:00+08:00"}, 422, "BadTime"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, 422, "BadTime"),
        ({"service_code": "moon_walk"}, 404, "UnknownService"),
        ({"service_code": "Bath!"}, 422, "Malformed"),
        ({"elder_id": quarter["sun"]}, 404, "NotFound"),
        ({"elder_id": 2**62}, 404, "NotFound"),
        ({"chosen_provider_id": quarter.providers["tingban"]}, 409, "NotOffered"),
        ({"ends_at": quarter.thursday(20).isoformat()}, 409, "OutsideOpening"),
        ({"note": "a\x00b"}, 422, "Invalid"),
        ({"surprise": 1}, 422, "Malformed"),
    ]
    for change, status, kind in cases:
        answer = http("daughter", "POST", "/orders", key="bad-input-key", **wish(quarter, **change))
        assert (answer.status_code, answer.json()["title"]) == (status, kind), change
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert http("daughter", "POST", "/orders", **wish(quarter)).status_code == 422
    for table in ("care_order", "order_event", "entitlement_use", "outbox", "message"):
        assert quarter.one(f"SELECT count(*) FROM {table}") == 0, table
    for change, status, kind in cases[:6]:
        answer = http("daughter", "POST", "/match", **wish(quarter, **change))
        assert (answer.status_code, answer.json()["title"]) == (status, kind), change


def test_who_may_see_nothing_sees_nothing(quarter: Quarter, http: Any) -> None:
    placed = quarter.accepted()
    wang, order = quarter["wang"], placed.order_id
    offer = quarter.one("SELECT id FROM offer")
    assert http("wu", "GET", "/orders").json() == []
    assert http("wu", "GET", "/unmet-needs").json() == []
    assert http("wu", "GET", "/me/jobs").json() == []
    for method, path, body in [
        ("GET", f"/orders/{order}", {}), ("GET", f"/orders/{order}/timeline", {}), ("GET", f"/elders/{wang}/menu", {}),
        ("GET", f"/elders/{wang}/entitlements", {}), ("GET", f"/order-numbers/{placed.order_number}", {}),
        ("POST", f"/orders/{order}/cancellation", {"reason": "other"}), ("POST", f"/orders/{order}/confirmation", {}),
        ("POST", f"/orders/{order}/rating", {"face": 3}), ("POST", f"/offers/{offer}/acceptance", {}),
        ("POST", f"/offers/{offer}/refusal", {"reason": "other"}), ("GET", f"/orders/{order}/free-carers", {}),
        ("POST", f"/orders/{order}/assignment", {"carer_id": quarter["chen"]}),
        ("PUT", f"/orders/{order}/assignment", {"carer_id": quarter["chen"], "reason": "x"}), ("POST", "/match", wish(quarter)),
    ]:  # fmt: skip
        assert http("wu", method, path, **body).status_code == 404, path
    for path in ("offers", "unassigned-orders", "jobs"):
        assert http("wu", "GET", f"/providers/{quarter.providers['kangle']}/{path}").status_code == 403


def test_the_officer_sees_unmet_needs_and_the_family_the_month(quarter: Quarter, http: Any) -> None:
    quarter.place(service_code="home_rehab", chosen_provider_id=None)
    quarter.run_jobs(only="matching.offer_next")
    assert [one["service_name"] for one in http("zhao", "GET", "/unmet-needs").json()] == ["上门康复"]
    quarter.place()
    month = http("son", "GET", f"/elders/{quarter['wang']}/entitlements").json()
    assert (month[0]["held_fen"], month[0]["left_fen"]) == (6000, 24000)
    assert http("daughter", "GET", "/services/home_bath").json()["minutes"] == 90
    assert http("daughter", "GET", "/services/foot_care").status_code == 404
