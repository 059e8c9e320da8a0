"""The public directory in the Human Services Data Specification 3.0, for referral software and 211 lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from api.deps import OpenWork
from api.errors import problems
from api.schemas.hsds import HsdsPageOut, HsdsRootOut
from services.errors import Invalid, NotFound
from services.oversight import hsds
from services.oversight.directory_facts import offered_services, organizations
from services.unit_of_work import NOBODY, UnitOfWork, unit_of_work

router = APIRouter(prefix="/hsds/v3", tags=["hsds"])
STREAMED = 500
"""So many objects are read at once while a list streams."""
NDJSON = "application/x-ndjson"
PROFILE = "https://docs.openreferral.org/en/v3.0.0/"
Page = Annotated[int, Query(ge=1, le=10**6)]
PerPage = Annotated[int, Query(ge=1, le=500)]
Format = Annotated[Literal["json", "ndjson"], Query(description="ndjson streams all of it, one object a line")]
Search = Annotated[str | None, Query(max_length=100, description="words of the name")]
Uuid = Annotated[str | None, Query(max_length=36)]
Since = Annotated[datetime | None, Query(description="changed at this moment or later")]
Rows = Callable[[UnitOfWork, int, int], tuple[list[dict[str, Any]], int]]
"""Gives at most so many objects after so many, and how many there are in all."""
LISTED: Any = problems() | {200: {"content": {NDJSON: {}}, "description": "A page, or every object a line"}}


@router.get("/", response_model=HsdsRootOut, responses=problems(), summary="HSDS: which version this is")
def root(request: Request) -> HsdsRootOut:
    """Give the version and where the API is described."""
    return HsdsRootOut(
        version=hsds.VERSION, profile=PROFILE, openapi_url=str(request.base_url.replace(path="/api/openapi.json"))
    )


@router.get("/organizations", response_model=HsdsPageOut, responses=LISTED, summary="HSDS: organisations")
def list_organizations(
    work: OpenWork, page: Page = 1, per_page: PerPage = 50, format: Format = "json", search: Search = None,
    full: bool = False,
) -> Any:  # fmt: skip
    """Give organisations that serve elders."""

    def rows(work: UnitOfWork, most: int, skip: int) -> tuple[list[dict[str, Any]], int]:
        found = organizations(work.session, most=most, skip=skip, search=search)
        return [hsds.organization(row, full=full) for row in found], found[0].whole if found else 0

    return _answer(work, rows, page, per_page, format)


@router.get(
    "/organizations/{hsds_id}", response_model=dict[str, Any], responses=problems(404), summary="HSDS: an organisation"
)
def one_organization(work: OpenWork, hsds_id: str) -> dict[str, Any]:
    """Give one organisation."""
    number = hsds.number_of("organization", hsds_id)
    found = organizations(work.session, most=1, only=number) if number is not None else []
    return hsds.organization(found[0]) if found else _nothing(hsds_id)


@router.get("/services", response_model=HsdsPageOut, responses=LISTED, summary="HSDS: services")
def list_services(
    work: OpenWork,
    page: Page = 1,
    per_page: PerPage = 50,
    format: Format = "json",
    search: Search = None,
    taxonomy_term_id: Uuid = None,
    taxonomy_id: Uuid = None,
    organization_id: Uuid = None,
    modified_after: Since = None,
    minimal: Annotated[bool, Query(description="id and moment of the last change only")] = False,
    full: bool = False,
) -> Any:
    """Give services; those no longer offered too, by their status."""
    chosen = _chosen(work, taxonomy_term_id, taxonomy_id, organization_id)
    terms = _terms(work) if full else {}

    def rows(work: UnitOfWork, most: int, skip: int) -> tuple[list[dict[str, Any]], int]:
        if chosen is None:
            return [], 0
        since = _moment(modified_after)
        found = offered_services(work.session, most=most, skip=skip, search=search, since=since, **chosen)
        told = [hsds.service(row, terms, full=full) for row in found]
        if minimal:
            told = [{"id": one["id"], "modified_date": one["last_modified"]} for one in told]
        return told, found[0].whole if found else 0

    return _answer(work, rows, page, per_page, format)


@router.get("/services/{hsds_id}", response_model=dict[str, Any], responses=problems(404), summary="HSDS: a service")
def one_service(work: OpenWork, hsds_id: str) -> dict[str, Any]:
    """Give one service with places, prices, hours and terms nested."""
    only = hsds.service_of(hsds_id)
    found = offered_services(work.session, most=1, only=only) if only is not None else []
    return hsds.service(found[0], _terms(work)) if found else _nothing(hsds_id)


@router.get("/service_at_locations", response_model=HsdsPageOut, responses=LISTED, summary="HSDS: services at places")
def list_places(
    work: OpenWork,
    page: Page = 1,
    per_page: PerPage = 50,
    format: Format = "json",
    search: Search = None,
    taxonomy_term_id: Uuid = None,
    taxonomy_id: Uuid = None,
    organization_id: Uuid = None,
    modified_after: Since = None,
    full: bool = False,
) -> Any:
    """Give every service at its location. Postal codes are not kept here, so there is no search around one."""
    chosen = _chosen(work, taxonomy_term_id, taxonomy_id, organization_id)

    def rows(work: UnitOfWork, most: int, skip: int) -> tuple[list[dict[str, Any]], int]:
        if chosen is None:
            return [], 0
        since = _moment(modified_after)
        found = offered_services(work.session, most=most, skip=skip, search=search, since=since, **chosen)
        told = [hsds.service_at_location(row, {}, full=full) for row in found]
        return told, found[0].whole if found else 0

    return _answer(work, rows, page, per_page, format)


@router.get(
    "/service_at_locations/{hsds_id}", response_model=dict[str, Any], responses=problems(404),
    summary="HSDS: a service at its place",
)  # fmt: skip
def one_place(work: OpenWork, hsds_id: str) -> dict[str, Any]:
    """Give one service at its location."""
    only = hsds.place_of(hsds_id)
    found = offered_services(work.session, most=1, only=only) if only is not None else []
    return hsds.service_at_location(found[0], {}) if found else _nothing(hsds_id)


@router.get("/taxonomies", response_model=HsdsPageOut, responses=LISTED, summary="HSDS: vocabularies")
def list_taxonomies(
    work: OpenWork, page: Page = 1, per_page: PerPage = 50, format: Format = "json", search: Search = None
) -> Any:
    """Give the vocabularies: functions, kinds of sites, kinds of services."""
    return _answer(work, _of_list(hsds.taxonomies(), search), page, per_page, format)


@router.get(
    "/taxonomies/{hsds_id}", response_model=dict[str, Any], responses=problems(404), summary="HSDS: a vocabulary"
)
def one_taxonomy(work: OpenWork, hsds_id: str) -> dict[str, Any]:
    """Give one vocabulary."""
    return next((one for one in hsds.taxonomies() if one["id"] == hsds_id), None) or _nothing(hsds_id)


@router.get("/taxonomy_terms", response_model=HsdsPageOut, responses=LISTED, summary="HSDS: terms")
def list_terms(
    work: OpenWork,
    page: Page = 1,
    per_page: PerPage = 50,
    format: Format = "json",
    search: Search = None,
    taxonomy_id: Uuid = None,
    top_only: Annotated[bool, Query(description="all terms are top terms")] = False,
    parent_id: Uuid = None,
) -> Any:
    """Give the terms of the vocabularies; none has a parent."""
    terms = hsds.taxonomy_terms(work.session, work.now) if parent_id is None else []
    chosen = [term for term in terms if taxonomy_id in (None, term["taxonomy_id"])]
    return _answer(work, _of_list(chosen, search), page, per_page, format)


@router.get("/taxonomy_terms/{hsds_id}", response_model=dict[str, Any], responses=problems(404), summary="HSDS: a term")
def one_term(work: OpenWork, hsds_id: str) -> dict[str, Any]:
    """Give one term."""
    terms = hsds.taxonomy_terms(work.session, work.now)
    return next((one for one in terms if one["id"] == hsds_id), None) or _nothing(hsds_id)


def _answer(work: UnitOfWork, rows: Rows, page: int, per_page: int, form: str) -> Any:
    if form == "ndjson":
        return StreamingResponse(_lines(rows), media_type=NDJSON)
    told, whole = rows(work, per_page, (page - 1) * per_page)
    if not told and page > 1:
        whole = rows(work, 1, 0)[1]
    pages = -(-whole // per_page)
    return HsdsPageOut(
        total_items=whole, total_pages=pages, page_number=page, size=len(told), first_page=page == 1,
        last_page=page >= pages, empty=not told, contents=told,
    )  # fmt: skip


def _lines(rows: Rows) -> Iterator[str]:
    """Give every object a line; the request's own transaction is over while it streams, so this opens one of nobody's."""
    skip = 0
    while True:
        with unit_of_work(NOBODY) as work:
            told, _ = rows(work, STREAMED, skip)
        yield from (json.dumps(one, ensure_ascii=False) + "\n" for one in told)
        skip += len(told)
        if len(told) < STREAMED:
            return


def _of_list(whole: list[dict[str, Any]], search: str | None) -> Rows:
    found = [one for one in whole if not search or search.lower() in one["name"].lower()]
    return lambda _, most, skip: (found[skip : skip + most], len(found))


def _terms(work: UnitOfWork) -> dict[tuple[str, str], dict[str, Any]]:
    return hsds.known_terms(hsds.taxonomy_terms(work.session, work.now))


def _chosen(
    work: UnitOfWork, taxonomy_term_id: str | None, taxonomy_id: str | None, organization_id: str | None
) -> dict[str, Any] | None:
    """Read the filters; None where one of them names nothing that stands."""
    chosen: dict[str, Any] = {}
    if organization_id is not None:
        chosen["provider"] = hsds.number_of("organization", organization_id)
        if chosen["provider"] is None:
            return None
    if taxonomy_term_id is not None:
        named = next((key for key, term in _terms(work).items() if term["id"] == taxonomy_term_id), None)
        if named is None:
            return None
        chosen["term"] = named
    if taxonomy_id is not None:
        chosen["vocabulary"] = hsds.vocabulary_of(taxonomy_id)
        if chosen["vocabulary"] is None:
            return None
    return chosen


def _moment(told: datetime | None) -> datetime | None:
    """Read a moment; without a zone it is UTC, as the specification leaves it open."""
    if told is None:
        return None
    if not 1990 <= told.year <= 2200:
        raise Invalid("modified_after 超出范围。", field="modified_after")
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def _nothing(hsds_id: str) -> dict[str, Any]:
    raise NotFound("没有这个对象。", id=hsds_id[:40])
