"""A coverage map for a report, on paper or in a document: PNG, SVG or PDF, with what it shows printed on it.

A map that leaves the house without its definition, date and way of walking is soon quoted for something else;
so none of them can be left out here. Drawn by Matplotlib on an A4 sheet, in metres around the middle of the map.
"""

import io
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.path import Path

from geo.errors import NoChineseFont
from geo.snap import local_plane

Kind = Literal["png", "svg", "pdf"]
MEDIA_TYPES: dict[Kind, str] = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
A4_INCHES = (11.69, 8.27)
DOTS_PER_INCH = 200
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Droid Sans Fallback",
)
CLASSES = (
    (0.0, "#fff4e0", ""),
    (0.2, "#f3dfb0", "//"),
    (0.4, "#cfe6d8", ""),
    (0.6, "#8cc2a3", ""),
    (0.8, "#0b6b3a", ""),
)
"""Lower bound of each class of shares, its colour, and a hatch so that a black-and-white copier tells the low ones."""
UNKNOWN = "#ececec"
MARKS = (("o", "#0b4f8a"), ("s", "#b45309"), ("^", "#7b2d8b"), ("D", "#4a4f55"))
"""A shape and a colour for each kind of place, as on the screen's map."""
SCALE_STEPS_M = (50, 100, 200, 250, 500, 1000, 2000, 5000, 10000)


@dataclass(frozen=True)
class PaintedArea:
    """An area with the share (0 to 1) of its elders who are reached; None where it is not told (too few elders)."""

    name: str
    outline: shapely.Geometry
    share: float | None
    uncertain: bool = False


@dataclass(frozen=True)
class PaintedPlaces:
    """Places of one kind: longitudes and latitudes float64 (n,), WGS-84 degrees."""

    name: str
    lons: npt.NDArray[np.float64]
    lats: npt.NDArray[np.float64]
    filled: bool = True


@dataclass(frozen=True)
class CoverageMap:
    """All that one printed map says. Geometry in (lon, lat) WGS-84 degrees; words ready to print.

    `headline` begins with the network's confidence. `facts` are label and value (way of walking, day, network,
    rules), `definition` what the number counts, `source` whose data it is. `words` are the legend's own words.
    """

    title: str
    headline: str
    facts: Sequence[tuple[str, str]]
    definition: str
    source: str
    areas: Sequence[PaintedArea]
    streets: Sequence[shapely.Geometry]
    places: Sequence[PaintedPlaces]
    words: "Words"


@dataclass(frozen=True)
class Words:
    """The legend's words in the reader's language."""

    share: str = "走得到的老人占比"
    untold: str = "不足5人，不公布"
    uncertain: str = "路网可信度低"
    metres: str = "米"
    kilometres: str = "公里"
    north: str = "北"


@lru_cache(maxsize=1)
def chinese_font() -> str:
    """The first installed font that can write an elder's name. Raises NoChineseFont."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    for name in CHINESE_FONTS:
        if name in known:
            return name
    raise NoChineseFont(CHINESE_FONTS)


def draw_map(sheet: CoverageMap, kind: Kind) -> bytes:
    """Draw the sheet. The same sheet gives the same bytes. Raises NoChineseFont, ValueError without any geometry."""
    styles: Any = {
        "font.family": [chinese_font()],
        "svg.fonttype": "path",
        "svg.hashsalt": "yinling",
        "hatch.linewidth": 0.4,
    }
    with rc_context(styles):
        figure = Figure(figsize=A4_INCHES)
        axes = figure.add_axes((0.03, 0.16, 0.72, 0.70))
        _paint(axes, sheet)
        _write(figure, sheet)
        file = io.BytesIO()
        silent: dict[Kind, dict[str, Any]] = {
            "png": {"Software": None},
            "svg": {"Date": None},
            "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        }
        figure.savefig(file, format=kind, dpi=DOTS_PER_INCH, metadata=silent[kind])
    return file.getvalue()


def _paint(axes: Axes, sheet: CoverageMap) -> None:
    """Draw areas, streets and places in metres, then frame them."""
    shapes = [area.outline for area in sheet.areas] or list(sheet.streets)
    if not shapes:
        raise ValueError("a map needs at least one area or street")
    west, south, east, north = shapely.total_bounds(np.asarray(shapes, dtype=object))
    to_plane, _ = local_plane((west + east) / 2, (south + north) / 2)

    def flat(shape: shapely.Geometry) -> Any:
        return shapely.transform(shape, lambda at: np.column_stack(to_plane.transform(at[:, 0], at[:, 1])))

    flat_areas = [flat(area.outline) for area in sheet.areas]
    for area, shape in zip(sheet.areas, flat_areas, strict=True):
        _paint_area(axes, area, shape)
    lines = [shapely.get_coordinates(flat(line)) for line in sheet.streets]
    axes.add_collection(LineCollection(lines, colors="#767d84", linewidths=0.35, zorder=2))
    for place, (mark, colour) in zip(sheet.places, _marks(), strict=False):
        xs, ys = to_plane.transform(place.lons, place.lats)
        face = colour if place.filled else "none"
        axes.scatter(
            xs,
            ys,
            s=26,
            marker=mark,
            facecolor=face,
            edgecolor="#ffffff" if place.filled else colour,
            linewidth=0.6,
            zorder=4,
        )
    for area, shape in zip(sheet.areas, flat_areas, strict=True):
        _name_area(axes, area, shape)
    x0, y0, x1, y1 = shapely.total_bounds(
        np.asarray(flat_areas or [flat(line) for line in sheet.streets], dtype=object)
    )
    pad = 0.03 * max(x1 - x0, y1 - y0)
    axes.set(xlim=(x0 - pad, x1 + pad), ylim=(y0 - pad, y1 + pad), xticks=[], yticks=[], aspect="equal")
    _scale_bar(axes, sheet.words)


def _marks() -> Iterable[tuple[str, str]]:
    while True:
        yield from MARKS


def _class_of(share: float | None) -> tuple[str, str]:
    if share is None:
        return UNKNOWN, ""
    return next((colour, hatch) for least, colour, hatch in reversed(CLASSES) if share >= least)


def _paint_area(axes: Axes, area: PaintedArea, shape: shapely.Geometry) -> None:
    colour, hatch = _class_of(area.share)
    paths = [_path(part) for part in shapely.get_parts(shape) if shapely.get_type_id(part) == 3 and not part.is_empty]
    dashed = (0, (4, 2)) if area.uncertain else "solid"
    axes.add_collection(
        PathCollection(
            paths, facecolor=colour, edgecolor="#4a4f55", linewidth=0.8, linestyle=dashed, hatch=hatch, zorder=1
        )
    )


def _path(polygon: Any) -> Path:
    rings = [np.asarray(ring.coords) for ring in (polygon.exterior, *polygon.interiors)]
    codes = [np.r_[Path.MOVETO, np.full(len(ring) - 2, Path.LINETO), Path.CLOSEPOLY] for ring in rings]
    return Path(np.concatenate(rings), np.concatenate(codes).astype(np.uint8))


def _name_area(axes: Axes, area: PaintedArea, shape: shapely.Geometry) -> None:
    at = shapely.point_on_surface(shape)
    if at.is_empty:
        return
    told = f"{area.name}\n{area.share:.0%}" if area.share is not None else area.name
    halo = {"boxstyle": "round,pad=0.15", "facecolor": "#ffffffcc", "edgecolor": "none"}
    axes.text(shapely.get_x(at), shapely.get_y(at), told, fontsize=6, ha="center", va="center", zorder=5, bbox=halo)


def _scale_bar(axes: Axes, words: "Words") -> None:
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    length = max([step for step in SCALE_STEPS_M if step <= (x1 - x0) / 5], default=SCALE_STEPS_M[0])
    left, low = x0 + 0.02 * (x1 - x0), y0 + 0.025 * (y1 - y0)
    told = f"{length / 1000:g}{words.kilometres}" if length >= 1000 else f"{length}{words.metres}"
    axes.plot([left, left + length], [low, low], color="#1a1a1a", linewidth=2.5, solid_capstyle="butt", zorder=6)
    axes.text(left, low + 0.01 * (y1 - y0), told, fontsize=7, zorder=6)
    right = x1 - 0.03 * (x1 - x0)
    arrow = {"arrowstyle": "-|>", "color": "#1a1a1a"}
    top, foot = y1 - 0.03 * (y1 - y0), y1 - 0.10 * (y1 - y0)
    axes.annotate("", xy=(right, top), xytext=(right, foot), arrowprops=arrow, zorder=6)
    axes.text(right, foot, words.north, fontsize=8, ha="center", va="top", zorder=6)


def _write(figure: Figure, sheet: CoverageMap) -> None:
    """Print title, headline, legend, facts, definition and source around the map."""
    figure.text(0.03, 0.945, sheet.title, fontsize=17, weight="bold")
    figure.text(0.03, 0.895, sheet.headline, fontsize=12, color="#1a1a1a")
    handles = [
        Patch(facecolor=colour, edgecolor="#4a4f55", hatch=hatch, label=_range(place))
        for place, (_, colour, hatch) in enumerate(CLASSES)
    ]
    handles.append(Patch(facecolor=UNKNOWN, edgecolor="#4a4f55", label=sheet.words.untold))
    if any(area.uncertain for area in sheet.areas):
        handles.append(Patch(facecolor="none", edgecolor="#4a4f55", linestyle=(0, (4, 2)), label=sheet.words.uncertain))
    shares = figure.legend(
        handles=handles,
        title=sheet.words.share,
        loc="upper left",
        bbox_to_anchor=(0.76, 0.87),
        fontsize=8,
        title_fontsize=9,
        frameon=False,
    )
    shares._legend_box.align = "left"  # type: ignore[attr-defined]
    marks = figure.axes[0].scatter
    rows = [
        marks(
            [],
            [],
            marker=mark,
            s=26,
            facecolor=colour if place.filled else "none",
            edgecolor=colour,
            label=f"{place.name}（{len(place.lons)}）",
        )
        for place, (mark, colour) in zip(sheet.places, _marks(), strict=False)
    ]
    if rows:
        figure.legend(handles=rows, loc="upper left", bbox_to_anchor=(0.76, 0.63), fontsize=8, frameon=False)
    facts = "\n".join(f"{label}：{value}" for label, value in sheet.facts)
    figure.text(
        0.765, 0.45, "\n".join(_wrapped(line, 20) for line in facts.splitlines()), fontsize=8, va="top", linespacing=1.5
    )
    figure.text(0.03, 0.135, _wrapped(sheet.definition, 82), fontsize=8.5, va="top", linespacing=1.4)
    figure.text(0.03, 0.02, sheet.source, fontsize=8, color="#4a4f55")


def _range(place: int) -> str:
    low = CLASSES[place][0]
    high = CLASSES[place + 1][0] if place + 1 < len(CLASSES) else 1.0
    return f"{low:.0%}–{high:.0%}"


def _wrapped(words: str, width: int) -> str:
    """Break a line after so many Chinese characters; two Latin ones count as one."""
    if words.isascii():
        return "\n".join(textwrap.wrap(words, 2 * width))
    lines, line, used = [], "", 0.0
    for letter in words:
        step = 0.55 if letter.isascii() else 1.0
        if used + step > width and letter not in "，。；：、）":
            lines.append(line)
            line, used = "", 0.0
        line += letter
        used += step
    return "\n".join([*lines, line])
