"""A printed map says what it counts, on which day and how far its streets may be trusted."""

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
import shapely
from matplotlib import font_manager

from geo import picture
from geo.errors import NoChineseFont
from geo.picture import CLASSES, MEDIA_TYPES, UNKNOWN, CoverageMap, PaintedArea, PaintedPlaces, Words, draw_map

WEST, EAST = shapely.box(118.77, 32.03, 118.78, 32.04), shapely.box(118.78, 32.03, 118.79, 32.04)


def sheet(**changes: object) -> CoverageMap:
    base = CoverageMap(
        title="玄武区 · 步行覆盖",
        headline="路网可信度低 · 估算 70.4%",
        facts=[("步行方式", "老人步行"), ("统计日期", "2026-11-22")],
        definition="登记老年人中，沿步行路网到最近的合格设施不超过15分钟者所占比例。" * 4,
        source="© OpenStreetMap 贡献者",
        areas=[PaintedArea("东社区", EAST, 0.9), PaintedArea("西社区", WEST, None, uncertain=True)],
        streets=[shapely.LineString([(118.771, 32.031), (118.789, 32.039)])],
        places=[PaintedPlaces("长者食堂", np.array([118.775]), np.array([32.035]))],
        words=Words(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_the_same_sheet_prints_the_same_bytes_in_every_kind(kind: picture.Kind) -> None:
    first = draw_map(sheet(), kind)
    assert first.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[kind])
    assert draw_map(sheet(), kind) == first
    assert draw_map(sheet(headline="路网可信度高 · 70.4%"), kind) != first


def test_a_share_gets_its_colour_and_an_untold_one_none() -> None:
    drawn = draw_map(sheet(), "svg").decode()
    assert CLASSES[4][1] in drawn and UNKNOWN in drawn
    without = draw_map(sheet(areas=[PaintedArea("东社区", EAST, None)]), "svg").decode()
    areas = ElementTree.parse(io.BytesIO(without.encode())).getroot().findall(".//*[@id='PathCollection_1']//*")
    assert not any(CLASSES[4][1] in (part.get("style") or "") for part in areas)


def test_every_share_falls_into_the_class_that_its_legend_names() -> None:
    for share, place in ((0.0, 0), (0.19999, 0), (0.2, 1), (0.5, 2), (0.79, 3), (0.8, 4), (1.0, 4)):
        assert picture._class_of(share) == CLASSES[place][1:]


def test_long_words_are_broken_within_the_sheet_and_nothing_is_lost() -> None:
    words = "各层级分别计算，上级设施不计入（GB 50180-2018）。" * 9
    lines = picture._wrapped(words, 40).split("\n")
    assert "".join(lines) == words and all(len(line) <= 80 for line in lines) and len(lines) > 4


def test_a_map_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="area or street"):
        draw_map(sheet(areas=[], streets=[]), "svg")


def test_a_machine_without_a_chinese_font_says_which_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    picture.chinese_font.cache_clear()
    with pytest.raises(NoChineseFont, match="fonts-noto-cjk"):
        picture.chinese_font()
    picture.chinese_font.cache_clear()
