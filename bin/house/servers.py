"""Which PostgreSQL and Redis to use: the ones given, else Docker Compose's, else private ones."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from house import packages, private
from house.ground import CHECKOUT, LOCAL, ROOT, Trouble, attempt, free_port, one_at_a_time, say, write_private

_COMPOSE_ENV = LOCAL / "compose.env"


@dataclass
class Servers:
    """Where PostgreSQL and Redis answer, and what we started to make it so."""

    database_url: str
    redis_url: str
    kind: str
    name: str = "main"
    started: bool = False
    _use: IO[str] | None = field(default=None, repr=False)

    def leave(self, *, stop: bool) -> None:
        """Give up our use; stop what runs if asked to and nobody else of this checkout uses it."""
        if self._use is None:
            return
        self._use.close()
        if stop and self.kind == "private":
            with (LOCAL / f"use-{self.name}.lock").open("w") as use:
                try:
                    fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                private.stop(self.name)
        elif stop and self.kind == "compose":
            attempt([*_compose(), "stop"], cwd=ROOT, seconds=60)


def will_be_private() -> bool:
    """Tell whether neither the environment nor a Docker engine gives servers."""
    if os.environ.get("DATABASE_URL"):
        return False
    return bool(private.recorded()) or bool(packages.missing_servers() and not engine_answers())


def provide(name: str) -> Servers:
    """Give running servers: `main` for the product, `tests` for the tests (private ones only differ)."""
    given = {key: os.environ.get(key, "") for key in ("DATABASE_URL", "REDIS_URL")}
    if all(given.values()):
        return Servers(given["DATABASE_URL"], given["REDIS_URL"], "given", name)
    if any(given.values()):
        unset = next(key for key, value in given.items() if not value)
        raise Trouble(f"{unset} is missing: set both DATABASE_URL and REDIS_URL, or neither.")
    with one_at_a_time("servers"):
        use = _announce_use(name)
        servers = _from_compose(name) or _from_private(name)
        servers._use = use
        return servers


def _announce_use(name: str) -> IO[str]:
    use = (LOCAL / f"use-{name}.lock").open("w")
    os.set_inheritable(use.fileno(), True)  # bin/yinling becomes the product and still uses the servers
    fcntl.flock(use, fcntl.LOCK_SH)
    return use


def _from_private(name: str) -> Servers:
    pair, started = private.start(name)
    return Servers(pair.database_url, pair.redis_url, "private", name, started)


def _compose() -> list[str | Path]:
    return ["docker", "compose", "--project-name", f"yinling-{CHECKOUT}", "--env-file", _COMPOSE_ENV]


def engine_answers() -> bool:
    """Tell whether a Docker engine with Compose answers here, within a few seconds."""
    if os.environ.get("YINLING_DOCKER", "") == "no":
        return False
    asked = attempt(["docker", "info", "--format", "{{.ServerVersion}}"], seconds=4)
    if asked.returncode != 0 or not asked.stdout.strip():
        return False
    return attempt(["docker", "compose", "version"], seconds=4).returncode == 0


def _from_compose(name: str) -> Servers | None:
    if name in private.recorded() or not engine_answers():
        return None
    env = _compose_environment()
    up = attempt([*_compose(), "up", "--detach", "--wait", "db", "redis"], cwd=ROOT, seconds=600)
    if up.returncode != 0:
        say("Docker Compose could not start the servers (see .local/setup.log); using private ones")
        return None
    database = f"postgresql://yinling:{env['POSTGRES_PASSWORD']}@127.0.0.1:{env['YINLING_DB_PORT']}/yinling"
    redis = f"redis://:{env['REDIS_PASSWORD']}@127.0.0.1:{env['YINLING_REDIS_PORT']}/0"
    return Servers(database, redis, "compose", name, started=True)


def _compose_environment() -> dict[str, str]:
    if not _COMPOSE_ENV.exists():
        made = {
            "POSTGRES_PASSWORD": secrets.token_hex(16),
            "REDIS_PASSWORD": secrets.token_hex(16),
            "YINLING_SECRET_KEY": secret_key(),
            "YINLING_DB_PORT": str(free_port()),
            "YINLING_REDIS_PORT": str(free_port()),
        }
        write_private(_COMPOSE_ENV, "".join(f"{key}={value}\n" for key, value in made.items()))
    return dict(re.findall(r"^(\w+)=(.*)$", _COMPOSE_ENV.read_text(), re.M))


def secret_key() -> str:
    """Give this checkout's secret key, made once; the environment's YINLING_SECRET_KEY goes first."""
    given = os.environ.get("YINLING_SECRET_KEY")
    if given:
        return given
    path = LOCAL / "secret.key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48) + "\n")
    return path.read_text(encoding="utf-8").strip()


def environment(servers: Servers) -> dict[str, str]:
    """Give the environment in which the product runs, on top of the caller's own."""
    env = dict(os.environ)
    env |= {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "YINLING_SECRET_KEY": secret_key(),
        "NUMBA_CACHE_DIR": str(LOCAL / "numba"),
        "PYTHONUTF8": "1",
    }
    env.setdefault("YINLING_STORAGE_DIR", str(LOCAL / "attachments"))
    env.setdefault("YINLING_SEALS_DIR", str(LOCAL / "seals"))
    env.setdefault("YINLING_NETWORK_FILES_DIR", str(LOCAL / "networks"))
    data = ROOT.parent / "shared" / "data"
    if data.is_dir():
        env.setdefault("YINLING_DATA", str(data))
    if servers.kind != "given":
        env.setdefault("YINLING_DEMONSTRATION", "true")
    env.pop("PYTHONPATH", None)
    if env.pop("PYTHONDONTWRITEBYTECODE", None):  # kept out of the sources, yet compiled once and not at every start
        env["PYTHONPYCACHEPREFIX"] = str(LOCAL / "bytecode")
    own = [private.recorded()[servers.name].postgresql_bin] if servers.kind == "private" else []
    env["PATH"] = os.pathsep.join([str(LOCAL / "venv" / "bin"), *own, env.get("PATH", "")])
    return env
