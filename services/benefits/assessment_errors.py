"""Why an assessment could not be written, signed, appealed against, or a scheme not be loaded."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class AnswersIncomplete(Invalid):
    """Some items are not answered, or with points they do not offer; facts: missing, wrong (codes)."""

    message_zh = "还有项目没有评定，请把每一项都选上。"


class NoSuchScheme(NotFound):
    """No scheme of this code is in force on that day."""

    message_zh = "没有这种评估标准，或者当天还没有生效。"


class SchemeChanged(Conflict):
    """The same version of a scheme came with other content: published schemes are never edited in place."""

    message_zh = "同一版本号的评估标准内容不同；请提高版本号后再载入。"


class NoSuchAssessment(NotFound):
    """There is no such assessment, or it may not be seen."""

    message_zh = "没有这份评估，或者您无权查看。"


class NotAnAssessor(NotAllowed):
    """Only a registered assessor with a certificate valid that day, with an office over the elder, may sign."""

    message_zh = "评估须由证书在有效期内的评估员办理。"


class SecondMustBeAnother(Conflict):
    """The second assessor has to be another person."""

    message_zh = "两位评估员不能是同一个人。"


class NotAwaitingSecond(Conflict):
    """The assessment is signed or was sent back already."""

    message_zh = "这份评估已经签字或已退回。"


class AlreadyAwaiting(Conflict):
    """An assessment of this elder by this scheme is still waiting for its second assessor."""

    message_zh = "这位老人已有一份评估在等第二位评估员签字。"


class SameAssessorsAgain(Conflict):
    """After an appeal other assessors must assess."""

    message_zh = "复评须由另外的评估员办理。"


class AppealTooLate(Conflict):
    """The days to appeal are over; facts: last_day."""

    message_zh = "已过申请复评的期限；身体有变化可以申请重新评估。"


class AlreadyAppealed(Conflict):
    """An appeal against this assessment is open or decided."""

    message_zh = "这份评估已经申请过复评。"


class CertificateNeeded(Invalid):
    """By this scheme the level stands on a certificate: number, issuer and level are needed."""

    message_zh = "这种评估以外部机构的结论为准，请填写结论编号、机构和等级。"


class BadAssessmentDay(Invalid):
    """An assessment lies in the future, or before its scheme was in force."""

    message_zh = "评估日期不对：不能是以后的日子，也不能早于标准生效。"


class SignedStays(Conflict):
    """A signed assessment cannot be changed."""

    message_zh = "已签字的评估不能改，只能重新评估。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "assessment_two_people_check": SecondMustBeAnother,
    "assessment_stays_signed": SignedStays,
    "assessment_appeal_one_open_idx": AlreadyAppealed,
}


class AssessorKnown(Conflict):
    """She stands in the register already; her certificate is prolonged there."""

    message_zh = "这个人已经在评估员名册里，请在名册里改到期日。"
