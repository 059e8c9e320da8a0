"""Why an act was refused. Each error carries facts and a sentence in Chinese; none knows HTTP."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """An act that the house refuses. `facts` go to programs, `message_zh` to people."""

    message_zh = "这件事现在办不了。"

    def __init__(self, message_zh: str | None = None, **facts: Any) -> None:
        self.facts = facts
        if message_zh is not None:
            self.message_zh = message_zh
        super().__init__(f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in facts.items())})")


class NotFound(DomainError):
    """What was asked for does not exist, or may not be seen: both look the same on purpose."""

    message_zh = "没有找到，或者您无权查看。"


class NotAllowed(DomainError):
    """The person is known but has no right to this act."""

    message_zh = "您没有办理这件事的权限。"


class Conflict(DomainError):
    """The act came too late, twice, or against another fact that already stands."""

    message_zh = "这件事与已有的记录冲突。"


class Invalid(DomainError):
    """What was handed in cannot be understood; `field` says where."""

    message_zh = "填写的内容有误，请检查。"


class SignInNeeded(DomainError):
    """Nobody is signed in, or the session has ended."""

    message_zh = "请先登录。"


class TooMany(DomainError):
    """Asked too often; `retry_seconds` says when to come back."""

    message_zh = "操作太频繁，请稍后再试。"


class Unavailable(DomainError):
    """Something outside the house does not answer just now; nothing was lost."""

    message_zh = "服务暂时不可用，请稍后再试；您填写的内容没有丢失。"
