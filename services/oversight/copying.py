"""An elder's copy of everything about her: a ZIP with one file to read, one for programs, and her own files.

Asked for by herself, or for her at the counter; made by a job as the house, so that it is whole whatever office an old
row belongs to. Each field that is opened for it is in the log of readings. It lies sealed for thirty days.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import zipfile
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.errors import NotAllowed, NotFound
from services.messages.actions import tell
from services.outbox import enqueue
from services.oversight.column_words import said_of
from services.oversight.personal_data import ABOUT, About
from services.people.attachments import COPY
from services.people.consents import right_over
from services.people.disclosing import FIELD_WORDS, disclose
from services.people.storage import new_key, seal_bytes, storage, unseal_bytes
from services.people.tables import Attachment, Person
from services.unit_of_work import SYSTEM, Actor

_attachment, _person = table_of(Attachment), table_of(Person)
MAY_HAND_OUT = ("office:officer", "office:advisor")


def ask_copy(session: Session, now: datetime, actor: Actor, person_id: int) -> None:
    """Ask for the copy: the person herself, or her community's officer or advisor with her at the counter.

    A relative's proxy is no ground: it lets her see services, not everything. Raises NotFound, NotAllowed.
    """
    area_code, ground = right_over(session, now, actor, person_id, "view")
    if actor.read_only or (ground != "self" and ground not in MAY_HAND_OUT):
        raise NotAllowed("资料副本只能由本人索取，或本人到社区柜台办理。", person_id=person_id)
    key = f"oversight.make_copy:{person_id}:{now:%Y-%m-%dT%H}"
    enqueue(session, now, "oversight.make_copy", {"person_id": person_id, "asked_by": actor.person_id}, key=key)
    record_act(session, now, actor, "ask_copy", for_person_id=person_id, by_right=ground, area_code=area_code)


def make_copy(session: Session, now: datetime, person_id: int, asked_by: int) -> int:
    """Make the copy and keep it sealed; gives the attachment's id. Runs as the house. Raises NotFound."""
    area = session.connection().execute(select(_person.c.area_code).where(_person.c.id == person_id)).scalar()
    if area is None:
        raise NotFound(person_id=person_id)
    content = zipped(session, now, person_id)
    key = new_key()
    storage().put(key, seal_bytes(key, content))
    row = {
        "elder_id": person_id, "area_code": area, "purpose": COPY, "storage_key": key,
        "content_type": "application/zip", "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(), "uploaded_by": asked_by, "uploaded_at": now,
    }  # fmt: skip
    made: int = session.connection().execute(insert(_attachment).values(row).returning(_attachment.c.id)).scalar_one()
    record_act(session, now, SYSTEM, "make_copy", for_person_id=person_id, area_code=area, subject=("attachment", made))
    tell(
        session, now, recipient_ids=sorted({person_id, asked_by}), template="oversight.copy_ready", facts={},
        elder_id=person_id, area_code=area, subject=("attachment", made), key=f"oversight.copy_ready:{made}",
    )  # fmt: skip
    return made


def zipped(session: Session, now: datetime, person_id: int) -> bytes:
    """Give the ZIP: 资料.html to read, 资料.json for programs, and the files kept about her."""
    data = everything_about(session, now, person_id)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("资料.json", json.dumps(data, ensure_ascii=False, indent=1, default=str))
        packed.writestr("资料.html", readable(data))
        for row in _files(session, person_id):
            ending = row.content_type.rpartition("/")[2]
            packed.writestr(
                f"文件/{row.id}-{row.purpose}.{ending}", unseal_bytes(row.storage_key, storage().get(row.storage_key))
            )
    return buffer.getvalue()


def everything_about(session: Session, now: datetime, person_id: int) -> dict[str, Any]:
    """Give {"made_at", "in_clear": {field: text}, "tables": [{"table", "title", "rows"}]} about one person."""
    clear = {}
    for name in FIELD_WORDS:
        try:
            clear[name] = disclose(session, now, SYSTEM, person_id, name, "copy")
        except NotFound:
            continue
    tables = [
        {"table": one.table, "title": one.title_zh, "rows": rows}
        for one in ABOUT
        if (rows := _rows_of(session, one, person_id))
    ]
    return {"made_at": now.isoformat(), "person_id": person_id, "in_clear": clear, "tables": tables}


def _rows_of(session: Session, one: About, person_id: int) -> list[dict[str, Any]]:
    """Her rows as JSON, without sealed text, hashes and keys. Message texts to others are theirs, not hers."""
    whose = one.whose[:1] if one.table == "message" else one.whose
    named = " OR ".join(f"kept.{column} = :person" for column in whose)
    statement = text(f"SELECT to_jsonb(kept) FROM {one.table} AS kept WHERE {named} ORDER BY 1 LIMIT 20000")
    hidden = {*one.hidden, "storage_key", "token_hash"}
    return [
        {name: value for name, value in row.items() if name not in hidden and not name.endswith(("_sealed", "_hash"))}
        for row in session.connection().execute(statement, {"person": person_id}).scalars()
    ]


def _files(session: Session, person_id: int) -> list[Row[Any]]:
    return list(
        session.connection().execute(
            select(_attachment)
            .where(_attachment.c.elder_id == person_id, _attachment.c.erased_at.is_(None))
            .where(_attachment.c.purpose != COPY)
            .order_by(_attachment.c.id)
        )
    )


def copies_of(session: Session, actor: Actor, person_id: int) -> list[Row[Any]]:
    """Give the copies of this person that the actor may fetch, newest first: her own, or those she asked for."""
    rows = select(_attachment.c.id, _attachment.c.uploaded_at, _attachment.c.size_bytes).where(
        _attachment.c.elder_id == person_id, _attachment.c.purpose == COPY, _attachment.c.erased_at.is_(None)
    )
    if actor.person_id != person_id:
        rows = rows.where(_attachment.c.uploaded_by == actor.person_id)
    return list(session.connection().execute(rows.order_by(_attachment.c.id.desc()).limit(5)))


def readable(data: dict[str, Any]) -> str:
    """Give one page that any browser opens without a network: who she is, then table by table in plain words."""
    parts = [
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>我的资料</title>',
        "<style>body{font:18px/1.6 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "table{border-collapse:collapse;margin:1em 0;display:block;overflow-x:auto}"
        "td,th{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top}</style>",
        f"<h1>我的资料</h1><p>{html.escape(data['made_at'][:16].replace('T', ' '))}（UTC）从银龄圈取出。</p>",
        "<h2>加密保存的内容</h2><table>",
        *(
            f"<tr><th>{FIELD_WORDS[name]}</th><td>{html.escape(told)}</td></tr>"
            for name, told in data["in_clear"].items()
        ),
        "</table>",
    ]
    for one in data["tables"]:
        names = list(one["rows"][0])
        heads = "".join(f"<th>{html.escape(said_of(name))}</th>" for name in names)
        parts.append(f"<h2>{html.escape(one['title'])}（{len(one['rows'])}）</h2><table><tr>{heads}</tr>")
        for row in one["rows"]:
            parts.append("<tr>" + "".join(f"<td>{html.escape(_plain(row[name]))}</td>" for name in names) + "</tr>")
        parts.append("</table>")
    return "".join(parts) + "</html>"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
