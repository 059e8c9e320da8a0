"""A population grid as places where elders live: every cell once, no one lost in rounding.

GeoTIFF, one band, persons per cell, any coordinate system that names itself; read through rasterio, only where
the boundary is. Counts become millionths of a person, whole numbers, so that every later sum is exact.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio  # type: ignore[import-untyped, unused-ignore]
import shapely
from pyproj import Transformer
from rasterio.features import geometry_mask  # type: ignore[import-untyped, unused-ignore]
from rasterio.windows import Window, from_bounds  # type: ignore[import-untyped, unused-ignore]

from geo.errors import UnreadableRaster

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
MILLIONTHS = 1_000_000


@dataclass(frozen=True)
class Cells:
    """The inhabited cells whose middles lie within a boundary.

    `rows`, `columns` int64 (c,) in the grid, `lons`, `lats` float64 (c,) their middles in EPSG:4326 degrees,
    `millionths` int64 (c,) people in millionths: their sum is the grid's own sum within the boundary, to the
    nearest millionth (`rounding` is what that left over, in people). `unknown_cells` hold no number.
    """

    rows: Longs
    columns: Longs
    lons: Floats
    lats: Floats
    millionths: Longs
    unknown_cells: int
    rounding: float


def read_cells(paths: Sequence[str | Path], boundary: shapely.Geometry) -> Cells:
    """The people of one or several grids of one shape, added cell by cell, within a boundary (EPSG:4326).

    Raises UnreadableRaster naming the file: not a raster, no coordinate system, grids that do not lie on each
    other, or a boundary that the grid does not meet.
    """
    people, unknown, grid = _sum_grids(paths, boundary)
    inside = geometry_mask([grid.boundary], people.shape, grid.transform, invert=True)
    if not inside.any():
        raise UnreadableRaster(grid.name, "栅格与边界没有重叠")
    row, column = np.nonzero(inside & ~unknown & (people > 0.0))
    values = people[row, column]
    millionths, rounding = whole_millionths(values)
    x, y = rasterio.transform.xy(grid.transform, row, column)
    to_degrees = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    lons, lats = to_degrees.transform(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    return Cells(
        rows=row.astype(np.int64) + grid.first_row,
        columns=column.astype(np.int64) + grid.first_column,
        lons=np.asarray(lons),
        lats=np.asarray(lats),
        millionths=millionths,
        unknown_cells=int((inside & unknown).sum()),
        rounding=rounding,
    )


def whole_millionths(values: Floats) -> tuple[Longs, float]:
    """Shares of people as whole millionths whose sum is the values' own sum, by largest remainders.

    Gives int64 (c,) and what rounding the sum itself left over, in people (less than a millionth).
    """
    exact = math.fsum(values.tolist())
    total = round(exact * MILLIONTHS)
    scaled = values * MILLIONTHS
    whole = np.floor(scaled).astype(np.int64)
    short = total - int(whole.sum())
    order = np.argsort(whole - scaled, kind="stable")  # the largest remainders first
    whole[order[:short]] += 1
    return whole, exact - total / MILLIONTHS


@dataclass(frozen=True)
class _Grid:
    name: str
    crs: str
    transform: rasterio.Affine
    first_row: int
    first_column: int
    boundary: shapely.Geometry


def _sum_grids(paths: Sequence[str | Path], boundary: shapely.Geometry) -> tuple[Floats, npt.NDArray[np.bool_], _Grid]:
    total: Floats | None = None
    unknown: npt.NDArray[np.bool_] | None = None
    first: _Grid | None = None
    for path in paths:
        values, holes, grid = _read_grid(Path(path), boundary)
        if total is None or unknown is None or first is None:
            total, unknown, first = values, holes, grid
        elif (grid.crs, values.shape) != (first.crs, total.shape) or not grid.transform.almost_equals(first.transform):
            raise UnreadableRaster(grid.name, f"与 {first.name} 的网格不一致，不能相加")
        else:
            total = total + values
            unknown &= holes
    if total is None or unknown is None or first is None:
        raise UnreadableRaster("", "没有给出栅格文件")
    return total, unknown, first


def _read_grid(path: Path, boundary: shapely.Geometry) -> tuple[Floats, npt.NDArray[np.bool_], _Grid]:
    try:
        with rasterio.open(path) as raster:
            if raster.crs is None:
                raise UnreadableRaster(path.name, "栅格没有写明坐标系")
            if raster.count != 1:
                raise UnreadableRaster(path.name, f"须为单波段（每格人数），此文件有 {raster.count} 个波段")
            outline = _in_crs(boundary, str(raster.crs))
            window = _window(raster, outline, path.name)
            band = raster.read(1, window=window, masked=True).astype(np.float64)
            transform = raster.window_transform(window)
            crs = raster.crs.to_string()
    except rasterio.errors.RasterioError as error:
        raise UnreadableRaster(path.name, "不是可读的栅格文件（GeoTIFF），或文件已损坏") from error
    values = np.asarray(np.ma.getdata(band), dtype=np.float64)
    holes = np.ma.getmaskarray(band) | ~np.isfinite(values) | (values < 0.0)
    row, column = int(window.row_off), int(window.col_off)
    return np.where(holes, 0.0, values), holes, _Grid(path.name, crs, transform, row, column, outline)


def _in_crs(boundary: shapely.Geometry, crs: str) -> shapely.Geometry:
    turn = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    return shapely.transform(boundary, lambda points: np.column_stack(turn.transform(points[:, 0], points[:, 1])))


def _window(raster: rasterio.DatasetReader, outline: shapely.Geometry, name: str) -> Window:
    whole = Window(0, 0, raster.width, raster.height)
    found = from_bounds(*shapely.bounds(outline), transform=raster.transform)
    column, row = math.floor(found.col_off), math.floor(found.row_off)
    window = Window(column, row, math.ceil(found.width) + 1, math.ceil(found.height) + 1)
    try:
        return window.intersection(whole)
    except rasterio.errors.WindowError as error:
        raise UnreadableRaster(name, "栅格与边界没有重叠") from error
