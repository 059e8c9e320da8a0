"""Where each row of a list really stands: points checked against the city, its areas and its known addresses."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from geo.coordinates import to_wgs84
from services.intake.addresses import PLACED_FROM
from services.intake.batch import Ground, Row
from services.intake.declared_crs import Verdict, judge_declared
from services.intake.mapping import Mapping
from services.intake.outlines import Outlines

FEWEST_ON_A_CENTRE = 5
NEAR_A_CENTRE_DEGREES = 1e-5
_NAMING = (("district", "district"), ("street", "street"), ("community", "community"))


def read_points(rows: list[Row]) -> None:
    """Note each row's point as given, or that it has none; a latitude beyond 90 is two columns exchanged."""
    for row in rows:
        lon, lat = row.values.get("lon"), row.values.get("lat")
        if row.has("bad_coordinates"):
            continue
        if lon is None or lat is None or (lon == 0 and lat == 0):
            row.find("missing_coordinates", "没有坐标", "lon")
        elif abs(lat) > 90:
            _swapped(row, lon, lat)
        else:
            row.original = (lon, lat)


def _swapped(row: Row, lon: float, lat: float) -> None:
    row.find(
        "swapped", f"经度和纬度像是填反了：lon={lon:g}，lat={lat:g}（经度在前，纬度在后）", "lat", lon=lon, lat=lat
    )


def name_areas(rows: list[Row], outlines: Outlines) -> None:
    """Note the smallest registered area each row names: by code, by its columns, or in its own name."""
    for row in rows:
        code = row.values.get("area_code")
        if code is not None:
            if outlines.knows(code):
                row.named_code = code
            else:
                row.find("unknown_area", f"没有登记区划代码 {code}", "area_code", code=code)
            continue
        within: int | None = None
        for level, column in _NAMING:
            told = row.values.get(column)
            if not told:
                continue
            found = outlines.named(level, told, within)
            if found is None:
                row.find("unused_area", f"没有登记“{told[:30]}”，或不止一处", column)
            within = found or within
        row.named_code = within or outlines.district_in(row.values.get("name") or row.values.get("address") or "")


def find_default_centres(rows: list[Row], mapping: Mapping, outlines: Outlines) -> None:
    """Find the points at which a list's maker put what he could not find.

    That is the mapping's `centre`; else a point shared by five rows or more of which at least two name another
    district than the one it lies in, and at most a quarter name that one: such rows do not stand there.
    """
    at: dict[tuple[float, float], list[Row]] = defaultdict(list)
    for row in rows:
        if row.original is not None:
            at[row.original].append(row)
    for point, there in at.items():
        told = (
            mapping.centre is not None
            and max(abs(point[0] - mapping.centre[0]), abs(point[1] - mapping.centre[1])) <= NEAR_A_CENTRE_DEGREES
        )
        if not told and not (len(there) >= FEWEST_ON_A_CENTRE and _nobody_lives_there(point, there, outlines)):
            continue
        for row in there:
            message = f"坐标是城市中心的默认点（{point[0]:g}，{point[1]:g}），{len(there)}行都在这一点"
            row.find("default_centre", message, "lon", rows=len(there))
            row.original = None


def _nobody_lives_there(point: tuple[float, float], rows: list[Row], outlines: Outlines) -> bool:
    if not outlines.drawn:
        return False
    lon, lat = to_wgs84(*point, rows[0].crs)
    here = int(outlines.areas_at(np.array([lon]), np.array([lat]))[0]) // 10**9
    named = Counter(row.named_code // 10**9 for row in rows if row.named_code is not None and row.named_code % 10**11)
    others = {code for code in named if code != here}
    return len(others) >= 2 and named[here] * 4 <= sum(named.values())


def find_shared_points(rows: list[Row]) -> None:
    """Flag the rows that stand on one point with others: one building may hold two sites, or a list be careless."""
    written = Counter((row.cells.get("lon"), row.cells.get("lat")) for row in rows)
    stood = Counter((row.values.get("lon"), row.values.get("lat")) for row in rows)
    for row in rows:
        if row.values.get("lon") is None or row.values.get("lat") is None:
            continue
        same = written[(row.cells.get("lon"), row.cells.get("lat"))]
        all_there = stood[(row.values["lon"], row.values["lat"])]
        if all_there > 1:
            kind = "shared_point" if same > 1 else "shared_point_rewritten"
            row.find(kind, f"{all_there}行在同一坐标", "lon", rows=all_there)


def check_system(rows: list[Row], outlines: Outlines, declared: str) -> Verdict:
    """Hold the declared system against the areas that the rows name."""
    useful = [
        row for row in rows
        if row.original is not None and row.named_code is not None and _drawn(outlines, row.named_code)
    ]  # fmt: skip
    lons = np.array([row.original[0] for row in useful if row.original])
    lats = np.array([row.original[1] for row in useful if row.original])
    named = np.array([_drawn(outlines, row.named_code or 0) for row in useful], dtype=np.int64)
    return judge_declared(outlines, lons, lats, named, declared)


def _drawn(outlines: Outlines, code: int) -> int:
    """The area itself when its outline is known, else the district above it; 0 when neither is drawn."""
    if outlines.has_outline(code) and code % 10**11:
        return code
    above = code // 10**9 * 10**9
    return above if above % 10**11 and outlines.has_outline(above) else 0


def put_on_the_map(rows: list[Row]) -> None:
    """Give each row with a point of its own that point in WGS-84."""
    for crs in {row.crs for row in rows}:
        mine = [row for row in rows if row.original is not None and row.crs == crs]
        if not mine:
            continue
        lons, lats = to_wgs84(
            np.array([row.original[0] for row in mine if row.original]),
            np.array([row.original[1] for row in mine if row.original]), crs,
        )  # fmt: skip
        for row, lon, lat in zip(mine, lons.tolist(), lats.tolist(), strict=True):
            row.point, row.how = (lon, lat), "given"


def place_by_address(rows: list[Row], ground: Ground) -> None:
    """Find rows without a point by their address; what is not sure enough keeps its guess and waits."""
    for row in rows:
        address = row.values.get("address")
        if row.point is not None or not address or not row.has("missing_coordinates", "default_centre"):
            continue
        within = row.named_code or ground.city_code
        row.match = ground.book.find(str(address), within)
        if row.match is not None and row.match.confidence >= PLACED_FROM:
            row.point, row.how = (row.match.lon, row.match.lat), "address"
            sure = f"{row.match.confidence:.0%}"
            row.find(
                "placed_by_address", f"按地址找到：{row.match.words}，把握{sure}", "address",
                confidence=row.match.confidence,
            )  # fmt: skip


def find_areas(rows: list[Row], ground: Ground) -> None:
    """Give each row the smallest area it stands in; refuse what lies outside the city or the office's area."""
    outlines = ground.outlines
    placed = [row for row in rows if row.point is not None]
    if placed and outlines.drawn:
        lons = np.array([row.point[0] for row in placed if row.point])
        lats = np.array([row.point[1] for row in placed if row.point])
        codes, far = outlines.areas_at(lons, lats), outlines.metres_from_city(lons, lats)
        for row, code, metres in zip(placed, codes.tolist(), far.tolist(), strict=True):
            row.area_code = code or None
            if not code:
                _outside_city(row, metres, outlines)
        _check_named(placed, outlines)
    for row in rows:
        if row.named_code is not None and not row.has("outside_city", "swapped", "outside_named_area"):
            row.area_code = max(row.area_code or 0, row.named_code)  # the smaller area has the higher code
        if row.area_code is None and row.point is not None:
            row.find("no_area", "不知道在哪个区划：本市没有载入区划边界，这一行也没有写", "area_code")
        if row.area_code is not None and not ground.lo <= row.area_code <= ground.hi:
            row.find("outside_office", f"在{outlines.name_of(row.area_code)}，不在您的辖区", "lon")


def _outside_city(row: Row, metres: float, outlines: Outlines) -> None:
    assert row.point is not None
    exchanged = row.original[::-1] if row.original and abs(row.original[0]) <= 90 else None
    lon, lat = row.values.get("lon"), row.values.get("lat")
    turned = exchanged or ((lat, lon) if lon is not None and lat is not None and abs(lon) <= 90 else None)
    if turned is not None:
        x, y = to_wgs84(turned[0], turned[1], row.crs)
        if outlines.areas_at(np.array([x]), np.array([y]))[0]:
            _swapped(row, lon or 0.0, lat or 0.0)
            row.point = None
            return
    row.find(
        "outside_city",
        f"不在本市范围内，距最近的边界约{far_words(metres)}；请检查坐标和坐标系",
        "lon",
        distance_m=round(metres),
    )
    row.point = None


def _check_named(rows: list[Row], outlines: Outlines) -> None:
    by_area: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        code = _drawn(outlines, row.named_code) if row.named_code is not None else 0
        if code and row.point is not None:
            by_area[code].append(row)
    for code, mine in by_area.items():
        lons = np.array([row.point[0] for row in mine if row.point])
        lats = np.array([row.point[1] for row in mine if row.point])
        for row, metres in zip(mine, outlines.metres_from(code, lons, lats).tolist(), strict=True):
            if metres > 0:
                there = outlines.name_of(row.area_code) if row.area_code else "别处"
                message = (
                    f"写的是{outlines.name_of(code)}，坐标在{there}，离{outlines.name_of(code)}约{far_words(metres)}"
                )
                row.find("outside_named_area", message, "lon", named=code, distance_m=round(metres))


def far_words(metres: float) -> str:
    """Say a distance as people do."""
    return f"{metres / 1000:.1f}公里" if metres >= 1000 else f"{max(metres, 1):.0f}米"


def original_of(row: Row) -> tuple[float, float, str]:
    """Give a row's point as it was given and its system: a point found here is WGS-84."""
    if row.how == "given" and row.original is not None:
        return (*row.original, row.crs)
    assert row.point is not None
    return (*row.point, "wgs84")
