"""A city's list of facilities lands on its real streets, or not at all with every mistake named."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from services.cities.actions import load_pack
from services.cities.rules import parent_code, written_code
from services.directory.errors import CityWithoutOutlines, UnknownCoordinates
from services.directory.importer import import_facilities
from services.directory.queries import Near, facilities, find_facility, providers
from services.directory.tables import Provider
from services.unit_of_work import NOBODY, SYSTEM, unit_of_work

ROOT = Path(__file__).resolve().parents[3]
CITY = 320100000000000
COMMUNITY = 320102002001000
HEADER = "code,name,type_code,functions,provider_code,address,lon,lat"
LON, LAT = 118.7974, 32.0437  # WGS-84, in the invented community below
ROW = "S1,梅园服务站,day_care_centre,day_care;meals,kangle,梅园新村1号,{lon},{lat}"


@pytest.fixture
def city(database, now):
    """Dongying's rules in Nanjing, one community with an outline, 康乐 as provider."""
    with unit_of_work(SYSTEM, login="setup") as work:
        for name in ("dongying", "nanjing_demo"):
            load_pack(work.session, work.now, ROOT / f"sample_data/cities/{name}.toml")
        work.session.add(
            Provider(code="kangle", name="康乐", kind="company", area_code=COMMUNITY, phone="025-1", created_at=now)
        )
        work.session.flush()
        work.session.connection().execute(
            text(
                "INSERT INTO area (code, level, name, parent_code, geom) VALUES (:code, 'community', '梅园社区', "
                "320102002000000, ST_Multi(ST_MakeEnvelope(118.79, 32.04, 118.80, 32.05, 4326)))"
            ),
            {"code": COMMUNITY},
        )
    return CITY


def take(rows: list[str], *, crs: str = "wgs84", header: str = HEADER, city_code: int = CITY):
    with unit_of_work(SYSTEM, login="jobs") as work:
        return import_facilities(
            work.session, work.now, work.actor, "\n".join([header, *rows]) + "\n", crs=crs, city_code=city_code
        )  # fmt: skip


def stored():
    with unit_of_work(NOBODY) as work:
        return facilities(work.session)


def test_a_gcj02_list_is_put_on_the_real_street_and_keeps_both_points(city):
    from geo.coordinates import from_wgs84

    lon, lat = from_wgs84(LON, LAT, "gcj02")
    assert take([ROW.format(lon=lon, lat=lat)], crs="gcj02").created == 1
    (found,) = stored()
    assert (found.lon, found.lat) == (pytest.approx(LON, abs=1e-7), pytest.approx(LAT, abs=1e-7))
    assert found.area_code == COMMUNITY and found.functions == ["day_care", "meals"]
    with unit_of_work(SYSTEM, login="jobs") as work:
        kept = work.session.connection().execute(text("SELECT original_lon, original_lat, original_crs FROM facility"))
        assert kept.one() == (lon, lat, "gcj02")
        acts = work.session.connection().execute(text("SELECT facts->>'crs' FROM act WHERE verb = 'import_facilities'"))
        assert acts.scalars().all() == ["gcj02"]
    assert abs(lon - LON) > 0.004  # taken for WGS-84 it would stand some 480 m away


def test_a_second_import_updates_by_code_and_the_same_list_changes_nothing(city):
    row = ROW.format(lon=LON, lat=LAT)
    assert take([row]).created == 1
    again = take([row])
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    moved = take([row.replace("梅园服务站", "梅园日间照料"), row.replace("S1", "S2")])
    assert (moved.created, moved.updated) == (1, 1)
    assert [one.name for one in stored()] == ["梅园日间照料", "梅园服务站"]


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (ROW.format(lon=LAT, lat=LON), "lat", "填反"),
        (ROW.format(lon=118.9, lat=LAT), "lon", "距最近的边界约9.4公里"),
        (ROW.format(lon="东", lat=LAT), "lon", "经度不是数字"),
        (ROW.format(lon="nan", lat=LAT), "lon", "超出范围"),
        (ROW.format(lon="", lat=LAT), "lon", "不能为空"),
        (ROW.format(lon=LON, lat=LAT).replace("day_care_centre", "spaceport"), "type_code", "设施类型"),
        (ROW.format(lon=LON, lat=LAT).replace("meals", "flying"), "functions", "flying"),
        (ROW.format(lon=LON, lat=LAT).replace("kangle", "nobody"), "provider_code", "nobody"),
        (ROW.format(lon=LON, lat=LAT) + ",extra", "", "9列"),
        (ROW.format(lon=LON, lat=LAT).replace("梅园服务站", ""), "name", "不能为空"),
    ],
)
def test_one_bad_row_is_told_by_line_and_column_and_nothing_is_written(city, row, column, said):
    done = take([ROW.format(lon=LON, lat=LAT).replace("S1", "S0"), row])
    assert [(one.line, one.field) for one in done.refused] == [(3, column)]
    assert said in done.refused[0].message
    assert (done.created, stored()) == (0, [])


def test_a_list_west_of_ninety_degrees_with_columns_exchanged_is_recognised(city):
    with unit_of_work(SYSTEM, login="setup") as work:
        work.session.connection().execute(
            text("UPDATE area SET geom = ST_Multi(ST_MakeEnvelope(80, 40, 80.1, 40.1, 4326)) WHERE code = :c"),
            {"c": COMMUNITY},
        )
    (refused,) = take([ROW.format(lon=40.05, lat=80.05)]).refused
    assert "填反" in refused.message


@pytest.mark.parametrize(
    ("header", "column", "said"),
    [
        (HEADER.replace(",lat", ""), "lat", "缺少列"),
        (HEADER.replace("address", "adress"), "adress", "不认识的列"),
        (HEADER.replace("address", "name"), "name", "出现了两次"),
        ("", "code", "缺少列"),
    ],
)
def test_a_wrong_header_is_told_before_any_row_is_read(city, header, column, said):
    done = take([ROW.format(lon=LON, lat=LAT)], header=header)
    assert done.rows == 0 and (1, column) in [(one.line, one.field) for one in done.refused]
    assert any(said in one.message for one in done.refused)
    assert stored() == []


def test_a_row_that_names_another_coordinate_system_is_refused(city):
    done = take([ROW.format(lon=LON, lat=LAT) + ",gcj02"], header=HEADER + ",crs")
    assert [(one.line, one.field) for one in done.refused] == [(2, "crs")]


def test_a_code_twice_in_one_list_is_refused(city):
    row = ROW.format(lon=LON, lat=LAT)
    assert "第2行重复" in take([row, row]).refused[0].message


def test_the_coordinate_system_must_be_known_and_the_city_must_have_outlines(city):
    with pytest.raises(UnknownCoordinates):
        take([ROW.format(lon=LON, lat=LAT)], crs="mars")
    assert stored() == []
    with unit_of_work(SYSTEM, login="setup") as work:
        work.session.connection().execute(text("UPDATE area SET geom = NULL"))
    with pytest.raises(CityWithoutOutlines):
        take([ROW.format(lon=LON, lat=LAT)])
    assert stored() == []


def test_an_unquoted_line_break_or_a_broken_quote_is_refused(city):
    done = take(['S1,"unfinished,day_care_centre'])
    assert done.refused and stored() == []


@pytest.mark.mission("SH-06")
def test_the_nearest_sites_come_first_with_metres(city):
    rows = [ROW.format(lon=LON + 0.0005 * n, lat=LAT).replace("S1", f"S{n}") for n in (2, 0, 1)]
    take(rows)
    with unit_of_work(NOBODY) as work:
        near = facilities(work.session, near=Near(LON, LAT, 60))
        assert [one.code for one in near] == ["S0", "S1"]
        assert near[1].distance_m == pytest.approx(47.2, abs=0.3)
        assert facilities(work.session, type_code="street_centre") == []
        assert len(facilities(work.session, function="meals", area_code=320102000000000)) == 3
        assert find_facility(work.session, near[0].id).provider_name == "康乐"
        (provider,) = providers(work.session, near=Near(LON, LAT, 500))
        assert (provider.code, provider.distance_m) == ("kangle", pytest.approx(0, abs=0.01))
        assert providers(work.session, service_code="home_bath") == []


def test_the_demonstration_list_lands_in_the_community_its_address_names(database, now):
    """Every site lies in the community its address names, once its GCJ-02 point is read as such."""
    providers_csv = (ROOT / "sample_data/district/providers.csv").read_text(encoding="utf-8")
    with unit_of_work(SYSTEM, login="setup") as work:
        for name in ("dongying", "shanghai", "nanjing_demo"):
            load_pack(work.session, work.now, ROOT / f"sample_data/cities/{name}.toml")
        for row in csv.DictReader(providers_csv.splitlines()):
            work.session.add(
                Provider(
                    code=row["code"], name=row["name"], kind=row["kind"], area_code=COMMUNITY, phone="1", created_at=now
                )  # fmt: skip
            )
        work.session.flush()
        drawn = json.loads((ROOT / "sample_data/district/areas.geojson").read_text(encoding="utf-8"))["features"]
        areas = [one for one in drawn if "code" in one["properties"]]
        for feature in sorted(areas, key=lambda one: int(one["properties"]["code"])):
            about = feature["properties"]
            work.session.connection().execute(
                text(
                    "INSERT INTO area (code, level, name, parent_code, geom) VALUES (:code, :level, :name, :parent, "
                    "ST_Multi(ST_SetSRID(ST_GeomFromGeoJSON(:geom), 4326))) ON CONFLICT (code) DO UPDATE SET "
                    "geom = excluded.geom, name = excluded.name"
                ),
                {
                    "code": written_code(str(about["code"])), "level": about["level"], "name": about["name"],
                    "parent": parent_code(written_code(str(about["code"]))), "geom": json.dumps(feature["geometry"]),
                },
            )  # fmt: skip
    csv_text = (ROOT / "sample_data/district/facilities_gcj02.csv").read_text(encoding="utf-8")
    with unit_of_work(SYSTEM, login="jobs") as work:
        done = import_facilities(work.session, work.now, work.actor, csv_text, crs="gcj02", city_code=CITY)
        assert done.refused == [] and done.created == done.rows > 50
    with unit_of_work(NOBODY) as work:
        names = (
            work.session.connection()
            .execute(text("SELECT f.address, a.name FROM facility f JOIN area a ON a.code = f.area_code"))
            .all()
        )
    assert [row for row in names if row.name not in row.address] == []
