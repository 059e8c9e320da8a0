"""PostgreSQL itself decides who exists for whom; each trap of trust.md §3 is a test."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.cities.rules import area_range
from services.people.tables import Elder, Person, RoleGrant
from services.unit_of_work import NOBODY, SYSTEM, Actor, engine, unit_of_work

PUBLIC_TABLES = {
    # what anybody may know: the directory, the rules, the map
    "area", "bed", "bed_snapshot", "city", "city_pack_version", "facility", "facility_snap", "provider",
    "service_line", "reach_run", "rules_adoption",
    # places and how many may live there, from other people's lists and grids: no person among them
    "building", "compound", "demand_point", "demand_reach", "demand_reach_past", "access_facility",
    # ids and facts only, not readable by the request login at all, or only by key
    "outbox", "fake_parcel", "fake_charge",
    # keyed hashes only, before anybody is known
    "sign_in_code",
}  # fmt: skip
PERSON_COLUMNS = {"area_code", "elder_id", "person_id", "recipient_id", "volunteer_id", "carer_id", "visitor_id"}


def count(session, statement: str) -> int:
    return session.connection().execute(text(statement)).scalar_one()


def test_every_table_that_speaks_of_a_person_has_forced_row_level_security(database):
    with database.connect() as connection:
        rows = connection.execute(
            """
            SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
                   array_agg(a.attname::text) FILTER (WHERE a.attname = ANY (%s))
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
            GROUP BY c.oid, c.relname HAVING count(*) FILTER (WHERE a.attname = ANY (%s)) > 0
            """,
            (list(PERSON_COLUMNS), list(PERSON_COLUMNS)),
        ).fetchall()
    unguarded = {name: columns for name, guarded, columns in rows if not guarded and name not in PUBLIC_TABLES}
    assert unguarded == {}, "guard these in sql/300_policies.sql, or say why they are public"
    assert "person" in {name for name, guarded, _ in rows if guarded} or count_person_guard(database)


def count_person_guard(database) -> bool:
    with database.connect() as connection:
        found = connection.execute("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'person'").fetchone()
    return bool(found and found[0])


def test_application_logins_own_nothing_and_bypass_nothing(database):
    with database.connect() as connection:
        logins = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname IN ('yinling_app', 'yinling_jobs')"
        ).fetchall()
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) IN ('yinling_app', 'yinling_jobs')"
        ).fetchone()
        nologin = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname IN ('yinling_owner', 'yinling_definer') AND rolcanlogin"
        ).fetchone()
    assert sorted(logins) == [("yinling_app", False, False), ("yinling_jobs", False, False)]
    assert owned == (0,) and nologin == (0,)


def test_definer_functions_fix_their_search_path(database):
    with database.connect() as connection:
        loose = connection.execute(
            "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace IN ('public'::regnamespace, 'timebank'::regnamespace) "
            "AND NOT EXISTS (SELECT FROM unnest(coalesce(proconfig, '{}')) AS c WHERE c LIKE 'search_path=%') "
            "AND pg_get_userbyid(proowner) IN ('yinling_owner', 'yinling_definer')"
        ).fetchall()
    assert loose == []


@pytest.mark.parametrize("table", ["person", "elder", "visit_duty", "entitlement", "proxy", "door_plate"])
def test_nobody_sees_nothing(cast, table):
    with unit_of_work(NOBODY) as work:
        assert count(work.session, f"SELECT count(*) FROM {table}") == 0
    with cast.work("outsider") as work:
        seen = count(work.session, f"SELECT count(*) FROM {table}")
        assert seen == (1 if table == "person" else 0), "the outsider knows herself only"


def test_settings_do_not_outlive_their_transaction_in_a_pool_of_one(cast, override_settings):
    override_settings(pool_size=1)
    with cast.work("officer") as work:
        assert count(work.session, "SELECT count(*) FROM elder") >= 2
        first = count(work.session, "SELECT pg_backend_pid()")
    with engine("app").connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() == first
        assert connection.execute(text("SELECT count(*) FROM elder")).scalar_one() == 0
    with cast.work("outsider") as work:
        assert count(work.session, "SELECT count(*) FROM elder") == 0


def test_an_officer_sees_her_own_street_only(cast):
    with cast.work("officer") as work:
        assert count(work.session, "SELECT count(*) FROM elder") == 2
    with cast.work("other_officer") as work:
        assert count(work.session, "SELECT count(*) FROM elder") == 0


def test_the_daughter_sees_her_mother_and_loses_sight_of_her_when_the_proxy_is_revoked(cast):
    with cast.work("daughter") as work:
        assert count(work.session, "SELECT count(*) FROM elder") == 1
    with cast.work("wang") as work:
        work.session.connection().execute(
            text("UPDATE proxy SET state = 'revoked', revoked_at = now(), revoked_by = elder_id WHERE elder_id = :e"),
            {"e": cast["wang"]},
        )
    with cast.work("daughter") as work:
        assert count(work.session, "SELECT count(*) FROM elder") == 0


def test_a_relative_cannot_confirm_herself_even_in_sql(cast):
    with unit_of_work(Actor(person_id=cast["outsider"], role="registered")) as work:
        work.session.connection().execute(
            text(
                "INSERT INTO proxy (elder_id, area_code, proxy_person_id, relation, ground, scopes, state, requested_at) "
                "VALUES (:e, 320102003902901, :p, '邻居', 'family', '{view}', 'requested', now())"
            ),
            {"e": cast["wang"], "p": cast["outsider"]},
        )
    for confirmer in (cast["outsider"], cast["wang"]):
        with (
            pytest.raises(ProgrammingError),
            unit_of_work(Actor(person_id=cast["outsider"], role="registered")) as work,
        ):
            work.session.connection().execute(
                text(
                    "UPDATE proxy SET state = 'confirmed', confirmed_at = now(), confirmed_by = :c WHERE proxy_person_id = :p"
                ),
                {"c": confirmer, "p": cast["outsider"]},
            )


def test_nobody_makes_herself_an_elder_or_raises_her_own_level_of_care_in_sql(cast):
    raised = text("UPDATE elder SET care_level = care_level + 1 WHERE person_id = :wang")
    for who, changed in (("wang", 0), ("daughter", 0), ("officer", 1)):
        with cast.work(who) as work:
            done = work.session.connection().execute(raised, {"wang": cast["wang"]})
            assert done.rowcount == changed, who
    with (
        pytest.raises(ProgrammingError, match="elder_is_written_by_whom_insert"),
        unit_of_work(Actor(person_id=cast["outsider"], role="registered")) as work,
    ):
        work.session.connection().execute(
            text(
                "INSERT INTO elder (person_id, area_code, living, care_level, groups, registered_on)"
                " SELECT id, area_code, 'alone', 0, '{}', DATE '2026-11-01' FROM person WHERE id = :me"
            ),
            {"me": cast["outsider"]},
        )


def test_the_auditor_cannot_write_even_in_sql(cast):
    from sqlalchemy.exc import InternalError

    with pytest.raises((InternalError, ProgrammingError), match="read-only"), cast.work("auditor") as work:
        work.session.connection().execute(text("UPDATE elder SET care_level = 0"))


def test_the_trail_cannot_be_changed_and_cannot_be_written_in_another_name(cast):
    with pytest.raises(ProgrammingError), cast.work("officer") as work:
        work.session.connection().execute(text("UPDATE act SET verb = 'x'"))
    with pytest.raises(ProgrammingError), cast.work("daughter") as work:
        work.session.connection().execute(
            text(
                "INSERT INTO act (happened_at, verb, actor_id, actor_role, channel, facts) "
                "VALUES (now(), 'x', :other, 'officer', 'web', '{}')"
            ),
            {"other": cast["officer"]},
        )


def test_a_job_of_one_street_sees_that_street_only(cast):
    from dataclasses import replace

    from services.unit_of_work import introduce

    with unit_of_work(SYSTEM, login="jobs") as work:
        assert count(work.session, "SELECT count(*) FROM elder") >= 2
        introduce(work.session, replace(SYSTEM, area_lo=320102002000000, area_hi=320102002999999))
        work.session.connection().execute(text("SET LOCAL ROLE yinling_app"))
        assert count(work.session, "SELECT count(*) FROM elder") == 0


@pytest.mark.mission("DY-36")
def test_a_city_its_counties_and_their_enterprises_each_see_what_is_theirs(cast):
    city, county, other_county = 320100000000000, 320102000000000, 320104000000000
    with cast.work("house") as work:
        run = work.session.connection().execute
        person = Person(area_code=other_county + 1_001_001, full_name="钱奶奶", gender="female", created_at=work.now)
        work.session.add(person)
        work.session.flush()
        far = person.id
        work.session.add(
            Elder(person_id=far, area_code=person.area_code, living="alone", registered_on=date(2024, 1, 1))
        )
        work.session.flush()
        everybody = run(text("SELECT count(*) FROM elder")).scalar_one()

    def seen(level: int) -> tuple[int, bool]:
        with cast.work("house") as work:
            officer = Person(area_code=level, full_name="周科长", gender="female", created_at=work.now)
            work.session.add(officer)
            work.session.flush()
            grant = RoleGrant(person_id=officer.id, role="officer", area_code=level, granted_at=work.now)
            work.session.add(grant)
            work.session.flush()
            lo, hi = area_range(level)
            actor = Actor(officer.id, "officer", area_lo=lo, area_hi=hi, roles=("officer",))
        with unit_of_work(actor) as work:
            elders = set(work.session.connection().execute(text("SELECT person_id FROM elder")).scalars())
        return len(elders), far in elders

    assert seen(city) == (everybody, True), "the city sees every county"
    assert seen(county) == (everybody - 1, False), "a county sees its own people"
    assert seen(other_county) == (1, True), "and so does the other"
    with cast.work("dispatcher") as work:
        assert count(work.session, "SELECT count(*) FROM elder") == 0, "an enterprise sees no register of elders"
    with cast.work("dispatcher") as work:
        own = {row for row in work.session.connection().execute(text("SELECT provider_id FROM offer")).scalars()}
        assert own <= {cast.providers["kangle"]}
