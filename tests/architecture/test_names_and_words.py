"""Names say what is inside; nothing unfinished and nothing of one machine is committed."""

from __future__ import annotations

import re
import sys

import pytest
from yl_sources import PACKAGES, ROOT, committed, dotted, imports, modules, name, tree

VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers"}
EXCUSED = {"overload", "property", "cached_property"}
"""An overload repeats its function; a property is a noun that says it already."""
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
UNFINISHED_IN_PYTHON = re.compile(r"\b(" + "|".join(("stub", "place" + "holder")) + r")\b", re.I)
_HOSTS = (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("crates", "io"), ("proxy", "golang"))
_MORE_HOSTS = (
    ("deb", "debian"),
    ("repo1", "maven"),
    ("repo", "maven"),
    ("tuna", "tsinghua"),
    ("mirrors", "aliyun"),
)
HOSTS = re.compile("|".join(re.escape(".".join(parts)) for parts in _HOSTS + _MORE_HOSTS))
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work/(?:main|shared|\.library)|root/)")
VENDORED = ("web/static/vendor/", "tests/browser/assets/", "sample_data/osm/")
WRITTEN = {
    ".py",
    ".md",
    ".toml",
    ".sql",
    ".html",
    ".css",
    ".js",
    ".mjs",
    ".sh",
    ".yml",
    ".yaml",
    ".csv",
    ".txt",
    "",
}


def own_texts():
    """Give path and text of what we wrote ourselves."""
    for file in committed():
        if file.suffix in WRITTEN and not name(file).startswith(VENDORED) and file.stat().st_size < 3_000_000:
            yield file, file.read_text(encoding="utf-8", errors="replace")


def found(pattern, texts):
    """Give where a pattern occurs."""
    return [
        f"{name(file)}:{number}: {line.strip()[:90]}"
        for file, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_module_hides_behind_a_vague_name():
    assert not [name(file) for file in committed() if file.suffix == ".py" and set(_words(file)) & VAGUE]


def _words(file):
    return [*file.relative_to(ROOT).parts[:-1], file.stem]


def test_there_is_no_sixth_package():
    inits = {name(file) for file in committed() if file.name == "__init__.py"}
    tops = {path.split("/")[0] for path in inits if path.count("/") == 1}
    assert tops <= {*PACKAGES, "benchmarks"}


def test_tests_are_no_packages():
    assert not [name(file) for file in committed() if name(file).startswith("tests/") and file.name == "__init__.py"]


def test_nothing_unfinished_is_marked_instead_of_done():
    assert not found(UNFINISHED, own_texts())


def test_no_code_stands_in_for_code():
    product = set(modules(*PACKAGES))
    assert not found(UNFINISHED_IN_PYTHON, ((file, text) for file, text in own_texts() if file in product))


def test_no_package_registry_is_named():
    assert not found(HOSTS, own_texts())


def test_no_path_of_somebodys_machine_is_named():
    assert not found(MACHINE_PATHS, own_texts())


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (HOSTS, "https://" + ".".join(("files", "pythonhosted", "org")) + "/x"),
        (MACHINE_PATHS, "open('" + "/".join(("", "work", "shared", "data")) + "')"),
        (MACHINE_PATHS, "cd " + "/".join(("", "root", "x"))),
        (UNFINISHED, "# TO" + "DO later"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern, line):
    assert pattern.search(line)


def test_rules_import_only_the_standard_library_and_their_own_errors():
    strangers = []
    for file in modules(*PACKAGES):
        if file.name != "rules.py":
            continue
        own_errors = ".".join([*file.relative_to(ROOT).parts[:-1], "errors"])
        for line, imported in imports(file):
            if imported.split(".")[0] not in sys.stdlib_module_names and imported not in (
                own_errors,
                ".errors",
            ):
                strangers.append(f"{name(file)}:{line} imports {imported}")
    assert not strangers


@pytest.mark.parametrize("room", PACKAGES)
def test_every_public_module_class_and_function_says_what_it_is_for(room):
    assert not [offence for file in modules(room) for offence in _undocumented(file)]


def _undocumented(file):
    import ast

    module = tree(file)
    if module.body and not ast.get_docstring(module):
        yield f"{name(file)}:1 the module"
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    inner = [part for node in module.body if isinstance(node, ast.ClassDef) for part in node.body]
    for node in [*module.body, *inner]:
        if not isinstance(node, kinds) or node.name.startswith("_") or ast.get_docstring(node):
            continue
        if not EXCUSED & {dotted(decorator).split(".")[-1] for decorator in node.decorator_list}:
            yield f"{name(file)}:{node.lineno} {node.name}"
