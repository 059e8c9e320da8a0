"""Taking out of a photo what it tells beside the picture: place, phone, time, thumbnail, comments.

Pure, on bytes. Only what is needed to draw stays; of EXIF only which way is up is written anew. What stands after the
picture's end (a film, a second picture) is dropped. Sources: ITU-T T.81 annex B, PNG 1.2, the WebP container.
"""

from __future__ import annotations

import struct
import zlib

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_KEPT_APPS = {0xE0, 0xEE}
"""APP0 (JFIF) and APP14 (how colours were coded); every other APPn and every comment goes."""
_KEPT_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs"}
_KEPT_WEBP = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"}


class NotAPicture(ValueError):
    """The bytes are no whole JPEG, PNG or WebP picture."""


def scrubbed(content: bytes) -> bytes:
    """Give a picture without what it tells beside itself. Raises NotAPicture."""
    try:
        if content.startswith(JPEG):
            return _jpeg(content)
        if content.startswith(PNG):
            return _png(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
    except (struct.error, IndexError) as broken:
        raise NotAPicture("broken") from broken
    raise NotAPicture("unknown")


def _jpeg(content: bytes) -> bytes:
    out, at, turned = [b"\xff\xd8"], 2, 1
    while True:
        if content[at] != 0xFF:
            raise NotAPicture("marker")
        while content[at + 1] == 0xFF:
            at += 1
        marker = content[at + 1]
        if marker == 0xD9:
            out.append(b"\xff\xd9")
            break
        length = struct.unpack_from(">H", content, at + 2)[0]
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise NotAPicture("length")
        if marker == 0xE1 and content[at + 4 : at + 10] == b"Exif\0\0":
            turned = _orientation(content[at + 10 : end]) or turned
        if marker in _KEPT_APPS or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            out.append(content[at:end])
        at = end
        if marker == 0xDA:
            at = _end_of_scan(content, end)
            out.append(content[end:at])
    if turned != 1:
        out.insert(1, _which_way_is_up(turned))
    return b"".join(out)


def _end_of_scan(content: bytes, at: int) -> int:
    """Give where the coded lines end: at the next marker that is neither a stuffed byte nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise NotAPicture("scan")
        after = content[at + 1]
        if after == 0 or 0xD0 <= after <= 0xD7:
            at += 2
        elif after == 0xFF:
            at += 1
        else:
            return at


def _orientation(tiff: bytes) -> int | None:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return None
    first = struct.unpack_from(order + "I", tiff, 4)[0]
    if first + 2 > len(tiff):
        return None
    for place in range(min(struct.unpack_from(order + "H", tiff, first)[0], 200)):
        entry = first + 2 + 12 * place
        if entry + 12 > len(tiff):
            return None
        tag, kind = struct.unpack_from(order + "HH", tiff, entry)
        if (tag, kind) == (0x0112, 3):
            value = struct.unpack_from(order + "H", tiff, entry + 8)[0]
            return value if 1 <= value <= 8 else None
    return None


def _which_way_is_up(turned: int) -> bytes:
    tiff = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, turned, 0) + b"\0\0\0\0"
    return b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff


def _png(content: bytes) -> bytes:
    out, at = [PNG], len(PNG)
    while True:
        length = struct.unpack_from(">I", content, at)[0]
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content):
            raise NotAPicture("length")
        if struct.unpack_from(">I", content, end - 4)[0] != zlib.crc32(content[at + 4 : end - 4]):
            raise NotAPicture("checksum")
        if kind in _KEPT_CHUNKS:
            out.append(content[at:end])
        if kind == b"IEND":
            return b"".join(out)
        at = end


def _webp(content: bytes) -> bytes:
    parts, at = [], 12
    limit = min(len(content), 8 + struct.unpack_from("<I", content, 4)[0])
    while at + 8 <= limit:
        kind, length = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        end = at + 8 + length + length % 2
        if at + 8 + length > len(content):
            raise NotAPicture("length")
        if kind in _KEPT_WEBP:
            part = bytearray(content[at:end])
            if kind == b"VP8X":
                part[8] &= ~0x2C & 0xFF  # no ICC profile, no EXIF, no XMP
            parts.append(bytes(part))
        at = end
    if not parts:
        raise NotAPicture("empty")
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body
