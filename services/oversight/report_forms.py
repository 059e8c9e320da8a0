"""An office's own form, filled from a report: cells that say {{nursing_bed_ratio.value}} get the number.

A cell names a field in double braces; a defined name of the workbook that is a field's name (with _ for .) is filled
too. Only such cells change: layout, words and other formulas stay as the office made them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from sqlalchemy import Row, insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.intake.errors import ListTooLarge, UnreadableList
from services.intake.rules import MIB
from services.intake.workbooks import refuse_bomb
from services.oversight.errors import BadForm, FormNotFound, NotADesk
from services.oversight.report_papers import no_formula
from services.oversight.report_tables import ReportForm
from services.oversight.report_words import aim_of, change_of, figure_of, next_of, title_of, to_do
from services.unit_of_work import Actor

LARGEST_FORM = 2 * MIB
FIELD = re.compile(r"\{\{\s*([a-z][a-z0-9_]*(?:\.[a-z_]+)?)\s*\}\}")
PARTS_ZH = {
    "value": "本月数值", "numerator": "分子", "denominator": "分母", "last_month": "上月数值", "last_year": "去年同月数值",
    "change": "比上月", "target": "目标", "missing": "还差", "to_do": "要做的事", "definition": "口径", "name": "指标名称", "words": "本月数值（带单位的文字）",
}  # fmt: skip
HEAD_ZH = {
    "title": "月报标题", "area_name": "地方", "area_code": "区划代码", "month": "月份", "day": "截至", "rules_version": "规则版本",
    "fingerprint": "指纹",
}  # fmt: skip
_form = table_of(ReportForm)


def fields_of(content: dict[str, Any], content_hash: str) -> dict[str, Any]:
    """Give every field that a form may name with what stands in it, numbers as numbers."""
    fields: dict[str, Any] = {
        "title": title_of(content), "area_name": content["area"]["name"], "area_code": str(content["area"]["code"]),
        "month": content["month"], "day": content["day"], "rules_version": content["rules"]["version"],
        "fingerprint": content_hash,
    }  # fmt: skip
    for story in content["indicators"]:
        promise = next_of(story)
        told = {
            "value": _number(story["value"]), "numerator": story["numerator"], "denominator": story["denominator"],
            "last_month": _number(story["last_month"]["value"]), "last_year": _number(story["last_year"]["value"]),
            "change": change_of(story, story["last_month"]), "target": aim_of(story, promise) if promise else "",
            "missing": story["missing"]["count"] if story["missing"] else 0, "to_do": to_do(story),
            "definition": story["definition"], "name": story["name"],
        }  # fmt: skip
        fields |= {f"{story['code']}.{part}": said for part, said in told.items()}
        fields[f"{story['code']}.words"] = figure_of(story, story["value"])
    return fields


def fill_form(form: bytes, content: dict[str, Any], content_hash: str) -> bytes:
    """Fill a form from a report's content. Raises BadForm naming fields that the report does not have."""
    fields, book = fields_of(content, content_hash), _opened(form)
    unknown: set[str] = set()
    for cell in _cells(book):
        whole = FIELD.fullmatch(cell.value.strip())
        named = FIELD.findall(cell.value)
        unknown |= {name for name in named if name not in fields}
        if whole is not None:
            cell.value = no_formula(fields.get(whole.group(1)))
        else:
            cell.value = FIELD.sub(lambda found: _said(fields.get(found.group(1))), cell.value)
    if unknown:
        names = "、".join(sorted(unknown))[:300]
        raise BadForm(f"这个月的月报里没有这些填写项：{names}", unknown=sorted(unknown)[:50])
    by_name = {name.replace(".", "_"): said for name, said in fields.items()}
    for sheet, cell_range, name in _named(book):
        if name in by_name:
            column, row, _, _ = range_boundaries(cell_range.replace("$", ""))
            sheet.cell(row, column).value = no_formula(by_name[name])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def keep_form(session: Session, now: datetime, actor: Actor, title: str, content: bytes) -> int:
    """Keep an office's form for the months to come; gives its id. Raises NotADesk, BadForm."""
    if actor.role != "officer" or actor.read_only or actor.area_lo is None or actor.person_id is None:
        raise NotADesk("表格由本辖区的民政干部保存。")
    if not title.strip() or len(title) > 100:
        raise BadForm("请给表格起个名字（不超过100字）。", field="title")
    count = count_fields(content)
    values = {
        "area_code": actor.area_lo, "title": title.strip(), "content": content, "size_bytes": len(content),
        "fields": count, "uploaded_at": now, "uploaded_by": actor.person_id,
    }  # fmt: skip
    form_id = int(session.connection().execute(insert(_form).values(**values).returning(_form.c.id)).scalar_one())
    record_act(
        session, now, actor, "keep_report_form", area_code=actor.area_lo, subject=("report_form", form_id),
        facts={"fields": count},
    )  # fmt: skip
    return form_id


def count_fields(content: bytes) -> int:
    """Give how many fields a form names. Raises BadForm (no workbook, too large, or none)."""
    book = _opened(content)
    count = sum(len(FIELD.findall(cell.value)) for cell in _cells(book)) + sum(1 for _ in _named(book))
    if not count:
        raise BadForm("这份表格里没有填写项。请在要填的格子里写上双花括号和名称，比如 {{nursing_bed_ratio.value}}。")
    return count


def put_form_away(session: Session, now: datetime, actor: Actor, form_id: int) -> None:
    """Put a form away; reports that were filled with it stay where they were saved. Raises FormNotFound, NotADesk."""
    found = find_form(session, form_id)
    if actor.role != "officer" or actor.read_only:
        raise NotADesk("表格由本辖区的民政干部保存。")
    session.connection().execute(update(_form).where(_form.c.id == form_id).values(withdrawn_at=now))
    record_act(
        session, now, actor, "put_report_form_away", area_code=found.area_code, subject=("report_form", form_id)
    )  # fmt: skip


def find_form(session: Session, form_id: int) -> Row[Any]:
    """Give a form of one's own area with its content. Raises FormNotFound."""
    query = select(_form).where(_form.c.id == form_id, _form.c.withdrawn_at.is_(None))
    found = session.connection().execute(query).one_or_none()
    if found is None:
        raise FormNotFound(form_id=form_id)
    return found


def forms_of(session: Session, lo: int, hi: int) -> list[Row[Any]]:
    """Give the forms of a range of areas, newest first, without their content."""
    columns = [column for column in _form.c if column.name != "content"]
    query = select(*columns).where(_form.c.area_code.between(lo, hi), _form.c.withdrawn_at.is_(None))
    return list(session.connection().execute(query.order_by(_form.c.id.desc()).limit(100)))


def _opened(content: bytes) -> Any:
    if len(content) > LARGEST_FORM:
        raise BadForm(f"表格不超过{LARGEST_FORM // MIB} MB。", limit=LARGEST_FORM)
    try:
        refuse_bomb(content, "form.xlsx")
        return load_workbook(io.BytesIO(content), keep_links=False)
    except (UnreadableList, ListTooLarge) as refused:
        raise BadForm(refused.message_zh) from refused
    except Exception as error:  # openpyxl raises whatever its parts raise: KeyError, ValueError, XML errors
        raise BadForm("表格打不开，可能已损坏或加了密码。") from error


def _cells(book: Any) -> Iterator[Any]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and "{{" in cell.value:
                    yield cell


def _named(book: Any) -> Iterator[tuple[Any, str, str]]:
    """The workbook's defined names of single cells: sheet, address, name."""
    for name, defined in book.defined_names.items():
        try:
            for title, cell_range in defined.destinations:
                if title in book.sheetnames:
                    yield book[title], cell_range, name
        except (ValueError, AttributeError):
            continue  # a name that stands for a formula or a lost sheet is nobody's field


def _number(value: str | None) -> float | None:
    return None if value is None else float(value)


def _said(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
