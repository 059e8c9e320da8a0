"""An officer takes a list in at her desk: upload, columns, report, register; what waits is mended and placed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

HTML = {"accept": "text/html"}
SITES = (
    "设施名称,设施类型,详细地址,经度,纬度\n"
    "梅园助餐点,senior_canteen,梅园新村9号,118.7974,32.0437\n"
    "没有坐标的助餐点,senior_canteen,不知道的路8号,,\n"
    "不明的店,spaceport,梅园新村10号,118.7975,32.0438\n"
)
ELDERS = (
    "姓名,性别,出生日期,电话,住址,居住情况,经度,纬度\n"
    "欧阳秀英,女,1945-03-02,13900000123,梅园新村9号301室,独居,118.7974,32.0437\n"
    "欧阳德胜,男,1944-05-06,,不知道的路8号,独居,,\n"
)


@pytest.fixture
def site(cast: Any) -> Any:
    from api.app import create_app

    with cast.work("house") as work:  # the officer's street with an outline around her sites
        work.session.connection().execute(
            text(
                "UPDATE area SET geom = ST_Multi(ST_MakeEnvelope(118.79, 32.04, 118.80, 32.05, 4326)) "
                "WHERE code = 320102003000000"
            )
        )
    with TestClient(create_app(), follow_redirects=False) as client:
        yield client


class Desk:
    """One person's browser."""

    def __init__(self, site: TestClient, cast: Any, who: str) -> None:
        from api.deps import csrf_token, signed

        token = cast.token(who)
        self.site, self.headers = site, {**HTML, "cookie": f"yl_session={signed(token)}"}
        self.csrf = csrf_token(token)

    def get(self, path: str) -> Any:
        return self.site.get(path, headers=self.headers)

    def post(self, path: str, data: dict[str, str], files: Any = None) -> Any:
        return self.site.post(path, data={"csrf_token": self.csrf, **data}, files=files, headers=self.headers)

    def hand_in(self, kind: str, content: str, crs: str = "wgs84") -> str:
        files = {"file": ("list.csv", content.encode("gb18030"), "text/csv")}
        answer = self.post("/officer/lists", {"kind": kind, "crs": crs}, files)
        assert answer.status_code == 303, answer.text[:2000]
        return str(answer.headers["location"])

    def guessed(self, path: str) -> dict[str, str]:
        page = self.get(path).text
        chosen = re.findall(r'<select name="(column-\w+)".*?</select>', page, re.S)
        blocks = re.findall(r'<select name="column-\w+".*?</select>', page, re.S)
        picked = [re.search(r'<option value="([^"]*)" selected', block) for block in blocks]
        return {name: found.group(1) for name, found in zip(chosen, picked, strict=True) if found}


def test_an_officer_takes_a_list_in_and_mends_what_waits(cast: Any, site: TestClient) -> None:
    desk = Desk(site, cast, "officer")
    path = desk.hand_in("facilities", SITES)
    columns = desk.guessed(path)
    assert columns == {
        "column-name": "设施名称", "column-type_code": "设施类型", "column-address": "详细地址",
        "column-lon": "经度", "column-lat": "纬度",
    }  # fmt: skip
    assert desk.post(f"{path}/columns", columns).status_code == 303
    assert "正在逐行检查" in desk.get(path).text
    cast.run_jobs(only="intake.check")
    report = desk.get(path).text
    assert "没有坐标" in report and "没有这种类型" in report and "1 行会一起写入" in report
    assert desk.post(f"{path}/take", {}).status_code == 303
    cast.run_jobs(only="intake.apply")
    assert "已导入" in desk.get(path).text
    places = desk.get("/officer/lists/places").text
    (row,) = set(re.findall(r"/officer/lists/rows/\d+", places))
    page = desk.get(row).text
    assert "data-place-map" in page and "不知道的路8号" in page
    assert "data-place-map" in Desk(site, cast, "administrator").get(row).text
    moved = {"lon": "118.7976", "lat": "32.0439", "crs": "wgs84"}
    assert desk.post(row, moved).status_code == 303 and "正在重试" in desk.get(row).text
    cast.run_jobs(only="intake.try_row")
    assert "已导入" in desk.get(row).text
    (row,) = set(re.findall(r"/officer/lists/rows/\d+", desk.get("/officer/lists/rows").text))
    assert desk.post(row, {"type_code": "spaceport"}).status_code == 422  # nothing was changed
    assert desk.post(f"{row}/drop", {}).status_code == 303
    with cast.work("house") as work:
        one = work.session.connection().execute
        names = one(text("SELECT name FROM facility WHERE name LIKE '%助餐点' AND NOT invented ORDER BY id"))
        assert names.scalars().all() == ["梅园助餐点", "没有坐标的助餐点"]
        verbs = set(one(text("SELECT verb FROM act WHERE actor_id = :o"), {"o": cast["officer"]}).scalars())
        assert {"hand_in_list", "confirm_list_columns", "confirm_list", "mend_row", "drop_row"} <= verbs
        assert one(text("SELECT count(*) FROM outbox WHERE job = 'circles.facilities_changed'")).scalar_one() == 2


def test_a_list_of_elders_stays_sealed_and_is_no_business_of_the_administrator(cast: Any, site: TestClient) -> None:
    desk = Desk(site, cast, "officer")
    path = desk.hand_in("elders", ELDERS)
    assert "欧阳" not in desk.get(path).text
    desk.post(f"{path}/columns", desk.guessed(path))
    cast.run_jobs(only="intake.check")
    desk.post(f"{path}/take", {})
    cast.run_jobs(only="intake.apply")
    rows = desk.get("/officer/lists/rows").text
    assert "欧**" in rows and "欧阳德胜" not in rows
    exported = desk.get("/officer/lists/rows.csv").text
    assert "不知道的路***" in exported and "欧阳" not in exported
    (row,) = set(re.findall(r"/officer/lists/rows/\d+", rows))
    assert "欧阳德胜" in desk.get(row).text  # who mends her row sees it, and that is noted
    with cast.work("house") as work:
        one = work.session.connection().execute
        assert one(text("SELECT count(*) FROM act WHERE verb = 'read_import_row'")).scalar_one() == 1
        ((area, phone, invented),) = one(
            text("SELECT area_code, phone_sealed, invented FROM person WHERE full_name = '欧阳秀英'")
        ).all()
        assert area // 10**9 == 320102 and "13900000123" not in phone and not invented
        kept = one(text("SELECT raw_sealed || coalesce(findings::text, '') FROM import_row")).scalar_one()
        run = one(
            text("SELECT coalesce(file_sealed, '') || report::text || mapping::text FROM import_run")
        ).scalar_one()
        assert not any(secret in kept + run for secret in ("欧阳", "13900000123", "不知道的路"))
    for who in ("administrator", "other_officer"):
        other = Desk(site, cast, who)
        assert other.get(path).status_code == 404 and other.get(row).status_code == 404
        assert "欧" not in other.get("/officer/lists/rows").text
    refused = Desk(site, cast, "administrator").post(
        "/officer/lists", {"kind": "elders", "crs": "wgs84"}, {"file": ("a.csv", ELDERS.encode(), "text/csv")}
    )
    assert refused.status_code == 422
    assert Desk(site, cast, "operator").get("/officer/lists").status_code == 403


def test_a_row_of_another_street_is_set_aside_and_not_written(cast: Any, site: TestClient) -> None:
    desk = Desk(site, cast, "other_officer")
    path = desk.hand_in("facilities", SITES)
    desk.post(f"{path}/columns", desk.guessed(path))
    cast.run_jobs(only="intake.check")
    assert "不在您的辖区" in desk.get(path).text
    desk.post(f"{path}/take", {})
    cast.run_jobs(only="intake.apply")
    with cast.work("house") as work:
        found = work.session.connection().execute(text("SELECT count(*) FROM facility WHERE name = '梅园助餐点'"))
        assert found.scalar_one() == 0


@pytest.mark.parametrize(
    ("content", "crs", "said"),
    [(b"", "wgs84", "文件是空的"), (b"\xd0\xcf\x11\xe0x", "wgs84", "xls"), (SITES.encode(), "", "坐标系")],
)
def test_a_file_that_cannot_be_read_is_refused_on_the_same_page(
    cast: Any, site: TestClient, content: bytes, crs: str, said: str
) -> None:
    desk = Desk(site, cast, "officer")
    answer = desk.post("/officer/lists", {"kind": "facilities", "crs": crs}, {"file": ("a.csv", content, "text/csv")})
    assert answer.status_code == 422 and said in answer.text


def test_an_administrator_of_another_city_finds_no_list_of_this_one(cast: Any, site: TestClient) -> None:
    path = Desk(site, cast, "officer").hand_in("facilities", SITES)
    desk = Desk(site, cast, "administrator")
    assert desk.get(path).status_code == 200
    with cast.work("house") as work:
        work.session.connection().execute(
            text("UPDATE role_grant SET area_code = 370500000000000 WHERE role = 'administrator'")
        )
    assert desk.get(path).status_code == 404 and "list.csv" not in desk.get("/officer/lists").text
    assert desk.post(f"{path}/give-up", {}).status_code == 404


def test_a_list_that_is_given_up_is_forgotten(cast: Any, site: TestClient) -> None:
    desk = Desk(site, cast, "officer")
    path = desk.hand_in("facilities", SITES)
    assert desk.post(f"{path}/give-up", {}).status_code == 303
    assert desk.post(f"{path}/take", {}).status_code == 409
    with cast.work("house") as work:
        kept = work.session.connection().execute(text("SELECT state, file_sealed FROM import_run")).one()
        assert kept == ("failed", None)


def test_a_contradicted_system_must_be_trusted_by_name(cast: Any, site: TestClient) -> None:
    from geo.coordinates import from_wgs84

    rows = ["小区名称,街道,经度,纬度,户数"]
    for n in range(60):
        lon, lat = from_wgs84(118.7905 + n * 0.00015, 32.0405 + n * 0.00015, "bd09")
        rows.append(f"小区{n},新街口街道,{lon:.6f},{lat:.6f},{100 + n}")
    desk = Desk(site, cast, "officer")
    path = desk.hand_in("compounds", "\n".join(rows), crs="wgs84")
    desk.post(f"{path}/columns", desk.guessed(path))
    cast.run_jobs(only="intake.check")
    report = desk.get(path).text
    assert "坐标像是 bd09，不是所说的 wgs84" in report and "我核对过" in report
    refused = desk.post(f"{path}/take", {})
    assert refused.status_code == 409 and "声明的坐标系与区划边界不符" in refused.text
    assert desk.post(f"{path}/take", {"trust_crs": "yes"}).status_code == 303


def test_a_workbook_and_a_mapping_file_come_in_at_the_desk_too(cast: Any, site: TestClient) -> None:
    from io import BytesIO

    from openpyxl import Workbook

    book, out = Workbook(), BytesIO()
    for row in (["甲", "乙", "丙", "丁"], ["梅园助餐点", 4, 118.7974, 32.0437]):
        book.active.append(row)
    book.save(out)
    mapping = (
        '[columns]\nname = "甲"\ntype_code = "乙"\nlon = "丙"\nlat = "丁"\n[values.type_code]\n4 = "senior_canteen"\n'
    )
    desk = Desk(site, cast, "officer")
    answer = desk.post(
        "/officer/lists",
        {"kind": "facilities", "crs": "gcj02"},
        {"file": ("a.xlsx", out.getvalue(), "application/octet-stream"), "mapping": ("m.toml", mapping.encode())},
    )
    path = answer.headers["location"]
    desk.post(f"{path}/columns", desk.guessed(path))
    cast.run_jobs(only="intake.check")
    assert "1 行会一起写入" in desk.get(path).text
    english = site.get(path, headers={**desk.headers, "cookie": desk.headers["cookie"] + "; yl_language=en"}).text
    assert "Take it over" in english and "列对照" not in english
