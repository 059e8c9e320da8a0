"""A seeded city is lived by both ledgers; a ledger that forgets one rule is caught, and the step is named."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from timebank.simulator import Difference, Simulation
from workers.commands.timebank import app
from workers.simulating import simulate


def run(database: Any, seed: int, steps: int) -> tuple[Simulation, Difference | None]:
    return simulate(database.url("setup").render_as_string(hide_password=False), seed, steps, lambda done: None)


def test_the_same_seed_lives_the_same_city_and_both_ledgers_agree(database: Any, module_database: Any) -> None:
    first, difference = run(database, 7, 150)
    assert difference is None
    again, difference = run(module_database, 7, 150)
    assert difference is None
    assert (first.done, first.refused) == (again.done, again.refused)
    assert list(first.model.purses.values()) == list(again.model.purses.values())
    assert {"record", "batch", "resolve", "again"} <= set(first.done)


FORGOTTEN = {
    "floors": (
        "ALTER TABLE timebank.balance DROP CONSTRAINT balance_floor_check",
        "CREATE OR REPLACE FUNCTION timebank.explain_limits(d timebank.balance, c timebank.balance, m bigint)"
        " RETURNS void LANGUAGE sql AS 'SELECT'",
    ),
    "single resolution": (
        "DROP INDEX timebank.transfer_single_resolution_key",
        "CREATE OR REPLACE FUNCTION timebank.refuse(c text, m text, f jsonb) RETURNS void LANGUAGE plpgsql AS"
        " $$ BEGIN IF c <> 'TB004' THEN RAISE EXCEPTION USING ERRCODE = c, MESSAGE = m, DETAIL = f::text; END IF; END $$",
    ),
    "holds": ("CREATE RULE forget AS ON UPDATE TO timebank.balance WHERE NEW.pending_in > 0 DO INSTEAD NOTHING",),
    "idempotency": (
        "CREATE OR REPLACE FUNCTION timebank.find_by_key(l bigint, k text, h bytea) RETURNS timebank.transfer"
        " LANGUAGE sql AS 'SELECT NULL::timebank.transfer'",
    ),
}


@pytest.mark.broken_ledger
@pytest.mark.parametrize("rule", FORGOTTEN)
def test_the_twin_that_forgets_a_rule_differs_and_the_step_is_named(database: Any, rule: str) -> None:
    with database.connect() as connection:
        for name, signature in (
            ("explain_limits", "timebank.balance, timebank.balance, bigint"),
            ("refuse", "text, text, jsonb"),
            ("find_by_key", "bigint, text, bytea"),
        ):
            if any(f"timebank.{name}(" in statement for statement in FORGOTTEN[rule]):
                connection.execute(f"DROP FUNCTION timebank.{name}({signature})")
        for statement in FORGOTTEN[rule]:
            connection.execute(statement)
        connection.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA timebank TO yinling_definer")
    run_of_it, found = run(database, 3, 400)
    assert found is not None, f"nobody noticed that {rule} was forgotten"
    assert found.step == run_of_it.steps and found.act


def test_the_command_tells_what_it_lived_and_leaves_no_database(database: Any) -> None:
    result = CliRunner().invoke(app, ["simulate", "--seed", "2", "--steps", "25", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.strip().splitlines()[-1])
    assert (told["seed"], told["steps"], told["difference"]) == (2, 25, None)
    with database.engine("setup").connect() as connection:
        left = connection.execute(text("SELECT count(*) FROM pg_database WHERE datname LIKE 'yl_simulate_%'"))
        assert left.scalar_one() == 0


@pytest.mark.drill
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_long_lives_agree(database: Any, seed: int) -> None:
    run_of_it, found = run(database, seed, 3000)
    assert found is None, found
    assert run_of_it.steps == 3000
