"""Every refusal the house knows has its answer: a class that nobody mapped fails here, not before an elder."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

import api
import geo
import services
import timebank
from api.errors import BELOW, STATUS, add_error_handlers, by_constraint, status_of
from geo.errors import GeoError, NotSnapped
from services.errors import DomainError
from timebank.errors import CapExceeded, TimebankError


def kinds_of(base: type[Exception]) -> Iterator[type[Exception]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds_of(kind)


@pytest.fixture(scope="module", autouse=True)
def whole_house() -> None:
    """Import every module, so that no error class hides in one nobody asked for."""
    for package in (services, geo, timebank, api):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(info.name)


def test_every_refusal_of_every_room_has_a_status_and_a_sentence_in_chinese() -> None:
    kinds = [kind for kind in kinds_of(DomainError) if kind.__module__.startswith(("services.", "api."))]
    assert len(kinds) > 100
    unmapped = [kind.__name__ for kind in kinds if not set(kind.__mro__) & set(STATUS)]
    assert unmapped == []
    mute = [kind.__name__ for kind in kinds if not any("\u4e00" <= sign <= "\u9fff" for sign in kind.message_zh)]
    assert mute == []


def test_every_refusal_of_the_ledger_and_the_map_has_a_status() -> None:
    kinds = {kind for base in (TimebankError, GeoError) for kind in kinds_of(base)}
    known = {kind for kind in kinds if kind.__module__.startswith(("timebank.", "geo."))}
    assert known == set(BELOW)
    assert set(BELOW.values()) <= set(STATUS)


def test_every_rule_of_the_database_that_has_a_name_means_a_mapped_refusal() -> None:
    assert by_constraint()
    assert {status_of(kind(constraint="any")) for kind in by_constraint().values()} <= {403, 404, 409, 422}


def test_a_row_that_row_level_security_keeps_from_a_person_is_forbidden_not_a_breakdown(cast) -> None:
    app = FastAPI()
    add_error_handlers(app)

    @app.post("/elders")
    def register_another() -> None:
        with cast.work("outsider") as work:
            work.session.connection().execute(
                text("INSERT INTO elder (person_id, area_code, living, groups, care_level, registered_on)"
                     " VALUES (:id, 320102003902901, 'alone', '{}', 0, '2026-01-01')"),
                {"id": cast["officer"]},
            )  # fmt: skip

    @app.post("/mistakes")
    def ask_for_what_is_not_there() -> None:
        with cast.work("outsider") as work:
            work.session.connection().execute(text("SELECT * FROM no_such_table"))

    client = TestClient(app, raise_server_exceptions=False)
    answer = client.post("/elders")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert json.loads(answer.content)["type"] == "urn:yinling:problem:NotAllowed"
    assert "row-level" not in answer.text
    assert client.post("/mistakes").status_code == 500


@pytest.mark.parametrize(
    ("error", "status", "fact"),
    [
        (CapExceeded(account_id=7, minutes=90, room_minutes=30), 409, ("room_minutes", 30)),
        (NotSnapped(118.8, 32.05, 50.0), 422, ("limit_m", 50.0)),
    ],
)
def test_a_refusal_from_below_is_answered_as_a_problem_with_its_facts(
    error: Exception, status: int, fact: tuple[str, float]
) -> None:
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/asked")
    def asked() -> None:
        raise error

    answer = TestClient(app, raise_server_exceptions=False).get("/asked")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert body["type"] == f"urn:yinling:problem:{type(error).__name__}"
    assert body["facts"][fact[0]] == fact[1]
