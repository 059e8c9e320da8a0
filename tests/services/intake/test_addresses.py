"""A written address is found among the city's own compounds and buildings, with a confidence that means something."""

from __future__ import annotations

import pytest

from services.intake.addresses import PLACED_FROM, Address, AddressBook, Known, han_number, likeness, take_apart
from services.intake.outlines import Area, Outlines

NANJING = Outlines(
    320100000000000,
    "南京市",
    [
        Area(320100000000000, "city", "南京市"),
        Area(320102000000000, "district", "玄武区"),
        Area(320104000000000, "district", "秦淮区"),
        Area(320102002000000, "street", "梅园新村街道"),
        Area(320102002001000, "community", "文津里社区"),
    ],
)
AREA = 320102002001000
BOOK = AddressBook(
    NANJING,
    [
        Known("building", "书香里", 118.790, 32.040, AREA, "杨将军巷", 12, 3),
        Known("building", "书香里", 118.791, 32.040, AREA, "杨将军巷", 12, 5),
        Known("building", "", 118.800, 32.050, AREA, "石婆婆庵", 36, None),
        Known("compound", "如意新村", 118.780, 32.030, 320104002001000),
        Known("compound", "兰园小区", 118.770, 32.020, AREA),
        Known("compound", "康乐花园", 118.700, 32.000, AREA),
        Known("compound", "康乐花园", 118.790, 32.090, 320102009001000),
    ],
)


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("南京市玄武区梅园新村街道文津里社区杨将军巷12号书香里3幢1单元502室", Address("杨将军巷", 12, "书香里", 3)),
        ("玄武区杨将军巷十二号书香里三幢", Address("杨将军巷", 12, "书香里", 3)),
        ("杨将军巷１２号", Address("杨将军巷", 12, "", None)),
        ("上海路939弄12号301室", Address("上海路", 939, "", 12)),
        ("漕溪北路331号", Address("漕溪北路", 331, "", None)),
        ("南京市秦淮区如意新邨5栋201", Address("", None, "如意新邨", 5)),
        ("文津里3号", Address("文津里", 3, "", None)),
        ("石婆婆庵36号（原38号）", Address("石婆婆庵", 36, "", None)),
        ("南京市玄武区网巾市57号6幢", Address("网巾市", 57, "", 6)),
        ("", Address()),
    ],
)
def test_an_address_is_taken_apart(written, taken):
    assert take_apart(written, NANJING) == taken


def test_numbers_are_read_in_both_hands():
    assert [han_number(text) for text in ("12", "十二", "二十", "三十五", "一百零三")] == [12, 12, 20, 35, 103]


@pytest.mark.parametrize(
    ("written", "lon", "least", "most"),
    [
        ("玄武区杨将军巷12号书香里3幢1单元502室", 118.790, 0.97, 1.0),
        ("玄武区杨将军巷12号书香里5幢", 118.791, 0.97, 1.0),
        ("杨将军巷12号", 118.7905, 0.85, 0.95),
        ("玄武区石婆婆庵36号", 118.800, 0.9, 0.95),
        ("秦淮区如意新邨5栋201", 118.780, 0.85, 0.95),
        ("秦淮区如意新村5号", 118.780, 0.85, 0.95),
        ("玄武区兰园", 118.770, 0.85, 0.95),
        ("玄武区石婆婆庵40号", 118.800, 0.3, 0.6),
        ("玄武区如意新园", 118.780, 0.05, 0.6),
    ],
)
def test_the_likeliest_place_comes_with_how_sure_it_is(written, lon, least, most):
    found = BOOK.find(written, NANJING.named("district", written[:3]))
    assert found.lon == pytest.approx(lon) and least <= found.confidence <= most


def test_one_name_at_two_ends_of_the_city_is_not_sure():
    assert BOOK.find("康乐花园3幢", 320102000000000).confidence < PLACED_FROM


def test_a_place_outside_the_named_district_is_not_taken():
    assert BOOK.find("玄武区如意新村", 320102000000000).confidence < PLACED_FROM


def test_an_address_that_names_nothing_known_has_no_match():
    assert BOOK.find("月球路1号", None) is None and BOOK.find("", None) is None


def test_likeness_is_one_for_the_same_and_nought_for_strangers():
    assert likeness("兰园小区", "兰园小区") == 1 and likeness("兰园", "桂林") == 0
    assert 0 < likeness("兰园一村", "兰园二村") < 1
