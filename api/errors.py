"""One table from why an act was refused to what HTTP says about it (RFC 9457 problem+json).

422 means malformed input only; what collides with a fact is 409; what may not be seen is 404.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError, IntegrityError, InternalError, OperationalError, ProgrammingError
from starlette.exceptions import HTTPException

import geo.errors
import services
import timebank.errors
from api.pages.house_words import said_in_english
from api.pages.languages import SOURCE_LANGUAGE, current_language
from geo.errors import GeoError
from services.errors import (
    Conflict,
    DomainError,
    Invalid,
    NotAllowed,
    NotFound,
    SignInNeeded,
    TooMany,
    Unavailable,
)
from timebank.errors import TimebankError

log = structlog.get_logger("api")
PROBLEM = "application/problem+json"
READ_ONLY_TRANSACTION = "25006"
NO_PRIVILEGE = "42501"
STATUS: dict[type[DomainError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Conflict: 409,
    Invalid: 422,
    SignInNeeded: 401,
    TooMany: 429,
    Unavailable: 503,
}
BELOW: dict[type[Exception], type[DomainError]] = {
    timebank.errors.InsufficientMinutes: Conflict,
    timebank.errors.CapExceeded: Conflict,
    timebank.errors.DailyCapExceeded: Conflict,
    timebank.errors.BanksNotLinked: Conflict,
    timebank.errors.OneLegOnly: Conflict,
    timebank.errors.IdempotencyConflict: Conflict,
    timebank.errors.AlreadyResolved: Conflict,
    timebank.errors.AccountNotFound: NotFound,
    timebank.errors.TransferNotFound: NotFound,
    timebank.errors.NotPending: Conflict,
    timebank.errors.NotReversible: Conflict,
    timebank.errors.AlreadyReversed: Conflict,
    timebank.errors.PeriodClosed: Conflict,
    timebank.errors.PeriodNotOver: Conflict,
    timebank.errors.ClockSteppedBack: Unavailable,
    timebank.errors.InvalidMinutes: Invalid,
    timebank.errors.InvalidRequest: Invalid,
    timebank.errors.PairNotAllowed: Conflict,
    timebank.errors.SelfTransfer: Invalid,
    timebank.errors.SubjectAlreadyBooked: Conflict,
    timebank.errors.EventInFuture: Invalid,
    timebank.errors.AppendOnly: Conflict,
    geo.errors.UnknownCrs: Invalid,
    geo.errors.UnreadableMap: Invalid,
    geo.errors.UnreadableRaster: Invalid,
    geo.errors.NoNetwork: Conflict,
    geo.errors.UnknownProfile: Invalid,
    geo.errors.NoChineseFont: Unavailable,
    geo.errors.NotSnapped: Invalid,
    geo.errors.NoSuchMinutes: Invalid,
}
"""What a refusal of the ledger or the map means when a room let it through; they know neither HTTP nor services."""
MESSAGES_BY_STATUS = {
    404: "没有找到这个页面或记录。",
    405: "这个地址不接受这种操作。",
    413: "内容太大。",
    415: "不支持这种内容格式。",
}


class Problem(BaseModel):
    """RFC 9457: what went wrong, in Chinese for people, with facts for programs."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(examples=["urn:yinling:problem:OfferExpired"])
    title: str
    status: int
    detail: str
    detail_en: str | None = Field(default=None, description="The same in English, when the reader asked for English.")
    instance: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems a route may answer with."""
    return {status: {"model": Problem, "content": {PROBLEM: {}}} for status in (*statuses, 422)}


def status_of(error: DomainError) -> int:
    """Give the status of an error's nearest mapped class. Raises KeyError when none is mapped."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    raise KeyError(type(error).__name__)


@lru_cache(maxsize=1)
def by_constraint() -> dict[str, type[DomainError]]:
    """Collect each room's BY_CONSTRAINT: which error a broken database rule means."""
    found: dict[str, type[DomainError]] = {}
    for room in pkgutil.iter_modules(services.__path__):
        if room.ispkg:
            try:
                module = importlib.import_module(f"services.{room.name}.errors")
            except ModuleNotFoundError:
                continue
            found.update(getattr(module, "BY_CONSTRAINT", {}))
    return found


def domain_error_of(error: IntegrityError) -> DomainError | None:
    """Give the domain error that a broken constraint stands for, by the constraint's name."""
    diagnosis = getattr(error.orig, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    kind = by_constraint().get(name or "")
    return kind(constraint=name) if kind else None


def problem_response(
    request: Request, status: int, kind: str, detail: str, facts: dict[str, Any] | None = None
) -> Response:
    """Answer with problem+json, or with a page when a browser asked for one."""
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/"):
        from api.pages.problems import problem_page

        return problem_page(request, status, kind, detail)
    body = Problem(
        type=f"urn:yinling:problem:{kind}",
        title=kind,
        status=status,
        detail=detail,
        detail_en=said_in_english(detail) if current_language.get() != SOURCE_LANGUAGE else None,
        instance=getattr(request.state, "request_id", None),
        facts=facts or {},
    )
    answered = body.model_dump(mode="json")
    if body.detail_en is None:
        del answered["detail_en"]
    headers = {"Retry-After": str((facts or {})["retry_seconds"])} if "retry_seconds" in (facts or {}) else {}
    return JSONResponse(answered, status_code=status, media_type=PROBLEM, headers=headers)


def refused(request: Request, error: DomainError) -> Response:
    """Answer a refusal with its status, its Chinese sentence and its facts."""
    facts = {key: _plain(value) for key, value in error.facts.items()}
    return problem_response(request, status_of(error), type(error).__name__, error.message_zh, facts)


def refused_below(request: Request, error: TimebankError | GeoError) -> Response:
    """Answer a refusal of the ledger or of the map under its own name; one not in the table is unexpected."""
    kind = BELOW.get(type(error))
    if kind is None:
        return unexpected(request, error)
    facts = {key: _plain(value) for key, value in getattr(error, "facts", vars(error)).items()}
    words = str(error) if isinstance(error, GeoError) else error.message_zh
    return problem_response(request, STATUS[kind], type(error).__name__, words, facts)


def broken_rule(request: Request, error: IntegrityError) -> Response:
    """Answer a rule that the database held, by the constraint's name."""
    meant = domain_error_of(error)
    if meant is not None:
        return refused(request, meant)
    log.warning("unmapped constraint", error=str(error.orig)[:300])
    return problem_response(request, 409, "Conflict", Conflict.message_zh)


def malformed(request: Request, error: RequestValidationError) -> Response:
    """Answer input that does not fit its schema, field by field."""
    fields = [{"field": ".".join(str(part) for part in one["loc"]), "message": one["msg"]} for one in error.errors()]
    return problem_response(request, 422, "Malformed", "提交的内容格式不对，请检查标出的字段。", {"fields": fields})


def out_of_range(request: Request, error: DataError) -> Response:
    """Answer a value that PostgreSQL cannot hold."""
    return problem_response(request, 422, "Malformed", "提交的内容超出允许的范围。")


def read_only(request: Request, error: InternalError) -> Response:
    """Answer an auditor who tried to write; anything else internal is unexpected."""
    if getattr(error.orig, "sqlstate", None) == READ_ONLY_TRANSACTION:
        return problem_response(request, 403, NotAllowed.__name__, "审计账号只能查看，不能办理。")
    return unexpected(request, error)


def not_privileged(request: Request, error: ProgrammingError) -> Response:
    """Answer a row that the database's own rules keep from this person; anything else of its kind is unexpected.

    The rooms check rights first, so the log has a line for each: either somebody tried, or a check is missing.
    """
    if getattr(error.orig, "sqlstate", None) != NO_PRIVILEGE:
        return unexpected(request, error)
    log.error("refused by row-level security", path=request.url.path, error=str(error.orig)[:300])
    return problem_response(request, 403, NotAllowed.__name__, NotAllowed.message_zh)


def database_away(request: Request, error: OperationalError) -> Response:
    """Answer while the database does not."""
    log.error("database", error=str(error.orig)[:300])
    return problem_response(request, 503, "Unavailable", Unavailable.message_zh, {"retry_seconds": 5})


def plain_http(request: Request, error: HTTPException) -> Response:
    """Answer the framework's own refusals (no such path, too large) as problems."""
    detail = MESSAGES_BY_STATUS.get(error.status_code, str(error.detail))
    return problem_response(request, error.status_code, "Http", detail)


def unexpected(request: Request, error: Exception) -> Response:
    """Answer without details; the log has them under the request's id."""
    log.error("unexpected", path=request.url.path, exc_info=error)
    return problem_response(request, 500, "Unexpected", "系统出了问题，已经记录。请稍后再试，或拨打社区电话。")


def add_error_handlers(app: FastAPI) -> None:
    """Teach the app to answer every refusal."""
    handlers: dict[type[Exception], Any] = {
        DomainError: refused,
        TimebankError: refused_below,
        GeoError: refused_below,
        IntegrityError: broken_rule,
        RequestValidationError: malformed,
        DataError: out_of_range,
        InternalError: read_only,
        OperationalError: database_away,
        ProgrammingError: not_privileged,
        HTTPException: plain_http,
        Exception: unexpected,
    }
    for kind, answer in handlers.items():
        app.add_exception_handler(kind, answer)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else str(value)
