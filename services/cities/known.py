"""What seldom changes is read once: rules, catalogue and areas, kept by every process under the stamp they were read at.

The database changes the one row of `rules_stamp` with every change of a pack, an adoption, a service item or a
standard, in the same transaction (sql/430_known_rules.sql). So one look at the stamp tells whether what is kept is
still true, whoever changed it, and nothing is ever kept for a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import text
from sqlmodel import Session

Known = TypeVar("Known")
MOST_KEPT = 20_000
_STAMP = text("SELECT stamp FROM rules_stamp WHERE id = 1")
_SEEN = "rules_stamp"
_kept: dict[tuple[Any, ...], Any] = {}


def keep(session: Session, what: tuple[Any, ...], find: Callable[[], Known]) -> Known:
    """Give what was found under the present stamp, or find and keep it. `what` names it; errors are not kept."""
    key = (rules_stamp(session), *what)
    if key in _kept:
        found: Known = _kept[key]
        return found
    found = find()
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[key] = found
    return found


def rules_stamp(session: Session) -> str:
    """Give the present stamp; without asking, where a statement of this transaction brought it along."""
    seen = session.info.get(_SEEN)
    if seen is not None and seen[0] is session.get_transaction():
        return str(seen[1])
    return str(session.connection().execute(_STAMP).scalar_one())


def see_stamp(session: Session, stamp: str) -> None:
    """Note the stamp that another statement brought along: this transaction judges by it from here on."""
    session.info[_SEEN] = (session.get_transaction(), stamp)
