"""Where files about an elder lie: behind a protocol, sealed, under keys that say nothing.

The local implementation keeps one file per key. Contents are sealed with AES-256-GCM under the field key
(its id stands in front), bound to their own key, so one file cannot be passed off as another.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag

from services.errors import NotFound
from services.people.privacy import SealBroken, newest_key, ring_cipher
from services.settings import settings

_MARK = b"YLA1"
_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")


class NoSuchFile(NotFound):
    """Nothing is stored under this key."""

    message_zh = "没有这个附件。"


class Storage(Protocol):
    """Keeps sealed bytes under a key made by `new_key`."""

    def put(self, key: str, content: bytes) -> None:
        """Keep bytes under a new key, durably. Raises FileExistsError when the key is taken."""
        ...

    def get(self, key: str) -> bytes:
        """Give the bytes kept under a key. Raises NoSuchFile."""
        ...

    def remove(self, key: str) -> None:
        """Forget a key; harmless when nothing is there."""
        ...


class LocalFiles:
    """Keeps files under one directory that only this system user may read."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, content: bytes) -> None:
        """Write to a temporary name first, so that a file is there whole or not at all."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            raise FileExistsError(key)
        draft = path.with_suffix(f".{secrets.token_hex(4)}.draft")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()

    def get(self, key: str) -> bytes:
        """Read the whole file."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as missing:
            raise NoSuchFile() from missing

    def remove(self, key: str) -> None:
        """Delete the file."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):  # also keeps `..`, absolute paths and device names out
            raise ValueError("not a storage key")
        return self._root / key


def storage() -> Storage:
    """Give the storage the settings name."""
    return LocalFiles(settings().storage_dir)


def new_key() -> str:
    """Give a fresh key, without meaning, spread over 256 folders."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}"


def seal_bytes(key: str, content: bytes) -> bytes:
    """Seal a file's bytes for its storage key, under the newest key of the ring."""
    key_id, nonce = newest_key(), os.urandom(12)
    head = _MARK + bytes([len(key_id)]) + key_id.encode()
    return head + nonce + ring_cipher(key_id, "attachment").encrypt(nonce, content, key.encode())


def sealed_under(sealed: bytes) -> str:
    """Give the id of the key a file was sealed under; empty when it is no sealed file."""
    length = sealed[4] if len(sealed) > 4 else 0
    return sealed[5 : 5 + length].decode("ascii", "replace") if sealed[:4] == _MARK else ""


def unseal_bytes(key: str, sealed: bytes) -> bytes:
    """Open a file's bytes. Raises SealBroken when altered, moved to another key, or sealed with a missing key."""
    key_id = sealed_under(sealed)
    rest = sealed[5 + len(key_id) :]
    try:
        return ring_cipher(key_id, "attachment").decrypt(rest[:12], rest[12:], key.encode())
    except (InvalidTag, ValueError) as broken:
        raise SealBroken(key_id=key_id) from broken
