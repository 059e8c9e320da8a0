"""An officer opens a compound's gate and bars a lane on her page, and takes both away again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

PAGE = "/officer/gates"
PLACE = {"kind": "gate", "lon": "118.7900", "lat": "32.0410", "crs": "wgs84", "reason": "东门白天开着"}


@pytest.fixture
def client(cast: Any) -> Any:
    from api.app import create_app

    with TestClient(create_app(), follow_redirects=False) as client:
        yield client


def go(cast: Any, client: TestClient, who: str, path: str, form: dict[str, str] | None = None) -> Any:
    """Fetch a page in somebody's name, or send its form with the page's token."""
    from api.deps import SESSION_COOKIE, signed

    headers = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}={signed(cast.token(who))}"}
    if form is None:
        return client.get(path, headers=headers)
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get(PAGE, headers=headers).text)
    return client.post(path, data={"csrf_token": token.group(1) if token else "", **form}, headers=headers)


def test_a_gate_is_opened_listed_and_taken_away(cast: Any, client: TestClient) -> None:
    assert go(cast, client, "officer", PAGE, PLACE).status_code == 303
    listed = go(cast, client, "officer", PAGE).text
    assert "东门白天开着" in listed and "118.79000, 32.04100" in listed
    with cast.work("house") as work:
        gate = work.session.connection().execute(text("SELECT max(id) FROM geo.network_gate")).scalar_one()
        acts = (
            work.session.connection()
            .execute(text("SELECT verb FROM act WHERE verb <> 'sign_in' ORDER BY id DESC LIMIT 1"))
            .scalar_one()
        )
        jobs = (
            work.session.connection()
            .execute(text("SELECT count(*) FROM outbox WHERE job = 'circles.refresh' AND state <> 'done'"))
            .scalar_one()
        )
    assert acts == "add_gate" and jobs >= 1
    assert go(cast, client, "officer", f"{PAGE}/{gate}/remove", {}).status_code == 303
    assert "已撤下" in go(cast, client, "officer", PAGE).text
    assert go(cast, client, "officer", f"{PAGE}/{gate}/remove", {}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lon": ""}, "请在地图上点一下，或填写经度"),
        ({"lat": "95"}, "请在地图上点一下，或填写纬度"),
        ({"reason": ""}, "请写明原因"),
        ({"crs": "moon"}, "请选坐标是哪种地图的"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_what_was_typed_stays(
    cast: Any, client: TestClient, wrong: dict[str, str], said: str
) -> None:
    answer = go(cast, client, "officer", PAGE, PLACE | wrong)
    assert answer.status_code == 422 and said in answer.text
    assert 'value="东门白天开着"' in answer.text or "reason" in wrong


def test_an_auditor_looks_and_changes_nothing(cast: Any, client: TestClient) -> None:
    page = go(cast, client, "auditor", PAGE)
    assert page.status_code == 200 and 'action="/officer/gates"' not in page.text
    assert go(cast, client, "auditor", PAGE, PLACE).status_code == 403
    assert go(cast, client, "outsider", PAGE).status_code == 403
