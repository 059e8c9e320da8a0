"""The database says the same as the files: tables, functions, policies, triggers, roles."""

from __future__ import annotations

import pytest
from yl_sources import ROOT

SCHEMAS = ["public", "geo", "timebank"]
APPLICATION = ["yinling_app", "yinling_jobs"]
_OWN_FUNCTIONS = """
    SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid), p.proowner::regrole::text, p.proacl::text
    FROM pg_proc p WHERE p.pronamespace = ANY(%s::regnamespace[]) AND p.prokind IN ('f', 'p')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    ORDER BY 1"""
_POLICIES = "SELECT * FROM pg_policies WHERE schemaname = ANY(%s) ORDER BY schemaname, tablename, policyname"
_TRIGGERS = """
    SELECT t.tgrelid::regclass::text, t.tgname::text, pg_get_triggerdef(t.oid), t.tgenabled::text
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = ANY(%s::regnamespace[]) ORDER BY 1, 2"""
_TABLES = """
    SELECT c.oid::regclass::text, c.relowner::regrole::text, c.relrowsecurity, c.relforcerowsecurity,
           (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(c.relacl) a)
    FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relnamespace = ANY(%s::regnamespace[])
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1"""


def snapshot(connection):
    """Give all that sql/ is answerable for, as the catalogue shows it."""
    questions = {"functions": _OWN_FUNCTIONS, "policies": _POLICIES, "triggers": _TRIGGERS, "tables": _TABLES}
    return {kind: connection.execute(question, (SCHEMAS,)).fetchall() for kind, question in questions.items()}


def apply_files(connection):
    """Apply every file of sql/ as the migrations do."""
    for file in sorted((ROOT / "sql").glob("*.sql")):
        connection.execute(file.read_text(encoding="utf-8"))


def test_the_sql_files_are_what_runs(database):
    with database.connect() as connection:
        before = snapshot(connection)
        assert before["functions"] and before["policies"] and before["triggers"]
        apply_files(connection)
        after = snapshot(connection)
    for kind, rows in before.items():
        assert rows == after[kind], f"{kind} differ from sql/"


def test_the_comparison_notices_a_function_changed_by_hand(database):
    with database.connect() as connection:
        name, definition, *_ = next(row for row in snapshot(connection)["functions"] if "plpgsql" in row[1])
        changed = definition.replace("BEGIN", "BEGIN /* by hand */", 1)
        before = snapshot(connection)
        connection.execute(changed.encode())
        assert snapshot(connection)["functions"] != before["functions"], name
        apply_files(connection)
        assert snapshot(connection)["functions"] == before["functions"]
        connection.rollback()


def test_the_tables_in_code_are_the_tables_in_the_database(database):
    from services.migrating import check

    check()


def test_no_application_role_may_pass_row_level_security_or_owns_a_table(database):
    with database.connect() as connection:
        mighty = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND "
            "(rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
            (APPLICATION,),
        ).fetchall()
        members = connection.execute(
            "SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members "
            "WHERE member::regrole::text = ANY(%s) "
            "AND (roleid::regrole::text IN ('yinling_owner', 'yinling_definer') "
            "OR roleid IN (SELECT oid FROM pg_roles WHERE rolsuper OR rolbypassrls))",
            (APPLICATION,),
        ).fetchall()
        owned = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relowner::regrole::text = ANY(%s)", (APPLICATION,)
        ).fetchall()
    assert (mighty, members, owned) == ([], [], [])


def test_the_owner_and_the_definer_cannot_sign_in(database):
    with database.connect() as connection:
        can = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname IN ('yinling_owner', 'yinling_definer') AND rolcanlogin"
        ).fetchall()
    assert can == []


def test_row_level_security_binds_the_owner_too(database):
    with database.connect() as connection:
        tables = snapshot(connection)["tables"]
    assert any(row[2] for row in tables)
    assert not [row[0] for row in tables if row[2] and not row[3]]


def test_every_table_that_names_a_person_is_under_row_level_security(database):
    with database.connect() as connection:
        open_tables = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE a.attname = 'person_id' AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity "
            "AND c.relnamespace = ANY(%s::regnamespace[]) "
            "AND has_table_privilege('yinling_app', c.oid, 'SELECT')",
            (SCHEMAS,),
        ).fetchall()
    assert open_tables == []


def test_every_definer_function_has_a_fixed_search_path(database):
    with database.connect() as connection:
        loose = connection.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.prosecdef "
            "AND p.pronamespace = ANY(%s::regnamespace[]) "
            "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') "
            "AND NOT COALESCE(array_to_string(p.proconfig, ',') LIKE '%%search_path=%%', false)",
            (SCHEMAS,),
        ).fetchall()
    assert loose == []


def test_a_view_shows_a_caller_no_more_than_the_caller_may_see(database):
    with database.connect() as connection:
        generous = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'v' "
            "AND c.relnamespace = ANY(%s::regnamespace[]) "
            "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') "
            "AND NOT COALESCE('security_invoker=true' = ANY(c.reloptions), false)",
            (SCHEMAS,),
        ).fetchall()
    assert generous == []


@pytest.mark.parametrize("login", ["app", "jobs"])
def test_no_setting_means_no_rows_and_no_error(database, login):
    with database.connect("setup") as connection:
        tables = [row[0] for row in snapshot(connection)["tables"] if row[2]]
        readable = [
            table
            for table in tables
            if connection.execute(
                "SELECT has_table_privilege(%s, %s, 'SELECT')", (f"yinling_{login}", table)
            ).fetchone()[0]
        ]
    with database.connect(login, autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SELECT set_config('app.lo', '1', true), set_config('app.hi', '2', true)")
        for table in readable:  # after SET LOCAL the setting is '' and not absent: the cast must not fail
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
