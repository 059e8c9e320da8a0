"""Communities are drawn over the real blocks, and the committed files are what the drawing gives."""

from collections import Counter
from pathlib import Path

import pytest
import shapely

from geo.coordinates import from_wgs84
from geo.osm_reader import read_buildings
from services.cities.rules import area_level, parent_code
from workers.district.drawing import Drawing, draw_district
from workers.district.drawn_files import AREAS_FILE, HOMES_FILE, areas_text, homes_text, read_district
from workers.district.facility_plan import facilities_csv
from workers.district.sample_files import DISTRICT_FOLDER, FACILITIES_FILE, OSM_FILE, read_table


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return draw_district(OSM_FILE)


def committed(name: str) -> str:
    return (Path(DISTRICT_FOLDER) / name).read_text(encoding="utf-8")


def test_drawing_again_gives_the_committed_files(drawing: Drawing) -> None:
    assert homes_text(drawing) == committed(HOMES_FILE)
    assert areas_text(drawing) == committed(AREAS_FILE)
    assert facilities_csv(drawing, 2026) == committed(FACILITIES_FILE)


def test_no_two_communities_share_ground() -> None:
    communities = [area for area in read_district(DISTRICT_FOLDER).areas if area.level == "community"]
    assert len(communities) == 30
    for index, one in enumerate(communities):
        for other in communities[index + 1 :]:
            assert one.outline.intersection(other.outline).area < 1e-10, (one.name, other.name)


def test_invented_communities_and_quarters_carry_codes_no_real_one_has() -> None:
    for area in read_district(DISTRICT_FOLDER).areas:
        assert area_level(area.code) == area.level
        if area.level == "community":
            assert 901 <= area.code // 1000 % 1000 <= 999
        if area.level == "quarter":
            assert 901 <= area.code % 1000 <= 999


def test_every_area_lies_in_the_one_its_code_begins_with() -> None:
    outlines = {area.code: area.outline for area in read_district(DISTRICT_FOLDER).areas}
    for code, outline in outlines.items():
        above = parent_code(code)
        if above in outlines:
            assert outlines[above].buffer(1e-6).covers(outline)


def test_every_home_stands_inside_a_real_building_of_the_map() -> None:
    outlines = {building.osm_id: building.polygon for building in read_buildings(OSM_FILE)}
    homes = read_district(DISTRICT_FOLDER).homes
    assert len(homes) > 900
    assert all(outlines[home.osm_id].covers(shapely.Point(home.lon, home.lat)) for home in homes)


def test_nobody_lives_in_a_school_a_palace_or_a_bank() -> None:
    tags = {building.osm_id: building.tags for building in read_buildings(OSM_FILE)}
    for home in read_district(DISTRICT_FOLDER).homes:
        assert not {"amenity", "shop", "office", "tourism"} & tags[home.osm_id].keys()
        assert tags[home.osm_id]["building"] not in {"school", "office", "commercial", "hotel", "hospital"}


def test_two_doors_of_one_quarter_never_share_a_building_number() -> None:
    numbers = Counter((home.quarter_code, home.building_no) for home in read_district(DISTRICT_FOLDER).homes)
    assert max(numbers.values()) == 1


def test_the_facilities_are_written_in_gcj02() -> None:
    homes = {
        tuple(round(float(each), 6) for each in from_wgs84(home.lon, home.lat, "gcj02"))
        for home in read_district(DISTRICT_FOLDER).homes
    }
    for row in read_table(FACILITIES_FILE):
        assert row["crs"] == "gcj02"
        assert (float(row["lon"]), float(row["lat"])) in homes
