"""Debian's packages: which are missing, and installing them where we may."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from house.ground import LOCAL, ROOT, Trouble, attempt, insist, say

OLDEST_POSTGRESQL = 15


def postgresql_bin() -> Path | None:
    """Give the folder of the newest PostgreSQL ≥ 15 that has PostGIS, or None."""
    found = []
    for folder in Path("/usr/lib/postgresql").glob("*/bin"):
        version = int(folder.parent.name) if folder.parent.name.isdigit() else 0
        postgis = Path(f"/usr/share/postgresql/{version}/extension/postgis.control")
        if version >= OLDEST_POSTGRESQL and (folder / "initdb").exists() and postgis.exists():
            found.append((version, folder))
    if found:
        return max(found)[1]
    return _postgresql_on_the_path()


def _postgresql_on_the_path() -> Path | None:
    config = shutil.which("pg_config")
    if not config:
        return None
    folder = Path(attempt([config, "--bindir"]).stdout.strip() or "/nowhere")
    version = re.search(r"(\d+)", attempt([config, "--version"]).stdout)
    shared = Path(attempt([config, "--sharedir"]).stdout.strip() or "/nowhere")
    enough = version is not None and int(version[1]) >= OLDEST_POSTGRESQL
    complete = (folder / "initdb").exists() and (shared / "extension/postgis.control").exists()
    return folder if enough and complete else None


def missing_servers() -> list[str]:
    """Name the packages that a private PostgreSQL and Redis still need."""
    missing = [] if postgresql_bin() else ["postgresql"]
    return missing + ([] if shutil.which("redis-server") else ["redis-server"])


def missing_browser() -> list[str]:
    """Name the packages that the browser tests still need."""
    missing = [] if shutil.which("chromium") else ["chromium"]
    fonts = any(Path("/usr/share/fonts").rglob("*CJK*")) if Path("/usr/share/fonts").exists() else False
    return missing + ([] if fonts else ["fonts-noto-cjk"])


def missing_for_drills() -> list[str]:
    """Name the packages with which the drills make hosts and turn clocks; without them those drills are skipped."""
    missing = [] if shutil.which("ip") and shutil.which("tc") else ["iproute2"]
    return missing + ([] if any(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")) else ["faketime"])


def missing_venv() -> list[str]:
    """Name the package without which Debian's Python can make no environment of its own."""
    if attempt([sys.executable, "-c", "import ensurepip, venv"]).returncode == 0:
        return []
    return [f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"]


def install_ahead(*, servers: bool, browser: bool) -> None:
    """Where we may, install all that will be needed in one go; where not, each need speaks for itself later."""
    names = [] if (LOCAL / "venv" / "bin" / "python").exists() else missing_venv()
    names += missing_servers() if servers else []
    names += missing_browser() if browser else []
    if names and may_install() is not None:
        install(names, "all that is missing here")


def may_install() -> list[str] | None:
    """Give the words to put before a command that needs root, or None where we may not install."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    silent = shutil.which("sudo") and attempt(["sudo", "-n", "true"], seconds=5).returncode == 0
    return ["sudo", "-n"] if silent else None


def install(names: list[str], what_for: str) -> None:
    """Install Debian packages. Raises Trouble that names them where we may not."""
    if not names:
        return
    shown = " ".join(f"{n} postgresql-{OLDEST_POSTGRESQL}-postgis-3" if n == "postgresql" else n for n in names)
    before = may_install()
    if before is None:
        raise Trouble(
            f"{what_for} needs Debian packages that are missing here, and this user may not install them.\n"
            f"As root: apt-get install {shown}\n"
            "(PostgreSQL must be 15 or newer, with its own PostGIS), or set DATABASE_URL and REDIS_URL."
        )
    say(f"installing {shown} ({what_for})")
    insist([*before, "bash", ROOT / "bin/house/debian.sh", *names], f"Could not install {shown}")
