"""A list with every defect of the real one: each is found and counted, and nothing wrong gets into the register."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from geo.coordinates import from_wgs84
from services.intake.errors import CrsContradicted
from services.intake.findings import count_kinds
from services.oversight.importing import FEW_FACILITIES

ROOT = Path(__file__).resolve().parents[3]
CITY = 320100000000000
COMMUNITY = 320102002001000

MAPPING = """
kind = "facilities"
[columns]
name = "agencyName"
type_code = "agencyType"
lon = "longitude"
lat = "latitude"
[values.type_code]
1 = "care_home"
4 = "meal_site"
"""


def site(name, kind, lon, lat, crs="gcj02"):
    if lon:
        lon, lat = (f"{part:.6f}" for part in from_wgs84(lon, lat, crs))
    return {"agencyType": kind, "agencyName": name, "longitude": lon, "latitude": lat}


def defective():
    """Forty sound sites, and two or three rows of every defect of the real list, in GCJ-02."""
    sound = [site(f"玄武区第{n}助餐点", 4, 118.752 + n * 0.001, 32.001 + n * 0.001) for n in range(40)]
    centre = [
        site(f"{name}第{n}敬老院", 1, 118.7605, 32.0105)
        for n, name in enumerate(["鼓楼区", "秦淮区", "鼓楼区", "秦淮区", "无名", "鼓楼区"])
    ]
    return [
        *sound,
        site("没有坐标的养老院", 1, None, None),
        site("坐标为空的养老院", 1, "", ""),
        *centre,
        dict(sound[3]),
        dict(sound[4]),
        site("玄武区第5助餐点", 4, 118.7901, 32.0401),
        site("同楼助餐点", 4, 118.7811, 32.0411),
        site("同楼养老院", 1, 118.7811, 32.0411),
        site("鼓楼区远处助餐点", 4, 118.78, 32.03),
        site("不知道的机构", 9, 118.78, 32.031),
        site("外地养老院", 1, 118.95, 32.03),
        {"agencyType": 4, "agencyName": "填反的助餐点", "longitude": "32.0301", "latitude": "118.7801"},
    ]


def taken_of(city):
    return city.take("facilities", defective(), crs="gcj02", mapping_text=MAPPING)


def test_every_defect_of_the_real_list_is_found_and_counted(city):
    judged = city.judge("facilities", defective(), crs="gcj02", mapping_text=MAPPING)
    assert count_kinds(row.findings for row in judged.rows) == {
        "missing_coordinates": 2, "swapped": 1, "default_centre": 6, "outside_city": 1, "unknown_type": 1,
        "duplicate": 3, "shared_point": 12, "outside_named_area": 1,
    }  # fmt: skip
    assert judged.counts() == {"rows": 57, "accepted": 43, "flagged": 5, "refused": 14, "need_place": 8}
    (far,) = [one for row in judged.rows for one in row.findings if one.kind == "outside_named_area"]
    assert far.facts == {"named": 320106000000000, "distance_m": pytest.approx(2832, abs=30)}
    assert judged.verdict.checked and not judged.verdict.contradicted


def test_what_is_sound_is_written_once_and_the_rest_waits(city):
    counts = taken_of(city)
    assert (counts["created"], counts["updated"], counts["refused"]) == (43, 0, 14)
    assert city.rows("SELECT count(*), count(DISTINCT code) FROM facility") == [(43, 43)]
    states = Counter(state for (state,) in city.rows("SELECT state FROM import_row"))
    assert states == {"waiting": 12, "dropped": 2}  # a row that says nothing new has nothing to mend
    (job,) = city.rows("SELECT args FROM outbox WHERE job = 'circles.refresh'")
    assert job.args["city_code"] == CITY
    ((facts,),) = city.rows("SELECT facts FROM act WHERE verb = 'import_facilities'")
    assert facts["kinds"]["default_centre"] == 6


def test_few_changed_sites_are_judged_by_themselves_and_many_with_the_whole_city(city):
    def promised():
        return city.rows(
            "SELECT job, args FROM outbox WHERE job LIKE 'circles.%' AND id > :last ORDER BY id", last=last
        )

    def sites(count, note):
        rows = [f"助餐点{n},senior_canteen,路{n}号,{118.752 + n / 1000},32.015,{note}" for n in range(count)]
        return "设施名称,设施类型,详细地址,经度,纬度,开放时间\n" + "\n".join(rows)

    last = 0
    city.take("facilities", sites(FEW_FACILITIES + 1, "全天"))
    ((job, args),) = promised()
    assert (job, args["city_code"]) == ("circles.refresh", CITY) and "facility_ids" not in args
    ((last,),) = city.rows("SELECT max(id) FROM outbox")
    city.take("facilities", sites(FEW_FACILITIES + 1, "全天"))
    assert promised() == []  # nothing changed, nothing follows
    city.take("facilities", sites(FEW_FACILITIES, "上午"))
    ((job, args),) = promised()
    changed = {row.id for row in city.rows("SELECT id FROM facility WHERE opening_hours = '上午'")}
    assert job == "circles.facilities_changed" and set(args["facility_ids"]) == changed
    assert len(changed) == FEW_FACILITIES


def test_a_second_import_doubles_neither_the_register_nor_the_waiting_rows(city):
    taken_of(city)
    again = taken_of(city)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 43)
    assert len(city.waiting()) == 12
    moved = defective()
    moved[0]["latitude"] = moved[1]["latitude"]
    assert city.take("facilities", moved, crs="gcj02", mapping_text=MAPPING)["updated"] == 1
    assert city.rows("SELECT count(*) FROM facility") == [(43,)]


def test_a_waiting_row_is_placed_on_the_map_and_keeps_its_place_at_the_next_import(city):
    taken_of(city)
    row = next(one for one in city.waiting(needs_place=True) if one.line == 42)
    assert not city.mend(row.id, lon="118.99", lat="32.03", _crs="wgs84")  # outside the city: still waits
    assert city.mend(row.id, lon="118.765", lat="32.015", _crs="wgs84")
    ((area, lon, crs),) = city.rows(
        "SELECT area_code, ST_X(geom), original_crs FROM facility WHERE name = '没有坐标的养老院'"
    )
    assert (area, lon, crs) == (COMMUNITY, 118.765, "wgs84")
    again = city.judge("facilities", defective(), crs="gcj02", mapping_text=MAPPING)
    assert again.counts()["accepted"] == 44
    assert taken_of(city)["unchanged"] == 44


def test_a_mended_kind_is_taken_and_a_dropped_row_stays_dropped(city):
    from services.intake.runs import change_row
    from services.unit_of_work import SYSTEM, unit_of_work

    taken_of(city)
    unknown = next(one for one in city.waiting() if one.findings[0]["kind"] == "unknown_type")
    assert city.mend(unknown.id, type_code="meal_site")
    outside = next(one for one in city.waiting() if one.findings[0]["kind"] == "outside_city")
    with unit_of_work(SYSTEM, login="jobs") as work:
        change_row(work.session, outside.id, state="dropped", closed_at=work.now, closed_by=1)
    taken_of(city)
    assert outside.row_key not in {one.row_key for one in city.waiting()}


def test_a_wrong_declared_system_is_refused_with_both_errors_unless_it_is_trusted(city):
    named = {"鼓楼区": (118.7001, 118.7499), "玄武区": (118.7501, 118.7999)}
    rows = []
    for name, (west, east) in named.items():
        for n in range(100):
            lon, lat = from_wgs84(west + (east - west) * n / 99, 32.001 + n * 0.0004, "bd09")
            rows.append({"小区名称": f"{name}小区{n}", "区县": name, "经度": lon, "纬度": lat, "户数": 100 + n})
    with pytest.raises(CrsContradicted) as refused:
        city.take("compounds", rows, crs="gcj02")
    fits = refused.value.facts["fits"]
    assert refused.value.facts["best"] == "bd09" and fits["bd09"]["outside"] == 0
    assert f"平均误差{fits['gcj02']['error_m']:.1f}米" in refused.value.message_zh
    assert "平均误差0.0米" in refused.value.message_zh
    assert city.rows("SELECT count(*) FROM compound") == [(0,)]
    assert city.take("compounds", rows, crs="bd09")["created"] == 200
    assert city.take("compounds", rows, crs="bd09")["unchanged"] == 200
    assert city.take("compounds", rows, crs="gcj02", trust_crs=True)["updated"] > 150


def test_nothing_is_half_written_when_the_write_fails(city, monkeypatch):
    from services.directory.taking import FacilityLists
    from services.intake import runs

    write = FacilityLists.write
    monkeypatch.setattr(runs, "CHUNK", 20)
    calls = []

    def fail_later(self, *args):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the power went")
        return write(self, *args)

    monkeypatch.setattr(FacilityLists, "write", fail_later)
    with pytest.raises(RuntimeError):
        taken_of(city)
    assert city.rows("SELECT (SELECT count(*) FROM facility), (SELECT count(*) FROM import_run)") == [(0, 0)]


def test_areas_come_with_outlines_and_find_their_codes_by_name(city):
    ring = [[118.76, 32.02], [118.77, 32.02], [118.77, 32.03], [118.76, 32.03], [118.76, 32.02]]
    bow = [[118.77, 32.02], [118.78, 32.03], [118.78, 32.02], [118.77, 32.03], [118.77, 32.02]]
    features = [
        {"properties": {"code": "320102002002", "name": "兰园社区"}, "geometry": {"type": "Polygon", "coordinates": [ring]}},
        {"properties": {"code": "320102002003", "name": "蝴蝶社区"}, "geometry": {"type": "Polygon", "coordinates": [bow]}},
        {"properties": {"code": "", "name": "梅园社区"}, "geometry": None},
        {"properties": {"code": "320102009001", "name": "没有街道的社区"}, "geometry": None},
        {"properties": {"code": "310101", "name": "黄浦区"}, "geometry": None},
        {"properties": {"code": "320102002004", "name": "米制社区"}, "geometry": {"type": "Polygon", "coordinates": [[[400000, 3000000], [400010, 3000000], [400010, 3000010], [400000, 3000000]]]}},
    ]  # fmt: skip
    whole = {"type": "FeatureCollection", "features": [{"type": "Feature", **one} for one in features]}
    judged = city.judge("areas", whole)
    assert count_kinds(row.findings for row in judged.rows) == {
        "outside_city": 1, "bad_outline": 1, "no_parent": 1, "mended_outline": 1,
    }  # fmt: skip
    counts = city.take("areas", whole)
    assert (counts["created"], counts["updated"], counts["unchanged"]) == (2, 0, 1)
    ((valid, km2),) = city.rows(
        "SELECT ST_IsValid(geom), ST_Area(geom::geography) / 1e6 FROM area WHERE code = 320102002003000"
    )
    assert valid and km2 == pytest.approx(0.52, abs=0.02)
    metres = next(one for one in city.waiting() if one.findings[0]["kind"] == "bad_outline")
    assert city.mend(metres.id, _outline=json.dumps({"type": "Polygon", "coordinates": [ring]}))


def test_beds_come_one_by_one_or_as_numbers_and_a_second_list_adds_only_what_is_missing(city):
    city.take(
        "facilities",
        [{"name": "康乐养老院", "type_code": "care_home", "lon": 118.765, "lat": 32.015, "opened_on": "2015-01-01"}],
    )
    numbers = [{"机构名称": "康乐养老院", "床位数": "20张", "护理型床位数": 8}, {"机构名称": "没有的院", "床位数": 3}]
    counts = city.take("beds", numbers, crs=None)
    assert (counts["created"], counts["refused"]) == (20, 1)
    assert city.take("beds", numbers, crs=None)["unchanged"] == 20
    numbers[0] |= {"床位数": 25, "护理型床位数": 12, "认定日期": "2026-01-01"}
    counts = city.take("beds", numbers, crs=None)
    assert (counts["created"], counts["updated"]) == (5, 4)
    assert city.rows(
        "SELECT count(*), count(nursing_from), count(*) FILTER (WHERE nursing_from = '2026-01-01') FROM bed"
    ) == [(25, 12, 4)]
    fewer = city.judge("beds", [{"机构名称": "康乐养老院", "床位数": 3}], crs=None)
    assert fewer.rows[0].findings[0].kind == "fewer_beds"
    single = [{"facility_name": "康乐养老院", "床号": "001", "停用日期": "2026-06-30"}]
    assert city.take("beds", single, crs=None)["updated"] == 1


def real(name):
    folder = Path(os.environ.get("YINLING_DATA", ROOT.parent / "shared" / "data"))
    file = folder / "shanghai" / name
    if not file.is_file():
        pytest.skip("the real Shanghai lists are not here (YINLING_DATA)")
    return file.read_bytes()


def test_the_real_shanghai_lists_go_in_with_every_known_defect_counted(city):
    from services.oversight import importing

    lists = {
        name: real(name)
        for name in ("districts_gcj02.geojson", "eldercare_facilities_gcj02.json", "residential_compounds_bd09.json")
    }
    mapping = {name: (ROOT / f"sample_data/mappings/{name}.toml").read_text("utf-8") for name in
               ("datav_districts", "shanghai_facilities", "shanghai_compounds")}  # fmt: skip

    def do(kind, content, text, *, crs=None, write=True):
        from services.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM, login="jobs") as work:
            wish = importing.ListWish(kind, kind, content, 310000000000000, crs, text)
            read = importing.read_list(wish)
            ground = importing.ground_of(work.session, wish.city_code)
            judged = importing.judge(work.session, work.now, ground, read)
            counts = importing.take_list(work.session, work.now, work.actor, ground, read, judged)[1] if write else {}
            return judged, counts

    assert do("areas", lists["districts_gcj02.geojson"], mapping["datav_districts"])[1]["updated"] == 16
    judged, counts = do("facilities", lists["eldercare_facilities_gcj02.json"], mapping["shanghai_facilities"])
    kinds = count_kinds(row.findings for row in judged.rows)
    assert kinds == {
        "missing_coordinates": 44, "default_centre": 34, "duplicate": 24, "near_duplicate": 3, "shared_point": 1509,
        "shared_point_rewritten": 25, "outside_named_area": 52,
    }  # fmt: skip
    assert (counts["rows"], counts["created"], counts["need_place"]) == (3821, 3716, 78)
    blind = mapping["shanghai_facilities"].replace("centre =", "# centre =")
    found, _ = do("facilities", lists["eldercare_facilities_gcj02.json"], blind, write=False)
    assert count_kinds(row.findings for row in found.rows)["default_centre"] == 34  # also without being told where
    compounds = lists["residential_compounds_bd09.json"]
    with pytest.raises(CrsContradicted) as refused:
        do("compounds", compounds, mapping["shanghai_compounds"], crs="gcj02")
    fits = refused.value.facts["fits"]
    assert refused.value.facts["best"] == "bd09"
    assert (fits["gcj02"]["outside"], fits["bd09"]["outside"]) == (949, 204)
    _, counts = do("compounds", compounds, mapping["shanghai_compounds"])
    assert counts["created"] == counts["accepted"] > 10_250
