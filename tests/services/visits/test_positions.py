"""A visitor is followed between check-in and check-out, with her consent, and at no other moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.errors import NotAllowed
from services.people.consents import give_consent, withdraw_consent
from services.people.errors import ConsentMissing, PositionOutsideVisit
from services.visits.errors import VisitNotFound
from services.visits.positions import Fix, note_positions, positions_of


def act(work):
    return work.session, work.now, work.actor


@pytest.fixture
def visit(cast):
    """A visit of the carer that began ten minutes ago."""
    with cast.work("house") as work:
        return work.session.connection().execute(
            text(
                "INSERT INTO visit (kind, elder_id, area_code, visitor_id, planned_start, planned_end, state, code_tries,"
                " checked_in_at, check_in_proof, check_in_facts, check_out_facts, tasks_done) SELECT 'friendly', id, area_code, :v,"
                " CAST(:now AS timestamptz), CAST(:now AS timestamptz) + interval '1 hour', 'started', 0,"
                " CAST(:now AS timestamptz) - interval '10 minutes', 'elder_code', '{}', '{}', '{}' FROM person WHERE id = :e RETURNING id"
            ),
            {"v": cast["carer"], "e": cast["wang"], "now": work.now},
        ).scalar_one()  # fmt: skip


def fix(work, minutes):
    return Fix(118.7844, 32.0488, "wgs84", 12.0, work.now - timedelta(minutes=minutes))


def test_positions_are_kept_inside_the_visit_with_consent_and_once(cast, visit):
    with cast.work("carer") as work:
        with pytest.raises(ConsentMissing):
            note_positions(*act(work), visit, [fix(work, 5)])
        give_consent(*act(work), cast["carer"], "visit_position", 1)
        fixes = [fix(work, 5), fix(work, 4)]
        assert note_positions(*act(work), visit, fixes) == 2
        assert note_positions(*act(work), visit, fixes) == 0, "the same ones again change nothing"
        for minutes in (11, -1):
            with pytest.raises(PositionOutsideVisit):
                note_positions(*act(work), visit, [fix(work, minutes)])
    with cast.work("other_carer") as work, pytest.raises(VisitNotFound):
        note_positions(*act(work), visit, [fix(work, 5)])
    with cast.work("officer") as work:
        assert len(positions_of(*act(work), visit)) == 2
    with cast.work("daughter") as work, pytest.raises((NotAllowed, VisitNotFound)):
        positions_of(*act(work), visit)
    with cast.work("carer") as work:
        withdraw_consent(*act(work), cast["carer"], "visit_position")
        with pytest.raises(ConsentMissing):
            note_positions(*act(work), visit, [fix(work, 3)])


def test_the_database_keeps_every_other_moment_out(cast, visit):
    with cast.work("carer") as work:
        give_consent(*act(work), cast["carer"], "visit_position", 1)
    put = text(
        "INSERT INTO visit_position (visit_id, visitor_id, elder_id, area_code, place, taken_at, recorded_at) VALUES"
        " (:v, :who, :e, 1, ST_SetSRID(ST_MakePoint(118, 32), 4326), now() + :away, now() + interval '1 day')"
    )
    for who, away in (("carer", -1), ("other_carer", 0)):
        with pytest.raises(IntegrityError, match="outside of the visit"), cast.work("house") as work:
            work.session.connection().execute(
                put, {"v": visit, "who": cast[who], "e": cast["wang"], "away": timedelta(hours=away)}
            )
    with cast.work("house") as work:
        work.session.connection().execute(
            text("UPDATE visit SET state = 'finished', checked_out_at = :now WHERE id = :v"),
            {"v": visit, "now": work.now},
        )
    with pytest.raises(IntegrityError, match="outside of the visit"), cast.work("house") as work:
        work.session.connection().execute(
            put, {"v": visit, "who": cast["carer"], "e": cast["wang"], "away": timedelta(minutes=9)}
        )
    with pytest.raises(IntegrityError, match="outside of the visit"), cast.work("house") as work:
        work.session.connection().execute(
            text(
                "UPDATE visit SET checked_in_at = NULL, state = 'planned', check_in_facts = '{\"lon\": 118.7}' WHERE id = :v"
            ),
            {"v": visit},
        )
