"""One id leads from the answer a daughter got, over the promised job, to the worker's log and the trail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import select
from structlog.testing import capture_logs

from services.acts import Act, record_act
from services.columns import table_of
from services.outbox import REQUEST, OutboxRow, enqueue
from services.unit_of_work import NOBODY, unit_of_work
from workers import performing
from workers.jobs import Handlers

outbox, act = table_of(OutboxRow), table_of(Act)


def rows(database: Any, table: Any) -> list[Any]:
    with database.session("jobs") as session:
        return list(session.connection().execute(select(table).order_by(table.c.id)))


def test_a_promised_job_carries_the_id_that_the_answer_showed(cast):
    from api.app import create_app

    answer = TestClient(create_app()).post("/api/v1/sign-in/codes", json={"phone": "19900000002"})
    assert answer.status_code == 202
    (promised,) = [row for row in rows(cast.database, outbox) if row.job == "people.send_code"]
    assert promised.args[REQUEST] == answer.headers["X-Request-Id"]
    assert cast.run_jobs(only="people.send_code") == ["people.send_code"]


def test_the_workers_log_its_acts_and_its_own_promises_keep_the_id(database, monkeypatch: pytest.MonkeyPatch):
    def note(work: Any, elder_id: int) -> None:
        structlog.get_logger("test").info("in the job")
        record_act(work.session, work.now, work.actor, "note", for_person_id=elder_id)
        enqueue(work.session, work.now, "test.next", {"elder_id": elder_id})

    found = Handlers({"test.note": note}, {})
    monkeypatch.setattr(performing, "handlers", lambda: found)
    monkeypatch.setattr(performing, "log", structlog.get_logger("jobs"))  # an older one may be bound to older settings
    with unit_of_work(replace(NOBODY, request_id="r-1")) as work:
        enqueue(work.session, work.now, "test.note", {"elder_id": 7})
    (promised,) = rows(database, outbox)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        performing.perform(promised.id)
    assert [(line["event"], line["request_id"], line["job"]) for line in lines] == [
        ("in the job", "r-1", "test.note"),
        ("job done", "r-1", "test.note"),
    ]
    assert [(row.verb, row.request_id) for row in rows(database, act)] == [("note", "r-1")]
    assert rows(database, outbox)[-1].args == {"elder_id": 7, REQUEST: "r-1"}
    assert structlog.contextvars.get_contextvars().get("request_id") is None
