"""A case or a sample handed out: CSV, JSON and PDF with masked names, and a manifest of their fingerprints.

The three papers lie in one ZIP with MANIFEST.txt, which `sha256sum -c` reads. The same case gives the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from geo.picture import chinese_font
from services.clock import SHANGHAI
from services.oversight.case_file import STAGES, CaseFile

A4_LYING = (11.69, 8.27)
LINES_A_PAGE = 34
COLUMNS = ("stage", "title", "words", "when", "source", "fingerprint", "chained")
COLUMN_WORDS = ("环节", "事项", "内容", "时间", "来源", "指纹 SHA-256", "链")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def as_document(case: CaseFile) -> dict[str, Any]:
    """Give a case as JSON holds it: facts, gaps and checks, moments in Shanghai time."""
    return {
        "order_number": case.order_number,
        "service_day": str(case.service_day),
        "facts": [dict(zip(COLUMNS, row, strict=True)) for row in _rows(case)],
        "gaps": [{"stage": stage, "missing": words} for stage, words in case.gaps],
        "checks": [{"code": one.code, "text": one.text_zh, "ok": one.ok, "seen": one.seen} for one in case.checks],
    }


def as_csv(case: CaseFile) -> bytes:
    """Give the facts of a case as CSV with a byte order mark, so that a spreadsheet reads Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMN_WORDS)
    for row in _rows(case):
        writer.writerow([_harmless(cell) for cell in row])
    for stage, words in case.gaps:
        writer.writerow([STAGES[stage], "缺", _harmless(words), "", "", "", ""])
    for one in case.checks:
        mark = {True: "通过", False: "不通过", None: "不适用"}[one.ok]
        writer.writerow(["核对", mark, _harmless(one.text_zh), "", _harmless(one.seen), "", ""])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_pdf(case: CaseFile) -> bytes:
    """Draw a case as PDF for the audit's binder. Raises geo.errors.NoChineseFont."""
    silent: Any = {"CreationDate": None, "Producer": None, "Creator": None}
    lines = list(_lines(case))
    parts = [lines[at : at + LINES_A_PAGE] for at in range(0, len(lines), LINES_A_PAGE)] or [[]]
    file = io.BytesIO()
    with rc_context({"font.family": [chinese_font()]}), PdfPages(file, metadata=silent) as pages:
        for number, part in enumerate(parts, start=1):
            figure = Figure(figsize=A4_LYING)
            title = f"一案到底　{case.order_number}　{case.service_day}　第 {number} 页，共 {len(parts)} 页"
            figure.text(0.04, 0.95, title, fontsize=13)
            for place, line in enumerate(part):
                figure.text(0.04, 0.91 - place * 0.0262, line, fontsize=7.5)
            pages.savefig(figure)
    return file.getvalue()


def as_zip(case: CaseFile) -> bytes:
    """Put a case's three papers and the manifest of their SHA-256 into one ZIP."""
    name = f"case-{case.order_number}"
    papers = {
        f"{name}.csv": as_csv(case),
        f"{name}.json": json.dumps(as_document(case), ensure_ascii=False, indent=1).encode(),
        f"{name}.pdf": as_pdf(case),
    }
    return packed(papers)


def packed(papers: dict[str, bytes]) -> bytes:
    """Give a ZIP of papers and MANIFEST.txt, with the same bytes for the same papers."""
    manifest = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(papers.items()))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in [*sorted(papers.items()), ("MANIFEST.txt", manifest.encode())]:
            bundle.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return file.getvalue()


def sample_csv(drawn: Sequence[tuple[str, str, str, int | None]]) -> bytes:
    """Give a sample as CSV: list, number, the kind of its case and its id."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("层", "编号", "案件", "案件编号"))
    for stratum, number, kind, case_id in drawn:
        writer.writerow([_harmless(stratum), number, kind, case_id if case_id is not None else ""])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _rows(case: CaseFile) -> Iterator[list[str]]:
    for fact in case.facts:
        yield [
            STAGES[fact.stage],
            fact.title,
            fact.words,
            _moment(fact.when),
            fact.source,
            fact.fingerprint,
            fact.chained,
        ]


def _lines(case: CaseFile) -> Iterator[str]:
    for stage, title, words, when, source, mark, chained in _rows(case):
        yield f"{when:<17}{stage}　{title}　{words[:70]}"
        yield f"　　{source}　{mark}{'　链 ' + chained if chained else ''}"
    for stage, words in case.gaps:
        yield f"缺　{STAGES[stage]}：{words}"
    for one in case.checks:
        mark = {True: "通过", False: "不通过", None: "不适用"}[one.ok]
        yield f"核对　{mark}　{one.text_zh}　{one.seen[:60]}"


def _moment(when: Any) -> str:
    if when is None:
        return ""
    return f"{when.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if hasattr(when, "astimezone") else str(when)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
