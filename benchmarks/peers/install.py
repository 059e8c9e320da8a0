"""Puts the peers into an environment of their own, .local/bench-venv: `bin/bench --peers`.

pandana is under the AGPL and never part of the product; pyvalhalla's wheel needs Python 3.12 or newer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".local" / "bench-venv"
PYTHON = HOME / "bin" / "python"


def install() -> None:
    """Make the environment and install the dependency group `bench` of pyproject.toml."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["bench"]
    if not PYTHON.exists():
        subprocess.run([newest_python(), "-m", "venv", str(HOME)], check=True)
    for requirement in wanted:
        done = subprocess.run([str(PYTHON), "-m", "pip", "install", "-q", requirement])
        print(f"{requirement}: {'installed' if done.returncode == 0 else 'could not be installed here'}")


def newest_python() -> str:
    """The newest Python of this machine that pyvalhalla has wheels for, else our own."""
    for place in _places():
        asked = subprocess.run(
            [place, "-c", "import venv, sys; print(sys.version_info >= (3, 12))"], capture_output=True
        )
        if asked.returncode == 0 and asked.stdout.strip() == b"True":
            return place
    return sys.executable


def _places() -> Iterator[str]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for minor in (13, 12):
        found = shutil.which(f"python3.{minor}")
        if found:
            yield found
        yield from sorted((str(place) for place in pyenv.glob(f"3.{minor}.*/bin/python")), reverse=True)
