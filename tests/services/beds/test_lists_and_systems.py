"""Lists of homes and stays say row by row what is wrong; a provider's own system may say everything twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.beds import external
from services.beds.errors import HomeNotFound, NotAssessed, StayBeginsOnce
from services.clock import civil_date
from services.errors import Invalid, NotFound
from services.intake.batch import Ground, read_row
from services.oversight.importing import IMPORTERS
from services.people.id_numbers import check_digit
from services.people.privacy import lookup_hash
from services.people.taking import SECRETS

CITY = 320100000000000
CARD = "32010219480412002" + check_digit("32010219480412002")
OTHERS = "32010219500101101" + check_digit("32010219500101101")


@pytest.fixture(autouse=True)
def card(cast: Any) -> None:
    """Let 王奶奶's ID card be this one."""
    asked = {"h": lookup_hash("id_number", CARD), "e": cast["wang"]}
    ask(cast, "UPDATE person SET id_number_hash = :h WHERE id = :e RETURNING 1", **asked)


def do(cast: Any, who: str, verb: Any, *args: Any) -> Any:
    with cast.work(who) as work:
        return verb(work.session, work.now, work.actor, *args)


def ask(cast: Any, statement: str, **values: Any) -> Any:
    with cast.work("house") as work:
        return work.session.connection().execute(text(statement), values).all()


def take(cast: Any, kind: str, *cells: dict[str, str]) -> tuple[Any, list[list[str]]]:
    """Judge a list and write what nothing keeps out; give what was written and each row's findings."""
    importer = IMPORTERS[kind]
    with cast.work("house") as work:
        ground = Ground(CITY, CITY, CITY + 10**11 - 1, None, None, SECRETS)  # type: ignore[arg-type]
        rows = [read_row(line, one, importer.fields, "wgs84") for line, one in enumerate(cells, 2)]
        importer.judge(work.session, work.now, ground, rows)
        good = [row for row in rows if not row.refused]
        written = importer.write(work.session, work.now, work.actor, ground, good)
    return written, [[found.kind for found in row.findings] for row in rows]


def test_a_list_of_stays_is_taken_in_and_each_wrong_row_says_what_is_wrong(cast: Any, home: Any) -> None:
    home(beds=2)
    good = {"facility_code": "H1", "label": "01", "id_number": CARD, "first_day": "2025-03-01"}
    rows = (
        good,
        good | {"label": "02", "first_day": "2025-05-01"},
        good | {"label": "99"},
        good | {"id_number": CARD[:17] + ("1" if CARD[17] == "0" else "0")},
        good | {"id_number": OTHERS},
        good | {"first_day": "2024-03-01"},
    )
    written, wrong = take(cast, "stays", *rows)
    assert wrong[:4] == [[], ["stay_overlaps"], ["unknown_bed"], ["bad_id_number"]]
    assert wrong[4:] == [["unknown_elder"], ["bad_cell"]]
    assert (written.created, written.updated) == (1, 0)
    again, _ = take(cast, "stays", good, good | {"label": "02", "first_day": "2026-01-01"})
    assert (again.created, again.unchanged) == (0, 1)
    ended, _ = take(cast, "stays", good | {"last_day": "2025-12-31"})
    assert ended.updated == 1
    assert ask(cast, "SELECT basis, lower(during), upper(during) FROM bed_stay") == [
        ("register", date(2025, 3, 1), date(2025, 12, 31))
    ]


@pytest.mark.mission("DY-54")
def test_a_list_of_homes_says_whose_they_are_from_a_day_on(cast: Any, home: Any) -> None:
    home(beds=1)
    good = {
        "facility_code": "H1",
        "ownership": "公建民营",
        "price_capped": "是",
        "price_cap_yuan": "2800",
        "since": "2026-01-01",
    }
    written, wrong = take(cast, "homes", good, good | {"facility_code": "没有"}, good | {"price_capped": "否"})
    assert wrong == [[], ["unknown_facility"], ["bad_cell"]] and written.created == 1
    again, late = take(cast, "homes", good, good | {"since": "2025-06-01"})
    assert (again.created, again.unchanged, late[1]) == (0, 1, ["later_standing"])
    assert ask(cast, "SELECT ownership, price_cap_fen FROM home_standing") == [("public_run_privately", 280_000)]


@pytest.mark.mission("DY-36")
@pytest.mark.usefixtures("assessed")
def test_a_providers_system_says_everything_twice_and_it_stands_once(cast: Any, home: Any) -> None:
    home(beds=1)
    with cast.work("house") as work:
        today = civil_date(work.now)
    bed = external.ToldBed("301-2", date(2025, 1, 1))
    first = do(cast, "dispatcher", external.put_bed, "H1", "b-301-2", bed)
    again = do(cast, "dispatcher", external.put_bed, "H1", "b-301-2", bed)
    assert (first.outcome, again.outcome, again.id) == ("created", "unchanged", first.id)
    taken = do(cast, "dispatcher", external.put_bed, "H1", "b-01", external.ToldBed("01", date(2025, 1, 1)))
    assert taken.outcome == "updated", "a bed of the same label is the same bed"
    with pytest.raises(HomeNotFound):
        do(cast, "other_dispatcher", external.put_bed, "H1", "b-301-2", bed)
    stay = external.ToldStay("b-301-2", CARD, today - timedelta(days=5))
    made = do(cast, "dispatcher", external.put_stay, "H1", "s-1", stay)
    assert do(cast, "dispatcher", external.put_stay, "H1", "s-1", stay).outcome == "unchanged"
    with pytest.raises(StayBeginsOnce):
        do(cast, "dispatcher", external.put_stay, "H1", "s-1", external.ToldStay("b-01", CARD, stay.first_day))
    left = external.ToldStay("b-301-2", CARD, stay.first_day, last_day=today)
    assert [do(cast, "dispatcher", external.put_stay, "H1", "s-1", left).outcome for _ in range(2)] == [
        "updated",
        "unchanged",
    ]
    kept = ask(cast, "SELECT id, upper(during), basis, end_kind FROM bed_stay")
    assert kept == [(made.id, today, "assessed", "discharge")]
    with pytest.raises(Invalid):
        do(
            cast,
            "dispatcher",
            external.put_stay,
            "H1",
            "s-2",
            external.ToldStay("b-01", CARD[:17] + ("1" if CARD[17] == "0" else "0"), today),
        )
    with pytest.raises(HomeNotFound):
        do(cast, "officer", external.put_stay, "H1", "s-2", stay)


def test_a_system_cannot_pass_by_the_assessment(cast: Any, home: Any) -> None:
    home(beds=1)
    with cast.work("house") as work:
        today = civil_date(work.now)
    do(cast, "dispatcher", external.put_bed, "H1", "b-01", external.ToldBed("01", date(2025, 1, 1)))
    early = external.ToldStay("b-01", CARD, today - timedelta(days=300))
    with pytest.raises(NotAssessed):
        do(cast, "dispatcher", external.put_stay, "H1", "s-1", early)
    with pytest.raises((NotFound, Invalid)):
        do(cast, "dispatcher", external.put_stay, "H1", "s-1", external.ToldStay("b-01", OTHERS, today))
