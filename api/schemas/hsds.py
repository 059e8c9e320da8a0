"""The directory's answers in HSDS 3.0; objects are those of the published specification."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class HsdsRootOut(BaseModel):
    """Which version of the specification this is, and where it is described."""

    version: str
    profile: str
    openapi_url: str


class HsdsPageOut(BaseModel):
    """A page as the specification has it; `contents` are its objects."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool
    contents: list[dict[str, Any]]
