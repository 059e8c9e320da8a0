"""A month's accounts as a file: CSV and a workbook to calculate with, PDF to sign. The same accounts give the same figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from openpyxl import Workbook
from sqlalchemy import Row

from geo.picture import chinese_font
from services.benefits.rules import yuan
from services.settlement.rules import AMOUNTS

COLUMNS = (
    ("line", "序号"), ("kind", "类型"), ("order_number", "单号"), ("service_code", "服务"), ("service_day", "服务日"),
    ("government_fen", "政府（分）"), ("insurance_fen", "长护险（分）"), ("voucher_fen", "券（分）"), ("self_fen", "自付（分）"), ("total_fen", "合计（分）"),
    ("government_budget", "政府预算科目"), ("voucher_budget", "券预算科目"), ("visit_id", "上门记录"),
    ("payable_id", "应付款"), ("counters_id", "冲回的行"), ("reason", "原因"),
)  # fmt: skip
KINDS = {"service": "服务", "fee": "取消费", "correction": "更正"}
A4_LYING = (11.69, 8.27)
LINES_A_PAGE = 24
PLACES = (0.04, 0.08, 0.14, 0.28, 0.41, 0.51, 0.60, 0.70, 0.79, 0.89)
MONEY = range(5, 10)


def as_csv(rows: Sequence[Row[Any]]) -> str:
    """Write the lines as CSV with a heading; what a spreadsheet might take for a formula is written as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([words for _, words in COLUMNS])
    writer.writerows([[_plain(value) for value in line] for line in _table(rows)])
    return "\ufeff" + out.getvalue()


def as_workbook(settlement: Row[Any], rows: Sequence[Row[Any]]) -> bytes:
    """Write the accounts as XLSX: the sums first, then the lines; amounts are whole fen."""
    book = Workbook()
    sums = book.active
    sums.title = "结算"
    for name, value in _sums(settlement):
        sums.append([name, value])
    sheet = book.create_sheet("明细")
    sheet.append([words for _, words in COLUMNS])
    for line in _table(rows):
        sheet.append([_plain(value) for value in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_pdf(settlement: Row[Any], rows: Sequence[Row[Any]]) -> bytes:
    """Draw the accounts as PDF, the same bytes for the same accounts. Raises geo.errors.NoChineseFont."""
    silent: Any = {"CreationDate": None, "Producer": None, "Creator": None}
    table = list(_table(rows))
    parts = [table[at : at + LINES_A_PAGE] for at in range(0, len(table), LINES_A_PAGE)] or [[]]
    file = io.BytesIO()
    with rc_context({"font.family": [chinese_font()]}), PdfPages(file, metadata=silent) as pages:
        for number, part in enumerate(parts, start=1):
            figure = Figure(figsize=A4_LYING)
            _head(figure, settlement, f"第 {number} 页，共 {len(parts)} 页")
            _lines(figure, part)
            pages.savefig(figure)
    return file.getvalue()


def _table(rows: Sequence[Row[Any]]) -> Iterator[list[Any]]:
    for number, row in enumerate(rows, start=1):
        told = {
            "line": number,
            "kind": KINDS[row.kind],
            "total_fen": sum(getattr(row, name) for name in AMOUNTS),
        }
        yield [told.get(name, getattr(row, name, None)) for name, _ in COLUMNS]


def _sums(settlement: Row[Any]) -> list[tuple[str, Any]]:
    total = sum(getattr(settlement, name) for name in AMOUNTS)
    return [
        ("机构", _plain(settlement.provider_name)),
        ("月份", f"{settlement.month:%Y-%m}"),
        ("状态", "已关账" if settlement.state == "closed" else "未关账"),
        ("行数", settlement.lines),
        ("政府（分）", settlement.government_fen),
        ("长护险（分）", settlement.insurance_fen),
        ("券（分）", settlement.voucher_fen),
        ("自付（分）", settlement.self_fen),
        ("合计（分）", total),
        ("指纹", settlement.lines_hash or ""),
    ]


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    words = str(value)
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def _head(figure: Figure, settlement: Row[Any], page: str) -> None:
    total = sum(getattr(settlement, name) for name in AMOUNTS)
    figure.text(0.5, 0.93, f"养老服务结算单  {settlement.month:%Y年%m月}", fontsize=18, ha="center")
    figure.text(0.05, 0.885, f"机构  {settlement.provider_name}", fontsize=11)
    sums = (
        f"政府 {yuan(settlement.government_fen)}   长护险 {yuan(settlement.insurance_fen)}   券 {yuan(settlement.voucher_fen)}   "
        f"自付 {yuan(settlement.self_fen)}   合计 {yuan(total)}"
    )
    figure.text(0.05, 0.855, sums, fontsize=11)
    state = f"已关账，指纹 {settlement.lines_hash}" if settlement.state == "closed" else "未关账，数字还会变"
    figure.text(0.05, 0.05, state, fontsize=7)
    figure.text(0.95, 0.05, page, fontsize=9, ha="right")


def _lines(figure: Figure, part: Sequence[Sequence[Any]]) -> None:
    for place, (_, words) in zip(PLACES, COLUMNS, strict=False):
        figure.text(place, 0.81, words.replace("（分）", ""), fontsize=9.5, weight="bold")
    for row, line in enumerate(part):
        for column, (place, value) in enumerate(zip(PLACES, line, strict=False)):
            words = _yuan(int(value)) if column in MONEY else str(value if value is not None else "")
            figure.text(place, 0.78 - row * 0.029, words, fontsize=8.5)


def _yuan(amount_fen: int) -> str:
    return f"-{yuan(-amount_fen)}" if amount_fen < 0 else yuan(amount_fen)
