"""`bin/run`: the living district, today's story in it, and then the house keeps serving until Ctrl-C."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.people.demonstration import SAMPLES
from services.settings import settings
from workers.story.house import House, HouseDidNotStand
from workers.story.plot import tell_story
from workers.story.setting import NotADemonstration, draw_circles, erase_demonstration, set_scene
from workers.story.telling import Telling

console = Console(highlight=False)
EXPECTED = (HouseDidNotStand, NotADemonstration)


def command(
    story: Annotated[bool, typer.Option("--story", help="play the story and exit: 0, or 1 if a step failed")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the story's figures to this file")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="start the demonstration over")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Run the living district and play today's story."""
    if not settings().demonstration:
        raise typer.BadParameter("请用 bin/run 启动演示 (start the demonstration with bin/run)")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _interrupt(stop))
    telling = Telling(console, f"http://127.0.0.1:{port}")
    figures: dict[str, Any] = {}
    try:
        _live(telling, figures, port, reset=reset, keep=None if story else stop)
    except KeyboardInterrupt:
        console.print("再见 (stopped)")
    except Exception as error:
        if telling.ok:
            telling.steps.append({"name": str(error)[:300], "ok": False, "seconds": 0.0})
            console.print(f"[red]{error}[/red]" if isinstance(error, EXPECTED) else repr(error))
    finally:
        if json_file is not None:
            told = json.dumps({"steps": telling.steps, **figures}, ensure_ascii=False, indent=2)
            json_file.write_text(told + "\n", encoding="utf-8")
    if not telling.ok:
        raise typer.Exit(1)


def _live(telling: Telling, figures: dict[str, Any], port: int, *, reset: bool, keep: threading.Event | None) -> None:
    """Set the scene, play the story, and with `keep` serve until it is set."""
    if reset:
        erase_demonstration()
    set_scene(telling)
    figures["coverage"] = draw_circles(telling)
    with House(port) as house:
        figures |= _figures(tell_story(telling, house.address))
        if keep is not None:
            _invite(house.address)
            _keep(house, keep)


def _interrupt(stop: threading.Event) -> None:
    stop.set()
    raise KeyboardInterrupt


def _figures(facts: dict[str, Any]) -> dict[str, Any]:
    beds, visits, ledger = facts["city_beds"], facts["desk"]["visits"], facts["ledger"]
    return {
        "beds": {name: beds[name] for name in ("nursing", "total", "ratio", "target")},
        "visits": {name: visits[name] for name in ("due", "done", "attempts")},
        "ledger": {"ok": ledger.ok, "transfers": ledger.counts["transfers"]},
    }


def _invite(address: str) -> None:
    table = Table(title=f"打开 {address} ，用这些人的手机号登录；验证码在 {address}/dev/messages")
    for heading in ("手机号", "姓名", "是谁"):
        table.add_column(heading)
    for sample in SAMPLES:
        table.add_row(sample.phone, sample.full_name, sample.who)
    console.print(table)
    console.print("Ctrl-C 停止 (stop)")


def _keep(house: House, stop: threading.Event) -> None:
    while not stop.wait(2.0):
        house.check()
