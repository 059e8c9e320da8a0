"""Whom she would like to come, who came before, and nobody carrying all the load."""

from __future__ import annotations

from typing import Any

import pytest
from yl_quarter import Quarter

from services.errors import Invalid, NotFound
from services.matching.errors import NotADispatcher
from services.matching.queries import Matched, match, unmet_needs
from services.matching.wishes import Wish, say_languages, say_wish, wish_of


def ask(quarter: Quarter, who: str = "daughter") -> Matched:
    with quarter.work(who) as work:
        return match(
            work.session, work.now, work.actor, quarter["wang"], "home_bath", quarter.thursday(9), quarter.thursday(11)
        )


def wish(quarter: Quarter, who: str = "daughter", **what: Any) -> None:
    with quarter.work(who) as work:
        say_wish(work.session, work.now, work.actor, quarter["wang"], Wish(**what))


def parts(quarter: Quarter) -> dict[str, dict[str, int]]:
    codes = {number: code for code, number in quarter.providers.items()}
    return {codes[one.provider_id]: one.score_parts for one in ask(quarter).candidates}


def test_who_has_nobody_as_she_insists_is_left_out_with_the_reason(quarter: Quarter) -> None:
    quarter.change("UPDATE carer SET gender = 'male' WHERE provider_id = :p", p=quarter.providers["ankang"])
    wish(quarter, gender="female", must=True)
    found = ask(quarter)
    assert [one.provider_id for one in found.candidates] == [quarter.providers["kangle"]]
    left = next(one for one in found.left_out if one.provider_id == quarter.providers["ankang"])
    assert (left.code, left.why) == ("not_as_wished", "那时没有老人要的女护理员")
    wish(quarter, gender="female")
    assert parts(quarter)["ankang"]["wish"] == 0 and parts(quarter)["kangle"]["wish"] == 100


def test_a_tongue_is_wished_and_said_by_the_provider(quarter: Quarter) -> None:
    wish(quarter, languages=("nanjing",))
    assert {one["wish"] for one in parts(quarter).values()} == {0}
    with quarter.work("kangle_dispatcher") as work:
        say_languages(work.session, work.now, work.actor, quarter["chen"], ["nanjing", "mandarin"])
    assert {code: one["wish"] for code, one in parts(quarter).items()} == {"kangle": 100, "ankang": 0}
    assert any("会说南京话" in reason for reason in ask(quarter).candidates[0].reasons)
    with pytest.raises((NotADispatcher, NotFound)), quarter.work("ankang_dispatcher") as work:
        say_languages(work.session, work.now, work.actor, quarter["chen"], [])
    with pytest.raises(Invalid):
        wish(quarter, languages=("klingon",))


def test_a_wish_nobody_can_meet_is_an_unmet_need_the_officer_sees(quarter: Quarter) -> None:
    wish(quarter, gender="male", must=True)
    placed = quarter.place(chosen_provider_id=None)
    quarter.run_jobs(only="matching.offer_next")
    assert quarter.one("SELECT state FROM care_order WHERE id = :o", o=placed.order_id) == "unfilled"
    with quarter.work("zhao") as work:
        (need,) = unmet_needs(work.session, quarter.thursday(9).replace(year=2020))
    assert {one["code"] for one in need.reasons["left_out"]} >= {"not_as_wished"}


def test_who_served_her_before_counts_and_only_her_own_side_learns_it(quarter: Quarter) -> None:
    assert parts(quarter)["kangle"]["continuity"] == 0
    quarter.served(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15))
    later = {"starts_at": quarter.thursday(16), "ends_at": quarter.thursday(18)}
    with quarter.work("daughter") as work:
        found = match(work.session, work.now, work.actor, quarter["wang"], "home_bath", *later.values())
    assert (
        next(one for one in found.candidates if one.provider_id == quarter.providers["kangle"]).score_parts[
            "continuity"
        ]
        == 25
    )
    count = "SELECT sum(known) FROM provider_facts(ARRAY[1, 2], 'home_bath', '{}', current_date, tstzrange(now(), now() + interval '9 days'), now(), :e, NULL, '{}')"
    for who, known in (("wang", 1), ("wu", 0), ("ankang_dispatcher", 0)):
        with quarter.work(who) as work:
            from sqlalchemy import text

            known_now = work.session.connection().execute(
                text(count.replace("now()", "now() + interval '9 days'")), {"e": quarter["wang"]}
            )
            assert int(known_now.scalar_one()) <= known, who


def test_the_lighter_load_is_preferred(quarter: Quarter) -> None:
    assert {one["fairness"] for one in parts(quarter).values()} == {100}
    quarter.accepted(starts_at=quarter.thursday(8), ends_at=quarter.thursday(10))
    assert {code: one["fairness"] for code, one in parts(quarter).items()} == {"kangle": 0, "ankang": 100}


def test_strangers_neither_see_nor_say_her_wishes(quarter: Quarter) -> None:
    wish(quarter, gender="female")
    for who in ("wu", "ankang_dispatcher"):
        with pytest.raises(NotFound):
            wish(quarter, who, gender="male")
        with quarter.work(who) as work:
            assert wish_of(work.session, quarter["wang"]) == Wish()
    with quarter.work("zhou") as work:
        assert wish_of(work.session, quarter["wang"]).gender == "female"
