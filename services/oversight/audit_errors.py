"""Why an auditor's wish or an emergency's is refused."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TooMany


class GlassNotOpen(NotFound):
    """The opening is not one's own, has ended, or was closed; facts: glass_id."""

    message_zh = "这次紧急查看已经结束，或者不是您打开的。还需要看，请重新说明情况。"


class GlassBarred(NotAllowed):
    """An earlier opening was judged not justified; no new one until then."""

    message_zh = "您上一次紧急查看经复核不应当，暂时不能再用。请让同事来办。"


class GlassTooOften(TooMany):
    """Five openings or ten vain tries in a day."""

    message_zh = "一天内紧急查看的次数太多，请让同事来办。"


class GlassAlreadyJudged(Conflict):
    """Somebody has judged this opening; facts: glass_id."""

    message_zh = "这次紧急查看已经有人复核过了。"


class NoSeedYet(NotFound):
    """No seed of that day is shown; facts: day."""

    message_zh = "这一天的种子还没有公布，请换一天。"


class NotAnAuditor(NotAllowed):
    """Audit pages are for auditors and officers of an area."""

    message_zh = "审计页面给审计员和民政干部查看。"


class UnknownPopulation(Invalid):
    """A draw from something that is not drawn from, or by a part it has not; facts: known."""

    message_zh = "请从列表里选抽什么、按什么分层。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "break_glass_role_check": NotAllowed,
    "break_glass_barred_check": GlassBarred,
    "break_glass_too_often_check": GlassTooOften,
    "break_glass_reviewed_by_another_check": NotAllowed,
}
