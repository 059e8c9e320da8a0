"""Why a service could not be found on the menu."""

from __future__ import annotations

from services.errors import NotFound


class UnknownService(NotFound):
    """No service of this code is in force on that day; facts: service_code, on."""

    message_zh = "没有这项服务，或者这项服务已经停办。"
