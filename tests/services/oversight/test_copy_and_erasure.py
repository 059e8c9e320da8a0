"""An elder's copy holds everything about her; being forgotten clears her and leaves money, ledger and audit whole."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.errors import Conflict, NotAllowed, NotFound
from services.oversight import erasing
from services.oversight.copying import ask_copy, copies_of
from services.oversight.errors import ErasureNotOpen, StillUnderWay
from services.oversight.personal_data import ABOUT, KEPT, OFFICE_WORK
from services.oversight.research import research_extract
from services.oversight.retention import KINDS, clear_past_periods, days_kept, last_runs, set_period
from services.people.attachments import attach, read_attachment
from services.people.consents import give_consent
from services.people.disclosing import readings_of
from services.tables import metadata
from services.unit_of_work import COMMAND_LINE

PNG = b"\x89PNG\r\n\x1a\n" + b"her paper" * 9
SECRETS = ("王秀兰", "19900000001", "320102194804120028", "杨将军巷")


def act(work):
    return work.session, work.now, work.actor


def test_every_table_with_a_person_in_it_says_what_becomes_of_it():
    named = {"elder_id", "person_id", "recipient_id", "volunteer_id", "carer_id", "visitor_id"}
    tables = {
        t.name: {
            c.name
            for c in t.columns
            if c.name in named or any(f.target_fullname == "person.id" for f in c.foreign_keys)
        }
        for t in metadata().tables.values()
        if not t.schema
    }
    with_people = {name: columns for name, columns in tables.items() if columns}
    listed = {one.table: one for one in ABOUT}
    assert set(with_people) - set(listed) - OFFICE_WORK == set(), "say in personal_data.py what becomes of it"
    assert set(listed) - set(with_people) == {"person", "act"}
    for one in ABOUT:
        assert with_people.get(one.table, set()) <= set(one.whose), f"{one.table} names her by more columns"
        assert one.deletes or one.kept in KEPT, f"{one.table} keeps rows without a reason"


def test_the_copy_holds_everything_about_her_and_only_she_fetches_it(cast, tmp_path, override_settings):
    override_settings(storage_dir=tmp_path)
    with cast.work("officer") as work:
        attach(*act(work), cast["wang"], "other", PNG)
    for who in ("daughter", "carer", "outsider", "auditor"):
        with cast.work(who) as work, pytest.raises((NotFound, NotAllowed)):
            ask_copy(*act(work), cast["wang"])
    with cast.work("wang") as work:
        ask_copy(*act(work), cast["wang"])
    cast.run_jobs()
    with cast.work("wang") as work:
        (one,) = copies_of(work.session, work.actor, cast["wang"])
        packed = zipfile.ZipFile(io.BytesIO(read_attachment(*act(work), one.id).content))
        data = json.loads(packed.read("资料.json"))
        page = packed.read("资料.html").decode()
        assert all(secret in page and secret in json.dumps(data, ensure_ascii=False) for secret in SECRETS)
        assert {"person", "elder", "proxy", "entitlement", "visit_duty", "act"} <= {
            one["table"] for one in data["tables"]
        }
        assert "_sealed" not in json.dumps(data) and "_hash" not in json.dumps(data)
        assert [packed.read(name) for name in packed.namelist() if name.startswith("文件/")] == [PNG]
        assert "copy" in {line.purpose for line in readings_of(work.session, cast["wang"])}, (
            "the copy's look is in the log too"
        )
    for who in ("daughter", "officer"):
        with cast.work(who) as work, pytest.raises(NotFound):
            read_attachment(*act(work), one.id)


def forget(cast, who="wang"):
    with cast.work(who) as work:
        return erasing.ask_erasure(*act(work), cast[who])


def test_who_asks_does_not_decide_and_what_is_under_way_is_finished_first(cast):
    with cast.work("daughter") as work, pytest.raises(NotAllowed):
        erasing.ask_erasure(*act(work), cast["wang"])
    with cast.work("officer") as work:
        mine = erasing.ask_erasure(*act(work), cast["sun"])
        with pytest.raises(NotAllowed):
            erasing.decide_erasure(*act(work), mine, approve=True)
    request = forget(cast)
    with pytest.raises(Exception, match="one_open"), cast.work("wang") as work:
        erasing.ask_erasure(*act(work), cast["wang"])
    with cast.work("house") as work:
        work.session.connection().execute(
            text(
                "INSERT INTO need (elder_id, area_code, kind, title, rough_place, starts_at, ends_at, state, posted_by, posted_at)"
                " SELECT id, area_code, 'friendly_visit', 'x', 'y', now(), now() + interval '1 hour', 'open', id, now()"
                " FROM person WHERE id = :w"
            ),
            {"w": cast["wang"]},
        )
    with cast.work("officer") as work:
        with pytest.raises(StillUnderWay):
            erasing.decide_erasure(*act(work), request, approve=True)
        with pytest.raises(Conflict):
            erasing.decide_erasure(*act(work), request, approve=False)
        found = erasing.find_request(work.session, request)
        assert timedelta(days=14) < found.due_at - work.now < timedelta(days=15)
    for who in ("other_officer", "advisor", "carer"):
        with cast.work(who) as work, pytest.raises((NotFound, NotAllowed)):
            erasing.decide_erasure(*act(work), request, approve=False, reason="x")
    with cast.work("wang") as work:
        erasing.withdraw_erasure(*act(work), request)
        with pytest.raises(ErasureNotOpen):
            erasing.withdraw_erasure(*act(work), request)
    assert forget(cast) > request, "she may ask again"


def test_being_forgotten_clears_her_everywhere_and_leaves_the_books_whole(cast, tmp_path, override_settings):
    override_settings(storage_dir=tmp_path)
    token = cast.token("wang")
    with cast.work("officer") as work:
        paper = attach(*act(work), cast["wang"], "identity", PNG)
    with cast.work("house") as work:
        entitled = work.session.connection().execute(text("SELECT count(*) FROM entitlement")).scalar_one()
    request = forget(cast)
    with cast.work("officer") as work:
        erasing.decide_erasure(*act(work), request, approve=True)
    cast.run_jobs()
    with cast.work("house") as work:
        done = erasing.find_request(work.session, request)
        assert done.state == "done" and done.proof["left"] == 0 and len(done.proof_hash) == 64
        assert {"person", "elder", "sign_in_session"} <= {one["table"] for one in done.proof["erased"]}
        kept = {one["table"]: one["why"] for one in done.proof["kept"]}
        assert kept["entitlement"] == "accounts" and kept["act"] == "audit"
        connection = work.session.connection()
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        for table in tables:
            rows = connection.execute(
                text(f"SELECT count(*) FROM {table} AS t WHERE to_jsonb(t)::text LIKE '%王秀兰%'")
            )
            assert rows.scalar_one() == 0 or table in ("fake_parcel", "spatial_ref_sys"), table
        assert connection.execute(text("SELECT count(*) FROM entitlement")).scalar_one() == entitled
        again = erasing.erase_person(work.session, work.now, request)
        assert again == done.proof, "a second run changes nothing"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "her files are gone"
    with cast.work("officer") as work, pytest.raises(NotFound):
        read_attachment(*act(work), paper)
    from services.people.queries import actor_of_session

    with cast.work("house") as work:
        assert actor_of_session(work.session, work.now, token, channel="api") is None


def test_the_months_clearing_removes_what_is_past_its_period_and_a_dry_run_only_counts(
    cast, tmp_path, override_settings
):
    override_settings(storage_dir=tmp_path)
    assert set(KINDS) >= {"visit_position", "photo", "sign_in_code"}
    with cast.work("wang") as work:
        give_consent(*act(work), cast["wang"], "photos", 1)
        photo = attach(*act(work), cast["wang"], "photo", PNG)
    with cast.work("house") as work:
        work.session.connection().execute(text("UPDATE attachment SET uploaded_at = now() - interval '400 days'"))
        dry = {one.kind: one for one in clear_past_periods(*act(work), dry=True)}
        assert (dry["photo"].found, dry["photo"].removed) == (1, 0)
        set_period(work.session, work.now, COMMAND_LINE, "photo", 500, "市里规定", "the city's rule")
        assert days_kept(work.session, work.now, "photo") == 500
        assert {one.kind: one.found for one in clear_past_periods(*act(work), dry=False)}["photo"] == 0
        set_period(work.session, work.now, COMMAND_LINE, "photo", 30, "改回", "back")
    cast.advance(days=32)
    with cast.work("house") as work:
        from services.outbox import enqueue

        enqueue(work.session, work.now, "oversight.clear_past_periods", {})
    cast.run_jobs(only="oversight.clear_past_periods")
    with cast.work("auditor") as work:
        assert {row.kind: row.removed for row in last_runs(work.session, len(KINDS))}["photo"] == 1
    with cast.work("wang") as work, pytest.raises(NotFound):
        read_attachment(*act(work), photo)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_research_gets_groups_of_five_who_agreed_and_no_name(cast):
    from services.clock import civil_date

    with cast.work("house") as work:
        connection = work.session.connection()
        connection.execute(text(
            "WITH new AS (INSERT INTO person (area_code, full_name, gender, language, invented, created_at, born_on) SELECT"
            " 320102003902901, 'x' || n, 'female', 'zh_CN', true, now(), '1950-01-01' FROM generate_series(1, 6) AS n RETURNING id)"
            " INSERT INTO elder (person_id, area_code, living, care_level, groups, registered_on)"
            " SELECT id, 320102003902901, 'couple', 1, '{}', '2026-01-01' FROM new"
        ))  # fmt: skip
        assert research_extract(work.session, civil_date(work.now)) == []
        agree = (
            "INSERT INTO consent (person_id, area_code, purpose, version, given, by_person_id, by_right, channel, happened_at)"
            " SELECT id, area_code, 'research', 1, true, id, 'self', 'web', now() FROM person WHERE full_name LIKE 'x%'"
            " AND full_name <= :most"
        )
        connection.execute(text(agree), {"most": "x4"})
        assert research_extract(work.session, civil_date(work.now)) == [], "four of them could be told apart"
        connection.execute(text(agree), {"most": "x6"})
        (group,) = research_extract(work.session, civil_date(work.now))
        assert (group.elders, group.living, group.band) == (6, "couple", 2)
