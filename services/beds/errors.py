"""Why an elder cannot have this bed on these days."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class BedNotFound(NotFound):
    """No such bed, or not in your area."""

    message_zh = "没有找到这张床位，或者它不在您的辖区。"


class BedTaken(Conflict):
    """Somebody else lies in this bed on some of these days."""

    message_zh = "这张床位在这些日子里已有人入住，请换一张床位或换日期。"


class ElderHasABed(Conflict):
    """The elder already has a bed on some of these days."""

    message_zh = "这位老人在这些日子里已经住在另一张床位，请先办理退住。"


class BedNotOpen(Conflict):
    """The bed is not open on all of these days: `opened_on`, `closed_on`."""

    message_zh = "这张床位在这些日子里没有开放。"


class StayNotFound(NotFound):
    """No such stay, or not in your area."""

    message_zh = "没有找到这条入住记录。"


class StayEnded(Conflict):
    """The elder left before."""

    message_zh = "这位老人已经办理过退住。"


class BadDays(Invalid):
    """The last day lies before the first."""

    message_zh = "日期填写有误：离开的日子须晚于入住的日子。"


class NotForYourOffice(NotAllowed):
    """Beds are given and taken by the officers of the area."""

    message_zh = "入住和退住由辖区民政工作人员办理。"


class UnknownRatio(NotFound):
    """The city's rules define no such ratio."""

    message_zh = "本市的规则里没有这个占比指标。"


class HomeBedNotFound(NotFound):
    """There is no such home-bed contract, or it may not be seen."""

    message_zh = "没有这份家庭照护床位合同，或者您无权查看。"


class HomeBedTaken(Conflict):
    """The elder has a home care bed in force already."""

    message_zh = "这位老人已有生效的家庭照护床位。"


class LivesInInstitution(Conflict):
    """An elder in an institution's bed has no home care bed at the same time."""

    message_zh = "这位老人住在机构里，不能同时签家庭照护床位。"


class HomeBedForOffice(NotAllowed):
    """Contracts are registered and ended by the officer of the elder's area."""

    message_zh = "家庭照护床位由老人所在街道的工作人员登记。"


class PartsDoNotAddUp(Invalid):
    """What government and family pay must add up to the price."""

    message_zh = "合同各方承担的价格加起来须等于总价。"


class EmptyServiceList(Invalid):
    """A contract needs a list of services, each named once."""

    message_zh = "服务清单不能为空，同一项服务只写一次。"


class ContractNumberTaken(Conflict):
    """The contract's number was used already."""

    message_zh = "合同编号已经用过。"


class BadTerm(Invalid):
    """The term ends before it begins, or was signed after it began; `field` says which."""

    message_zh = "合同的起止日期不对。"


class HomeBedEnded(Conflict):
    """The contract has ended already."""

    message_zh = "这份合同已经终止。"


class MustSignHerself(Invalid):
    """The elder signs, or a relative with the right to order for her."""

    message_zh = "签字人须是老人本人或有权代办的家属。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "bed_stay_no_overlap_excl": BedTaken,
    "bed_stay_one_bed_per_elder_excl": ElderHasABed,
    "bed_opened_before_closed_check": BadDays,
    "home_bed_one_per_elder_excl": HomeBedTaken,
    "home_bed_contract_number_key": ContractNumberTaken,
}
