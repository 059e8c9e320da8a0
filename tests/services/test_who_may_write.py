"""Seeing a row is not changing it: what typed SQL in somebody's name may not write, table by table."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.people.proxies import proxies_of


def done(cast, who, statement, **values):
    """Run a statement in somebody's own transaction; gives how many rows it changed, None when it was refused."""
    named = {"wang": cast["wang"], "sun": cast["sun"], "me": cast[who], "kangle": cast.providers["kangle"]} | values
    try:
        with cast.work(who) as work:
            given = {name: value for name, value in named.items() if f":{name}" in statement}
            return work.session.connection().execute(text(statement), given).rowcount
    except ProgrammingError as refused:
        assert refused.orig.sqlstate == "42501", refused
        return None


REFUSED = (
    # somebody else's name, phone and home, and one's own
    ("daughter", "UPDATE person SET full_name = 'x' WHERE id = :wang"),
    ("wang", "UPDATE person SET phone_hash = NULL WHERE id = :wang"),
    ("outsider", "UPDATE person SET area_code = 320102003000000 WHERE id = :me"),
    # roles, sessions, cards
    ("outsider", "INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:me, 'officer', 320102003000000, now())"),
    ("officer", "INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:wang, 'auditor', 320102003000000, now())"),
    ("dispatcher", "INSERT INTO role_grant (person_id, role, provider_id, granted_at) VALUES (:me, 'dispatcher', 1, now())"),
    ("carer", "UPDATE role_grant SET revoked_at = now() WHERE person_id = :me"),
    (
        "outsider",
        "INSERT INTO sign_in_session (person_id, bound_by, kind, token_hash, created_at, expires_at)"
        " VALUES (:wang, :me, 'browser', 'x', now(), now() + interval '1 day')",
    ),
    ("wang", "UPDATE sign_in_session SET expires_at = now() + interval '10 years' WHERE person_id = :me"),
    ("daughter", "UPDATE binding_card SET used_at = NULL WHERE elder_id = :wang"),
    # who opens an elder's record to herself by a row
    (
        "dispatcher",
        "INSERT INTO offer (order_id, elder_id, area_code, provider_id, rank, mode, shared, round, state, offered_at, expires_at, reasons)"
        " SELECT 1, :sun, 320102003904901, :kangle, 1, 'ranked', false, 1, 'open', now(), now(), '{}'",
    ),
    (
        "outsider",
        "INSERT INTO escalation (elder_id, area_code, attempt_id, step, in_charge_id, opened_at, due_at, history)"
        " VALUES (:wang, 320102003902901, 1, 1, :me, now(), now(), '[]')",
    ),
    # care, rights and duties
    ("daughter", "UPDATE entitlement SET monthly_cap_fen = 99999999 WHERE elder_id = :wang"),
    ("daughter", "UPDATE visit_duty SET ended_on = current_date WHERE elder_id = :wang"),
    ("wang", "UPDATE assessment SET level = 4 WHERE elder_id = :wang"),
    (
        "daughter",
        "INSERT INTO entitlement (elder_id, area_code, kind, service_codes, government_percent, monthly_cap_fen, during, ground,"
        " payer, recorded_at) VALUES (:wang, 320102003902901, 'x', '{}', 100, 1, '[2020-01-01,)', 'x', 'government', now())",
    ),
    (
        "daughter",
        "INSERT INTO visit_attempt (elder_id, area_code, channel, outcome, happened_at, recorded_at, by_person_id)"
        " VALUES (:wang, 320102003902901, 'home', 'seen', now(), now(), :sun)",
    ),
    ("carer", "UPDATE carer SET skills = '{surgery}' WHERE person_id = :me"),
    ("volunteer", "UPDATE volunteer SET trained_on = current_date, insured_until = '2099-01-01' WHERE person_id = :me"),
    # messages and mandates
    ("daughter", "UPDATE message SET body = 'x' WHERE recipient_id = :me"),
    ("outsider", "INSERT INTO message (recipient_id, template, facts, body, created_at) VALUES (:me, 'x', '{}', 'x', now())"),
    ("daughter", "UPDATE proxy SET scopes = '{view,order,pay}' WHERE proxy_person_id = :me"),
    ("daughter", "UPDATE attachment SET purpose = 'other' WHERE elder_id = :wang"),
)  # fmt: skip


def test_what_somebody_sees_and_may_not_write_stays_as_it_was(cast):
    cast.token("wang")
    written = [(who, statement) for who, statement in REFUSED if done(cast, who, statement) not in (None, 0)]
    assert not written


def test_what_her_office_or_she_herself_writes_is_written(cast):
    cast.token("wang")
    allowed = (
        ("officer", "UPDATE person SET gender = 'female' WHERE id = :wang"),
        ("officer", "UPDATE visit_duty SET end_reason = NULL WHERE elder_id = :wang"),
        ("officer", "UPDATE entitlement SET monthly_cap_fen = monthly_cap_fen WHERE elder_id = :wang"),
        ("administrator", "INSERT INTO role_grant (person_id, role, area_code, granted_at) VALUES (:wang, 'advisor', 320102003000000, now())"),
        ("wang", "UPDATE sign_in_session SET revoked_at = now() WHERE person_id = :me"),
        ("wang", "UPDATE person SET language = 'en' WHERE id = :me"),
        ("wang", "UPDATE door_plate SET revoked_at = now() WHERE elder_id = :me"),
        ("dispatcher", "UPDATE carer SET skills = skills WHERE provider_id = :kangle"),
        ("volunteer", "UPDATE volunteer SET display_name = '李老师' WHERE person_id = :me"),
        ("officer", "UPDATE volunteer SET trained_on = current_date"),
    )  # fmt: skip
    kept_out = [(who, statement) for who, statement in allowed if not done(cast, who, statement)]
    assert not kept_out


def test_a_carer_scans_a_plate_and_does_not_write_one(cast):
    needs = (
        "INSERT INTO need (elder_id, area_code, kind, title, rough_place, starts_at, ends_at, state, posted_by, posted_at, taken_by,"
        " taken_at) SELECT id, area_code, 'friendly_visit', 'x', 'y', now(), now() + interval '1 hour', 'taken', id, now(), :v, now()"
        " FROM person WHERE id = :w"
    )
    with cast.work("house") as work:
        work.session.connection().execute(text(needs), {"v": cast["volunteer"], "w": cast["wang"]})
    with cast.work("volunteer") as work:
        seen = work.session.connection().execute(text("SELECT count(*) FROM door_plate")).scalar_one()
    assert seen == 1, "she sees the plate, to compare what she scanned"
    assert done(cast, "volunteer", "UPDATE door_plate SET token_hash = 'x'") in (None, 0)
    assert not done(cast, "volunteer", "UPDATE need SET title = 'y' WHERE taken_by = :me")
    assert (
        done(cast, "volunteer", "UPDATE need SET state = 'open', taken_by = NULL, taken_at = NULL WHERE taken_by = :me")
        == 1
    )
    assert not done(cast, "volunteer", "UPDATE need SET state = 'taken', taken_by = :sun, taken_at = now()")


def test_what_stands_moves_with_an_elder_and_what_happened_stays(cast):
    from services.people.moving import move_elder
    from services.unit_of_work import SYSTEM

    ended = (
        "INSERT INTO visit_duty (elder_id, area_code, visit_class, groups, since, ended_on, end_reason)"
        " VALUES (:w, 320102003902901, 'x', '{}', '2020-01-01', '2021-01-01', 'moved')"
    )
    with cast.work("house") as work:
        work.session.connection().execute(text(ended), {"w": cast["wang"]})
        move_elder(work.session, work.now, SYSTEM, cast["wang"], 320102002001000, None)
    tables = "SELECT count(*) FROM proxy", "SELECT count(*) FROM visit_duty", "SELECT count(*) FROM entitlement"
    for who, there in (("other_officer", (1, 1)), ("officer", (0, 2))):
        with cast.work(who) as work:
            one = work.session.connection().execute
            assert len(proxies_of(work.session, cast["wang"])) == there[0], who
            assert one(text(tables[1])).scalar_one() == there[1], (
                f"{who}: the open duty moves, the ended one stays; 孙大爷 too"
            )
            assert one(text(tables[2] + " WHERE elder_id = :w"), {"w": cast["wang"]}).scalar_one() == there[0] * 1, who
    with cast.work("daughter") as work:
        assert len(proxies_of(work.session, cast["wang"])) == 1
