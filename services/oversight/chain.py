"""The chain over everything that was done and read: an act that was edited, deleted or slipped in behind it is found.

Rows of `act`, `disclosure` and `break_glass_reading` are linked per district by a job, after their own transactions are
over (sql/600_audit_chain.sql); once a day every chain's head is sealed, and the seal's text lies in a file outside the
database. Nothing stored is believed when it is verified.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, insert, select, text
from sqlmodel import Session

from services.columns import table_of
from services.oversight.audit_tables import AuditCheck, AuditLink, AuditSeal

_link, _seal, _check = table_of(AuditLink), table_of(AuditSeal), table_of(AuditCheck)
RULES_ZH = {
    "a link is missing before this one": "前面少了一环",
    "the row is gone": "这一行被删掉了",
    "the row or its hash was changed": "这一行或它的链值被改过",
    "the row stands in another chain": "这一行被挪到了别的链",
    "the seal was changed": "封存被改过",
    "a seal is missing before this one": "前面少了一次封存",
    "the sealed link is gone": "封存过的一环不见了",
    "the chain is not the one that was sealed": "链与封存时的不一样",
    "the file is missing": "库外的封存文件不见了",
    "the file and the database differ": "库外的封存文件与库里的不一样",
    "the database has no such seal": "库里没有这份封存",
}
"""What a verification may find, as people read it."""


@dataclass(frozen=True)
class BadLink:
    """The first thing that does not hold: its chain (district code), place in it, the row, and the rule it breaks."""

    chain_code: int
    seq: int
    source: str
    row_id: int
    rule: str

    def __str__(self) -> str:
        return f"{self.source} {self.row_id} (chain {self.chain_code}, link {self.seq}): {self.rule}"


@dataclass(frozen=True)
class Verified:
    """Whether all chains and seals hold, how many links were recomputed, in how many milliseconds."""

    ok: bool
    first_bad: BadLink | None
    links: int
    chains: int
    seals: int
    milliseconds: int


@dataclass(frozen=True)
class ChainHead:
    """One district's chain as it stands: how long, its last hash, its newest seal (None: never sealed)."""

    chain_code: int
    links: int
    head: str
    linked_at: datetime
    seal_number: int | None
    sealed_upto: int | None
    root: str | None
    sealed_at: datetime | None


def rows_wait(session: Session) -> bool:
    """Tell whether anything was written since the last linking. Login `jobs`."""
    return bool(session.connection().execute(select(func.audit_rows_wait())).scalar())


def link_rows(session: Session, now: datetime, *, everything: bool = False) -> int:
    """Take every row that is committed and stands outside into its district's chain; gives how many. Login `jobs`.

    `everything` also looks for rows that were committed more than an hour after they were numbered.
    """
    linked = 0
    asked = select(func.link_audit_rows(now, everything))
    while made := session.connection().execute(asked).scalar_one():
        linked += made
    return linked


def seal_chains(session: Session, now: datetime) -> int:
    """Seal every chain that grew since its last seal; gives how many seals were set. Login `jobs`; does not commit."""
    return int(session.connection().execute(select(func.seal_audit_chains(now))).scalar_one())


def verify_chains(session: Session, seals_dir: Path | None = None) -> Verified:
    """Recompute every hash from the rows themselves and hold it against links, seals and, if there, the files outside.

    `seals_dir` is the folder of the files themselves (`seal_folder`, or a copy on a medium that is written once). Login `jobs`. What is not linked yet is not judged: link first.
    """
    began = time.monotonic()
    found = session.connection().execute(text("SELECT * FROM first_bad_audit_row()")).one_or_none()
    bad = BadLink(**found._mapping) if found is not None else None
    if bad is None and seals_dir is not None and seals_dir.is_dir():
        bad = _first_bad_file(session, seals_dir)
    counted = session.connection().execute(
        select(
            select(func.count()).select_from(_link).scalar_subquery(),
            select(func.count(_link.c.chain_code.distinct())).scalar_subquery(),
            select(func.count()).select_from(_seal).scalar_subquery(),
        )
    )
    links, chains, seals = counted.one()
    return Verified(bad is None, bad, links, chains, seals, round((time.monotonic() - began) * 1000))


def check_chains(session: Session, now: datetime, seals_dir: Path | None = None) -> Verified:
    """Link everything, recompute, and keep the result for the auditors' page. Login `jobs`."""
    link_rows(session, now, everything=True)
    found = verify_chains(session, seals_dir)
    bad = None if found.first_bad is None else str(found.first_bad)
    row = {
        "checked_at": now,
        "ok": found.ok,
        "first_bad": bad,
        "links": found.links,
        "milliseconds": found.milliseconds,
    }
    session.connection().execute(insert(_check).values(row))
    return found


def seal_folder(session: Session, seals_dir: Path) -> Path:
    """Give this very database's own folder for its seals: a demonstration built anew must not meet the old one's files."""
    which = text(
        "SELECT system_identifier || '-' || oid FROM pg_control_system(), pg_database WHERE datname = current_database()"
    )
    return seals_dir / f"audit-{session.connection().execute(which).scalar_one()}"


def write_seal_files(session: Session, directory: Path) -> list[Path]:
    """Write every committed seal that has no file yet, readable only; a file that exists is never touched."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for seal in _all_seals(session):
        file = directory / seal_file_name(seal.chain_code, seal.seal_number)
        if not file.exists():
            draft = file.with_suffix(".draft")
            with draft.open("w", encoding="utf-8", newline="\n") as out:
                out.write(seal_text(seal))
                out.flush()
                os.fsync(out.fileno())
            draft.chmod(0o444)
            draft.replace(file)
            written.append(file)
    return written


def seal_file_name(chain_code: int, seal_number: int) -> str:
    """Name the file of a seal: audit-320102-000007.txt."""
    return f"audit-{chain_code:06d}-{seal_number:06d}.txt"


def seal_text(seal: Row[Any]) -> str:
    """Give what stands in a seal's file: its content and its root."""
    return f"{seal.content}\nroot {bytes(seal.root).hex()}\n"


def _first_bad_file(session: Session, directory: Path) -> BadLink | None:
    seals = {seal_file_name(seal.chain_code, seal.seal_number): seal for seal in _all_seals(session)}
    files = {file.name: file for file in directory.glob("audit-*.txt")}
    for name in sorted(files.keys() - seals.keys()):
        chain, number = (int(part) for part in name.removesuffix(".txt").split("-")[1:])
        return BadLink(chain, 0, f"file {name}", number, "the database has no such seal")
    for name, seal in seals.items():
        rule = None
        if name not in files:
            rule = "the file is missing"
        elif files[name].read_text(encoding="utf-8") != seal_text(seal):
            rule = "the file and the database differ"
        if rule:
            return BadLink(seal.chain_code, seal.upto_seq, f"file {name}", seal.seal_number, rule)
    return None


def _all_seals(session: Session) -> list[Row[Any]]:
    return list(session.connection().execute(select(_seal).order_by(_seal.c.chain_code, _seal.c.seal_number)))


def chain_heads(session: Session, lo: int, hi: int) -> list[ChainHead]:
    """Give the chains of the districts in an area (15-digit codes) and the house's own, chain 0, as they stand."""
    links, newest = _link.alias("links"), _seal.alias("newest")
    head = (
        select(links.c.seq, links.c.hash, links.c.linked_at)
        .where(links.c.chain_code == _chains.c.chain_code)
        .order_by(links.c.seq.desc()).limit(1).lateral("head")
    )  # fmt: skip
    sealed = (
        select(newest).where(newest.c.chain_code == _chains.c.chain_code).order_by(newest.c.seal_number.desc())
        .limit(1).lateral("sealed")
    )  # fmt: skip
    query = (
        select(
            _chains.c.chain_code, head.c.seq, head.c.hash, head.c.linked_at, sealed.c.seal_number, sealed.c.upto_seq,
            sealed.c.root, sealed.c.recorded_at,
        )
        .select_from(_chains.join(head, text("true")).outerjoin(sealed, text("true")))
        .order_by(_chains.c.chain_code)
    )  # fmt: skip
    rows = session.connection().execute(query, {"lo": lo // 10**9, "hi": hi // 10**9})
    return [
        ChainHead(
            row.chain_code, row.seq, bytes(row.hash).hex(), row.linked_at, row.seal_number, row.upto_seq,
            bytes(row.root).hex() if row.root is not None else None, row.recorded_at,
        )
        for row in rows
    ]  # fmt: skip


_chains = (
    text(
        "SELECT DISTINCT chain_code FROM audit_link WHERE (chain_code BETWEEN :lo AND :hi OR chain_code = 0) AND seq = 1"
    )
    .columns(_link.c.chain_code)
    .subquery("chains")
)


def seals_of(session: Session, chain_code: int, limit: int = 60) -> list[Row[Any]]:
    """Give a chain's newest seals with their content and root."""
    query = select(_seal).where(_seal.c.chain_code == chain_code).order_by(_seal.c.seal_number.desc()).limit(limit)
    return list(session.connection().execute(query))


def last_check(session: Session) -> Row[Any] | None:
    """Give the newest recomputation, None before the first."""
    return session.connection().execute(select(_check).order_by(_check.c.id.desc()).limit(1)).one_or_none()


def links_of(session: Session, source: str, row_ids: list[int]) -> dict[int, Row[Any]]:
    """Give (row_id, chain_code, seq, hash) of rows of the trail, by row id; what is not linked yet is left out."""
    query = select(_link.c.row_id, _link.c.chain_code, _link.c.seq, _link.c.hash).where(
        _link.c.source == source, _link.c.row_id.in_(row_ids)
    )
    found: list[Row[Any]] = list(session.connection().execute(query)) if row_ids else []
    return {row.row_id: row for row in found}
