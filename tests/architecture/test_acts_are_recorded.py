"""Whoever changes something for an elder leaves a line in the trail: held for every verb that takes an actor."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WRITES = {"insert", "update", "upsert", "delete", "add"}
RECORDS = {"record_act", "note_act"}


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


def test_a_verb_that_writes_in_silence_is_found() -> None:
    assert list(
        silent_verbs("def close(session, actor):\n    _end(session)\n\ndef _end(s):\n    s.x(update(t))\n")
    ) == ["close"]
