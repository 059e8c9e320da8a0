"""Somebody unknown at the counter: real name, an account at once, and no minor without her guardian, whoever writes it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from services.acts import Act
from services.clock import civil_date
from services.columns import table_of
from services.people.id_numbers import check_digit
from services.people.tables import Person
from services.volunteering.errors import (
    AlreadyAVolunteer,
    GuardianNeeded,
    GuardianTooYoung,
    NotARealName,
    OfficeOnly,
    ReasonNeeded,
    TooYoung,
)
from services.volunteering.newcomers import Guardian, Newcomer, register_newcomer
from services.volunteering.tables import Volunteer

_person, _volunteer, _act = table_of(Person), table_of(Volunteer), table_of(Act)
HOME = 320102003902000


def number(born: date, running: int = 12) -> str:
    """Invent an ID number for a birthday; an even running number is a woman's."""
    first = f"320102{born:%Y%m%d}{running:03d}"
    return first + check_digit(first)


def years_ago(cast: Any, years: int) -> date:
    with cast.work("house") as work:
        today = civil_date(work.now)
        return today.replace(year=today.year - years, day=1)


def come(cast: Any, new: Newcomer, who: str = "officer", **more: Any) -> tuple[int, str]:
    with cast.work(who) as work:
        asked = {"display_name": "", "interests": [], "reason": "本人到柜台", "guardian": None} | more
        return register_newcomer(work.session, work.now, work.actor, new, **asked)


def test_a_newcomer_is_registered_with_her_real_name_and_an_account_and_never_twice(cast: Any) -> None:
    born = years_ago(cast, 45)
    new = Newcomer(" 何晓燕 ", number(born), HOME, "19900000451")
    person_id, passport = come(cast, new)
    with cast.work("house") as work:
        row = work.session.connection().execute(select(_person).where(_person.c.id == person_id)).one()
        assert (row.full_name, row.gender, row.born_on) == ("何晓燕", "female", born)
        assert row.timebank_account_id is not None and passport == f"GY320100-{person_id:08d}"
        acts = select(_act.c.verb).where(_act.c.for_person_id == person_id)
        assert {"register_person", "register_volunteer"} <= set(work.session.connection().execute(acts).scalars())
    with pytest.raises(AlreadyAVolunteer):
        come(cast, new)
    with pytest.raises(IntegrityError):  # her phone under another name
        come(cast, Newcomer("何晓", number(born, 14), HOME, "19900000451"))
    for wrong, kind in (
        (Newcomer("何", number(born), HOME), NotARealName),
        (Newcomer("何晓莲", number(born)[:-1] + "?", HOME), NotARealName),
        (Newcomer("何晓莲", number(born, 16), 320104006000000), OfficeOnly),
        (Newcomer("何小小", number(years_ago(cast, 15)), HOME), TooYoung),
    ):
        with pytest.raises(kind):
            come(cast, wrong)
    with pytest.raises(ReasonNeeded):
        come(cast, Newcomer("何晓莲", number(born, 16), HOME), reason=" ")
    with pytest.raises(OfficeOnly):
        come(cast, Newcomer("何晓莲", number(born, 16), HOME), who="volunteer")


def test_a_pupil_comes_with_her_mother_whose_word_is_written_down(cast: Any, under: Any) -> None:
    under("beijing")
    pupil = Newcomer("何小小", number(years_ago(cast, 15)), HOME)
    mother = Newcomer("何晓燕", number(years_ago(cast, 45), 14), HOME, "19900000451")
    with pytest.raises(GuardianNeeded):
        come(cast, pupil)
    with pytest.raises(GuardianTooYoung):
        sister = Newcomer("何小妹", number(years_ago(cast, 17), 16), HOME)
        come(cast, pupil, guardian=Guardian(sister, "姐姐", "signed"))
    with pytest.raises(ReasonNeeded):
        come(cast, pupil, guardian=Guardian(mother, " ", "signed"))
    person_id, _ = come(cast, pupil, guardian=Guardian(mother, "母亲", "signed"))
    brother = Newcomer("何小弟", number(years_ago(cast, 16), 11), HOME)
    other_id, _ = come(cast, brother, guardian=Guardian(mother, "母亲", "in_person"))
    with cast.work("house") as work:
        one, other = (
            work.session.connection().execute(select(_volunteer).where(_volunteer.c.person_id == number)).one()
            for number in (person_id, other_id)
        )
        assert one.guardian_id == other.guardian_id  # the same papers are the same person
        assert (one.guardian_relation, one.guardian_consent, one.guardian_consented_on) == (
            "母亲", "signed", civil_date(work.now),
        )  # fmt: skip


@pytest.mark.parametrize("who", ["officer", "house"])
def test_no_typed_sql_makes_a_minor_a_volunteer_without_her_guardian(cast: Any, under: Any, who: str) -> None:
    under("beijing")
    young, old = years_ago(cast, 15), years_ago(cast, 45)
    mother = Newcomer("何晓燕", number(old, 14), HOME)
    pupil_id, _ = come(cast, Newcomer("何小小", number(young), HOME), guardian=Guardian(mother, "母亲", "signed"))
    with cast.work("officer") as work:
        day = civil_date(work.now)
        outsider = cast["outsider"]
    with cast.work("house") as work:
        work.session.connection().execute(
            update(_person).where(_person.c.id == outsider).values(born_on=young, area_code=HOME)
        )
    row = {
        "person_id": outsider, "area_code": HOME, "display_name": "小吴", "interests": [], "registered_on": day,
        "passport_number": "GY3201-x",
    }  # fmt: skip
    attempts = [
        insert(_volunteer).values(row),
        insert(_volunteer).values(row | {"guardian_id": pupil_id, "guardian_consented_on": day}),
        update(_volunteer).where(_volunteer.c.person_id == pupil_id).values(
            guardian_id=None, guardian_consented_on=None
        ),
        update(_person).where(_person.c.id == cast["volunteer"]).values(born_on=young),
    ]  # fmt: skip
    names = [
        "volunteer_minor_has_guardian_check", "volunteer_guardian_of_age_check", "volunteer_minor_has_guardian_check",
        "volunteer_minor_has_guardian_check",
    ]  # fmt: skip
    for attempt, name in zip(attempts, names, strict=True):
        with cast.work(who) as work, pytest.raises(IntegrityError) as no:
            work.session.connection().execute(attempt)
        assert no.value.orig.diag.constraint_name == name
    with cast.work("house") as work:  # the twin: with the guardian the very same row stands
        done = work.session.connection().execute
        done(insert(_volunteer).values(row | {"guardian_id": cast["carer"], "guardian_consented_on": day}))
        assert done(select(_volunteer).where(_volunteer.c.person_id == outsider)).one().guardian_id == cast["carer"]
