"""Puts an elder's door where it really is, whichever map the coordinates were read from.

Four systems: `wgs84` (satellites, OpenStreetMap, our storage), `gcj02` (Amap, Tencent, wx.chooseLocation),
`bd09` (Baidu), `cgcs2000` (surveying offices; equal to wgs84 within decimetres, so it passes unchanged).
Taking one for another moves a door by about 500 m, more than the whole five-minute circle.

All functions take (lon, lat) in degrees, scalars or arrays of one shape, and are vectorised. The forward
transforms are the published ones (the "eviltransform" formulas; krasovsky 1940 ellipsoid); the inverses are
fixed points of them, exact to far below 1e-5 m. Outside China (the customary box 72.004..137.8347 E,
0.8293..55.8271 N) every system is the identity. Within some 700 m of the box's border a shifted point has two
possible origins; the one inside the box is taken.
"""

from typing import overload

import numpy as np
import numpy.typing as npt

from geo.errors import UnknownCrs

CRS_NAMES = ("wgs84", "gcj02", "bd09", "cgcs2000")

Array = npt.NDArray[np.float64]

WEST, SOUTH, EAST, NORTH = 72.004, 0.8293, 137.8347, 55.8271
_AXIS_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BAIDU_WAVE = np.pi * 3000.0 / 180.0
# Each step shrinks the error some 30-fold (measured over the box), so 14 steps reach the last bit.
_STEPS = 14
# A point on the border itself may come back from the last step a rounding beyond it.
_ON_BORDER_DEG = 1e-11


@overload
def to_wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]: ...
@overload
def to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, crs: str) -> tuple[Array, Array]: ...
def to_wgs84(
    lon: float | npt.ArrayLike, lat: float | npt.ArrayLike, crs: str
) -> tuple[float, float] | tuple[Array, Array]:
    """The elder's point in the system we store, from the system it was given in.

    (lon, lat) degrees in `crs`; returns (lon, lat) in WGS-84, floats for floats and arrays for arrays.
    Raises UnknownCrs for any other name than wgs84, gcj02, bd09, cgcs2000.
    """
    known = _known(crs)
    x, y = _as_arrays(lon, lat)
    if known in ("gcj02", "bd09"):
        x, y = _undo(x, y, baidu=known == "bd09")
    return _like(lon, x, y)


@overload
def from_wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]: ...
@overload
def from_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, crs: str) -> tuple[Array, Array]: ...
def from_wgs84(
    lon: float | npt.ArrayLike, lat: float | npt.ArrayLike, crs: str
) -> tuple[float, float] | tuple[Array, Array]:
    """The stored point in the system a map app expects, so that the carer's phone leads to the right door.

    (lon, lat) degrees in WGS-84; returns (lon, lat) in `crs`. Raises UnknownCrs.
    """
    known = _known(crs)
    x, y = _as_arrays(lon, lat)
    if known in ("gcj02", "bd09"):
        inside = in_china(x, y)
        shifted_x, shifted_y = _shift(x, y, baidu=known == "bd09")
        x, y = np.where(inside, shifted_x, x), np.where(inside, shifted_y, y)
    return _like(lon, x, y)


def in_china(lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether WGS-84 points lie in the box where the Chinese systems differ from WGS-84."""
    x, y = _as_arrays(lon, lat)
    inside: npt.NDArray[np.bool_] = (x >= WEST) & (x <= EAST) & (y >= SOUTH) & (y <= NORTH)
    return inside


def _known(crs: str) -> str:
    if crs not in CRS_NAMES:
        raise UnknownCrs(crs, CRS_NAMES)
    return crs


def _as_arrays(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Array, Array]:
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    return x, y


def _like(given: npt.ArrayLike, x: Array, y: Array) -> tuple[float, float] | tuple[Array, Array]:
    if np.ndim(given) == 0 and x.ndim == 0:
        return float(x), float(y)
    return np.array(x), np.array(y)


def _undo(lon: Array, lat: Array, *, baidu: bool) -> tuple[Array, Array]:
    guess_x, guess_y = lon, lat
    for _ in range(_STEPS):
        shifted_x, shifted_y = _shift(guess_x, guess_y, baidu=baidu)
        guess_x, guess_y = guess_x + (lon - shifted_x), guess_y + (lat - shifted_y)
    held_x, held_y = np.clip(guess_x, WEST, EAST), np.clip(guess_y, SOUTH, NORTH)
    inside = (np.abs(guess_x - held_x) < _ON_BORDER_DEG) & (np.abs(guess_y - held_y) < _ON_BORDER_DEG)
    return np.where(inside, held_x, lon), np.where(inside, held_y, lat)


def _shift(lon: Array, lat: Array, *, baidu: bool) -> tuple[Array, Array]:
    x, y = _mars(lon, lat)
    return _baidu(x, y) if baidu else (x, y)


def _mars(lon: Array, lat: Array) -> tuple[Array, Array]:
    """GCJ-02 of a WGS-84 point, without asking whether it lies in China."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north_m += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east_m += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    bulge = 1.0 - _ECCENTRICITY_SQUARED * np.sin(radians) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / (bulge * np.sqrt(bulge))
    parallel_m = _AXIS_M / np.sqrt(bulge) * np.cos(radians)
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _baidu(lon: Array, lat: Array) -> tuple[Array, Array]:
    """BD-09 of a GCJ-02 point: a turn, a stretch and an offset."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_WAVE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
