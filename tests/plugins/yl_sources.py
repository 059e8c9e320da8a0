"""Read the house's own sources, for the tests of tests/architecture/."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("services", "geo", "timebank", "api", "workers")
ROOMS = (*PACKAGES, "bin", "tests", "benchmarks", "migrations")
KERNELS = ("geo/kernels.py", "geo/*kernel*.py", "services/dispatch/solver/*.py")
"""Compiled code: one long function is faster than five that numba must inline."""


@lru_cache(maxsize=1)
def committed() -> tuple[Path, ...]:
    """Give every file that is, or is about to be, in the repository."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive, or no git here
        skip = {".local", ".git", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".hypothesis"}
        found = [file for file in ROOT.rglob("*") if not skip & set(file.relative_to(ROOT).parts)]
    return tuple(sorted(file for file in set(found) if file.is_file()))


def modules(*rooms: str) -> list[Path]:
    """Give the Python files of some rooms."""
    return [
        file
        for file in committed()
        if file.suffix == ".py" and file.relative_to(ROOT).parts[0] in rooms and "versions" not in file.parts
    ]


def name(file: Path) -> str:
    """Give a file's path as a reader would write it."""
    return file.relative_to(ROOT).as_posix()


def is_kernel(file: Path) -> bool:
    """Tell whether a module holds compiled kernels."""
    return any(Path(name(file)).match(pattern) for pattern in KERNELS)


@cache
def tree(file: Path) -> ast.Module:
    """Parse a module once."""
    return ast.parse(file.read_text(encoding="utf-8"))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every function of a module, methods and inner ones included."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines from `def` to its end, its docstring left out."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def dotted(node: ast.expr) -> str:
    """Give `a.b.c` for a chain of names, or an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Give line and full name of everything a module imports."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
