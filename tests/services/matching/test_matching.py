"""Who can really come: ranked with reasons, and everybody else with why not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yl_quarter import HOME, ROOT, WALK_TO_THE_CORNER, Quarter

from services.cities.actions import load_pack
from services.errors import NotFound
from services.matching.errors import HomeUnknown
from services.matching.queries import Matched, match
from services.matching.rules import Facts, estimated_walk_seconds, minutes_up, rank, score
from services.orders.errors import BadTime, ForVolunteers


def ask(quarter: Quarter, who: str = "daughter", **changes: Any) -> Matched:
    wish = {"elder_id": quarter["wang"], "service_code": "home_bath", "starts_at": quarter.thursday(9),
            "ends_at": quarter.thursday(11)} | changes  # fmt: skip
    with quarter.work(who) as work:
        return match(work.session, work.now, work.actor, **wish)


@pytest.mark.mission("DY-12", "NG-02")
def test_a_daughter_sees_who_can_come_from_her_mothers_door_and_why(quarter: Quarter) -> None:
    found = ask(quarter)
    names = [one.provider_id for one in found.candidates]
    assert names == [quarter.providers["kangle"], quarter.providers["ankang"]]
    first = found.candidates[0]
    assert first.walk_seconds == round(400 + WALK_TO_THE_CORNER) and not first.walk_estimated
    assert (first.price_fen, first.shared.government_fen, first.shared.self_fen) == (10000, 5000, 5000)
    assert first.capacity_left == 2 and first.grade == 4 and first.mean_face is None
    assert any("8分钟" in reason for reason in first.reasons)
    assert sum(first.score_parts.values()) == first.score


@pytest.mark.mission("DY-12", "NG-22", "NG-02")
def test_the_others_are_left_out_with_the_reason(quarter: Quarter) -> None:
    left = {one.provider_id: one for one in ask(quarter).left_out}
    far, blocked = left[quarter.providers["yuanda"]], left[quarter.providers["tingban"]]
    assert (far.code, far.why) == ("too_far", "太远：步行27分钟，最远20分钟")
    assert (blocked.code, blocked.why) == ("blocked", "已被暂停接单")
    assert len(left) == 2


def test_where_minutes_are_switched_off_her_own_area_decides(quarter: Quarter, tmp_path: Path) -> None:
    rules = (ROOT / "sample_data" / "cities" / "dongying.toml").read_text(encoding="utf-8")
    street = str(HOME // 10**6)
    pastoral = re.sub(r'^version = "(.*)"', r'version = "\1-pastoral"', rules, count=1, flags=re.MULTILINE)
    pastoral += (
        f'\n[[rules.areas_without_minutes]]\ncode = "{street}"\narea_level = "street"\nreason = "牧区，测试"\n'
        'source = "assumed"\n'
    )
    (tmp_path / "pastoral.toml").write_text(pastoral, encoding="utf-8")
    with quarter.database.session("jobs") as session, session.begin():
        load_pack(session, quarter.thursday(8), tmp_path / "pastoral.toml")
    found = ask(quarter)
    left = {one.provider_id: one.code for one in found.left_out}
    assert left[quarter.providers["yuanda"]] == "no_carer_with_the_skill", "27 minutes no longer matter"
    assert any("同一个区域" in reason for reason in found.candidates[0].reasons)
    quarter.change("UPDATE facility SET area_code = 320102009001000 WHERE id = :f", f=quarter.facilities["kangle"])
    left = {one.provider_id: one for one in ask(quarter).left_out}
    assert left[quarter.providers["kangle"]].facts == {"same_area": False}


@pytest.mark.mission("NG-02")
def test_at_night_and_on_sunday_everybody_is_closed(quarter: Quarter) -> None:
    sunday = quarter.thursday(9) + timedelta(days=3)
    for starts_at in (quarter.thursday(19), sunday):
        found = ask(quarter, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
        assert not found.candidates
        closed = [one for one in found.left_out if one.code == "closed"]
        assert len(closed) == 3 and "周一、周二" in closed[0].why and "8点到18点" in closed[0].why


def test_nobody_with_the_skill_and_a_valid_certificate_means_left_out(quarter: Quarter) -> None:
    quarter.change("UPDATE carer SET certificate_valid_until = '2021-01-01' WHERE provider_id = :p",
                   p=quarter.providers["kangle"])  # fmt: skip
    left = {one.provider_id: one.code for one in ask(quarter).left_out}
    assert left[quarter.providers["kangle"]] == "no_carer_with_the_skill"


def test_a_full_slot_is_not_sold_again_and_the_hour_after_is_free(quarter: Quarter) -> None:
    for place in range(2):
        order = quarter.accepted(even_if_ordered=place > 0)
        assert quarter.one("SELECT state FROM care_order WHERE id = :o", o=order.order_id) == "accepted"
    left = {one.provider_id: one.code for one in ask(quarter).left_out}
    assert left[quarter.providers["kangle"]] == "full"
    later = ask(quarter, starts_at=quarter.thursday(11), ends_at=quarter.thursday(13))
    assert {one.provider_id: one.capacity_left for one in later.candidates}[quarter.providers["kangle"]] == 2


def test_carers_promised_elsewhere_leave_less_capacity(quarter: Quarter) -> None:
    quarter.change("UPDATE service_line SET slot_capacity = 5")
    order = quarter.accepted()
    assert ask(quarter).candidates[0].capacity_left == 1, "two bath carers, one order waits for one of them"
    quarter.assign(order.order_id, "chen")
    assert ask(quarter).candidates[0].capacity_left == 1, "now she is promised: counted once, not twice"


def test_a_suspended_line_is_not_offering(quarter: Quarter) -> None:
    quarter.change("UPDATE service_line SET active = false WHERE provider_id = :p", p=quarter.providers["ankang"])
    left = {one.provider_id: one.code for one in ask(quarter).left_out}
    assert left[quarter.providers["ankang"]] == "not_offering"


@pytest.mark.mission("DY-12", "NG-02")
def test_a_site_is_reached_by_the_elder_and_needs_no_carer(quarter: Quarter) -> None:
    found = ask(quarter, service_code="canteen", starts_at=quarter.thursday(11), ends_at=quarter.thursday(12))
    assert found.candidates[0].reasons[0] == "从家走过去8分钟"
    assert found.candidates[0].shared.self_fen == 1500


def test_without_a_street_near_home_the_walk_is_an_estimate_by_the_citys_own_factor_and_says_so(
    quarter: Quarter, tmp_path: Path
) -> None:
    rules = (ROOT / "sample_data" / "cities" / "dongying.toml").read_text(encoding="utf-8")
    winding = re.sub(r'^version = "(.*)"', r'version = "\1-winding"', rules, count=1, flags=re.MULTILINE)
    (tmp_path / "winding.toml").write_text(winding + "\n[rules]\ndetour_factor = 1.7\n", encoding="utf-8")
    with quarter.database.session("jobs") as session, session.begin():
        load_pack(session, quarter.thursday(8), tmp_path / "winding.toml")
    quarter.change("UPDATE home_snap SET edge_id = NULL, fraction = NULL, distance_m = NULL")
    found = ask(quarter)
    kangle = next(one for one in found.candidates if one.provider_id == quarter.providers["kangle"])
    assert kangle.walk_estimated and "（估算）" in kangle.reasons[0]
    metres = quarter.one(
        "SELECT ST_Distance(f.geom::geography, p.home::geography) FROM facility f, person p "
        "WHERE f.id = :f AND p.id = :p", f=quarter.facilities["kangle"], p=quarter["wang"],
    )  # fmt: skip
    assert kangle.walk_seconds == round(metres * 1.7 / 0.8), "by what the circles estimate with too"


def test_beyond_the_reach_table_an_estimate_never_comes_below_it(quarter: Quarter) -> None:
    quarter.change("DELETE FROM reach WHERE facility_id = :f", f=quarter.facilities["kangle"])
    far = next(one for one in ask(quarter).left_out if one.provider_id == quarter.providers["kangle"])
    assert far.facts["walk_seconds"] == 1801 and "（估算）" in far.why


def test_a_home_that_is_nowhere_is_a_clear_answer(quarter: Quarter) -> None:
    quarter.change("DELETE FROM home_snap")
    quarter.change("UPDATE person SET home = NULL WHERE id = :p", p=quarter["wang"])
    with pytest.raises(HomeUnknown):
        ask(quarter)


def test_strangers_learn_nothing_and_bad_wishes_are_refused(quarter: Quarter) -> None:
    with pytest.raises(NotFound):
        ask(quarter, "wu")
    with pytest.raises(BadTime):
        ask(quarter, starts_at=quarter.thursday(9).replace(tzinfo=None))
    with pytest.raises(ForVolunteers):
        ask(quarter, service_code="friendly_visit")


facts = st.builds(
    Facts,
    provider_id=st.integers(1, 50),
    walk_seconds=st.integers(0, 1800),
    max_travel_seconds=st.integers(1, 3600),
    grade=st.integers(1, 5),
    mean_face_hundredths=st.none() | st.integers(100, 300),
    price_fen=st.integers(0, 50_000),
    capacity_left=st.integers(0, 10),
    slot_capacity=st.integers(1, 10),
    served_before=st.integers(0, 9),
    load=st.integers(0, 5000),
    as_wished=st.booleans(),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts, max_size=8, unique_by=lambda one: one.provider_id), st.randoms())
def test_the_order_of_the_rows_never_decides(found: list[Facts], dice: Any) -> None:
    shuffled = list(found)
    dice.shuffle(shuffled)
    assert rank(shuffled) == rank(found)
    for one, parts in rank(found):
        assert 0 <= sum(parts.values()) <= 1000 and one in found


def test_nearer_better_cheaper_or_freer_never_ranks_lower() -> None:
    plain = Facts(1, 600, 1200, 3, 250, 8000, 2, 4, 1, 300, False)
    before = sum(score(plain, 6000, (0, 600)).values())
    for better in (
        {"walk_seconds": 300}, {"grade": 4}, {"mean_face_hundredths": 280}, {"price_fen": 6000}, {"capacity_left": 3},
        {"served_before": 2}, {"load": 100}, {"as_wished": True},
    ):  # fmt: skip
        assert sum(score(replace(plain, **better), 6000, (0, 600)).values()) > before


def test_minutes_are_rounded_up_and_estimates_take_the_detour() -> None:
    assert [minutes_up(0), minutes_up(60), minutes_up(61)] == [0, 1, 2]
    assert estimated_walk_seconds(800.0, 0.8, 1.35) == 1350
    assert estimated_walk_seconds(100.0, 0.8, 1.35, 1801) == 1801
