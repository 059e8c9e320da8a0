"""A monthly report on paper (PDF) and as a workbook (XLSX), with its definitions, days, sources and fingerprint."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from openpyxl import Workbook
from openpyxl.drawing.image import Image

from geo.picture import chinese_font
from services.oversight.report_charts import chart_of, draw_line, has_line
from services.oversight.report_words import (
    aim_of,
    basis_of,
    change_of,
    figure_of,
    next_of,
    parts_of_figure,
    published_of,
    title_of,
    to_do,
)

A4_STANDING = (8.27, 11.69)
INDICATORS_A_PAGE = 4
ROWS_A_PAGE = 46
CHARACTERS_A_LINE = 58
COLUMNS_A_TABLE = 7
HEADINGS = ("指标", "本月", "上月", "变化", "目标", "还差")
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_workbook(content: dict[str, Any], content_hash: str) -> bytes:
    """Write a report as XLSX: the overview, every month, the areas inside, registers, definitions and pictures."""
    book = Workbook()
    _overview(book.active, content, content_hash)
    months = book.create_sheet("逐月")
    months.append(["指标", "日期", "数值", "分子", "分母", "怎样得来"])
    for story in content["indicators"]:
        for point in story["line"]:
            months.append(_cells(story["name"], point["on"], _number(point["value"]), point["numerator"], point["denominator"], basis_of(point)))  # fmt: skip
    if content["inside"] is not None:
        inside = book.create_sheet("下级地方")
        inside.append(_cells("代码", "名称", *(story["name"] for story in content["indicators"])))
        for area in content["inside"]["areas"]:
            numbers = (_number(area["values"].get(story["code"])) for story in content["indicators"])
            inside.append(_cells(str(area["code"]), area["name"], *numbers))
    for name, headings, rows in _registers(content):
        sheet = book.create_sheet(name)
        sheet.append(list(headings))
        for row in rows:
            sheet.append(_cells(*row))
    _definitions(book.create_sheet("口径和出处"), content)
    _pictures(book.create_sheet("走势图"), content)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _overview(sheet: Any, content: dict[str, Any], content_hash: str) -> None:
    sheet.title = "总表"
    sheet.append(_cells(title_of(content)))
    for name, words in _head(content, content_hash):
        sheet.append(_cells(name, words))
    sheet.append([])
    sheet.append([*HEADINGS, "分子/分母", "要做的事"])
    for story in content["indicators"]:
        sheet.append(_cells(*_summary(story), parts_of_figure(story), to_do(story)))
    for column, width in zip("ABCDEFGH", (34, 14, 14, 18, 18, 12, 20, 60), strict=True):
        sheet.column_dimensions[column].width = width


def _definitions(sheet: Any, content: dict[str, Any]) -> None:
    sheet.append(["指标", "口径", "怎样得来", "最近变动", "规划", "目标", "到期"])
    for story in content["indicators"]:
        plans = story["promises"] or [None]
        for promise in plans:
            told = (promise["plan"], figure_of(story, promise["value"]), promise["due_on"]) if promise else ("", "", "")
            sheet.append(_cells(story["name"], story["definition"], basis_of(story), story["counted_on"] or "", *told))
        for one in story["published"]:
            sheet.append(_cells(story["name"], "公布过的数", one["plan"], one["on"], published_of(story, one)))
    for title in content["sources"]:
        sheet.append(_cells("依据", title))


def _pictures(sheet: Any, content: dict[str, Any]) -> None:
    row = 1
    for story in content["indicators"]:
        if has_line(story):
            sheet.cell(row, 1, no_formula(story["name"]))
            sheet.add_image(Image(io.BytesIO(chart_of(story))), f"A{row + 1}")
            row += 16


def _registers(content: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
    homes = [(h["code"], h["name"], h["total"], h["nursing"], h["dementia"], h["occupied"]) for h in content["homes"]]
    yield "床位", ("编码", "机构", "床位", "护理型", "认知障碍照护", "在住"), homes
    sites = [(s["name"], s["standing"], s["opened"], s["closed"]) for s in content["sites"]]
    yield "设施", ("种类", "在用", "本月启用", "本月停用"), sites
    yield "服务", ("服务", "人次", "人数"), [(s["name"], s["visits"], s["elders"]) for s in content["services"]]
    yield "人口数", ("口径", "人数", "截至", "出处"), [
        (p["what"], p["value"], p["counted_on"], p["source"]) for p in content["people"]
    ]  # fmt: skip


def _head(content: dict[str, Any], content_hash: str) -> list[tuple[str, str]]:
    return [
        ("地方", f"{content['area']['name']}（{content['area']['code']}）"),
        ("截至", content["day"]),
        ("按何时所知", content["known_by"][:16].replace("T", " ") + " UTC"),
        ("规则", f"{content['rules']['city']} {content['rules']['version']}"),
        ("指纹", content_hash),
    ]


def _summary(story: dict[str, Any]) -> tuple[Any, ...]:
    promise = next_of(story)
    missing = story["missing"]["count"] if story["missing"] else ("已达到" if promise and promise["kept"] else "–")
    return (
        story["name"], figure_of(story, story["value"]), figure_of(story, story["last_month"]["value"]),
        change_of(story, story["last_month"]), aim_of(story, promise) if promise else "–", missing,
    )  # fmt: skip


def _number(value: str | None) -> float | None:
    return None if value is None else float(value)


def _cells(*values: Any) -> list[Any]:
    return [no_formula(value) for value in values]


def no_formula(value: Any) -> Any:
    """Write what a spreadsheet might take for a formula as text; nothing as an empty cell."""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_BEGINS):
        return f"'{value}"
    return "" if value is None else value


def as_pdf(content: dict[str, Any], content_hash: str) -> bytes:
    """Draw a report as PDF, the same bytes for the same report. Raises geo.errors.NoChineseFont."""
    silent: Any = {"CreationDate": None, "Producer": None, "Creator": None}
    file = io.BytesIO()
    with rc_context({"font.family": [chinese_font()], "axes.unicode_minus": False}):
        with PdfPages(file, metadata=silent) as pages:
            drawn = [*_first_pages(content, content_hash), *_indicator_pages(content), *_table_pages(content)]
            for number, figure in enumerate(drawn, start=1):
                figure.text(0.5, 0.025, f"第 {number} 页，共 {len(drawn)} 页", fontsize=8, ha="center", color="#4a4f55")
                pages.savefig(figure)
    return file.getvalue()


def _first_pages(content: dict[str, Any], content_hash: str) -> Iterator[Figure]:
    """The overview: what the month was, in one table; then what is left to do."""
    figure = _page(title_of(content))
    for place, (name, words) in enumerate(_head(content, content_hash)):
        figure.text(0.07, 0.905 - place * 0.019, f"{name}  {words}", fontsize=8.5, color="#4a4f55")
    rows = [tuple(str(cell) for cell in _summary(story)) for story in content["indicators"]]
    for place in range(0, max(1, len(rows)), ROWS_A_PAGE - 8):
        if place:
            figure = _page(title_of(content))
        _write_table(
            figure, HEADINGS, rows[place : place + ROWS_A_PAGE - 8], 0.79, (0.07, 0.43, 0.54, 0.64, 0.77, 0.92)
        )
        yield figure
    lines = [
        line
        for story in content["indicators"]
        if to_do(story)
        for line in _wrapped(f"· {story['name']}：{to_do(story)}")
    ]
    for place in range(0, len(lines), ROWS_A_PAGE):
        figure = _page("要做的事")
        for row, line in enumerate(lines[place : place + ROWS_A_PAGE]):
            figure.text(0.07, 0.9 - row * 0.018, line, fontsize=9.5)
        yield figure


def _indicator_pages(content: dict[str, Any]) -> Iterator[Figure]:
    """Every indicator with its definition, its number and its line."""
    stories = content["indicators"]
    for place in range(0, len(stories), INDICATORS_A_PAGE):
        figure = _page("指标")
        for row, story in enumerate(stories[place : place + INDICATORS_A_PAGE]):
            _indicator(figure, story, 0.91 - row * 0.22)
        yield figure


def _indicator(figure: Figure, story: dict[str, Any], top: float) -> None:
    figure.text(0.07, top, f"{story['name']}  {figure_of(story, story['value'])}", fontsize=11.5, weight="bold")
    told = [parts_of_figure(story), f"比上月 {change_of(story, story['last_month'])}", f"比去年同月 {change_of(story, story['last_year'])}"]  # fmt: skip
    figure.text(0.07, top - 0.018, "   ".join(words for words in told if words), fontsize=8.5)
    lines = _wrapped(f"口径：{story['definition']}{basis_of(story)}。", 66)[:2]
    for promise in story["promises"][-2:]:
        lines.append(f"{promise['plan']}：{aim_of(story, promise)}{'，已达到' if promise['kept'] else ''}"[:66])
    for one in story["published"][-1:]:
        lines.append(f"公布过：{one['plan']} {one['on']} {published_of(story, one)}"[:66])
    for row, line in enumerate(lines):
        figure.text(0.07, top - 0.034 - row * 0.014, line, fontsize=7.5, color="#4a4f55")
    if has_line(story):
        draw_line(figure.add_axes((0.1, top - 0.18, 0.8, 0.083)), story)


def _table_pages(content: dict[str, Any]) -> Iterator[Figure]:
    """The areas inside, a few indicators a page; then homes, sites and services."""
    if content["inside"] is not None and content["inside"]["areas"]:
        stories = content["indicators"]
        for place in range(0, len(stories), COLUMNS_A_TABLE):
            some = stories[place : place + COLUMNS_A_TABLE]
            rows = [
                (area["name"], *(figure_of(story, area["values"].get(story["code"])) for story in some))
                for area in content["inside"]["areas"]
            ]
            yield from _tables("下级地方", ("名称", *(story["name"][:9] for story in some)), rows)
    for name, headings, facts in _registers(content):
        if facts:
            yield from _tables(name, headings, [tuple(str(cell)[:22] for cell in row) for row in facts])


def _tables(title: str, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[Figure]:
    wide = 0.3 if len(headings) < 7 else 0.16
    rest = (0.86 - wide) / max(1, len(headings) - 1)
    places = (0.07, *(0.07 + wide + rest * number for number in range(len(headings) - 1)))
    for at in range(0, len(rows), ROWS_A_PAGE):
        figure = _page(title)
        _write_table(figure, headings, rows[at : at + ROWS_A_PAGE], 0.91, places)
        yield figure


def _page(title: str) -> Figure:
    figure = Figure(figsize=A4_STANDING)
    figure.text(0.07, 0.945, title, fontsize=15, weight="bold")
    return figure


def _write_table(figure: Figure, headings: Any, rows: Any, top: float, places: tuple[float, ...]) -> None:
    for place, words in zip(places, headings, strict=True):
        figure.text(place, top, words, fontsize=8.5, weight="bold")
    for row, cells in enumerate(rows, start=1):
        for place, words in zip(places, cells, strict=True):
            figure.text(place, top - row * 0.0175, words, fontsize=8)


def _wrapped(words: str, width: int = CHARACTERS_A_LINE) -> list[str]:
    return [words[at : at + width] for at in range(0, len(words), width)] or [""]
