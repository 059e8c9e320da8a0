"""Doors, needs, beds and the desk over HTTP, each for whom it is and for whom it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

PLATE = "demo-door-plate-wang"


@pytest.fixture
def ask(cast: Any) -> Iterator[Callable[..., Any]]:
    """Ask the API in somebody's name: `ask("volunteer", "GET", "/needs")` gives the response."""
    from api.app import create_app

    tokens: dict[str, str] = {}
    with TestClient(create_app(), raise_server_exceptions=True) as client:

        def call(who: str | None, method: str, path: str, **options: Any) -> Any:
            headers = dict(options.pop("headers", {}))
            if who is not None:
                tokens.setdefault(who, cast.token(who))
                headers["Authorization"] = f"Bearer {tokens[who]}"
            return client.request(method, f"/api/v1{path}", headers=headers, **options)

        yield call


def moment(cast: Any, **ahead: float) -> str:
    with cast.work("house") as work:
        return str((work.now + timedelta(**ahead)).isoformat())


def need(cast: Any, **changes: Any) -> dict[str, Any]:
    wanted = {"kind": "friendly_visit", "starts_at": moment(cast, minutes=10), "ends_at": moment(cast, minutes=100)}
    return wanted | changes


def at_the_door(cast: Any, secret: str = PLATE, proof: str = "door_plate", key: str = "in") -> dict[str, Any]:
    return {"proof": proof, "secret": secret, "happened_at": moment(cast), "device": {"event_key": key}}


def test_a_friendly_visit_from_board_to_statement(cast: Any, ask: Any) -> None:
    wang, volunteer = cast["wang"], cast["volunteer"]
    made = ask("daughter", "POST", f"/elders/{wang}/needs", json=need(cast))
    assert made.status_code == 201, made.text
    board = ask("volunteer", "GET", "/needs").json()
    assert [one["id"] for one in board] == [made.json()["need_id"]] and "王" not in str(board)
    taken = ask("volunteer", "POST", f"/needs/{made.json()['need_id']}/taking").json()
    visit = taken["visit_id"]
    assert ask("volunteer", "GET", f"/visits/{visit}/code").status_code == 403
    code = ask("daughter", "GET", f"/visits/{visit}/code").json()["code"]
    wrong = f"{(int(code) + 1) % 10000:04d}"
    refused = ask("volunteer", "POST", f"/visits/{visit}/check-in", json=at_the_door(cast, wrong, "elder_code", "a"))
    assert (refused.status_code, refused.json()["facts"]["tries_left"]) == (409, 4)
    event = at_the_door(cast, code, "elder_code")
    first = ask("volunteer", "POST", f"/visits/{visit}/check-in", json=event).json()
    again = ask("volunteer", "POST", f"/visits/{visit}/check-in", json=event).json()
    assert again == first | {"replayed": True}
    cast.advance(minutes=90)
    body = {"tasks_done": ["聊天问候"], "happened_at": moment(cast), "device": {"event_key": "out"}}
    left = ask("volunteer", "POST", f"/visits/{visit}/check-out", json=body)
    assert left.status_code == 200 and left.json()["served_minutes"] == 90
    cast.run_jobs(only="volunteering.record_session")
    (waiting,) = ask("daughter", "GET", f"/elders/{wang}/volunteer-sessions").json()
    assert ask("volunteer", "POST", f"/volunteer-sessions/{waiting['id']}/confirmation").status_code == 403
    assert ask("outsider", "POST", f"/volunteer-sessions/{waiting['id']}/confirmation").status_code == 404
    assert ask("daughter", "POST", f"/volunteer-sessions/{waiting['id']}/confirmation").status_code == 204
    assert (
        ask("daughter", "POST", f"/volunteer-sessions/{waiting['id']}/dispute", json={"reason": "晚了"}).status_code
        == 409
    )
    statement = ask("volunteer", "GET", f"/volunteers/{volunteer}/statement").json()
    assert (statement["closing_minutes"], statement["lines"][-1]["title"]) == (90, "探访陪伴")
    assert ask("outsider", "GET", f"/volunteers/{volunteer}/statement").status_code == 404
    mine = ask("volunteer", "GET", "/needs/mine").json()
    assert [(one["state"], one["session_state"]) for one in mine] == [("confirmed", "posted")]
    (hers,) = ask("wang", "GET", f"/elders/{wang}/needs").json()
    assert hers["taken_by_name"] == "李文华"


def test_five_wrong_codes_over_http_are_counted_and_answered_with_what_to_do(cast: Any, ask: Any) -> None:
    made = ask("daughter", "POST", f"/elders/{cast['wang']}/needs", json=need(cast)).json()
    visit = ask("volunteer", "POST", f"/needs/{made['need_id']}/taking").json()["visit_id"]
    code = ask("wang", "GET", f"/visits/{visit}/code").json()["code"]
    wrong = f"{(int(code) + 1) % 10000:04d}"
    answers = [
        ask("volunteer", "POST", f"/visits/{visit}/check-in", json=at_the_door(cast, wrong, "elder_code", str(n)))
        for n in range(6)
    ]
    assert [answer.status_code for answer in answers] == [409, 409, 409, 409, 429, 429]
    assert "门牌" in answers[-1].json()["detail"]
    assert ask("volunteer", "POST", f"/visits/{visit}/check-in", json=at_the_door(cast)).status_code == 200
    today = [
        row
        for offset in (-1, 0, 1)
        for row in ask(
            "volunteer",
            "GET",
            "/visits/today",
            params={"day": str(date.fromisoformat(moment(cast)[:10]) + timedelta(days=offset))},
        ).json()
    ]
    assert [(row["id"], row["state"], row["elder_name"]) for row in today] == [(visit, "started", "王秀兰")]
    (of_elder,) = ask("daughter", "GET", f"/elders/{cast['wang']}/visits").json()
    assert of_elder["visitor_name"] == "李文华" and "code" not in str(of_elder)


def test_malformed_input_is_422_and_nothing_is_written(cast: Any, ask: Any) -> None:
    wang = cast["wang"]
    naive = need(cast, starts_at="2026-11-26T09:00:00", ends_at="2026-11-26T10:00:00")
    bad = [
        naive,
        need(cast, kind="no_such_kind"),
        need(cast, title="打电话19900000001"),
        need(cast, starts_at=moment(cast, days=-1)),
        need(cast, starts_at="0001-01-01T00:00:00+14:00"),
        need(cast, name="王秀兰"),
        {},
    ]
    assert [ask("daughter", "POST", f"/elders/{wang}/needs", json=body).status_code for body in bad] == [422] * len(bad)
    assert ask("daughter", "GET", f"/elders/{wang}/needs").json() == []
    attempt = {"channel": "phone", "outcome": "no_answer", "happened_at": moment(cast, days=2)}
    assert ask("officer", "POST", f"/elders/{wang}/visit-attempts", json=attempt).status_code == 422
    assert ask("officer", "GET", "/visit-duties/compliance", params={"month": "9999-12-01"}).status_code == 422
    assert ask("volunteer", "POST", f"/needs/{2**63}/taking").status_code == 422


def test_silence_reaches_the_desk_and_is_closed_by_name(cast: Any, ask: Any) -> None:
    sun = cast["sun"]
    body = {"channel": "home", "outcome": "no_answer", "happened_at": moment(cast)}
    assert ask("daughter", "POST", f"/elders/{sun}/visit-attempts", json=body).status_code == 404
    assert ask("officer", "POST", f"/elders/{sun}/visit-attempts", json=body).status_code == 201
    (door,) = ask("officer", "GET", "/desk/escalations").json()
    assert (door["elder_name"], door["in_charge_name"], door["overdue"]) == ("孙德福", "赵建国", False)
    assert [one["id"] for one in ask("officer", "GET", "/escalations/mine").json()] == [door["id"]]
    month = ask("officer", "GET", "/visit-duties/compliance").json()
    assert (month["due"], month["done"], month["attempts"], month["rate"]) == (2, 0, 1, 0.0)
    unseen = ask("officer", "GET", "/visit-duties/not-yet-visited").json()
    assert [row["elder_name"] for row in unseen] == ["孙德福", "王秀兰"]
    assert ask("other_officer", "GET", "/visit-duties/not-yet-visited").json() == []
    assert (
        ask("other_officer", "POST", f"/escalations/{door['id']}/closing", json={"resolution": "safe"}).status_code
        == 404
    )
    assert ask("officer", "POST", f"/escalations/{door['id']}/closing", json={"resolution": "safe"}).status_code == 204
    assert ask("officer", "POST", f"/escalations/{door['id']}/closing", json={"resolution": "safe"}).status_code == 409
    attempts = ask("officer", "GET", f"/elders/{sun}/visit-attempts").json()
    assert [one["outcome"] for one in attempts] == ["no_answer"]
    ending = {"on": moment(cast, hours=8)[:10], "reason": "moved"}
    assert ask("other_officer", "POST", f"/elders/{sun}/visit-duty/ending", json=ending).status_code == 404
    assert ask("officer", "POST", f"/elders/{sun}/visit-duty/ending", json=ending).status_code == 204
    assert ask("officer", "GET", "/visit-duties/compliance").json()["due"] == 1


def test_the_desk_over_http_has_every_figure(cast: Any, ask: Any) -> None:
    desk = ask("officer", "GET", "/desk")
    assert desk.status_code == 200, desk.text
    shown = desk.json()
    assert shown["area_name"] == "新街口街道" and shown["visits"]["due"] == 2
    assert shown["coverage"]["tiers"][0]["confidence"] and shown["beds"]["city"]["target"] == 0.73
    for path in ("/desk", "/desk/escalations", "/desk/administrative-coverage", "/beds/homes", "/beds/nursing-ratio"):
        assert ask("officer", "GET", path).status_code == 200, path
        assert ask(None, "GET", path).status_code == 401, path
        for who in ("outsider", "daughter", "volunteer", "carer"):
            assert ask(who, "GET", path).status_code == 403, (who, path)
    rows = ask("officer", "GET", "/desk/uncovered", params={"tier": "street_15", "profile": "elder"}).json()
    tier = next(t for t in shown["coverage"]["tiers"] if (t["tier_code"], t["profile"]) == ("street_15", "elder"))
    assert len(rows) == tier["total"] - tier["reached"]
    assert len(ask("officer", "GET", "/beds/nursing-ratio/trend").json()) == 15
    assert ask("officer", "GET", "/beds/nursing-ratio/beds", params={"scope": "area"}).json() == []


def test_a_bed_is_given_and_freed_over_http(cast: Any, ask: Any) -> None:
    with cast.work("house") as work:
        bed = (
            work.session.connection()
            .exec_driver_sql(
                "INSERT INTO bed (facility_id, area_code, label, kind, dementia, basic_guarantee, opened_on) "
                "SELECT id, area_code, '01', 'institution', false, false, '2024-01-01' FROM facility LIMIT 1 "
                "RETURNING id, facility_id"
            )
            .one()
        )
    stay = {"elder_id": cast["wang"], "first_day": "2026-03-01", "emergency": "家中无人照料"}
    assert ask("daughter", "POST", f"/beds/{bed.id}/stays", json=stay).status_code == 403
    assert ask("outsider", "POST", f"/beds/{bed.id}/stays", json=stay).status_code == 403
    assert ask("officer", "POST", f"/beds/{bed.id}/stays", json=stay | {"emergency": ""}).status_code == 409
    made = ask("officer", "POST", f"/beds/{bed.id}/stays", json=stay)
    assert made.status_code == 201, made.text
    other = stay | {"elder_id": cast["sun"]}
    assert ask("officer", "POST", f"/beds/{bed.id}/stays", json=other).status_code == 409
    shown = ask("officer", "GET", f"/beds/homes/{bed.facility_id}", params={"on": "2026-03-02"}).json()
    assert [one["elder_name"] for one in shown] == ["王秀兰"]
    assert ask("operator", "GET", "/beds/homes", params={"on": "2026-03-02"}).json()[0]["occupied"] == 1
    end = {"last_day": "2026-04-01", "reason": "回家"}
    assert ask("outsider", "POST", f"/bed-stays/{made.json()['stay_id']}/ending", json=end).status_code == 403
    assert ask("officer", "POST", f"/bed-stays/{made.json()['stay_id']}/ending", json=end).status_code == 204
    assert ask("officer", "POST", f"/beds/{bed.id}/stays", json=other | {"first_day": "2026-04-01"}).status_code == 201


def test_somebody_becomes_a_volunteer_over_http(cast: Any, ask: Any) -> None:
    body = {"display_name": "小陈", "interests": ["escort"]}
    made = ask("carer", "POST", "/volunteers", json=body)
    assert made.status_code == 201 and made.json()["passport_number"].startswith("GY320100")
    assert ask("carer", "POST", "/volunteers", json=body).status_code == 409
    ticks = {"trained_on": "2026-11-01", "insured_until": "2027-11-01"}
    path = f"/volunteers/{cast['carer']}/training"
    assert ask("carer", "POST", path, json=ticks).status_code == 403
    assert ask("other_officer", "POST", path, json=ticks).status_code == 403
    assert ask("officer", "POST", path, json=ticks).status_code == 204
    made = ask("daughter", "POST", f"/elders/{cast['wang']}/needs", json=need(cast)).json()["need_id"]
    as_volunteer = {"X-Yinling-Role": "volunteer"}
    assert ask("carer", "POST", f"/needs/{made}/taking", headers=as_volunteer).status_code == 200
    assert ask("volunteer", "POST", f"/needs/{made}/taking").status_code == 404
    assert ask("carer", "POST", f"/needs/{made}/release", headers=as_volunteer).status_code == 204
    assert ask("daughter", "POST", f"/needs/{made}/cancellation").status_code == 204
    assert ask("volunteer", "POST", f"/needs/{made}/taking").status_code == 404


def test_a_plate_is_issued_as_a_page_for_printing_and_revoked(cast: Any, ask: Any) -> None:
    wang = cast["wang"]
    assert ask("outsider", "POST", f"/elders/{wang}/door-plate", json={}).status_code == 404
    assert ask("carer", "POST", f"/elders/{wang}/door-plate", json={}).status_code in (403, 404)
    made = ask("officer", "POST", f"/elders/{wang}/door-plate", json={"caption": "3 幢 <b>"})
    assert made.status_code == 201
    plate = made.json()
    assert plate["svg"].startswith("<svg") and "<b>" not in plate["svg"] and plate["address"].endswith(plate["token"])
    assert ask("daughter", "DELETE", f"/elders/{wang}/door-plate").status_code == 204
    assert ask("daughter", "DELETE", f"/elders/{wang}/door-plate").status_code == 404
