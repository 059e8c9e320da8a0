"""What the five plans measure their cities by, each counted on facts made by hand and known in advance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.beds.tables import Bed, BedStay
from services.cities.actions import save_areas
from services.clock import SHANGHAI
from services.orders.tables import CareOrder
from services.oversight.counting import count_city, count_touched
from services.oversight.indicator_queries import indicator_value, indicator_values, recount_value
from services.oversight.tables import AreaStatistic
from services.people.tables import Elder, Person
from services.visits.tables import Visit
from tests.services.cities.tenants import CITIES, EIGHT, FOUR, NOW, START, TODAY, give_beds, load_tenants, open_site


@pytest.fixture(scope="module")
def tenants(module_database: Any) -> Any:
    return load_tenants(module_database)


@pytest.fixture
def session(tenants: Any) -> Iterator[Session]:
    """What a test writes is gone after it."""
    with tenants.session("setup") as session:
        yield session
        session.rollback()


def areas(session: Session, names: dict[int, str]) -> None:
    save_areas(session, [{"code": code, "name": name} for code, name in names.items()])


def counted(session: Session, key: str, code: str, area: int | None = None) -> tuple[int | None, int | None]:
    """Count the city anew and give numerator and denominator of one indicator."""
    count_city(session, NOW, CITIES[key])
    found = indicator_value(session, area or CITIES[key], TODAY, code)
    return found.numerator, found.denominator


def elder(session: Session, area: int, *, born: int = 1945, level: int = 0, groups: tuple[str, ...] = ()) -> int:
    person = Person(area_code=area, full_name="演示老人", gender="female", born_on=date(born, 1, 1), created_at=NOW)
    session.add(person)
    session.flush()
    assert person.id is not None
    session.add(
        Elder(person_id=person.id, area_code=area, living="alone", care_level=level, groups=list(groups), registered_on=START)
    )  # fmt: skip
    session.flush()
    return person.id


def served(session: Session, elder_id: int, area: int, at: datetime, *, government_fen: int = 0) -> None:
    """A finished service at home, of 100 yuan."""
    known = session.connection().exec_driver_sql("SELECT count(*) FROM care_order").scalar_one()
    provider = session.connection().exec_driver_sql("SELECT min(id) FROM provider").scalar_one()
    order = CareOrder(
        order_number=f"T{known}", elder_id=elder_id, area_code=area, service_code="home_bath", starts_at=at,
        ends_at=at + timedelta(hours=1), state="served", price_fen=10_000, government_fen=government_fen,
        self_fen=10_000 - government_fen, provider_id=provider, placed_by=elder_id, by_right="self", channel="web",
        idempotency_key=f"T{known}", request_hash=b"", placed_at=at, accepted_at=at,
    )  # fmt: skip
    session.add(order)
    session.flush()
    session.add(
        Visit(
            kind="care", order_id=order.id, elder_id=elder_id, area_code=area, visitor_id=elder_id, planned_start=at,
            planned_end=at + timedelta(hours=1), state="finished", checked_in_at=at, check_in_recorded_at=at,
            check_in_proof="door_plate", checked_out_at=at + timedelta(hours=1),
        )
    )  # fmt: skip
    session.flush()


def statistic(session: Session, area: int, what: str, people: int, on: date) -> None:
    session.add(
        AreaStatistic(area_code=area, what=what, value=people, counted_on=on, source="演示公报", recorded_at=NOW)
    )
    session.flush()


def shanghai(*day: int) -> datetime:
    return datetime(*day, 9, tzinfo=SHANGHAI)  # type: ignore[arg-type]


# --- Dongying ---

DISTRICT, STREET, COMMUNITY = 370502000000000, 370502001000000, 370502001001000


@pytest.mark.mission("DY-07", "DY-25")
def test_dongyings_census_counts_sites_and_beds_of_a_day_and_a_past_day_keeps_its_own(session: Session) -> None:
    areas(session, {STREET: "文汇街道", COMMUNITY: "甲社区"})
    home = open_site(session, STREET, "care_home")
    open_site(session, COMMUNITY, "senior_canteen")
    closed = open_site(session, COMMUNITY, "senior_canteen")
    give_beds(session, home, STREET, 6, 2)
    session.connection().execute(
        text("UPDATE facility SET status = 'closed', closed_on = :day WHERE id = :id"), {"id": closed, "day": TODAY}
    )
    assert counted(session, "dongying", "facilities") == (2, None)
    assert counted(session, "dongying", "senior_canteens", COMMUNITY) == (1, None)
    assert counted(session, "dongying", "beds") == (6, None)
    yesterday = recount_value(session, NOW, CITIES["dongying"], TODAY - timedelta(days=1), "senior_canteens")
    assert yesterday.numerator == 2, "the canteen that closed today stood then"


@pytest.mark.mission("DY-21", "DY-48", "TZ-18")
def test_of_elders_in_hardship_who_need_care_those_in_a_home_are_counted_and_counties_that_own_one(
    session: Session,
) -> None:
    other = 370503001000000
    areas(session, {DISTRICT: "东营区", 370503000000000: "河口区", STREET: "文汇街道", other: "河口街道"})
    home = open_site(session, STREET, "support_home", ("disabled_hardship_care",))
    open_site(session, other, "support_home")
    bed = Bed(facility_id=home, area_code=STREET, label="1", opened_on=START)
    session.add(bed)
    needy = [elder(session, STREET, level=2, groups=("extreme_hardship",)) for _ in range(3)]
    elder(session, STREET, level=1, groups=("extreme_hardship",))
    elder(session, STREET, level=3)
    session.flush()
    session.add(BedStay(bed_id=bed.id, elder_id=needy[0], area_code=STREET, during="[2026-01-01,)", recorded_at=NOW))
    session.flush()
    assert counted(session, "dongying", "disabled_hardship_in_homes") == (1, 3)
    numerator, denominator = counted(session, "dongying", "disabled_hardship_homes")
    assert numerator == 1 and denominator is not None and denominator >= 2, "a home without the function owns none"


# --- Hulunbuir ---


@pytest.mark.mission("HB-01", "HB-09", "HB-34")
def test_hulunbuirs_beds_are_set_against_people_of_a_named_day_and_complexes_against_their_volunteers(
    session: Session,
) -> None:
    street = 150702001000000
    areas(session, {street: "正阳街道"})
    support = open_site(session, street, "support_home")
    give_beds(session, support, street, 10, 3)
    statistic(session, CITIES["hulunbuir"], "elders_60", 2_000, date(2026, 6, 30))
    for _ in range(4):
        elder(session, street, level=2, groups=("extreme_hardship",))
    open_site(session, street, "community_complex", ("volunteering",))
    open_site(session, street, "community_complex")
    count_city(session, NOW, CITIES["hulunbuir"])
    found = {v.formula.indicator.code: v for v in indicator_values(session, CITIES["hulunbuir"], TODAY)}
    assert (found["beds_per_1000"].numerator, found["beds_per_1000"].denominator) == (10, 2_000)
    assert found["beds_per_1000"].value == Decimal(5)
    assert (found["disabled_hardship_capacity"].numerator, found["disabled_hardship_capacity"].denominator) == (3, 4)
    assert found["volunteer_station_coverage"].value == Decimal(50)


# --- Taizhou ---

CITY_STREET, TOWN = 321202001000000, 321204101000000


@pytest.mark.mission("TZ-05", "TZ-10")
def test_taizhous_share_is_of_elders_at_home_who_were_really_served_this_year(session: Session) -> None:
    areas(session, {CITY_STREET: "城东街道"})
    home = open_site(session, CITY_STREET, "care_home")
    bed = Bed(facility_id=home, area_code=CITY_STREET, label="1", opened_on=START)
    session.add(bed)
    own, bought, last_year, in_a_home, _nobody = (elder(session, CITY_STREET) for _ in range(5))
    served(session, own, CITY_STREET, shanghai(2026, 3, 1))
    served(session, own, CITY_STREET, shanghai(2026, 3, 8))
    served(session, bought, CITY_STREET, shanghai(2026, 1, 1), government_fen=6_000)
    served(session, last_year, CITY_STREET, shanghai(2025, 12, 31), government_fen=6_000)
    served(session, in_a_home, CITY_STREET, shanghai(2026, 5, 1))
    session.flush()
    session.add(
        BedStay(bed_id=bed.id, elder_id=in_a_home, area_code=CITY_STREET, during="[2026-06-01,)", recorded_at=NOW)
    )
    session.flush()
    assert counted(session, "taizhou", "home_service_share") == (2, 4), "two of the four who live at home"
    assert counted(session, "taizhou", "government_home_service") == (1, None)
    served(session, last_year, CITY_STREET, shanghai(2026, 11, 2), government_fen=1)
    count_touched(session, NOW)
    assert indicator_value(session, CITY_STREET, TODAY, "government_home_service").numerator == 2
    assert indicator_value(session, CITY_STREET, TODAY, "home_service_share").numerator == 3


@pytest.mark.mission("TZ-06", "TZ-11")
def test_taizhou_counts_beds_by_thousand_elders_and_its_meal_and_bath_points(session: Session) -> None:
    areas(session, {CITY_STREET: "城东街道", TOWN: "溱潼镇", CITY_STREET + 1000: "甲社区", TOWN + 1000: "乙村"})
    give_beds(session, open_site(session, CITY_STREET, "care_home"), CITY_STREET, 7, 0)
    give_beds(session, open_site(session, TOWN, "support_home"), TOWN, 5, 5)
    statistic(session, CITIES["taizhou"], "elders_60", 240, date(2026, 1, 1))
    for area in (CITY_STREET + 1000, CITY_STREET + 1000, TOWN + 1000):
        open_site(session, area, "meal_point", ("meals",))
    open_site(session, TOWN + 1000, "bath_point", ("bathing",))
    count_city(session, NOW, CITIES["taizhou"])
    found = {v.formula.indicator.code: v for v in indicator_values(session, CITIES["taizhou"], TODAY)}
    assert found["beds_per_1000"].value == Decimal(50)
    assert (found["meal_points"].numerator, found["bath_points"].numerator) == (3, 1)
    meals = found["communities_with_meals"]
    assert (meals.numerator, meals.denominator) == (1, 1), "of urban communities; a village is none"


# --- a direction without a number, and a site in every street ---


@pytest.mark.mission("DY-24")
def test_dongyings_village_mutual_aid_is_a_rising_line_without_a_promise(session: Session) -> None:
    villages = {COMMUNITY: "甲村", COMMUNITY + 1000: "乙村", COMMUNITY + 2000: "丙社区"}
    areas(session, {STREET: "文汇街道"} | villages)
    open_site(session, COMMUNITY, "happiness_home")
    assert counted(session, "dongying", "village_mutual_aid_coverage") == (1, 2), "of villages; a 社区 is none"
    before = recount_value(session, NOW, CITIES["dongying"], START - timedelta(days=1), "village_mutual_aid_coverage")
    now = indicator_value(session, CITIES["dongying"], TODAY, "village_mutual_aid_coverage")
    assert before.value is not None and now.value is not None and before.value < now.value
    assert now.promises == (), "the plan says 明显提高 and gives no number, so none is kept or broken"


@pytest.mark.mission("SH-34")
def test_shanghais_streets_with_a_rental_point_are_counted_and_the_promise_is_not_kept_by_half(
    session: Session,
) -> None:
    street, other = 310101002000000, 310101013000000
    areas(session, {street: "南京东路街道", other: "外滩街道"})
    open_site(session, street, "rental_point")
    assert counted(session, "shanghai", "rental_point_coverage") == (1, 2)
    half = indicator_value(session, CITIES["shanghai"], TODAY, "rental_point_coverage")
    assert half.value == 50 and [promise.kept for promise in half.promises] == [False]
    open_site(session, other, "rental_point")
    assert counted(session, "shanghai", "rental_point_coverage") == (2, 2)


# --- Shanghai ---


@pytest.mark.mission("SH-04", "SH-05", "SH-01", "SH-09")
def test_shanghai_counts_hubs_their_functions_square_metres_and_beds_for_dementia(session: Session) -> None:
    street, other = 310101002000000, 310101013000000
    areas(session, {street: "南京东路街道", other: "外滩街道"})
    whole, half = (
        open_site(session, street, "community_hub", EIGHT),
        open_site(session, other, "community_hub", EIGHT[:4]),
    )
    session.connection().execute(
        text("UPDATE facility SET floor_area_m2 = 300 WHERE id = ANY (:ids)"), {"ids": [whole, half]}
    )
    statistic(session, CITIES["shanghai"], "residents", 12_000, date(2026, 1, 1))
    home = open_site(session, street, "care_home", FOUR[:1])
    session.add_all(
        Bed(facility_id=home, area_code=street, label=str(n), opened_on=START, dementia=n < 3) for n in range(8)
    )
    session.flush()
    count_city(session, NOW, CITIES["shanghai"])
    found = {v.formula.indicator.code: v for v in indicator_values(session, CITIES["shanghai"], TODAY)}
    assert (found["hubs"].numerator, found["dementia_beds"].numerator, found["beds"].numerator) == (2, 3, 8)
    assert (found["hub_completeness"].numerator, found["hub_completeness"].denominator) == (12, 16)
    assert found["floor_area"].value == Decimal(50), "600 square metres for 12,000 residents"
