"""Somebody who loads a city before the database is built is told what to run, not shown a traceback."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from workers.command_line import is_unbuilt


@pytest.mark.parametrize(("statement", "unbuilt"), [("SELECT 1 FROM not_there", True), ("SELECT 1 / 0", False)])
def test_only_a_missing_table_means_that_nobody_migrated(database, statement: str, unbuilt: bool):
    with database.session("jobs") as session, pytest.raises(DBAPIError) as caught:
        session.connection().exec_driver_sql(statement)
    assert is_unbuilt(caught.value) is unbuilt


@pytest.mark.parametrize(
    ("words", "unbuilt"),
    [
        ('password authentication failed for user "yinling_jobs"', True),
        ('role "yinling_app" does not exist', True),
        ("connection refused", False),
    ],
)
def test_a_missing_login_means_it_too_but_a_server_that_is_down_does_not(words: str, unbuilt: bool):
    assert is_unbuilt(OperationalError("SELECT 1", {}, Exception(words))) is unbuilt
