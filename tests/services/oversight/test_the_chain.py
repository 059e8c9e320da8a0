"""The chain over acts and readings: nobody waits for it, and whoever edits behind it is found by name."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session
from typer.testing import CliRunner

from services.acts import record_act
from services.oversight import chain, draw_seeds
from services.oversight.audit_errors import NoSeedYet
from services.oversight.fair_draw import keeps_its_word
from services.people.disclosing import disclose
from services.unit_of_work import SYSTEM, unit_of_work
from workers.commands.audit import app

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
STREET = 320102003000000


@pytest.fixture(scope="module")
def trail(shared_cast):
    """Some acts in two districts and the house, one reading in clear; linked and sealed."""
    cast = shared_cast
    with cast.work("officer") as work:
        for number in range(5):
            record_act(work.session, work.now, work.actor, "test", area_code=STREET, facts={"n": number, "说": "好"})
        record_act(work.session, work.now, work.actor, "test", area_code=440305000000000)
        disclose(work.session, work.now, work.actor, cast["wang"], "phone", "call_back")
    with cast.work("house") as work:
        assert chain.rows_wait(work.session)
        chain.link_rows(work.session, work.now)
        assert not chain.rows_wait(work.session)
        chain.seal_chains(work.session, work.now)
    return cast


@contextmanager
def edited(database, *statements):
    """Edit as somebody whom neither privilege nor trigger stops; what she did is taken back afterwards."""
    with database.engine("setup").connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount, statement
        with Session(bind=connection) as session:
            yield session
        connection.rollback()


def test_every_act_and_every_reading_is_in_its_districts_chain(trail):
    with trail.work("house") as work:
        found = chain.verify_chains(work.session)
    assert found.ok and found.first_bad is None and found.links >= 7
    with trail.database.connect() as connection:
        outside = connection.execute(
            "SELECT count(*) FROM audit_row r WHERE NOT EXISTS"
            " (SELECT FROM audit_link l WHERE l.source = r.source AND l.row_id = r.row_id)"
        ).fetchone()
        chains = {row[0] for row in connection.execute("SELECT DISTINCT chain_code FROM audit_link")}
        readings = connection.execute("SELECT count(*) FROM audit_link WHERE source = 'disclosure'").fetchone()
    assert outside == (0,) and readings == (1,)
    assert {320102, 440305} <= chains


ACT = "(SELECT min(row_id) FROM audit_link WHERE source = 'act' AND chain_code = 320102)"
LAST = "(SELECT max(seq) FROM audit_link WHERE chain_code = 320102)"
EDITS = {
    "an act in another's name": (
        [f"UPDATE act SET actor_id = 1 WHERE id = {ACT}"], "act", "the row or its hash was changed",
    ),
    "another moment": (
        [f"UPDATE act SET happened_at = happened_at - interval '1 microsecond' WHERE id = {ACT}"], "act",
        "the row or its hash was changed",
    ),
    "other facts": (
        [f"UPDATE act SET facts = '{{\"x\": 1}}' WHERE id = {ACT}"], "act", "the row or its hash was changed",
    ),
    "a reading for another purpose": (
        ["UPDATE disclosure SET purpose = 'visit'"], "disclosure", "the row or its hash was changed",
    ),
    "an act deleted": ([f"DELETE FROM act WHERE id = {ACT}"], "act", "the row is gone"),
    "an act and its link deleted": (
        [f"DELETE FROM act WHERE id = {ACT}", f"DELETE FROM audit_link WHERE source = 'act' AND row_id = {ACT}"], "act",
        "a link is missing before this one",
    ),
    "the end of a chain cut off": (
        [f"DELETE FROM audit_link WHERE chain_code = 320102 AND seq = {LAST}"], "audit_seal", "the sealed link is gone",
    ),
    "a hash put right after an edit": (
        [
            "UPDATE act SET verb = 'other' WHERE id = (SELECT row_id FROM audit_link WHERE chain_code = 440305"
            " ORDER BY seq DESC LIMIT 1)",
            "UPDATE audit_link l SET hash = sha256(p.hash || r.content) FROM audit_row r, audit_link p WHERE l.chain_code = 440305"
            " AND l.seq = (SELECT max(seq) FROM audit_link WHERE chain_code = 440305) AND p.chain_code = 440305"
            " AND p.seq = l.seq - 1 AND r.source = l.source AND r.row_id = l.row_id",
        ],
        "audit_seal",
        "the chain is not the one that was sealed",
    ),
    "a seal rewritten": (
        ["UPDATE audit_seal SET content = content || ' ' WHERE chain_code = 440305"], "audit_seal", "the seal was changed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_what_a_superuser_edits_is_found_by_name(trail, edit):
    statements, source, rule = EDITS[edit]
    with edited(trail.database, *statements) as session:
        found = chain.verify_chains(session)
    assert not found.ok
    assert (found.first_bad.source, found.first_bad.rule) == (source, rule)


def test_a_whole_chain_written_anew_is_found_by_the_files_outside(trail, tmp_path):
    with trail.work("house") as work:
        assert chain.write_seal_files(work.session, tmp_path)
        assert chain.write_seal_files(work.session, tmp_path) == []
        assert chain.verify_chains(work.session, tmp_path).ok
    rewrite = (
        "UPDATE act SET verb = 'other' WHERE id = (SELECT row_id FROM audit_link WHERE chain_code = 440305 AND seq = 1)",
        "DELETE FROM audit_link", "DELETE FROM audit_seal",
    )  # fmt: skip
    with edited(trail.database, *rewrite) as session:
        chain.link_rows(session, NOW, everything=True)
        chain.seal_chains(session, NOW)
        assert chain.verify_chains(session).ok, "inside, everything fits again"
        found = chain.verify_chains(session, tmp_path)
    assert found.first_bad is not None and found.first_bad.rule == "the file and the database differ"


def test_neither_login_nor_owner_edits_what_is_chained(trail):
    for table in ("act", "disclosure", "audit_link", "audit_seal", "break_glass_reading"):
        column = "chain_code" if table.startswith("audit") else "area_code"
        for statement in (f"UPDATE {table} SET {column} = 1", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            for login in ("app", "jobs"):
                with trail.database.connect(login) as connection, pytest.raises(Exception, match="permission denied"):
                    connection.execute(statement)
            if table != "break_glass_reading" or "TRUNCATE" in statement:  # no glass was broken here
                with trail.database.connect() as connection, pytest.raises(Exception, match="written once"):
                    connection.execute("SET ROLE yinling_owner")
                    connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
                    connection.execute(statement)
    for login in ("app", "jobs"):
        with trail.database.connect(login) as connection, pytest.raises(Exception, match="permission denied"):
            connection.execute("INSERT INTO audit_link VALUES (1, 1, 'act', 1, '', now())")


def test_a_row_committed_late_is_linked_behind_and_nobody_waited_for_it(trail):
    with trail.database.connect() as slow:
        slow.execute(
            "INSERT INTO act (happened_at, verb, actor_role, channel, facts) VALUES (now(), 'late', 'x', 'x', '{}')"
        )
        with trail.work("officer") as work:
            record_act(work.session, work.now, work.actor, "sooner", area_code=STREET)
        with trail.work("house") as work:
            assert chain.link_rows(work.session, work.now) == 1
        slow.commit()
    with trail.work("house") as work:
        assert chain.link_rows(work.session, work.now) == 1
        assert chain.verify_chains(work.session).ok


def test_the_check_keeps_its_result_and_tells_the_auditors_the_first_bad_row(trail, tmp_path, monkeypatch):
    from workers.jobs import audit

    monkeypatch.setattr(chain, "seal_folder", lambda session, seals_dir: tmp_path / "none")
    with trail.work("house") as work:
        audit.check(work)
        assert chain.last_check(work.session).ok
    assert CliRunner().invoke(app, ["verify"]).exit_code == 0
    with trail.database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"UPDATE act SET verb = verb || '!' WHERE id = {ACT}")
    with trail.work("house") as work:
        audit.check(work)
        assert "the row or its hash was changed" in chain.last_check(work.session).first_bad
    trail.run_jobs()
    with trail.database.connect() as connection:
        told = connection.execute(
            "SELECT recipient_id, body FROM message WHERE template = 'audit.chain_broken'"
        ).fetchall()
        assert [row[0] for row in told] == [trail["auditor"]] and "act" in told[0][1]
        printed = CliRunner().invoke(app, ["verify", "--json"])
        assert printed.exit_code == 1 and json.loads(printed.stdout)["first_bad"]["source"] == "act"
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"UPDATE act SET verb = rtrim(verb, '!') WHERE id = {ACT}")
    with trail.work("house") as work:
        assert chain.verify_chains(work.session).ok, "put right to the letter, it holds again"


def test_a_days_seed_is_promised_before_and_shown_on_its_day_only(trail):
    with unit_of_work(SYSTEM, login="jobs") as work:
        assert draw_seeds.promise_seeds(work.session, work.now) == 8
        assert draw_seeds.promise_seeds(work.session, work.now) == 0
        assert draw_seeds.show_seeds(work.session, work.now) == 1
    with trail.work("auditor") as work:
        today, *_ = [row for row in draw_seeds.seeds_around(work.session, work.now) if row.seed]
        assert keeps_its_word(today.seed, today.commitment)
        with pytest.raises(NoSeedYet):
            draw_seeds.seed_of_day(work.session, today.day + timedelta(days=1))
    for refused, value in (("written once|on its day", "'x'"), ("kept_check|on its day", "NULL")):
        with pytest.raises(Exception, match=refused), unit_of_work(SYSTEM, login="jobs") as work:
            work.session.connection().execute(text(f"UPDATE draw_seed SET seed = {value}, shown_at = now()"))
