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
    """Beds are given and taken by the officers of the area and by the home itself."""

    message_zh = "入住和退住由辖区民政工作人员或所在机构办理。"


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


class NotAssessed(Conflict):
    """No ability assessment of the elder holds on the first day; or give the reason of an emergency."""

    message_zh = "入住前须有有效的能力评估。情况紧急的，请写明原因，并在期限内补做评估。"


class BedPromised(Conflict):
    """The bed is held for somebody to whom it was offered."""

    message_zh = "这张床位正留给轮候的老人，请换一张床位。"


class SomebodyWaits(Conflict):
    """Others wait for this bed: offer it to the first on the list."""

    message_zh = "有老人在轮候这张床位，请先按顺序发出入住通知。"


class NotOnTheList(NotAllowed):
    """A home admits who accepted its offer, or whose ID card it holds."""

    message_zh = "请先由老人或家属申请轮候并接受入住通知，或凭身份证号办理。"


class HomeNotFound(NotFound):
    """No such home, or it has no beds."""

    message_zh = "没有找到这家机构，或者它没有床位。"


class OnLeave(Conflict):
    """The elder is away on some of these days already."""

    message_zh = "这位老人在这些日子里已经登记外出。"


class LeaveNotFound(NotFound):
    """No such leave, or it may not be seen."""

    message_zh = "没有这条外出记录，或者您无权查看。"


class NotInTheStay(Invalid):
    """The leave lies outside the stay."""

    message_zh = "外出的日子须在入住期间内。"


class StayBeginsOnce(Conflict):
    """What a stay began with is not changed; end it and begin another."""

    message_zh = "入住记录的床位、老人和入住日不能改，请先办理退住再重新入住。"


class WaitNotFound(NotFound):
    """No such entry on a waiting list, or it may not be seen."""

    message_zh = "没有这条轮候记录，或者您无权查看。"


class WaitsAlready(Conflict):
    """The elder waits for this home already."""

    message_zh = "这位老人已经在这家机构轮候。"


class WaitClosed(Conflict):
    """The entry has ended: moved in, withdrawn or removed."""

    message_zh = "这条轮候已经结束。"


class NobodyWaits(Conflict):
    """Nobody waits for whom this bed is suitable."""

    message_zh = "没有适合这张床位的轮候老人。"


class NotFirst(Conflict):
    """Others come first; a jump needs a reason and a second person."""

    message_zh = "前面还有轮候的老人。要提前，请写明理由并由另一位工作人员批准。"


class BedNotFree(Conflict):
    """Somebody lies in the bed or has it promised."""

    message_zh = "这张床位还没有空出来。"


class BedOfferNotFound(NotFound):
    """No such offer of a bed, or it may not be seen."""

    message_zh = "没有这条入住通知，或者您无权查看。"


class BedOfferClosed(Conflict):
    """The offer was answered, withdrawn, or its time ran out."""

    message_zh = "这条入住通知已经答复过，或者已经过期。"


class JumpNotFound(NotFound):
    """No such wish to put somebody first, or it may not be seen."""

    message_zh = "没有这条提前申请，或者您无权查看。"


class JumpAsked(Conflict):
    """A wish to put her first is open already."""

    message_zh = "已经有一条提前申请在等批准。"


class SecondPersonNeeded(NotAllowed):
    """Who asked does not decide."""

    message_zh = "提前轮候要由另一位民政工作人员批准，提出的人不能自己批准。"


class SayWhy(Invalid):
    """A reason is missing, or longer than 500 characters."""

    message_zh = "请写明理由（不超过500字）。"


class BadBedFacts(Invalid):
    """A fact of a bed or a home is missing or unknown; `field` says which."""

    message_zh = "床位或机构的信息填写有误，请检查。"


class StandingOverlaps(Conflict):
    """A later fact about the home stands already."""

    message_zh = "这一天以后已有登记，请核对生效日期。"


class NothingReported(NotFound):
    """The source chosen said nothing about this count on this day."""

    message_zh = "这个来源当天没有报过这个数。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "bed_stay_no_overlap_excl": BedTaken,
    "bed_stay_one_bed_per_elder_excl": ElderHasABed,
    "bed_opened_before_closed_check": BadDays,
    "home_bed_one_per_elder_excl": HomeBedTaken,
    "home_bed_contract_number_key": ContractNumberTaken,
    "bed_stay_needs_an_assessment_check": NotAssessed,
    "bed_stay_in_an_open_bed_check": BedNotOpen,
    "bed_stay_bed_is_promised_check": BedPromised,
    "bed_stay_passes_nobody_check": SomebodyWaits,
    "bed_stay_begins_once": StayBeginsOnce,
    "bed_stay_external_ref_key": BedTaken,
    "bed_leave_no_overlap_excl": OnLeave,
    "bed_leave_within_its_stay_check": NotInTheStay,
    "bed_wait_one_a_home_idx": WaitsAlready,
    "bed_wait_keeps_its_turn": WaitClosed,
    "bed_jump_one_open_idx": JumpAsked,
    "bed_jump_two_people_check": SecondPersonNeeded,
    "bed_offer_goes_to_the_first_check": NotFirst,
    "bed_offer_of_a_free_bed_check": BedNotFree,
    "bed_offer_one_a_bed_idx": BedNotFree,
    "bed_offer_one_a_wait_idx": BedOfferClosed,
    "bed_offer_answered_once": BedOfferClosed,
    "home_standing_one_a_day_excl": StandingOverlaps,
    "bed_care_level_one_a_day_excl": StandingOverlaps,
    "bed_facility_id_label_key": BadBedFacts,
}
