"""Why something about the supervision of an institution was refused."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class NotForSupervision(NotAllowed):
    """Supervision is the work of officers of the institution's area; facts: role."""

    message_zh = "机构监管由本辖区的民政干部办理。"


class NotYourInstitution(NotAllowed):
    """Only the provider that runs the institution does this; facts: provider_id."""

    message_zh = "只有本机构的派单员可以办理。"


class WordsMissing(Invalid):
    """A word, number or day is missing or makes no sense; facts: field."""

    message_zh = "有必填的内容没有写，或者写得太长。"


class DaysMakeNoSense(Invalid):
    """A last day before the first one, or a day to come; facts: field."""

    message_zh = "日期不对：不能早于开始的日子，也不能是还没到的日子。"


class FilingStepRefused(Conflict):
    """This step does not follow the one the filing stands at; facts: step, at."""

    message_zh = "备案现在的状态不能走这一步；先备案，才能变更或注销。"


class FilingNumberTaken(Conflict):
    """Another institution was filed under this number."""

    message_zh = "这个备案号已经用在别的机构上。"


class GradeKept(Conflict):
    """The certificate stands in the register already."""

    message_zh = "这张等级证书已经登记过了。"


class UnknownGrade(NotFound):
    """No such certificate of grade."""

    message_zh = "没有这张等级证书。"


class GradeRevoked(Conflict):
    """The certificate was taken away before; facts: grade_id."""

    message_zh = "这张等级证书已经撤销过了。"


class UnknownGradeRequest(NotFound):
    """No such request, or it may not be seen."""

    message_zh = "没有这份评定申请，或者您无权查看。"


class GradeRequestWaits(Conflict):
    """A request of this institution waits for its answer; facts: facility_id."""

    message_zh = "这家机构已经有一份评定申请在等答复。"


class GradeRequestDecided(Conflict):
    """The request was answered before; facts: request_id."""

    message_zh = "这份评定申请已经答复过了。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "institution_filing_follows_check": FilingStepRefused,
    "institution_filing_day_check": DaysMakeNoSense,
    "institution_filing_number_idx": FilingNumberTaken,
    "institution_grade_once_key": GradeKept,
    "institution_grade_days_check": DaysMakeNoSense,
    "grade_request_one_open_idx": GradeRequestWaits,
    "grade_request_step_check": GradeRequestDecided,
}
