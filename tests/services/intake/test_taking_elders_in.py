"""Elders come in with sealed fields, in their own area, once each; an address alone finds the building or waits."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from services.intake.findings import count_kinds
from services.people.id_numbers import IdNumber, check_digit, read_id_number

ROOT = Path(__file__).resolve().parents[3]
CITY = 320100000000000
COMMUNITY = 320102002001000


def id_number(born, order, area=329901):
    body = f"{area}{born:%Y%m%d}{order:03d}"
    return body + check_digit(body)


def elder(name, order, **more):
    born = date(1945, 3, order)
    return {
        "姓名": name, "身份证号": id_number(born, order * 2), "电话": f"139000001{order:02d}", "居住情况": "独居",
        "现住址": "", "经度": 118.765, "纬度": 32.015, "健康状况": "高血压", "特殊困难类别": "空巢、低保",
    } | more  # fmt: skip


def test_an_id_number_says_birthday_and_gender_and_a_wrong_one_is_told_without_repeating_it():
    assert read_id_number("11010519491231002x") == IdNumber("11010519491231002X", date(1949, 12, 31), "female")
    for wrong in (
        "110105194912310021",
        "110105491231002",
        "11010519490231002X",
        "",
        "１１０１０５１９４９１２３１００２X",
    ):
        told = read_id_number(wrong)
        assert isinstance(told, str) and (not wrong or wrong not in told)


def test_an_elder_is_registered_once_with_her_fields_sealed_in_her_own_community(city):
    from services.people.privacy import unseal

    rows = [elder("欧阳秀英", 1, 现住址="梅园新村9号301室")]
    assert city.take("elders", rows)["created"] == 1
    ((area, gender, born, phone, address, home, living, groups, health),) = city.rows(
        "SELECT p.area_code, p.gender, p.born_on, p.phone_sealed, p.address_sealed, p.home_original, e.living, e.groups, "
        "e.health_sealed FROM person p JOIN elder e ON e.person_id = p.id WHERE p.full_name = '欧阳秀英'"
    )
    assert (area, gender, born, living, groups) == (
        COMMUNITY, "female", date(1945, 3, 1), "alone", ["empty_nest", "low_income"],
    )  # fmt: skip
    assert unseal("phone", phone) == "13900000101" and unseal("health", health) == "高血压"
    assert unseal("address", address) == "梅园新村9号301室" and home == {"lon": 118.765, "lat": 32.015, "crs": "wgs84"}
    assert city.take("elders", rows)["unchanged"] == 1
    rows[0] |= {"居住情况": "与子女同住", "电话": "13900000199"}
    assert city.take("elders", rows)["updated"] == 1
    assert city.rows("SELECT count(*) FROM elder WHERE living = 'with_family'") == [(1,)]
    assert city.rows("SELECT facts->'changed' FROM act WHERE verb = 'update_elder'") == [(["living", "phone"],)]


def test_what_is_wrong_with_an_elder_is_told_without_her_data(city):
    city.take("elders", [elder("欧阳秀英", 1)])
    rows = [
        elder("欧阳秀英", 1),
        elder("别人", 1, 身份证号=id_number(date(1945, 3, 1), 2)),
        elder("错号", 2, 身份证号="320102194503020000"),
        elder("年轻人", 3, 身份证号=id_number(date(1999, 3, 3), 6)),
        elder("同电话", 4, 电话="13900000101"),
        elder("没写性别", 5, 身份证号=""),
        elder("坏电话", 6, 电话="12345"),
    ]
    judged = city.judge("elders", rows)
    assert count_kinds(row.findings for row in judged.rows) == {
        "missing_field": 1, "bad_cell": 1, "near_duplicate": 1, "bad_id_number": 1, "number_taken": 1,
        "shared_point": 7, "under_60": 1, "phone_shared": 1, "no_id_number": 1,
    }  # fmt: skip
    told = str(judged.report())
    assert not any(secret in told for secret in ("欧阳", "13900000101", "320102194503020000", "12345"))
    counts = city.take("elders", rows)
    assert counts["created"] == 2  # the young one and the one who shares a phone
    assert city.rows("SELECT phone_hash IS NULL, phone_sealed IS NULL FROM person WHERE full_name = '同电话'") == [
        (True, False)
    ]
    assert not city.rows("SELECT 1 FROM import_row WHERE findings::text LIKE '%欧阳%' OR raw_sealed LIKE '%欧阳%'")


def test_an_elder_without_coordinates_is_found_by_her_building_or_waits_for_a_place(city):
    houses = [
        {"code": "h1", "name": "书香里", "road": "杨将军巷", "house_number": "12", "building_number": "3", "lon": 118.766, "lat": 32.016},
        {"code": "h2", "name": "书香里", "road": "杨将军巷", "house_number": "12", "building_number": "5", "lon": 118.767, "lat": 32.016},
    ]  # fmt: skip
    assert city.take("buildings", houses)["created"] == 2
    rows = [
        elder("有楼的", 1, 经度="", 纬度="", 现住址="玄武区杨将军巷12号书香里3幢1单元502室"),
        elder("没楼的", 2, 经度="", 纬度="", 现住址="玄武区杨将军巷88号"),
        elder("没路的", 3, 经度="", 纬度="", 现住址="月球路1号"),
    ]
    counts = city.take("elders", rows)
    assert (counts["created"], counts["need_place"]) == (1, 2)
    assert city.rows("SELECT ST_X(home), area_code FROM person WHERE full_name = '有楼的'") == [(118.766, COMMUNITY)]
    near, nowhere = city.waiting(kind="elders", needs_place=True)
    assert near.found["confidence"] < 0.85 and nowhere.found is None
    assert city.mend(nowhere.id, lon="118.761", lat="32.011", _crs="wgs84")
    assert city.take("elders", rows)["unchanged"] == 2  # she keeps the place somebody set for her
    assert [row.line for row in city.waiting(kind="elders")] == [3]


def test_addresses_of_the_demonstration_are_found_among_its_own_houses(city):
    """Every third house is known; addresses of known houses are found exactly, those of others never wrongly sure."""
    from services.intake.addresses import PLACED_FROM, AddressBook, Known
    from services.intake.outlines import Area, Outlines

    with (ROOT / "sample_data/district/homes.csv").open(encoding="utf-8") as text:
        homes = list(csv.DictReader(text))
    lanes = {(one["lane"], one["number"], one["building_no"]): one for one in homes}
    known = [
        Known("building", "", float(one["lon"]), float(one["lat"]), int(one["quarter_code"]), one["lane"],
              int(one["number"]), int(one["building_no"]))
        for place, one in enumerate(lanes.values()) if place % 3 == 0
    ]  # fmt: skip
    areas = [Area(320102000000000, "district", "玄武区"), Area(320106000000000, "district", "鼓楼区")]
    book = AddressBook(Outlines(CITY, "南京市", areas), known)
    right = wrong = unsure = 0
    for place, one in enumerate(lanes.values()):
        district = 320102000000000 if one["quarter_code"].startswith("320102") else 320106000000000
        if not one["quarter_code"].startswith(("320102", "320106")):
            continue
        name = "玄武区" if district == 320102000000000 else "鼓楼区"
        found = book.find(f"南京市{name}{one['lane']}{one['number']}号{one['building_no']}幢2单元301室", district)
        if found is None or found.confidence < PLACED_FROM:
            unsure += 1
            assert place % 3, one
            continue
        metres = 111_000 * ((found.lon - float(one["lon"])) ** 2 * 0.72 + (found.lat - float(one["lat"])) ** 2) ** 0.5
        right, wrong = (right + 1, wrong) if metres < 150 else (right, wrong + 1)
    assert right >= 110 and unsure > 0, (right, wrong, unsure)
    assert wrong <= right * 0.05, (right, wrong, unsure)


@pytest.mark.parametrize("kind", ["facilities", "elders"])
def test_a_list_without_a_named_system_is_refused(city, kind):
    from services.directory.errors import UnknownCoordinates

    with pytest.raises(UnknownCoordinates):
        city.judge(kind, [elder("欧阳秀英", 1) | {"名称": "x", "类型": "y"}], crs=None)


def test_fifty_elders_of_a_list_are_followed_by_one_job(city):
    rows = [
        elder(f"老人{n}", n % 28 + 1, 身份证号=id_number(date(1945, 4, n % 28 + 1), n * 2 + 1), 电话="")
        for n in range(50)
    ]
    assert city.take("elders", rows)["created"] == 50
    jobs = "SELECT job, jsonb_array_length(args->'elder_ids') FROM outbox WHERE job LIKE 'circles.%'"
    assert city.rows(jobs) == [("circles.elders_changed", 50)]
    rows[0] |= {"经度": 118.766}
    rows[1] |= {"电话": "13900000177"}
    assert city.take("elders", rows)["updated"] == 2
    assert city.rows(jobs + " ORDER BY id") == [("circles.elders_changed", 50), ("circles.elders_changed", 1)]
