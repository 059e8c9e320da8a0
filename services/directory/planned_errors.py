"""Why something about projects, duties of residential areas, checks or flags could not be written down."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class NotForThisRegister(NotAllowed):
    """Registers of an area are kept by its officers."""

    message_zh = "台账由本辖区的民政干部登记。"


class NoSuchEntry(NotFound):
    """The register has no such row, or it may not be seen."""

    message_zh = "台账里没有这一条，或者您无权查看。"


class EntryIncomplete(Invalid):
    """Something needed is missing or cannot be; facts: field."""

    message_zh = "请把标出的一项写对。"


class StepsOutOfOrder(Conflict):
    """Steps follow each other: none before the one it needs."""

    message_zh = "日期要按先后填：前一步没有日期，或者日期早于前一步。"


class OpenedNeedsItsSite(Conflict):
    """What has opened names its site, which is registered and in use in the same district."""

    message_zh = "开业要选对应的设施：已登记、不在筹建、在同一个区。"


class EntryTaken(Conflict):
    """The register has a row of this name in this area already."""

    message_zh = "这个地方已经有同名的一条。"


class SiteTaken(Conflict):
    """The facility counts for another site of the project already."""

    message_zh = "这处设施已经算作这个项目的另一处。"


class FlagStands(Conflict):
    """The area holds this title already."""

    message_zh = "这个地方已经有这个称号。"


class CheckWithdrawn(Conflict):
    """The check was withdrawn before."""

    message_zh = "这次检查已经撤回了。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "project_site_steps_check": StepsOutOfOrder,
    "project_site_opened_check": OpenedNeedsItsSite,
    "project_site_dropped_check": StepsOutOfOrder,
    "project_site_facility_check": OpenedNeedsItsSite,
    "project_site_one_key": EntryTaken,
    "project_site_of_one_facility_idx": SiteTaken,
    "area_obligation_steps_check": StepsOutOfOrder,
    "area_obligation_m2_check": EntryIncomplete,
    "area_obligation_one_key": EntryTaken,
    "area_flag_one_open_idx": FlagStands,
}
