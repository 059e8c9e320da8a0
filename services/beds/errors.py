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


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "bed_stay_no_overlap_excl": BedTaken,
    "bed_stay_one_bed_per_elder_excl": ElderHasABed,
    "bed_opened_before_closed_check": BadDays,
}
