"""Whatever an office saves, its rows are read, or a sentence says why not."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from services.intake.errors import ListTooLarge, UnreadableList
from services.intake.fields import BadCell, FieldSpec, read_cell
from services.intake.mapping import BadMapping, check_columns, guess_mapping, read_mapping
from services.intake.reading import read_table
from services.intake.rules import LARGEST_BYTES, LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, safe_cell

TEXT = "设施名称,地址,经度,纬度\n梅园助餐点,梅园新村1号,118.79,32.04\n兰园日间照料中心,兰园5号,118.80,32.05\n"
FIELDS = (
    FieldSpec("name", "名称", ("设施名称", "agencyname"), needed=True),
    FieldSpec("address", "地址", ("详细地址",)),
    FieldSpec("lon", "经度", ("longitude", "lng"), reading="degrees"),
    FieldSpec("lat", "纬度", ("latitude",), reading="degrees"),
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_a_text_table_is_read_in_the_encoding_and_with_the_sign_it_has(encoding, sign):
    table = read_table(TEXT.replace(",", sign).encode(encoding), "设施.csv")
    assert table.columns == ["设施名称", "地址", "经度", "纬度"]
    assert [(row.line, row.cells["设施名称"]) for row in table.rows] == [(2, "梅园助餐点"), (3, "兰园日间照料中心")]


def test_quotes_line_breaks_and_blank_lines_keep_their_line_numbers():
    table = read_table('a,b\n"一,二",三\n\n"四\n五",六\n'.encode(), "x.csv")
    assert [(row.line, row.cells) for row in table.rows] == [
        (2, {"a": "一,二", "b": "三"}), (5, {"a": "四 五", "b": "六"}),
    ]  # fmt: skip


def test_a_line_with_too_few_or_too_many_cells_is_told_and_the_others_are_read():
    table = read_table(b"a,b\n1,2\n3\n4,5,6\n7,8,\n", "x.csv")
    assert [row.line for row in table.rows] == [2, 5]
    assert [line for line, _ in table.broken] == [3, 4]


def workbook(rows, sheets=()):
    book = Workbook()
    book.active.title = "设施"
    for row in rows:
        book.active.append(row)
    for name in sheets:
        book.create_sheet(name).append(["只有", "表头"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_with_its_dates_and_numbers_as_people_see_them():
    content = workbook(
        [["名称", "启用", "床位"], ["康乐", date(2020, 1, 31), 20.0], [None, None, None], ["安康", None, 5]]
    )
    table = read_table(content, "x.xlsx")
    assert [row.cells for row in table.rows] == [
        {"名称": "康乐", "启用": "2020-01-31", "床位": "20"}, {"名称": "安康", "启用": "", "床位": "5"},
    ]  # fmt: skip
    assert [row.line for row in table.rows] == [2, 4]


def test_a_sheet_is_chosen_by_name_and_an_unknown_one_is_told():
    content = workbook([["名称"], ["康乐"]], sheets=["说明"])
    assert read_table(content, "x.xlsx").sheets == ["设施", "说明"]
    with pytest.raises(UnreadableList, match="UnreadableList"):
        read_table(content, "x.xlsx", sheet="没有")


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (60 * 2**20))
    with pytest.raises(ListTooLarge) as refused:
        read_table(out.getvalue(), "x.xlsx")
    assert "压缩率" in refused.value.message_zh


@pytest.mark.parametrize(
    "content",
    [
        b"", b"   \n", b"\xd0\xcf\x11\xe0old", b"PK\x03\x04broken", b"\x89PNG\r\n\x1a\n\x00\x00\x00", b"a,a\n1,2\n",
        b"only,a,header\n", b'a,b\n"never closed\n', b"[1, 2]", b"{}", b'{"a": [{"x": 1}], "b": [{"y": 2}]}', b"[{]",
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_with_a_sentence(content):
    with pytest.raises(UnreadableList) as refused:
        read_table(content, "x")
    assert refused.value.message_zh.endswith(("。", "：没有")) or "：" in refused.value.message_zh


def test_limits_hold_for_bytes_rows_columns_and_cells():
    for content in (
        b"a\n" + b"1\n" * (MOST_ROWS + 1),
        ",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)).encode() + b"\n1\n",
        b"a\n" + b"x" * (LONGEST_CELL + 1) + b"\n",
        b"a\n" + b"1" * LARGEST_BYTES,
    ):
        with pytest.raises(ListTooLarge):
            read_table(content, "x.csv")


def test_json_lists_geojson_and_esri_features_are_read():
    rows = [{"name": "一", "at": {"lon": 1.5}, "tags": ["a", "b"]}, {"name": "二", "open": True, "n": None}]
    for whole in (rows, {"declared_crs": "gcj02", "items": rows}, {"data": {"list": rows}}):
        table = read_table(json.dumps(whole).encode(), "x.json")
        assert table.rows[0].cells == {"name": "一", "at.lon": "1.5", "tags": "a;b"}
        assert table.columns == ["name", "at.lon", "tags", "open", "n"]
    point = {"type": "Feature", "properties": {"name": "三"}, "geometry": {"type": "Point", "coordinates": [118.5, 32]}}
    table = read_table(json.dumps({"type": "FeatureCollection", "features": [point]}).encode(), "x.geojson")
    assert table.rows[0].cells == {"name": "三", "geometry.lon": "118.5", "geometry.lat": "32"}
    esri = {"features": [{"attributes": {"NAME": "四"}, "geometry": {"x": 118.5, "y": 32.25}}]}
    table = read_table(json.dumps(esri).encode(), "x.json")
    assert table.form == "esri" and table.rows[0].cells["geometry.lat"] == "32.25"


def test_columns_are_guessed_from_chinese_and_english_headers_once_each():
    guess = guess_mapping(["序号", "机构名称（全称）", "详细地址", "LNG", "Latitude", "经度"], FIELDS)
    assert guess.columns == {"address": "详细地址", "lon": "LNG", "lat": "Latitude", "name": "机构名称（全称）"}
    with pytest.raises(BadMapping):
        check_columns(guess_mapping(["甲", "乙"], FIELDS), ["甲", "乙"], FIELDS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[columns\n", "TOML"),
        ("colums = {}", "不认识的项目 colums"),
        ("[columns]\nnmae = 'x'", "没有字段 nmae"),
        ("crs = 'mars'", "坐标系"),
        ("kind = 'beds'", "beds"),
        ("centre = ['a']", "centre"),
        ("columns = 3", "columns"),
    ],
)
def test_a_wrong_mapping_is_told_part_by_part(text, said):
    with pytest.raises(BadMapping) as refused:
        read_mapping(text, "facilities", FIELDS)
    assert said in refused.value.message_zh


@pytest.mark.parametrize(
    "told", ["2026-01-31", "2026/1/31", "2026.1.31", "2026年1月31日", "20260131", "46053", "２０２６-01-31"]
)
def test_a_day_is_read_as_offices_write_it(told):
    assert read_cell(FieldSpec("day", "日期", reading="day"), told) == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("reading", "told"),
    [("day", "2026-02-30"), ("count", "-1"), ("count", "1.5"), ("degrees", "13516000"), ("degrees", "nan"),
     ("yes_no", "也许"), ("code", "3701"  "x"), ("code", "999"), ("day", "31/1/2026")],
)  # fmt: skip
def test_a_cell_that_does_not_say_what_it_should_is_refused(reading, told):
    with pytest.raises(BadCell):
        read_cell(FieldSpec("x", "某栏", reading=reading), told)


def test_an_export_holds_no_formula():
    assert [safe_cell(text) for text in ("=1+1", "+86", "-1", "@x", "\tx", "梅园", None, 5)] == [
        "'=1+1", "'+86", "'-1", "'@x", "'\tx", "梅园", "", "5",
    ]  # fmt: skip
