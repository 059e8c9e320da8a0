"""An auditor changes nothing, not even the trail in her own transaction; that she looked is written in one of its own.

Whoever opens a case, draws a sample or takes papers along leaves a note; the notes become acts, linked into the chain
like every other, before the answer is sent. So looking out of curiosity, or drawing again until the sample pleases, is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request

from services.acts import record_act
from services.unit_of_work import unit_of_work


@dataclass(frozen=True)
class Note:
    """One look: what was done, on what, and the facts that matter."""

    verb: str
    area_code: int | None = None
    subject: tuple[str, int] | None = None
    facts: dict[str, Any] | None = None


def noted(request: Request) -> Iterator[list[Note]]:
    """Collect the looks of a request and write them as acts of whoever is signed in."""
    notes: list[Note] = []
    yield notes
    if notes:
        with unit_of_work(replace(request.state.actor, read_only=False)) as work:
            for note in notes:
                record_act(
                    work.session, work.now, work.actor, note.verb, area_code=note.area_code, subject=note.subject,
                    facts=note.facts,
                )  # fmt: skip


Notes = Annotated[list[Note], Depends(noted, scope="function")]
