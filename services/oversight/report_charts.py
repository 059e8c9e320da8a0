"""A report's pictures: an indicator's line through thirteen months with its targets, drawn by Matplotlib."""

from __future__ import annotations

import io
from datetime import date
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geo.picture import chinese_font
from services.oversight.report_words import figure_of

LINE, AIM = "#0b6b3a", "#b45309"
CHART_INCHES = (6.4, 2.3)
FEWEST_POINTS = 2


def has_line(story: dict[str, Any]) -> bool:
    """Tell whether there are points enough for a line."""
    return len(story["line"]) >= FEWEST_POINTS


def draw_line(axes: Axes, story: dict[str, Any]) -> None:
    """Draw an indicator's months, the last one written beside it, and its targets as dashed lines with their year."""
    days = [date.fromisoformat(point["on"]).toordinal() for point in story["line"]]
    values = [float(point["value"]) for point in story["line"]]
    axes.plot(days, values, color=LINE, linewidth=1.8, marker="o", markersize=3)
    axes.annotate(
        figure_of(story, story["line"][-1]["value"]), (days[-1], values[-1]), xytext=(6, 0),
        textcoords="offset points", fontsize=8, color=LINE, va="center",
    )  # fmt: skip
    for promise in story["promises"][-2:]:
        aim = float(promise["value"])
        axes.axhline(aim, color=AIM, linewidth=1, linestyle=(0, (4, 3)))
        words = f"{promise['due_on'][:4]} {figure_of(story, promise['value'])}"
        axes.text(days[0], aim, words, fontsize=7, color=AIM, va="bottom")
    axes.margins(x=0.08, y=0.2)
    axes.set_xticks(days[::3], [point["on"][2:7] for point in story["line"][::3]])
    axes.tick_params(labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def chart_of(story: dict[str, Any], kind: Literal["svg", "png"] = "png") -> bytes:
    """Give an indicator's picture by itself, the same bytes for the same report. Raises geo.errors.NoChineseFont."""
    silent: Any = {"Date": None} if kind == "svg" else {"Software": None}
    out = io.BytesIO()
    with rc_context({"font.family": [chinese_font()], "svg.hashsalt": "yinling", "axes.unicode_minus": False}):
        figure = Figure(figsize=CHART_INCHES, layout="tight")
        draw_line(figure.subplots(), story)
        figure.savefig(out, format=kind, dpi=120, metadata=silent)
    return out.getvalue()
