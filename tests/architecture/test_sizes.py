"""Nothing is longer than a person can hold in mind."""

from __future__ import annotations

import subprocess
import sys

import pytest
from yl_sources import ROOMS, ROOT, code_lines, functions, is_kernel, modules, name

MODULE_LINES = 400
FUNCTION_LINES, KERNEL_LINES = 50, 120
KERNEL_COMPLEXITY = 25


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_is_longer_than_400_lines(room):
    lengths = {name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in modules(room)}
    assert not {file: lines for file, lines in lengths.items() if lines > MODULE_LINES}


@pytest.mark.parametrize("room", ROOMS)
def test_no_function_is_longer_than_50_lines_and_no_kernel_than_120(room):
    too_long = {
        f"{name(file)}:{function.lineno} {function.name}": code_lines(function)
        for file in modules(room)
        for function in functions(file)
        if code_lines(function) > (KERNEL_LINES if is_kernel(file) else FUNCTION_LINES)
    }
    assert not too_long


def test_no_kernel_is_more_complex_than_25_where_others_may_have_10():
    kernels = [str(file) for file in modules("geo", "services") if is_kernel(file)]
    assert kernels, "the compiled kernels are found by their file names"
    limit = f"lint.mccabe.max-complexity={KERNEL_COMPLEXITY}"
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "C901",
        "--config",
        limit,
        *kernels,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_measure_of_a_function_leaves_its_docstring_out():
    import ast

    function = ast.parse('def f():\n    """One\n\n    two."""\n    return 1\n').body[0]
    assert code_lines(function) == 2
