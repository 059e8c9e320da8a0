"""The sealed file a backup is: a stream of AES-256-GCM pieces that can be neither read, altered nor cut short.

Format "YLBK1" (docs/backup.md): magic 6 bytes, salt 16, nonce start 7; then pieces of a 4-byte big-endian length and
that many bytes of ciphertext with its 16-byte tag. Piece n is sealed under the nonce start ‖ n (4 bytes) ‖ 1 for the
last piece, else 0, with the whole head as associated data. Key: HKDF-SHA256 of a secret derived from
YINLING_SECRET_KEY, salted. (The STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015.)
"""

from __future__ import annotations

import io
import os
import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.errors import Invalid
from services.settings import settings

MAGIC = b"YLBK1\n"
PIECE = 1024 * 1024
_TAG = 16
_HEAD = len(MAGIC) + 16 + 7


class BackupBroken(Invalid):
    """The backup was altered, cut short, or sealed with another secret key."""

    message_zh = "备份文件损坏、不完整，或不是用这台机器的密钥加密的。"


class SealingWriter(io.RawIOBase):
    """Seals what is written to it; `finish` writes the last piece, without which the file does not open."""

    def __init__(self, into: BinaryIO) -> None:
        self._into = into
        self._head = MAGIC + os.urandom(16 + 7)
        self._cipher = _cipher(self._head)
        self._number = 0
        self._waiting = bytearray()
        into.write(self._head)

    def writable(self) -> bool:
        """Say that this is for writing."""
        return True

    def write(self, data: object) -> int:
        """Take bytes; whole pieces are sealed at once, the newest is kept back in case it is the last."""
        taken = bytes(data)  # type: ignore[call-overload]
        self._waiting += taken
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(taken)

    def finish(self) -> None:
        """Seal the last piece."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._head, self._number, last), piece, self._head)
        self._into.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1


def unseal_to(source: BinaryIO, into: BinaryIO) -> None:
    """Open a sealed stream into a plain one. Raises BackupBroken, by which time `into` must be thrown away."""
    head = source.read(_HEAD)
    if len(head) != _HEAD or not head.startswith(MAGIC):
        raise BackupBroken(reason="not a backup of this format")
    cipher, number, last = _cipher(head), 0, False
    length = source.read(4)
    while length:
        size = struct.unpack(">I", length)[0] if len(length) == 4 else 0
        if not _TAG <= size <= PIECE + _TAG:
            raise BackupBroken(reason="bad piece length", piece=number)
        sealed = source.read(size)
        length = source.read(4)
        last = not length
        try:
            into.write(cipher.decrypt(_nonce(head, number, last), sealed, head))
        except InvalidTag as broken:
            raise BackupBroken(reason="a piece does not open", piece=number) from broken
        number += 1
    if not last:
        raise BackupBroken(reason="the last piece is missing", piece=number)


def _nonce(head: bytes, number: int, last: bool) -> bytes:
    return head[-7:] + struct.pack(">I", number) + bytes([last])


def _cipher(head: bytes) -> AESGCM:
    salt = head[len(MAGIC) : len(MAGIC) + 16]
    key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"yinling backup 1")
    return AESGCM(key.derive(settings().derived_secret("backup")))
