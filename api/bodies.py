"""Bodies that must be read byte for byte, because somebody signed them."""

from __future__ import annotations

from fastapi import HTTPException, Request

LARGEST_NOTICE = 256 * 1024


async def signed_body(request: Request) -> bytes:
    """Read a carrier's or gateway's notice as it was signed, up to 256 KiB; more is 413."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_NOTICE:
            raise HTTPException(413)
    return bytes(body)
