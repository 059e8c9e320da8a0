"""Telling the story as it happens: each step with its page, how long it took, and what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console


class StepFailed(Exception):
    """A step of the story did not happen as it should; says what was expected and what came."""


@dataclass
class Telling:
    """The steps so far; `page` of a step says where a person sees it."""

    console: Console
    address: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    afterwards: Callable[[], list[str]] = list
    """What else came of a step that happened: lines printed below it."""

    @property
    def ok(self) -> bool:
        """Tell whether every step so far happened."""
        return all(step["ok"] for step in self.steps)

    @contextmanager
    def step(self, name: str, page: str = "") -> Iterator[list[str]]:
        """Do one step; lines appended to what it yields are printed below it. A failure is told, not hidden."""
        lines: list[str] = []
        begun = time.monotonic()
        failure: Exception | None = None
        try:
            yield lines
        except Exception as error:
            failure = error
        seconds = round(time.monotonic() - begun, 2)
        self.steps.append({"name": name, "ok": failure is None, "seconds": seconds})
        mark = "[green]✓[/green]" if failure is None else "[red]✗[/red]"
        self.console.print(f"{mark} [bold]{name}[/bold] [dim]{seconds:.1f}s[/dim]", highlight=False)
        for line in (*lines, *(self.afterwards() if failure is None else ())):
            self.console.print(f"   {line}", highlight=False, soft_wrap=True)
        if page:
            self.console.print(f"   [cyan]{self.address}{page}[/cyan]", highlight=False)
        if failure is not None:
            self.console.print(f"   [red]{type(failure).__name__}: {failure}[/red]", highlight=False)
            raise failure


def expect(truth: bool, said: str) -> None:
    """Fail the step with what was expected."""
    if not truth:
        raise StepFailed(said)
