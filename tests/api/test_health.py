"""A balancer is told whether elders can be served here, and what is away."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_a_process_that_lives_and_reaches_both_servers_is_ready(cast):
    from api.app import create_app

    site = TestClient(create_app())
    assert site.get("/healthz").json()["ok"] is True
    ready = site.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ok": True, "database": True, "redis": True})


def test_without_its_database_a_process_lives_but_is_not_ready_and_says_which(cast, override_settings):
    from api.app import create_app

    site = TestClient(create_app())
    override_settings(app_database_url="postgresql://nobody:x@127.0.0.1:9/none")
    away = site.get("/readyz")
    assert (away.status_code, away.json()["database"], away.json()["redis"]) == (503, False, True)
    assert site.get("/healthz").status_code == 200


def test_every_answer_carries_the_id_its_log_line_has(cast):
    from api.app import create_app

    site = TestClient(create_app())
    ids = {site.get("/healthz").headers["X-Request-Id"], site.get("/api/v1/me").headers["X-Request-Id"]}
    assert len(ids) == 2
    refused = site.get("/api/v1/me")
    assert refused.json()["instance"] == refused.headers["X-Request-Id"]
