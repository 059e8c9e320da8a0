"""Streets ready to walk, in memory-mapped files that all processes of a host share.

PostGIS is the truth; these files are made from it and may be thrown away at any time. A folder holds one state
of one city's streets, named by what it was made from (the version's own key, the gates, the code that made it),
so a name never means two things. It is written beside its place and renamed into it: whoever comes second uses
the first one's. Arrays are mapped copy-on-write: a mistaken write stays in the process that made it.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog

from geo.network import Network
from geo.profiles import Profile
from geo.walking import WalkGraph

CODE = ("files", "gates", "ground", "network", "osm_streets", "profiles", "rows", "walking", "locality")
"""Modules that decide what is in a file; a change in one of them makes new files."""
KEEP_BYTES = 4 * 2**30
KEEP_SECONDS = 600
"""What was used within ten minutes is never thrown away, however full the folder."""
_ABANDONED_SECONDS = 86_400
_EMPTY_ARRAY_BYTES = 128
_facts = "facts.json"
_chosen: list[Path] = []
log = structlog.get_logger("geo")


class TornFiles(Exception):
    """A folder of arrays is not whole; it is thrown away and made again."""


def keep_files_in(folder: Path) -> None:
    """Say where this host keeps its files; without it, in the system's folder for temporary files."""
    _chosen[:] = [folder]


def files_folder() -> Path:
    """Where the files are, made if need be, open to this user only."""
    folder = _chosen[0] if _chosen else Path(tempfile.gettempdir()) / f"yinling-networks-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@lru_cache(maxsize=1)
def code_key() -> str:
    """A fingerprint of the code that makes the files."""
    room = Path(__file__).parent
    sources = [(room / f"{name}.py") for name in CODE]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources if file.exists())).hexdigest()[:12]


def network_name(content_key: str, gates: str) -> str:
    """The folder of one state of streets."""
    return f"{content_key}-{gates or 'map'}-{code_key()}"


def graph_name(network: str, profile: Profile) -> str:
    """The folder of those streets as one profile walks them; a city's own speed has its own."""
    told = json.dumps([profile.measure, profile.speed_mps, profile.steps_factor])
    return f"{network}-{profile.code}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def keep_network(name: str, build: Callable[[], Network]) -> Network:
    """The streets of that name from their files; `build` makes them where this host has none."""
    kept = keep_arrays(name, lambda: _columns(build()))
    return Network(**kept)


def keep_graph(name: str, network: Network, profile: Profile, build: Callable[[], WalkGraph]) -> WalkGraph:
    """The graph of that name from its files, over `network`; `build` makes it where this host has none."""
    kept = keep_arrays(name, lambda: _columns(build()))
    return WalkGraph(network=network, profile=profile, **kept)


def _columns(thing: Any) -> dict[str, Any]:
    """The arrays and plain facts of a dataclass, by field; what is neither is given again by the caller."""
    kept = {}
    for column in fields(thing):
        value = getattr(thing, column.name)
        if (
            column.init
            and not column.name.startswith("_")
            and isinstance(value, np.ndarray | tuple | str | int | float)
        ):
            kept[column.name] = value
    return kept


def keep_arrays(name: str, build: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Arrays (mapped) and plain facts of that name; built, written and renamed into place where there are none."""
    for _ in range(3):
        try:
            return _open(files_folder() / name)
        except TornFiles:
            shutil.rmtree(files_folder() / name, ignore_errors=True)
        except OSError:
            built = build()
            try:
                _write(name, built)
            except OSError as error:  # a full or locked disk costs memory, not the elder's circle
                log.warning("streets could not be kept in files", folder=name, reason=str(error))
                return built
    return build()


def _open(folder: Path) -> dict[str, Any]:
    facts = json.loads((folder / _facts).read_text(encoding="utf-8"))
    opened: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in facts["plain"].items()
    }
    for key, size in facts["sizes"].items():
        file = folder / f"{key}.npy"
        if file.stat().st_size != size:
            raise TornFiles(str(file))
        opened[key] = _mapped(file)
    os.utime(folder / _facts)
    return opened


def _mapped(file: Path) -> npt.NDArray[Any]:
    """An array on a file: mapped copy-on-write, as a plain ndarray so that compiled code takes it as any other."""
    some = file.stat().st_size > _EMPTY_ARRAY_BYTES
    return np.asarray(np.load(file, mmap_mode="c" if some else None, allow_pickle=False))


def _write(name: str, columns: dict[str, Any]) -> None:
    folder = files_folder()
    make_room(folder)
    draft = Path(tempfile.mkdtemp(dir=folder, prefix=".making-"))
    try:
        arrays = {key: value for key, value in columns.items() if isinstance(value, np.ndarray)}
        plain = {key: value for key, value in columns.items() if key not in arrays}
        for key, value in arrays.items():
            np.save(draft / f"{key}.npy", np.ascontiguousarray(value), allow_pickle=False)
        sizes = {key: (draft / f"{key}.npy").stat().st_size for key in arrays}
        (draft / _facts).write_text(json.dumps({"plain": plain, "sizes": sizes}), encoding="utf-8")
        os.rename(draft, folder / name)
    except OSError:
        if not (folder / name / _facts).exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def make_room(folder: Path, keep_bytes: int = KEEP_BYTES, keep_seconds: int = KEEP_SECONDS) -> list[str]:
    """Throw away the longest unused until the rest fits; give the names. Mapped files live on in their readers."""
    here = _disk_time(folder)
    found: list[tuple[float, int, Path]] = []
    for entry in list(folder.iterdir()):
        if entry.name.startswith(".making-"):
            if here - _used_at(entry) > _ABANDONED_SECONDS:
                shutil.rmtree(entry, ignore_errors=True)
        elif (entry / _facts).exists():
            found.append((_used_at(entry / _facts), _size(entry), entry))
    total, gone = sum(size for _, size, _ in found), []
    for used_at, size, entry in sorted(found):
        if total <= keep_bytes or here - used_at < keep_seconds:
            break
        shutil.rmtree(entry, ignore_errors=True)
        gone.append(entry.name)
        total -= size
    return gone


def _disk_time(folder: Path) -> float:
    """What time the disk thinks it is, which its files' ages are counted by."""
    mark = folder / ".used"
    mark.touch()
    return mark.stat().st_mtime


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except FileNotFoundError:
        return 0
