"""A small population grid over the quarter, made up for the tests."""

from datetime import date, datetime
from pathlib import Path

import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin
from sqlmodel import Session

from services.circles.demand import Credit, Source, load_population
from services.unit_of_work import SYSTEM

BOX = shapely.box(118.7652, 32.0352, 118.7948, 32.0508)
"""30 x 16 cells, its sides between their middles."""
CREDIT = Credit("测试栅格", "CC BY 4.0", "made up for a test", date(2020, 1, 1))


def write_grid(path: Path, people: np.ndarray, west: float = 118.764, north: float = 32.052) -> Path:
    """Write persons per cell of 0.001 degree as a GeoTIFF; -1 stands for no number."""
    with rasterio.open(
        path, "w", driver="GTiff", height=people.shape[0], width=people.shape[1], count=1, dtype="float32",
        crs="EPSG:4326", transform=from_origin(west, north, 0.001, 0.001), nodata=-1.0,
    ) as raster:  # fmt: skip
        raster.write(people.astype(np.float32), 1)
    return path


def lay_grid(session: Session, now: datetime, folder: Path, city_code: int) -> Source:
    """Count the elders of the quarter by a grid of 34 x 18 cells."""
    people = np.random.default_rng(3).gamma(0.7, 3.0, (18, 34))
    path = write_grid(folder / "grid.tif", people)
    return load_population(session, now, SYSTEM, [path], city_code, CREDIT, BOX)
