"""Why a city's pack, its rules or one of its areas could not be had."""

from __future__ import annotations

from services.errors import Conflict, Invalid, NotFound


class BadPack(Invalid):
    """The pack's text cannot be understood; `problems` names line and field of each mistake."""

    message_zh = "城市规则包有误，未作任何改动。"


class PackVersionChanged(Conflict):
    """The same version number came with other content: published rules are never edited in place."""

    message_zh = "同一版本号的规则包内容不同；请提高版本号后再载入。"


class UnknownCity(NotFound):
    """No pack was ever loaded for this city."""

    message_zh = "没有这个城市的规则包。"


class NoRulesInForce(NotFound):
    """On that day no version of the city's rules was in force yet."""

    message_zh = "这一天该城市还没有生效的规则。"


class UnknownArea(NotFound):
    """No area carries this code."""

    message_zh = "没有这个区划代码。"
