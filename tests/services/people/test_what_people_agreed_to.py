"""Consent is asked for before each use, per purpose and version; a no stops the next use; each reading leaves its row."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.errors import Invalid, NotAllowed, NotFound
from services.people.attachments import attach
from services.people.consents import (
    consented,
    consents_of,
    give_consent,
    publish_purpose,
    require_consent,
    withdraw_consent,
)
from services.people.disclosing import counts_by_reader, disclose, readings_in_area, readings_of
from services.people.errors import ConsentMissing, NotOnTheDay, PaperMissing, UnknownPurpose
from services.people.privacy import seal
from services.unit_of_work import NOBODY, SYSTEM, unit_of_work

PNG = b"\x89PNG\r\n\x1a\n" + b"signed by her" * 10
HEALTH, CALL = "高血压，青霉素过敏", "19900000002"


def act(work):
    return work.session, work.now, work.actor


def visit_today(cast, who="carer", hours=1):
    with cast.work("house") as work:
        return work.session.connection().execute(
            text(
                "INSERT INTO visit (kind, elder_id, area_code, visitor_id, planned_start, planned_end, state, code_tries,"
                " check_in_facts, check_out_facts, tasks_done) SELECT 'friendly', p.id, p.area_code, :v, CAST(:now AS timestamptz) + :h,"
                " CAST(:now AS timestamptz) + :h + interval '1 hour', 'planned', 0, '{}', '{}', '{}' FROM person p WHERE p.id = :e RETURNING id"
            ),
            {"v": cast[who], "e": cast["wang"], "now": work.now, "h": timedelta(hours=hours)},
        ).scalar_one()  # fmt: skip


def needs_help_of(cast, who):
    """Let her be known to the visitor, as an accepted order does: she took a need of hers."""
    with cast.work("house") as work:
        work.session.connection().execute(
            text(
                "INSERT INTO need (elder_id, area_code, kind, title, rough_place, starts_at, ends_at, state, posted_by, posted_at,"
                " taken_by, taken_at) SELECT id, area_code, 'friendly_visit', 'x', 'y', now(), now() + interval '1 hour', 'taken',"
                " id, now(), :v, now() FROM person WHERE id = :e"
            ),
            {"v": cast[who], "e": cast["wang"]},
        )


def keep_health(cast):
    with cast.work("house") as work:
        work.session.connection().execute(
            text("UPDATE elder SET health_sealed = :h WHERE person_id = :e"),
            {"h": seal("health", HEALTH), "e": cast["wang"]},
        )


def test_a_word_holds_from_the_moment_it_is_given_until_she_takes_it_back(cast):
    with cast.work("wang") as work:
        assert not consented(work.session, cast["wang"], "photos"), (
            "what needs a separate consent is not done before it"
        )
        assert consented(work.session, cast["wang"], "care_notes"), "what belongs to the service is, until she says no"
        give_consent(*act(work), cast["wang"], "photos", 1)
        require_consent(work.session, cast["wang"], "photos")
        withdraw_consent(*act(work), cast["wang"], "photos")
        withdraw_consent(*act(work), cast["wang"], "care_notes")
        for purpose in ("photos", "care_notes", "no_such_purpose"):
            with pytest.raises(ConsentMissing):
                require_consent(work.session, cast["wang"], purpose)
    with cast.work("daughter") as work:
        give_consent(*act(work), cast["wang"], "photos", 1)
        said = next(one for one in consents_of(work.session, work.now, cast["wang"]) if one.code == "photos")
        assert said.allowed and said.by_right.startswith("proxy:") and said.said_version == 1
    for who in ("carer", "outsider", "other_officer"):
        with cast.work(who) as work, pytest.raises((NotFound, NotAllowed)):
            withdraw_consent(*act(work), cast["wang"], "photos")
    with cast.work("auditor") as work, pytest.raises(NotAllowed):
        withdraw_consent(*act(work), cast["wang"], "photos")


def test_at_the_counter_a_yes_needs_the_signed_paper_and_a_no_needs_none(cast, tmp_path, override_settings):
    override_settings(storage_dir=tmp_path)
    with cast.work("officer") as work:
        with pytest.raises(PaperMissing):
            give_consent(*act(work), cast["wang"], "photos", 1)
        paper = attach(*act(work), cast["wang"], "consent", PNG)
        give_consent(*act(work), cast["wang"], "photos", 1, attachment_id=paper)
        assert consented(work.session, cast["wang"], "photos")
        with pytest.raises(PaperMissing), work.session.begin_nested():
            give_consent(*act(work), cast["sun"], "photos", 1, attachment_id=paper)
        withdraw_consent(*act(work), cast["wang"], "photos")
        assert not consented(work.session, cast["wang"], "photos")
    with pytest.raises(IntegrityError, match="consent_at_the_counter_has_paper"), cast.work("officer") as work:
        work.session.connection().execute(
            text(
                "INSERT INTO consent (person_id, area_code, purpose, version, given, by_person_id, by_right, channel, happened_at)"
                " SELECT id, area_code, 'photos', 1, true, :me, 'office:officer', 'web', now() FROM person WHERE id = :w"
            ),
            {"me": cast["officer"], "w": cast["wang"]},
        )


def test_a_new_version_asks_again_and_an_old_yes_does_not_stand_for_it(cast):
    new = {
        "code": "photos", "for_whom": "elder", "basis": "separate", "title_zh": "拍照", "title_en": "Photographs",
        "text_zh": "也给评估的人看。", "text_en": "Shown to assessors too.", "valid_from": date(2026, 1, 1), "asks_again": True,
    }  # fmt: skip
    with cast.work("wang") as work:
        give_consent(*act(work), cast["wang"], "photos", 1)
    with cast.work("house") as work:
        assert publish_purpose(*act(work), new) == 2
        assert publish_purpose(*act(work), new) == 2, "the same words again are the same version"
        assert not consented(work.session, cast["wang"], "photos")
        publish_purpose(*act(work), new | {"code": "research", "asks_again": False, "text_zh": "更正错字。"})
    with cast.work("wang") as work:
        with pytest.raises(UnknownPurpose):
            give_consent(*act(work), cast["wang"], "photos", 1)
        give_consent(*act(work), cast["wang"], "photos", 2)
        give_consent(*act(work), cast["wang"], "research", 2)
        assert consented(work.session, cast["wang"], "photos")
    with pytest.raises(ProgrammingError), cast.work("wang") as work:
        work.session.connection().execute(text("UPDATE consent SET given = false"))
    with cast.database.connect() as setup, pytest.raises(Exception, match="written once"):
        setup.execute("DELETE FROM consent")


def test_no_reading_in_clear_without_its_row(cast):
    with cast.work("officer") as work:
        assert disclose(*act(work), cast["wang"], "phone", "contact") == "19900000001"
        (line,) = readings_of(work.session, cast["wang"])
        assert (line.reader_id, line.field, line.purpose, line.by_right) == (
            cast["officer"], "phone", "contact", "office:officer",
        )  # fmt: skip
        with pytest.raises(Invalid):
            disclose(*act(work), cast["wang"], "phone", "curiosity")
        with pytest.raises(Invalid):
            disclose(*act(work), cast["wang"], "phone", "other", " ")
    for who in ("outsider", "other_officer", "administrator", "carer"):
        with cast.work(who) as work, pytest.raises(NotFound):
            disclose(*act(work), cast["wang"], "phone", "contact")
    with unit_of_work(NOBODY) as work, pytest.raises(NotFound):
        disclose(*act(work), cast["wang"], "phone", "contact")
    with cast.work("wang") as work:
        assert [one.reader_id for one in readings_of(work.session, cast["wang"])] == [cast["officer"]]
    with cast.work("auditor") as work:
        since = work.now - timedelta(days=1)
        assert len(readings_in_area(work.session, work.actor, since=since)) == 1
        assert counts_by_reader(work.session, work.actor, since)[0].readings == 1
        with pytest.raises(NotAllowed):
            disclose(*act(work), cast["wang"], "phone", "contact")
    with cast.work("other_officer") as work:
        assert readings_in_area(work.session, work.actor, since=since) == []
    for statement in ("UPDATE disclosure SET reason = 'x'", "DELETE FROM disclosure",
                      "INSERT INTO disclosure SELECT * FROM disclosure"):  # fmt: skip
        with pytest.raises(ProgrammingError), cast.work("officer") as work:
            work.session.connection().execute(text(statement))


def test_health_and_the_emergency_phone_cannot_even_be_selected_by_a_request(cast):
    keep_health(cast)
    for column in ("health_sealed", "emergency_phone_sealed"):
        for who in ("officer", "wang"):
            with pytest.raises(ProgrammingError), cast.work(who) as work:
                work.session.connection().execute(text(f"SELECT {column} FROM elder"))
    with cast.work("officer") as work:
        assert disclose(*act(work), cast["wang"], "health", "emergency") == HEALTH
        assert disclose(*act(work), cast["wang"], "emergency_phone", "emergency") == CALL
    with cast.work("wang") as work:
        assert disclose(*act(work), cast["wang"], "health", "own") == HEALTH


def test_a_carer_reads_health_on_the_day_of_her_visit_and_with_consent_alone(cast):
    keep_health(cast)
    needs_help_of(cast, "carer")
    with cast.work("carer") as work, pytest.raises(NotOnTheDay):
        disclose(*act(work), cast["wang"], "emergency_phone", "visit")
    visit_today(cast)
    with cast.work("carer") as work:
        with pytest.raises(ConsentMissing):
            disclose(*act(work), cast["wang"], "health", "visit")
        assert disclose(*act(work), cast["wang"], "emergency_phone", "visit") == CALL
    with pytest.raises(IntegrityError, match="she has not agreed"), cast.work("carer") as work:
        work.session.connection().execute(
            text("SELECT disclose(:p, 'health', 'visit', '', 'x', 'web', NULL, 'carer', :now)"),
            {"p": cast["wang"], "now": work.now},
        )
    with cast.work("wang") as work:
        give_consent(*act(work), cast["wang"], "health_to_carers", 1)
    with cast.work("carer") as work:
        assert disclose(*act(work), cast["wang"], "health", "visit") == HEALTH
    with cast.work("wang") as work:
        withdraw_consent(*act(work), cast["wang"], "health_to_carers")
    with cast.work("carer") as work, pytest.raises(ConsentMissing):
        disclose(*act(work), cast["wang"], "health", "visit")
    cast.advance(days=1)
    with cast.work("carer") as work, pytest.raises(NotOnTheDay):
        disclose(*act(work), cast["wang"], "emergency_phone", "visit")


def test_messages_on_progress_stop_when_she_does_not_want_them(cast):
    from services.messages.actions import tell

    def arrived(key):
        with unit_of_work(SYSTEM, login="jobs") as work:
            tell(work.session, work.now, recipient_ids=[cast["daughter"]], template="visits.started", elder_id=cast["wang"],
                 facts={"person_id": cast["carer"], "happened_at": work.now.isoformat()}, key=key)  # fmt: skip
        cast.run_jobs(only="messages.deliver")
        with unit_of_work(SYSTEM, login="jobs") as work:
            return work.session.connection().execute(text("SELECT count(*) FROM message")).scalar_one()

    assert arrived("one") == 1
    with cast.work("wang") as work:
        withdraw_consent(*act(work), cast["wang"], "progress_messages")
    assert arrived("two") == 1
