"""Whoever changes something for an elder leaves a line in the trail: held for every verb that takes an actor."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WRITES = {"insert", "update", "upsert", "delete", "add"}
RECORDS = {"record_act", "record_acts_for", "note_act"}


LOOKING = {
    "beds.py: beds", "beds.py: imagine", "beds.py: show_register",
    "supervision.py: draw_check",  # reads a file, without a database
    "alive.py: command", "audit.py: check_draw", "audit.py: verify", "area.py: areas", "area.py: show_area", "city.py: show_cities", "circles.py: circles",
    "circles.py: show_coverage", "circles.py: picture", "command_line.py: clock_show", "district.py: show_cast",
    "facilities.py: facilities", "holidays.py: holidays", "keys.py: show_keys", "privacy.py: periods", "importing.py: show_runs", "indicators.py: indicators", "indicators.py: show_indicators", "importing.py: show_waiting", "matching.py: show", "messages.py: messages",
    "network.py: list_versions", "network.py: plan_file", "network.py: show_rules",
    "network_gates.py: show", "orders.py: check", "orders.py: orders", "people.py: list_grants", "report.py: reports", "site.py: next_sites", "site.py: show_gaps",
    "site.py: solve_file", "timebank.py: statement",
    "timebank.py: simulate", "timebank.py: trial_balance", "timebank.py: verify_books",
}  # fmt: skip
"""Commands that only look."""
ELSEWHERE = {
    "command_line.py: relay": "carries promised jobs, which stamp their own acts",
    "command_line.py: serve": "answers requests, which stamp their own acts",
    "command_line.py: worker": "does promised jobs, which stamp their own acts",
    "district.py: build": "workers/district/build.py stamps it, for the story too",
    "district.py: draw": "writes sample files of this repository, no database",
    "network.py: compile_kernels": "fills the cache of compiled kernels, no database",
    "network.py: report": "judges anew, from the network in service, whose import was stamped",
    "run.py: command": "workers/story/setting.py stamps what it sets up",
}
"""Commands that change something and leave their line in another place, or change nothing that is kept for people."""


def called_in(node: ast.AST) -> set[str]:
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            found.add(getattr(part.func, "id", None) or getattr(part.func, "attr", ""))
    return found


def reached(name: str, functions: dict[str, ast.FunctionDef], seen: set[str]) -> set[str]:
    """Give every name a function calls, through the functions of its own file too."""
    if name in seen or name not in functions:
        return {name}
    seen.add(name)
    return {name}.union(*(reached(other, functions, seen) for other in called_in(functions[name])))


def silent_verbs(source: str) -> Iterator[str]:
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    for name, node in functions.items():
        takes_actor = "actor" in {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        calls = reached(name, functions, set())
        if takes_actor and not name.startswith("_") and calls & WRITES and not calls & RECORDS:
            yield name


def test_every_verb_that_takes_an_actor_and_writes_records_the_act() -> None:
    files = sorted((ROOT / "services").glob("*/*.py"))
    silent = [f"{file.relative_to(ROOT)}: {name}" for file in files for name in silent_verbs(file.read_text("utf-8"))]
    assert silent == []


def commands_in(source: str) -> Iterator[tuple[str, ast.FunctionDef, dict[str, ast.FunctionDef]]]:
    """Give the functions of a file that `bin/yinling` mounts: decorated ones, and the one called `command`."""
    tree = ast.parse(source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    single = {
        node.value.id
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "command"
        and isinstance(node.value, ast.Name)
    }  # fmt: skip
    for name, node in functions.items():
        mounted = any(
            isinstance(one, ast.Call) and getattr(one.func, "attr", "") in ("command", "callback")
            for one in node.decorator_list
        )
        if mounted or name in single or name == "command":
            yield name, node, functions


def silent_commands(source: str) -> Iterator[str]:
    """Give the commands that neither record an act nor hand a verb the actor of the command line, which records it."""
    for name, node, functions in commands_in(source):
        hands_over = any(
            isinstance(call, ast.Call) and any(getattr(one, "id", "") == "COMMAND_LINE" for one in call.args)
            for call in ast.walk(node)
        )
        if not hands_over and not reached(name, functions, set()) & (RECORDS | {"stamp"}):
            yield name


def test_every_command_that_changes_something_records_the_act() -> None:
    files = sorted([ROOT / "workers/command_line.py", *(ROOT / "workers/commands").glob("*.py")])
    silent = {f"{file.name}: {name}" for file in files for name in silent_commands(file.read_text("utf-8"))}
    assert sorted(silent - LOOKING - set(ELSEWHERE)) == []


def test_what_is_stamped_elsewhere_is_stamped_there() -> None:
    for place, function in (
        ("workers/district/build.py", "build_district"),
        ("workers/story/setting.py", "draw_circles"),
    ):
        functions = {
            node.name: node
            for node in ast.parse((ROOT / place).read_text("utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        assert reached(function, functions, set()) & RECORDS, place


def test_a_command_that_writes_in_silence_is_found() -> None:
    assert list(silent_commands("@app.command()\ndef wipe():\n    _wipe()\n\ndef _wipe(): ...\n")) == ["wipe"]
    assert not list(silent_commands("def wipe():\n    record_act()\n\ncommand = wipe\n"))


def test_a_verb_that_writes_in_silence_is_found() -> None:
    assert list(
        silent_verbs("def close(session, actor):\n    _end(session)\n\ndef _end(s):\n    s.x(update(t))\n")
    ) == ["close"]
