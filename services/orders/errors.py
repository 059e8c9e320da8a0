"""Why an order could not be placed, changed, confirmed or rated."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, TooMany


class BadTime(Invalid):
    """The wished time cannot be understood: naive, past, backwards, too short or too far away; `field` says which."""

    message_zh = "时间填写有误，请重新选择。"


class KeyMissing(Invalid):
    """An order needs an idempotency key of 8 to 200 characters, so that pressing twice orders once."""

    message_zh = "请求缺少防重复编号（Idempotency-Key）。"


class KeyReused(Conflict):
    """The same idempotency key came with another wish; facts: order_number of the first."""

    message_zh = "这个请求编号已经用来下过另一张订单。"


class AlreadyOrdered(Conflict):
    """The same service is already ordered for this elder in an overlapping window, by her or a relative.

    Facts: order_id, order_number, starts_at, ends_at, placed_by, placed_at. `even_if_ordered` overrides.
    """

    message_zh = "这个时间已经订过同样的服务了。"


class OutsideOpening(Conflict):
    """Nobody who offers the service (or not the chosen provider) works then; facts: opening."""

    message_zh = "这个时间不在服务时间内，请换一个时间。"


class NotOffered(Conflict):
    """The chosen provider does not offer this service, or takes no new orders; facts: provider_id, service_code."""

    message_zh = "您选的机构现在不提供这项服务，请另选一家。"


class ForVolunteers(Conflict):
    """The service is given by volunteers and is asked for on the needs board, not ordered."""

    message_zh = "这项服务由志愿者提供，请在志愿服务里登记需要。"


class ElderHasMoved(Conflict):
    """The elder has moved out of the city; facts: elder_id, moved_out_on."""

    message_zh = "老人已登记迁出，不能在本地下单。"


class CannotCancel(Conflict):
    """An order in this state is not cancelled any more; facts: order_id, state."""

    message_zh = "服务已经开始或已经做完，不能取消；请拨打服务热线。"


class CannotConfirm(Conflict):
    """Only a served order is confirmed; facts: order_id, state."""

    message_zh = "服务还没有做完，现在不能确认。"


class CannotRate(Conflict):
    """Only a served or confirmed order is rated; facts: order_id, state."""

    message_zh = "服务做完以后才能评价。"


class AlreadyRated(Conflict):
    """An order is rated once; facts: order_id, rated_at."""

    message_zh = "这一单已经评价过了，谢谢您。"


class ProviderMayNotRate(NotAllowed):
    """Who works for the provider does not judge its work; facts: order_id, provider_id."""

    message_zh = "服务机构的人员不能评价自己的服务。"


class WrongStep(Conflict):
    """An order does not go from this state to that; facts: order_id, state, wanted."""

    message_zh = "订单的状态已经变了，请刷新后再看。"


class NoSuchPlace(Conflict):
    """The site has no meal, bath or day that begins then; facts: service_code, provider_id, starts_at."""

    message_zh = "这家没有这个时段，请重新选一个。"


class PlaceClosed(Conflict):
    """Orders for this meal, bath or day are closed; facts: closes_at, starts_at."""

    message_zh = "这个时段已经截止预订，请选以后的时段。"


class PlaceFull(Conflict):
    """Every place of this meal, bath or day is taken; facts: capacity, starts_at."""

    message_zh = "这个时段已经订满了，请换一个时段。"


class ContainsAllergen(Conflict):
    """The day's menu has what the elder must not eat; facts: dishes, avoids. `knows_allergens` overrides."""

    message_zh = "这天的菜里有老人不能吃的。"


class QuoteExpired(Conflict):
    """The quoted price holds no longer; facts: quote_id, valid_until."""

    message_zh = "报价已经过期，请重新看一次价格。"


class QuoteUsed(Conflict):
    """The quote was used for an order already; facts: quote_id, order_id."""

    message_zh = "这个报价已经用来下过单了。"


class QuoteForAnother(Conflict):
    """The quote is for another elder, service, time or provider; facts: quote_id."""

    message_zh = "报价和要下的单对不上，请重新看一次价格。"


class QuoteChanged(Conflict):
    """Public money was used up meanwhile: she would pay more than she was shown; facts: shown_fen, self_fen."""

    message_zh = "补贴或券的余额刚刚变了，您要付的比看到的多，请重新看一次价格。"


class NotHeldHere(Conflict):
    """The order holds no place that could be used now; facts: order_id, state."""

    message_zh = "这一单现在不能这样登记。"


class NotYourWork(NotAllowed):
    """Only who went there, or a dispatcher of the provider, judges the cooperation; facts: order_id."""

    message_zh = "只有上门的人或本机构的派单员可以评价这次合作。"


class ProviderBarred(Conflict):
    """The provider is on the blacklist: nothing is brought to it; facts: order_id."""

    message_zh = "这家机构在失信名单上，不能接单。"


class NotByCall(NotAllowed):
    """Only an office that called the receiver records her judgement as a call-back; facts: order_id."""

    message_zh = "电话回访的评价只能由打电话的工作人员记录。"


class WrongPlaceCode(Conflict):
    """The four digits are not those of this booking; facts: order_id, tries_left."""

    message_zh = "四位数字码不对，请再问一次老人。"


class PlaceCodeLocked(TooMany):
    """Five wrong codes: this way is closed for the booking; facts: order_id."""

    message_zh = "数字码已输错5次，不能再试。请老人扫门口的牌子，或请家人、社区证明。"


class PlaceCodeNotForYou(NotAllowed):
    """The booking's digits and the site's plate are for the elder's side; whoever is paid asks her."""

    message_zh = "这一步由老人或家人来做。"


class NoPlateThere(Conflict):
    """The plate hangs at another site, was replaced, or is none of ours; facts: order_id."""

    message_zh = "这块牌子不是这一单的地方，或者已经换过。"


class NotYourWord(NotAllowed):
    """Who is paid for it does not attest it; facts: order_id."""

    message_zh = "收这笔钱的机构不能自己证明，请老人、家人或社区来证明。"


class SaidTooShort(Invalid):
    """A word for somebody needs words."""

    message_zh = "请写清楚是怎么知道的，至少两个字。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "care_order_idempotency_key": KeyReused,
    "care_order_stands_where_its_log_says_check": WrongStep,
    "care_order_step_check": WrongStep,
    "care_order_window_check": BadTime,
    "place_slot_never_oversold_check": PlaceFull,
    "order_event_step_check": WrongStep,
    "place_evidence_not_by_the_payee_check": NotYourWord,
    "place_evidence_while_it_is_given_check": NotHeldHere,
    "rating_one_per_order_key": AlreadyRated,
    "rating_face_check": Invalid,
    "rating_from_its_side_check": ProviderMayNotRate,
    "cooperation_rating_one_per_order_key": AlreadyRated,
    "cooperation_rating_face_check": Invalid,
    "cooperation_rating_from_its_side_check": NotYourWork,
    "care_order_provider_not_barred_check": ProviderBarred,
}
