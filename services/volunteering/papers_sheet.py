"""A volunteer's certificate or statement on A4: Chinese, with the code that leads a stranger to the seal.

The same paper drawn twice gives the same bytes: no clock, no machine and no program is written into it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import segno
from matplotlib import rc_context
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from geo.picture import chinese_font
from services.volunteering.papers import Paper, PaperLine

A4_UPRIGHT = (8.27, 11.69)
LINES_A_PAGE = 34
COLUMNS = ((0.09, "日期"), (0.21, "事情"), (0.62, "分钟"), (0.74, "累计"), (0.84, "服务"))
ENTRIES = {
    "earn": "服务", "redeem": "兑换", "gift": "赠送", "donate": "捐赠", "overflow": "超出上限捐赠", "expiry": "到期",
    "inherit": "继承", "clearing": "跨区", "reversal": "更正", "clawback": "更正", "grant": "发放",
}  # fmt: skip


def draw_paper(paper: Paper, verify_url: str) -> bytes:
    """Draw a paper as PDF; `verify_url` is where its code can be checked. Raises geo.errors.NoChineseFont."""
    silent: Any = {"CreationDate": None, "Producer": None, "Creator": None}
    file = io.BytesIO()
    with rc_context({"font.family": [chinese_font()]}), PdfPages(file, metadata=silent) as pages:
        parts = _parts(paper.lines) if paper.kind == "statement" else [()]
        for number, part in enumerate(parts, start=1):
            figure = Figure(figsize=A4_UPRIGHT)
            _head(figure, paper)
            if paper.kind == "statement":
                _table(figure, paper, part, first=number == 1, last=number == len(parts))
            else:
                _certificate(figure, paper)
            _foot(figure, paper, verify_url, f"第 {number} 页，共 {len(parts)} 页")
            pages.savefig(figure)
    return file.getvalue()


def _parts(lines: Sequence[PaperLine]) -> list[Sequence[PaperLine]]:
    return [lines[at : at + LINES_A_PAGE] for at in range(0, len(lines), LINES_A_PAGE)] or [()]


def _head(figure: Figure, paper: Paper) -> None:
    title = "志愿服务时间证明" if paper.kind == "certificate" else "时间银行对账单"
    figure.text(0.5, 0.94, title, fontsize=22, ha="center")
    figure.text(0.09, 0.895, f"姓名  {paper.full_name}", fontsize=12)
    figure.text(0.09, 0.87, f"志愿者证号  {paper.passport_number}", fontsize=12)
    figure.text(0.55, 0.895, f"期间  {paper.from_day} 至 {paper.to_day}", fontsize=12)
    figure.text(0.55, 0.87, f"开具日期  {paper.issued_on}", fontsize=12)


def _certificate(figure: Figure, paper: Paper) -> None:
    honours = f"，其中 {_hours(paper.honour_minutes)} 超出上限，计为荣誉" if paper.honour_minutes else ""
    told = (
        f"兹证明上述志愿者在此期间完成为老志愿服务 {paper.visits} 次，",
        f"服务时间合计 {_hours(paper.served_minutes)}{honours}。",
        f"截至 {paper.to_day}，时间银行账户余额 {_hours(paper.closing_minutes)}。",
        "",
        "时间只用于互助养老服务，不能兑换现金。",
        "本证明可扫码核验：核验页只显示本证明是否由本系统开具及其账本封存，不显示个人信息。",
    )
    for row, line in enumerate(told):
        figure.text(0.09, 0.80 - row * 0.035, line, fontsize=13 if row < 3 else 10.5)


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} 小时 {rest} 分钟" if rest else f"{hours} 小时"


def _table(figure: Figure, paper: Paper, part: Sequence[PaperLine], *, first: bool, last: bool) -> None:
    at = 0.83
    for left, name in COLUMNS:
        figure.text(left, at, name, fontsize=10, weight="bold")
    if first:
        at -= 0.019
        figure.text(0.21, at, "期初", fontsize=9.5)
        figure.text(0.74, at, str(paper.opening_minutes), fontsize=9.5)
    for line in part:
        at -= 0.019
        words = f"{ENTRIES.get(line.entry, line.entry)}  {line.what}"[:26]
        cells = (
            str(line.recorded_on),
            words,
            f"{line.minutes:+d}",
            str(line.balance_minutes),
            str(line.service_minutes),
        )
        for (left, _), cell in zip(COLUMNS, cells, strict=True):
            figure.text(left, at, cell.replace("$", r"\$"), fontsize=9.5)
    if last:
        figure.text(0.21, at - 0.022, "期末", fontsize=10, weight="bold")
        figure.text(0.74, at - 0.022, str(paper.closing_minutes), fontsize=10, weight="bold")


def _foot(figure: Figure, paper: Paper, verify_url: str, page: str) -> None:
    axes = figure.add_axes((0.76, 0.025, 0.15, 0.15 * A4_UPRIGHT[0] / A4_UPRIGHT[1]))
    axes.imshow(
        [list(row) for row in segno.make(verify_url, error="m", micro=False).matrix_iter(border=3)], cmap="gray_r"
    )
    axes.set_axis_off()
    seal = paper.seal
    sealed = f"封存 第{seal.seal_number}号  {seal.seal_root}" if seal.seal_number else "封存 将在次日封存中"
    rows = (
        f"核验 {verify_url}",
        f"指纹 {paper.fingerprint}",
        f"链首 {paper.head_hash}",
        sealed,
        f"单位：分钟   {page}",
    )
    for row, line in enumerate(rows):
        figure.text(0.09, 0.115 - row * 0.019, line, fontsize=6.5)
