"""Why an offer could not be answered."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed


class OfferExpired(Conflict):
    """The time to answer is over and the order is with the next provider; facts: offer_id, expires_at."""

    message_zh = "这一单的答复时间已过，已转给下一家。"


class AlreadyAccepted(Conflict):
    """Somebody accepted this offer before; facts: offer_id, answered_at, answered_by."""

    message_zh = "这一单已经有人接了。"


class OfferClosed(Conflict):
    """The offer was declined or withdrawn, or its order is not open any more; facts: offer_id, state."""

    message_zh = "这一单已经撤回，不用再答复。"


class ProviderBlocked(Conflict):
    """A provider on the blocked list takes no new orders; facts: provider_id."""

    message_zh = "贵机构已被暂停接单，请联系民政部门。"


class SlotFull(Conflict):
    """The provider already holds as many orders in this window as it said it can; facts: booked, slot_capacity."""

    message_zh = "这个时间贵机构已约满，请婉拒，让下一家来接。"


class NotADispatcher(NotAllowed):
    """Only a dispatcher of the provider answers for it; facts: provider_id."""

    message_zh = "只有这家机构的调度员可以办理。"


class NotForThisDesk(NotAllowed):
    """Answers are measured for the office of the area and for the provider's dispatcher; facts: role."""

    message_zh = "答复快慢由本辖区的工作人员和机构调度员查看。"


class TaskClosed(Conflict):
    """The order does not wait for the bureau any more; facts: order_id, state."""

    message_zh = "这一单已经有安排了，不用再派。"


class NotAmongThem(Conflict):
    """The named provider cannot take this order now; facts: order_id, provider_id, why."""

    message_zh = "这家机构现在接不了这一单，请在名单里另选一家。"


class HomeUnknown(Conflict):
    """The elder's home has no place on the map yet, so nobody's way to it is known; facts: elder_id."""

    message_zh = "还没有登记老人家的位置，请联系社区补登。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "offer_one_accepted_per_order_idx": AlreadyAccepted,
    "offer_one_open_per_order_idx": Conflict,
    "offer_once_per_provider_key": Conflict,
    "bureau_task_one_open_per_order_idx": TaskClosed,
    "offer_state_check": Invalid,
    "offer_provider_not_barred_check": ProviderBlocked,
}
