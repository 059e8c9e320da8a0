"""Only services/clock.py reads a clock, only services/settings.py reads the environment."""

from __future__ import annotations

import ast

import pytest
from yl_sources import PACKAGES, dotted, functions, modules, name, tree

CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "date.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}


def uses(file, forbidden):
    """Give where a module mentions one of the forbidden names, however it was imported."""
    short = {forbidden_name.split(".", 1)[1] for forbidden_name in forbidden if forbidden_name.split(".")[0] in ("os",)}
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Attribute) and dotted(node) in forbidden:
            yield f"{name(file)}:{node.lineno} {dotted(node)}"
        if isinstance(node, ast.ImportFrom) and node.module == "os" and short & {a.name for a in node.names}:
            yield f"{name(file)}:{node.lineno} from os import"
        if isinstance(node, ast.ImportFrom) and node.module == "time" and {"time"} & {a.name for a in node.names}:
            if "time.time" in forbidden:
                yield f"{name(file)}:{node.lineno} from time import time"


@pytest.mark.parametrize("room", PACKAGES)
def test_only_the_clock_reads_a_clock(room):
    elsewhere = [file for file in modules(room) if name(file) != "services/clock.py"]
    assert not [offence for file in elsewhere for offence in uses(file, CLOCKS)]


@pytest.mark.parametrize("room", PACKAGES)
def test_only_the_settings_read_the_environment(room):
    elsewhere = [file for file in modules(room) if name(file) != "services/settings.py"]
    assert not [offence for file in elsewhere for offence in uses(file, ENVIRONMENT)]


def test_actions_never_commit():
    offenders = []
    for file in modules("services", "timebank"):
        if name(file) in ("services/unit_of_work.py", "services/migrating.py"):
            continue
        for function in functions(file):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
                    offenders.append(f"{name(file)}:{node.lineno}")
    assert not offenders
