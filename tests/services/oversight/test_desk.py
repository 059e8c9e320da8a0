"""The officer's Monday: her street's figures, each with its definition, its day and its rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import ProgrammingError

from services.circles import remedies
from services.circles.coverage import uncovered_elders
from services.circles.remedy_errors import NoGapThere, RemedyIncomplete, RemedyWithdrawn
from services.cities.actions import adopt_rules, save_areas
from services.cities.queries import rules_in_force
from services.clock import civil_date
from services.columns import table_of
from services.directory.planned_errors import NotForThisRegister
from services.directory.tables import Facility
from services.oversight.actions import check_ledger
from services.oversight.administrative import administrative_coverage
from services.oversight.errors import NotADesk
from services.oversight.queries import officers_desk
from services.visits.attempts import record_attempt
from services.visits.escalations import follow_up

STREET, OTHER_STREET, CITY = 320102003000000, 320102002000000, 320100000000000
DONGYINGS_FOUR = ["residential_care", "day_care", "home_visit", "guidance"]
_facility = table_of(Facility)


def desk(cast: Any, who: str = "officer", role: str | None = None) -> Any:
    with cast.work(who, role=role) as work:
        return officers_desk(work.session, work.actor, work.now)


def build(cast: Any, name: str, type_code: str, functions: list[str], area: int) -> None:
    with cast.work("house") as work:
        work.session.add(
            Facility(
                code=name,
                provider_id=cast.providers["kangle"],
                name=name,
                type_code=type_code,
                functions=functions,
                area_code=area,
                address="演示路",
                geom="SRID=4326;POINT(118.785 32.05)",
                original_lon=118.785,
                original_lat=32.05,
                original_crs="wgs84",
                opened_on=date(2024, 1, 1),
            )  # fmt: skip
        )


def tiers(cast: Any, who: str = "officer", area: int = STREET) -> dict[str, Any]:
    with cast.work(who) as work:
        return {tier.tier_code: tier for tier in administrative_coverage(work.session, area, date(2026, 11, 20))}


@pytest.mark.mission("DY-04", "DY-01", "HB-03", "HB-05", "TZ-02", "TZ-23")
def test_a_centre_without_guidance_does_not_count_and_the_missing_function_is_named(cast: Any) -> None:
    with cast.work("house") as work:
        work.session.connection().execute(update(_facility).values(status="closed"))
    build(cast, "少一项中心", "street_centre", DONGYINGS_FOUR[:3], 320102003901000)
    street = tiers(cast)["street_15"]
    assert (street.owning, street.total, street.share) == (0, 1, 0.0)
    assert (street.areas[0].candidate, street.areas[0].missing) == ("少一项中心", ("对下指导",))
    build(cast, "齐全中心", "street_centre", DONGYINGS_FOUR, 320102003902000)
    street = tiers(cast)["street_15"]
    assert (street.owning, street.share, street.areas[0].qualified) == (1, 1.0, ("齐全中心",))
    assert (street.target, street.target_due) == (1.0, date(2025, 12, 31))


@pytest.mark.mission("DY-04", "HB-04")
def test_an_upper_centre_never_counts_for_a_community(cast: Any) -> None:
    with cast.work("house") as work:
        work.session.connection().execute(update(_facility).values(status="closed"))
    with cast.work("house") as work:
        communities = ((320102003901000, "青石里"), (320102003902000, "文津里"), (320102002901000, "梅园里"))
        save_areas(work.session, [{"code": code, "name": name} for code, name in communities])
    build(cast, "齐全中心", "street_centre", [*DONGYINGS_FOUR, "meals"], 320102003902000)
    community = tiers(cast)["community_10"]
    assert (community.total, community.owning) == (2, 0)
    assert {area.area_code // 10**6 for area in community.areas} == {STREET // 10**6}
    build(
        cast,
        "日照中心",
        "day_care_centre",
        ["daily_care", "meals", "mobility", "emergency", "comfort"],
        320102003902000,
    )
    community = tiers(cast)["community_10"]
    assert community.owning == 1 and not community.areas[0].qualified and community.areas[-1].qualified == ("日照中心",)


@pytest.mark.mission("TZ-23")
def test_a_closed_or_future_facility_does_not_count(cast: Any) -> None:
    with cast.work("house") as work:
        work.session.connection().execute(update(_facility).values(status="closed"))
    build(cast, "齐全中心", "street_centre", DONGYINGS_FOUR, 320102003902000)
    for change in ({"closed_on": date(2026, 1, 1)}, {"closed_on": None, "opened_on": date(2027, 1, 1)}):
        with cast.work("house") as work:
            work.session.connection().execute(update(_facility).where(_facility.c.code == "齐全中心").values(**change))
        assert tiers(cast)["street_15"].owning == 0


def test_the_desk_holds_every_figure_with_definition_and_day(cast: Any) -> None:
    with cast.work("officer") as work:
        attempt_id = record_attempt(
            work.session, work.now, work.actor, cast["sun"],
            channel="home", outcome="no_answer", happened_at=work.now, note=None,
        )  # fmt: skip
    with cast.work("house") as work:
        follow_up(work.session, work.now, attempt_id)
        assert check_ledger(work.session, work.now)
    found = desk(cast)
    assert (found.area_code, found.area_name, found.city_code) == (STREET, "新街口街道", CITY)
    assert (found.visits.due, found.visits.done, found.visits.attempts) == (2, 0, 1)
    assert "无人应答不计" in found.visits.definition and found.visits.target == 1.0
    (door,) = found.escalations
    assert (door.elder_name, door.in_charge_name, door.visit_class, door.overdue) == ("孙德福", "赵建国", "high", False)
    assert found.ledger.ok and found.ledger.checked_at is not None
    assert found.beds.city.target == 0.73 and len(found.beds.trend) == 15 and found.beds.city.definition
    walking = {(tier.tier_code, tier.profile): tier for tier in found.coverage.tiers}
    assert walking[("street_15", "elder")].total == 2 and all(tier.definition for tier in found.coverage.tiers)
    assert [tier.tier_code for tier in found.administrative] == ["street_15", "community_10", "quarter_5"]


def test_from_the_walking_figure_to_the_elders_beyond_it_is_one_call(cast: Any) -> None:
    found = desk(cast)
    tier = next(t for t in found.coverage.tiers if t.tier_code == "street_15" and t.profile == "elder")
    with cast.work("officer") as work:
        rows = uncovered_elders(work.session, STREET, tier.tier_code, tier.profile)
    assert len(rows) == tier.total - tier.reached


def test_the_other_streets_desk_knows_none_of_these_elders(cast: Any) -> None:
    with cast.work("officer") as work:
        attempt_id = record_attempt(
            work.session, work.now, work.actor, cast["sun"],
            channel="home", outcome="no_answer", happened_at=work.now, note=None,
        )  # fmt: skip
    with cast.work("house") as work:
        follow_up(work.session, work.now, attempt_id)
    other = desk(cast, "other_officer")
    assert (other.area_code, other.visits.due, other.escalations) == (OTHER_STREET, 0, [])
    assert all(tier.total == 0 for tier in other.coverage.tiers)
    city = desk(cast, "auditor")
    assert city.visits.due == 2 and len(city.escalations) == 1


def test_only_an_office_with_an_area_has_a_desk(cast: Any) -> None:
    for who in ("daughter", "wang", "carer", "volunteer", "dispatcher", "outsider", "administrator"):
        with pytest.raises(NotADesk):
            desk(cast, who)


def test_the_ledger_figure_says_when_it_was_never_checked(cast: Any) -> None:
    assert desk(cast).ledger.ok is None


def test_under_shanghais_rules_the_desk_speaks_of_shanghais_circle(cast: Any) -> None:
    with cast.work("house") as work:
        day = adopt_rules(work.session, work.now, CITY, 310000000000000)
        rules = rules_in_force(work.session, CITY, day)
    with cast.work("officer") as work:
        found = {tier.tier_code for tier in administrative_coverage(work.session, STREET, day)}
    assert found == {tier.code for tier in rules.tiers} and "street_15" not in found


def three_communities_without_a_site(cast: Any) -> None:
    with cast.work("house") as work:
        work.session.connection().execute(update(_facility).values(status="closed"))
        communities = ((320102003901000, "青石里"), (320102003902000, "文津里"), (320102002901000, "梅园里"))
        save_areas(work.session, [{"code": code, "name": name} for code, name in communities])


@pytest.mark.mission("HB-17")
def test_areas_without_a_site_or_below_standard_are_listed_with_the_remedy_their_office_chose(cast: Any) -> None:
    three_communities_without_a_site(cast)
    build(cast, "日照点", "day_care_centre", ["daily_care", "meals"], 320102003901000)

    def gaps() -> dict[int, Any]:
        with cast.work("officer") as work:
            found = remedies.gap_list(work.session, STREET, civil_date(work.now))
        return {gap.area_code: gap for gap in found if gap.tier_code == "community_10"}

    assert set(gaps()) == {320102003901000, 320102003902000}, "the other street's are another office's"
    below, none = gaps()[320102003901000], gaps()[320102003902000]
    assert below.candidate == "日照点" and below.missing and below.remedy is None
    assert none.candidate is None

    def choose(who: str = "officer", area: int = 320102003902000, **changes: Any) -> int:
        with cast.work(who) as work:
            wish = {
                "tier_code": "community_10",
                "remedy": "lease",
                "due_on": civil_date(work.now) + timedelta(days=200),
            }
            return remedies.choose_remedy(work.session, work.now, work.actor, area_code=area, **(wish | changes))

    first = choose()
    second = choose(remedy="buy_back", note="原社区办公房")
    assert second != first and gaps()[320102003902000].remedy.remedy == "buy_back", "the first is kept, withdrawn"
    with cast.work("officer") as work:
        assert remedies.find_remedy(work.session, first).withdrawn_reason
    with pytest.raises(NotForThisRegister):
        choose("other_officer")
    with pytest.raises(NoGapThere):
        choose(tier_code="street_15")
    with pytest.raises(RemedyIncomplete):
        choose(due_on=date(2020, 1, 1))
    with pytest.raises(ProgrammingError), cast.work("officer") as work:
        work.session.connection().execute(text("UPDATE gap_remedy SET remedy = 'build'"))
    with cast.work("officer") as work:
        remedies.withdraw_remedy(work.session, work.now, work.actor, second, "业主不卖")
    with pytest.raises(RemedyWithdrawn), cast.work("officer") as work:
        remedies.withdraw_remedy(work.session, work.now, work.actor, second, "业主不卖")
    assert gaps()[320102003902000].remedy is None
    build(
        cast,
        "日照中心",
        "day_care_centre",
        ["daily_care", "meals", "mobility", "emergency", "comfort"],
        320102003902000,
    )
    assert set(gaps()) == {320102003901000}, "once it owns a qualified site it is a gap no more"
