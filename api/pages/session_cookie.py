"""The cookie of somebody who has just signed in, by whatever way."""

from __future__ import annotations

from fastapi.responses import Response

from api.deps import ROLE_COOKIE, SESSION_COOKIE, signed
from services.people.sign_in import SignedIn
from services.settings import settings


def with_session(answer: Response, opened: SignedIn, days: int) -> Response:
    """Put the session's cookie on an answer; the role she acted in before is forgotten."""
    answer.set_cookie(
        SESSION_COOKIE,
        signed(opened.token),
        max_age=days * 86_400,
        httponly=True,
        samesite="lax",
        secure=settings().cookie_secure,
    )
    answer.delete_cookie(ROLE_COOKIE)
    return answer
