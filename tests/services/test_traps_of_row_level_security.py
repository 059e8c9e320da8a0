"""The traps of row-level security that make it slow or leave it open: each is set here, and what keeps us out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
STREET = 320102003000000
POINT = "ST_SetSRID(ST_MakePoint(118.79, 32.04), 4326)"
GUARDED = "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"


@pytest.fixture(scope="module")
def people(module_database: Any) -> Any:
    """Three hundred people in two streets, ten elders of whom have a daughter."""
    with module_database.connect("setup") as connection:
        connection.execute(
            "INSERT INTO person (area_code, full_name, gender, home, language, invented, created_at)"
            f" SELECT {STREET} + (n % 2) * 1000000, 'p' || n, 'female',"
            " ST_SetSRID(ST_MakePoint(118.79 + n * 0.0001, 32.04), 4326), 'zh_CN', true, now() FROM generate_series(1, 300) n"
        )
        connection.execute(
            "INSERT INTO elder (person_id, area_code, living, care_level, groups, registered_on)"
            " SELECT id, area_code, 'alone', 0, '{}', DATE '2024-01-01' FROM person WHERE full_name <> 'p300'"
        )
        connection.execute(
            "INSERT INTO proxy (elder_id, area_code, proxy_person_id, relation, ground, scopes, state, requested_at,"
            " confirmed_by, confirmed_at) SELECT e.id, e.area_code, d.id, '女儿', 'family', '{view}', 'confirmed', now(), e.id,"
            " now() FROM person e, person d WHERE e.full_name IN ('p1', 'p2', 'p3') AND d.full_name = 'p300'"
        )
    with module_database.connect("setup", autocommit=True) as connection:
        connection.execute("ANALYZE person, elder, proxy")
    return module_database


@pytest.fixture
def officer(people: Any) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the request login for an officer of one street, with whole-table readings made dear."""
    with people.connect("app") as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute(
            "SELECT set_config('app.lo', %s, true), set_config('app.hi', %s, true), set_config('app.person_id', '', true)",
            (str(STREET), str(STREET + 999_999)),
        )
        yield connection


def plan_of(connection: psycopg.Connection[Any], statement: str) -> str:
    return "\n".join(row[0] for row in connection.execute(f"EXPLAIN (COSTS OFF) {statement}").fetchall())


def conditions(plan: str) -> str:
    return " ".join(line for line in plan.splitlines() if "Index Cond" in line or "Order By" in line)


def test_a_radius_search_behind_a_policy_may_not_use_the_index_and_nearest_first_may(officer, people) -> None:
    within = f"SELECT count(*) FROM person WHERE ST_DWithin(home, {POINT}, 0.001)"
    with people.connect("setup") as owner:
        owner.execute("SET LOCAL enable_seqscan = off")
        assert "home" in conditions(plan_of(owner, within)), "without a policy the index finds who is within the radius"
    assert "home" not in conditions(plan_of(officer, within)), "behind the policy it must not: ST_DWithin could leak"
    nearest = f"SELECT id FROM person ORDER BY home <-> {POINT} LIMIT 5"
    assert "Order By: (home <->" in conditions(plan_of(officer, nearest)), "an order is no filter: the index serves it"
    assert len(officer.execute(nearest).fetchall()) == 5


def test_nothing_was_marked_leakproof_to_make_a_radius_fast(people) -> None:
    with people.connect("setup") as connection:
        marked = connection.execute(
            "SELECT proname FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'"
            " JOIN pg_extension e ON e.oid = d.refobjid WHERE e.extname = 'postgis' AND p.proleakproof"
        ).fetchall()
    assert marked == []


def test_no_statement_of_the_house_searches_people_by_a_radius(people) -> None:
    """Sites are public and may be searched so; whoever stands behind a policy is found nearest first."""
    with people.connect("setup") as connection:
        guarded = {row[0] for row in connection.execute(GUARDED).fetchall()}
    found = {}
    for file in [*ROOT.glob("services/**/*.py"), *ROOT.glob("api/**/*.py"), *ROOT.glob("sql/*.sql")]:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
            if re.search(r"ST_DWithin|ST_Contains\(.*home|home && ", line):
                found[f"{file.relative_to(ROOT)}:{number}"] = line.strip()
    assert "person" in guarded and "facility" not in guarded
    assert [place for place, line in found.items() if "_facility.c.geom" not in line] == []


def test_a_policy_with_two_grounds_leaves_a_look_up_by_key_its_index(officer, people) -> None:
    for statement, key in (
        ("SELECT * FROM person WHERE id = 7", "id = 7"),
        ("SELECT person_id FROM elder WHERE person_id = 7", "person_id = 7"),
        ("SELECT * FROM care_order WHERE elder_id = 7", "elder_id = 7"),
        ("SELECT * FROM entitlement WHERE elder_id = 7", "elder_id = 7"),
    ):
        assert key in conditions(plan_of(officer, statement)), statement
    with people.connect("app") as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute("SELECT set_config('app.person_id', (SELECT '300'), true)")
        assert "id = 7" in conditions(plan_of(connection, "SELECT * FROM person WHERE id = 7"))


def test_who_asks_is_looked_up_once_a_statement_and_only_where_the_office_does_not_decide(officer, people) -> None:
    """The links of a person are a sub-select beside the office's range: PostgreSQL asks for them at most once."""
    plan = "\n".join(
        row[0] for row in officer.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM elder"
                                          f" JOIN person ON id = person_id WHERE person.area_code < {STREET + 999_999}").fetchall()
    )  # fmt: skip
    assert "never executed" in plan, "rows of the officer's own street need no look at her links"
    with people.connect("app") as daughter:
        number = _number_of(people, "p300")
        daughter.execute("SELECT set_config('app.person_id', %s, true)", (str(number),))
        rows = daughter.execute(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT person_id FROM elder"
        ).fetchall()
        told = "\n".join(row[0] for row in rows)
        assert "loops=1" in told and not re.search(r"InitPlan.*\n.*loops=(?!1\))\d", told)
        assert len(daughter.execute("SELECT person_id FROM elder").fetchall()) == 3


def _number_of(people: Any, name: str) -> int:
    with people.connect("setup") as connection:
        row = connection.execute("SELECT id FROM person WHERE full_name = %s", (name,)).fetchone()
    assert row is not None
    return int(row[0])


def test_settings_that_were_never_made_and_those_that_are_over_give_no_rows_and_no_error(people) -> None:
    with people.connect("app", autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM person").fetchone() == (0,), "never made"
        with connection.transaction():
            connection.execute("SELECT set_config('app.lo', %s, true), set_config('app.hi', %s, true)",
                               (str(STREET), str(STREET + 999_999)))  # fmt: skip
            assert connection.execute("SELECT count(*) FROM elder").fetchone() == (149,)
        assert connection.execute("SELECT current_setting('app.lo', true)").fetchone() == ("",), "an empty word stays"
        assert connection.execute("SELECT count(*) FROM person").fetchone() == (0,), "over"


def test_no_view_looks_with_its_owners_eyes(people) -> None:
    with people.connect("setup") as connection:
        views = connection.execute(
            "SELECT c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'geo', 'timebank') AND c.relkind IN ('v', 'm')"
            " AND NOT coalesce(c.reloptions, '{}') && ARRAY['security_invoker=true', 'security_invoker=on']"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
        ).fetchall()
        assert views == []
        connection.execute("CREATE VIEW loose AS SELECT * FROM person")
        connection.execute("ALTER VIEW loose OWNER TO yinling_definer")
        connection.execute("GRANT SELECT ON loose TO yinling_app")
        connection.execute("SET LOCAL ROLE yinling_app")
        assert connection.execute("SELECT count(*) FROM person").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM loose").fetchone() == (300,), (
            "the twin: such a view shows everybody"
        )
        connection.rollback()


def test_only_the_unit_of_work_says_who_acts() -> None:
    """The range of an office comes from her grants; no request, page or job sets it by another way."""
    saying = {
        str(file.relative_to(ROOT))
        for folder in ("api", "services", "workers", "geo", "timebank")
        for file in ROOT.glob(f"{folder}/**/*.py")
        if re.search(r"set_config\('app\.|SET (LOCAL )?app\.", file.read_text("utf-8"))
    }
    assert saying == {"services/unit_of_work.py"}


def test_definer_functions_are_those_that_were_reviewed_and_take_no_range_from_their_caller(people) -> None:
    with people.connect("setup") as connection:
        rows = connection.execute(
            "SELECT proname, coalesce(proargnames, '{}'), prorettype::regtype::text FROM pg_proc"
            " WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        ).fetchall()
    taking = [
        name for name, words, kind in rows if kind != "trigger" and {"lo", "hi", "asked_lo", "asked_hi"} & set(words)
    ]
    assert taking == ["occupied_beds"], "counts beds of an area, and no person; anybody may know that"
