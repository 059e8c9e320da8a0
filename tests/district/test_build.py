"""The demonstration district: real buildings, invented people, plausible lives, the same for the same seed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from services.cities.queries import area_at, city_by_key, rules_in_force
from services.cities.rules import ancestor_code
from services.directory.importer import import_facilities
from services.people.demonstration import CAST, sample
from services.people.privacy import unseal
from services.unit_of_work import SYSTEM
from workers.district.build import Built, build_district
from workers.district.care_history import HOURS, STORYS_CARER, CareBook, free_carer
from workers.district.sample_files import DISTRICT_FOLDER, FACILITIES_FILE, invented_id_number, read_table
from workers.district.world import CITY_CODE, InventedCarer

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
ELDERS, MONTHS = 500, 3


def build(database: Any, seed: int = 7, elders: int = ELDERS) -> Built:
    with database.session("setup") as session, session.begin():
        return build_district(session, NOW, seed=seed, elders=elders, months=MONTHS)


@pytest.fixture(scope="module")
def district(module_database: Any) -> Iterator[Any]:
    module_database.built = build(module_database)
    yield module_database


def rows(database: Any, query: str, **values: Any) -> list[Any]:
    with database.session("setup") as session:
        return list(session.connection().execute(text(query), values))


def one(database: Any, query: str, **values: Any) -> Any:
    return rows(database, query, **values)[0][0]


def test_the_same_seed_gives_the_same_district(district: Any, database: Any) -> None:
    assert build(database).checksum == district.built.checksum


def test_another_seed_gives_another_district(district: Any, database: Any) -> None:
    assert build(database, seed=8).checksum != district.built.checksum


def test_building_again_leaves_a_standing_district_alone(district: Any) -> None:
    before = one(district, "SELECT count(*) FROM person")
    assert build(district).already
    assert one(district, "SELECT count(*) FROM person") == before


def test_everybody_in_it_is_marked_as_invented(district: Any) -> None:
    assert one(district, "SELECT bool_and(invented) FROM person")
    assert one(district, "SELECT bool_and(invented) FROM provider")
    assert one(district, "SELECT bool_and(invented) FROM facility")


def test_no_phone_and_no_id_number_can_be_a_real_persons(district: Any) -> None:
    for row in rows(district, "SELECT phone_sealed, id_number_sealed FROM person ORDER BY id LIMIT 200"):
        assert unseal("phone", row.phone_sealed).startswith("154")
        assert unseal("id_number", row.id_number_sealed).startswith("3299")


def test_an_invented_id_number_has_a_right_check_digit() -> None:
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    for sequence in range(0, 3000, 7):
        number = invented_id_number(datetime(1948, 3, 8), sequence, "female")
        total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
        assert number[17] == "10X98765432"[total % 11] and int(number[16]) % 2 == 0


def test_every_elder_lives_inside_the_quarter_her_rows_carry(district: Any) -> None:
    astray = one(
        district,
        "SELECT count(*) FROM person AS p JOIN elder AS e ON e.person_id = p.id JOIN area AS a ON a.code = p.area_code "
        "WHERE NOT ST_Covers(a.geom, p.home) OR a.level <> 'quarter' OR e.area_code <> p.area_code",
    )
    assert astray == 0
    assert one(district, "SELECT count(*) FROM elder AS e JOIN person AS p ON p.id = e.person_id "
                         "WHERE p.died_on IS NULL") == ELDERS  # fmt: skip


def test_an_address_names_the_street_and_community_she_lives_in(district: Any) -> None:
    query = (
        "SELECT p.address_sealed, street.name AS street, community.name AS community FROM person AS p "
        "JOIN area AS street ON street.code = p.area_code / 1000000 * 1000000 "
        "JOIN area AS community ON community.code = p.area_code / 1000 * 1000 WHERE p.address_sealed IS NOT NULL LIMIT 80"
    )
    for row in rows(district, query):
        address = unseal("address", row.address_sealed)
        assert row.street in address and row.community in address and address.endswith("室")


def test_facilities_given_in_gcj02_land_in_the_streets_their_addresses_name(district: Any) -> None:
    with district.session("setup") as session:
        for row in (
            session.connection()
            .execute(
                text(
                    "SELECT name, address, ST_X(geom) AS lon, ST_Y(geom) AS lat, original_crs, "
                    "ST_Distance(geom::geography, ST_SetSRID(ST_MakePoint(original_lon, original_lat), 4326)::geography) "
                    "AS moved_m FROM facility"
                )  # fmt: skip
            )
            .all()
        ):
            code = area_at(session, row.lon, row.lat, "community")
            assert code is not None
            name = session.connection().execute(text("SELECT name FROM area WHERE code = :c"), {"c": code}).scalar()
            assert str(name) in row.address
            assert row.original_crs == "gcj02" and row.moved_m > 450


@pytest.mark.mission("SH-06")
def test_the_mix_of_facilities_is_a_real_citys(district: Any) -> None:
    kinds = dict(rows(district, "SELECT type_code, count(*) FROM facility GROUP BY type_code"))
    assert 75 <= sum(kinds.values()) <= 90
    assert set(kinds) == {
        "street_centre", "day_care_centre", "service_station", "advisor_desk", "volunteer_station",
        "senior_canteen", "bath_point", "nursing_station", "care_home", "support_home",
    }  # fmt: skip


@pytest.mark.mission("SH-03")
def test_every_citys_rules_find_something_to_count_in_it(district: Any) -> None:
    facilities = rows(district, "SELECT type_code, functions FROM facility")
    counted: dict[str, dict[str, int]] = {}
    with district.session("setup") as session:
        for key in ("dongying", "hulunbuir", "taizhou", "ningguo", "shanghai"):
            rules = rules_in_force(session, city_by_key(session, key), NOW.date())
            for tier in rules.tiers:
                kinds = rules.types_for_tier(tier.code)
                counted.setdefault(key, {})[tier.code] = sum(
                    f.type_code in kinds and set(kinds[f.type_code]) <= set(f.functions) for f in facilities
                )
        assert rules_in_force(session, CITY_CODE, NOW.date()).rules_city_key == "dongying"
    assert counted == {
        "dongying": {"street_15": 5, "community_10": 24, "quarter_5": 28},
        "hulunbuir": {"street_15": 5, "community_10": 39},
        "taizhou": {"street_15": 5, "community_10": 39},
        "ningguo": {"town_15": 6, "village_10": 39},
        "shanghai": {"hub_15": 3, "doorstep_15": 63},
    }


@pytest.mark.mission("DY-08")
def test_the_nursing_ratio_rises_from_46_77_percent_towards_sixty(district: Any) -> None:
    trend = rows(
        district,
        "SELECT s.day, round(100.0 * sum(s.nursing) / sum(s.total), 2) AS ratio FROM bed_snapshot AS s "
        "JOIN facility AS f ON f.id = s.facility_id WHERE f.type_code IN ('care_home', 'support_home') "
        "GROUP BY s.day ORDER BY s.day",
    )
    ratios = [float(row.ratio) for row in trend]
    assert ratios[0] == 46.77 and ratios == sorted(ratios) and 50 < ratios[-1] < 60
    now = one(district, "SELECT 100.0 * count(*) FILTER (WHERE nursing_from <= :d) / count(*) FROM bed "
                        "WHERE kind = 'institution'", d=NOW.date())  # fmt: skip
    assert 55 <= float(now) < 60


def test_shares_are_those_an_inner_city_might_have(district: Any) -> None:
    alive = "FROM elder AS e JOIN person AS p ON p.id = e.person_id WHERE p.died_on IS NULL"
    women = one(district, f"SELECT 100.0 * count(*) FILTER (WHERE p.gender = 'female') / count(*) {alive}")
    alone = one(district, f"SELECT 100.0 * count(*) FILTER (WHERE e.living = 'alone') / count(*) {alive}")
    frail = one(district, f"SELECT 100.0 * count(*) FILTER (WHERE e.care_level > 0) / count(*) {alive}")
    very_old = one(district, f"SELECT 100.0 * count(*) FILTER (WHERE p.born_on < '1946-11-24') / count(*) {alive}")
    assert 48 <= women <= 60 and 7 <= alone <= 20 and 10 <= frail <= 28 and 9 <= very_old <= 26
    assert one(district, f"SELECT min(p.born_on) > '1929-01-01' AND max(p.born_on) < '1966-11-24' {alive}")


def test_no_carer_is_in_two_homes_at_once(district: Any) -> None:
    clashes = one(
        district,
        "SELECT count(*) FROM assignment AS a JOIN assignment AS b ON a.carer_id = b.carer_id AND a.id < b.id "
        "AND a.during && b.during WHERE a.state <> 'cancelled' AND b.state <> 'cancelled'",
    )
    assert clashes == 0


def test_every_carer_holds_the_skills_of_what_she_does(district: Any) -> None:
    unskilled = one(
        district,
        "SELECT count(*) FROM assignment AS a JOIN care_order AS o ON o.id = a.order_id "
        "JOIN carer AS c ON c.person_id = a.carer_id JOIN service_item AS s ON s.code = o.service_code "
        "WHERE NOT s.required_skills <@ c.skills OR c.provider_id <> o.provider_id",
    )
    assert unskilled == 0


def test_each_step_of_an_order_comes_after_the_one_before(district: Any) -> None:
    backwards = one(
        district,
        "SELECT count(*) FROM (SELECT happened_at < lag(happened_at) OVER (PARTITION BY order_id ORDER BY id) AS back "
        "FROM order_event) AS e WHERE back",
    )
    assert backwards == 0
    assert one(district, "SELECT count(*) FROM order_event WHERE happened_at > :n", n=NOW) == 0


def test_every_silence_was_answered_for_by_a_named_person(district: Any) -> None:
    assert one(district, "SELECT count(*) FROM visit_attempt WHERE outcome = 'no_answer'") > 0
    unanswered = one(
        district,
        "SELECT count(*) FROM visit_attempt AS a LEFT JOIN escalation AS e ON e.attempt_id = a.id "
        "WHERE a.outcome = 'no_answer' AND (e.in_charge_id IS NULL OR e.closed_at IS NULL)",
    )
    assert unanswered == 0


def test_this_months_visits_are_neither_none_nor_all_done(district: Any) -> None:
    done = one(
        district,
        "SELECT 100.0 * count(*) FILTER (WHERE EXISTS (SELECT 1 FROM visit_attempt AS a WHERE a.elder_id = d.elder_id "
        "AND a.outcome IN ('seen', 'spoken') AND a.happened_at >= '2026-10-31 16:00Z')) / count(*) "
        "FROM visit_duty AS d WHERE visit_class IN ('high', 'key')",
    )
    assert 50 < float(done) < 99


def test_the_dead_are_neither_served_nor_visited(district: Any) -> None:
    assert one(district, "SELECT count(*) FROM person WHERE died_on IS NOT NULL") > 0
    after_death = one(
        district,
        "SELECT count(*) FROM person AS p WHERE p.died_on IS NOT NULL AND (EXISTS (SELECT 1 FROM visit_duty AS d "
        "WHERE d.elder_id = p.id) OR EXISTS (SELECT 1 FROM care_order AS o WHERE o.elder_id = p.id) OR EXISTS "
        "(SELECT 1 FROM bed_stay AS s WHERE s.elder_id = p.id AND upper(s.during) > p.died_on))",
    )
    assert after_death == 0


def test_the_ledger_holds_exactly_the_minutes_the_sessions_earned(district: Any) -> None:
    earned = one(district, "SELECT sum(credit_minutes) FROM volunteer_session WHERE state = 'posted'")
    posted = one(district, "SELECT sum(coin_minutes) FROM timebank.transfer WHERE phase = 'post'")
    held = one(district, "SELECT sum(posted) FROM timebank.balance")
    assert earned == posted == held > 0


def test_every_need_on_the_board_is_a_volunteer_service_and_shows_no_name(district: Any) -> None:
    wrong = one(
        district,
        "SELECT count(*) FROM need AS n LEFT JOIN service_item AS s ON s.code = n.kind AND s.volunteer "
        "JOIN person AS p ON p.id = n.elder_id WHERE s.code IS NULL OR n.title LIKE '%' || p.full_name || '%'",
    )
    assert wrong == 0
    assert one(district, "SELECT count(*) FROM need WHERE state = 'open' AND starts_at > :n", n=NOW) > 0


def test_no_subsidy_was_overspent_in_any_month(district: Any) -> None:
    overspent = one(
        district,
        "SELECT count(*) FROM (SELECT u.entitlement_id, u.month, sum(u.amount_fen) AS fen FROM entitlement_use AS u "
        "WHERE u.state <> 'released' GROUP BY 1, 2) AS m JOIN entitlement AS e ON e.id = m.entitlement_id "
        "WHERE m.fen > e.monthly_cap_fen",
    )
    assert overspent == 0


def test_the_cast_can_be_found_by_the_phones_the_readme_names(district: Any) -> None:
    assert set(district.built.cast) == {one.key for one in CAST}
    for who, person_id in district.built.cast.items():
        sealed = one(district, "SELECT phone_sealed FROM person WHERE id = :id", id=person_id)
        assert unseal("phone", sealed) == sample(who).phone


def test_officer_zhao_holds_one_street_and_wu_holds_nothing(district: Any) -> None:
    zhao, wu = district.built.cast["zhao"], district.built.cast["wu"]
    assert rows(district, "SELECT role, area_code FROM role_grant WHERE person_id = :p", p=zhao) == [
        ("officer", 320102003_000_000)
    ]
    assert rows(district, "SELECT role FROM role_grant WHERE person_id = :p", p=wu) == []
    wang_lives = one(district, "SELECT area_code FROM person WHERE id = :p", p=district.built.cast["wang"])
    assert ancestor_code(wang_lives, "street") == 320102003_000_000


def test_a_provider_offers_only_what_somebody_in_its_team_can_do(district: Any) -> None:
    unable = rows(
        district,
        "SELECT p.code, l.service_code FROM service_line AS l JOIN provider AS p ON p.id = l.provider_id "
        "JOIN service_item AS s ON s.code = l.service_code WHERE NOT EXISTS (SELECT 1 FROM carer AS c "
        "WHERE c.provider_id = p.id AND s.required_skills <@ c.skills)",
    )
    assert unable == []


def test_too_small_a_district_is_refused(database: Any) -> None:
    with pytest.raises(ValueError), database.session("setup") as session, session.begin():
        build_district(session, NOW, elders=10)


def test_every_provider_named_by_a_facility_is_on_the_list() -> None:
    known = {row["code"] for row in read_table("providers.csv")}
    assert {row["provider_code"] for row in read_table("facilities_gcj02.csv")} <= known


def test_a_carer_promised_at_one_hour_is_not_promised_again() -> None:
    world: Any = SimpleNamespace(
        today=NOW.date(),
        carers={1: [InventedCarer(5, 1, "周兰", frozenset({"cleaning"}))]},
        menu={"home_cleaning": {"required_skills": ["cleaning"], "minutes": 120}},
    )
    client: Any = SimpleNamespace(service="home_cleaning", hour=HOURS[1])
    provider: Any = SimpleNamespace(id=1)
    book, day = CareBook(), NOW.date()
    found = [free_carer(world, random.Random(1), book, provider, client, day) for _ in range(len(HOURS) + 1)]
    assert found[-1] is None
    assert sorted(each[1] for each in found if each is not None) == sorted(HOURS)


def test_the_storys_carer_is_kept_free_for_the_days_to_come() -> None:
    world: Any = SimpleNamespace(
        today=NOW.date(),
        carers={1: [InventedCarer(5, 1, STORYS_CARER, frozenset({"cleaning"}))]},
        menu={"home_cleaning": {"required_skills": ["cleaning"], "minutes": 120}},
    )
    client: Any = SimpleNamespace(service="home_cleaning", hour=HOURS[1])
    for day, gets_her in ((NOW.date(), True), (NOW.date() + timedelta(days=3), False)):
        found = free_carer(world, random.Random(1), CareBook(), SimpleNamespace(id=1), client, day)  # type: ignore[arg-type]
        assert (found is not None) is gets_her


def test_whoever_placed_an_order_had_the_right_to(district: Any) -> None:
    grounds = dict(rows(district, "SELECT split_part(by_right, ':', 1), count(*) FROM care_order GROUP BY 1"))
    assert set(grounds) == {"self", "proxy", "office"}
    unlawful = one(
        district,
        "SELECT count(*) FROM care_order AS o LEFT JOIN proxy AS p ON o.by_right = 'proxy:' || p.id "
        "AND p.elder_id = o.elder_id AND p.proxy_person_id = o.placed_by AND p.state = 'confirmed' "
        "WHERE (o.by_right = 'self' AND o.placed_by <> o.elder_id) OR (o.by_right LIKE 'proxy:%' AND p.id IS NULL)",
    )
    assert unlawful == 0


def test_the_storys_elders_have_no_order_before_the_story(district: Any) -> None:
    who = [district.built.cast["wang"], district.built.cast["sun"]]
    assert one(district, "SELECT count(*) FROM care_order WHERE elder_id = ANY (:who)", who=who) == 0


def test_importing_the_facilities_once_more_changes_nothing(district: Any) -> None:
    text_of_file = (DISTRICT_FOLDER / FACILITIES_FILE).read_text(encoding="utf-8")
    with district.session("setup") as session:
        taken = import_facilities(session, NOW, SYSTEM, text_of_file, crs="gcj02", city_code=CITY_CODE, invented=True)
    assert (taken.created, taken.updated, taken.unchanged, taken.refused) == (0, 0, 82, [])


def test_nobody_orders_or_confirms_in_the_middle_of_the_night(district: Any) -> None:
    at_night = one(
        district,
        "SELECT count(*) FROM order_event WHERE kind IN ('placed', 'confirmed') AND extract(hour FROM happened_at "
        "AT TIME ZONE 'Asia/Shanghai') BETWEEN 0 AND 6",
    )
    assert at_night == 0


def test_dementia_and_severe_disability_show_in_the_care_level(district: Any) -> None:
    untold = one(
        district,
        "SELECT count(*) FROM elder WHERE groups && ARRAY['dementia', 'severe_disability', 'disabled'] AND care_level < 2",
    )
    assert untold == 0
