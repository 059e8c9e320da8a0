"""The project's own Python environment in .local/venv, exactly as requirements.lock says."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from pathlib import Path

from house import packages, servers
from house.ground import LOCAL, ROOT, attempt, insist, one_at_a_time, say

VENV = LOCAL / "venv"
PYTHON = VENV / "bin" / "python"
_STAMP = VENV / "yinling.stamp"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def prepare(*, browser: bool = False) -> Path:
    """Bring the environment to what the lock file says; give its Python. Quick when nothing changed."""
    with one_at_a_time("environment"):
        packages.install_ahead(servers=servers.will_be_private(), browser=browser)
        wanted = _fingerprint()
        if not (PYTHON.exists() and _STAMP.exists() and _STAMP.read_text() == wanted):
            _build()
            _STAMP.write_text(wanted)
    return PYTHON


def warm_kernels(env: dict[str, str]) -> None:
    """Compile the walking kernels into the cache, so that the first circle is not slow."""
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for source in sorted([*ROOT.glob("geo/**/*.py"), *ROOT.glob("services/dispatch/solver/**/*.py")]):
        digest.update(source.read_bytes())
    stamp = LOCAL / "numba.stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest() and Path(env["NUMBA_CACHE_DIR"]).exists():
        return
    if not (ROOT / "geo").is_dir():
        return
    say("compiling the walking kernels")
    insist([PYTHON, "-P", "-c", _WARM_UP], "The kernels did not compile", env=env, cwd=ROOT)
    stamp.write_text(digest.hexdigest())


_WARM_UP = """
import importlib, importlib.util
for name in ("geo.kernels", "geo.walking", "services.dispatch.solver.kernels"):
    try:
        known = importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        known = False
    if known:
        getattr(importlib.import_module(name), "warm_up", lambda: None)()
"""


def _fingerprint() -> str:
    parts = [
        (ROOT / "requirements.lock").read_bytes(),
        (ROOT / "bin/house/uv.txt").read_bytes(),
        str(ROOT).encode(),
    ]
    parts += [platform.python_version().encode(), os.path.realpath(sys.executable).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _build() -> None:
    say(f"installing the pinned Python packages into .local/venv (Python {platform.python_version()})")
    _make_venv()
    env = _registry_environment()
    uv = _uv(env)
    lock = ROOT / "requirements.lock"
    synced = uv is not None and attempt([uv, "pip", "sync", "--python", PYTHON, "--require-hashes", lock], env=env)
    if not synced or synced.returncode != 0:
        say("uv is not to be had here; installing with pip (slower)")
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", lock]
        insist(pip, "The pinned packages could not be installed", env=env)
    site = insist([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], "No site-packages")
    (Path(site.strip()) / "yinling.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def _make_venv() -> None:
    usable = PYTHON.exists() and attempt([PYTHON, "-m", "pip", "--version"]).returncode == 0
    same = usable and attempt([PYTHON, "-V"]).stdout.split()[-1:] == [platform.python_version()]
    if same and f"{VENV}" in (VENV / "bin/activate").read_text(encoding="utf-8"):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    packages.install(packages.missing_venv(), "Python's own environment")
    insist([sys.executable, "-m", "venv", VENV], "Could not make a Python environment")


def _registry_environment() -> dict[str, str]:
    """Let uv use the certificates and the package index that pip is set up with on this machine."""
    env = dict(os.environ)
    if _CERTIFICATES.exists():
        env.setdefault("SSL_CERT_FILE", str(_CERTIFICATES))
    index = (
        env.get("PIP_INDEX_URL") or attempt([PYTHON, "-m", "pip", "config", "get", "global.index-url"]).stdout.strip()
    )
    if index:
        env.setdefault("UV_DEFAULT_INDEX", index)
    return env


def _uv(env: dict[str, str]) -> Path | None:
    target = LOCAL / "uv"
    program = target / "bin" / "uv"
    if attempt([program, "--version"]).returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        wanted = ["--require-hashes", "-r", ROOT / "bin/house/uv.txt"]
        attempt([PYTHON, "-m", "pip", "install", "--quiet", "--target", target, *wanted], env=env)
    return program if program.exists() else None
