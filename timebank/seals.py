"""The daily seal: a fingerprint of every account's chain, kept where the database cannot reach it.

Take the seal in one transaction, commit, then write the file: the file is made from the row, so a crash
between the two is repaired by the next call.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

from timebank.writer import typed_refusals


@dataclass(frozen=True)
class SealedDay:
    """One seal of one bank. `root` is the SHA-256 of `content` in hexadecimal."""

    ledger: int
    seal_number: int
    content: str
    root: str
    recorded_at: datetime


@dataclass(frozen=True)
class SealMismatch:
    """A seal file that does not say what the database says, or that nobody can find any more."""

    file: str
    reason: str


_SELECT = "SELECT ledger, seal_number, content, encode(root, 'hex') AS root, recorded_at FROM "


def seal_ledger(session: Session, now: datetime, ledger: int) -> SealedDay:
    """Seal a bank's books as they stand; waits for writers under way. Login `jobs`. Does not commit."""
    with typed_refusals():
        found = session.execute(text(_SELECT + "timebank.seal_ledger(:now, :ledger)"), {"now": now, "ledger": ledger})
        return SealedDay(**found.mappings().one())


def take_snapshots(session: Session, now: datetime, ledger: int) -> int:
    """Give the bank's unfloored accounts a new resting point; returns how many. Login `jobs`."""
    with typed_refusals():
        taken = session.execute(text("SELECT timebank.take_snapshots(:now, :ledger)"), {"now": now, "ledger": ledger})
        return int(taken.scalar_one())


def close_period(session: Session, now: datetime, ledger: int, closed_until: datetime) -> None:
    """Close a bank's books up to `closed_until` (exclusive; the civil month's end). Login `jobs`."""
    with typed_refusals():
        session.execute(
            text("SELECT timebank.close_period(:now, :ledger, :closed_until)"),
            {"now": now, "ledger": ledger, "closed_until": closed_until},
        )


def write_seal_files(session: Session, directory: Path) -> list[Path]:
    """Write every committed seal that has no file yet; a file that exists is never touched."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for seal in _all_seals(session):
        file = directory / _file_name(seal)
        if not file.exists():
            draft = file.with_suffix(".draft")
            with draft.open("w", encoding="utf-8", newline="\n") as out:
                out.write(_file_text(seal))
                out.flush()
                os.fsync(out.fileno())
            draft.replace(file)
            written.append(file)
    return written


def compare_seal_files(session: Session, directory: Path) -> list[SealMismatch]:
    """Hold the files outside against the seals inside; empty when every one agrees."""
    seals = {_file_name(seal): seal for seal in _all_seals(session)}
    files = {file.name: file for file in directory.glob("seal-*.txt")}
    only_outside, only_inside = sorted(files.keys() - seals.keys()), sorted(seals.keys() - files.keys())
    bad = [SealMismatch(name, "the database has no such seal") for name in only_outside]
    bad += [SealMismatch(name, "the file is missing") for name in only_inside]
    for name in sorted(files.keys() & seals.keys()):
        if files[name].read_text(encoding="utf-8") != _file_text(seals[name]):
            bad.append(SealMismatch(name, "the file and the database differ"))
    return bad


def _all_seals(session: Session) -> list[SealedDay]:
    rows = session.execute(text(_SELECT + "timebank.seal ORDER BY ledger, seal_number"))
    return [SealedDay(**row) for row in rows.mappings()]


def _file_name(seal: SealedDay) -> str:
    return f"seal-{seal.ledger}-{seal.seal_number:06d}.txt"


def _file_text(seal: SealedDay) -> str:
    return f"{seal.content}\nroot {seal.root}\n"
