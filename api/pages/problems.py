"""A page-sized error: what happened, what to do, whom to call."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from api.pages.kit import render

TITLES = {
    401: "请先登录",
    403: "这一页您不能看",
    404: "这一页找不到",
    409: "这件事刚才已经变了",
    422: "有一处没填对",
    429: "太频繁了，歇一会儿",
    503: "系统正忙",
}


def problem_page(request: Request, status: int, kind: str, detail: str) -> Response:
    """Answer a browser with words and a way on; who is not signed in is led to the sign-in page."""
    if status == 401 and request.method in {"GET", "HEAD"}:
        back = request.url.path
        return RedirectResponse(f"/sign-in?back={back}", status_code=303)
    context = {
        "title": TITLES.get(status, "系统出了问题"),
        "words": detail,
        "back_href": "/",
        "reference": getattr(request.state, "request_id", ""),
    }
    return render(request, "problem.html", context, status_code=status)
