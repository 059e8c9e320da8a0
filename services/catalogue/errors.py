"""Why a service could not be found on the menu."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotFound


class UnknownService(NotFound):
    """No service of this code is in force on that day; facts: service_code, on."""

    message_zh = "没有这项服务，或者这项服务已经停办。"


class UnknownStandard(NotFound):
    """The city publishes no such service item on that day; facts: service_code, on."""

    message_zh = "这个城市没有公布这项服务标准。"


class StandardChanged(Conflict):
    """A version from that day stands already with other content; facts: code, valid_from."""

    message_zh = "这一天已经公布过另一个版本；请换一个生效日期。"


class VersionTooEarly(Invalid):
    """A new version must begin after the one in force began, and not in the past."""

    message_zh = "新版本的生效日期不能早于今天，也不能早于现行版本。"


class PriceAboveCeiling(Invalid):
    """A price lies above the ceiling of its city; refused by the database."""

    message_zh = "价格高于最高限价。"


class LinesAboveCeiling(Conflict):
    """Providers charge more than the new ceiling; facts: providers (id, price_fen). Lower them with it, or wait."""

    message_zh = "有机构的报价高于新的限价；请确认同时把这些报价降到限价。"


class TooLateToOrder(Conflict):
    """The notice or the day's cut-off has passed; facts: latest."""

    message_zh = "现在订已经来不及了，请换一个晚些的时间。"


class FiveFieldsNeeded(Invalid):
    """The basic list needs all five fields: item, recipients, provision, standard, payer."""

    message_zh = "服务项目、供给对象、供给方式、服务标准、支出责任主体五项都要写。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "service_standard_price_within_ceiling_check": PriceAboveCeiling,
    "service_line_price_within_ceiling_check": PriceAboveCeiling,
    "service_standard_five_fields_check": FiveFieldsNeeded,
    "service_standard_one_version_a_day_excl": StandardChanged,
}
