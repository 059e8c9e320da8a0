"""Calling a platform's address: the name is looked up once, judged, and exactly the judged address is called.

Nothing follows a redirect, nothing waits long, and of the answer only its status is kept.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from services.oversight.webhook_rules import Network, may_call, networks_of, split_address
from services.settings import settings

SECONDS = 10.0
CONNECT_SECONDS = 5.0
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or why nothing did (`lost` on the way, or `refused` by the house itself)."""

    status: int | None
    lost: str | None = None
    refused: str | None = None

    @property
    def taken(self) -> bool:
        """Only a 2xx says the platform has it."""
        return self.status is not None and 200 <= self.status < 300


class Caller(Protocol):
    """Who carries a message to an address."""

    def call(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post one message and give the answer; never raises for what the other side does."""
        ...


def resolve(name: str, port: int) -> list[str]:
    """Look a name up; gives every address it has. Raises OSError when it has none."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _transport() -> httpx.HTTPTransport:
    """No connection outlives its message: one to the same address under another name would prove the wrong name."""
    kept_none = httpx.Limits(max_keepalive_connections=0)
    return httpx.HTTPTransport(verify=ssl.create_default_context(), retries=0, limits=kept_none)


class HttpCaller:
    """The real one, over TLS with the certificate checked against the name. No proxy of the environment is used."""

    def __init__(
        self,
        *,
        resolving: Resolve = resolve,
        allowed: tuple[Network, ...] = (),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._resolve, self._allowed = resolving, allowed
        self._client = httpx.Client(
            transport=transport or _transport(),
            timeout=httpx.Timeout(SECONDS, connect=CONNECT_SECONDS), follow_redirects=False, trust_env=False,
        )  # fmt: skip

    def call(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post one message. A name of which any address is inside the house is refused whole."""
        try:
            name, port, path = split_address(url)
        except ValueError as wrong:
            return Answer(None, refused=str(wrong))
        try:
            addresses = self._resolve(name, port)
        except (OSError, UnicodeError):
            return Answer(None, lost="name")
        if not addresses or not all(may_call(one, self._allowed) for one in addresses):
            return Answer(None, refused="address")
        return self._post(name, port, path, addresses[0], headers, body)

    def _post(self, name: str, port: int, path: str, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        host = f"[{address}]" if ":" in address else address
        told = {"content-type": "application/json", "user-agent": "yinling-webhooks/1", "accept-encoding": "identity"}
        told |= dict(headers) | {"host": name if port == 443 else f"{name}:{port}"}
        try:
            with self._client.stream(
                "POST", f"https://{host}:{port}{path}", headers=told, content=body, extensions={"sni_hostname": name}
            ) as answer:
                return Answer(answer.status_code)  # what else it says is never read
        except httpx.TimeoutException:
            return Answer(None, lost="time")
        except httpx.HTTPError:
            return Answer(None, lost="connection")


@dataclass
class FakePlatform:
    """A platform that keeps what it was told. Its next answers can be told: a status, `lost`, or `late`.

    `late`: it takes the message, but its answer never arrives, so that the same message comes a second time.
    """

    inbox: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    next_answers: list[int | str] = field(default_factory=list)
    calls: int = 0

    def call(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer as told, else take the message in."""
        self.calls += 1
        told = self.next_answers.pop(0) if self.next_answers else 204
        if told == "late":
            self.inbox.append((dict(headers), body))
            return Answer(None, lost="time")
        if isinstance(told, str):
            return Answer(None, lost="connection")
        if 200 <= told < 300:
            self.inbox.append((dict(headers), body))
        return Answer(told)


_caller: list[Caller] = []


def caller() -> Caller:
    """Give who carries messages in this process."""
    if not _caller:
        _caller.append(HttpCaller(allowed=networks_of(settings().webhook_networks)))
    return _caller[0]


def use_caller(other: Caller | None) -> None:
    """Let somebody else carry the messages of this process; None: the real one again."""
    _caller[:] = [] if other is None else [other]
